"""Branch and bound over few columns: is there a choice of teams that scores at least so much?

Each node looks at the relaxation over the columns still allowed; it is given up when its bound, computed in whole
numbers, is below the target, and otherwise parted by two people: with each other, or not (Ryan and Foster, 1981).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coaching.formation.arrays import Array
from coaching.formation.clock import Clock
from coaching.formation.columns import Columns
from coaching.formation.relaxation import EPSILON, NONE_LEFT, SCALE, Mask, Relaxation

MANY_COLUMNS = 8_000  # each look takes long; then only one pair is looked at
CANDIDATES = 6  # pairs whose both parts are looked at before one of them is taken


class Answer(NamedTuple):
    """`chosen`: places of columns that reach the target, or None. `settled`: then there are none."""

    chosen: Array | None
    settled: bool


class Tree:
    """Can be asked again: it goes on where it stopped. `bold`: to find something soon, not to rule it out."""

    def __init__(
        self,
        columns: Columns,
        people: int,
        counts: Mapping[int, int],
        target: int,
        *,
        bold: bool = False,
    ) -> None:
        self.columns, self.people, self.target, self.bold = columns, people, target, bold
        self.relaxation = Relaxation(columns, people, counts)
        self.relaxation.enter(np.arange(len(columns)))
        self.holds = np.zeros((people + 1, len(columns)), dtype=bool)
        for seat in columns.seats:
            self.holds[seat, np.arange(len(columns))] = True
        self.holds = self.holds[:-1]
        self.candidates = 1 if bold or len(columns) > MANY_COLUMNS else CANDIDATES
        self.open: list[Mask] = [np.ones(len(columns), dtype=bool)]

    def search(self, steps: int, clock: Clock) -> Answer:
        """Look at nodes for about so many steps of work, or fewer where the clock ends first."""
        end = clock.spent + steps
        while self.open and clock.spent < end and clock.progress() < 1:
            before = self.relaxation.spent
            chosen = self._look(self.open.pop())
            clock.spend(self.relaxation.spent - before + 60)
            if chosen is not None:
                return Answer(chosen, False)
        return Answer(None, not self.open)

    def _look(self, allowed: Mask) -> Array | None:
        left = self._left(allowed)
        if left is None:
            return None
        weight = self.relaxation.weights()
        taken = np.flatnonzero(weight > EPSILON)
        if self._is_choice(taken):
            return taken
        pairs = self._doubtful(taken, weight[taken])
        if not pairs:
            return self._part_by_column(left, taken)
        self.open += self._parted(left, *pairs[0]) if len(pairs) == 1 else self._best_parted(left, pairs)
        return None

    def _left(self, allowed: Mask) -> Mask | None:
        """Solve over these columns: those that can still reach the target, or None if nothing can."""
        relaxation = self.relaxation
        relaxation.allow(allowed)
        prices, _ = relaxation.solve()
        reduced = relaxation.reduced(prices)
        reduced[~allowed] = NONE_LEFT
        bound = relaxation.bound(prices, reduced)
        if bound.most < self.target * SCALE:
            return None
        return allowed & (bound.most - bound.slack >= self.target * SCALE)

    def _is_choice(self, taken: Array) -> bool:
        """Whether these columns, whole, hold everybody once and score enough; in whole numbers, not by weights."""
        if not (self.holds[:, taken].sum(axis=1) == 1).all():
            return False
        sizes = self.columns.size[taken]
        if any((sizes == size).sum() != many for size, many in self.relaxation.counts.items()):
            return False
        return int(self.columns.points[taken].sum()) >= self.target

    def _doubtful(self, taken: Array, weight: NDArray[np.floating]) -> list[tuple[int, int]]:
        """Pairs whom the solution seats together in part: the most nearly half, or, boldly, most nearly whole."""
        held = self.holds[:, taken].astype(float)
        together = np.triu((held * weight) @ held.T, 1)
        doubt = np.minimum(together, 1 - together)
        best = np.where(doubt > EPSILON, together if self.bold else doubt, 0)
        order = np.argsort(-best, axis=None, kind="stable")[: self.candidates]
        pairs = [divmod(int(place), self.people) for place in order]
        return [pair for pair in pairs if best[pair] > 0]

    def _parted(self, allowed: Mask, one: int, other: int) -> list[Mask]:
        """Apart, and together, which is looked at first."""
        a, b = self.holds[one], self.holds[other]
        return [allowed & ~(a & b), allowed & ~(a ^ b)]

    def _best_parted(self, allowed: Mask, pairs: list[tuple[int, int]]) -> list[Mask]:
        """Of several pairs the parts that leave the fewest columns, the smallest part to be looked at first."""
        best: list[Mask] | None = None
        for pair in pairs:
            parts = [left for part in self._parted(allowed, *pair) if (left := self._left(part)) is not None]
            if best is None or sum(part.sum() for part in parts) < sum(part.sum() for part in best):
                best = parts
            if not best:
                return []
        assert best is not None
        return sorted(best, key=lambda part: -int(part.sum()))

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
