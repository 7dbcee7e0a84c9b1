"""Each labelled rule: its points, whether it holds, and what it says."""

import pytest

from coaching.formation import RULES, BadProblem, explain_team, score_team

from .problems import crowd, person, problem_of


def say(label: str, people, **settings):
    problem = problem_of(people, **settings)
    return next(one for one in explain_team(problem, [row["id"] for row in people]) if one.label == label)


def test_labels_are_unique():
    assert len({rule.label for rule in RULES}) == len(RULES)


def test_a_full_team_of_four_gets_42_points_a_person():
    rows = [
        person(one, division=one, classification=one, grow=[f"c{one}"], glow=[f"c{(one + 1) % 4}"])
        for one in range(4)
    ]
    assert score_team(problem_of(rows), [0, 1, 2, 3]) == 4 * 42


@pytest.mark.parametrize(("number", "ok"), [(1, False), (2, False), (3, True), (4, True), (5, False)])
def test_size(number, ok):
    """T1."""
    finding = say("T1", crowd(number))
    assert (finding.hard, finding.ok, finding.points) == (True, ok, 0)


def test_size_says_what_a_team_has():
    assert say("T1", crowd(5)).words == "5 people; a team has 3 or 4."


def test_people_kept_apart():
    """T8."""
    rows = [person("a", name="Ana"), person("b", name="Ben"), person("c", name="Cleo")]
    finding = say("T8", rows, apart=[["b", "a"]])
    assert (finding.hard, finding.ok, finding.words) == (True, False, "Ana and Ben are kept apart.")
    assert say("T8", rows).ok


def test_people_kept_together():
    rows = [person("a", name="Ana"), person("b", name="Ben"), person("c", name="Cleo")]
    problem = problem_of(rows, together=[["a", "b"]])
    apart = next(one for one in explain_team(problem, ["a", "c"]) if one.label == "together")
    assert (apart.ok, apart.words) == (False, "Ana is kept together with Ben, not in this team.")
    assert next(one for one in explain_team(problem, ["a", "b"]) if one.label == "together").ok


def test_no_time_for_all_breaks_a_hard_rule():
    rows = [person(1, slots=["Mon"]), person(2, slots=["Tue"]), person(3), person(4)]
    finding = say("meet", rows)
    assert (finding.hard, finding.ok, finding.words) == (True, False, "No time when all four can meet.")


@pytest.mark.parametrize(
    ("slots", "points", "words"),
    [
        (["a"], 12, "One time when all three can meet."),
        (["a", "b"], 24, "Two times when all three can meet."),
        (["a", "b", "c", "d"], 36, "Four times when all three can meet."),
        (None, 36, "All can meet at any time."),
    ],
)
def test_common_slots_count_up_to_three(slots, points, words):
    finding = say("slots", crowd(3, slots=slots))
    assert (finding.points, finding.words, finding.ok) == (points, words, points == 36)


def test_who_can_always_meet_narrows_nobodys_time():
    rows = [person(1, slots=["a", "b"]), person(2), person(3, slots=["b", "c"])]
    assert say("slots", rows).points == 12


def test_different_classifications():
    """T2."""
    rows = [
        person(1, name="Ana", classification="X"),
        person(2, name="Ben", classification="Y"),
        person(3, name="Cleo", classification="X"),
    ]
    finding = say("T2", rows)
    assert (finding.points, finding.ok) == (20, False)
    assert finding.words == "2 different job classifications. Ana and Cleo share one."


def test_what_is_not_known_is_shared_by_nobody():
    rows = [person(1, name="Ana", classification="X"), person(2, name="Ben"), person(3, name="Cleo")]
    assert say("T2", rows).words == "One job classification. Not known for Ben and Cleo."
    rows.append(person(4, classification="Y"))
    assert say("T2", rows).words == "2 different job classifications. Not known for Ben and Cleo."


def test_not_known_counts_as_nothing_and_is_named():
    rows = [person(1, division="X"), person(2, name="Ben"), person(3, name="Cleo")]
    finding = say("T6", rows)
    assert (finding.points, finding.ok) == (8, False)
    assert finding.words == "One division. Not known for Ben and Cleo."


def test_what_is_known_of_nobody_is_said():
    assert say("T2", [person(1, name="Ana"), person(2, name="Ben")]).words == (
        "Job classification not known for Ana and Ben."
    )


def test_an_empty_team_is_explained_too():
    """The board shows one while it is filled by hand."""
    findings = {one.label: one for one in explain_team(problem_of(crowd(3)), [])}
    assert findings["T1"].words == "0 people; a team has 3 or 4."
    assert sum(one.points for one in findings.values()) == 0


@pytest.mark.parametrize(
    ("weight", "points", "ok", "words"),
    [
        (0, 0, True, "2 different career tracks. Career tracks are not weighed."),
        (5, 10, False, "2 different career tracks. Ana and Cleo share one. Different preferred."),
        (-5, -10, False, "2 different career tracks. The same preferred."),
    ],
)
def test_career_tracks_weigh_as_the_branch_office_prefers(weight, points, ok, words):
    """T3."""
    rows = [
        person(1, name="Ana", track="X"),
        person(2, name="Ben", track="Y"),
        person(3, name="Cleo", track="X"),
    ]
    finding = say("T3", rows, weights={"track": weight})
    assert (finding.points, finding.ok, finding.words) == (points, ok, words)


def test_grow_meets_a_teammates_glow_rounded_down():
    rows = [
        person("a", name="Ana", grow=["C1", "C2", "C3", "C4", "C5"]),
        person("b", name="Ben", glow=["C1"]),
        person("c", name="Cleo", glow=["C1", "C3"]),
    ]
    finding = say("competency", rows)
    assert finding.points == 12 * 2 // 5 == 4
    assert finding.words.startswith(
        "Ana grows in C1; Ben and Cleo glow in it. Ana grows in C2; no teammate glows"
    )
    assert "Ana grows in C3; Cleo glows in it." in finding.words


@pytest.mark.parametrize("ids", [["P1", "zoe"], ["P1", "P1"]])
def test_explaining_a_team_of_unknown_or_repeated_people_is_refused(ids):
    with pytest.raises(BadProblem):
        explain_team(problem_of(crowd(3)), ids)
