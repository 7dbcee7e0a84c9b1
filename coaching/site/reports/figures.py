"""A figure of a report: a sentence that says what it shows, a chart of bars, and the same numbers as a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coaching.site.reports.spans import Span, Told

Cell = int | float | str
PERCENT = 100
NOTHING = "–"


@dataclass(frozen=True)
class Bar:
    """`low` to `high` of the scale, and the same in words; they are one where it is exact."""

    low: float
    high: float
    words: str

    @classmethod
    def of(cls, told: Told) -> Bar:
        """In percent."""
        low, high = (PERCENT * each / max(told.of, 1) for each in (told.span.low, told.span.high))
        return cls(low, high, told.words)


@dataclass(frozen=True)
class Line:
    """One row of the table, and one bar. `before`: the same a year earlier; `address`: the list behind it."""

    label: str
    cells: tuple[Cell, ...]
    bar: Bar | None = None
    before: Bar | None = None
    address: str = ""


@dataclass(frozen=True)
class Figure:
    """`columns`: above the cells of its lines, the first one above the labels. `scale`: of the longest bar there can be.

    `before`: what the earlier numbers are of. `empty`: why there are no lines yet, and when there will be.
    """

    key: str
    title: str
    headline: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    scale: float = PERCENT
    before: str = ""
    note: str = ""
    empty: str = ""

    @property
    def is_drawn(self) -> bool:
        return self.scale > 0 and any(line.bar for line in self.lines)

    @property
    def rows(self) -> list[tuple[Cell, ...]]:
        """For a file: as under `columns`."""
        return [(line.label, *line.cells) for line in self.lines]


def line(label: str, now: Told, before: Told | None, *more: Cell, compared: bool, address: str = "") -> Line:
    """A number of so many beside that of a year earlier. `compared`: whether there is a column for it."""
    cells = (cell(now.span, now.of), now.of, *more)
    if compared:
        cells = (*cells, before.words if before else NOTHING)
    return Line(label, cells, Bar.of(now), Bar.of(before) if before else None, address)


def of_most(sentence: str, lines: Iterable[Line], *, otherwise: str = "Too few people to tell.") -> str:
    """The sentence about the line with the longest bar; `{label}` and `{words}` stand in it for what that says."""
    longest_one = max((each for each in lines if each.bar), key=lambda each: each.bar.low, default=None)  # type: ignore[union-attr]
    if longest_one is None or longest_one.bar is None or not longest_one.bar.low:
        return otherwise
    return sentence.format(label=longest_one.label, words=longest_one.bar.words)


def cell(span: Span, of: int) -> Cell:
    return span.low if span.is_exact else span.words(of)


def longest(bars: Iterable[Bar | None]) -> float:
    return max((bar.high for bar in bars if bar), default=0)
