"""Two readers of different make, icalendar and ical.js, read each calendar file the same way, whatever people typed.

M4: no text in a name, a place or a topic becomes a line, a property or a component of its own.
"""

import datetime as dt
import email
import json
import os
import re
import shutil
import subprocess
from email.policy import default as default_policy
from pathlib import Path

import icalendar
import pytest
import time_machine
from django.conf import settings
from django.core import mail
from hypothesis import example, given
from hypothesis import strategies as st

from coaching import outbox
from meetings import busy, feeds, scheduling
from meetings.dates import span
from meetings.feeds import Way
from meetings.ics import Event, Person, calendar_bytes, invitation_bytes, one_line
from meetings.scheduling import When, Where
from tests.meetings.conftest import BEFORE

NOW = dt.datetime(2026, 12, 1, 17, 0, tzinfo=dt.UTC)
STARTS, ENDS = span(dt.date(2027, 3, 17), dt.time(13), 120, "America/Los_Angeles")
UID = "0b3c4a8e-9d6f-4a41-8a44-4f0a6a1d7b11"

HOSTILE = [
    "Room 1\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:Free lunch",
    "Room 1\nATTENDEE:mailto:mallory@example.org",
    "Room 1\rBEGIN:VALARM",
    "a;b,c\\d\\n\\N\\;e\\,f\\\\",
    "A:B;X=Y;VALUE=DATE:20270101",
    '"quoted";CN="x":mailto:mallory@example.org',
    "^nBEGIN:VEVENT^'^^",
    "nul\x00l\x07 and \x1b[31m",
    "a\u2028METHOD:CANCEL\u2029b\x85c\x0bd\x0ce",
    "☕ 👩‍👩‍👧 Ä e\u0301 \u202edlrow",
    "é" * 400,
    "x" * 999,
    "\ufeffbom",
    " spaces  around ",
    "\\",
    "",
]
PIECES = st.sampled_from(
    [*HOSTILE, "\r\n ", "\r\n\t", "\\n", ";", ",", ":", '"', "^", "\\", "BEGIN:VEVENT", "TZID="]
)
TEXT = st.one_of(st.text(max_size=120), st.lists(PIECES, max_size=5).map("".join))


class Reader:
    """ical.js in a process of its own, which reads one file after the other."""

    def __init__(self) -> None:
        node = shutil.which("node", path=f"{settings.BASE_DIR}/.venv/bin{os.pathsep}{os.environ['PATH']}")
        assert node, "Node.js is missing: script/bootstrap --dev installs it"
        script = Path(__file__).with_name("read_calendars.mjs")
        self.process = subprocess.Popen(
            [node, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def read(self, data: bytes) -> list:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(data.decode()) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["read"]


@pytest.fixture(scope="module")
def ical_js():
    reader = Reader()
    yield reader
    reader.process.terminate()
    reader.process.wait()


def by_ical_js(component: list) -> list:
    """Of each component its name, its properties in order, and those within it."""
    name, properties, inner = component
    read = []
    for key, more, kind, *values in properties:
        said = [_plain(value, kind) for value in values]
        parameters = {name: str(value) for name, value in more.items()}
        read.append((key.upper(), parameters, said[0] if len(said) == 1 else ",".join(map(str, said))))
    return [name.upper(), sorted(read, key=repr), [by_ical_js(each) for each in inner]]


def by_icalendar(component: icalendar.Component) -> list:
    read = []
    for key, value in component.property_items(recursive=False):
        if key in ("BEGIN", "END"):
            continue
        more = {name.lower(): str(text) for name, text in value.params.items() if name != "VALUE"}
        read.append((key, more, _plain_of(value)))
    return [component.name, sorted(read, key=repr), [by_icalendar(each) for each in component.subcomponents]]


def _plain(value: object, kind: str) -> object:
    """A value as it stands in the file: jCal writes dates and offsets with dashes and colons."""
    if kind == "recur":
        assert isinstance(value, dict)
        return sorted((key.upper(), str(part).upper()) for key, part in value.items())
    if kind in ("date-time", "date", "utc-offset"):
        return re.sub(r"(?<=\d)[-:]", "", str(value))
    return str(value)


def _plain_of(value: object) -> object:
    if isinstance(value, icalendar.vRecur):
        parts = icalendar.vRecur.to_ical(value).decode().split(";")
        return sorted(tuple(part.split("=", 1)) for part in parts)
    if isinstance(value, str):
        return str(value)
    written = value.to_ical()  # type: ignore[attr-defined]
    return written.decode() if isinstance(written, bytes) else written


def same_to_both(ical_js: Reader, data: bytes) -> list:
    """What both read; fails where they differ."""
    read = by_icalendar(icalendar.Calendar.from_ical(data))
    assert by_ical_js(ical_js.read(data)) == read
    return read


def shape(read: list) -> list:
    """The names of components and properties, without what they say."""
    name, properties, inner = read
    return [name, [(key, sorted(more)) for key, more, _ in properties], [shape(each) for each in inner]]


def event(text: str) -> Event:
    return Event(UID, 2, text, STARTS, ENDS, NOW, text, text, f"https://example.org/{text}", alarm_minutes=60)


def invitation(method: str, text: str) -> bytes:
    return invitation_bytes(
        method=method,
        event=event(text),
        organizer=Person(text, "program@example.org"),
        attendee=Person(text, "bob@example.org"),
        generated_at=NOW,
    )


FILES = {
    "feed": lambda text: calendar_bytes(
        name=text, events=[event(text)], organizer=Person(text, "program@example.org"), generated_at=NOW
    ),
    "request": lambda text: invitation("REQUEST", text),
    "cancel": lambda text: invitation("CANCEL", text),
    "dates alone": lambda text: calendar_bytes(
        name=text,
        events=[Event(UID, 0, text, STARTS, ENDS)],
        organizer=Person(text, "program@example.org"),
        generated_at=NOW,
    ),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_typed_stays_in_its_property(ical_js, kind, text):
    read = same_to_both(ical_js, FILES[kind](text))
    plain = "" if not one_line(text) else "plain"
    assert shape(read) == shape(same_to_both(ical_js, FILES[kind](plain)))
    (meeting,) = [each for each in read[2] if each[0] == "VEVENT"]
    said = {key: value for key, _, value in meeting[1]}
    assert said["SUMMARY"] == one_line(text)
    assert said["UID"] == UID


@pytest.mark.parametrize("kind", FILES)
@given(text=TEXT)
@example(text="\r\n".join(HOSTILE))
def test_whatever_people_type_both_read_the_same(ical_js, kind, text):
    read = same_to_both(ical_js, FILES[kind](text))
    (meeting,) = [each for each in read[2] if each[0] == "VEVENT"]
    assert sorted(each[0] for each in read[2]) == ["VEVENT", "VTIMEZONE"]
    said = {key: value for key, _, value in meeting[1]}
    assert said["SUMMARY"] == one_line(text)


@pytest.mark.parametrize(
    "text", [*HOSTILE[:1], HOSTILE[3], "\\Server\\North; 2nd, left", "☕\u2028METHOD:CANCEL\\"]
)
def test_the_program_writes_what_both_read_the_same(ical_js, text, team, meetings, people, supervisor):
    """The whole way: names, places and topics from the database, in each of the four files."""
    alice, bob = people.alice.user, people.bob.user
    for user in (alice, bob):
        user.name, user.supervisor = text[:150], supervisor
        user.save()
    with time_machine.travel(BEFORE, tick=False):
        choice = feeds.choose(way=Way.ADDRESS, by=alice, now=BEFORE)
        feeds.choose(way=Way.MAIL, by=bob, now=BEFORE)
        when = When(dt.date(2027, 3, 3), dt.time(9), 60)
        place = Where(text[:200], "mixed", "https://meet.example.org/a,b;c")
        extra = scheduling.add_extra(
            team=team, when=when, where=place, title=text[:160], by=alice, now=BEFORE
        )
        outbox.deliver_due(now=BEFORE)
        scheduling.cancel(meeting=extra, reason=text[:300], by=alice, now=BEFORE)
        dates = busy.create(participant=people.alice, by=supervisor, now=BEFORE)
        outbox.deliver_due(now=BEFORE)
        files = [feeds.calendar_for(choice, now=BEFORE), busy.calendar_for(dates, now=BEFORE)]
        files += [part for letter in mail.outbox if (part := _calendar_of(letter))]
    methods = []
    for data in files:
        read = same_to_both(ical_js, data)
        said = {key: value for key, _, value in read[1]}
        methods.append(said["METHOD"])
        titles = [
            value for each in read[2] if each[0] == "VEVENT" for key, _, value in each[1] if key == "SUMMARY"
        ]
        assert len(titles) in (1, 8, 9)
    assert methods.count("PUBLISH") == 2
    assert methods.count("REQUEST") == 9
    assert methods.count("CANCEL") == 1


def _calendar_of(letter) -> bytes | None:
    parsed = email.message_from_bytes(letter.message().as_bytes(), policy=default_policy)
    parts = [part for part in parsed.walk() if part.get_content_type() == "text/calendar"]
    return parts[0].get_content().replace("\n", "\r\n").encode() if parts else None
