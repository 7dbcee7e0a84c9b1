"""What the solver takes and gives: people, settings, a proposal. Standard library only, no Django."""

import math
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

Id = str | int


class BadProblem(ValueError):
    """The input is wrong. `mistakes` has one line for each mistake, each saying where it stands."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True)
class Person:
    """One participant. Division, classification or track `None`: not known, never counted as different."""

    id: Id
    name: str
    division: Id | None = None
    classification: Id | None = None
    track: Id | None = None
    grow: tuple[Id, ...] = ()
    glow: tuple[Id, ...] = ()
    slots: tuple[Id, ...] | None = None  # None: can always meet; empty: can never meet


@dataclass(frozen=True)
class Weights:
    """Points of the soft rules. `track` above 0 prefers different career tracks, below 0 the same (T3)."""

    classification: int = 10
    division: int = 8
    competency: int = 12
    slots: int = 4
    track: int = 0


@dataclass(frozen=True)
class Problem:
    """Made by `parsing.parse`, which refuses contradictions. The last of `people` wait first.

    `fixed`: whole teams that stay as they are. `start`: teams to begin with; what is proposed is not worse.
    `keep`: present teams of which as few people as possible are asked again (reseating.py).
    """

    people: tuple[Person, ...]
    apart: tuple[tuple[Id, Id], ...] = ()
    together: tuple[tuple[Id, ...], ...] = ()
    sizes: tuple[int, ...] = (3, 4)
    weights: Weights = field(default_factory=Weights)
    fixed: tuple[tuple[Id, ...], ...] = ()
    start: tuple[tuple[Id, ...], ...] = ()
    keep: tuple[tuple[Id, ...], ...] = ()

    @cached_property
    def index(self) -> dict[Id, int]:
        """Where each person stands in `people`."""
        return {person.id: place for place, person in enumerate(self.people)}

    @cached_property
    def rivals(self) -> dict[Id, frozenset[Id]]:
        """For each person named in `apart`: everybody they are kept apart from."""
        found: dict[Id, set[Id]] = {}
        for one, other in self.apart:
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
        return {person: frozenset(others) for person, others in found.items()}

    @cached_property
    def pinned(self) -> dict[Id, tuple[Id, ...]]:
        """For each person named in `together`: everybody tied to them, and themselves, in the order given."""
        return {member: group for group in tied_groups(self.together, self.index) for member in group}

    def without(self, ids: frozenset[Id]) -> "Problem":
        """The problem of the others alone: nothing fixed, nothing that names these people."""
        return replace(
            self,
            people=tuple(person for person in self.people if person.id not in ids),
            apart=tuple(pair for pair in self.apart if ids.isdisjoint(pair)),
            together=tuple(group for group in self.together if ids.isdisjoint(group)),
            fixed=(),
            start=tuple(team for team in self.start if ids.isdisjoint(team)),
            keep=tuple(team for team in self.keep if ids.isdisjoint(team)),
        )

    def members(self, ids: list[Id] | tuple[Id, ...]) -> list[Person]:
        """The people of one team. Raises BadProblem for an unknown id, or one that stands twice."""
        mistakes = [f"team: no person has the id {one!r}" for one in ids if one not in self.index]
        mistakes += [f"team: {one!r} stands twice" for place, one in enumerate(ids) if one in ids[:place]]
        if mistakes:
            raise BadProblem(mistakes)
        return [self.people[self.index[one]] for one in ids]

    def to_json(self) -> dict[str, Any]:
        """The same problem as `parse` takes it."""
        people = []
        for person in self.people:
            row = {key: value for key, value in asdict(person).items() if value is not None}
            people.append({key: list(value) if type(value) is tuple else value for key, value in row.items()})
        return {
            "people": people,
            "apart": [list(pair) for pair in self.apart],
            "together": [list(group) for group in self.together],
            "sizes": list(self.sizes),
            "weights": asdict(self.weights),
            "fixed": [list(team) for team in self.fixed],
            "start": [list(team) for team in self.start],
            "keep": [list(team) for team in self.keep],
        }


def tied_groups(together: tuple[tuple[Id, ...], ...], index: dict[Id, int]) -> list[tuple[Id, ...]]:
    """Merge pins that share somebody: A with B and B with C ties all three."""
    group_of: dict[Id, set[Id]] = {}
    for pin in together:
        merged = set(pin).union(*(group_of[one] for one in pin if one in group_of))
        for one in merged:
            group_of[one] = merged
    groups = {tuple(sorted(group, key=index.__getitem__)) for group in group_of.values()}
    return sorted(groups, key=lambda group: index[group[0]])


@dataclass(frozen=True)
class Finding:
    """What one rule says about one team. Hard rules give no points; a soft one not `ok` is a warning."""

    label: str
    title: str
    hard: bool
    points: int
    ok: bool
    words: str


def percent_higher(score: int, bound: int) -> float:
    """How much higher than a score above zero any other can be, in tenths of a percent: never less than is true."""
    return math.ceil(1000 * (bound - score) / score) / 10


@dataclass(frozen=True)
class Result:
    """A checked proposal. `bound`: no teams of these sizes made of these people can score more.

    Where the problem says whom to `keep`: `asked` people are in teams that are none of the present ones, and
    `bound` speaks of arrangements that ask so many.
    """

    teams: tuple[tuple[Id, ...], ...]
    left_out: tuple[tuple[Id, str], ...]
    score: int
    bound: int
    status: str  # optimal | feasible | infeasible
    bound_by: str  # exact | lp | counting
    seconds: float
    reasons: tuple[tuple[Finding, ...], ...]
    asked: int | None = None

    @property
    def words(self) -> str:
        """How good it is, for people. Who waits is no choice of the search (T1): it speaks of the others."""
        same = " of the same people" if self.left_out else ""
        if self.status == "infeasible":
            return "No team keeps the hard rules."
        if self.status == "optimal":
            fewest = "" if self.asked is None else " that asks so few people"
            return f"No other arrangement{same}{fewest} can score more."
        if self.score <= 0:
            return f"No other arrangement{same} can score more than {self.bound}."
        if self.bound == self.score:
            return f"No other arrangement of these sizes{' and people' if same else ''} can score more."
        percent = percent_higher(self.score, self.bound)
        return f"No other arrangement{same} can score more than {percent:g} % higher."

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dictionaries, as the command prints them."""
        return {
            "teams": [list(team) for team in self.teams],
            "left_out": [list(row) for row in self.left_out],
            "score": self.score,
            "bound": self.bound,
            "status": self.status,
            "bound_by": self.bound_by,
            "seconds": self.seconds,
            "reasons": [[asdict(finding) for finding in team] for team in self.reasons],
            "words": self.words,
        } | ({} if self.asked is None else {"asked": self.asked})
