"""From a problem to a checked proposal: by enumeration, by proof, or as good as the time allows."""

import random
from collections import Counter
from collections.abc import Callable

import numpy as np

from coaching.formation.arrays import Array, Arrays
from coaching.formation.bounds import counting_bound
from coaching.formation.check import check_result
from coaching.formation.clock import Clock
from coaching.formation.exact import MOST_COLUMNS, Exact, cost
from coaching.formation.columns import how_many
from coaching.formation.few import MOST_PEOPLE, best_plan
from coaching.formation.masks import Masks
from coaching.formation.neighborhood import improve
from coaching.formation.problem import Problem, Result
from coaching.formation.rules import broken_rules, explain_team, join_words
from coaching.formation.search import anneal
from coaching.formation.seating import Seating, seat
from coaching.formation.sizes import fewest_waiting

DEFAULT_SECONDS = 2.0
STEPS_A_SECOND = 50_000  # what a slow machine does, to judge what there is time for
ANNEAL_STEPS = 300  # for each person, before the exact search; it finds the best by itself
ANNEAL_SHARE = 0.6  # of the time, where there are too many people for the exact search

Watch = Callable[[Result], None]


class WrongResult(Exception):
    """The checker refused what the search found: a defect of this package, never of the input."""


def solve(
    problem: Problem,
    *,
    seconds: float | None = None,
    seed: int = 0,
    steps: int | None = None,
    watch: Watch | None = None,
) -> Result:
    """Propose teams; the answer has passed the independent checker.

    `seconds`: wall-clock limit of the search, DEFAULT_SECONDS when neither limit is given; it may end later by
    one solution of a linear program (child.py never does). `steps`: limit in units of work; with `steps` alone
    the same seed gives the same teams on any machine. Neither limits the exact answer for MOST_PEOPLE or fewer,
    which takes a fraction of a second. `watch` is called with what is best so far, checked, each time it or its
    bound is better.
    """
    if seconds is None and steps is None:
        seconds = DEFAULT_SECONDS
    clock = Clock(seconds=seconds, steps=steps)
    if len(problem.people) <= MOST_PEOPLE:
        return _checked(problem, _enumerated(problem, clock))
    return _Search(problem, clock, seed, watch).run()


def _checked(problem: Problem, result: Result) -> Result:
    mistakes = check_result(problem, result)
    if mistakes:
        raise WrongResult("\n".join(mistakes))
    return result


def _enumerated(problem: Problem, clock: Clock) -> Result:
    plan = best_plan(problem)
    left_out = _reasons_to_wait(problem, plan.waiting, plan.stuck, "leave no split")
    return _result(problem, plan.teams, left_out, bound=None, bound_by="exact", settled=True, clock=clock)


class _Search:
    """More people than enumeration can take: seats, then better ones, with the bound that is proven so far."""

    def __init__(self, problem: Problem, clock: Clock, seed: int, watch: Watch | None) -> None:
        self.problem, self.clock, self.watch = problem, clock, watch
        self.rng = np.random.default_rng(abs(seed))
        self.seating = seat(Masks(problem), random.Random(seed), clock)
        self.left_out = _reasons_to_wait(
            problem, self.seating.waiting, self.seating.stuck, "left no split that was found"
        )
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
            if self._can_be_exact():
                self._anneal(until=1.0, steps=ANNEAL_STEPS * len(self.people))
                self._prove()
            else:
                self._anneal(until=self.clock.progress() + ANNEAL_SHARE * (1 - self.clock.progress()))
                self._improve()
            result = self._result()
        return result

    def _can_be_exact(self) -> bool:
        """Whether memory, and the time that is left, allow to look at every team there could be."""
        sizes = sorted(set(self.sizes))
        if how_many(len(self.people), sizes) > MOST_COLUMNS:
            return False
        needed = cost(len(self.people), sizes) + ANNEAL_STEPS * len(self.people)
        return needed <= self.clock.steps_left(STEPS_A_SECOND)

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

    def _better(self, teams: Array) -> None:
        score = int(self.arrays.score(teams).sum())
        if score > self.score:
            self.teams, self.score = teams.copy(), score
            self._tell()

    def _tell(self) -> Result:
        """Checked before anybody sees it."""
        result = self._result()
        if self.watch:
            self.watch(result)
        return result

    def _result(self) -> Result:
        nobody = self.arrays.nobody
        teams = [[place for place in team if place != nobody] for team in self.teams.tolist()]
        result = _result(
            self.problem,
            teams,
            self.left_out,
            bound=self.bound,
            bound_by=self.bound_by,
            settled=self.seating.settled,
            clock=self.clock,
        )
        return _checked(self.problem, result)


def _as_rows(seating: Seating, nobody: int) -> Array:
    """(teams, most seats): places, filled up with nobody."""
    most = max(map(len, seating.teams), default=0)
    rows = np.full((len(seating.teams), most), nobody, dtype=np.intp)
    for row, team in zip(rows, seating.teams, strict=True):
        row[: len(team)] = sorted(team)
    return rows


def _result(
    problem: Problem,
    teams: list[list[int]],
    left_out: dict[int, str],
    *,
    bound: int | None,
    bound_by: str,
    settled: bool,
    clock: Clock,
) -> Result:
    """`bound` None: the score is proven by enumeration."""
    places = sorted(sorted(team) for team in teams)
    ids = tuple(tuple(problem.people[place].id for place in team) for team in places)
    reasons = tuple(tuple(explain_team(problem, team)) for team in ids)
    score = sum(finding.points for team in reasons for finding in team)
    proven = bound is None or (settled and score == bound)
    status = "optimal" if proven else "feasible"
    if problem.people and not teams:
        status = "infeasible"
    return Result(
        teams=ids,
        left_out=tuple((problem.people[place].id, left_out[place]) for place in sorted(left_out)),
        score=score,
        bound=score if bound is None else bound,
        status=status,
        bound_by=bound_by,
        seconds=round(clock.elapsed, 3),
        reasons=reasons,
    )


def _reasons_to_wait(problem: Problem, waiting: list[int], stuck: list[int], found: str) -> dict[int, str]:
    """For each place left out, why; `found` says how sure it is that the hard rules are the cause."""
    able = len(problem.people) - len(stuck)
    if len(waiting) == fewest_waiting(able, problem.sizes):
        people = f"{'1 person' if able == 1 else f'{able} people'}{' who can be placed' if stuck else ''}"
        sizes = join_words(problem.sizes, "or")
        why = f"{people} cannot be split into teams of {sizes}: {len(waiting)} must wait."  # T1
    else:
        why = f"The hard rules {found} with fewer than {len(waiting)} waiting."
    why += " The last in the list who could wait were chosen; the branch office can choose otherwise."
    return {place: _why_stuck(problem, place) for place in stuck} | dict.fromkeys(waiting, why)


def _why_stuck(problem: Problem, place: int) -> str:
    """For somebody whom no team at all can take."""
    person = problem.people[place]
    if person.slots == ():
        return f"{person.name} has given no time to meet."
    group = problem.pinned.get(person.id, (person.id,))
    if any(finding.label == "meet" for finding in broken_rules(problem, group)):
        names = join_words([problem.people[problem.index[one]].name for one in group])
        return f"{names} are kept together, but there is no time when all of them can meet."
    why = f"No team of {join_words(problem.sizes, 'or')} with {person.name} keeps the hard rules: "
    if any(each.slots is not None for each in problem.people):
        return f"{why}too few people share a time with them and are not kept apart."
    rivals = [each.name for each in problem.people if each.id in problem.rivals.get(person.id, ())]
    if rivals:
        return f"{why}they are kept apart from {join_words(rivals)}."
    return f"{why}too many of the others are kept apart from each other."
