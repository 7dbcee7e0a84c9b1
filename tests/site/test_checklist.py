"""The checklist of a cohort's year: what is done, due and late, how many wait, and with whom."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains

from certificates import approval
from coaching.models import Cohort, Consent, Delegation, OrgUnit, Participant, Team, TeamChange, User
from coaching.site.checklist.step import State
from coaching.site.checklist.whole_year import steps_of
from meetings import attendance, laying_out, visits
from meetings.models import Meeting
from tests import factories
from tests.applications import factories as papers
from tests.certificates.history import approve, completed_team, registered
from tests.clock import NOW, TODAY

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


def test_more_can_be_to_sign_and_decide_as_long_as_people_apply(cohort, applicant):
    whats = ("All signatures before the decision", "Decisions released")
    for day, state in (("2026-12-31", State.NOW), ("2027-01-01", State.DONE)):
        assert [step(cohort, what, now=at(day)).state for what in whats] == [state, state]


def test_whoever_acts_no_more_is_not_named(cohort, applicant, supervisor, outsider):
    """A9: after the order it waits with the holder of the post again, unless they cannot sign it."""
    order = papers.delegate(supervisor, outsider, days=60)
    application = papers.submitted(applicant, cohort)
    application.review_steps.current().update(
        signer=outsider, holder=supervisor, delegation=order, reason="Vacation."
    )

    def late(day: str) -> str:
        words = step(cohort, "All signatures before the decision", now=at(day)).words
        return words.partition("Past the day with ")[2]

    assert late("2027-01-15") == f"{outsider} (1)."
    assert late("2027-02-15") == f"{supervisor} (1)."
    User.objects.filter(pk=supervisor.pk).update(is_active=False)
    assert late("2027-02-15") == f"{outsider} (1)."


def test_decisions_say_with_whom_they_are(cohort, applicant, deputy, superintendent, org):
    """A10: whoever decides, which is not always the head of the branch."""
    what = "Decisions released"
    papers.at_deputy(applicant, cohort).review_steps.current().update(signer=superintendent)
    found = step(cohort, what, now=NOW)
    assert found.state == State.NOW
    assert found.words == f"1 application waits for a decision with {superintendent}."
    OrgUnit.objects.filter(pk=org.branch.pk).update(head=None)
    assert step(cohort, what, now=NOW).words.endswith(f"{superintendent}. The branch has no deputy.")
    Delegation.objects.create(
        kind="acting",
        unit=org.branch,
        person=superintendent,
        reason="Vacant.",
        start_date=TODAY,
        end_date=TODAY,
    )
    assert step(cohort, what, now=NOW).words == found.words


def test_what_is_not_signed_by_all_is_not_decided(cohort, applicant):
    papers.submitted(applicant, cohort)
    late = step(cohort, "Decisions released", now=at("2027-01-22"))
    assert (late.state, late.words) == (State.LATE, "1 application is not signed by all yet.")


def test_what_is_chosen_waits_for_its_release(cohort, applicant, deputy):
    application = papers.at_deputy(applicant, cohort)
    what = "Decisions released"
    assert step(cohort, what, now=NOW).words == f"1 application waits for a decision with {deputy}."
    papers.choose(application, deputy)
    late = step(cohort, what, now=at("2027-01-22"))
    assert (late.state, late.words) == (State.LATE, "1 choice is not released yet.")
    papers.release(cohort, deputy)
    done = step(cohort, what, now=at("2027-01-22"))
    assert (done.state, done.words) == (State.DONE, "")


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


def test_teams_are_not_confirmed_while_somebody_has_none(cohort, team):
    what = "Teams confirmed"
    assert step(cohort, what, now=at("2027-02-01")).state == State.DONE
    factories.participant(cohort)
    loose = step(cohort, what, now=at("2027-02-01"))
    assert (loose.state, loose.words) == (State.LATE, "1 team is confirmed. 1 participant has no team.")


def dissolve(team):
    team.memberships.update(ended_at=NOW)
    Team.objects.filter(pk=team.pk).update(status="ended")


def test_teams_that_were_dissolved_are_not_confirmed(cohort, team):
    dissolve(team)
    found = step(cohort, "Teams confirmed", now=at("2027-02-01"))
    assert (found.state, found.words) == (State.LATE, "0 teams are confirmed. 3 participants have no team.")
    Participant.objects.update(status="left", left_at=NOW)
    assert step(cohort, "Teams confirmed", now=at("2027-02-01")).state == State.DONE  # nobody is left


def test_no_meeting_is_done_as_long_as_no_team_stands(cohort, team):
    """M2"""
    dissolve(team)
    found = step(cohort, MEETING_1, now=at("2027-02-10"))
    assert (found.state, found.words) == (State.NOW, "No team is confirmed.")
    assert step(cohort, MEETING_1, now=at("2027-03-01")).state == State.LATE
    ahead = step(cohort, MEETING_1, now=at("2027-01-10"))
    assert (ahead.state, ahead.words) == (State.AHEAD, "")
    Participant.objects.update(status="left", left_at=NOW)
    assert step(cohort, MEETING_1, now=at("2027-03-01")).state == State.DONE


def test_teams_without_attendance_are_named_at_every_meeting(cohort, branch_officer):
    Cohort.objects.filter(pk=cohort.pk).update(seats=40)
    cohort.refresh_from_db()
    for _ in range(15):
        team = factories.confirmed_team(cohort, [factories.participant(cohort)], by=branch_officer)
        laying_out.lay_out_meetings(team=team, by=None, now=NOW)
    found = step(cohort, "Meeting 8: Final Program Meeting", now=at("2027-10-01"))
    assert found.words == ("0 of 15 teams have met. Attendance not taken: Team 1, Team 2, Team 3, 12 more.")


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


class TestFinals:
    """M13"""

    WHAT = "The deputy’s visits to the final meetings"

    @pytest.fixture
    def final(self, team) -> Meeting:
        return Meeting.objects.of_team(team).latest("date")

    def test_are_done_when_the_deputy_has_said_to_come(self, cohort, final, deputy):
        assert step(cohort, self.WHAT, now=at("2027-01-15")).state == State.AHEAD
        open_one = step(cohort, self.WHAT, now=at("2027-08-01"))
        assert (open_one.state, open_one.words) == (
            State.NOW,
            "1 of 1 ahead are not planned to be attended.",
        )
        assert step(cohort, self.WHAT, now=at("2027-09-02")).state == State.LATE
        visits.plan(meeting=final, by=deputy, now=NOW)
        done = step(cohort, self.WHAT, now=at("2027-09-02"))
        assert (done.state, done.words) == (State.DONE, "")

    def test_whoever_is_deputy_no_more_does_not_come(self, cohort, final, deputy, org):
        visits.plan(meeting=final, by=deputy, now=NOW)
        OrgUnit.objects.filter(pk=org.branch.pk).update(head=factories.person("Nadia Newhead"))
        assert step(cohort, self.WHAT, now=at("2027-08-01")).state == State.NOW

    def test_whoever_stands_in_on_that_day_comes(self, cohort, final, deputy, outsider, org):
        order = papers.delegate(deputy, outsider, days=400)
        visits.plan(meeting=final, by=outsider, now=NOW)
        assert step(cohort, self.WHAT, now=at("2027-08-01")).state == State.DONE
        Delegation.objects.filter(pk=order.pk).update(end_date=date(2027, 9, 14))
        assert step(cohort, self.WHAT, now=at("2027-08-01")).state == State.NOW

    def test_are_not_done_before_there_is_one(self, cohort, final):
        Meeting.objects.filter(pk=final.pk).update(status="cancelled")
        found = step(cohort, self.WHAT, now=at("2027-08-01"))
        assert (found.state, found.words) == (State.NOW, "No final meeting is planned yet.")

    def test_a_curriculum_without_one_asks_for_none(self, cohort, program):
        program.curriculum.filter(kind="final").delete()
        assert self.WHAT not in [each.what for each in steps_of(cohort, now=NOW)]


def test_a_program_without_a_curriculum_has_a_checklist_too(client, cohort, program, branch_officer):
    program.curriculum.all().delete()
    client.force_login(branch_officer)
    page = client.get(reverse("cohort_checklist", args=[cohort.pk]))
    assert [each.what for each in page.context["steps"]][6:8] == [
        "Resources for every meeting",
        "Evaluations close for good",
    ]


def test_certificates_are_proposed_approved_and_issued(cohort, branch_officer, superintendent):
    """C2, C3"""
    completed_team(cohort, ["Ana", "Ben", "Cy"], by=branch_officer)

    def both(day: str) -> list[tuple[State, str]]:
        whats = ("Certificates proposed to the superintendent", "Certificates issued")
        return [(each.state, each.words) for each in (step(cohort, what, now=at(day)) for what in whats)]

    proposed = "3 participants can be proposed."
    assert both("2027-10-14") == [(State.AHEAD, ""), (State.AHEAD, "")]
    assert both("2027-10-15") == [(State.NOW, proposed), (State.NOW, "")]
    assert both("2027-10-22") == [(State.LATE, proposed), (State.NOW, "")]
    batch = approval.propose_batch(cohort=cohort, by=branch_officer, now=at("2027-10-22"))
    drawn = "3 are on a list that was not submitted."
    assert both("2027-10-22") == [(State.LATE, proposed), (State.NOW, drawn)]
    approval.submit_for_approval(batch=batch, by=branch_officer, now=at("2027-10-22"))
    waiting = "3 wait for the superintendent’s approval."
    assert both("2027-10-22") == [(State.DONE, ""), (State.NOW, waiting)]
    assert both("2027-11-05")[1] == (State.LATE, waiting)
    approve(batch, superintendent)
    assert both("2027-11-05")[1] == (State.LATE, "3 are approved and not issued.")
    for entry in batch.entries.all():
        registered(batch, entry.participant)
    assert both("2027-11-05") == [(State.DONE, ""), (State.DONE, "")]


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
