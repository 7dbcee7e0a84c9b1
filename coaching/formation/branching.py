"""Branch and bound over few columns: is there a choice of teams that scores at least so much?

Each node looks at the relaxation over the columns still allowed; it is given up when its bound, computed in whole
numbers, is below the target, and otherwise parted by two people: with each other, or not (Ryan and Foster, 1981).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from coaching.formation.arrays import Array
from coaching.formation.clock import Clock
from coaching.formation.columns import Columns
from coaching.formation.relaxation import EPSILON, NONE_LEFT, SCALE, Mask, Relaxation


class Answer(NamedTuple):
    """`chosen`: places of columns that score `points`, or None. `settled`: then there is none."""

    chosen: Array | None
    settled: bool


class Tree:
    """Can be asked again: it goes on where it stopped."""

    def __init__(self, columns: Columns, people: int, counts: Mapping[int, int] | None, target: int) -> None:
        self.columns, self.people, self.target = columns, people, target
        self.relaxation = Relaxation(columns, people, counts)
        self.relaxation.enter(np.arange(len(columns)))
        self.holds = np.zeros((people + 1, len(columns)), dtype=bool)
        for seat in columns.seats:
            self.holds[seat, np.arange(len(columns))] = True
        self.holds = self.holds[:-1]
        self.open: list[Mask] = [np.ones(len(columns), dtype=bool)]

    def search(self, nodes: int, clock: Clock) -> Answer:
        """Look at so many nodes, or fewer where the clock ends first."""
        for _ in range(nodes):
            if not self.open:
                return Answer(None, True)
            if clock.progress() >= 1:
                break
            before = self.relaxation.spent
            chosen = self._look(self.open.pop())
            clock.spend(self.relaxation.spent - before + 60)
            if chosen is not None:
                return Answer(chosen, False)
        return Answer(None, not self.open)

    def _look(self, allowed: Mask) -> Array | None:
        relaxation = self.relaxation
        relaxation.allow(allowed)
        prices, _ = relaxation.solve()
        reduced = relaxation.reduced(prices)
        reduced[~allowed] = NONE_LEFT
        bound = relaxation.bound(prices, reduced)
        if bound.most < self.target * SCALE:
            return None
        allowed = allowed & (bound.most - bound.slack >= self.target * SCALE)
        weight = relaxation.weights()
        taken = np.flatnonzero(weight > EPSILON)
        if self._is_choice(taken):
            return taken
        return self._part(allowed, taken, weight[taken])

    def _is_choice(self, taken: Array) -> bool:
        """Whether these columns, whole, hold everybody once and score enough; in whole numbers, not by weights."""
        counts = self.relaxation.counts
        if not (self.holds[:, taken].sum(axis=1) == 1).all():
            return False
        sizes = self.columns.size[taken]
        if counts is not None and any((sizes == size).sum() != many for size, many in counts.items()):
            return False
        return int(self.columns.points[taken].sum()) >= self.target

    def _part(self, allowed: Mask, taken: Array, weight: Array) -> Array | None:
        """Two people whom the solution seats half together: once with each other (looked at first), once apart."""
        held = self.holds[:, taken].astype(float)
        together = (held * weight) @ held.T
        np.fill_diagonal(together, 0)
        doubt = np.minimum(together, 1 - together)
        if doubt.max(initial=0) <= EPSILON:
            return self._part_by_column(allowed, taken)
        one, other = divmod(int(doubt.argmax()), self.people)
        a, b = self.holds[one], self.holds[other]
        self.open += [allowed & ~(a & b), allowed & ~(a ^ b)]
        return None

    def _part_by_column(self, allowed: Mask, taken: Array) -> Array | None:
        """Where no two people are in doubt, yet it is no choice: with one column, or without it.

        Columns that share nobody need no parting: if they hold everybody, they are the only choice.
        """
        places = np.flatnonzero(allowed)
        for column in [*taken[allowed[taken]].tolist(), *places.tolist()]:
            clash = self.holds[self.holds[:, column]].any(axis=0) & allowed
            clash[column] = False
            if clash.any():
                without = allowed.copy()
                without[column] = False
                self.open += [without, allowed & ~clash]
                return None
        return places if self._is_choice(places) else None
