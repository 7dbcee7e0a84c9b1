"""The times of the week at which a team could meet: what participants choose from, and the slots of the solver."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.dateformat import time_format

from coaching.models import Cohort, TeamWishes

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


def usual_time(cohort: Cohort) -> MeetingTime:
    return MeetingTime(cohort.meeting_weekday, cohort.meeting_start_time)


def time_for_all(cohort: Cohort, wishes: Iterable[TeamWishes | None]) -> MeetingTime | None:
    """The cohort's usual time if all can meet then, or the nearest one at which they can (M3, M4).

    Who has said nothing can always. Nearest: on the same weekday first, then by the day, then by the clock. None where
    no time suits all.
    """
    usual = usual_time(cohort)
    said = [each.times for each in wishes if each]
    suits = [each for each in times_of(cohort) if all(each.key in times for times in said)]

    def distance(each: MeetingTime) -> tuple[int, int, MeetingTime]:
        minutes = abs(60 * (each.start.hour - usual.start.hour) + each.start.minute - usual.start.minute)
        return abs(each.weekday - usual.weekday), minutes, each

    return min(suits, key=distance, default=None)


HOURS = 2  # that each of these times takes


def suits(said: Collection[str], cohort: Cohort, day: date, start: time, minutes: int) -> bool:
    """Whether somebody who named these times, by key, can meet then. Of hours that nobody was asked about: yes."""
    asked = times_of(cohort)
    exact = MeetingTime(day.weekday(), start)
    if exact in asked:
        return exact.key in said
    begins = datetime.combine(day, start)
    ends = begins + timedelta(minutes=minutes)
    within = [
        each
        for each in asked
        if each.weekday == day.weekday()
        and datetime.combine(day, each.start) < ends
        and datetime.combine(day, each.start) + timedelta(hours=HOURS) > begins
    ]
    return all(each.key in said for each in within)


WEEKS = ("first", "second", "third", "fourth")


def week_choices() -> list[tuple[int, str]]:
    """For a form: which week of the month."""
    return [(number, word.capitalize()) for number, word in enumerate(WEEKS, start=1)]


def rule_in_words(cohort: Cohort, when: MeetingTime) -> str:
    """ "9:00 a.m. on the third Wednesday of the month" """
    return f"{when.clock} on the {WEEKS[cohort.meeting_week - 1]} {when.day} of the month"


def named(keys: Collection[str], cohort: Cohort) -> list[MeetingTime]:
    """Those of the cohort's times that these keys name."""
    return [each for each in times_of(cohort) if each.key in keys]
