"""Seeded simulated annealing over whole arrays: all teams are paired at random, and each pair exchanges somebody.

For every pair, all exchanges of one for one are weighed at once, and one of them, or none, is drawn with the
odds of its gain at the present heat. An empty seat is exchanged like a person where two sizes change places.
With few teams, many chains run side by side.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coaching.formation.arrays import Array, Arrays
from coaching.formation.clock import Clock

Floats = NDArray[np.floating]
PAIRS_AT_ONCE = 160  # enough to hide what each NumPy call costs by itself
MOST_CHAINS = 48
HOT, COLD = 0.06, 0.02  # shares of the dearest single loss, tuned on 100 to 1,000 people
REPORT_EVERY = 0.1  # of the run
NOISE = 1 << 18  # random numbers made in advance and read from random places


def anneal(
    arrays: Arrays,
    teams: Array,
    *,
    rng: np.random.Generator,
    clock: Clock,
    until: float,
    goal: int,
    steps: int = 1 << 60,
    report: Callable[[Array], None] | None = None,
) -> Array:
    """Better teams of the same people and sizes: (teams, seats), filled up with nobody.

    Until the clock's progress is `until`, the score is `goal`, or so many `steps` (pairs looked at) are done.
    `teams` must break no hard rule; neither will the answer. `report` gets the best now and then. The same seed
    and steps give the same teams.
    """
    chains = _Chains(arrays, teams, rng)
    if len(teams) > 1:
        chains.run(clock, until, goal, steps, report)
    return chains.best


class _Chains:
    def __init__(self, arrays: Arrays, teams: Array, rng: np.random.Generator) -> None:
        self.arrays, self.rng = arrays, rng
        pairs = max(1, len(teams) // 2)
        self.many = max(1, min(MOST_CHAINS, PAIRS_AT_ONCE // pairs))
        self.teams = np.repeat(teams[None].astype(np.intp), self.many, axis=0)  # (chains, teams, seats)
        self.worth = np.repeat(arrays.score(teams)[None].astype(np.int64), self.many, axis=0)
        self.best, self.best_score = teams.copy(), int(self.worth[0].sum())
        self.noise = rng.gumbel(size=NOISE)
        weights = arrays.problem.weights
        scale = max(weights.classification, weights.division, weights.competency, 4 * weights.slots, 1)
        self.hot, self.cold = HOT * scale, COLD * scale

    def run(
        self, clock: Clock, until: float, goal: int, steps: int, report: Callable[[Array], None] | None
    ) -> None:
        begun, spent, told = clock.progress(), clock.spent, 0.0
        while self.best_score < goal:
            done = (clock.progress() - begun) / max(until - begun, 1e-9)
            done = max(done, (clock.spent - spent) / steps)
            if done >= 1 or clock.progress() >= until:
                break
            self.step(self.hot * (self.cold / self.hot) ** done)
            clock.spend(self.many * (self.teams.shape[1] // 2))
            if report and done >= told + REPORT_EVERY:
                told = done
                report(self.best)
            totals = self.worth.sum(axis=1)
            leader = int(totals.argmax())
            if totals[leader] > self.best_score:
                self.best, self.best_score = self.teams[leader].copy(), int(totals[leader])

    def step(self, heat: float) -> None:
        """Pair all teams of each chain, draw one exchange a pair, and carry it out."""
        chains, many, seats = self.teams.shape
        order = self.rng.random((chains, many)).argsort(axis=1)
        half = many // 2
        row = np.repeat(np.arange(chains), half)
        one, other = order[:, :half].ravel(), order[:, half : 2 * half].ravel()
        left, right = self.teams[row, one], self.teams[row, other]  # (pairs, seats)
        after_left, after_right = _exchanged(self.arrays, left, right)
        after_right = after_right.transpose(0, 2, 1)
        before = self.worth[row, one] + self.worth[row, other]
        gain = (after_left + after_right - before[:, None, None]).reshape(len(row), -1)
        choice, moves = self._draw(gain, self._allowed(left, right), heat)
        i, j = choice // seats, choice % seats
        pairs = np.flatnonzero(moves)
        if self.arrays.has_rivals:
            pairs = pairs[~self._clash(left[pairs], right[pairs], i[pairs], j[pairs])]
        i, j, row, one, other = i[pairs], j[pairs], row[pairs], one[pairs], other[pairs]
        self.teams[row, one, i], self.teams[row, other, j] = right[pairs, j], left[pairs, i]
        self.worth[row, one] = after_left[pairs, i, j]
        self.worth[row, other] = after_right[pairs, i, j]

    def _allowed(self, left: Array, right: Array) -> NDArray[np.bool_]:
        """(pairs, seats * seats): pins stay; an empty seat moves only where the two sizes change places."""
        nobody = self.arrays.nobody
        empty_left, empty_right = left == nobody, right == nobody
        stays = self.arrays.pin
        free = (stays[left] == 0)[:, :, None] & (stays[right] == 0)[:, None, :]
        if empty_left.any() or empty_right.any():
            shift = empty_left[:, :, None].astype(np.intp) - empty_right[:, None, :]  # how the left one grows
            longer = empty_right.sum(axis=1) - empty_left.sum(axis=1)  # left minus right, in people
            swaps = shift == -longer[:, None, None]
            free &= np.where(shift == 0, ~empty_left[:, :, None], swaps)
        return free.reshape(len(left), -1)

    def _draw(self, gain: Array, allowed: NDArray[np.bool_], heat: float) -> tuple[Array, NDArray[np.bool_]]:
        """Which exchange, and whether one at all: odds exp(gain / heat) against 1 for none."""
        size = gain.size + len(gain)
        begin = int(self.rng.integers(0, max(1, NOISE - size)))
        noise = self.noise[begin : begin + size]
        if len(noise) < size:
            noise = self.rng.gumbel(size=size)
        odds = np.where(allowed, gain / heat, -np.inf) + noise[: gain.size].reshape(gain.shape)
        choice = odds.argmax(axis=1)
        return choice, odds[np.arange(len(gain)), choice] > noise[gain.size :]

    def _clash(self, left: Array, right: Array, i: Array, j: Array) -> NDArray[np.bool_]:
        """Where the newcomer on either side is kept apart from one who stays (T8)."""
        rival, shuns, rows = self.arrays.rival, self.arrays.shuns, np.arange(len(left))
        clash = np.zeros(len(left), dtype=bool)
        for stay, goes, comes in ((left, i, right[rows, j]), (right, j, left[rows, i])):
            meets = shuns[rival[stay], rival[comes][:, None]]
            meets[rows, goes] = False
            clash |= meets.any(axis=1)
        return clash


def _exchanged(arrays: Arrays, left: Array, right: Array) -> tuple[Array, Array]:
    """Points of either team after each exchange: (pairs, own seat given up, other's seat taken)."""
    stay = np.concatenate([left, right])
    comes = np.concatenate([right, left])
    pairs, seats = stay.shape
    union = [_all_but_one(word[stay], np.bitwise_or, 0) for word in arrays.holds]
    common = [_all_but_one(word[stay], np.bitwise_and, ~word.dtype.type(0)) for word in arrays.free]
    union = [
        rest[:, :, None] | word[comes][:, None, :] for rest, word in zip(union, arrays.holds, strict=True)
    ]
    common = [
        rest[:, :, None] & word[comes][:, None, :] for rest, word in zip(common, arrays.free, strict=True)
    ]
    members = np.broadcast_to(stay.T[:, :, None, None], (seats, pairs, seats, seats)).copy()
    for seat in range(seats):
        members[seat, :, seat, :] = comes
    size = (stay != arrays.nobody).sum(axis=1)[:, None, None] - (stay != arrays.nobody)[:, :, None]
    size = size + (comes != arrays.nobody)[:, None, :]
    points = arrays.points(list(members), union, common, size)
    half = pairs // 2
    return points[:half], points[half:]


def _all_but_one(word: Array, join: np.ufunc, empty: int) -> Array:
    """(teams, seats): what the others of the team bring together."""
    seats = word.shape[1]
    rest = np.empty_like(word)
    for seat in range(seats):
        others = [word[:, each] for each in range(seats) if each != seat]
        rest[:, seat] = join.reduce(others) if others else empty
    return rest
