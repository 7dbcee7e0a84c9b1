"""Somebody moves to another division during the program: the snapshot stays, and the present stands beside it."""

from datetime import date

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from applications.models import Application
from coaching.team_problem import explain_members
from meetings import inputs, laying_out
from tests import factories
from tests.applications import factories as papers
from tests.meetings.conftest import noon

pytestmark = pytest.mark.usefixtures("plain_not_found")
BOTH = "At the start: Nutrition Division; now: Finance Division"


@pytest.fixture
def moved(cohort, org, applicant, supervisor):
    """Ana was accepted, and then transferred: another unit, division, classification and supervisor."""
    application = papers.accepted(applicant, cohort)
    participant = cohort.participants.get(user=applicant)
    applicant.unit = org.other_unit
    applicant.supervisor = factories.person("Nia Newboss", unit=org.other_unit, supervisor=org.other_director)
    applicant.classification = factories.classification("Research Analyst")
    applicant.save()
    participant.refresh_from_db()
    assert application.status == Application.Status.ACCEPTED
    return participant


@pytest.fixture
def team(moved, cohort, branch_officer):
    mates = [factories.participant(cohort, factories.person(name)) for name in ("Ben Mate", "Cy Mate")]
    return factories.confirmed_team(cohort, [moved, *mates], by=branch_officer)


def test_the_snapshot_keeps_what_the_application_said(moved, org, supervisor, deputy):
    assert moved.division == org.division
    assert moved.division_now == org.other_division
    assert moved.classification.name == "Education Programs Consultant"
    assert set(moved.signers.all()) == {supervisor, org.director, deputy}


def test_back_in_the_first_division_there_is_nothing_to_say(moved, org, applicant):
    applicant.unit = org.unit
    applicant.save()
    moved.refresh_from_db()
    assert moved.division_now is None
    applicant.unit = None
    applicant.save()
    moved.refresh_from_db()
    assert moved.division_now is None


def test_team_and_branch_office_read_both(client, team, moved, cohort, branch_officer, time_machine):
    time_machine.move_to(noon(date(2027, 3, 10)))
    client.force_login(team.memberships.exclude(participant=moved).first().participant.user)
    assertContains(client.get(reverse("meetings_team", args=[team.pk])), BOTH, 1)
    client.force_login(branch_officer)
    assertContains(client.get(reverse("cohort", args=[cohort.pk])), BOTH, 1)
    assertContains(client.get(reverse("office_participant", args=[moved.pk])), BOTH, 1)


def test_the_grid_names_who_moved(client, team, cohort, branch_officer):
    laying_out.lay_out_meetings(team=team, by=None, now=noon(date(2027, 1, 20)))
    client.force_login(branch_officer)
    page = client.get(reverse("office_meetings_cohort", args=[cohort.pk]))
    assertContains(page, BOTH, 1)
    assertNotContains(page, "At the start: Finance")


def test_who_signed_stays_who_signed(client, moved, applicant, supervisor, org):
    """The application is read by its signers; the present supervisor and director are none (M17)."""
    address = reverse("application", args=[Application.objects.get(applicant=applicant).pk])
    for user, status in (
        (supervisor, 200),
        (org.director, 200),
        (applicant.supervisor, 404),
        (org.other_director, 404),
    ):
        client.force_login(user)
        assert client.get(address).status_code == status, user


def test_nobody_is_in_a_team_with_an_earlier_signer_or_the_present_supervisor(
    moved, cohort, applicant, supervisor
):
    """T8"""
    for other in (supervisor, applicant.supervisor):
        people = [moved, factories.participant(cohort, other), factories.participant(cohort)]
        broken = [each.label for each in explain_members(cohort, people) if each.hard and not each.ok]
        assert broken == ["T8"], other


def test_the_present_supervisor_is_the_one_with_whom_the_project_is_shared(client, team, moved, applicant):
    """M14: as the page names them."""
    client.force_login(applicant)
    page = client.get(reverse("project_update", args=[moved.pk]))
    assertContains(page, "my supervisor, Nia Newboss")


def test_input_is_asked_of_the_present_supervisor(team, moved, applicant, supervisor):
    """M14"""
    now = noon(date(2027, 3, 10))
    asked = inputs.ask(participant=moved, question="", by=applicant, now=now)
    assert asked.supervisor == applicant.supervisor
    with pytest.raises(inputs.NotYours):
        inputs.answer(row=asked, text="Go on.", by=supervisor, now=now)
    assert not inputs.asked_of(supervisor).exists()
