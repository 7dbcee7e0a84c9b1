"""The dates of a program, in pure Python: which days a calendar falls on, and what speaks against a day.

Meetings are kept as local date, local time and zone, so that "one o'clock" stays one o'clock when the clocks change.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from coaching.in_words import long_date

WEDNESDAY = 2
LAST = -1


class WarningKind(StrEnum):
    CLOSED_DAY = "closed_day"
    WEEKEND = "weekend"
    LEAVES_MONTH = "leaves_month"
    OUTSIDE_PROGRAM = "outside_program"
    IN_THE_PAST = "in_the_past"
    SAME_DAY = "same_day"


@dataclass(frozen=True)
class DateWarning:
    """Something to think about before this date is kept. It never forbids the date."""

    kind: WarningKind
    text: str


@dataclass(frozen=True)
class PlannedDate:
    """One date of a calendar. `proposed_date`: the nearest free day of the same weekday and month, if there is one."""

    month: int
    date: dt.date
    warnings: tuple[DateWarning, ...] = ()
    proposed_date: dt.date | None = None


def month_name(day: dt.date) -> str:
    return f"{day:%B} {day.year}"


def days_of_weekday(year: int, month: int, weekday: int) -> list[dt.date]:
    """Every day of that weekday (Monday is 0) in the month, in order: four or five of them."""
    if not 0 <= weekday <= 6:
        raise ValueError(f"weekday must be 0 (Monday) to 6 (Sunday), not {weekday}")
    length = calendar.monthrange(year, month)[1]
    first = dt.date(year, month, 1)
    start = 1 + (weekday - first.weekday()) % 7
    return [first.replace(day=day) for day in range(start, length + 1, 7)]


def nth_weekday(year: int, month: int, weekday: int, n: int) -> dt.date:
    """The nth (1 to 4) such weekday of the month; 5 and LAST mean the last one, since not every month has five."""
    if n not in (1, 2, 3, 4, 5, LAST):
        raise ValueError(f"the week must be 1 to 5, or -1 for the last, not {n}")
    days = days_of_weekday(year, month, weekday)
    return days[-1] if n in (5, LAST) else days[n - 1]


def clock(moment: dt.time) -> str:
    """9:05 a.m."""
    return f"{moment.hour % 12 or 12}:{moment.minute:02d} {'a.m.' if moment.hour < 12 else 'p.m.'}"


def add_months(first_month: dt.date, count: int) -> dt.date:
    """The first day of the month `count` months after the one `first_month` lies in."""
    index = first_month.year * 12 + first_month.month - 1 + count
    return dt.date(index // 12, index % 12 + 1, 1)


def program_month(first_month: dt.date, day: dt.date) -> int:
    """Which month of a program a day lies in: 1 is the first; 0 and less lie before it."""
    return (day.year - first_month.year) * 12 + day.month - first_month.month + 1


def end_of_month(day: dt.date) -> dt.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def end_of_program_month(first_month: dt.date, month: int) -> dt.date:
    """The last day of a month of the program: 1 is the first; of the last one, that of the program itself."""
    return end_of_month(add_months(first_month, month - 1))


def free_day(
    day: dt.date, closed_days: Collection[dt.date], *, earliest: dt.date = dt.date.min
) -> dt.date | None:
    """The nearest day of the same weekday and month that is not closed; of two equally near ones the earlier."""
    same = days_of_weekday(day.year, day.month, day.weekday())
    others = [other for other in same if other not in closed_days and other >= earliest]
    return min(others, key=lambda other: (abs(other - day), other), default=None)


def lay_out(
    first_month: dt.date,
    months: Sequence[int],
    weekday: int,
    week: int,
    closed_days: Mapping[dt.date, str],
) -> list[PlannedDate]:
    """A date for each program month (1 is `first_month`), by the rule "third Wednesday" or its like (M3).

    A date on a holiday or a closed day stays where it is, with a warning and a proposal: people decide, not the calendar.
    """
    planned = []
    for month in months:
        start = add_months(first_month, month - 1)
        day = nth_weekday(start.year, start.month, weekday, week)
        if day in closed_days:
            proposed = free_day(day, closed_days)
            planned.append(
                PlannedDate(month, day, (closed_warning(day, closed_days[day], proposed),), proposed)
            )
        else:
            planned.append(PlannedDate(month, day))
    return planned


def closed_warning(day: dt.date, name: str, proposed: dt.date | None) -> DateWarning:
    text = f"{long_date(day)} is {name}, and offices are closed."
    if proposed:
        text += f" The nearest free {day:%A} of the month is {long_date(proposed)}."
    else:
        text += f" No {day:%A} of that month is free."
    return DateWarning(WarningKind.CLOSED_DAY, text)


def warnings_for(
    day: dt.date,
    *,
    first_month: dt.date,
    months: int,
    closed_days: Mapping[dt.date, str],
    today: dt.date,
    leaves: int | None = None,
    taken: Collection[dt.date] = (),
) -> tuple[DateWarning, ...]:
    """What speaks against a day (M3). `leaves`: the program month that the meeting now stands for, if it has one."""
    found = []
    if day in closed_days:
        found.append(closed_warning(day, closed_days[day], free_day(day, closed_days)))
    if day.weekday() >= 5:
        text = f"{long_date(day)} is on a weekend, when offices are closed."
        found.append(DateWarning(WarningKind.WEEKEND, text))
    month = program_month(first_month, day)
    if not 1 <= month <= months:
        text = f"{month_name(day)} is outside the program's {months} months: the meeting would count for no month."
        found.append(DateWarning(WarningKind.OUTSIDE_PROGRAM, text))
    if leaves and month != leaves:
        left = month_name(add_months(first_month, leaves - 1))
        text = (
            f"The meeting leaves {left}. Everyone needs a meeting in every month, so plan another one in {left}. "
            "The branch office is told about the change."
        )
        found.append(DateWarning(WarningKind.LEAVES_MONTH, text))
    if day < today:
        found.append(DateWarning(WarningKind.IN_THE_PAST, f"{long_date(day)} is already over."))
    if day in taken:
        found.append(same_day_warning(day))
    return tuple(found)


def same_day_warning(day: dt.date, title: str = "") -> DateWarning:
    what = f": “{title}”" if title else ""
    return DateWarning(WarningKind.SAME_DAY, f"Your team already meets on {long_date(day)}{what}.")


def span(day: dt.date, start: dt.time, minutes: int, zone: str) -> tuple[dt.datetime, dt.datetime]:
    """Start and end of a meeting as aware local times; `minutes` are minutes really spent, also when the clocks change.

    A time that the clock skips in spring is read as the clock shows it after the change; a time that comes twice in
    autumn is the first of the two.
    """
    tz = ZoneInfo(zone)
    begins = dt.datetime.combine(day, start, tzinfo=tz).astimezone(dt.UTC)
    ends = begins + dt.timedelta(minutes=minutes)
    return begins.astimezone(tz), ends.astimezone(tz)
