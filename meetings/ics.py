"""A calendar file (RFC 5545) from plain events, in pure Python. Only this module knows icalendar."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import icalendar

PRODUCT = "-//Peer Coaching Program//Meetings//EN"
REFRESH = dt.timedelta(hours=6)
# Everything that could end a line or hide one: control characters, and Unicode's own line ends.
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ufeff]+")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u2029\ufeff]+")
# What ends the name of a person, stands for a line end or a quote in it (RFC 6868), or escapes it to some readers.
_NAME_ENDS = re.compile(r'["^\\]+')
_IN_ADDRESSES = "!#$%&'*+,-./:;=?@[]_`{|}~()"


@dataclass(frozen=True)
class Event:
    """One meeting. `starts` and `ends` are aware and in the meeting's own zone; `changed_at` is aware, or not said.

    `sequence` goes up whenever the date, time or place changes, so that calendars replace what they have.
    """

    uid: str
    sequence: int
    title: str
    starts: dt.datetime
    ends: dt.datetime
    changed_at: dt.datetime | None = None
    place: str = ""
    description: str = ""
    url: str = ""
    cancelled: bool = False
    alarm_minutes: int | None = None


@dataclass(frozen=True)
class Person:
    name: str
    email: str


class _Text(icalendar.vText):
    """As RFC 5545 has it: icalendar writes a line end for a backslash before an N, as in the name of a server."""

    def to_ical(self) -> bytes:
        return re.sub(r"([\\;,])", r"\\\1", self).replace("\n", r"\n").encode()


def _text(text: str) -> _Text:
    return _Text(one_line(text))


def one_line(text: str) -> str:
    """The text without anything that could begin another line of the file."""
    return _BREAKS.sub(" ", text).strip()


def _address_text(text: str) -> str:
    """An address in the characters that addresses have."""
    return quote(re.sub(r"\s", "", one_line(text)), safe=_IN_ADDRESSES)


def calendar_bytes(
    *, name: str, events: Sequence[Event], organizer: Person, generated_at: dt.datetime
) -> bytes:
    """The whole calendar as a subscriber fetches it (RFC 5546, 3.2.1: each event names its organizer).

    Cancelled meetings stay in it, marked so, or they would linger.
    """
    calendar = _calendar("PUBLISH")
    calendar.add("name", _text(name))
    calendar.add("x-wr-calname", _text(name))
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    for event in events:
        component = _component(event, generated_at)
        component.add("organizer", _address(organizer))
        calendar.add_component(component)
    return _written(calendar, events)


def invitation_bytes(
    *, method: str, event: Event, organizer: Person, attendee: Person, generated_at: dt.datetime
) -> bytes:
    """One meeting for one person's calendar, by mail (RFC 5546): REQUEST puts it there, CANCEL takes it out again.

    The file names nobody else, and asks for no answer.
    """
    calendar = _calendar(method)
    component = _component(event, generated_at)
    component.add("organizer", _address(organizer))
    who = _address(attendee)
    who.params |= {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "FALSE"}
    component.add("attendee", who)
    calendar.add_component(component)
    return _written(calendar, [event])


def _calendar(method: str) -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _written(calendar: icalendar.Calendar, events: Sequence[Event]) -> bytes:
    if events:
        years = [moment.year for event in events for moment in (event.starts, event.ends)]
        # Whole years on both sides, so that the last change of the clocks before the first meeting is in the file.
        calendar.add_missing_timezones(dt.date(min(years) - 1, 1, 1), dt.date(max(years) + 2, 1, 1))
        for zone in calendar.timezones:
            _begin_as_the_clock_was(zone)
    return calendar.to_ical()


def _begin_as_the_clock_was(zone: icalendar.Timezone) -> None:
    """Each change of the clocks begins in the time before it (RFC 5545, 3.6.5); icalendar writes those that skip an hour
    in the time after it.
    """
    for observance in zone.subcomponents:
        assert isinstance(observance, icalendar.TimezoneStandard | icalendar.TimezoneDaylight)
        skipped = observance.TZOFFSETTO - observance.TZOFFSETFROM
        if skipped <= dt.timedelta():
            continue
        observance.DTSTART -= skipped
        if later := [day - skipped for day, *_ in observance.rdates]:
            observance["RDATE"] = icalendar.vDDDLists(later)


def _address(person: Person) -> icalendar.vCalAddress:
    address = icalendar.vCalAddress("mailto:" + _address_text(person.email))
    address.params["CN"] = _NAME_ENDS.sub(" ", one_line(person.name)).strip()
    return address


def _component(event: Event, generated_at: dt.datetime) -> icalendar.Event:
    component = icalendar.Event()
    component.add("uid", _text(event.uid))
    component.add("sequence", event.sequence)
    component.add("dtstamp", generated_at.astimezone(dt.UTC))
    if event.changed_at:
        component.add("last-modified", event.changed_at.astimezone(dt.UTC))
    component.add("dtstart", event.starts)
    component.add("dtend", event.ends)
    component.add("summary", _text(event.title))
    component.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    component.add("class", "PRIVATE")  # M16: shared office calendars show no more than that somebody is busy
    component.add("transp", "TRANSPARENT" if event.cancelled else "OPAQUE")
    if event.place:
        component.add("location", _text(event.place))
    if event.description:
        component.add("description", _Text(_CONTROLS.sub(" ", event.description).strip()))
    if event.url:
        component.add("url", _address_text(event.url))
    if event.alarm_minutes is not None and not event.cancelled:
        component.add_component(_alarm(event))
    return component


def _alarm(event: Event) -> icalendar.Alarm:
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _text(event.title))
    alarm.add("trigger", -dt.timedelta(minutes=event.alarm_minutes or 0))
    return alarm
