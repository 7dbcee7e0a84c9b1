"""Until when a meeting can be evaluated (C1): by everybody who was there, and by whom the branch office lets."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.db.models import Max, prefetch_related_objects

from coaching.models import Cohort
from meetings import dates
from meetings.models import Attendance, EvaluationClosing, EvaluationReopening, Meeting

WRITTEN_DOWN_DAYS = 7  # for whoever was written down late


class State(StrEnum):
    OPEN = "open"
    LATE = "late"  # the branch office can open it again
    OVER = "over"  # the program's last closing has been


@dataclass(frozen=True)
class Window:
    """One person's evaluation of one meeting. `last_day`: of all evaluations of the program."""

    until: date
    last_day: date
    is_closed: bool = False

    def state(self, today: date) -> State:
        if self.is_closed or today > self.last_day:
            return State.OVER
        return State.OPEN if today <= self.until else State.LATE


def window_of(
    *, answer_by: date, written_down: date, reopened: date | None, last_day: date, is_closed: bool
) -> Window:
    """The latest of the days that hold for this person, and none after the program's last."""
    until = max(answer_by, written_down + timedelta(days=WRITTEN_DOWN_DAYS), reopened or answer_by)
    return Window(min(until, last_day), last_day, is_closed)


def window(row: Attendance) -> Window:
    return windows([row])[row.pk]


def windows(rows: Collection[Attendance]) -> dict[int, Window]:
    """By attendance, of people who were there; a constant number of queries."""
    prefetch_related_objects(list(rows), "meeting__cohort__program__curriculum", "meeting__item")
    meetings = {row.meeting_id: row.meeting for row in rows}
    cohorts = {each.cohort_id: each.cohort for each in meetings.values()}
    last = last_dates(cohorts)
    closed = set(
        EvaluationClosing.objects.filter(cohort__in=cohorts, item=None).values_list("cohort", flat=True)
    )
    reopened = {
        (row.meeting_id, row.participant_id): row.until_date
        for row in EvaluationReopening.objects.filter(meeting__in=meetings)
    }
    return {
        row.pk: window_of(
            answer_by=answer_by(row.meeting, row.meeting.cohort, last),
            written_down=row.recorded_at.astimezone(row.meeting.zone).date(),
            reopened=reopened.get((row.meeting_id, row.participant_id)),
            last_day=last_day(cohorts[row.meeting.cohort_id], last),
            is_closed=row.meeting.cohort_id in closed,
        )
        for row in rows
    }


LastDates = dict[tuple[int, int | None], date]


def last_dates(cohorts: Collection[int]) -> LastDates:
    """By cohort and meeting of the curriculum (None: the extra ones), the last day on which a team meets for it."""
    rows = Meeting.objects.live().filter(cohort__in=cohorts).values("cohort", "item")
    found = rows.annotate(last=Max("date")).values_list("cohort", "item", "last").order_by()
    return {(cohort, item): day for cohort, item, day in found}


def answer_by(meeting: Meeting, cohort: Cohort, last: LastDates) -> date:
    """Until when everybody who was there can answer."""
    day = last.get((cohort.pk, meeting.item_id)) if meeting.item_id else None
    return (day or meeting.date) + timedelta(days=cohort.evaluation_days)


def last_day(cohort: Cohort, last: LastDates | None = None) -> date:
    """After it the program's evaluations are closed for good."""
    found = last_dates([cohort.pk]) if last is None else last
    end = dates.end_of_program_month(cohort.first_month, cohort.months)
    return closing_day(cohort, end, found)


def closing_day(cohort: Cohort, program_end: date, last: LastDates) -> date:
    days = [day for (pk, _), day in last.items() if pk == cohort.pk]
    return max([program_end, *days]) + timedelta(days=cohort.evaluation_days)
