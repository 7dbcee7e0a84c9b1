"""The checklist of a cohort's year: what is done, due and late, how many wait, and with whom."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains

from coaching.models import Cohort, Consent, Team, TeamChange
from coaching.site.checklist import State, steps_of
from meetings import attendance, laying_out
from meetings.models import Meeting
from tests import factories
from tests.applications import factories as papers
from tests.clock import NOW

pytestmark = pytest.mark.usefixtures("plain_not_found")

MEETING_1 = "Meeting 1: Introduction to Program"


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T20:00:00+00:00")


def step(cohort, what, *, now):
    cohort = Cohort.objects.get(pk=cohort.pk)
    (found,) = [each for each in steps_of(cohort, now=now) if each.what == what]
    return found


@pytest.fixture
def team(cohort, branch_officer):
    people = [factories.participant(cohort, factories.person(name)) for name in ("Ana", "Ben", "Cy")]
    team = factories.confirmed_team(cohort, people, by=branch_officer)
    laying_out.lay_out_meetings(team=team, by=None, now=NOW)
    return team


def test_every_step_of_the_year_has_its_day(cohort):
    steps = steps_of(cohort, now=NOW)
    assert [(each.what, each.due) for each in steps] == [
        ("Applications open", date(2026, 11, 1)),
        ("Last day to apply", date(2026, 12, 31)),
        ("All signatures before the decision", date(2027, 1, 14)),
        ("Decisions released", date(2027, 1, 21)),
        ("Teams proposed to their members", date(2027, 1, 24)),
        ("Teams confirmed", date(2027, 1, 31)),
        ("Resources for every meeting", date(2027, 1, 31)),
        (MEETING_1, date(2027, 2, 28)),
        ("Meeting 2: Fostering a Team Environment", date(2027, 3, 31)),
        ("Meeting 3: Creating Organizational Transformation", date(2027, 4, 30)),
        ("Meeting 4: Maximizing Performance Results", date(2027, 5, 31)),
        ("Meeting 5: Building Trust and Accountability", date(2027, 6, 30)),
        ("Meeting 6: Promoting a High Performance Culture", date(2027, 7, 31)),
        ("Meeting 7: Building Coalitions", date(2027, 8, 31)),
        ("Meeting 8: Final Program Meeting", date(2027, 9, 30)),
        ("The deputy’s visits to the final meetings", date(2027, 9, 15) - timedelta(days=14)),
        ("Evaluations close for good", date(2027, 10, 14)),
        ("Certificates proposed to the superintendent", date(2027, 10, 21)),
        ("Certificates issued", date(2027, 11, 4)),
        ("What teams wrote is deleted", date(2027, 12, 29)),
        ("The next cohort opened", date(2027, 10, 31)),
    ]


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("2026-10-31", State.AHEAD, State.AHEAD),
        ("2026-11-01", State.DONE, State.NOW),
        ("2026-12-31", State.DONE, State.NOW),
        ("2027-01-01", State.DONE, State.DONE),
    ],
)
def test_applications_follow_their_days(cohort, day, opens, closes):
    found = [step(cohort, what, now=at(day)).state for what in ("Applications open", "Last day to apply")]
    assert found == [opens, closes]


def test_signatures_say_how_many_wait_and_with_whom(cohort, applicant, supervisor):
    """A9"""
    papers.submitted(applicant, cohort)
    what = "All signatures before the decision"
    soon = step(cohort, what, now=NOW)
    assert (soon.state, soon.words) == (State.NOW, "1 on their way: 1 with the Supervisor.")
    later = step(cohort, what, now=at("2027-01-15"))
    assert later.state == State.LATE
    assert later.words == f"1 on their way: 1 with the Supervisor. Past the day with {supervisor} (1)."
    assert later.address == reverse("cohort_deadline", args=[cohort.pk])


def test_teams_are_late_while_somebody_has_none(cohort):
    what = "Teams proposed to their members"
    nobody = step(cohort, what, now=at("2027-01-25"))
    assert (nobody.state, nobody.words) == (State.LATE, "Nobody takes part yet.")
    factories.participant(cohort)
    loose = step(cohort, what, now=at("2027-01-25"))
    assert (loose.state, loose.words) == (State.LATE, "1 participant has no team.")
    assert step(cohort, what, now=at("2027-01-20")).state == State.AHEAD


def test_teams_wait_for_the_answers_of_their_members(cohort):
    """T4"""
    team = Team.objects.create(cohort=cohort, number=1)
    change = TeamChange.objects.create(team=team, answer_by=date(2027, 1, 31))
    for name in ("Ana", "Ben", "Cy", "Di"):
        person = factories.participant(cohort, factories.person(name))
        team.memberships.create(participant=person, joined_at=NOW)
        Consent.objects.create(change=change, participant=person)
    found = step(cohort, "Teams confirmed", now=at("2027-02-01"))
    assert found.state == State.LATE
    assert found.words == (
        "0 teams are confirmed. 1 team is being agreed to. Not answered yet: Ana, Ben, Cy, 1 more."
    )


def test_a_meeting_is_late_a_week_after_it_without_attendance(cohort, team):
    """M2"""
    assert step(cohort, MEETING_1, now=at("2027-02-10")).state == State.NOW
    assert step(cohort, MEETING_1, now=at("2027-02-24")).state == State.NOW  # the meeting was on the 17th
    late = step(cohort, MEETING_1, now=at("2027-02-25"))
    assert (late.state, late.words) == (
        State.LATE,
        "0 of 1 team has met. Attendance not taken: Team 1.",
    )
    meeting = Meeting.objects.of_team(team).earliest("date")
    marks = dict.fromkeys(attendance.expected(meeting), "present")
    attendance.take_attendance(meeting=meeting, marks=marks, by=None, now=at("2027-02-25"))
    done = step(cohort, MEETING_1, now=at("2027-02-25"))
    assert (done.state, done.words) == (State.DONE, "1 of 1 team has met.")


def test_a_team_without_a_meeting_is_late_when_its_month_is_over(cohort, team):
    Meeting.objects.of_team(team).filter(item__position=2).update(status="cancelled")
    what = "Meeting 2: Fostering a Team Environment"
    assert step(cohort, what, now=at("2027-03-31")).state == State.NOW
    late = step(cohort, what, now=at("2027-04-01"))
    assert (late.state, late.words) == (State.LATE, "0 of 1 team has met. 1 team has none planned.")


def test_resources_are_late_when_a_meeting_is_near(cohort, team):
    """M11"""
    found = step(cohort, "Resources for every meeting", now=at("2027-02-10"))
    assert found.state == State.LATE
    assert found.words == "8 meetings have none yet. The next ones: “Introduction to Program”."
    over = step(cohort, "Resources for every meeting", now=at("2027-10-01"))
    assert (over.state, over.words) == (State.DONE, "")


def test_evaluations_are_open_until_they_close_for_good(cohort, team):
    """C1"""
    meeting = Meeting.objects.of_team(team).earliest("date")
    marks = dict.fromkeys(attendance.expected(meeting), "present")
    attendance.take_attendance(meeting=meeting, marks=marks, by=None, now=at("2027-02-17"))
    what = "Evaluations close for good"
    found = step(cohort, what, now=at("2027-02-18"))
    assert (found.state, found.words) == (State.NOW, "3 are missing, of 3 people.")
    assert step(cohort, what, now=at("2027-10-15")).state == State.DONE


def test_the_next_cohort_is_asked_for(cohort, program):
    what = "The next cohort opened"
    assert step(cohort, what, now=at("2027-08-01")).state == State.AHEAD
    due = step(cohort, what, now=at("2027-08-02"))
    assert (due.state, due.address) == (State.NOW, f"{reverse('cohort_open')}?like={cohort.pk}")
    later = factories.cohort(
        program,
        cohort.branch,
        name="2028",
        applications_open_date=date(2027, 11, 1),
        applications_close_date=date(2027, 12, 31),
        first_month=date(2028, 2, 1),
    )
    done = step(cohort, what, now=at("2027-08-02"))
    assert (done.state, done.address) == (State.DONE, reverse("cohort", args=[later.pk]))


def test_the_page_begins_with_what_is_late(client, cohort, branch_officer, time_machine):
    time_machine.move_to(at("2027-02-01"), tick=False)
    client.force_login(branch_officer)
    page = client.get(reverse("cohort_checklist", args=[cohort.pk]))
    assert [each.what for each in page.context["late"]] == [
        "Teams proposed to their members",
        "Teams confirmed",
    ]
    assertContains(page, "What is late")
    assertContains(client.get(reverse("cohort", args=[cohort.pk])), "Checklist of the year")


def test_the_number_of_queries_is_that_of_one_team(client, cohort, team, branch_officer, time_machine):
    time_machine.move_to(at("2027-02-26"), tick=False)
    client.force_login(branch_officer)
    address = reverse("cohort_checklist", args=[cohort.pk])

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    queries()
    one = queries()
    for _ in range(3):
        other = factories.confirmed_team(
            cohort, [factories.participant(cohort) for _ in range(3)], by=branch_officer
        )
        laying_out.lay_out_meetings(team=other, by=None, now=NOW)
    assert queries() == one
