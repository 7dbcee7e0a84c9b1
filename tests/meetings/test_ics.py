import datetime as dt
from io import StringIO
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil import parser as dateparser
from dateutil.tz import tzical
from hypothesis import given
from hypothesis import strategies as st

from meetings.dates import span
from meetings.ics import Event, Person, calendar_bytes

NOW = dt.datetime(2026, 12, 1, 17, 0, tzinfo=dt.UTC)
ZONE = "America/Los_Angeles"
PROGRAM = Person("Peer Coaching Program", "program@example.org")


def event(**changes):
    starts, ends = span(
        changes.pop("day", dt.date(2027, 3, 17)), changes.pop("start", dt.time(13)), 120, ZONE
    )
    known = {
        "uid": "0b3c4a8e-9d6f-4a41-8a44-4f0a6a1d7b11",
        "sequence": 2,
        "title": "Building Trust and Accountability",
        "starts": starts,
        "ends": ends,
        "changed_at": NOW - dt.timedelta(days=3),
        "place": "1430 N Street, Room 1101",
        "alarm_minutes": 1440,
    }
    return Event(**(known | changes))


def lines(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")


def structure(data: bytes) -> list[str]:
    """Every line that opens or closes a component, folding undone."""
    return [line for line in lines(data) if line.startswith(("BEGIN", "END"))]


def feed(*events):
    return calendar_bytes(name="Team A", events=list(events), organizer=PROGRAM, generated_at=NOW)


def test_a_meeting_is_one_event_with_zone_sequence_and_alarm():
    """M4: what a calendar program reads."""
    parsed = icalendar.Calendar.from_ical(feed(event()))
    assert parsed["method"] == "PUBLISH"
    assert parsed["version"] == "2.0"
    (read,) = parsed.walk("VEVENT")
    assert read["uid"] == "0b3c4a8e-9d6f-4a41-8a44-4f0a6a1d7b11"
    assert read["sequence"] == 2
    assert read["status"] == "CONFIRMED"
    assert read["class"] == "PRIVATE"
    assert read["dtstart"].params["TZID"] == ZONE
    assert read["dtend"].params["TZID"] == ZONE
    assert read.decoded("dtstart") == event().starts
    assert read.decoded("dtend") - read.decoded("dtstart") == dt.timedelta(hours=2)
    assert read.decoded("dtstamp") == NOW
    assert read.decoded("last-modified") == NOW - dt.timedelta(days=3)
    (alarm,) = read.walk("VALARM")
    assert alarm.decoded("trigger") == dt.timedelta(days=-1)


def test_a_cancelled_meeting_stays_in_the_file_without_an_alarm():
    (read,) = icalendar.Calendar.from_ical(feed(event(cancelled=True))).walk("VEVENT")
    assert read["status"] == "CANCELLED"
    assert read["transp"] == "TRANSPARENT"
    assert read.walk("VALARM") == []


def test_an_empty_calendar_is_still_a_calendar():
    assert icalendar.Calendar.from_ical(feed()).walk("VEVENT") == []


def test_the_same_uid_comes_with_every_version():
    first, second = (icalendar.Calendar.from_ical(feed(event(sequence=n))).walk("VEVENT")[0] for n in (2, 3))
    assert first["uid"] == second["uid"]
    assert (first["sequence"], second["sequence"]) == (2, 3)


@pytest.mark.parametrize("field", ["title", "place", "description", "url", "uid"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028"])
def test_no_line_can_be_slipped_in(field, line_end):
    evil = f"Room 1{line_end}END:VEVENT{line_end}BEGIN:VEVENT{line_end}ATTENDEE:mailto:mallory@example.org"
    data = feed(event(**{field: evil}))
    assert lines(data).count("BEGIN:VEVENT") == 1
    assert not any(line.startswith("ATTENDEE") for line in lines(data))
    assert all(len(part) == 1 for part in [icalendar.Calendar.from_ical(data).walk("VEVENT")])


def test_the_calendars_name_cannot_slip_in_a_line():
    data = calendar_bytes(name="A\r\nMETHOD:REQUEST", events=[], organizer=PROGRAM, generated_at=NOW)
    assert [line for line in lines(data) if line.startswith("METHOD")] == ["METHOD:PUBLISH"]


@given(text=st.text(max_size=200))
def test_whatever_stands_in_a_place_stays_in_its_line(text):
    data = feed(event(place=text, title=text, description=text))
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert structure(data) == structure(feed(event()))
    assert icalendar.Calendar.from_ical(data).walk("VEVENT")[0]["sequence"] == 2


@given(
    day=st.dates(dt.date(2026, 1, 1), dt.date(2036, 12, 31)),
    start=st.times(dt.time(6), dt.time(21)).map(lambda time: time.replace(second=0, microsecond=0)),
)
def test_another_reader_gets_the_same_moment_from_the_zone_in_the_file(day, start):
    """The VTIMEZONE itself is right, for readers that do not know the zone's name."""
    wanted = event(day=day, start=start)
    data = feed(wanted).decode()
    zone = tzical(StringIO(data.replace("\r\n", "\n"))).get(ZONE)
    (line,) = [line for line in lines(data.encode()) if line.startswith("DTSTART;TZID=")]
    read = dateparser.parse(line.split(":")[1]).replace(tzinfo=zone)
    assert read.astimezone(dt.UTC) == wanted.starts.astimezone(dt.UTC)


def test_each_event_of_a_feed_names_the_program_as_its_organizer():
    """RFC 5546, 3.2.1"""
    (read,) = icalendar.Calendar.from_ical(feed(event())).walk("VEVENT")
    assert read["organizer"] == "mailto:program@example.org"
    assert read["organizer"].params["CN"] == "Peer Coaching Program"


@pytest.mark.parametrize("zone", [ZONE, "Europe/Berlin", "Australia/Sydney", "America/St_Johns"])
def test_each_change_of_the_clocks_begins_in_the_time_before_it(zone):
    """RFC 5545, 3.6.5: an observance begins at its own start, read with the offset that held until then."""
    starts, ends = span(dt.date(2027, 3, 17), dt.time(13), 120, zone)
    (written,) = icalendar.Calendar.from_ical(feed(event(starts=starts, ends=ends))).walk("VTIMEZONE")
    moments = 0
    for observance in written.subcomponents:
        before, after = observance["tzoffsetfrom"].td, observance["tzoffsetto"].td
        if before == after:
            continue
        more = observance["rdate"].dts if "rdate" in observance else []
        for each in (observance["dtstart"], *more):
            moment = each.dt.replace(tzinfo=dt.timezone(before))
            here = moment.astimezone(ZoneInfo(zone))
            just_before = (moment - dt.timedelta(seconds=1)).astimezone(ZoneInfo(zone))
            assert (just_before.utcoffset(), here.utcoffset()) == (before, after)
            moments += 1
    assert moments >= 6
