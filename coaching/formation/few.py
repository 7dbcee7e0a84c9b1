"""The proven best for a handful of people: every feasible team, then the best cover of everybody by them.

Fewest people waiting first; among those, the last in the list wait; then the preferred sizes; then the score.
"""

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import NamedTuple

from coaching.formation.problem import Problem
from coaching.formation.rules import broken_rules, score_team

MOST_PEOPLE = 12  # 4,096 groups of people: well under a second


class Plan(NamedTuple):
    """People as places in `problem.people`."""

    teams: list[list[int]]
    waiting: list[int]  # they could be in a team, but not all of them
    stuck: list[int]  # no team at all is possible for them


Worth = tuple[int, ...]  # minus the teams of each size, smallest first, then the score: larger is better


def best_plan(problem: Problem) -> Plan:
    """The best plan there is. For at most MOST_PEOPLE people."""
    number = len(problem.people)
    teams_of = _feasible_teams(problem)

    @cache
    def cover(group: int) -> tuple[Worth, tuple[int, ...]] | None:
        """The best teams that hold exactly this group (bit i: person i); None if there are none."""
        if not group:
            return (0,) * (len(problem.sizes) + 1), ()
        best = None
        for team, worth in teams_of[(group & -group).bit_length() - 1]:
            rest = cover(group & ~team) if team & ~group == 0 else None
            if rest is None:
                continue
            total = tuple(a + b for a, b in zip(worth, rest[0], strict=True))
            if best is None or total > best[0]:
                best = total, (team, *rest[1])
        return best

    for waiting in _waiting_first(number):
        found = cover((1 << number) - 1 - sum(1 << place for place in waiting))
        if found is not None:
            able = {place for teams in teams_of for team, _ in teams for place in _places(team)}
            stuck = [place for place in range(number) if place not in able]
            return Plan([_places(team) for team in found[1]], sorted(set(waiting) & able), stuck)
    raise AssertionError("with everybody waiting, nothing is left to cover")


def _waiting_first(number: int) -> Iterator[tuple[int, ...]]:
    """Who could wait: fewest first, among those the last in the list first."""
    for many in range(number + 1):
        yield from combinations(range(number - 1, -1, -1), many)


def _feasible_teams(problem: Problem) -> list[list[tuple[int, Worth]]]:
    """All teams that break no hard rule, filed under their first member."""
    found: list[list[tuple[int, Worth]]] = [[] for _ in problem.people]
    for size in problem.sizes:
        for places in combinations(range(len(problem.people)), size):
            ids = [problem.people[place].id for place in places]
            if broken_rules(problem, ids):
                continue
            sizes = tuple(-(size == other) for other in problem.sizes)
            found[places[0]].append((sum(1 << place for place in places), (*sizes, score_team(problem, ids))))
    return found


def _places(group: int) -> list[int]:
    return [place for place in range(group.bit_length()) if group >> place & 1]
