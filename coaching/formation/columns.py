"""Every team that breaks no hard rule, with its points: what the exact search chooses from."""

from collections.abc import Iterator, Sequence
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coaching.formation.arrays import FORBIDDEN, Array, Arrays, Words

CHUNK = 400_000  # teams made at once, so that memory stays bounded


class Columns(NamedTuple):
    """Teams of some people. `seats`: (most members, teams) places among these people, ascending, filled up with
    their number; `points` and `size`: (teams,)."""

    seats: Array
    points: Array
    size: Array

    def take(self, which: Array | NDArray[np.bool_]) -> "Columns":
        return Columns(self.seats[:, which], self.points[which], self.size[which])

    def __len__(self) -> int:  # the number of teams, not of fields
        return len(self.points)


class _Level(NamedTuple):
    """Groups of equally many people, as the beginnings of teams."""

    seats: list[Array]  # places among the people chosen from
    union: Words
    common: Words

    def take(self, which: slice) -> "_Level":
        return _Level([seat[which] for seat in self.seats], self.union[:, which], self.common[:, which])


def how_many(people: int, sizes: Sequence[int]) -> int:
    """Teams there could be, whatever the rules."""
    return sum(comb(people, size) for size in sizes)


def all_columns(arrays: Arrays, people: Sequence[int], sizes: Sequence[int]) -> Columns:
    """Every team of these people and sizes that breaks no hard rule."""
    parts = list(_batches(arrays, np.array(people, dtype=np.intp), sorted(set(sizes))))
    if not parts:
        nothing = np.zeros(0, dtype=np.int32)
        return Columns(np.zeros((max(sizes, default=0), 0), dtype=np.int16), nothing, nothing)
    return Columns(
        np.concatenate([part.seats for part in parts], axis=1),
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.size for part in parts]),
    )


def _batches(arrays: Arrays, people: Array, sizes: Sequence[int]) -> Iterator[Columns]:
    if not sizes or len(people) < sizes[0]:
        return
    level = _Level([np.arange(len(people))], arrays.holds[:, people], arrays.free[:, people])
    for size in range(1, sizes[-1] + 1):
        if size > 1 and size < sizes[-1]:
            parts = list(_larger(arrays, people, level))
            if not parts:
                return
            level = _joined(parts)
        elif size > 1:
            for part in _larger(arrays, people, level):
                yield from _finished(arrays, people, part, sizes)
            return
        if size in sizes:
            yield from _finished(arrays, people, level, sizes)


def _larger(arrays: Arrays, people: Array, level: _Level) -> Iterator[_Level]:
    """One more person in each group, later in the list than its last; groups that can never stand are left out."""
    following = len(people) - 1 - level.seats[-1]
    ends = np.cumsum(following)
    begin = 0
    while begin < len(ends):
        before = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + CHUNK, side="right")))
        yield _extended(arrays, people, level.take(slice(begin, end)))
        begin = end


def _extended(arrays: Arrays, people: Array, level: _Level) -> _Level:
    following = len(people) - 1 - level.seats[-1]
    group = np.repeat(np.arange(len(following)), following)
    first = np.cumsum(following) - following
    newcomer = np.arange(len(group)) - (first - level.seats[-1] - 1)[group]
    common = level.common[:, group] & arrays.free[:, people[newcomer]]
    stands = common.any(axis=0)
    if arrays.has_rivals:
        rival = arrays.rival[people]
        for seat in level.seats:
            stands &= ~arrays.shuns[rival[seat][group], rival[newcomer]]
    group, newcomer, common = group[stands], newcomer[stands], common[:, stands]
    union = level.union[:, group] | arrays.holds[:, people[newcomer]]
    return _Level([*(seat[group] for seat in level.seats), newcomer], union, common)


def _joined(parts: list[_Level]) -> _Level:
    seats = [np.concatenate(each) for each in zip(*(part.seats for part in parts), strict=True)]
    return _Level(
        seats,
        np.concatenate([part.union for part in parts], axis=1),
        np.concatenate([part.common for part in parts], axis=1),
    )


def _finished(arrays: Arrays, people: Array, level: _Level, sizes: Sequence[int]) -> Iterator[Columns]:
    """The groups of this level as teams; pins in part are left out."""
    size = len(level.seats)
    members = [people[seat] for seat in level.seats]
    points = arrays.points(members, level.union, level.common, size)
    stands = points != FORBIDDEN
    if arrays.has_pins:
        stands &= ~arrays.torn(members)
    kind = np.int16 if len(people) < 32_000 else np.int32
    seats = np.full((sizes[-1], int(stands.sum())), len(people), dtype=kind)
    for place, seat in enumerate(level.seats):
        seats[place] = seat[stands]
    points = points[stands].astype(np.int32)
    yield Columns(seats, points, np.full(len(points), size, dtype=np.int32))
