"""The rules of rules.py over NumPy arrays: the points of millions of teams at once.

People are places in `problem.people`; one place more, `nobody`, is an empty seat. What a person brings is a
set of bits in one or more words, so that a team is an "or" of its members, and the times when all can meet an
"and". tests/formation/test_arrays.py holds this equal to rules.py.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from coaching.formation.problem import Person, Problem
from coaching.formation.rules import ENOUGH_SLOTS

Array = NDArray[np.integer]
Words = Array  # shape (words, ...): bit sets, unsigned
FORBIDDEN = -(1 << 30)  # the points of a team that breaks a hard rule


class _Bits:
    """Hands out one bit for each (kind, value) met."""

    def __init__(self, start: int = 0) -> None:
        self.place_of: dict[tuple[str, Hashable], int] = {}
        self.start = start

    def place(self, kind: str, value: Hashable) -> int:
        return self.place_of.setdefault((kind, value), self.start + len(self.place_of))

    def of(self, kind: str) -> list[int]:
        return [place for (each, _), place in self.place_of.items() if each == kind]


def _words(rows: Sequence[Sequence[int]], bits: int) -> Words:
    """Each row of bit places as words: 32 bits where one such word is enough, else as many of 64 as it takes."""
    width, kind = (32, np.uint32) if bits <= 32 else (64, np.uint64)
    words = np.zeros((max(1, -(-bits // width)), len(rows)), dtype=kind)
    for row, places in enumerate(rows):
        for place in places:
            words[place // width, row] |= kind(1 << place % width)
    return words


class Arrays:
    """What the score needs of each person. Shapes: n people and nobody, so n + 1 columns."""

    def __init__(self, problem: Problem) -> None:
        people, weights = problem.people, problem.weights
        self.problem = problem
        self.nobody = len(people)
        self.weight_of = {
            fact: weight
            for fact in ("division", "classification", "track")
            if (weight := getattr(weights, fact))
        }
        bits = _Bits()
        brings = [self._brings(person, bits) for person in people]
        seeks = [[bits.place("glow", one) for one in person.grow] for person in people]
        every = len(bits.place_of)
        self.holds = _words([*brings, []], every)  # (words, n + 1)
        self.seeks = _words([*seeks, []], every)  # (words, n + 1)
        self.variety = [
            (word, mask[word, 0], weight)
            for fact, weight in self.weight_of.items()
            for mask in (_words([bits.of(fact)], every),)
            for word in range(len(mask))
            if mask[word, 0]
        ]
        self.glow_words = [word for word in range(len(self.seeks)) if self.seeks[word].any()]
        self.free = self._times(people)
        self._rate(people, weights.competency)
        sizes = np.arange(max(problem.sizes, default=0) + 1)
        self.slot_points = (
            weights.slots * sizes[:, None] * np.arange(ENOUGH_SLOTS + 1)
        ).ravel()  # size * 4 + slots
        self._keep_apart()
        self._pin()

    def _brings(self, person: Person, bits: _Bits) -> list[int]:
        facts = [(fact, getattr(person, fact)) for fact in self.weight_of]
        return [bits.place(fact, value) for fact, value in facts if value is not None] + [
            bits.place("glow", one) for one in person.glow
        ]

    def _times(self, people: Sequence[Person]) -> Words:
        """(words, n + 1). The first bits are times that only people who can always meet have."""
        bits = _Bits(start=ENOUGH_SLOTS)
        listed = [[bits.place("slot", one) for one in person.slots or ()] for person in people]
        words = _words([*listed, []], ENOUGH_SLOTS + len(bits.place_of))
        words[:, [place for place, person in enumerate(people) if person.slots is None]] = ~words.dtype.type(
            0
        )
        words[:, self.nobody] = ~words.dtype.type(0)
        return words

    def _rate(self, people: Sequence[Person], weight: int) -> None:
        """`gains[person * gain_step + met]`: points by how many of the grow competencies a teammate glows in."""
        self.gain_step = max((len(person.grow) for person in people), default=0) + 1
        gains = np.zeros((len(people) + 1, self.gain_step), dtype=np.int32)
        for place, person in enumerate(people):
            for met in range(1, len(person.grow) + 1):
                gains[place, met] = weight * met // len(person.grow)
        self.gains = gains.ravel()

    def _keep_apart(self) -> None:
        """`rival[place]`: a small number for people kept apart from somebody, else 0; `shuns[one, other]` of these."""
        self.rival = np.zeros(self.nobody + 1, dtype=np.intp)
        index = self.problem.index
        for number, one in enumerate(self.problem.rivals, start=1):
            self.rival[index[one]] = number
        many = len(self.problem.rivals) + 1
        self.shuns = np.zeros((many, many), dtype=bool)
        for one, others in self.problem.rivals.items():
            for other in others:
                self.shuns[self.rival[index[one]], self.rival[index[other]]] = True
        self.has_rivals = many > 1

    def _pin(self) -> None:
        """`pin[place]`: a number for each group kept together, 0 for nobody; `pin_size` how many it has."""
        self.pin = np.zeros(self.nobody + 1, dtype=np.intp)
        groups = list(dict.fromkeys(self.problem.pinned.values()))
        for number, group in enumerate(groups, start=1):
            self.pin[[self.problem.index[one] for one in group]] = number
        self.pin_size = np.array([0, *map(len, groups)], dtype=np.intp)
        self.has_pins = bool(groups)

    def points(
        self,
        seats: Sequence[Array],
        union: Words | list[Words],
        common: Words | list[Words],
        size: Array | int,
    ) -> Array:
        """Points of teams given by the seats (each an array of places), what they bring and when they are free.

        `size` is how many seats are taken. FORBIDDEN where no time is common. Pairs kept apart and pins are
        the caller's to look at: `clashes`, `torn`.
        """
        total = self.variety_points(union)
        for seat in seats:
            total += self.gain(seat, union)
        slots = self.slots(common)
        total += self.slot_points[size * (ENOUGH_SLOTS + 1) + slots]
        total[slots == 0] = FORBIDDEN
        return total

    def variety_points(self, union: Words | list[Words]) -> Array:
        total = np.zeros(union[0].shape, dtype=np.int32)
        for word, mask, weight in self.variety:
            total += weight * np.bitwise_count(union[word] & mask).astype(np.int32)
        return total

    def gain(self, seat: Array, union: Words | list[Words]) -> Array:
        """What the person in each seat gains from a team that brings `union`."""
        place = seat * self.gain_step
        for word in self.glow_words:
            place = place + np.bitwise_count(self.seeks[word][seat] & union[word])
        return self.gains[place]

    def slots(self, common: Words | list[Words]) -> Array:
        """How many common times count: at most ENOUGH_SLOTS."""
        many = np.bitwise_count(common[0]).astype(np.intp)
        for word in common[1:]:
            many = many + np.bitwise_count(word)
        return np.minimum(many, ENOUGH_SLOTS)

    def clashes(self, seats: Sequence[Array]) -> NDArray[np.bool_]:
        """Where two of the seats hold people kept apart (T8)."""
        rivals = [self.rival[seat] for seat in seats]
        clash = np.zeros(np.broadcast(*seats).shape if len(seats) > 1 else seats[0].shape, dtype=bool)
        for place, one in enumerate(rivals):
            for other in rivals[:place]:
                clash |= self.shuns[one, other]
        return clash

    def torn(self, seats: Sequence[Array]) -> NDArray[np.bool_]:
        """Where a pin is in the team in part."""
        pins = [self.pin[seat] for seat in seats]
        torn = np.zeros(seats[0].shape, dtype=bool)
        for pin in pins:
            here = sum((other == pin for other in pins), start=np.zeros(pin.shape, dtype=np.intp))
            torn |= (pin > 0) & (here != self.pin_size[pin])
        return torn

    def score(self, teams: Array) -> Array:
        """Points of each team, FORBIDDEN where a hard rule but the size is broken. Shape (teams, seats)."""
        seats = list(teams.T)
        union = np.bitwise_or.reduce(self.holds[:, teams], axis=2)
        common = np.bitwise_and.reduce(self.free[:, teams], axis=2)
        total = self.points(seats, union, common, (teams != self.nobody).sum(axis=1))
        if self.has_rivals:
            total[self.clashes(seats)] = FORBIDDEN
        if self.has_pins:
            total[self.torn(seats)] = FORBIDDEN
        return total
