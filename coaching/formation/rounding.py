"""Good teams for more people than the exact search takes: the relaxation over some teams, rounded step by step.

Teams are found near those that the relaxation uses: one member exchanged for anybody. Then those it takes nearly
whole are settled, the relaxation is solved for the people left, and so on; the exact search seats the last of
them. Nothing is proven here.
"""

from collections import Counter

import numpy as np

from coaching.formation.arrays import FORBIDDEN, Array, Arrays
from coaching.formation.clock import Clock
from coaching.formation.columns import Columns, how_many
from coaching.formation.exact import Exact
from coaching.formation.relaxation import EPSILON, SCALE, Relaxation

LAST_COLUMNS = 200_000  # of the last people, for the exact search: 47 in teams of four
LAST_TURNS = 3
MORE = 3_000  # teams added at once
AT_ONCE = 120_000  # teams scored at once
ROUNDS_AFTER = 4  # of looking for more teams, after some are settled
SETTLED = 0.8  # teams taken by so much are settled; after the first time, by a random share above a half
MORE_THAN_HALF = 0.51
HURRY = 0.6  # of the time: from then on only what is quick
AT_LEAST = 1 / 8  # of the teams are settled each time, if more than a half of them is taken
LIKELY = 2_500  # teams kept after some are settled
CHOICE = 4  # where none is taken by so much: one of so many


class Rounding:
    """`teams`: rows of places, filled up with nobody, that keep all hard rules: what to begin with."""

    def __init__(self, arrays: Arrays, teams: Array, rng: np.random.Generator) -> None:
        self.arrays, self.rng = arrays, rng
        self.seats = teams.shape[1]
        self.sizes = Counter((teams != arrays.nobody).sum(axis=1).tolist())
        people = np.sort(teams[teams != arrays.nobody])
        self.first = _Stage(arrays, people, self.sizes, np.sort(teams, axis=1))
        self.passes = 0

    @property
    def value(self) -> int:
        """What rounding can hardly exceed; no bound, as not all teams are looked at."""
        return int(self.first.relaxation.value + EPSILON)

    def widen(self, clock: Clock, until: float) -> None:
        """Look for teams until none helps, or the clock's progress is `until`."""
        while clock.progress() < until and self.first.widen(clock):
            pass

    def round_off(self, clock: Clock) -> Array | None:
        """Teams of the same people and sizes, other ones each time; None where the clock ended before."""
        least = SETTLED if self.passes == 0 else float(self.rng.uniform(MORE_THAN_HALF, 0.99))
        self.passes += 1
        stage, sizes, settled = self.first, self.sizes.copy(), []
        while how_many(len(stage.people), list(sizes)) > LAST_COLUMNS:
            whole = stage.nearly_whole(least, self.rng if self.passes > 1 else None)
            settled.append(whole)
            gone = whole[whole != self.arrays.nobody]
            sizes -= Counter((whole != self.arrays.nobody).sum(axis=1).tolist())
            people = np.setdiff1d(stage.people, gone)
            if not len(people):
                return np.concatenate(settled)
            pool = stage.likely()
            pool = pool[~np.isin(pool, gone).any(axis=1)]
            stage = _Stage(self.arrays, people, sizes, pool)
            clock.spend(stage.relaxation.spent)
            for _ in range(1 if clock.progress() >= HURRY else ROUNDS_AFTER):
                if clock.progress() >= 1 or not stage.widen(clock):
                    break
            if clock.progress() >= 1:
                return None
        last = self._seat(stage.people, sizes, clock)
        return None if last is None else np.concatenate([*settled, last])

    def _seat(self, people: Array, sizes: Counter[int], clock: Clock) -> Array | None:
        none = -(1 << 40)
        search = Exact(
            self.arrays,
            people.tolist(),
            sizes,
            clock=clock,
            lower=none,
            upper=-none,
            worth=40 * len(people),
        )
        found = search.run(np.zeros((0, 1), dtype=np.intp), most_turns=LAST_TURNS).teams
        if found is None:
            return None
        rows = np.full((len(found), self.seats), self.arrays.nobody, dtype=np.intp)
        rows[:, : found.shape[1]] = found
        return rows


class _Stage:
    """The relaxation for the people who are left; `pool`: its columns as rows of places, in the same order."""

    def __init__(self, arrays: Arrays, people: Array, sizes: Counter[int], pool: Array) -> None:
        self.arrays, self.people = arrays, people
        many = (pool != arrays.nobody).sum(axis=1)
        self.pool = pool[np.isin(many, list(sizes))]
        self.relaxation = Relaxation(self._columns(self.pool), len(people), sizes)
        self.prices = np.zeros(arrays.nobody + 1, dtype=np.int64)
        self._solve()

    def _columns(self, rows: Array) -> Columns:
        seats = np.where(rows == self.arrays.nobody, len(self.people), np.searchsorted(self.people, rows))
        size = (rows != self.arrays.nobody).sum(axis=1)
        return Columns(seats.T.astype(np.int32), self.arrays.score(rows), size)

    def _solve(self) -> None:
        self.relaxation.improve(np.arange(len(self.pool)))
        prices, self.by_size = self.relaxation.solve()
        self.prices[self.people] = prices[:-1]

    def widen(self, clock: Clock) -> bool:
        """Add teams near those in use that help; whether there were any."""
        spent = self.relaxation.spent
        weight = self.relaxation.weights()
        used = self.pool[self.relaxation.chosen[weight > EPSILON]]
        found = [self._near(used, seat, clock) for seat in range(used.shape[1])]
        rows = np.concatenate([rows for rows, _ in found])
        gain = np.concatenate([gain for _, gain in found])
        rows = rows[np.argsort(-gain, kind="stable")[:MORE]]
        rows = np.unique(rows, axis=0)
        if not len(rows):
            return False
        self.pool = np.concatenate([self.pool, rows])
        self.relaxation.extend(self._columns(rows))
        self._solve()
        clock.spend(self.relaxation.spent - spent)
        return True

    def _near(self, used: Array, seat: int, clock: Clock) -> tuple[Array, Array]:
        """Teams with one seat given to anybody that would help, and by how much."""
        used = used[used[:, seat] != self.arrays.nobody]
        parts = [(used[:0], np.zeros(0, dtype=np.int64))]
        step = max(1, AT_ONCE // len(self.people))
        for begin in range(0, len(used), step):
            some = used[begin : begin + step]
            rows = np.repeat(some, len(self.people), axis=0)
            rows[:, seat] = np.tile(self.people, len(some))
            again = np.repeat(some, len(self.people), axis=0) == rows[:, seat][:, None]
            rows = np.sort(rows[~again.any(axis=1)], axis=1)
            points = self.arrays.score(rows)
            size = (rows != self.arrays.nobody).sum(axis=1)
            gain = points.astype(np.int64) * SCALE - self.prices[rows].sum(axis=1) - self.by_size[size]
            helps = (points != FORBIDDEN) & (gain > SCALE // 100)
            parts.append((rows[helps], gain[helps]))
            clock.spend(len(rows) // 40)
        return np.concatenate([rows for rows, _ in parts]), np.concatenate([gain for _, gain in parts])

    def likely(self) -> Array:
        """Teams that lose least at the present prices."""
        prices = np.append(self.prices[self.people], 0)
        reduced = self.relaxation.reduced(prices)
        slack = self.relaxation.bound(prices, reduced).slack
        return self.pool[np.argsort(slack, kind="stable")[:LIKELY]]

    def nearly_whole(self, least: float, rng: np.random.Generator | None) -> Array:
        """Teams that the solution takes by so much (two above a half share nobody), or else one it takes most of."""
        weight = self.relaxation.weights()
        order = np.argsort(-weight, kind="stable")
        enough = -(-sum(self.relaxation.counts.values()) * AT_LEAST // 1)
        many = max(int((weight >= least).sum()), min(int(enough), int((weight >= MORE_THAN_HALF).sum())))
        if many:
            best = order[:many]
        else:
            best = order[[int(rng.integers(min(CHOICE, len(order)))) if rng else 0]]
        return self.pool[self.relaxation.chosen[best]]
