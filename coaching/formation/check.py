"""An independent check of teams: shares nothing with the search but the labelled rules."""

from collections import Counter
from collections.abc import Sequence

from coaching.formation.problem import Id, Problem, Result
from coaching.formation.rules import broken_rules, explain_team, score_team
from coaching.formation.sizes import fewest_waiting, preference


class WrongResult(Exception):
    """The checker refused what the search found: a defect of this package, never of the input."""


def checked(problem: Problem, result: Result) -> Result:
    """The result, if nothing is wrong with it. Raises WrongResult."""
    mistakes = check_result(problem, result)
    if mistakes:
        raise WrongResult("\n".join(mistakes))
    return result


def check_teams(problem: Problem, teams: Sequence[Sequence[Id]], left_out: Sequence[Id]) -> list[str]:
    """What is wrong, one line each; empty when everybody has one place and every hard rule holds."""
    mistakes = _everybody_once(problem, teams, left_out)
    for number, team in enumerate(teams, start=1):
        known = [one for one in dict.fromkeys(team) if one in problem.index]
        for finding in broken_rules(problem, known):
            mistakes.append(f"Team {number}: {finding.title} ({finding.label}): {finding.words}")
    return mistakes


def check_result(problem: Problem, result: Result) -> list[str]:
    """`check_teams`, and that score, bound, status and reasons of a proposal are what they claim."""
    mistakes = check_teams(problem, result.teams, [one for one, _ in result.left_out])
    mistakes += [f"{one!r} is left out without a reason." for one, reason in result.left_out if not reason]
    if mistakes:
        return mistakes
    reasons = tuple(tuple(explain_team(problem, team)) for team in result.teams)
    if reasons != result.reasons:
        mistakes.append("The reasons are not those of the teams.")
    score = sum(finding.points for team in reasons for finding in team)
    if score != result.score:
        mistakes.append(f"The score is {score}, not {result.score}.")
    if result.score > result.bound:
        mistakes.append(f"The score {result.score} is above the bound {result.bound}.")
    if result.status == "optimal" and result.score != result.bound:
        mistakes.append(f"Called optimal, but the score {result.score} is not the bound {result.bound}.")
    if (result.status == "infeasible") != bool(problem.people and not result.teams):
        mistakes.append(f"The status is {result.status} with {len(result.teams)} teams.")
    if len(result.left_out) < fewest_waiting(len(problem.people), problem.sizes):
        mistakes.append("Fewer people wait than the sizes allow.")
    return mistakes + _as_asked_for(problem, result)


def _as_asked_for(problem: Problem, result: Result) -> list[str]:
    """What the problem says of whole teams: `fixed`, `keep`, `start`."""
    teams = {frozenset(team) for team in result.teams}
    mistakes = [
        f"The fixed team {list(team)} is none." for team in problem.fixed if frozenset(team) not in teams
    ]
    present = {frozenset(team) for team in problem.keep}
    asked = sum(len(team) for team in teams - present) if present else None
    if asked != result.asked:
        mistakes.append(f"{asked} people are asked, not {result.asked}.")
    if problem.start and not present and not is_behind(problem, result):
        mistakes.append("It is worse than the teams to begin with.")
    return mistakes


def is_behind(problem: Problem, result: Result) -> bool:
    """Whether `start` is no better than the result, or cannot stand."""
    waiting = set(problem.index) - {one for team in problem.start for one in team}
    if check_teams(problem, problem.start, list(waiting)):
        return True
    score = sum(score_team(problem, team) for team in problem.start)
    before = (-len(waiting), preference(map(len, problem.start), problem.sizes), score)
    after = (-len(result.left_out), preference(map(len, result.teams), problem.sizes), result.score)
    return after >= before


def _everybody_once(problem: Problem, teams: Sequence[Sequence[Id]], left_out: Sequence[Id]) -> list[str]:
    places = Counter([one for team in teams for one in team] + list(left_out))  # T9
    mistakes = [f"No person has the id {one!r}." for one in places if one not in problem.index]
    for person in problem.people:
        if places[person.id] == 0:
            mistakes.append(f"{person.name} is neither in a team nor left out.")
        elif places[person.id] > 1:
            mistakes.append(f"{person.name} has {places[person.id]} places.")
    return mistakes
