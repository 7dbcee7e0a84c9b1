import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from meetings.dates import (
    LAST,
    WEDNESDAY,
    WarningKind,
    add_months,
    days_of_weekday,
    end_of_month,
    free_day,
    lay_out,
    long_date,
    nth_weekday,
    program_month,
    span,
    warnings_for,
)

years = st.integers(2026, 2056)
months = st.integers(1, 12)
weekdays = st.integers(0, 6)
weeks = st.sampled_from([1, 2, 3, 4, 5, LAST])
zones = st.sampled_from(
    [
        "America/Los_Angeles",
        "America/New_York",
        "America/Phoenix",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "UTC",
    ]
)


def test_the_calendar_of_2027_falls_on_third_wednesdays():
    """M3: the default."""
    planned = lay_out(dt.date(2027, 1, 1), list(range(1, 9)), WEDNESDAY, 3, {})
    assert [day.date.isoformat() for day in planned] == [
        "2027-01-20",
        "2027-02-17",
        "2027-03-17",
        "2027-04-21",
        "2027-05-19",
        "2027-06-16",
        "2027-07-21",
        "2027-08-18",
    ]
    assert [day.month for day in planned] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert not any(day.warnings or day.proposed_date for day in planned)


def test_a_holiday_is_warned_about_and_stays_where_it_is():
    """M3: nothing is moved silently."""
    closed = {dt.date(2026, 11, 11): "Veterans Day"}
    (planned,) = lay_out(dt.date(2026, 11, 1), [1], WEDNESDAY, 2, closed)
    assert planned.date == dt.date(2026, 11, 11)
    assert planned.proposed_date == dt.date(2026, 11, 4)
    assert [warning.kind for warning in planned.warnings] == [WarningKind.CLOSED_DAY]
    assert planned.warnings[0].text == (
        "Wednesday, November 11, 2026 is Veterans Day, and offices are closed. "
        "The nearest free Wednesday of the month is Wednesday, November 4, 2026."
    )


def test_the_proposal_skips_other_closed_days():
    closed = dict.fromkeys([dt.date(2026, 11, 11), dt.date(2026, 11, 4), dt.date(2026, 11, 18)], "closed")
    assert free_day(dt.date(2026, 11, 11), closed) == dt.date(2026, 11, 25)


def test_a_month_without_a_free_day_has_no_proposal():
    closed = dict.fromkeys(days_of_weekday(2026, 11, WEDNESDAY), "closed")
    (planned,) = lay_out(dt.date(2026, 11, 1), [1], WEDNESDAY, 2, closed)
    assert planned.proposed_date is None
    assert planned.warnings[0].text.endswith("No Wednesday of that month is free.")


def test_a_program_crosses_the_turn_of_the_year():
    planned = lay_out(dt.date(2026, 9, 15), [1, 4, 5, 8], WEDNESDAY, 3, {})
    assert [(day.date.year, day.date.month) for day in planned] == [
        (2026, 9),
        (2026, 12),
        (2027, 1),
        (2027, 4),
    ]


@given(year=years, month=months, weekday=weekdays, week=weeks)
def test_the_nth_weekday_is_that_weekday_and_the_nth(year, month, weekday, week):
    day = nth_weekday(year, month, weekday, week)
    assert (day.year, day.month, day.weekday()) == (year, month, weekday)
    if week in (5, LAST):
        assert (day + dt.timedelta(days=7)).month != month
    else:
        assert (day.day - 1) // 7 + 1 == week


@given(
    year=years,
    month=months,
    weekday=weekdays,
    week=weeks,
    count=st.integers(1, 12),
    closed=st.sets(st.integers(0, 400), max_size=60),
)
def test_every_layout_has_one_date_in_every_month_and_warns_of_exactly_the_closed_ones(
    year, month, weekday, week, count, closed
):
    """M2, M3 over thirty years."""
    first = dt.date(year, month, 1)
    closed_days = {first + dt.timedelta(days=offset): "a closed day" for offset in closed}
    planned = lay_out(first, list(range(1, count + 1)), weekday, week, closed_days)
    assert [program_month(first, day.date) for day in planned] == list(range(1, count + 1))
    for day in planned:
        assert day.date == nth_weekday(day.date.year, day.date.month, weekday, week)
        assert bool(day.warnings) == (day.date in closed_days)
        if day.proposed_date:
            assert day.warnings
            assert day.proposed_date not in closed_days
            assert day.proposed_date.weekday() == weekday
            assert (day.proposed_date.year, day.proposed_date.month) == (day.date.year, day.date.month)
            gap = abs(day.proposed_date - day.date)
            nearer = [
                d for d in days_of_weekday(day.date.year, day.date.month, weekday) if abs(d - day.date) < gap
            ]
            assert all(d in closed_days for d in nearer)


@given(year=years, month=months, count=st.integers(-400, 400))
def test_months_are_counted_and_counted_back(year, month, count):
    first = dt.date(year, month, 1)
    assert program_month(first, add_months(first, count)) == count + 1
    assert end_of_month(first) + dt.timedelta(days=1) == add_months(first, 1)


@given(
    day=st.dates(dt.date(2026, 1, 1), dt.date(2056, 12, 31)),
    start=st.times().map(lambda time: time.replace(second=0, microsecond=0, fold=0)),
    minutes=st.integers(0, 480),
    zone=zones,
)
def test_a_meeting_keeps_its_local_time_and_its_real_length(day, start, minutes, zone):
    begins, ends = span(day, start, minutes, zone)
    assert begins.tzinfo == ZoneInfo(zone)
    assert ends.astimezone(dt.UTC) - begins.astimezone(dt.UTC) == dt.timedelta(minutes=minutes)
    if tz.datetime_exists(dt.datetime.combine(day, start, tzinfo=tz.gettz(zone))):
        assert begins.replace(tzinfo=None, fold=0) == dt.datetime.combine(day, start)


def test_one_oclock_stays_one_oclock_when_the_clocks_change():
    """Local times: 1 p.m. is another moment in winter than in summer."""
    winter, _ = span(dt.date(2027, 1, 20), dt.time(13), 120, "America/Los_Angeles")
    summer, _ = span(dt.date(2027, 7, 21), dt.time(13), 120, "America/Los_Angeles")
    assert (winter.hour, summer.hour) == (13, 13)
    assert (winter.astimezone(dt.UTC).hour, summer.astimezone(dt.UTC).hour) == (21, 20)


def test_two_hours_over_the_change_of_the_clocks_are_two_hours():
    begins, ends = span(dt.date(2027, 3, 14), dt.time(1), 120, "America/Los_Angeles")
    assert (begins.hour, ends.hour) == (1, 4)
    begins, ends = span(dt.date(2027, 11, 7), dt.time(0, 30), 120, "America/Los_Angeles")
    assert (ends.hour, ends.minute) == (1, 30)


def test_a_time_the_clock_skips_is_read_as_after_the_change():
    assert span(dt.date(2027, 3, 14), dt.time(2, 30), 60, "America/Los_Angeles")[0].hour == 3


def check(day, **changes):
    known = {
        "first_month": dt.date(2027, 1, 1),
        "months": 8,
        "closed_days": {dt.date(2027, 3, 31): "César Chávez Day"},
        "today": dt.date(2027, 2, 1),
    }
    return [warning.kind for warning in warnings_for(day, **(known | changes))]


@pytest.mark.parametrize(
    ("day", "changes", "expected"),
    [
        (dt.date(2027, 3, 17), {"leaves": 3}, []),
        (dt.date(2027, 3, 31), {}, [WarningKind.CLOSED_DAY]),
        (dt.date(2027, 3, 20), {}, [WarningKind.WEEKEND]),
        (dt.date(2027, 4, 7), {"leaves": 3}, [WarningKind.LEAVES_MONTH]),
        (dt.date(2027, 9, 1), {}, [WarningKind.OUTSIDE_PROGRAM]),
        (dt.date(2026, 12, 30), {}, [WarningKind.OUTSIDE_PROGRAM, WarningKind.IN_THE_PAST]),
        (dt.date(2027, 1, 29), {}, [WarningKind.IN_THE_PAST]),
        (dt.date(2027, 4, 21), {"taken": {dt.date(2027, 4, 21)}}, [WarningKind.SAME_DAY]),
    ],
)
def test_what_speaks_against_a_day_is_named(day, changes, expected):
    """M3: warnings, no refusals."""
    assert check(day, **changes) == expected


@pytest.mark.parametrize(("weekday", "week"), [(-1, 3), (7, 3), (2, 0), (2, 6), (2, -2)])
def test_a_rule_that_is_no_weekday_or_week_is_refused(weekday, week):
    with pytest.raises(ValueError, match="must be"):
        nth_weekday(2027, 1, weekday, week)


def test_dates_read_as_people_write_them():
    assert long_date(dt.date(2027, 3, 7)) == "Sunday, March 7, 2027"
