"""The mails: true when they are sent, and never sent when they no longer are."""

from datetime import date, time, timedelta

import time_machine

from coaching.models import Message
from meetings import attendance, deadlines, due, evaluations, laying_out, mail, scheduling
from tests.clock import NOW
from tests.constraints import refused_by
from tests.meetings.conftest import BEFORE, noon


def build(kind, user):
    message = Message.objects.filter(kind=f"meetings.{kind}", recipient=user).latest("pk")
    return getattr(mail, kind)(user, **message.ids)


def move(meeting, day, by, now=BEFORE, reason=""):
    scheduling.move(meeting=meeting, to=scheduling.When(day, time(9), 120), by=by, now=now, reason=reason)


def test_the_plan_lists_all_dates(meetings, alice):
    letter = build("laid_out", alice)
    assert letter.subject == "Team 1: your meetings are planned"
    assert "- Wednesday, September 15, 2027, 9:00 a.m.: Final Program Meeting" in letter.body
    assert letter.body.count("- Wednesday") == 8


def test_a_change_is_told_with_its_reason(meeting, alice, bob):
    move(meeting, date(2027, 2, 24), alice, reason="The room is being painted")
    letter = build("changed", bob)
    assert letter.subject.startswith("Introduction to Program: Moved from Wednesday, February 17, 2027")
    assert "Alice Example changed a meeting of your team." in letter.body
    assert "Reason: The room is being painted" in letter.body
    assert f"http://127.0.0.1:8000/meetings/{meeting.pk}/" in letter.body


def test_only_the_last_change_is_mailed(meeting, alice, bob):
    move(meeting, date(2027, 2, 24), alice)
    first = Message.objects.get(kind="meetings.changed", recipient=bob)
    move(meeting, date(2027, 2, 25), alice, now=BEFORE + timedelta(minutes=1))
    assert mail.changed(bob, **first.ids) is None
    assert "February 25" in build("changed", bob).subject


def test_who_left_the_team_gets_no_mail_of_it(meeting, people, alice, bob):
    """M16."""
    move(meeting, date(2027, 2, 24), alice)
    people.bob.memberships.update(ended_at=NOW)
    assert build("changed", bob) is None
    assert build("laid_out", bob) is None


def test_the_branch_office_reads_what_left_its_month(meeting, alice, branch_officer):
    """M3."""
    move(meeting, date(2027, 3, 3), alice)
    letter = build("left_month", branch_officer)
    assert letter.subject == "A team's month may be without its meeting"
    assert "Team 1 of the" in letter.body


def test_a_reminder_comes_once_and_again_for_another_day(meeting, alice):
    now = noon(meeting.date - timedelta(days=2))
    assert due.do_due(now=now)["meetings_reminded"] == 1
    assert due.do_due(now=now)["meetings_reminded"] == 0
    assert Message.objects.filter(kind="meetings.reminder").count() == 3
    with time_machine.travel(now):
        assert (
            "At 9:00 a.m. on Wednesday, February 17, 2027 your team meets." in build("reminder", alice).body
        )
    move(meeting, meeting.date + timedelta(days=1), alice, now=now)
    due.do_due(now=now)
    assert Message.objects.filter(kind="meetings.reminder").count() == 6


def test_a_reminder_says_what_to_prepare(meetings, alice):
    """M15: the prompts of each member's turn, which differ at the first meeting."""
    with time_machine.travel(BEFORE):
        first, second = (mail.reminder(alice, meeting=each.pk).body for each in meetings[:2])
    assert "To prepare, think about:\n- Who you are, and the project you bring\n\nThe agenda" in first
    assert "- Where the project stands, and what has worked\n- Problems and challenges\n" in second


def test_no_reminder_of_a_meeting_called_off(meeting, alice):
    now = noon(meeting.date - timedelta(days=2))
    due.do_due(now=now)
    scheduling.cancel(meeting=meeting, reason="No", by=alice, now=now)
    with time_machine.travel(now):
        assert build("reminder", alice) is None


def test_nobody_is_asked_for_an_evaluation_they_have_given(meeting, people, cohort, alice, bob):
    """C1."""
    now = noon(meeting.date)
    marks = {people.alice: "present", people.bob: "present"}
    attendance.take_attendance(meeting=meeting, marks=marks, by=alice, now=now)
    answers = {question.pk: 4 for question in evaluations.questions_for(cohort)[:5]}
    evaluations.submit_evaluation(meeting=meeting, answers=answers, by=alice, now=now)
    assert build("evaluate", alice) is None
    assert build("evaluate", bob).subject == "How was the meeting of February 17?"


def test_a_correction_is_told_to_the_participant(meeting, people, branch_officer, bob):
    now = noon(meeting.date)
    attendance.excuse(meeting=meeting, participant=people.bob, reason="Jury duty", by=branch_officer, now=now)
    letter = build("attendance_corrected", bob)
    assert "excused." in letter.body
    assert "Reason: Jury duty" in letter.body


def test_an_excusal_goes_along_when_the_teams_meet_together(both, join, people, branch_officer, bob):
    """The mail that waits meanwhile names the meeting for all."""
    attendance.excuse(
        meeting=both[0][0], participant=people.bob, reason="Jury duty", by=branch_officer, now=BEFORE
    )
    joint = join()
    letter = build("attendance_corrected", bob)
    assert joint.date != both[0][0].date
    assert "for Wednesday, February 24, 2027: excused." in letter.body
    attendance.take_excusal_back(meeting=joint, participant=people.bob, by=branch_officer, now=BEFORE)
    assert build("attendance_corrected", bob) is None


def test_a_name_starts_no_header_line(meeting, alice, bob):
    move(meeting, date(2027, 2, 24), alice)
    meeting.item.title = "Intro\nBcc: mallory@example.org"
    meeting.item.save()
    assert "\n" not in build("changed", bob).subject


def test_the_database_keeps_one_facilitator_a_component_and_team(meeting, team, other_team, people):
    meeting.facilitators.create(team=team, component="program", participant=people.alice)
    meeting.facilitators.create(team=other_team, component="program", participant=people.dora)
    another = {"team": team, "component": "program", "participant": people.bob}
    assert refused_by(meeting.facilitators.create, **another) == "facilitator_one_per_component"


def test_who_has_not_evaluated_is_reminded_once_before_it_is_counted(
    meeting, meetings, people, alice, bob, other_team
):
    """C1: three days before the last of the cohort's answers to this meeting are counted."""
    theirs = laying_out.lay_out_meetings(team=other_team, by=None, now=NOW)[0]
    move(theirs, date(2027, 2, 24), people.dora.user)
    marks = {people.alice: "present", people.bob: "remote", people.charlie: "absent"}
    attendance.take_attendance(meeting=meeting, marks=marks, by=alice, now=noon(meeting.date))
    last = date(2027, 3, 10)
    row = meeting.attendance.get(participant=people.bob)
    assert deadlines.window(row).until == last
    answers = {each.pk: 5 for each in evaluations.questions_for(meeting.cohort) if each.kind == "rating"}
    evaluations.submit_evaluation(meeting=meeting, answers=answers, by=alice, now=noon(meeting.date))

    def reminded(day: date) -> list[str]:
        due.do_due(now=noon(day))
        rows = Message.objects.filter(kind="meetings.evaluate_reminder")
        return [str(each.recipient) for each in rows.select_related("recipient")]

    assert reminded(last - timedelta(days=4)) == []
    for ahead in (3, 2, 0):
        assert reminded(last - timedelta(days=ahead)) == ["Bob Example"]
    with time_machine.travel(noon(last), tick=False):
        letter = build("evaluate_reminder", bob)
        assert "You can until Wednesday, March 10, 2027." in letter.body
    with time_machine.travel(noon(last + timedelta(days=1)), tick=False):
        assert build("evaluate_reminder", bob) is None


def test_nobody_is_reminded_who_has_evaluated_meanwhile(meeting, people, alice, bob):
    attendance.take_attendance(
        meeting=meeting, marks={people.bob: "present"}, by=alice, now=noon(meeting.date)
    )
    last = deadlines.window(meeting.attendance.get()).until
    due.do_due(now=noon(last))
    answers = {each.pk: 5 for each in evaluations.questions_for(meeting.cohort) if each.kind == "rating"}
    evaluations.submit_evaluation(meeting=meeting, answers=answers, by=bob, now=noon(meeting.date))
    with time_machine.travel(noon(last), tick=False):
        assert build("evaluate_reminder", bob) is None
