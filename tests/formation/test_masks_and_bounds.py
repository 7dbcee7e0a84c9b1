"""The fast score equals the labelled rules; the counting bound is never below what can be reached."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from coaching.formation import broken_rules, parse, score_team
from coaching.formation.bounds import counting_bound
from coaching.formation.masks import Masks

from .problems import crowd, person, problem_of, problems, ways_to_split


@settings(max_examples=30, deadline=None)
@given(problems(least=2))
def test_masks_score_each_team_as_the_rules_do(data):
    problem = parse(data)
    masks = Masks(problem)
    score = masks.scorer(forbidden=-999)
    for size in range(1, max(problem.sizes) + 1):
        for team in list(combinations(range(len(problem.people)), size))[:20]:
            ids = [problem.people[place].id for place in team]
            broken = [one for one in broken_rules(problem, ids) if one.label in ("T8", "meet")]
            assert score(team) == (-999 if broken else score_team(problem, ids))
            assert bool(masks.breaches(team)) == bool(broken)


@settings(max_examples=30, deadline=None)
@given(problems(least=3, most=7), st.sampled_from([0, 1, 7, 12]))
def test_no_split_scores_above_the_counting_bound(data, competency):
    """Whatever the hard rules: the bound drops them."""
    problem = parse({**data, "weights": {**data["weights"], "competency": competency}})
    for teams in ways_to_split(tuple(range(len(problem.people))), problem.sizes):
        score = sum(score_team(problem, [problem.people[place].id for place in team]) for team in teams)
        assert score <= counting_bound(problem, problem.people, [len(team) for team in teams])


def test_the_bound_is_reached_where_rules_do_not_compete():
    rows = [person(one, division=one % 4, classification=one % 4) for one in range(8)]
    assert counting_bound(problem_of(rows), problem_of(rows).people, [4, 4]) == 2 * 4 * (10 + 8 + 12)


def test_the_bound_of_identical_people_counts_each_value_once_a_team():
    problem = problem_of(crowd(8, division="X", classification="Y", grow=["C"]))
    assert counting_bound(problem, problem.people, [4, 4]) == 2 * (10 + 8) + 8 * 12
