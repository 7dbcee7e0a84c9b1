"""What a report may tell of numbers of people: nothing from which fewer than three of them could be told (M17, C5).

A number is told as a span that it lies in. What is told of several cohorts is the sum of what is told of each, so that
no difference between reports tells more than they do (docs/decisions/0022).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LEAST = 3  # people


@dataclass(frozen=True)
class Span:
    """A number of people or things that is known to lie between two, both included."""

    low: int
    high: int

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.high + other.high)

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    def words(self, of: int) -> str:
        """Out of so many."""
        if self.is_exact:
            return str(self.low)
        if self.low == 0:
            return "not told" if self.high >= of else f"at most {self.high}"
        return f"at least {self.low}" if self.high >= of else f"{self.low} to {self.high}"


@dataclass(frozen=True)
class Told:
    """A number out of so many."""

    span: Span
    of: int

    @property
    def is_told(self) -> bool:
        return self.span.is_exact or self.span != Span(0, self.of)

    @property
    def words(self) -> str:
        """`at least 9 of 12`"""
        return f"{self.span.words(self.of)} of {self.of}" if self.is_told else "not told"


NONE = Span(0, 0)


def exact(number: int) -> Span:
    return Span(number, number)


def total(spans: Iterable[Span]) -> Span:
    return sum(spans, NONE)


def share(part: int, whole: int) -> Span:
    """How many of so many people something is true of, when neither they nor the others may be fewer than LEAST.

    Where there are fewer, it lies in a span as wide as that, and none of them can be told from zero.
    """
    few = LEAST - 1
    if whole < 2 * LEAST:
        return Span(0, whole)
    if part <= few:
        return Span(0, few)
    if whole - part <= few:
        return Span(whole - few, whole)
    return exact(part)


def is_near(number: int, other: int) -> bool:
    """Whether the difference of the two, once both are told, tells of fewer than LEAST people."""
    return 0 < abs(number - other) < LEAST


def steps(reached: Sequence[int], *, known: int = 0) -> list[Span]:
    """How many came so far, step by step: each number at most the one before; the first one, LEAST or more, of all.

    A step is told where nobody, or LEAST or more, stayed behind since the last one that is told. `known`: another number
    that is told of these people, not near the first one; no step is told that is near it.
    """
    told: list[int | None] = []
    before = reached[0]
    for number in reached:
        is_told = not any(is_near(number, other) for other in (before, 0, known))
        told.append(number if is_told else None)
        before = number if is_told else before
    return [_between(reached, told, place, known) for place in range(len(told))]


def _between(reached: Sequence[int], told: Sequence[int | None], place: int, known: int) -> Span:
    number = told[place]
    if number is not None:
        return exact(number)
    before = next(each for each in reversed(told[:place]) if each is not None)
    after = next((each for each in told[place:] if each is not None), None)
    if after is not None:
        return Span(after, before)
    # A share could be as it is and near the known number: then none is told, whatever it is.
    is_blurred = any(is_near(each, known) for each in range(LEAST, before - LEAST + 1))
    return Span(0, before) if is_blurred else share(reached[place], before)


def parts(numbers: Mapping[int, int]) -> dict[int, int]:
    """Of people who are each of one kind: the kinds that are told; all others are one number, the rest.

    None of the small ones can be told from the rest: it is LEAST or more, and not as much as they could be at most.
    """
    small = [number for number in numbers.values() if 0 < number < LEAST]
    told = {key: number for key, number in numbers.items() if number >= LEAST}
    is_clear = sum(small) < LEAST or all(number == LEAST - 1 for number in small)
    if small and told and is_clear:
        least = min(told.values())  # all that are as small: which of them it is would tell something
        told = {key: number for key, number in told.items() if number > least}
    return told
