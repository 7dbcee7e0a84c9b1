"""Days as people count them: zones, mornings, and days on which offices are open."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from coaching.days import day_of, latest, today_of, working_day
from coaching.models import ClosedDay

ZONE = ZoneInfo("America/Los_Angeles")


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 1, 14, 59, tzinfo=UTC), date(2026, 10, 31)),  # 6:59, summer time ended at 2
        (datetime(2026, 11, 1, 15, 0, tzinfo=UTC), date(2026, 11, 1)),
        (datetime(2027, 3, 14, 13, 59, tzinfo=UTC), date(2027, 3, 13)),  # 6:59, it began at 2
        (datetime(2027, 3, 14, 14, 0, tzinfo=UTC), date(2027, 3, 14)),
    ],
)
def test_the_day_of_reminders_begins_at_seven_whatever_the_clocks_do(now, day):
    assert day_of(ZONE, now) == day


def test_latest_is_the_last_scheduled_day_that_has_come():
    days = [date(2026, 11, day) for day in (20, 25, 27)]
    assert latest(days, after=date(2026, 11, 19), until=date(2026, 11, 26)) == date(2026, 11, 25)
    assert latest(days, after=date(2026, 11, 25), until=date(2026, 11, 26)) is None


def test_today_is_where_the_cohort_is(cohort):
    assert today_of(cohort, datetime(2026, 12, 1, 7, 59, tzinfo=UTC)) == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 24), date(2026, 11, 24)),
        (date(2026, 11, 26), date(2026, 11, 30)),  # Thanksgiving, the day after, and a weekend
        (date(2026, 11, 28), date(2026, 11, 30)),
        (date(2026, 12, 25), date(2026, 12, 28)),
    ],
)
def test_working_day_passes_over_weekends_and_holidays(cohort, day, expected):
    assert working_day(cohort, day) == expected


def test_working_day_knows_what_closes_one_branch(cohort, org):
    ClosedDay.objects.create(date=date(2026, 11, 24), name="Moving", branch=org.branch)
    assert working_day(cohort, date(2026, 11, 24)) == date(2026, 11, 25)
