"""The checker, broken on purpose in every way it should notice."""

from dataclasses import replace

import pytest

from benchmarks.formation_instances import instance
from coaching.formation import WrongResult, check_result, check_teams, explain_team, parse
from coaching.formation.proposal import solve
from coaching.formation.seating import seat

from .problems import crowd, person, problem_of

PROBLEM = problem_of(crowd(8), apart=[["P1", "P2"]], together=[["P3", "P4"]])
GOOD = [["P1", "P3", "P4", "P5"], ["P2", "P6", "P7", "P8"]]


def test_good_teams_have_no_mistakes():
    assert check_teams(PROBLEM, GOOD, []) == []


@pytest.mark.parametrize(
    ("teams", "left_out", "line"),
    [
        ([GOOD[0], ["P2", "P6", "P7"]], [], "P8 is neither in a team nor left out."),
        (GOOD, ["P8"], "P8 has 2 places."),
        (GOOD, ["zoe"], "No person has the id 'zoe'."),
        ([GOOD[0], ["P6", "P7"]], ["P2", "P8"], "Team 2: Team size (T1): 2 people; a team has 3 or 4."),
        (
            [["P1", "P2", "P5"], ["P3", "P4", "P6", "P7"]],
            ["P8"],
            "Team 1: Kept apart (T8): P1 and P2 are kept apart.",
        ),
        (
            [["P1", "P3", "P5", "P6"], ["P2", "P7", "P8"]],
            ["P4"],
            "Team 1: Kept together (together): P3 is kept together with P4, not in this team.",
        ),
    ],
)
def test_each_mistake_is_said(teams, left_out, line):
    assert check_teams(PROBLEM, teams, left_out) == [line]


def test_a_person_twice_in_one_team_is_said():
    """T9."""
    lines = check_teams(PROBLEM, [["P1", "P1", "P3", "P4"], GOOD[1]], ["P5"])
    assert lines == ["P1 has 2 places."]


def test_no_time_for_all_is_said():
    problem = problem_of([person(1, slots=[1]), person(2, slots=[2]), person(3)])
    assert check_teams(problem, [[1, 2, 3]], []) == [
        "Team 1: A time for all (meet): No time when all three can meet."
    ]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"score": 1}, "The score is"),
        ({"bound": 1}, "is above the bound 1."),
        ({"status": "optimal"}, "Called optimal, but the score"),
        ({"status": "infeasible"}, "The status is infeasible with"),
        ({"reasons": ()}, "The reasons are not those of the teams."),
        ({"left_out": (("P1", ""),)}, "'P1' is left out without a reason."),
    ],
)
def test_a_false_claim_is_refused(change, line):
    problem = parse(instance(14, seed=1))
    result = solve(problem, steps=100)
    assert check_result(problem, result) == []
    assert any(line in mistake for mistake in check_result(problem, replace(result, **change)))


def test_a_fixed_team_that_is_not_there_is_said():
    problem = replace(problem_of(crowd(8)), fixed=(("P1", "P2", "P3", "P4"),))
    result = solve(problem)
    assert check_result(problem, result) == []
    other = problem_of(crowd(8), together=[["P1", "P5"]])
    lines = check_result(problem, solve(other))
    assert lines == ["The fixed team ['P1', 'P2', 'P3', 'P4'] is none."]


def test_a_wrong_number_of_people_asked_is_said():
    problem = problem_of(crowd(8), keep=[["P1", "P2", "P3", "P4"], ["P5", "P6", "P7", "P8"]])
    result = solve(problem)
    assert (result.asked, check_result(problem, result)) == (0, [])
    assert check_result(problem, replace(result, asked=4)) == ["0 people are asked, not 4."]
    assert check_result(problem, replace(result, asked=None)) == ["0 people are asked, not None."]


def test_what_is_worse_than_what_stood_is_said():
    data = instance(12, seed=1)
    best = solve(parse(data))
    problem = parse(data | {"start": [list(team) for team in best.teams]})
    worse = solve(parse(data | {"weights": {"classification": 0, "division": 0, "competency": 0}}))
    reasons = tuple(tuple(explain_team(problem, team)) for team in worse.teams)
    score = sum(finding.points for team in reasons for finding in team)
    claim = replace(best, teams=worse.teams, score=score, reasons=reasons, status="feasible")
    assert score < best.score
    assert check_result(problem, claim) == ["It is worse than the teams to begin with."]


def test_a_search_gone_wrong_is_never_returned(monkeypatch):
    problem = parse(instance(14, seed=1))
    monkeypatch.setattr(
        "coaching.formation.proposal.seat", lambda *_: (seating := seat(*_))._replace(teams=seating.teams[1:])
    )
    with pytest.raises(WrongResult, match="neither in a team nor left out"):
        solve(problem, steps=100)
