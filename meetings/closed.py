"""Meetings on closed days: what is said about them, and the free day to which one press moves them (M3)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from coaching.models import User
from meetings import dates, laying_out, scheduling
from meetings.dates import DateWarning
from meetings.models import Meeting, MeetingTeam
from meetings.scheduling import CannotChange, When


@dataclass(frozen=True)
class CalendarRow:
    """A meeting with what speaks against its day. `proposed_date`: the free day that its team can take by one press."""

    meeting: Meeting
    warnings: tuple[DateWarning, ...] = ()
    proposed_date: date | None = None


def rows_of(meetings: list[Meeting], *, now: datetime) -> list[CalendarRow]:
    """Each meeting of a cohort, those ahead on a closed day with the nearest free day of the same weekday and month.

    Free is a day that lies ahead, is open, and on which none of the meeting's teams meets already.
    """
    closed_days = laying_out.closed_days_of(meetings[0].cohort) if meetings else {}
    closed = {each.pk for each in meetings if each.status == Meeting.Status.PLANNED} & {
        each.pk for each in meetings if each.date in closed_days
    }
    taken = _days_taken(closed) | set(closed_days)
    rows = []
    for meeting in meetings:
        if meeting.pk not in closed:
            rows.append(CalendarRow(meeting))
            continue
        free = dates.free_day(meeting.date, taken, earliest=meeting.local_today(now))
        warning = dates.closed_warning(meeting.date, closed_days[meeting.date], free)
        # The day of a meeting for all teams is the branch office's.
        rows.append(CalendarRow(meeting, (warning,), None if meeting.is_joint else free))
    return rows


def _days_taken(meetings: set[int]) -> set[date]:
    """The days on which the teams of these meetings meet."""
    if not meetings:
        return set()
    teams = MeetingTeam.objects.filter(meeting__in=meetings).values("team")
    return set(Meeting.objects.live().filter(meeting_teams__team__in=teams).values_list("date", flat=True))


@transaction.atomic
def move_to_free_day(*, meeting: Meeting, to: date, by: User, now: datetime) -> Meeting:
    """Move a meeting from a closed day to the free day that was shown; a second press changes nothing.

    Raises CannotChange where another day is the nearest meanwhile, and what `scheduling.move` raises.
    """
    meeting = (
        Meeting.objects.select_for_update(of=("self",)).select_related("cohort", "item").get(pk=meeting.pk)
    )
    (row,) = rows_of([meeting], now=now)
    if meeting.date != to and row.proposed_date != to:
        raise CannotChange("The dates have changed meanwhile. Look at the meeting again.")
    when = When(to, meeting.start_time, meeting.minutes)
    return scheduling.move(meeting=meeting, to=when, by=by, now=now)
