"""What a participant's standing is made from, and what it is: plain values, without the database.

`meetings.ledger` reads the one, `meetings.completion` makes the other of it (C1, C2).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from meetings.dates import end_of_program_month, month_name


@dataclass(frozen=True)
class RequirementRow:
    """Plain words, as `coaching.models.Requirement` has them: a row nobody knows how to check blocks a certificate."""

    kind: str
    least: int
    unit: str
    per: str


@dataclass(frozen=True)
class Rules:
    """What a cohort asks for. `first_month` is any day of the program's first month."""

    first_month: dt.date
    months: int
    requirements: tuple[RequirementRow, ...]
    missed_months_allowed: int = 0
    other_teams_count: bool = False

    @property
    def last_day(self) -> dt.date:
        return end_of_program_month(self.first_month, self.months)


class Presence(StrEnum):
    ATTENDED = "attended"
    ABSENT = "absent"
    EXCUSED = "excused"
    UNRECORDED = "unrecorded"


@dataclass(frozen=True)
class MeetingRecord:
    """One meeting as one participant lived it. `month`: the program month it counts for, None for none.

    `evaluate_by`: the last day on which they can evaluate it; None: no day is set. `evaluation_closed`: for good.
    """

    meeting_id: int
    title: str
    date: dt.date
    month: int | None
    minutes: int
    presence: Presence = Presence.UNRECORDED
    cancelled: bool = False
    evaluated: bool = False
    evaluate_by: dt.date | None = None
    evaluation_closed: bool = False
    own_team: bool = True
    quorate: bool = True


@dataclass(frozen=True)
class History:
    """`waived`: months of the program that the branch office excused; `planned`: those that are to be made up.

    `on_leave`: of the waived ones. `in_team`: now.
    """

    meetings: tuple[MeetingRecord, ...] = ()
    left: bool = False
    waived: frozenset[int] = frozenset()
    planned: frozenset[int] = frozenset()
    on_leave: frozenset[int] = frozenset()
    in_team: bool = True


class Code(StrEnum):
    LEFT = "left"
    NO_REQUIREMENTS = "no_requirements"
    UNKNOWN_REQUIREMENT = "unknown_requirement"
    MONTH_OPEN = "month_open"
    MONTH_AT_RISK = "month_at_risk"
    MONTH_UNRECORDED = "month_unrecorded"
    MONTH_MISSED = "month_missed"
    MONTH_TO_MAKE_UP = "month_to_make_up"
    WITH_THE_OFFICE = "with_the_office"  # missed, and the branch office has days to mend it
    EVALUATION_OPEN = "evaluation_open"
    EVALUATION_LATE = "evaluation_late"  # past its day; the branch office can open it again
    EVALUATION_CLOSED = "evaluation_closed"
    ATTENDANCE_SHORT = "attendance_short"
    EVALUATIONS_SHORT = "evaluations_short"


@dataclass(frozen=True)
class Reason:
    """One thing that is missing. `final`: nothing the participant does can still put it right.

    `is_waived`: it only has to come, and asks for nothing.
    """

    code: Code
    text: str
    final: bool = False
    month: int | None = None
    meeting_id: int | None = None
    is_waived: bool = False

    @property
    def key(self) -> str:
        """What it is about, the same each day."""
        return f"{self.code}.{self.month or 0}.{self.meeting_id or 0}"


# What the branch office can still mend when the participant no longer can: by an excusal, or another meeting that counts.
MENDED_BY_OFFICE = (Code.MONTH_MISSED, Code.ATTENDANCE_SHORT)


class MonthState(StrEnum):
    MET = "met"
    EXCUSED = "excused"
    ALLOWED = "allowed"
    UNRECORDED = "unrecorded"
    OPEN = "open"
    AT_RISK = (
        "at_risk"  # no meeting that is planned can still meet it: the month runs, or too few are expected
    )
    MISSED = "missed"
    WITH_THE_OFFICE = "with_the_office"
    TO_MAKE_UP = "to_make_up"  # missed before the participant joined, and the plan to make it up is open


@dataclass(frozen=True)
class MonthStanding:
    """`unanswered`: how many of the meetings attended are not evaluated.

    `excused_ahead`: it only has to come, as the branch office has excused them from its meeting.
    """

    month: int
    first_day: dt.date
    state: MonthState
    attended: int = 0
    unanswered: int = 0
    on_leave: bool = False
    excused_ahead: bool = False

    @property
    def is_met(self) -> bool:
        return self.state in (MonthState.MET, MonthState.EXCUSED, MonthState.ALLOWED)

    @property
    def label(self) -> str:
        return month_name(self.first_day)


@dataclass(frozen=True)
class Standing:
    """`complete`: nothing is missing. `on_track`: nothing is missing for good, nor will be unless somebody acts.

    `reachable`: nothing is missing for good. `attended`: the meetings that count. `in_danger`: the branch office reads
    it as such (`meetings.attention`).
    """

    complete: bool
    reachable: bool
    reasons: tuple[Reason, ...] = ()
    months: tuple[MonthStanding, ...] = ()
    in_danger: bool = False
    attended: tuple[MeetingRecord, ...] = ()

    @property
    def minutes(self) -> int:
        """Spent in the meetings that count."""
        return sum(record.minutes for record in self.attended)

    @property
    def missing(self) -> tuple[Reason, ...]:
        """What asks for something."""
        return tuple(reason for reason in self.reasons if not reason.is_waived)

    @property
    def at_risk(self) -> tuple[Reason, ...]:
        """What is lost soon unless a meeting is planned."""
        return tuple(reason for reason in self.reasons if reason.code is Code.MONTH_AT_RISK)

    @property
    def on_track(self) -> bool:
        waits = {Code.EVALUATION_LATE, Code.WITH_THE_OFFICE, Code.MONTH_TO_MAKE_UP} & {
            reason.code for reason in self.reasons
        }
        return self.reachable and not self.in_danger and not self.at_risk and not waits

    @property
    def months_met(self) -> int:
        return sum(month.is_met for month in self.months)

    @property
    def progress(self) -> str:
        """ "3 of 8 months are done"; of a program that does not ask for each month, the meetings that count."""
        if self.months:
            return f"{self.months_met} of {len(self.months)} months are done"
        there = len(self.attended)
        return f"You were at {there} {'meeting' if there == 1 else 'meetings'}"
