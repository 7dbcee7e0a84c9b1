"""A rigorous upper bound on the score, by counting. Milliseconds at any size.

It drops the hard rules (kept apart, kept together, a time for all), which can only let scores rise, and
bounds each soft rule by itself; the best of a sum is never more than the sum of the bests.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from coaching.formation.problem import Id, Person, Problem
from coaching.formation.rules import ENOUGH_SLOTS


def counting_bound(problem: Problem, people: Sequence[Person], team_sizes: Sequence[int]) -> int:
    """No way to put exactly these people into teams of exactly these sizes scores more."""
    if not team_sizes:
        return 0
    weights = problem.weights
    return (
        weights.classification * _most_variety(Counter(one.classification for one in people), team_sizes)
        + weights.division * _most_variety(Counter(one.division for one in people), team_sizes)
        + _tracks(weights.track, Counter(one.track for one in people), team_sizes)
        + _competencies(weights.competency, people, team_sizes)
        + weights.slots * _slots(people)
    )


def _most_variety(holders: Counter[Id | None], team_sizes: Sequence[int]) -> int:
    """Different values, added over the teams.

    A value counts once a team, so at most min(its holders, teams) times; and a team of k people shows at most
    min(k, values there are) of them. Both hold, so does the smaller.
    """
    known = {value: many for value, many in holders.items() if value is not None}
    by_value = sum(min(many, len(team_sizes)) for many in known.values())
    by_team = sum(min(size, len(known)) for size in team_sizes)
    return min(by_value, by_team)


def _least_variety(holders: Counter[Id | None], team_sizes: Sequence[int]) -> int:
    """The fewest different values, added over the teams.

    The holders of a value need at least holders / largest team teams; and a team shows no value at all only
    if all its members are unknown.
    """
    known = {value: many for value, many in holders.items() if value is not None}
    by_value = sum(-(-many // max(team_sizes)) for many in known.values())
    unknown, teams_without = holders[None], 0
    for size in sorted(team_sizes):
        if size > unknown:
            break
        unknown -= size
        teams_without += 1
    return max(by_value, len(team_sizes) - teams_without)


def _tracks(weight: int, holders: Counter[Id | None], team_sizes: Sequence[int]) -> int:
    """Points for each different track; a negative weight is paid at least for the least variety (T3)."""
    least_or_most = _most_variety if weight >= 0 else _least_variety
    return weight * least_or_most(holders, team_sizes)


def _competencies(weight: int, people: Sequence[Person], team_sizes: Sequence[int]) -> int:
    """Grow items that a teammate can cover, at their full worth before rounding down.

    Nobody grows and glows in the same competency (A6, parsing.py), so a holder of a glow uses up a seat and
    covers at most the k-1 others of the team. However its holders are spread, they sit in at most that many
    teams: the items covered are at most the sum of k-1 over that many of the largest teams, and at most its
    growers. An item of a person with m grow competencies is worth weight/m before rounding down: take the
    dearest items first.
    """
    largest_first = sorted(team_sizes, reverse=True)
    holders = Counter(competency for one in people for competency in one.glow)
    worths: dict[Id, list[Fraction]] = {}
    for one in people:
        for competency in one.grow:
            worths.setdefault(competency, []).append(Fraction(weight, len(one.grow)))
    total = Fraction(0)
    for competency, items in worths.items():
        covered = sum(size - 1 for size in largest_first[: holders[competency]])
        total += sum(sorted(items, reverse=True)[:covered], Fraction(0))
    return int(total)


def _slots(people: Sequence[Person]) -> int:
    """A team's common slots are never more than any member's own."""
    return sum(ENOUGH_SLOTS if one.slots is None else min(ENOUGH_SLOTS, len(one.slots)) for one in people)
