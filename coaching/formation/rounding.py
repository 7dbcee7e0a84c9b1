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
LAST_NODES = 200
MORE = 3_000  # teams added at once
AT_ONCE = 120_000  # teams scored at once
ROUNDS = (60, 4)  # of looking for more teams: at first, and after some are settled
SETTLED, MORE_THAN_HALF = 0.8, 0.51  # teams taken by so much are settled; late, by so much


def round_off(arrays: Arrays, teams: Array, *, clock: Clock, until: float) -> Array | None:
    """Teams of the same people and sizes, perhaps better; None where the time, `until`, was too short.

    `teams`: rows of places, filled up with nobody, that keep all hard rules.
    """
    sizes = Counter((teams != arrays.nobody).sum(axis=1).tolist())
    people = np.sort(teams[teams != arrays.nobody])
    pool, settled = np.sort(teams, axis=1), [teams[:0]]
    rounds = ROUNDS[0]
    while how_many(len(people), list(sizes)) > LAST_COLUMNS:
        stage = _Stage(arrays, people, sizes, pool)
        while rounds and clock.progress() < until and stage.widen(clock):
            rounds -= 1
        if clock.progress() >= 1:
            return None
        rounds = ROUNDS[1]
        whole = stage.nearly_whole(SETTLED if clock.progress() < until else MORE_THAN_HALF)
        settled.append(whole)
        pool = stage.pool
        gone = whole[whole != arrays.nobody]
        people = np.setdiff1d(people, gone)
        sizes -= Counter((whole != arrays.nobody).sum(axis=1).tolist())
        pool = pool[~np.isin(pool, gone).any(axis=1)]
    none = -(1 << 40)
    search = Exact(
        arrays, people.tolist(), sizes, clock=clock, lower=none, upper=-none, worth=40 * len(people)
    )
    last = search.run(np.zeros((0, 1), dtype=np.intp), most_nodes=LAST_NODES).teams
    if last is None:
        return None
    filled = np.full((len(last), teams.shape[1]), arrays.nobody, dtype=np.intp)
    filled[:, : last.shape[1]] = last
    return np.concatenate([*settled, filled])


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

    def nearly_whole(self, least: float) -> Array:
        """Teams that the solution takes by so much (two above a half share nobody), or else the one it takes most of."""
        weight = self.relaxation.weights()
        chosen = self.relaxation.chosen
        whole = chosen[weight >= least]
        return self.pool[whole if len(whole) else chosen[[int(weight.argmax())]]]
