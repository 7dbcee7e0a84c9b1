"""More people than the exact search takes: rounding the relaxation, and neighborhoods, keep every rule."""

import numpy as np
import pytest

from benchmarks.formation_instances import instance
from coaching.formation import check_result, parse, rounding
from coaching.formation.arrays import FORBIDDEN, Arrays
from coaching.formation.clock import Clock
from coaching.formation.neighborhood import improve
from coaching.formation.proposal import solve


def seated(number, seed, **settings):
    """A problem, its arrays, and teams in rows with the wider ones filled up, by a search cut short."""
    problem = parse(instance(number, seed) | settings)
    arrays = Arrays(problem)
    teams = solve(problem, steps=0).teams
    rows = np.full((len(teams), max(problem.sizes)), arrays.nobody)
    for row, team in zip(rows, teams, strict=True):
        row[: len(team)] = [problem.index[one] for one in team]
    return problem, arrays, rows


@pytest.mark.parametrize("number", [40, 41, 46])
def test_rounding_seats_the_same_people_in_the_same_sizes_and_better(number, monkeypatch):
    monkeypatch.setattr(rounding, "LAST_COLUMNS", 1_000)
    _, arrays, rows = seated(number, 1)
    clock = Clock(seconds=None, steps=None)
    search = rounding.Rounding(arrays, rows, np.random.default_rng(1))
    search.widen(clock, 1.0)
    for _ in range(2):
        found = search.round_off(clock)
        assert sorted(found[found != arrays.nobody].tolist()) == sorted(rows[rows != arrays.nobody].tolist())
        assert sorted((found != arrays.nobody).sum(axis=1)) == sorted((rows != arrays.nobody).sum(axis=1))
        points = arrays.score(found)
        assert points.min() > FORBIDDEN
        assert arrays.score(rows).sum() < points.sum() <= search.value


def test_rounding_out_of_time_gives_back_what_there_was():
    _, arrays, rows = seated(100, 1)
    clock = Clock(seconds=None, steps=1)
    clock.spend(1)
    search = rounding.Rounding(arrays, rows, np.random.default_rng(1))
    search.widen(clock, 0.5)
    found = search.round_off(clock)
    assert {frozenset(team) for team in found.tolist()} == {frozenset(team) for team in rows.tolist()}


def test_neighborhoods_only_ever_improve():
    _, arrays, rows = seated(60, 2, sizes=[3, 4])
    told = []
    clock = Clock(seconds=None, steps=12_000)
    found = improve(
        arrays,
        rows,
        rng=np.random.default_rng(1),
        clock=clock,
        goal=10**6,
        report=lambda teams: told.append(int(arrays.score(teams).sum())),
    )
    assert told == sorted(set(told))
    assert told[0] > arrays.score(rows).sum()
    assert arrays.score(found).sum() == told[-1]
    assert sorted(found.ravel().tolist()) == sorted(rows.ravel().tolist())


def test_many_people_with_pins_and_the_same_again(monkeypatch):
    """Same seed, same steps: same teams, also where the relaxation is rounded."""
    monkeypatch.setattr("coaching.formation.proposal.MOST_COLUMNS", 0)
    monkeypatch.setattr(rounding, "LAST_COLUMNS", 3_000)
    data = instance(70, seed=5) | {"together": [["P1", "P2"], ["P3", "P4", "P5"]], "apart": [["P1", "P3"]]}
    for row in data["people"][:5]:
        row.pop("slots")
    problem = parse(data)
    first, again = (solve(problem, steps=40_000, seed=2) for _ in range(2))
    assert first.teams == again.teams
    assert check_result(problem, first) == []
    assert first.score > 0.96 * first.bound
