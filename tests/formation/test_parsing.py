"""Bad input is refused with every mistake and where it stands; good input comes back the same."""

import json

import pytest
from hypothesis import given, settings

from coaching.formation import BadProblem, Problem, Weights, parse

from .problems import crowd, person, problem_of, problems


def mistakes(data) -> list[str]:
    with pytest.raises(BadProblem) as refused:
        parse(data)
    return refused.value.mistakes


def test_everything_but_people_may_be_left_out():
    problem = parse({"people": [{"id": "ana"}]})
    assert problem == Problem(people=problem.people, sizes=(3, 4), weights=Weights(10, 8, 12, 4, 0))
    ana = problem.people[0]
    assert (ana.name, ana.division, ana.grow, ana.glow, ana.slots) == ("ana", None, (), (), None)


def test_blank_text_is_not_known():
    assert problem_of([person("ana", division=" ", classification="")]).people[0].division is None


def test_whole_numbers_are_good_ids_and_labels():
    problem = problem_of([person(1, slots=[7]), person(2)], apart=[[1, 2]])
    assert problem.apart == ((1, 2),)
    assert problem.people[0].slots == (7,)


@settings(max_examples=50, deadline=None)
@given(problems())
def test_json_round_trip_changes_nothing(data):
    problem = parse(data)
    assert parse(json.loads(json.dumps(problem.to_json()))) == problem


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ([], ["problem: must be an object, not []"]),
        ({}, ["people: is missing"]),
        ({"people": {}}, ["people: must be a list, not {}"]),
        ({"people": ["ana"]}, ["people[0]: must be an object, not 'ana'"]),
        ({"people": [{}]}, ["people[0].id: is missing"]),
        ({"people": [{"id": ""}]}, ["people[0].id: must be text or a whole number, not ''"]),
        ({"people": [{"id": True}]}, ["people[0].id: must be text or a whole number, not True"]),
        ({"people": [{"id": 1.5}]}, ["people[0].id: must be text or a whole number, not 1.5"]),
        ({"people": [{"id": "a", "name": 3}]}, ["people[0].name: must be text, not 3"]),
        ({"people": [{"id": "a", "grow": "x"}]}, ["people[0].grow: must be a list, not 'x'"]),
        ({"people": [{"id": "a", "glow": ["x", "x"]}]}, ["people[0].glow[1]: 'x' stands twice"]),
        (
            {"people": [{"id": "a", "slots": [None]}]},
            ["people[0].slots[0]: must be text or a whole number, not None"],
        ),
        (
            {"people": [{"id": "a", "division": []}]},
            ["people[0].division: must be text or a whole number, not []"],
        ),
    ],
)
def test_wrong_types_are_named_with_their_place(data, lines):
    assert mistakes(data) == lines


def test_a_misspelled_key_is_refused():
    """It would drop a hard rule in silence."""
    (line,) = mistakes({"people": [], "appart": []})
    assert line == (
        "problem: unknown key 'appart' (known: people, apart, together, sizes, weights, fixed, start, keep)"
    )
    (line,) = mistakes({"people": [{"id": "a", "slot": []}]})
    assert line.startswith("people[0]: unknown key 'slot'")


def test_duplicate_ids_are_refused():
    assert mistakes({"people": [*crowd(2), person("P1")]}) == [
        "people[2].id: people[0] already has the id 'P1'"
    ]


def test_grow_and_glow_in_the_same_competency_is_refused():
    """A6."""
    rows = [person("ana", grow=["Building Coalitions"], glow=["Building Coalitions"])]
    assert mistakes({"people": rows}) == [
        "people[0]: grows and glows in the same competency, 'Building Coalitions'"
    ]


@pytest.mark.parametrize("key", ["apart", "together"])
def test_unknown_ids_in_pairs_are_refused(key):
    assert mistakes({"people": crowd(2), key: [["P1", "zoe"]]}) == [f"{key}[0]: no person has the id 'zoe'"]


def test_pairs_must_have_two_different_people():
    data = {"people": crowd(3), "apart": [["P1", "P2", "P3"], ["P1"]], "together": [["P1", "P1"], ["P2"]]}
    assert mistakes(data) == [
        "apart[0]: must name two people, not 3",
        "apart[1]: must name two people, not 1",
        "together[0][1]: 'P1' stands twice",
        "together[1]: must name two or more people, not 1",
    ]


def test_pins_that_contradict_each_other_are_refused_also_through_a_third_person():
    direct = {"people": crowd(4), "apart": [["P2", "P1"]], "together": [["P1", "P2"]]}
    assert mistakes(direct) == ["apart: 'P2' and 'P1' are kept apart, but together ties them"]
    through = {"people": crowd(4), "apart": [["P1", "P3"]], "together": [["P1", "P2"], ["P2", "P3"]]}
    assert mistakes(through) == ["apart: 'P1' and 'P3' are kept apart, but together ties them"]


def test_a_pin_larger_than_the_largest_team_is_refused():
    data = {"people": crowd(5), "together": [["P1", "P2", "P3"], ["P3", "P4", "P5"]]}
    (line,) = mistakes(data)
    assert line == "together: ties 5 people ('P1', 'P2', 'P3', 'P4', 'P5'); the largest team has 4"


@pytest.mark.parametrize(
    ("sizes", "lines"),
    [
        ([], ["sizes: must name at least one team size"]),
        (4, ["sizes: must be a list, not 4"]),
        ([0], ["sizes[0]: must be a whole number above 0, not 0"]),
        ([3, -4], ["sizes[1]: must be a whole number above 0, not -4"]),
        ([3, True], ["sizes[1]: must be a whole number above 0, not True"]),
        ([3, 3], ["sizes[1]: 3 stands twice"]),
    ],
)
def test_bad_sizes_are_refused(sizes, lines):
    assert mistakes({"people": [], "sizes": sizes}) == lines


def test_negative_weights_are_refused_except_for_the_career_track():
    """T3: a negative track weight prefers the same career track."""
    assert problem_of([], weights={"track": -3}).weights.track == -3
    data = {"people": [], "weights": {"division": -1, "slots": 1.5, "speed": 1}}
    assert mistakes(data) == [
        "weights: unknown key 'speed' (known: classification, division, competency, slots, track)",
        "weights.division: must not be negative, but is -1",
        "weights.slots: must be a whole number, not 1.5",
    ]


@pytest.mark.parametrize("key", ["fixed", "start", "keep"])
def test_teams_name_known_people_and_nobody_twice(key):
    """T9."""
    data = {"people": crowd(6), key: [["P1", "P2", "zoe"], ["P2", "P3"]]}
    assert mistakes(data) == [
        f"{key}[0]: no person has the id 'zoe'",
        f"{key}[1]: 'P2' is in {key}[0] already",
    ]


def test_a_fixed_team_must_keep_the_hard_rules():
    """T1, T8."""
    data = {"people": crowd(8), "apart": [["P3", "P4"]], "fixed": [["P1", "P2"], ["P3", "P4", "P5"]]}
    assert mistakes(data) == [
        "fixed[0]: Team size: 2 people; a team has 3 or 4.",
        "fixed[1]: Kept apart: P3 and P4 are kept apart.",
    ]


def test_all_mistakes_are_collected():
    data = {
        "people": [{"id": "a"}, {"id": "a"}, {"name": "x"}],
        "apart": [["a", "b"]],
        "sizes": [0],
        "weights": 3,
    }
    assert len(mistakes(data)) == 5
