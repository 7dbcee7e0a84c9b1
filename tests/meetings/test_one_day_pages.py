"""The branch office's pages of several teams on one day (M5, M13): read first, then saved."""

from datetime import date

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching.models import Cohort
from meetings import laying_out
from meetings.models import Meeting
from tests import factories
from tests.clock import NOW
from tests.meetings.conftest import BEFORE, TEN, noon
from tests.meetings.test_pages import queries

pytestmark = pytest.mark.usefixtures("plain_not_found")


@pytest.fixture
def office(client, branch_officer):
    with time_machine.travel(BEFORE, tick=False):
        client.force_login(branch_officer)
        yield client


def address_of(name, cohort, item):
    return reverse(name, args=[cohort.pk, item.pk])


def test_together_is_read_before_it_is_saved(office, both, cohort, first):
    address = address_of("office_join", cohort, first)
    data = {"date": "2027-02-24", "start_time": "10:00", "mode": "in_person", "place": "Hall", "link": ""}
    page = office.post(address, data)
    assertContains(page, "Team 2: Wednesday, February 24, 2027, 10:00 a.m. to 12:00 p.m.")
    assertContains(page, "Nothing speaks against it.")
    shown = page.content.decode()
    assert shown.index("Let them meet together") < shown.index('name="date"')
    assert not Meeting.objects.filter(is_joint=True).exists()
    agreed = page.context["agreed"]
    other = office.post(address, data | {"date": "2027-02-25", "agreed": agreed})
    assert other.status_code == 200
    assert not Meeting.objects.filter(is_joint=True).exists()
    for _ in range(2):
        response = office.post(address, data | {"agreed": agreed})
        assertRedirects(response, reverse("office_days", args=[cohort.pk]))
    joint = Meeting.objects.get(is_joint=True)
    assert (joint.date, joint.place) == (TEN.date, "Hall")
    assertContains(office.get(reverse("office_days", args=[cohort.pk])), "All teams together")


def test_a_day_of_another_month_keeps_what_was_typed(office, both, cohort, first):
    data = {"date": "2027-03-03", "start_time": "10:00", "mode": "in_person", "place": "Hall"}
    page = office.post(address_of("office_join", cohort, first), data)
    assertContains(page, "counts for February 2027")
    assertContains(page, 'value="Hall"')


def test_one_after_another(office, both, cohort, final):
    address = address_of("office_stagger", cohort, final)
    data = {"date": "2027-09-22", "start_time": "09:00", "pause": "30"}
    page = office.post(address, data)
    assertContains(page, "Team 2: Wednesday, September 22, 2027, 11:30 a.m. to 1:30 p.m.")
    office.post(address, data | {"agreed": page.context["agreed"]})
    assert Meeting.objects.filter(date=date(2027, 9, 22)).count() == 2
    late = office.post(address, data | {"start_time": "19:00"})
    assertContains(late, "The last team would end after 9:00 p.m.")
    assertContains(office.post(address, data | {"pause": "-5"}), "leave 0 minutes or more")


def test_on_the_usual_day_again(office, both, stagger, cohort, final):
    stagger()
    address = address_of("office_usual", cohort, final)
    page = office.get(address)
    assertContains(page, "Team 2: Wednesday, September 15, 2027, 9:00 a.m. to 11:00 a.m.")
    assert office.post(address, {"agreed": "something else"}).status_code == 200
    assert Meeting.objects.filter(date=date(2027, 9, 22)).count() == 2
    for words in ("2 teams have another time.", "The teams meet at these times already."):
        assertContains(office.post(address, {"agreed": page.context["agreed"]}, follow=True), words)
    with time_machine.travel(noon(date(2027, 9, 14)), tick=False):
        office.force_login(factories.officer(cohort.branch))
        stagger(now=noon(date(2027, 9, 14)))
    with time_machine.travel(noon(date(2027, 9, 16)), tick=False):
        office.force_login(factories.officer(cohort.branch))
        late = office.get(address)
    assertContains(late, "is already over")
    assertNotContains(late, "Set these times")


def test_apart_by_one_press(office, both, join, cohort, first):
    join()
    address = address_of("office_apart", cohort, first)
    page = office.post(address, follow=True)
    assertContains(page, "Each team has its own meeting again.")
    assertContains(office.post(address, follow=True), "Each team has its own meeting.")
    assertRedirects(office.get(address), reverse("office_days", args=[cohort.pk]))


def test_only_the_first_and_the_final_meeting(office, both, cohort, first):
    second = cohort.program.curriculum.get(position=2)
    for name in ("office_join", "office_stagger", "office_apart", "office_usual"):
        assert office.get(address_of(name, cohort, second)).status_code == 404
    for name in ("office_stagger", "office_usual"):
        assert office.get(address_of(name, cohort, first)).status_code == 404


def test_where_nothing_lies_ahead(office, cohort, first):
    for name in ("office_join", "office_apart"):
        response = office.get(address_of(name, cohort, first))
        assertRedirects(response, reverse("office_days", args=[cohort.pk]))
    assertContains(office.get(reverse("office_days", args=[cohort.pk])), "No team is confirmed yet.")


def test_finals_at_once_are_said(office, both, cohort, stagger):
    """M13"""
    address, text = reverse("office_days", args=[cohort.pk]), "the branch deputy cannot attend each"
    assertContains(office.get(address), text, count=1)
    stagger(pause=0)
    assertNotContains(office.get(address), text)


def test_as_many_queries_for_three_teams_as_for_two(
    office, both, cohort, branch_officer, django_assert_max_num_queries
):
    address = reverse("office_days", args=[cohort.pk])
    before = queries(django_assert_max_num_queries, office, address)
    Cohort.objects.update(seats=40)
    members = [factories.participant(cohort) for _ in range(3)]
    third = factories.confirmed_team(cohort, members, by=branch_officer)
    laying_out.lay_out_meetings(team=third, by=None, now=NOW)
    assert queries(django_assert_max_num_queries, office, address) == before
