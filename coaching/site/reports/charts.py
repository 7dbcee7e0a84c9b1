"""Where the bars of a figure stand in its picture. The width is the page's: only lengths of bars are told in percent."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from coaching.site.reports.figures import Bar, Figure, Line

LONGEST = 56.0  # percent of the width; the words stand behind the bar
LETTERS = 42  # of a label in one line: a phone has room for no more
LABEL, BAR, EARLIER, GAP = 21, 18, 15, 14  # pixels


@dataclass(frozen=True)
class Drawn:
    """A bar from the left up to `low`, and on to `high` where the number is a span; both in percent of the width."""

    low: float
    high: float
    words: str
    y: int
    text_y: int

    @property
    def is_span(self) -> bool:
        return self.high > self.low

    @property
    def open_width(self) -> float:
        return round(self.high - self.low, 2)


@dataclass(frozen=True)
class DrawnLine:
    label: tuple[tuple[int, str], ...]  # each part with its height
    bar: Drawn | None
    before: Drawn | None


@dataclass(frozen=True)
class Chart:
    height: int
    lines: tuple[DrawnLine, ...]
    text: str  # all that it shows


def chart(figure: Figure) -> Chart:
    y, lines = 0, []
    for line in figure.lines:
        if line.bar is None:
            continue
        drawn, y = _line(line, figure, y)
        lines.append(drawn)
    return Chart(max(y - GAP, 1), tuple(lines), _in_words(figure))


def _line(line: Line, figure: Figure, y: int) -> tuple[DrawnLine, int]:
    label = []
    for part in wrap(line.label, LETTERS):
        label.append((y + LABEL - 6, part))
        y += LABEL
    bar = _bar(line.bar, figure, y, BAR)
    y += BAR
    before = _bar(line.before, figure, y + 3, EARLIER - 3)
    y += EARLIER + 3 if before else 0
    return DrawnLine(tuple(label), bar, before), y + GAP


def _bar(bar: Bar | None, figure: Figure, y: int, height: int) -> Drawn | None:
    if bar is None:
        return None
    low, high = (round(LONGEST * each / figure.scale, 2) for each in (bar.low, bar.high))
    return Drawn(low, high, bar.words, y, y + height - 4 if height > EARLIER else y + height - 1)


def _in_words(figure: Figure) -> str:
    parts = []
    for line in figure.lines:
        if line.bar:
            earlier = f" ({figure.before}: {line.before.words})" if line.before else ""
            parts.append(f"{line.label}: {line.bar.words}{earlier}")
    return f"{figure.title}. {'; '.join(parts)}."


def with_charts(figures: list[Figure]) -> list[tuple[Figure, Chart | None]]:
    """Each figure with its picture, where it has bars."""
    return [(figure, chart(figure) if figure.is_drawn else None) for figure in figures]
