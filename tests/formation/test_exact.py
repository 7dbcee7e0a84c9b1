"""The relaxation's bound is never below what can be reached; the best is found, proven, and the same each time."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.formation_instances import instance
from coaching.formation import broken_rules, parse, score_team
from coaching.formation.arrays import Arrays
from coaching.formation.branching import Tree
from coaching.formation.clock import Clock
from coaching.formation.columns import all_columns
from coaching.formation.exact import Exact
from coaching.formation.proposal import solve
from coaching.formation.relaxation import SCALE, Relaxation
from coaching.formation.sizes import splits

from .problems import crowd, person, problem_of, problems, ways_to_split


def best_split(problem, sizes):
    """By brute force: the best score of all into teams of these sizes, or None."""
    scores = [
        sum(score_team(problem, [problem.people[place].id for place in team]) for team in teams)
        for teams in ways_to_split(tuple(range(len(problem.people))), tuple(set(sizes)))
        if Counter(map(len, teams)) == Counter(sizes)
        and not any(broken_rules(problem, [problem.people[place].id for place in team]) for team in teams)
    ]
    return max(scores, default=None)


def exact(problem, sizes, *, lower, steps=None):
    arrays = Arrays(problem)
    return Exact(
        arrays,
        range(len(problem.people)),
        Counter(sizes),
        clock=Clock(seconds=None, steps=steps),
        lower=lower,
        upper=10**6,
    )


@settings(max_examples=25, deadline=None)
@given(problems(least=3, most=7), st.integers(0, 3))
def test_the_best_is_found_and_proven(data, place):
    problem = parse(data)
    ways = list(splits(len(problem.people), problem.sizes))
    if not ways:
        return
    sizes = ways[place % len(ways)]
    best = best_split(problem, sizes)
    lower = -(10**5)
    outcome = exact(problem, sizes, lower=lower).run(np.zeros((0, 1), dtype=int))
    if best is None:
        assert (outcome.teams, outcome.proven) == (None, True)
    else:
        assert (outcome.score, outcome.bound, outcome.proven) == (best, best, True)
    if best is not None:  # that there is nothing better is a proof, too
        outcome = exact(problem, sizes, lower=best).run(np.zeros((0, 1), dtype=int))
        assert (outcome.teams, outcome.bound) == (None, best)


@settings(max_examples=30, deadline=None)
@given(problems(least=4, most=7), st.data())
def test_any_prices_prove_a_bound(data, draw):
    """Not only those of the linear program: rounding them cannot make the bound wrong."""
    problem = parse(data)
    number = len(problem.people)
    sizes = next(splits(number, problem.sizes), None)
    best = best_split(problem, sizes) if sizes else None
    if best is None:
        return
    columns = all_columns(Arrays(problem), range(number), sorted(set(sizes)))
    prices = draw.draw(st.lists(st.integers(-50 * SCALE, 50 * SCALE), min_size=number, max_size=number))
    relaxation = Relaxation(columns, number, Counter(sizes))
    at = np.array([*prices, 0])
    bound = relaxation.bound(at, relaxation.reduced(at))
    assert bound.most >= best * SCALE
    assert bound.slack.min() >= 0


@settings(max_examples=25, deadline=None)
@given(problems(least=4, most=7), st.booleans(), st.integers(-3, 3))
def test_a_tree_says_yes_exactly_when_the_target_can_be_reached(data, bold, more):
    problem = parse(data)
    number = len(problem.people)
    sizes = next(splits(number, problem.sizes), None)
    best = best_split(problem, sizes) if sizes else None
    if best is None:
        return
    columns = all_columns(Arrays(problem), range(number), sorted(set(sizes)))
    tree = Tree(columns, number, Counter(sizes), best + more, bold=bold)
    answer = tree.search(10_000, Clock(seconds=None, steps=None))
    if more > 0:
        assert (answer.chosen, answer.settled) == (None, True)
    else:
        assert best >= columns.points[answer.chosen].sum() >= best + more
        members = columns.seats[:, answer.chosen]
        assert sorted(members[members < number].tolist()) == list(range(number))


@pytest.mark.parametrize(("number", "seed"), [(13, 1), (17, 2), (22, 3), (24, 1), (27, 4)])
def test_a_cohort_is_proven(number, seed):
    problem = parse(instance(number, seed))
    result = solve(problem, steps=200_000)
    assert (result.status, result.bound) == ("optimal", result.score)
    assert result.words == "No other arrangement can score more."


@pytest.mark.deep
@pytest.mark.parametrize("number", range(13, 61))
def test_every_number_of_people_is_proven(number):
    result = solve(parse(instance(number, seed=1)), steps=3_000_000)
    assert result.status == "optimal"


@pytest.mark.parametrize(
    ("number", "apart", "sizes"),
    [
        (4, [("P1", "P3"), ("P1", "P4"), ("P2", "P3"), ("P3", "P4")], (2, 2)),  # P3 has nobody
        (6, [(f"P{one}", f"P{other}") for one in (1, 2, 3, 4) for other in range(one + 1, 5)], (3, 3)),
    ],
)
def test_that_there_is_no_choice_at_all_is_proven(number, apart, sizes):
    problem = problem_of(crowd(number, division="X"), apart=[list(pair) for pair in apart], sizes=[sizes[0]])
    assert best_split(problem, sizes) is None
    outcome = exact(problem, sizes, lower=-(10**5)).run(np.zeros((0, 1), dtype=int))
    assert (outcome.teams, outcome.proven) == (None, True)


def test_what_is_known_need_not_be_a_score_there_can_be():
    """Points in even numbers: above 1,951 the next is 1,952, and nothing is above the best."""
    problem = parse(instance(24, seed=1))
    best = solve(problem, steps=10**6).score
    for lower in (best - 1, best - 2, best - 3):
        outcome = exact(problem, [4] * 6, lower=lower).run(np.zeros((0, 1), dtype=int))
        assert (outcome.score, outcome.proven) == (best, True)
    for lower in (best, best + 1):
        outcome = exact(problem, [4] * 6, lower=lower).run(np.zeros((0, 1), dtype=int))
        assert (outcome.teams, outcome.proven) == (None, True)


def test_the_proof_agrees_with_enumeration():
    """Twelve people, by a program that shares nothing with it but the rules."""
    problem = parse(instance(12, seed=7))
    best = solve(problem).score
    assert exact(problem, [4, 4, 4], lower=0).run(np.zeros((0, 1), dtype=int)).score == best


def test_points_in_even_numbers_let_the_bound_fall_by_two():
    problem = parse(instance(24, seed=1))
    search = exact(problem, [4] * 6, lower=0)
    assert (search.step, search.upper % 2) == (2, 0)


def test_out_of_time_the_bound_still_holds():
    problem = parse(instance(40, seed=1))
    proven = solve(problem, steps=3_000_000)
    for steps in (1, 4_000, 8_000, 12_000):
        cut = exact(problem, [4] * 10, lower=0, steps=steps).run(np.zeros((0, 1), dtype=int))
        assert cut.score <= proven.score <= cut.bound


def test_same_seed_and_steps_give_the_same_teams_in_the_exact_search():
    problem = parse(instance(32, seed=1))
    first, again = (solve(problem, steps=20_000, seed=5) for _ in range(2))
    assert (first.teams, first.bound, first.bound_by) == (again.teams, again.bound, again.bound_by)


@pytest.mark.parametrize(
    ("sizes", "number"), [([2], 30), ([4, 5, 6], 17), ([5], 20), ([2, 3], 21), ([6, 7], 13)]
)
def test_other_sizes_are_proven_too(sizes, number):
    result = solve(parse(instance(number, seed=3) | {"sizes": sizes, "apart": []}), steps=2_000_000)
    assert (result.status, result.left_out) == ("optimal", ())


def test_identical_people_in_three_kinds_are_proven():
    rows = [person(one, division=one % 3, classification=one % 2, grow=[], glow=[]) for one in range(36)]
    assert solve(problem_of(rows), steps=400_000).status == "optimal"


def test_everybody_in_one_pin_of_four_has_one_way():
    pins = [[f"P{4 * one + seat + 1}" for seat in range(4)] for one in range(6)]
    result = solve(problem_of(crowd(24, division="X"), together=pins), steps=400_000)
    assert [list(team) for team in result.teams] == pins
