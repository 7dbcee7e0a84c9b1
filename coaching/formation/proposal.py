"""From a problem to a checked proposal: exact for a handful of people, annealing for more."""

import random

from coaching.formation.bounds import counting_bound
from coaching.formation.check import check_result
from coaching.formation.clock import Clock
from coaching.formation.exact import MOST_PEOPLE, best_plan
from coaching.formation.masks import Masks
from coaching.formation.problem import Problem, Result
from coaching.formation.rules import broken_rules, explain_team, join_words
from coaching.formation.search import anneal
from coaching.formation.seating import seat
from coaching.formation.sizes import fewest_waiting

DEFAULT_SECONDS = 2.0


class WrongResult(Exception):
    """The checker refused what the search found: a defect of this package, never of the input."""


def solve(
    problem: Problem, *, seconds: float | None = None, seed: int = 0, steps: int | None = None
) -> Result:
    """Propose teams; the answer has passed the independent checker.

    `seconds`: wall-clock limit of the search, DEFAULT_SECONDS when neither limit is given. `steps`: limit in
    moves tried; with `steps` alone the same seed gives the same teams on any machine. Neither limits the exact
    answer for MOST_PEOPLE or fewer, which takes a fraction of a second.
    """
    if seconds is None and steps is None:
        seconds = DEFAULT_SECONDS
    clock = Clock(seconds=seconds, steps=steps)
    if len(problem.people) <= MOST_PEOPLE:
        result = _exact(problem, clock)
    else:
        result = _searched(problem, clock, random.Random(seed))
    mistakes = check_result(problem, result)
    if mistakes:
        raise WrongResult("\n".join(mistakes))
    return result


def _exact(problem: Problem, clock: Clock) -> Result:
    plan = best_plan(problem)
    left_out = _reasons_to_wait(problem, plan.waiting, plan.stuck, "leave no split")
    return _result(problem, plan.teams, left_out, bound=None, settled=True, clock=clock)


def _searched(problem: Problem, clock: Clock, rng: random.Random) -> Result:
    masks = Masks(problem)
    seating = seat(masks, rng, clock)
    people = [problem.people[place] for team in seating.teams for place in team]
    bound = counting_bound(problem, people, [len(team) for team in seating.teams])
    teams = anneal(masks, seating.teams, rng=rng, clock=clock, goal=bound)
    left_out = _reasons_to_wait(problem, seating.waiting, seating.stuck, "left no split that was found")
    return _result(problem, teams, left_out, bound=bound, settled=seating.settled, clock=clock)


def _result(
    problem: Problem,
    teams: list[list[int]],
    left_out: dict[int, str],
    *,
    bound: int | None,
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
        bound_by="exact" if bound is None else "counting",
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
