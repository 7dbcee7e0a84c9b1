"""From a team's size and a meeting's components to an agenda with times, in pure Python (M5 to M8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

One = TypeVar("One")
TURN_LEAST = 20  # M7
TURN_MOST = 30  # M7
STEP = 5  # nobody plans to the minute,
SHORT = 10  # unless a turn is shorter than this: then each minute counts
QUESTIONS = "Questions in your team"  # while a greater team has more turns


class Pace(StrEnum):
    FIXED = "fixed"
    """takes its own minutes, whoever is there"""
    TURNS = "turns"
    """one turn for each member"""
    REST = "rest"
    """takes what the others leave, and never less than its own minutes"""


@dataclass(frozen=True)
class Component:
    """A part of a meeting. `minutes`: of the whole part; for turns, the most that one member gets."""

    title: str
    pace: Pace = Pace.REST
    minutes: int = 0
    prompts: tuple[str, ...] = ()
    key: str = ""


# M8: what a turn is made of.
TURN_PROMPTS = (
    "Where the project stands, and what has worked",
    "Problems and challenges",
    "Questions, ideas and advice from the others",
)
# What the components of a curriculum item are when it names no minutes of its own.
DEFAULTS: dict[str, tuple[Pace, int, tuple[str, ...]]] = {
    "program": (Pace.REST, 40, ("The program's concepts and its process, with the people who run it",)),  # M5
    "introductions": (Pace.TURNS, TURN_MOST, ("Who you are, and the project you bring",)),  # M6
    "projects": (Pace.TURNS, TURN_MOST, TURN_PROMPTS),
    "competency": (Pace.REST, 40, ("The competency and its skills", "How it applies to each project")),  # M10
    "outcomes": (
        Pace.TURNS,
        TURN_MOST,
        (
            "What came of the project, and what you take from it",
            "Before the branch deputy, schedule permitting",
        ),
    ),  # M6
    "review": (Pace.REST, 30, ("Looking back over the competencies together",)),  # M6
}


def components_from(data: Sequence[Mapping[str, object]]) -> list[Component]:
    """Components as a curriculum item keeps them ({kind, title, minutes}); a kind nobody knows is one open part."""
    parts = []
    for row in data:
        kind = str(row.get("kind", ""))
        pace, usual, prompts = DEFAULTS.get(kind, (Pace.REST, 20, ()))
        minutes = row.get("minutes")
        if isinstance(minutes, int) and pace is Pace.REST:
            pace = Pace.FIXED
        parts.append(
            Component(
                str(row.get("title", "")), pace, minutes if isinstance(minutes, int) else usual, prompts, kind
            )
        )
    return parts


@dataclass(frozen=True)
class AgendaItem:
    """One line of an agenda. `offset`: minutes after the start of the meeting."""

    title: str
    offset: int
    minutes: int
    member: str | None = None
    prompts: tuple[str, ...] = ()
    key: str = ""

    def starts(self, meeting_start: dt.datetime) -> dt.datetime:
        return _later(meeting_start, self.offset)

    def ends(self, meeting_start: dt.datetime) -> dt.datetime:
        return _later(meeting_start, self.offset + self.minutes)


@dataclass(frozen=True)
class Agenda:
    items: tuple[AgendaItem, ...]
    warnings: tuple[str, ...] = ()

    @property
    def minutes(self) -> int:
        return sum(item.minutes for item in self.items)


ALONE = "Meet for longer, or add an extra meeting this month."


def fit(
    *,
    components: Sequence[Component],
    members: Sequence[str],
    minutes: int,
    turn_offset: int = 0,
    beside: int = 0,
    advice: str = ALONE,
) -> Agenda:
    """Times for each component, within `minutes`.

    The turns give way, so that the competency keeps its share (M7). `turn_offset` rotates who begins, so that over
    the months nobody always speaks last (T7). `beside`: so many turns there are in the greatest team at the same
    meeting; the clock times are fitted to it. `advice`: what can be done where the turns are short.
    """
    fixed = sum(part.minutes for part in components if part.pace is Pace.FIXED)
    kept = sum(part.minutes for part in components if part.pace is Pace.REST)
    rounds = [part for part in components if part.pace is Pace.TURNS]
    room = max(0, minutes - fixed - kept)
    number = max(len(members), beside)
    turn = _turn_minutes(
        room, number * len(rounds), min((part.minutes or TURN_MOST for part in rounds), default=0)
    )
    spare = minutes - fixed - turn * number * len(rounds)
    lengths = _share_out(spare, [part.minutes for part in components if part.pace is Pace.REST])
    order = rotate(members, turn_offset)

    items: list[AgendaItem] = []
    offset = 0
    lines: list[tuple[str | None, int]]
    for part in components:
        if part.pace is Pace.TURNS:
            lines = [(member, turn) for member in order]
        else:
            lines = [(None, part.minutes if part.pace is Pace.FIXED else lengths.pop(0))]
        for member, length in lines:
            if length > 0:
                items.append(AgendaItem(part.title, offset, length, member, part.prompts, part.key))
                offset += length
        if part.pace is Pace.TURNS and (left := turn * (number - len(members))):
            items.append(AgendaItem(QUESTIONS, offset, left, key=part.key))
            offset += left
    return Agenda(tuple(items), _warnings(rounds, number, turn, minutes, offset, fixed + kept, advice))


def _turn_minutes(room: int, turns: int, most: int) -> int:
    if not turns:
        return 0
    each = min(room // turns, most)
    return each - each % STEP if each >= SHORT else each


def _share_out(spare: int, least: list[int]) -> list[int]:
    """What each REST component gets: spare minutes in proportion to what they ask for, the last one taking the odd ones."""
    if not least:
        return []
    asked = sum(least)
    spare = max(spare, asked)
    shares = [max(part, spare * part // asked // STEP * STEP) if asked else 0 for part in least]
    shares[-1] += spare - sum(shares)
    return shares


def rotate(members: Sequence[One], by: int) -> list[One]:
    start = by % len(members) if members else 0
    return [*members[start:], *members[:start]]


def _warnings(
    rounds: Sequence[Component], number: int, turn: int, minutes: int, used: int, least: int, advice: str
) -> tuple[str, ...]:
    found = []
    if (
        rounds
        and number
        and turn < TURN_LEAST
        and min(part.minutes or TURN_MOST for part in rounds) >= TURN_LEAST
    ):
        found.append(
            f"Each member has {turn} minutes, less than the {TURN_LEAST} that a project needs. {advice}"
        )
    if used > minutes:
        found.append(f"The parts of this meeting need {least} minutes, and it is planned for {minutes}.")
    return tuple(found)


def _later(start: dt.datetime, minutes: int) -> dt.datetime:
    """Elapsed minutes, not minutes on the clock: right when the clocks change during a meeting."""
    if start.tzinfo is None:
        return start + dt.timedelta(minutes=minutes)
    return (start.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)).astimezone(start.tzinfo)
