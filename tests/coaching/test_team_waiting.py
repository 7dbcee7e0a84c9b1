"""Who waits, why, and what would get them into a team: T1, T8."""

import pytest

from coaching.formation import Person, Problem
from coaching.team_problem import Case
from coaching.team_waiting import what_would_help, why_waiting

pytestmark = pytest.mark.django_db

OTHERWISE = "What would help: change places with somebody in a team, or wait for another participant."


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (
            1,
            "1 person cannot be split into teams of 3 or 4: 1 must wait. With 2 more participants nobody would have to.",
        ),
        (
            2,
            "2 people cannot be split into teams of 3 or 4: 2 must wait. With 1 more participant nobody would have to.",
        ),
        (3, ""),
        (4, ""),
        (
            5,
            "5 people cannot be split into teams of 3 or 4: 1 must wait. With 1 more participant nobody would have to.",
        ),
        (6, ""),
        (7, ""),
    ],
)
def test_one_two_and_five_people_must_wait(cohort, number, words):
    """T1"""
    assert why_waiting(cohort, number) == words


def person(number, slots=None):
    return Person(number, f"P{number}", slots=slots)


def helped(cohort, people, one=1, **problem):
    return what_would_help(cohort, Case(Problem(tuple(people), **problem), {}), [one])[one]


def test_whom_arithmetic_alone_leaves_out(cohort):
    """T1"""
    assert helped(cohort, [person(number) for number in range(1, 6)]) == OTHERWISE


def test_where_nobody_could_be_in_a_team(cohort):
    """T1"""
    assert helped(cohort, [person(1)]) == "What would help: 2 more participants."
    assert helped(cohort, [person(1, ("0-0900",)), person(2)]) == "What would help: 1 more participant."


def test_the_times_that_would_do_the_most_people_first(cohort):
    people = [
        person(1, ("0-0900",)),
        person(2, ("1-0900", "2-1100")),
        person(3, ("1-0900", "2-1100")),
        person(4, ("2-1100",)),
        person(5, ("3-1300",)),
    ]
    assert helped(cohort, people) == (
        "What would help: that they could also meet on Wednesday, 11:00 a.m., or on Tuesday, 9:00 a.m., "
        "when enough others can."
    )


def test_who_has_given_no_time(cohort):
    people = [person(1, ()), person(2, ("1-0900",)), person(3, ("1-0900",))]
    assert "Tuesday, 9:00 a.m." in helped(cohort, people)


def test_a_time_at_which_the_others_are_kept_apart_does_not_do(cohort):
    """T8"""
    people = [person(1, ("0-0900",)), person(2, ("1-0900",)), person(3, ("1-0900",))]
    words = helped(cohort, people, apart=((2, 3),))
    assert words == "What would help: another participant whom they are not kept apart from."


def test_who_is_kept_together_needs_a_time_of_both(cohort):
    people = [
        person(1, ("0-0900",)),
        person(2, ("0-0900", "1-0900")),
        person(3, ("1-0900", "2-0900")),
        person(4, ("2-0900",)),
    ]
    assert helped(cohort, people, together=((1, 2),)) == (
        "What would help: that they could also meet on Tuesday, 9:00 a.m., when enough others can."
    )
