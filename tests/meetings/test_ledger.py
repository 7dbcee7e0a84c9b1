"""From rows to a standing: C1 and C2 as the database has them."""

from datetime import date, time, timedelta

import pytest

from coaching.models import Cohort, Requirement
from meetings import attendance, evaluations, laying_out, ledger, scheduling
from meetings.standing import Code
from tests import factories
from tests.meetings.conftest import noon

AFTER = date(2027, 10, 1)


def hold(meeting, people, by, absent=()):
    marks = {
        each: "absent" if each in absent else "present" for each in (people.alice, people.bob, people.charlie)
    }
    attendance.take_attendance(meeting=meeting, marks=marks, by=by, now=noon(meeting.date))


def evaluate(meeting, user, cohort):
    answers = {question.pk: 4 for question in evaluations.questions_for(cohort) if question.kind == "rating"}
    evaluations.submit_evaluation(meeting=meeting, answers=answers, by=user, now=noon(meeting.date))


@pytest.fixture
def whole_program(meetings, people, cohort, alice):
    """Everybody was at everything; alice evaluated all of it."""
    for meeting in meetings:
        hold(meeting, people, alice)
        evaluate(meeting, alice, cohort)
    return meetings


def codes(standing):
    return [reason.code for reason in standing.reasons]


def test_who_attended_and_evaluated_everything_is_complete(whole_program, people, cohort):
    """C2."""
    standing = ledger.standing(people.alice, today=AFTER)
    assert (standing.complete, standing.reasons, standing.minutes, standing.months_met) == (True, (), 960, 8)
    assert codes(ledger.standing(people.bob, today=AFTER)) == [Code.EVALUATION_LATE] * 8
    found = ledger.standings(cohort, today=AFTER)
    assert found[people.alice.pk] == standing
    assert set(found) == {each.pk for each in cohort.participants.all()}


def test_a_participant_without_a_team_has_missed_every_month(whole_program, people):
    assert codes(ledger.standing(people.dora, today=AFTER)) == [Code.MONTH_MISSED] * 8


def test_one_missed_month_is_one_reason_and_an_extra_meeting_makes_it_good(
    meetings, people, cohort, team, alice
):
    """M2."""
    for meeting in meetings:
        hold(meeting, people, alice, absent=[people.bob] if meeting.number == 3 else [])
        for user in (people.bob.user,) if meeting.number != 3 else ():
            evaluate(meeting, user, cohort)
    assert codes(ledger.standing(people.bob, today=AFTER)) == [Code.MONTH_MISSED]
    when = scheduling.When(date(2027, 4, 28), time(9), 60)
    extra = scheduling.add_extra(
        team=team, when=when, where=scheduling.Where(), title="Again", by=alice, now=noon(date(2027, 4, 26))
    )
    hold(extra, people, alice)
    evaluate(extra, people.bob.user, cohort)
    assert ledger.standing(people.bob, today=AFTER).complete


def test_a_meeting_below_the_quorum_counts_for_nobody(meetings, people, cohort, alice):
    hold(meetings[0], people, alice, absent=[people.bob, people.charlie])
    assert codes(ledger.standing(people.alice, today=date(2027, 3, 1)))[0] == Code.MONTH_MISSED
    Cohort.objects.update(quorum=1)
    people.alice.refresh_from_db()
    standing = ledger.standing(people.alice, today=date(2027, 3, 1))
    assert codes(standing)[-1] == Code.EVALUATION_OPEN
    assert standing.months[0].is_met


@pytest.mark.parametrize(("counts", "months_met"), [(False, 0), (True, 1)])
def test_a_guest_elsewhere_has_their_month_where_the_setting_says_so(
    meetings, other_team, people, alice, counts, months_met
):
    Cohort.objects.update(other_team_counts=True)
    marks = {people.alice: "present", people.dora: "present"}
    attendance.take_attendance(meeting=meetings[0], marks=marks, by=alice, now=noon(meetings[0].date))
    Cohort.objects.update(other_team_counts=counts)
    people.dora.refresh_from_db()
    assert ledger.standing(people.dora, today=date(2027, 3, 1)).months_met == months_met


def test_a_month_decided_by_the_branch_office_is_the_one_that_counts(meetings, people, alice, branch_officer):
    hold(meetings[1], people, alice)
    scheduling.count_for(
        meeting=meetings[1], month=1, reason="Late start", by=branch_officer, now=noon(meetings[1].date)
    )
    months = ledger.standing(people.alice, today=date(2027, 3, 20)).months
    assert [month.is_met for month in months][:2] == [True, False]


def test_an_excusal_counts(meetings, people, alice, branch_officer):
    hold(meetings[0], people, alice, absent=[people.bob])
    attendance.excuse(
        meeting=meetings[0],
        participant=people.bob,
        reason="Jury duty",
        by=branch_officer,
        now=noon(meetings[0].date),
    )
    assert ledger.standing(people.bob, today=date(2027, 3, 1)).months[0].is_met


def test_a_late_joiner_is_not_asked_for_attendance_before_they_came(meetings, people, alice):
    joined = noon(meetings[1].date - timedelta(days=5))
    people.charlie.memberships.update(joined_at=joined)
    standing = ledger.standing(people.charlie, today=meetings[1].date)
    assert codes(standing)[:2] == [Code.MONTH_MISSED, Code.MONTH_UNRECORDED]


def test_who_left_keeps_the_record_and_gets_no_certificate(whole_program, people):
    """F3."""
    people.alice.status = "left"
    people.alice.left_at = noon(AFTER)
    people.alice.save()
    people.alice.memberships.update(ended_at=noon(AFTER))
    standing = ledger.standing(people.alice, today=AFTER)
    assert codes(standing) == [Code.LEFT]
    assert standing.minutes == 960


def test_the_requirements_are_read_from_the_program(whole_program, people, cohort):
    Requirement.objects.filter(kind="attendance").update(least=2)
    assert codes(ledger.standing(people.alice, today=AFTER)) == [Code.MONTH_MISSED] * 8


def test_all_standings_take_as_many_queries_as_one(
    whole_program, people, cohort, branch_officer, django_assert_num_queries
):
    with django_assert_num_queries(11):
        ledger.standings(cohort, today=AFTER)
    Cohort.objects.update(seats=30)
    team = factories.confirmed_team(
        cohort, [factories.participant(cohort) for _ in range(4)], by=branch_officer
    )
    laying_out.lay_out_meetings(team=team, by=None, now=noon(date(2027, 1, 4)))
    with django_assert_num_queries(11):
        assert len(ledger.standings(cohort, today=AFTER)) == 10
