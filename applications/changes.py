"""What changed between two canonical texts of an application: passage by passage, and word by word inside one."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby

from applications import text

# A word and the space after it: put together they are the passage again, byte for byte.
WORD = re.compile(r"(\S*)(\s*)")
# Pairs of equal words up to which words are compared; beyond, a passage is shown as replaced (half a second).
MOST_PAIRS = 200_000
# Two passages that have less of the shorter one in common are shown as one in place of the other.
LEAST_IN_COMMON = 0.35
# Unchanged words shown before and after a change.
AROUND = 14


class Kind(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    LEFT_OUT = "left_out"  # unchanged words that are not shown


@dataclass(frozen=True)
class Piece:
    kind: Kind
    text: str


@dataclass(frozen=True)
class Passage:
    """A label and its answer with what was added and removed; added or removed as a whole where `kind` says so."""

    section: str
    label: str
    pieces: list[Piece]
    kind: Kind = Kind.SAME

    @property
    def is_changed(self) -> bool:
        return any(piece.kind != Kind.SAME for piece in self.pieces) or self.kind != Kind.SAME

    @property
    def only_spacing(self) -> bool:
        """Nothing that could be seen."""
        changed = [piece.text for piece in self.pieces if piece.kind != Kind.SAME]
        return bool(changed) and not any(map(str.strip, changed))

    @property
    def shown(self) -> list[Piece]:
        return shortened(self.pieces)


@dataclass(frozen=True)
class Chapter:
    """The changed passages under one heading."""

    title: str
    passages: list[Passage]


def between(old: str, new: str) -> list[Chapter]:
    """Only what changed from one canonical text to the next, under its headings; empty: nothing did."""
    changed = [passage for passage in compared(old, new) if passage.is_changed]
    return [Chapter(title, list(group)) for title, group in groupby(changed, key=lambda each: each.section)]


def compared(old: str, new: str) -> list[Passage]:
    """Every passage of both texts, each text in its own order."""
    before, after = _passages(old), _passages(new)
    old_keys, new_keys = ([(section, block.label) for section, block in each] for each in (before, after))
    found = []
    for same, a, b, c, d in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        if same == "equal":
            pairs = zip(before[a:b], after[c:d], strict=True)
            found += [
                Passage(section, block.label, words(earlier.answer, block.answer))
                for (_, earlier), (section, block) in pairs
            ]
        else:
            found += [_whole(each, Kind.REMOVED) for each in before[a:b]]
            found += [_whole(each, Kind.ADDED) for each in after[c:d]]
    return found


def _passages(canonical: str) -> list[tuple[str, text.Block]]:
    return [
        (section.title, field)
        for section in text.sections(canonical)
        for block in section.blocks
        for field in block.fields
    ]


def _whole(passage: tuple[str, text.Block], kind: Kind) -> Passage:
    section, block = passage
    return Passage(section, block.label, [Piece(kind, block.answer)] if block.answer else [], kind)


def words(old: str, new: str) -> list[Piece]:
    """The new passage with what was added, and what was removed in its place.

    The pieces without the added ones are the old passage, without the removed ones the new.
    """
    if old == new:
        return [Piece(Kind.SAME, new)] if new else []
    runs = _joined(_runs(_parts(old), _parts(new)))
    kept = sum(_letters(before) for is_same, before, _ in runs if is_same)
    if kept < LEAST_IN_COMMON * min(_letters(old), _letters(new)):
        runs = [(False, old, new)]
    return [piece for run in runs for piece in _pieces(*run)]


def _letters(passage: str) -> int:
    return sum(map(len, passage.split()))


Word = tuple[str, str]  # and the space after it
Run = tuple[bool, str, str]  # the same in both; what the old passage has here; what the new one has


def _runs(old: list[Word], new: list[Word]) -> list[Run]:
    """Words are matched whatever the space after them: a line that ends elsewhere is no other word."""
    a, b = ([word for word, _ in each] for each in (old, new))
    start = _in_common(a, b)
    end = _in_common(a[start:][::-1], b[start:][::-1])
    runs = _equal(old[:start], new[:start])
    for same, i, j, k, m in _matched(a[start : len(a) - end], b[start : len(b) - end]):
        before, after = old[start + i : start + j], new[start + k : start + m]
        runs += _equal(before, after) if same == "equal" else [(False, _text(before), _text(after))]
    return runs + _equal(old[len(old) - end :], new[len(new) - end :])


def _in_common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many words are the same from the start."""
    for number, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return number
    return min(len(old), len(new))


def _matched(old: list[str], new: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    counts = Counter(new)
    if sum(counts[word] for word in old) > MOST_PAIRS:
        return [("replace", 0, len(old), 0, len(new))]
    return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def _equal(old: list[Word], new: list[Word]) -> list[Run]:
    runs: list[Run] = []
    for (word, space), (_, other) in zip(old, new, strict=True):
        runs += [(True, word, word), (space == other, space, other)]
    return runs


def _parts(passage: str) -> list[Word]:
    return [(word, space) for word, space in WORD.findall(passage) if word or space]


def _text(words: list[Word]) -> str:
    return "".join(word + space for word, space in words)


def _joined(runs: list[Run]) -> list[Run]:
    """What is the same, and what is not, in turn."""
    found = []
    filled = (run for run in runs if run[1] or run[2])
    for is_same, group in groupby(filled, key=lambda run: run[0]):
        parts = list(group)
        found.append((is_same, "".join(part[1] for part in parts), "".join(part[2] for part in parts)))
    return found


def _pieces(is_same: bool, old: str, new: str) -> list[Piece]:
    if is_same:
        return [Piece(Kind.SAME, new)]
    return [Piece(kind, part) for kind, part in ((Kind.REMOVED, old), (Kind.ADDED, new)) if part]


def shortened(pieces: list[Piece]) -> list[Piece]:
    """The changes with some words around each; what is left out between them is marked."""
    shown: list[Piece] = []
    for number, piece in enumerate(pieces):
        if piece.kind == Kind.SAME:
            shown += _around(piece, first=number == 0, last=number == len(pieces) - 1)
        else:
            shown.append(piece)
    return shown


def _around(piece: Piece, *, first: bool, last: bool) -> list[Piece]:
    parts = _parts(piece.text)
    after = 0 if first else AROUND
    before = 0 if last else AROUND
    if len(parts) <= after + before + AROUND:
        return [piece]
    head, tail = _text(parts[:after]), _text(parts[len(parts) - before :])
    middle = _text(parts[after : len(parts) - before])
    kinds = ((Kind.SAME, head), (Kind.LEFT_OUT, middle), (Kind.SAME, tail))
    return [Piece(kind, part) for kind, part in kinds if part]
