"""The whole-array score equals the labelled rules; the columns are all teams that may stand."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings

from benchmarks.formation_instances import instance
from coaching.formation import broken_rules, parse, score_team
from coaching.formation.arrays import FORBIDDEN, Arrays
from coaching.formation.clock import Clock
from coaching.formation.columns import all_columns
from coaching.formation.search import anneal

from .problems import crowd, person, problem_of, problems


def by_the_rules(problem, places):
    """Points of a team, or FORBIDDEN where it breaks a hard rule other than the size."""
    ids = [problem.people[place].id for place in places]
    hard = [one for one in broken_rules(problem, ids) if one.label != "T1"]
    return FORBIDDEN if hard else score_team(problem, ids)


@settings(max_examples=40, deadline=None)
@given(problems(least=1))
def test_arrays_score_each_team_as_the_rules_do(data):
    problem = parse(data)
    arrays = Arrays(problem)
    most = max(problem.sizes)
    for size in range(1, most + 1):
        teams = list(combinations(range(len(problem.people)), size))[:20]
        if teams:
            rows = np.array([[*team, *[arrays.nobody] * (most - size)] for team in teams])
            assert arrays.score(rows).tolist() == [by_the_rules(problem, team) for team in teams]


@settings(max_examples=40, deadline=None)
@given(problems(least=1))
def test_columns_are_all_teams_that_may_stand_each_once(data):
    problem = parse(data)
    people = range(len(problem.people))
    columns = all_columns(Arrays(problem), people, problem.sizes)
    found = {
        tuple(seats[:size]): points
        for seats, size, points in zip(
            columns.seats.T.tolist(), columns.size.tolist(), columns.points.tolist(), strict=True
        )
    }
    teams = [team for size in problem.sizes for team in combinations(people, size)]
    wanted = {team: by_the_rules(problem, team) for team in teams}
    assert found == {team: points for team, points in wanted.items() if points != FORBIDDEN}
    assert len(columns) == len(found)


def test_many_divisions_and_times_need_more_than_one_word():
    """Times by the hundred, as many divisions as people."""
    rows = [
        person(one, division=one, classification=one % 7, slots=list(range(one, one + 170)))
        for one in range(80)
    ]
    problem = problem_of(rows)
    arrays = Arrays(problem)
    assert (len(arrays.holds), len(arrays.free)) == (2, 4)
    teams = np.array([[0, 1, 2, 3], [0, 40, 60, 79], [5, 6, 7, 75]])
    assert arrays.score(teams).tolist() == [by_the_rules(problem, team) for team in teams.tolist()]


@pytest.mark.parametrize("sizes", [[3, 4], [2, 3], [4, 5, 6], [3]])
def test_annealing_moves_everybody_and_keeps_rules_sizes_and_pins(sizes):
    data = instance(60, seed=2) | {"sizes": sizes}
    data["apart"] = [["P1", f"P{one}"] for one in range(20, 40)]
    for row in data["people"][:2]:
        row.pop("slots")
    problem = parse(data | {"together": [["P1", "P2"]]})
    arrays = Arrays(problem)
    size, most = min(sizes), max(sizes)
    rows = [list(range(one, one + size)) for one in range(0, 60, size)]
    for row in rows[: len(rows) // 3 if len(sizes) > 1 else 0]:
        row.append(rows[-1].pop())  # larger teams, at the cost of the last ones
        if not rows[-1]:
            rows.pop()
    before = [row for row in rows if len(row) in sizes and arrays.score(np.array([row]))[0] != FORBIDDEN]
    teams = np.array([[*row, *[arrays.nobody] * (most - len(row))] for row in before])
    found = anneal(
        arrays,
        teams,
        rng=np.random.default_rng(1),
        clock=Clock(seconds=None, steps=3_000),
        until=1.0,
        goal=10**6,
    )
    scores = arrays.score(found)
    assert scores.min() > FORBIDDEN
    assert scores.sum() > arrays.score(teams).sum()
    assert sorted(found.ravel().tolist()) == sorted(teams.ravel().tolist())
    assert sorted((found == arrays.nobody).sum(axis=1)) == sorted((teams == arrays.nobody).sum(axis=1))
    assert (found != teams).any(axis=1).sum() > len(teams) // 2


def test_annealing_identical_people_ends():
    problem = problem_of(crowd(40))
    arrays = Arrays(problem)
    teams = np.arange(40).reshape(10, 4)
    clock = Clock(seconds=None, steps=200)
    found = anneal(arrays, teams, rng=np.random.default_rng(1), clock=clock, until=1.0, goal=10**6)
    assert sorted(found.ravel().tolist()) == list(range(40))
