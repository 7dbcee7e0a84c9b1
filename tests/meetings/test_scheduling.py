from datetime import date, time

import pytest

from coaching.models import AuditEvent, ClosedDay, Message, Team
from meetings import attendance, laying_out, scheduling
from meetings.models import Meeting, MeetingTeam
from meetings.scheduling import CannotChange, CannotPlan, When, Where
from meetings.team_space import NotYourMeeting
from tests.clock import NOW
from tests.constraints import refused_by
from tests.meetings.conftest import BEFORE, noon

USUAL = laying_out.Rhythm(weekday=2, week=3, start_time=time(9))
NINE = time(9, 0)


def to(day: date, start: time = NINE, minutes: int = 120) -> When:
    return When(day, start, minutes)


def mails(kind: str) -> set[str]:
    return set(Message.objects.filter(kind=kind).values_list("recipient__name", flat=True))


def test_confirming_lays_out_eight_meetings_on_third_wednesdays(meetings, cohort):
    """M1, M3, M4."""
    assert [(m.number, m.heading, m.date.isoformat(), m.month, m.minutes) for m in meetings] == [
        (1, "Introduction to Program", "2027-02-17", 1, 120),
        (2, "Fostering a Team Environment", "2027-03-17", 2, 120),
        (3, "Creating Organizational Transformation", "2027-04-21", 3, 120),
        (4, "Maximizing Performance Results", "2027-05-19", 4, 120),
        (5, "Building Trust and Accountability", "2027-06-16", 5, 120),
        (6, "Promoting a High Performance Culture", "2027-07-21", 6, 120),
        (7, "Building Coalitions", "2027-08-18", 7, 120),
        (8, "Final Program Meeting", "2027-09-15", 8, 120),
    ]
    assert {(m.start_time, m.time_zone, m.status) for m in meetings} == {
        (NINE, "America/Los_Angeles", "planned")
    }
    assert mails("meetings.laid_out") == {"Alice Example", "Bob Example", "Charlie Example"}


def test_laying_out_twice_plans_once(team, meetings):
    assert laying_out.lay_out_meetings(team=team, by=None, now=NOW) == []
    assert Meeting.objects.of_team(team).count() == 8
    assert Message.objects.filter(kind="meetings.laid_out").count() == 3
    assert AuditEvent.objects.filter(action="meetings.laid_out").count() == 1


def test_a_team_that_is_not_confirmed_gets_no_meetings(team):
    """T4."""
    Team.objects.filter(pk=team.pk).update(status=Team.Status.AWAITING_AGREEMENT)
    with pytest.raises(CannotPlan, match="not confirmed yet"):
        laying_out.lay_out_meetings(team=team, by=None, now=NOW)
    assert not Meeting.objects.exists()


def test_a_closed_day_is_kept_and_named_with_a_proposal(cohort, program):
    """M3: the branch's own closed day is one, too; nothing moves by itself."""
    ClosedDay.objects.create(date=date(2027, 3, 17), name="Inventory day", branch=cohort.branch)
    first, second, *_ = laying_out.planned_dates(cohort, list(range(1, 9)), USUAL)
    assert first.warnings == ()
    assert second.date == date(2027, 3, 17)
    assert second.proposed_date == date(2027, 3, 10)
    assert "Inventory day" in second.warnings[0].text


def test_another_branchs_closed_day_is_not_ours(cohort, program, org):
    ClosedDay.objects.create(date=date(2027, 3, 17), name="Inventory day", branch=org.division)
    assert not any(day.warnings for day in laying_out.planned_dates(cohort, list(range(1, 9)), USUAL))


def test_any_member_moves_a_meeting_and_the_others_hear_of_it(meeting, alice):
    """M3, T7."""
    moved = scheduling.move(
        meeting=meeting, to=to(date(2027, 2, 24), time(13, 30)), by=alice, now=BEFORE, reason="Sick"
    )
    meeting.refresh_from_db()
    assert (meeting.date, meeting.start_time, meeting.month) == (date(2027, 2, 24), time(13, 30), 1)
    assert (moved.sequence, moved.changed_at) == (1, BEFORE)
    change = meeting.changes.get()
    assert change.summary == (
        "Moved from Wednesday, February 17, 2027, 9:00 a.m. to Wednesday, February 24, 2027, 1:30 p.m."
    )
    assert (change.reason, change.made_by) == ("Sick", alice)
    assert mails("meetings.changed") == {"Bob Example", "Charlie Example"}
    assert mails("meetings.left_month") == set()
    assert AuditEvent.objects.filter(action="meeting.moved", actor=alice, object_id=meeting.pk).count() == 1


def test_moving_to_the_same_moment_changes_nothing(meeting, alice):
    scheduling.move(meeting=meeting, to=to(meeting.date), by=alice, now=BEFORE)
    meeting.refresh_from_db()
    assert meeting.sequence == 0
    assert not meeting.changes.exists()


def test_leaving_its_month_warns_and_informs_the_branch_office(meeting, team, cohort, alice, branch_officer):
    """M3; and the meeting counts for the month it is held in (M2)."""
    day = date(2027, 3, 3)
    warnings = scheduling.warnings_about(cohort=cohort, team=team, day=day, now=BEFORE, meeting=meeting)
    assert [warning.kind for warning in warnings] == ["leaves_month"]
    moved = scheduling.move(meeting=meeting, to=to(day), by=alice, now=BEFORE)
    assert moved.month == 2
    assert mails("meetings.left_month") == {branch_officer.name}


def test_a_meeting_outside_the_program_counts_for_no_month(meeting, alice):
    moved = scheduling.move(meeting=meeting, to=to(date(2027, 10, 6)), by=alice, now=BEFORE)
    assert moved.month is None


def test_a_day_that_is_over_is_refused(meeting, alice):
    with pytest.raises(CannotChange, match="already over"):
        scheduling.move(meeting=meeting, to=to(date(2027, 1, 19)), by=alice, now=BEFORE)


def test_today_is_the_day_where_the_meeting_takes_place(meeting, alice):
    """At 4 a.m. UTC it is still the evening before in California."""
    late = BEFORE.replace(hour=4)
    assert scheduling.move(meeting=meeting, to=to(date(2027, 1, 19)), by=alice, now=late).date == date(
        2027, 1, 19
    )


@pytest.mark.parametrize(
    "who", ["supervisor", "director", "deputy", "branch_officer", "administrator", "outsider"]
)
def test_nobody_outside_the_team_changes_its_meetings(who, request, meeting, team, people):
    """M14, M16: the team only."""
    user = request.getfixturevalue(who)
    for change in (
        lambda: scheduling.move(meeting=meeting, to=to(date(2027, 2, 24)), by=user, now=BEFORE),
        lambda: scheduling.cancel(meeting=meeting, reason="No", by=user, now=BEFORE),
        lambda: scheduling.set_place(meeting=meeting, where=Where("Room 1"), by=user, now=BEFORE),
        lambda: scheduling.add_extra(
            team=team, when=to(date(2027, 2, 24)), where=Where(), title="More", by=user, now=BEFORE
        ),
    ):
        with pytest.raises(NotYourMeeting):
            change()
    meeting.refresh_from_db()
    assert (meeting.sequence, meeting.status) == (0, "planned")


def test_a_former_member_changes_nothing(meeting, alice):
    """M16."""
    alice.participations.get().memberships.update(ended_at=BEFORE)
    with pytest.raises(NotYourMeeting):
        scheduling.move(meeting=meeting, to=to(date(2027, 2, 24)), by=alice, now=BEFORE)


def test_a_held_meeting_is_neither_moved_nor_called_off(meeting, people, alice):
    then = noon(meeting.date)
    attendance.take_attendance(meeting=meeting, marks={people.alice: "present"}, by=alice, now=then)
    with pytest.raises(CannotChange, match="has been held"):
        scheduling.move(meeting=meeting, to=to(date(2027, 2, 24)), by=alice, now=then)
    with pytest.raises(CannotChange, match="has been held"):
        scheduling.cancel(meeting=meeting, reason="No", by=alice, now=then)


def test_calling_off_is_told_to_the_team_and_the_office_once(meeting, alice, branch_officer):
    for _ in range(2):
        scheduling.cancel(meeting=meeting, reason="Fire drill", by=alice, now=BEFORE)
    meeting.refresh_from_db()
    assert (meeting.status, meeting.cancelled_reason, meeting.sequence) == ("cancelled", "Fire drill", 1)
    assert mails("meetings.changed") == {"Bob Example", "Charlie Example"}
    assert mails("meetings.left_month") == {branch_officer.name}
    assert Message.objects.filter(kind="meetings.changed").count() == 2


def test_a_meeting_called_off_cannot_be_moved_but_planned_again(meeting, team, alice):
    scheduling.cancel(meeting=meeting, reason="Fire drill", by=alice, now=BEFORE)
    with pytest.raises(CannotChange, match="called off"):
        scheduling.move(meeting=meeting, to=to(date(2027, 2, 24)), by=alice, now=BEFORE)
    again = scheduling.add_extra(
        team=team, when=to(date(2027, 2, 24)), where=Where(), item=meeting.item, by=alice, now=BEFORE
    )
    assert (again.number, again.heading, again.month) == (1, "Introduction to Program", 1)
    planned = "You planned meeting 1 on Wednesday, February 24, 2027 meanwhile"
    with pytest.raises(CannotPlan, match=planned):
        scheduling.add_extra(
            team=team, when=to(date(2027, 2, 25)), where=Where(), item=meeting.item, by=alice, now=BEFORE
        )


def test_an_extra_meeting_counts_for_its_month(team, meetings, alice):
    """M2. Sent twice, it is one."""
    added = [
        scheduling.add_extra(
            team=team,
            when=to(date(2027, 3, 30)),
            where=Where("Room 2"),
            title="Projects",
            by=alice,
            now=BEFORE,
        )
        for _ in range(2)
    ]
    assert added[0] == added[1]
    assert (added[0].month, added[0].number, added[0].heading, added[0].status) == (
        2,
        None,
        "Projects",
        "planned",
    )
    assert Meeting.objects.of_team(team).count() == 9


def test_a_past_meeting_is_written_down_up_to_a_week_later(team, alice):
    then = noon(date(2027, 3, 10))
    added = scheduling.add_extra(
        team=team, when=to(date(2027, 3, 3)), where=Where(), title="Lunch", by=alice, now=then
    )
    assert (added.status, added.origin) == ("held", "afterwards")
    with pytest.raises(CannotPlan, match="until 7 days"):
        scheduling.add_extra(
            team=team, when=to(date(2027, 3, 2)), where=Where(), title="Lunch", by=alice, now=then
        )


def test_the_place_is_told_and_a_second_time_is_nothing(meeting, alice):
    """M4."""
    where = Where("1430 N Street, Room 1101", Meeting.Mode.MIXED, "https://meet.example.org/1")
    for _ in range(2):
        scheduling.set_place(meeting=meeting, where=where, by=alice, now=BEFORE)
    meeting.refresh_from_db()
    assert (meeting.place, meeting.mode, meeting.link, meeting.sequence) == (
        where.place,
        "mixed",
        where.link,
        1,
    )
    assert (
        meeting.changes.get().summary
        == "In person and online: 1430 N Street, Room 1101. The link to join online is another one."
    )


def test_the_branch_office_decides_the_month_with_a_reason(meeting, branch_officer, alice):
    scheduling.count_for(meeting=meeting, month=2, reason="Joined late", by=branch_officer, now=BEFORE)
    meeting.refresh_from_db()
    assert meeting.month == 2
    assert meeting.changes.get().summary == "Counts for March 2027."
    with pytest.raises(NotYourMeeting):
        scheduling.count_for(meeting=meeting, month=3, reason="I wish", by=alice, now=BEFORE)
    with pytest.raises(CannotChange, match="not one of the program's"):
        scheduling.count_for(meeting=meeting, month=9, reason="No", by=branch_officer, now=BEFORE)


def test_an_officer_who_takes_part_has_no_office_rights(meeting, cohort, org, people):
    """T10."""
    officer = people.dora.user
    officer.role_assignments.create(office="branch_office", unit=org.branch, start_date=date(2026, 1, 1))
    with pytest.raises(NotYourMeeting):
        scheduling.count_for(meeting=meeting, month=2, reason="Mine", by=officer, now=BEFORE)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("title_only_of_an_extra_one", "title", "A title of its own"),
        ("lasts_a_while", "minutes", 10),
        ("lasts_a_while", "minutes", 481),
        ("month_from_one", "month", 0),
        ("reason_only_when_cancelled", "cancelled_reason", "No"),
    ],
)
def test_the_database_refuses_a_meeting_that_makes_no_sense(meeting, name, field, value):
    assert refused_by(Meeting.objects.filter(pk=meeting.pk).update, **{field: value}) == f"meeting_{name}"


def test_the_database_refuses_an_extra_meeting_without_title(meeting):
    assert (
        refused_by(Meeting.objects.filter(pk=meeting.pk).update, item=None)
        == "meeting_title_only_of_an_extra_one"
    )


def test_the_database_refuses_a_meeting_written_down_before_it_was(meeting):
    assert (
        refused_by(Meeting.objects.filter(pk=meeting.pk).update, origin="afterwards")
        == "meeting_written_down_was_held"
    )


def test_the_database_refuses_a_team_twice_and_a_change_that_says_nothing(meeting, team):
    assert refused_by(MeetingTeam.objects.create, meeting=meeting, team=team) == "meetingteam_once"
    assert refused_by(meeting.changes.create, summary="", made_at=NOW) == "meetingchange_says_what"
