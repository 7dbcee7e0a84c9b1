"""From places to a result that explains itself: ids, points, what every rule says, why who waits."""

from collections.abc import Sequence
from dataclasses import replace

from coaching.formation.problem import Id, Problem, Result
from coaching.formation.rules import broken_rules, explain_team, join_words
from coaching.formation.sizes import fewest_waiting


def make_result(
    problem: Problem,
    teams: list[list[int]],
    left_out: dict[int, str],
    *,
    bound: int | None,
    bound_by: str,
    settled: bool,
    seconds: float,
    asked: int | None = None,
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
        seconds=round(seconds, 3),
        reasons=reasons,
        asked=asked,
    )


def with_fixed(problem: Problem, result: Result) -> Result:
    """The result of the others, and the fixed teams with it."""
    if not problem.fixed:
        return result
    teams = sorted([*result.teams, *problem.fixed], key=lambda team: problem.index[team[0]])
    reasons = tuple(tuple(explain_team(problem, team)) for team in teams)
    score = sum(finding.points for team in reasons for finding in team)
    return replace(
        result,
        teams=tuple(teams),
        score=score,
        bound=result.bound + score - result.score,
        status="feasible" if result.status == "infeasible" else result.status,
        reasons=reasons,
        asked=asked_again(problem, teams) if problem.keep else None,
    )


def asked_again(problem: Problem, teams: Sequence[Sequence[Id]]) -> int:
    """How many people are in a team that is none of the present ones: all of them are asked (T4)."""
    present = {frozenset(team) for team in problem.keep}
    return sum(len(team) for team in teams if frozenset(team) not in present)


def reasons_to_wait(
    problem: Problem, waiting: list[int], stuck: list[int], found: str, *, chosen: bool = True
) -> dict[int, str]:
    """For each place left out, why; `found` says how sure it is that the hard rules are the cause.

    `chosen`: who waits was chosen here.
    """
    if len(problem.people) < min(problem.sizes):  # T1: no rule about anybody is to blame
        waiting, stuck = [*waiting, *stuck], []
    able = len(problem.people) - len(stuck)
    if len(waiting) == fewest_waiting(able, problem.sizes):
        people = f"{'1 person' if able == 1 else f'{able} people'}{' who can be placed' if stuck else ''}"
        sizes = join_words(problem.sizes, "or")
        why = f"{people} cannot be split into teams of {sizes}: {len(waiting)} must wait."  # T1
    else:
        why = f"The hard rules {found} with fewer than {len(waiting)} waiting."
    if chosen and len(waiting) < able:
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
