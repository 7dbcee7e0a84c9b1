"""What the branch office has recorded for somebody's months, with its reasons: for the branch office alone (C2)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from coaching.days import today_of
from coaching.models import Cohort, User
from meetings.models import Attendance, Waiver
from meetings.standing import MonthState, Standing


@dataclass(frozen=True)
class Excuse:
    """`recorded`: when and by whom, in words."""

    what: str
    reason: str
    recorded: str


def of_cohort(cohort: Cohort) -> dict[int, list[Excuse]]:
    """By participant: months that are waived, then meetings they are excused from; two queries."""
    found: dict[int, list[Excuse]] = defaultdict(list)
    waivers = Waiver.objects.in_force().filter(participant__cohort=cohort)
    for waiver in waivers.select_related("participant__cohort", "recorded_by"):
        found[waiver.participant_id].append(
            Excuse(
                f"{waiver.month_name}: {waiver.words}",
                waiver.reason,
                _recorded(waiver.recorded_at, waiver.recorded_by, cohort),
            )
        )
    excused = Attendance.objects.filter(meeting__cohort=cohort, status=Attendance.Status.EXCUSED)
    for mark in excused.select_related("meeting__item", "recorded_by").order_by("meeting__date", "pk"):
        found[mark.participant_id].append(
            Excuse(
                f"{mark.meeting.heading}, {_day(mark.meeting.date)}: Excused",
                mark.reason,
                _recorded(mark.recorded_at, mark.recorded_by, cohort),
            )
        )
    return found


def spared(standing: Standing) -> list[str]:
    """The months that were missed, and that the program lets pass."""
    return [month.label for month in standing.months if month.state is MonthState.ALLOWED]


def _recorded(at: datetime, by: User | None, cohort: Cohort) -> str:
    day = _day(today_of(cohort, at))
    return f"{day}, {by}" if by else day


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
