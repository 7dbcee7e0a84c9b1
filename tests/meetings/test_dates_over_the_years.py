"""Dates over thirty years (M2, M3), against an oracle that knows nothing but one day after the other.

Every month of the years, every weekday and week, the state's holidays; many zones of both hemispheres, and each change
of their clocks.
"""

import datetime as dt
from io import StringIO

import holidays
import pytest
from dateutil import parser as dateparser
from dateutil import tz
from dateutil.tz import tzical
from hypothesis import example, given
from hypothesis import strategies as st

from meetings.dates import LAST, WarningKind, free_day, lay_out, span
from meetings.ics import Event, Person, calendar_bytes

YEARS = range(2026, 2057)
WEEKS = (1, 2, 3, 4, 5, LAST)
ZONES = (
    "America/Los_Angeles",
    "America/Phoenix",  # never changes
    "America/St_Johns",  # half an hour off
    "America/Santiago",  # southern, changes at midnight
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # southern, by half an hour
    "Australia/Sydney",
    "Europe/London",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "UTC",
)
DAY = dt.timedelta(days=1)


def days_of(year: int, month: int) -> list[dt.date]:
    """Every day of a month, one after the other."""
    day, found = dt.date(year, month, 1), []
    while day.month == month:
        found.append(day)
        day += DAY
    return found


def by_rule(year: int, month: int, weekday: int, week: int) -> dt.date:
    same = [day for day in days_of(year, month) if day.weekday() == weekday]
    return same[-1] if week in (5, LAST) else same[week - 1]


def nearest_free(day: dt.date, closed: object) -> dt.date | None:
    """Outwards from the day, week by week, the earlier first, while the month lasts."""
    for weeks in range(1, 5):
        for other in (day - weeks * 7 * DAY, day + weeks * 7 * DAY):
            if other.month == day.month and other not in closed:
                return other
    return None


@pytest.fixture(scope="module")
def state_holidays() -> dict[dt.date, str]:
    return dict(holidays.country_holidays("US", subdiv="CA", years=YEARS, observed=True))


@pytest.mark.parametrize("weekday", range(7))
@pytest.mark.parametrize("week", WEEKS)
def test_each_month_of_thirty_years(weekday, week, state_holidays):
    """M3: the right day of its own month, whatever it falls on; on a holiday with the nearest free day."""
    first = dt.date(YEARS[0], 1, 1)
    months = list(range(1, 12 * len(YEARS) + 1))
    planned = lay_out(first, months, weekday, week, state_holidays)
    assert [day.month for day in planned] == months
    for day in planned:
        year, month = divmod(day.month - 1, 12)
        assert day.date == by_rule(YEARS[0] + year, month + 1, weekday, week)
        on_holiday = day.date in state_holidays
        assert [warning.kind for warning in day.warnings] == [WarningKind.CLOSED_DAY] * on_holiday
        assert day.proposed_date == (nearest_free(day.date, state_holidays) if on_holiday else None)
        if on_holiday:
            assert f"is {state_holidays[day.date]}, and offices are closed." in day.warnings[0].text


def test_holidays_do_fall_on_meetings(state_holidays):
    """Else the test above would say nothing about them."""
    met = [
        day
        for weekday in range(5)
        for week in WEEKS
        for day in lay_out(dt.date(2026, 1, 1), list(range(1, 373)), weekday, week, state_holidays)
    ]
    assert sum(bool(day.warnings) for day in met) > 300
    assert all(day.proposed_date for day in met if day.warnings)


@st.composite
def programs(draw: st.DrawFn) -> dict:
    """A program whose closed days are mostly the very days it would meet on."""
    first = dt.date(draw(st.sampled_from(YEARS)), draw(st.integers(1, 12)), 1)
    weekday, week = draw(st.integers(0, 6)), draw(st.sampled_from(WEEKS))
    months = draw(st.lists(st.integers(1, 24), min_size=1, max_size=12))
    likely = [
        day
        for month in set(months)
        for day in days_of(*divmod_month(first, month))
        if day.weekday() == weekday
    ]
    closed = draw(st.sets(st.sampled_from(likely))) | draw(
        st.sets(st.sampled_from(days_of(first.year, first.month)))
    )
    return {
        "first_month": first,
        "months": months,
        "weekday": weekday,
        "week": week,
        "closed_days": dict.fromkeys(closed, "closed"),
    }


def divmod_month(first: dt.date, month: int) -> tuple[int, int]:
    """The year and month in which that month of the program lies."""
    index = first.year * 12 + first.month - 1 + month - 1
    return index // 12, index % 12 + 1


def by_days(program: dict) -> list[tuple[int, dt.date, bool, dt.date | None]]:
    """By the rule alone, closed or not: nothing is moved by itself."""
    found, closed = [], program["closed_days"]
    for month in program["months"]:
        day = by_rule(*divmod_month(program["first_month"], month), program["weekday"], program["week"])
        found.append((month, day, day in closed, nearest_free(day, closed) if day in closed else None))
    return found


@given(program=programs())
def test_any_closed_days(program):
    planned = lay_out(**program)
    told = [(day.month, day.date, bool(day.warnings), day.proposed_date) for day in planned]
    assert told == by_days(program)


@given(
    day=st.dates(dt.date(2026, 1, 1), dt.date(2056, 12, 31)),
    earliest=st.integers(-31, 31),
    closed=st.sets(st.integers(-4, 4)),
)
@example(day=dt.date(2027, 3, 17), earliest=0, closed={0})
def test_a_day_that_is_over_is_never_proposed(day, earliest, closed):
    """M3: of the same weekday and month, ahead, open, and the nearest of those."""
    taken = {day + weeks * 7 * DAY for weeks in closed}
    since = day + earliest * DAY
    found = free_day(day, taken, earliest=since)
    possible = [
        each
        for each in days_of(day.year, day.month)
        if each.weekday() == day.weekday() and each not in taken and each >= since
    ]
    assert (found is None) == (not possible)
    if found:
        assert found in possible
        assert all((abs(found - day), found) <= (abs(each - day), each) for each in possible)


# The other reader of zones knows their tables until 2037; after that, those that it has as rules.
RULES = {
    "America/Los_Angeles": "PST8PDT,M3.2.0,M11.1.0",
    "Australia/Sydney": "AEST-10AEDT,M10.1.0,M4.1.0/3",
    "Pacific/Auckland": "NZST-12NZDT,M9.5.0,M4.1.0/3",
    "UTC": "UTC0",
}


def other_reader(zone: str, year: int) -> dt.tzinfo | None:
    return tz.gettz(zone) if year < 2037 else tz.tzstr(RULES[zone])


def moments(first: int, last: int, zones: list[str]) -> st.SearchStrategy:
    days = st.dates(dt.date(first, 1, 1), dt.date(last, 12, 31))
    return st.tuples(days, st.integers(0, 24 * 60 - 1), st.integers(15, 480), st.sampled_from(zones))


EVERY_MOMENT = moments(2026, 2036, list(ZONES)) | moments(2037, 2056, list(RULES))


def changes(zone: str, years: range) -> list[dt.date]:
    """The days of these years on which the clocks of a zone change."""
    found = dt.datetime(years[0], 1, 1, 12, tzinfo=tz.gettz(zone))
    days = []
    while found.year <= years[-1]:
        after = found + DAY
        if after.utcoffset() != found.utcoffset():
            days.append(after.date())
        found = after
    return days


def at(minute: int) -> dt.time:
    return dt.time(minute // 60, minute % 60)


def by_another_clock(
    day: dt.date, minute: int, minutes: int, zone: str
) -> list[tuple[dt.datetime, dt.datetime]]:
    """Start and end, each as the world's clock and as the wall show it; a time that is skipped is read after the change."""
    other = other_reader(zone, day.year)
    wall = dt.datetime.combine(day, at(minute), tzinfo=other)
    begins = tz.resolve_imaginary(wall).astimezone(dt.UTC)
    both = (begins, begins + dt.timedelta(minutes=minutes))
    return [(each, each.astimezone(other).replace(tzinfo=None, fold=0)) for each in both]


def shown(moments: tuple[dt.datetime, ...]) -> list[tuple[dt.datetime, dt.datetime]]:
    return [(each.astimezone(dt.UTC), each.replace(tzinfo=None, fold=0)) for each in moments]


@given(moment=EVERY_MOMENT)
def test_any_time_in_any_zone(moment):
    """The wall shows the same time in summer and winter, and the meeting lasts exactly as long as it is said to."""
    day, minute, minutes, zone = moment
    assert shown(span(day, at(minute), minutes, zone)) == by_another_clock(*moment)


@pytest.mark.parametrize("zone", ZONES)
def test_around_each_change_of_the_clocks(zone):
    """Every quarter of an hour of those days, for ten years."""
    found = changes(zone, range(2026, 2036))
    assert bool(found) == (zone not in ("America/Phoenix", "Asia/Kathmandu", "UTC"))
    for day in found:
        for minute in range(0, 24 * 60, 15):
            assert shown(span(day, at(minute), 120, zone)) == by_another_clock(day, minute, 120, zone)


def read_from_the_file(begins: dt.datetime, ends: dt.datetime, zone: str) -> list[tuple[str, object]]:
    """What a reader that knows a zone only from the calendar file makes of it: the wall's time, and how far from UTC."""
    event = Event("1", 0, "x", begins, ends)
    text = (
        calendar_bytes(name="x", events=[event], organizer=Person("x", "x@example.org"), generated_at=begins)
        .decode()
        .replace("\r\n ", "")
    )
    found = []
    for name in ("DTSTART", "DTEND"):
        (line,) = [
            line
            for line in text.split("\r\n")
            if line.startswith(name) and "T" in line and zone_in(line, zone)
        ]
        said = line.rpartition(":")[2]
        is_utc = said.endswith("Z")
        known = dt.UTC if is_utc else tzical(StringIO(text.replace("\r\n", "\n"))).get(zone)
        found.append((said.rstrip("Z"), dateparser.parse(said.rstrip("Z")).replace(tzinfo=known).utcoffset()))
    return found


def zone_in(line: str, zone: str) -> bool:
    return f"TZID={zone}" in line or (zone == "UTC" and line.endswith("Z"))


AT_THE_TABLE = st.tuples(
    st.dates(dt.date(2026, 1, 1), dt.date(2056, 12, 31)),
    st.integers(6 * 60, 20 * 60),
    st.integers(15, 240),
    st.sampled_from([*ZONES, "Europe/Dublin"]),  # where winter is the time that differs
)


@given(moment=AT_THE_TABLE)
def test_the_zone_in_the_file_is_right(moment):
    day, minute, minutes, zone = moment
    both = span(day, at(minute), minutes, zone)
    meant = [(f"{each:%Y%m%dT%H%M%S}", each.utcoffset()) for each in both]
    assert read_from_the_file(*both, zone) == meant
