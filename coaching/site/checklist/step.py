"""One line of the checklist: what is to be done by when, how it stands, and what of it waits with whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

NAMED = 3  # people or teams that a line names; the page it leads to names all


class State(StrEnum):
    LATE = "late"
    NOW = "now"
    DONE = "done"
    AHEAD = "ahead"

    @property
    def words(self) -> str:
        return {"late": "Late", "now": "Under way", "done": "Done", "ahead": "Ahead"}[self.value]

    @property
    def tone(self) -> str:
        return {"late": "bad", "now": "waiting", "done": "good", "ahead": "neutral"}[self.value]


@dataclass(frozen=True)
class Step:
    """`words`: how many wait and with whom; `address`: the page on which that is seen to."""

    what: str
    due: date
    state: State
    words: str
    address: str
    action: str


def state_of(today: date, *, begins: date, due: date, waits: object) -> State:
    """`waits`: whether something is still to be done, as far as it has begun."""
    if today > due:
        return State.LATE if waits else State.DONE
    if today < begins:
        return State.AHEAD
    return State.NOW if waits else State.DONE


def named(names: Iterable[str], number: int) -> str:
    """A few of them by name, and how many more there are."""
    shown = list(names)[:NAMED]
    more = number - len(shown)
    return ", ".join([*shown, *([f"{more} more"] if more > 0 else [])])


def sentences(*parts: str) -> str:
    return " ".join(f"{part[0].upper()}{part[1:]}." for part in parts if part)
