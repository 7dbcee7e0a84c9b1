"""The branch at a glance: what waits with the deputy, where each cohort stands, and nothing of what is the teams' own."""

import re
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching import delegations
from coaching.models import Consent, Team, TeamChange
from meetings import attendance, laying_out, scheduling, visits
from meetings.models import Meeting
from tests import factories
from tests.applications.factories import at_deputy
from tests.clock import NOW, TODAY

pytestmark = pytest.mark.usefixtures("plain_not_found")
ADDRESS = "/branch/"


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T20:00:00+00:00")


def new_team(cohort, names, by):
    people = [factories.participant(cohort, factories.person(name)) for name in names]
    team = factories.confirmed_team(cohort, people, by=by)
    laying_out.lay_out_meetings(team=team, by=None, now=NOW)
    return team


@pytest.fixture
def team(cohort, branch_officer):
    return new_team(cohort, ("Ana Member", "Ben Member", "Cy Member"), branch_officer)


@pytest.fixture
def glance(client, deputy, time_machine):
    """What the deputy, or somebody else, finds on a day."""

    def opened(day="2027-02-10", by=deputy, **query):
        time_machine.move_to(at(day), tick=False)
        client.force_login(by)
        return client.get(ADDRESS, query)

    return opened


def test_what_waits_with_the_deputy_and_with_their_designee(
    glance, applicant, cohort, outsider, deputy, branch
):
    """A9"""
    at_deputy(applicant, cohort)
    (card,) = glance(f"{TODAY}").context["cards"]
    assert (card.title, card.address) == (
        "1 application is ready for your decision",
        reverse("selection", args=[cohort.pk]) + "?choice=open&place=decider",
    )
    delegations.record(
        person=outsider,
        kind="delegate",
        principal=deputy,
        unit=branch,
        reason="Leave.",
        start_date=TODAY,
        end_date=TODAY + timedelta(days=1),
        by=deputy,
        now=NOW,
    )
    assert glance(f"{TODAY}", by=outsider).context["cards"] == [card]
    assert glance(f"{TODAY + timedelta(days=2)}", by=outsider).status_code == 404


def test_numbers_of_a_cohort(glance, team, cohort, branch_officer):
    first = Meeting.objects.of_team(team).earliest("date")
    assert first.date == date(2027, 2, 17)
    marks = dict.fromkeys(attendance.expected(first), "present")
    attendance.take_attendance(meeting=first, marks=marks, by=None, now=at("2027-02-17"))
    answer = glance("2027-02-18")
    (row,) = answer.context["rows"]
    found = row.cohort
    assert row.standing.words == "Month 1 of 8"
    numbers = (found.sent, found.people, found.confirmed, found.asked, found.held, found.next_date)
    assert numbers == (0, 3, 1, 0, 1, date(2027, 3, 17))
    assertContains(answer, "Mar 17, 2027")
    (line,) = answer.context["teams"]
    assert (line.team.members, line.team.held, line.meeting.date) == (3, 1, date(2027, 3, 17))


def test_the_cohort_that_meets_is_shown_first_and_another_when_it_is_chosen(glance, cohort):
    later = factories.cohort(
        cohort.program,
        cohort.branch,
        name="2028",
        first_month=date(2028, 2, 1),
        applications_open_date=date(2027, 11, 1),
        applications_close_date=date(2027, 12, 31),
    )
    answer = glance()
    assert [row.cohort for row in answer.context["rows"]] == [later, cohort]
    assert answer.context["chosen"].cohort == cohort
    assert glance(cohort=later.pk).context["chosen"].cohort == later
    assert glance(cohort="nothing").context["chosen"].cohort == cohort


def test_a_cohort_of_another_branch_is_not_found(glance, cohort, org):
    other = factories.unit("branch", parent=org.department, name="Other Branch")
    foreign = factories.cohort(cohort.program, other, name="Foreign")
    answer = glance(cohort=foreign.pk)
    assert [row.cohort for row in answer.context["rows"]] == [cohort]
    assert answer.context["chosen"].cohort == cohort
    assertNotContains(answer, "Foreign")


def test_visits_stand_beside_the_next_meetings(glance, team, deputy, outsider, branch):
    first = Meeting.objects.of_team(team).earliest("date")
    (line,) = glance().context["teams"]
    assert (line.is_mine, line.others) == (False, ())
    visits.plan(meeting=first, by=deputy, now=at("2027-02-10"))
    delegations.record(
        person=outsider,
        kind="delegate",
        principal=deputy,
        unit=branch,
        reason="Leave.",
        start_date=date(2027, 2, 10),
        end_date=date(2027, 2, 20),
        by=deputy,
        now=at("2027-02-10"),
    )
    visits.plan(meeting=first, by=outsider, now=at("2027-02-10"))
    (line,) = glance().context["teams"]
    assert (line.is_mine, line.others) == (True, (outsider,))


def test_a_meeting_that_was_called_off_is_no_next_one(glance, team, deputy):
    first, second, *_ = Meeting.objects.of_team(team).order_by("date")
    member = team.memberships.first().participant.user
    scheduling.cancel(meeting=first, reason="SECRET reason", by=member, now=at("2027-02-10"))
    answer = glance()
    assert answer.context["teams"][0].meeting == second
    assertNotContains(answer, "SECRET")


def test_nothing_of_the_teams_own_and_no_names_of_members(glance, team, cohort):
    """M16, M17: who was not there, who has not evaluated, and who has not answered about a team."""
    first = Meeting.objects.of_team(team).earliest("date")
    people = list(attendance.expected(first))
    marks = dict.fromkeys(people[1:], "present") | {people[0]: "absent"}
    attendance.take_attendance(meeting=first, marks=marks, by=None, now=at("2027-02-17"))
    asked = Team.objects.create(cohort=cohort, number=2, status=Team.Status.AWAITING_AGREEMENT)
    change = TeamChange.objects.create(team=asked, answer_by=date(2027, 2, 1))
    pending = factories.participant(cohort, factories.person("Pia Pending"))
    Consent.objects.create(change=change, participant=pending)
    for day in ("2027-02-20", "2027-04-20", "2027-12-20"):
        answer = glance(day)
        assert answer.status_code == 200
        for name in ("Ana Member", "Ben Member", "Cy Member", "Pia Pending"):
            assertNotContains(answer, name)
    assertContains(glance("2027-02-20"), "The branch office sees to it")


def test_every_link_of_the_page_is_open_to_the_deputy(client, glance, team, cohort, applicant, deputy):
    at_deputy(applicant, cohort)
    for day in (f"{TODAY}", "2027-02-10", "2027-12-20"):
        page = glance(day).content.decode()
        links = set(re.findall(r'href="(/[^"#]*)"', page[page.index("<main") : page.index("</main")]))
        assert {link: client.get(link.replace("&amp;", "&")).status_code for link in links} == dict.fromkeys(
            links, 200
        )


@pytest.mark.parametrize(
    "who", ["applicant", "supervisor", "director", "branch_officer", "training_officer", "outsider"]
)
def test_whoever_heads_no_branch_has_no_such_page(who, request, client):
    client.force_login(request.getfixturevalue(who))
    assert client.get(ADDRESS).status_code == 404


def test_a_branch_without_a_cohort(client, org, deputy):
    other = factories.person("Nora New")
    factories.unit("branch", parent=org.department, name="New Branch", head=other)
    client.force_login(other)
    answer = client.get(ADDRESS)
    assertContains(answer, "No cohort yet")
    assertContains(answer, "Nothing waits with you.")


def test_as_many_queries_for_three_cohorts_and_teams_as_for_one(glance, team, cohort, branch_officer):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert glance().status_code == 200
        return len(found)

    queries()
    one = queries()
    for number in range(2):
        factories.cohort(cohort.program, cohort.branch, name=f"Another {number}")
        new_team(cohort, [f"Dora {number}", f"Emil {number}", f"Fay {number}"], branch_officer)
    answer = glance()
    assert (len(answer.context["rows"]), len(answer.context["teams"])) == (3, 3)
    assert queries() == one
