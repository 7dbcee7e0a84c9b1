"""The linear relaxation of choosing teams, and bounds from it that rounding errors cannot break.

Choose from columns (teams): each person once, and so many teams of each size. HiGHS
gives prices of people (dual values) in floating point; `bound` rounds them and computes in whole numbers what
they prove: for any prices, no choice scores more than the sum of all prices plus, for each team chosen, the best
points less prices that a team of its size has (Lagrangian duality). That holds whatever the prices are; good
ones only make it tight.
"""

from collections.abc import Mapping
from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from coaching.formation.arrays import Array
from coaching.formation.columns import Columns

SCALE = 1 << 16  # prices are whole numbers of this fraction of a point
NONE_LEFT = -(1 << 60)  # the best of no columns at all
EPSILON = 1e-6
A_ROUND, EACH = 3000, 12  # columns looked at for entering at once; how many of them may hold the same person

Mask = NDArray[np.bool_]


class Bound(NamedTuple):
    """`most`: no choice scores more; `slack`: what a choice loses of it at least by taking each column. 1 / SCALE."""

    most: int
    slack: Array


class Relaxation:
    """`counts`: teams to choose of each size."""

    def __init__(self, columns: Columns, people: int, counts: Mapping[int, int]) -> None:
        self.columns, self.people, self.counts = columns, people, counts
        self.sizes = sorted(counts)
        self.chosen = np.zeros(0, dtype=np.intp)  # the columns in the program, in its order
        self.inside = np.zeros(len(columns), dtype=bool)
        self.value = 0.0
        self.spent = 0
        self._begin()

    def _begin(self) -> None:
        self.program = highspy.Highs()
        self.program.setOptionValue("output_flag", False)
        self.program.setOptionValue("threads", 1)
        self.program.changeObjectiveSense(highspy.ObjSense.kMaximize)
        equal = np.array([1.0] * self.people + [float(self.counts[size]) for size in self.sizes])
        empty = np.zeros(0, dtype=np.int32)
        self.program.addRows(
            len(equal), equal, equal, 0, np.zeros(len(equal), dtype=np.int32), empty, np.zeros(0)
        )
        # Surplus and shortfall, dearer than any gain, keep the program solvable while columns are few.
        penalty = 2.0 * float(np.abs(self.columns.points).max(initial=0)) * sum(self.counts.values()) + 1.0
        for row in range(len(equal)):
            for sign in (1.0, -1.0):
                place = np.array([row], dtype=np.int32)
                self.program.addCol(-penalty, 0.0, highspy.kHighsInf, 1, place, np.array([sign]))
        self.first = 2 * len(equal)  # the first column that is a team

    def enter(self, which: Array) -> None:
        """Take columns into the program, where they are not yet."""
        which = which[~self.inside[which]]
        self.inside[which] = True
        self.chosen = np.concatenate([self.chosen, which])
        columns, many = self.columns, len(which)
        row_of_size = np.zeros(max([*self.sizes, int(columns.size.max(initial=0))]) + 1, dtype=np.int32)
        row_of_size[self.sizes] = self.people + np.arange(len(self.sizes))
        rows = columns.seats[:, which].T.astype(np.int32)
        taken = np.arange(rows.shape[1]) < columns.size[which][:, None]
        rows = np.column_stack([rows, row_of_size[columns.size[which]]])
        taken = np.column_stack([taken, np.ones(many, dtype=bool)])
        index = rows[taken]
        starts = (np.cumsum(taken.sum(axis=1)) - taken.sum(axis=1)).astype(np.int32)
        self.program.addCols(
            many,
            columns.points[which].astype(float),
            np.zeros(many),
            np.full(many, highspy.kHighsInf),
            len(index),
            starts,
            index,
            np.ones(len(index)),
        )

    def extend(self, more: Columns) -> None:
        """Further columns, after those there are; not yet in the program."""
        mine = self.columns
        self.columns = Columns(
            np.concatenate([mine.seats, more.seats], axis=1),
            np.concatenate([mine.points, more.points]),
            np.concatenate([mine.size, more.size]),
        )
        self.inside = np.concatenate([self.inside, np.zeros(len(more), dtype=bool)])

    def allow(self, allowed: Mask) -> None:
        """For a program that holds all columns in their order: which may be used."""
        places = np.arange(self.first, self.first + len(allowed), dtype=np.int32)
        most = np.where(allowed, highspy.kHighsInf, 0.0)
        self.program.changeColsBounds(len(allowed), places, np.zeros(len(allowed)), most)

    def solve(self) -> tuple[Array, Array]:
        """Prices of people (one more, 0, for nobody) and by size, over the columns in the program; in 1 / SCALE."""
        self.program.run()
        info = self.program.getInfo()
        self.value = info.objective_function_value
        self.spent += 40 + 3 * info.simplex_iteration_count + len(self.chosen) // 20
        dual = np.rint(np.array(self.program.getSolution().row_dual) * SCALE).astype(np.int64)
        by_size = np.zeros(max(self.sizes, default=0) + 1, dtype=np.int64)
        by_size[self.sizes] = dual[self.people :]
        return np.append(dual[: self.people], 0), by_size

    def weights(self) -> NDArray[np.floating]:
        """How much of each column in the program the last solution takes."""
        return np.array(self.program.getSolution().col_value)[self.first :]

    def reduced(self, prices: Array, which: Array | None = None) -> Array:
        """Points less the prices of the members, in 1 / SCALE, of all columns or of some."""
        seats, points = self.columns.seats, self.columns.points
        if which is not None:
            seats, points = seats[:, which], points[which]
        self.spent += len(points) // 400
        reduced = points.astype(np.int64) * SCALE
        for seat in seats:
            reduced -= prices[seat]
        return reduced

    def bound(self, prices: Array, reduced: Array) -> Bound:
        """What these prices prove; `reduced` may be NONE_LEFT for columns that are ruled out."""
        total = int(prices.sum())
        top = np.full(max(self.sizes, default=0) + 1, NONE_LEFT, dtype=np.int64)
        for size in self.sizes:
            of_size = reduced if len(self.sizes) == 1 else reduced[self.columns.size == size]
            top[size] = of_size.max(initial=NONE_LEFT)
        if any(top[size] == NONE_LEFT for size in self.sizes):
            return Bound(NONE_LEFT, np.full(len(reduced), -NONE_LEFT))
        most = total + sum(self.counts[size] * int(top[size]) for size in self.sizes)
        return Bound(most, top[self.columns.size] - reduced)

    def improve(self, near: Array) -> Array:
        """Solve, taking columns of `near` into the program, until none of them helps; the last prices."""
        while True:
            prices, by_size = self.solve()
            gain = self.reduced(prices, near) - by_size[self.columns.size[near]]
            helps = np.flatnonzero((gain > EPSILON * SCALE + 1) & ~self.inside[near])
            if not len(helps):
                return prices
            best = helps[np.argsort(-gain[helps], kind="stable")[:A_ROUND]]
            self.enter(near[self._spread(near[best], best)])

    def _spread(self, which: Array, places: Array) -> Array:
        """Of the places, in order, those whose column does not hold a person that enough others hold."""
        held = np.zeros(self.people + 1, dtype=int)
        picked = []
        for place, members in zip(places.tolist(), self.columns.seats[:, which].T.tolist(), strict=True):
            real = [member for member in members if member < self.people]
            if all(held[member] < EACH for member in real):
                picked.append(place)
                held[real] += 1
        return np.array(picked, dtype=np.intp)

    def keep_only(self, which: Mask) -> None:
        """Drop the other columns, also from the program, which is built anew."""
        place = np.cumsum(which) - 1
        inside = place[self.chosen[which[self.chosen]]]
        self.columns = self.columns.take(which)
        self.inside = np.zeros(len(self.columns), dtype=bool)
        self.chosen = np.zeros(0, dtype=np.intp)
        self._begin()
        self.enter(inside)
