"""Days as people count them: where the cohort is, when offices are open, and on which days somebody is reminded."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from coaching.cohorts import closed_days
from coaching.models import Cohort

# Nobody is written to in the night: the day of a reminder begins at seven.
MORNING = time(7)
# No office is closed for longer.
LONGEST_CLOSED = timedelta(days=14)


def today_of(cohort: Cohort, now: datetime) -> date:
    """The day it is where the cohort is: deadlines and orders count in its zone."""
    return now.astimezone(cohort.zone).date()


def day_of(zone: ZoneInfo, now: datetime) -> date:
    """The day whose reminders are due: until the morning it is still the one before."""
    local = now.astimezone(zone)
    return local.date() if local.time() >= MORNING else local.date() - timedelta(days=1)


def latest(scheduled: Iterable[date], *, after: date, until: date) -> date | None:
    """The last scheduled day that has come; none that came before the matter itself began."""
    return max((day for day in scheduled if after < day <= until), default=None)


def working_day(cohort: Cohort, day: date) -> date:
    """This day, or the next one on which the offices of the cohort's branch are open."""
    closed = closed_days(cohort, start=day, end=day + LONGEST_CLOSED)
    while day.weekday() >= 5 or day in closed:
        day += timedelta(days=1)
    return day
