"""An independent check of teams: shares nothing with the search but the labelled rules."""

from collections import Counter
from collections.abc import Sequence

from coaching.formation.problem import Id, Problem, Result
from coaching.formation.rules import broken_rules, explain_team
from coaching.formation.sizes import fewest_waiting


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
    return mistakes


def _everybody_once(problem: Problem, teams: Sequence[Sequence[Id]], left_out: Sequence[Id]) -> list[str]:
    places = Counter([one for team in teams for one in team] + list(left_out))  # T9
    mistakes = [f"No person has the id {one!r}." for one in places if one not in problem.index]
    for person in problem.people:
        if places[person.id] == 0:
            mistakes.append(f"{person.name} is neither in a team nor left out.")
        elif places[person.id] > 1:
            mistakes.append(f"{person.name} has {places[person.id]} places.")
    return mistakes
