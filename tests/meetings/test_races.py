"""Two requests at the same moment: PostgreSQL's row locks let one win, and the other finds it done."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from threading import Barrier

import pytest
from django.db import connection, connections

from coaching import enrollment
from coaching.errors import Refused
from coaching.models import AuditEvent, Message, User
from coaching.site import history, history_file
from meetings import (
    attendance,
    evaluations,
    feeds,
    growth,
    inputs,
    invitations,
    laying_out,
    project,
    scheduling,
    together,
    visits,
    waivers,
)
from meetings.models import (
    Attendance,
    CalendarChoice,
    EvaluationAnswer,
    EvaluationClosing,
    EvaluationDraft,
    EvaluationReceipt,
    Meeting,
    Visit,
    Waiver,
)
from tests import factories
from tests.clock import NOW
from tests.meetings.conftest import BEFORE, noon

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def postgresql(transactional_db):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")


def at_once(*calls):
    """Run the calls in threads that start together; what they return, or raise."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(timeout=20)
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_a_team_laid_out_twice_at_once_has_eight_meetings(team):
    results = at_once(*[lambda: laying_out.lay_out_meetings(team=team, by=None, now=NOW)] * 4)
    assert sorted(len(each) for each in results) == [0, 0, 0, 8]
    assert Meeting.objects.of_team(team).count() == 8


def test_a_month_excused_twice_at_once_is_excused_once(people, branch_officer):
    def record():
        return waivers.record(
            participant=people.alice, kind="leave", months=[2, 3], reason="x", by=branch_officer, now=BEFORE
        )

    results = at_once(record, record, record)
    assert len({row.pk for rows in results for row in rows}) == 2
    assert Waiver.objects.count() == 2
    assert AuditEvent.objects.filter(action="waiver.recorded").count() == 2


def test_taken_in_again_twice_at_once_is_once(people, cohort, branch_officer, alice):
    left = enrollment.leave(participant=people.alice, by=alice, reason="", now=BEFORE)
    again = partial(enrollment.take_in_again, participant=left, cohort=cohort, by=branch_officer, now=BEFORE)
    assert len({each.pk for each in at_once(again, again, again)}) == 1
    assert cohort.participants.get(user=alice).status == "active"


def test_what_is_written_of_ones_project_twice_at_once_is_written_once(people, alice, supervisor, cohort):
    User.objects.filter(pk=alice.pk).update(supervisor=supervisor)
    during = datetime(2027, 6, 10, 20, 0, tzinfo=UTC)
    own = {"participant": people.alice, "by": alice, "now": during}
    steps = {each.pk: "glow" for each in growth.competencies(people.alice)}
    for write in (
        partial(project.save, kind="outcome", text="Nine days.", audience="team", **own),
        partial(project.save, kind="update", text="It works.", audience="team", **own),
        partial(inputs.ask, question="Whom?", **own),
        partial(growth.rate, moment="middle", steps=steps, **own),
    ):
        assert len({row.pk for row in at_once(write, write, write)}) == 1
    assert AuditEvent.objects.filter(action="project_text.saved").count() == 2
    assert AuditEvent.objects.filter(action__in=("input.asked", "self_rating.saved")).count() == 2
    assert Message.objects.filter(kind=inputs.ASKED).count() == 1


def test_a_question_is_answered_or_taken_back_at_once_and_not_both(people, alice, supervisor):
    User.objects.filter(pk=alice.pk).update(supervisor=supervisor)
    during = datetime(2027, 6, 10, 20, 0, tzinfo=UTC)
    row = inputs.ask(participant=people.alice, question="", by=alice, now=during)
    results = at_once(
        partial(inputs.answer, row=row, text="Dana.", by=supervisor, now=during),
        partial(inputs.take_back, row=row, by=alice, now=during),
    )
    assert sum(isinstance(each, Refused) for each in results) == 1


def test_a_history_entered_twice_at_once_is_entered_once(cohort, branch_officer):
    rows = [f"{factories.person(name).email},1,P,2027-02-17" for name in ("Ann", "Ben", "Cy")]
    now = noon(date(2027, 2, 20))
    read = history_file.parse("\n".join(["email,team,month1,date1", *rows]), cohort, today=date(2027, 2, 20))
    enter = partial(history.enter, cohort=cohort, history=read, by=branch_officer, now=now)
    results = at_once(enter, enter, enter)
    assert sorted(report.participants for report in results) == [0, 0, 3]
    assert Attendance.objects.count() == 3
    assert AuditEvent.objects.filter(action="cohort.history_entered").count() == 1


def test_an_extra_meeting_sent_twice_at_once_is_one(team, alice, meetings):
    when = scheduling.When(meetings[0].date, scheduling.time(14), 60)

    def add():
        return scheduling.add_extra(
            team=team, when=when, where=scheduling.Where(), title="More", by=alice, now=BEFORE
        )

    assert len({meeting.pk for meeting in at_once(add, add, add)}) == 1


def test_attendance_sent_by_two_members_at_once_is_written_once(meeting, people, alice, bob):
    marks = {people.alice: "present", people.bob: "present", people.charlie: "absent"}
    now = noon(meeting.date)
    results = at_once(
        lambda: attendance.take_attendance(meeting=meeting, marks=marks, by=alice, now=now),
        lambda: attendance.take_attendance(meeting=meeting, marks=marks, by=bob, now=now),
    )
    assert sorted(results) == [0, 3]
    assert Attendance.objects.filter(meeting=meeting).count() == 3
    assert AuditEvent.objects.filter(action="attendance.taken").count() == 1


def test_calling_off_and_taking_attendance_at_once_leaves_one_of_them(meeting, people, alice, bob):
    now = noon(meeting.date)
    marks = {people.alice: "present", people.bob: "present"}
    at_once(
        lambda: scheduling.cancel(meeting=meeting, reason="No", by=alice, now=now),
        lambda: attendance.take_attendance(meeting=meeting, marks=marks, by=bob, now=now),
    )
    meeting.refresh_from_db()
    assert (meeting.status, meeting.attendance.count()) in {("cancelled", 0), ("held", 2)}


def test_an_evaluation_that_meets_its_closing_is_neither_lost_nor_kept_twice(meeting, people, cohort, alice):
    now = noon(meeting.date)
    everybody = (people.alice, people.bob, people.charlie)
    attendance.take_attendance(meeting=meeting, marks=dict.fromkeys(everybody, "present"), by=alice, now=now)
    answers = {question.pk: 4 for question in evaluations.questions_for(cohort)[:5]}
    late = now.replace(month=3, day=20)

    def submit(by=alice):
        """On its last day, just before midnight."""
        evaluations.submit_evaluation(
            meeting=meeting, answers=answers, by=by, now=now.replace(month=3, day=3)
        )

    for each in everybody[1:]:  # with hers, enough people for their answers to be kept
        submit(each.user)
    at_once(submit, submit, *[lambda: evaluations.close_evaluations(now=late)] * 2)
    assert EvaluationClosing.objects.count() == 1
    assert EvaluationReceipt.objects.count() == 3
    assert (EvaluationDraft.objects.count(), EvaluationAnswer.objects.count()) in {(0, 15), (1, 0)}


def test_a_calendar_address_asked_for_twice_at_once_is_one(alice):
    choose = partial(feeds.choose, way=feeds.Way.ADDRESS, by=alice, now=NOW)
    tokens = {choice.token for choice in at_once(*[choose] * 3)}
    assert len(tokens) == 1
    assert CalendarChoice.objects.count() == 1


def test_mail_asked_for_twice_at_once_asks_for_each_meeting_once(alice, meetings):
    choose = partial(feeds.choose, way=feeds.Way.MAIL, by=alice, now=BEFORE)
    at_once(*[choose] * 3)
    assert CalendarChoice.objects.count() == 1
    assert Message.objects.filter(kind=invitations.KIND).count() == 8


def test_a_visit_planned_twice_at_once_is_one(meeting, deputy):
    at_once(*[partial(visits.plan, meeting=meeting, by=deputy, now=BEFORE)] * 3)
    assert Visit.objects.count() == 1


def test_teams_joined_twice_at_once_meet_once(meeting, cohort, team, branch_officer):
    when = scheduling.When(meeting.date, scheduling.time(13), meeting.minutes)
    join = partial(
        together.join,
        cohort=cohort,
        item=meeting.item,
        when=when,
        where=scheduling.Where(),
        by=branch_officer,
        now=BEFORE,
    )
    results = at_once(*[join] * 3)
    assert len({each.pk for each in results}) == 1
    assert Meeting.objects.of_team(team).live().filter(item=meeting.item).count() == 1


def test_a_team_laid_out_while_the_others_are_taken_apart_has_its_meeting(
    meeting, cohort, team, other_team, branch_officer
):
    when = scheduling.When(meeting.date, scheduling.time(13), meeting.minutes)
    asked = {"cohort": cohort, "item": meeting.item, "by": branch_officer, "now": BEFORE}
    together.join(when=when, where=scheduling.Where(), **asked)
    at_once(
        lambda: laying_out.lay_out_meetings(team=other_team, by=None, now=BEFORE),
        lambda: together.apart(**asked),
    )
    for each in (team, other_team):
        assert Meeting.objects.of_team(each).live().filter(item=meeting.item).count() == 1


def test_a_team_confirmed_while_the_others_are_joined_is_at_one_meeting(
    meeting, cohort, team, other_team, branch_officer
):
    """T4, M5: at the joint one or at its own, and at no two of them."""
    when = scheduling.When(meeting.date, scheduling.time(13), meeting.minutes)
    asked = {"cohort": cohort, "item": meeting.item, "by": branch_officer, "now": BEFORE}
    results = at_once(
        lambda: together.join(when=when, where=scheduling.Where(), **asked),
        lambda: laying_out.lay_out_meetings(team=other_team, by=None, now=BEFORE),
    )
    assert not [each for each in results if isinstance(each, Exception)]
    joint = Meeting.objects.get(is_joint=True)
    for each in (team, other_team):
        assert Meeting.objects.of_team(each).live().get(item=meeting.item) == joint


def test_another_rhythm_while_the_teams_are_joined_waits_for_it(meeting, cohort, team, alice, branch_officer):
    when = scheduling.When(meeting.date, scheduling.time(13), meeting.minutes)
    asked = {"cohort": cohort, "item": meeting.item, "by": branch_officer, "now": BEFORE}
    rhythm = laying_out.Rhythm(1, 2, scheduling.time(13))
    results = at_once(
        lambda: together.join(when=when, where=scheduling.Where(), **asked),
        lambda: laying_out.change_rhythm(team=team, rhythm=rhythm, by=alice, now=BEFORE),
    )
    assert not [each for each in results if isinstance(each, Exception)]
    joint = Meeting.objects.get(is_joint=True)
    assert (joint.date, joint.start_time) == (when.date, when.start_time)
