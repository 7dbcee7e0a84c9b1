"""The times of the week at which a team could meet: what participants choose from, and the slots of the solver."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import time

from django.utils.dateformat import time_format

from coaching.models import Cohort

STARTS = (time(9), time(11), time(13), time(15))  # two hours each, the office's day


@dataclass(frozen=True, order=True)
class MeetingTime:
    weekday: int  # Monday is 0
    start: time

    @property
    def key(self) -> str:
        return f"{self.weekday}-{self.start:%H%M}"

    @property
    def day(self) -> str:
        return str(Cohort.Weekday(self.weekday).label)

    @property
    def clock(self) -> str:
        return time_format(self.start, "g:i a")

    def __str__(self) -> str:
        return f"{self.day}, {self.clock}"


def times_of(cohort: Cohort) -> list[MeetingTime]:
    """Monday to Friday, at the usual starts and the cohort's own, in the order of the week."""
    starts = sorted({*STARTS, cohort.meeting_start_time})
    return [MeetingTime(day, start) for day in Cohort.Weekday.values for start in starts]


def named(keys: Collection[str], cohort: Cohort) -> list[MeetingTime]:
    """Those of the cohort's times that these keys name."""
    return [each for each in times_of(cohort) if each.key in keys]
