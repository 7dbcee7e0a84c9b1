"""The change that asks the fewest people again: compared with every change there is."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.formation_instances import instance
from coaching.formation import broken_rules, check_result, parse, score_team
from coaching.formation.proposal import solve

from .problems import problems, ways_to_split


def brute_force(problem):
    """Waiting, asked, small teams and minus the score of the best change."""
    present = {frozenset(team) for team in problem.keep}
    standing = {one for team in problem.keep if not broken_rules(problem, team) for one in team}
    loose = [place for place, person in enumerate(problem.people) if person.id not in standing]
    keys = []
    for many in range(len(loose) + 1):
        for waiting in combinations(loose, many):
            rest = tuple(place for place in range(len(problem.people)) if place not in waiting)
            for teams in ways_to_split(rest, problem.sizes):
                ids = [[problem.people[place].id for place in team] for team in teams]
                if not any(broken_rules(problem, team) for team in ids):
                    asked = sum(len(team) for team in ids if frozenset(team) not in present)
                    small = [sum(len(team) == size for team in ids) for size in problem.sizes[:-1]]
                    keys.append((many, asked, small, -sum(score_team(problem, team) for team in ids)))
        if keys:
            return min(keys)
    raise AssertionError("with all loose people waiting, the standing teams stand")


def key_of(problem, result):
    small = [sum(len(team) == size for team in result.teams) for size in problem.sizes[:-1]]
    return len(result.left_out), result.asked, small, -result.score


@settings(max_examples=20, deadline=None)
@given(problems(least=2, most=7), st.data())
def test_nothing_asks_fewer_people(data, draw):
    ids = [row["id"] for row in data["people"]]
    order = draw.draw(st.permutations(ids))
    sizes = draw.draw(st.lists(st.sampled_from([2, *data["sizes"]]), min_size=1, max_size=3))
    keep, begin = [], 0
    for size in sizes:
        if order[begin : begin + size]:
            keep.append(order[begin : begin + size])
        begin += size
    problem = parse(data | {"keep": keep})
    result = solve(problem, steps=10**7)
    assert key_of(problem, result) == brute_force(problem)
    assert result.status == ("infeasible" if not result.teams else "optimal")


def after_departures(number, gone):
    """Teams as proposed, of which the first loses its last member, once for each of `gone`."""
    data = instance(number, seed=1)
    teams = [list(team) for team in solve(parse(data), steps=40_000).teams]
    left = [teams[place].pop() for place in range(gone)]
    return data, teams, left


def without(data, ids):
    return data | {
        "people": [row for row in data["people"] if row["id"] not in ids],
        "apart": [pair for pair in data["apart"] if not set(pair) & set(ids)],
    }


def test_who_leaves_a_team_that_still_stands_asks_nobody():
    data, teams, left = after_departures(24, 1)
    result = solve(parse(without(data, left) | {"keep": teams}), steps=10**6)
    assert (result.asked, result.status) == (0, "optimal")
    assert {frozenset(team) for team in result.teams} == {frozenset(team) for team in teams}


def test_who_comes_joins_a_team_of_three():
    """T4: the three and the newcomer are asked, nobody else."""
    data, teams, left = after_departures(40, 1)
    result = solve(parse(data | {"keep": teams}), steps=10**6)
    assert (result.asked, result.status, len(result.left_out)) == (4, "optimal", 0)
    assert result.words == "No other arrangement that asks so few people can score more."
    assert frozenset([*teams[0], *left]) in {frozenset(team) for team in result.teams}


def test_many_people_are_proven_without_looking_at_every_team():
    """Five to be seated: four make a team, and one joins the three."""
    data = instance(240, seed=1)
    ids = [row["id"] for row in data["people"]]
    for row in data["people"]:
        row.pop("slots")
    teams = [ids[place : place + 4] for place in range(0, 236, 4)]
    teams[0].pop()
    result = solve(parse(data | {"apart": [], "keep": teams}), steps=10**7)
    assert (result.asked, len(result.left_out), result.status) == (8, 0, "optimal")


def test_a_present_team_that_breaks_a_rule_is_seated_anew():
    """T8."""
    data = instance(12, seed=3)
    ids = [row["id"] for row in data["people"]]
    for row in data["people"]:
        row.pop("slots")
    problem = parse(data | {"apart": [ids[:2]], "keep": [ids[:4], ids[4:8], ids[8:]]})
    result = solve(problem, steps=10**6)
    assert (result.asked, result.status) == (8, "optimal")
    assert check_result(problem, result) == []


def test_out_of_time_the_present_teams_stand_and_the_others_wait():
    data, teams, left = after_departures(40, 1)
    result = solve(parse(data | {"keep": teams}), steps=0)
    assert (result.asked, [one for one, _ in result.left_out], result.status) == (0, left, "feasible")


@pytest.mark.parametrize("sizes", [[2], [4, 5, 6]])
def test_other_sizes_are_kept_too(sizes):
    data = instance(16, seed=2) | {"sizes": sizes, "apart": []}
    for row in data["people"]:
        row.pop("slots")
    ids = [row["id"] for row in data["people"]]
    size = sizes[0]
    keep = [ids[place : place + size] for place in range(0, 16 - size, size)]
    problem = parse(data | {"keep": keep})
    result = solve(problem, steps=10**7)
    assert (result.asked, result.status) == (size, "optimal")
