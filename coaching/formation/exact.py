"""The best teams of given people and sizes, with proof: all columns, the relaxation's bound, then its few rivals.

The bound of the relaxation is hardly ever more than a few points above the best choice. So the search goes down
from the bound: is there a choice that scores this much? Only columns can be in it whose slack is less than what
is left between, and those are few. The first answer is the best choice; each "no" lowers the bound for good.
Beside it, as long as that takes, choices not quite as good are looked for among the columns of least slack.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from coaching.formation.arrays import Array, Arrays
from coaching.formation.branching import Tree
from coaching.formation.clock import Clock
from coaching.formation.columns import Columns, all_columns, how_many
from coaching.formation.relaxation import SCALE, Bound, Relaxation

MOST_COLUMNS = 8_000_000  # 118 people in teams of four; some 400 MB
MOST_POINTS = 1 << 30  # of a team
MOST_IN_TREE = 40_000  # columns, for a proof
NEAR = 30_000  # columns that are priced until none of them helps; only then all
DIVE_COLUMNS = 2_500
DIVE_SHARE = 1 / 1_000  # of the score: how far below it the first choice is looked for
TIGHT = 0.02  # points between the program's value and what its prices prove over all columns
PATIENCE = 6  # steps down from the bound, one by one, before they grow
A_TURN = 12_000  # steps of work before the other way gets its turn; twice as many each time
LONGEST_DIVE = 30_000  # steps


class Outcome(NamedTuple):
    """`teams` as rows of places, filled up with nobody; None when none better than asked for was found."""

    teams: Array | None
    score: int
    bound: int

    @property
    def proven(self) -> bool:
        return self.score >= self.bound


Report = Callable[[Array | None, int, int], None]  # teams better than before, their score, the bound


def cost(people: int, sizes: Sequence[int]) -> int:
    """Steps, as the clock counts them, until the relaxation's bound stands; roughly."""
    return how_many(people, sizes) // 25 + 2_000


class Exact:
    """`lower`: what is known to be possible; only more than that is looked for. `upper`: a bound that is known."""

    def __init__(
        self,
        arrays: Arrays,
        people: Sequence[int],
        counts: Mapping[int, int],
        *,
        clock: Clock,
        lower: int,
        upper: int,
        worth: int | None = None,
        report: Report | None = None,
    ) -> None:
        self.arrays, self.clock, self.report = arrays, clock, report
        self.people = np.array([*people, arrays.nobody])
        self.counts = counts
        self.columns = all_columns(arrays, people, sorted(counts))
        clock.spend(how_many(len(people), list(counts)) // 45)
        self.step, self.rest = self._lattice(self.columns)
        self.best: Array | None = None
        self.lower = max(lower, self._least_there_is() - 1)
        self.worth = lower if worth is None else worth  # what DIVE_SHARE is a share of
        self.upper = self._down(upper)

    def _lattice(self, columns: Columns) -> tuple[int, int]:
        """Every choice scores `rest` modulo `step`: points often come in even numbers only."""
        step, rest = 0, 0
        for size, many in self.counts.items():
            points = columns.points[columns.size == size]
            if len(points):
                step = int(np.gcd(step, np.gcd.reduce(points - points[0])))
                rest += many * int(points[0])
        return max(1, step), rest

    def _least_there_is(self) -> int:
        """No choice scores less."""
        points, size = self.columns.points, self.columns.size
        return sum(
            many * int(points[size == each].min(initial=MOST_POINTS)) for each, many in self.counts.items()
        )

    def _down(self, bound: int) -> int:
        """The highest score there can be that is not above the bound."""
        return bound - (bound - self.rest) % self.step

    def _better(self) -> int:
        """The lowest score there can be that is above what is known."""
        return self._down(self.lower) + self.step

    def outcome(self) -> Outcome:
        return Outcome(self.best, self.lower, max(self.upper, self.lower))

    def run(self, beginning: Array, most_turns: int | None = None) -> Outcome:
        """`beginning`: teams of these people, rows of places in the problem: they give the first prices."""
        if not len(self.columns):
            self._prove(self.lower)
        elif self.upper > self.lower:
            relaxation, bound = self._relax(self._first_prices(beginning))
            if not self._is_over():
                self._choose(relaxation, bound, most_turns)
        return self.outcome()

    def _is_over(self) -> bool:
        return self.upper <= self.lower or self.clock.progress() >= 1

    def _first_prices(self, beginning: Array) -> Array:
        """What each person's team scores, shared evenly; the last, nobody, is 0."""
        at = np.full(self.arrays.nobody + 1, len(self.people) - 1)
        at[self.people] = np.arange(len(self.people))
        prices = np.zeros(len(self.people), dtype=np.int64)
        real = beginning != self.arrays.nobody
        share = self.arrays.score(beginning) * SCALE // np.maximum(real.sum(axis=1), 1)
        prices[at[beginning]] = share[:, None]
        prices[-1] = 0
        return prices

    def _relax(self, prices: Array) -> tuple[Relaxation, Bound]:
        """The relaxation solved over all columns; those that no better choice can hold are dropped on the way."""
        relaxation = Relaxation(self.columns, len(self.people) - 1, self.counts)
        solved = False
        while True:
            spent = relaxation.spent
            bound = relaxation.bound(prices, relaxation.reduced(prices))
            self._prove(bound.most // SCALE)
            keep = bound.most - bound.slack >= (self._better()) * SCALE
            if not keep.any():
                self._prove(self.lower)
            elif keep.sum() < 0.7 * len(keep):
                relaxation.keep_only(keep)
                bound = Bound(bound.most, bound.slack[keep])
            tight = solved and bound.most <= (relaxation.value + TIGHT) * SCALE
            if tight or self._is_over():
                self.clock.spend(relaxation.spent - spent)
                return relaxation, bound
            prices = relaxation.improve(_least(bound.slack, NEAR))
            solved = True
            self.clock.spend(relaxation.spent - spent)

    def _prove(self, bound: int) -> None:
        if bound < self.upper:
            self.upper = max(self._down(bound), self.lower)
            self._tell(None)

    def _tell(self, teams: Array | None) -> None:
        if self.report:
            self.report(teams, self.lower, self.upper)

    def _choose(self, relaxation: Relaxation, bound: Bound, most_turns: int | None) -> None:
        """From the bound down, with proof; in turn with a bolder look for something good."""
        columns = relaxation.columns
        likely = np.union1d(relaxation.chosen, _least(bound.slack, DIVE_COLUMNS))
        proof: Tree | None = None
        steps, turns, share, refused = A_TURN, 0, DIVE_SHARE, 0
        while not self._is_over() and (most_turns is None or turns < most_turns):
            found = self._dive(columns, likely, share, min(steps, LONGEST_DIVE))
            share = share / 2 if found else share * 2
            while not self._is_over():
                if proof is None or proof.target <= self.lower:
                    proof = self._proof(columns, bound, refused)
                if proof is None:
                    break
                answer = proof.search(steps, self.clock)
                if answer.chosen is not None:
                    self._take(proof.columns, answer.chosen)
                    proof, refused = None, 0
                elif answer.settled:
                    self._prove(proof.target - 1)
                    proof, refused = None, refused + 1
                else:
                    break
            turns += 1
            steps *= 2

    def _proof(self, columns: Columns, bound: Bound, refused: int) -> Tree | None:
        """To settle whether the bound is reached; after some refusals, whether something ever farther below is."""
        target = self.upper - self.step * ((1 << max(0, refused - PATIENCE)) - 1)
        target = max(target, self._better())
        near = np.flatnonzero(bound.most - bound.slack >= target * SCALE)
        return self._tree(columns, near, target) if len(near) <= MOST_IN_TREE else None

    def _dive(self, columns: Columns, which: Array, share: float, steps: int) -> bool:
        """Look for a choice that is at most this share below the bound, and better than what there is."""
        target = max(self._better(), self._down(self.upper - int(self.worth * share)))
        tree = self._tree(columns, which, min(target, self.upper), bold=True)
        answer = tree.search(steps, self.clock)
        if answer.chosen is not None:
            self._take(tree.columns, answer.chosen)
        return answer.chosen is not None

    def _tree(self, columns: Columns, which: Array, target: int, *, bold: bool = False) -> Tree:
        return Tree(columns.take(which), len(self.people) - 1, self.counts, target, bold=bold)

    def _take(self, columns: Columns, chosen: Array) -> None:
        self.best = self.people[columns.seats[:, chosen].T]
        self.lower = int(columns.points[chosen].sum())
        self.upper = max(self.upper, self.lower)
        self._tell(self.best)


def _least(slack: Array, many: int) -> Array:
    """The places of so many columns of least slack."""
    if len(slack) <= many:
        return np.arange(len(slack))
    return np.sort(slack.argpartition(many)[:many])
