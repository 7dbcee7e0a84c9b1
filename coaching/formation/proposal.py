"""From a problem to a checked proposal: by enumeration, by proof, or as good as the time allows."""

import random
from collections import Counter
from collections.abc import Callable

import numpy as np

from coaching.formation.answer import make_result, reasons_to_wait, with_fixed
from coaching.formation.arrays import Array, Arrays
from coaching.formation.bounds import counting_bound
from coaching.formation.check import check_teams, checked, is_behind
from coaching.formation.clock import DEFAULT_SECONDS, Clock
from coaching.formation.columns import how_many
from coaching.formation.exact import MOST_COLUMNS, Exact, cost
from coaching.formation.few import MOST_PEOPLE, best_plan
from coaching.formation.masks import Masks
from coaching.formation.neighborhood import improve
from coaching.formation.problem import Problem, Result
from coaching.formation.reseating import reseat
from coaching.formation.rounding import LAST_COLUMNS, Rounding
from coaching.formation.search import anneal
from coaching.formation.seating import Seating, seat
from coaching.formation.sizes import fewest_waiting, preference, splits

STEPS_A_SECOND = 50_000  # what a slow machine does, to judge what there is time for
ANNEAL_STEPS = 300  # for each person, at most, before rounding and the exact search
MOST_TO_ROUND = 500  # people, for the relaxation over some teams
ANNEAL_SHARE = (
    0.6,
    0.15,
)  # of the time, where there are too many people for the exact search; before rounding
ROUND_UNTIL = 0.4  # of the time: then the teams found so far have to do

Watch = Callable[[Result], None]


def solve(
    problem: Problem,
    *,
    seconds: float | None = None,
    seed: int = 0,
    steps: int | None = None,
    watch: Watch | None = None,
    ago: float = 0.0,
) -> Result:
    """Propose teams; the answer has passed the independent checker.

    `seconds`: wall-clock limit of the search, DEFAULT_SECONDS when neither limit is given; it may end later by
    one solution of a linear program (child.py never does). `steps`: limit in units of work; with `steps` alone
    the same seed gives the same teams on any machine. Neither limits the exact answer for MOST_PEOPLE or fewer,
    which takes a fraction of a second. `watch` is called with what is best so far, checked, each time it or its
    bound is better. `ago`: seconds of the limit that have passed already.
    """
    if seconds is None and steps is None:
        seconds = DEFAULT_SECONDS
    clock = Clock(seconds=seconds, steps=steps, ago=ago)
    fixed = frozenset(one for team in problem.fixed for one in team)
    rest = problem.without(fixed) if fixed else problem

    def tell(result: Result) -> None:
        if watch:
            watch(checked(problem, with_fixed(problem, result)))

    return checked(problem, with_fixed(problem, _solve(rest, clock, seed, tell)))


def _solve(problem: Problem, clock: Clock, seed: int, watch: Watch) -> Result:
    if problem.keep:
        return reseat(problem, clock, watch)
    if len(problem.people) <= MOST_PEOPLE:
        result = _enumerated(problem, clock)
        if is_behind(problem, result):
            return result
    return _Search(problem, clock, seed, watch).run()


def _enumerated(problem: Problem, clock: Clock) -> Result:
    plan = best_plan(problem)
    left_out = reasons_to_wait(problem, plan.waiting, plan.stuck, "leave no split")
    return make_result(
        problem, plan.teams, left_out, bound=None, bound_by="exact", settled=True, seconds=clock.elapsed
    )


def _seats(problem: Problem, seed: int, clock: Clock) -> tuple[Seating, dict[int, str]]:
    """Who sits where at first, and why the others wait: `start`, where it stands and nothing seats more."""
    seating = seat(Masks(problem), random.Random(seed), clock)
    left_out = reasons_to_wait(problem, seating.waiting, seating.stuck, "left no split that was found")
    given = [[problem.index[one] for one in team] for team in problem.start]
    waiting = sorted(set(range(len(problem.people))) - {place for team in given for place in team})
    if not given or check_teams(problem, problem.start, [problem.people[place].id for place in waiting]):
        return seating, left_out
    sizes = problem.sizes
    before = (-len(waiting), preference(map(len, given), sizes))
    if before < (-len(left_out), preference(map(len, seating.teams), sizes)):
        return seating, left_out
    able = len(given) and sum(map(len, given)) + len(waiting) - len(seating.stuck)
    best = next(splits(able - fewest_waiting(able, sizes), sizes))
    settled = not waiting and preference(map(len, given), sizes) == preference(best, sizes)
    why = reasons_to_wait(problem, waiting, [], "left no split that was found", chosen=False)
    return Seating(given, waiting, [], settled), why | {
        place: reason for place, reason in left_out.items() if place in seating.stuck
    }


class _Search:
    """More people than enumeration can take: seats, then better ones, with the bound that is proven so far."""

    def __init__(self, problem: Problem, clock: Clock, seed: int, watch: Watch) -> None:
        self.problem, self.clock, self.watch = problem, clock, watch
        self.rng = np.random.default_rng(abs(seed))
        self.seating, self.left_out = _seats(problem, seed, clock)
        self.arrays = Arrays(problem)
        self.teams = _as_rows(self.seating, self.arrays.nobody)
        self.score = int(self.arrays.score(self.teams).sum())
        self.people = sorted(place for team in self.seating.teams for place in team)
        self.sizes = [len(team) for team in self.seating.teams]
        self.bound = counting_bound(problem, [problem.people[place] for place in self.people], self.sizes)
        self.bound_by = "counting"

    def run(self) -> Result:
        result = self._tell()
        if len(self.teams) > 1 and self.score < self.bound:
            rounding = self._approach()
            if self._can_be_exact():
                self._prove()
            else:
                if rounding:
                    self._round_off(rounding)
                self._improve()
            result = self._result()
        return result

    def _approach(self) -> Rounding | None:
        """Soon something good: the exact search then rules out more, and may not have the time at all."""
        few = (
            how_many(len(self.people), sorted(set(self.sizes))) <= LAST_COLUMNS
        )  # the exact search takes them at once
        rounds = not few and len(self.people) <= MOST_TO_ROUND
        share = ANNEAL_SHARE[rounds or few]
        steps = ANNEAL_STEPS * len(self.people) if rounds or few else 1 << 60
        self._anneal(until=self.clock.progress() + share * (1 - self.clock.progress()), steps=steps)
        if not rounds or self.score >= self.bound or self.clock.progress() >= ROUND_UNTIL:
            return None
        rounding = Rounding(self.arrays, self.teams, self.rng)
        rounding.widen(self.clock, ROUND_UNTIL)
        self._better(rounding.round_off(self.clock))
        return rounding

    def _round_off(self, rounding: Rounding) -> None:
        """Again and again, while there is something to gain by it."""
        while self.score < min(self.bound, rounding.value) and self.clock.progress() < 1:
            self._better(rounding.round_off(self.clock))

    def _can_be_exact(self) -> bool:
        """Whether memory, and the time that is left, allow to look at every team there could be."""
        sizes = sorted(set(self.sizes))
        if how_many(len(self.people), sizes) > MOST_COLUMNS:
            return False
        return cost(len(self.people), sizes) <= self.clock.steps_left(STEPS_A_SECOND)

    def _anneal(self, *, until: float, steps: int = 1 << 60) -> None:
        found = anneal(
            self.arrays,
            self.teams,
            rng=self.rng,
            clock=self.clock,
            until=until,
            goal=self.bound,
            steps=steps,
            report=self._better,
        )
        self._better(found)

    def _prove(self) -> None:
        search = Exact(
            self.arrays,
            self.people,
            Counter(self.sizes),
            clock=self.clock,
            lower=self.score,
            upper=self.bound,
            report=self._proven,
        )
        search.run(self.teams)

    def _proven(self, teams: Array | None, score: int, bound: int) -> None:
        if bound < self.bound:
            self.bound, self.bound_by = bound, "exact" if bound == score else "lp"
        if teams is not None:
            self.teams, self.score = teams, score
        self._tell()

    def _improve(self) -> None:
        improve(
            self.arrays,
            self.teams,
            rng=self.rng,
            clock=self.clock,
            goal=self.bound,
            report=self._better,
        )

    def _better(self, teams: Array | None) -> None:
        if teams is None:
            return
        score = int(self.arrays.score(teams).sum())
        if score > self.score:
            self.teams, self.score = teams.copy(), score
            self._tell()

    def _tell(self) -> Result:
        result = self._result()
        self.watch(result)
        return result

    def _result(self) -> Result:
        nobody = self.arrays.nobody
        teams = [[place for place in team if place != nobody] for team in self.teams.tolist()]
        return make_result(
            self.problem,
            teams,
            self.left_out,
            bound=self.bound,
            bound_by=self.bound_by,
            settled=self.seating.settled,
            seconds=self.clock.elapsed,
        )


def _as_rows(seating: Seating, nobody: int) -> Array:
    """(teams, most seats): places, filled up with nobody."""
    most = max(map(len, seating.teams), default=1)
    rows = np.full((len(seating.teams), most), nobody, dtype=np.intp)
    for row, team in zip(rows, seating.teams, strict=True):
        row[: len(team)] = sorted(team)
    return rows
