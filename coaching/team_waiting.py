"""Who waits, and what would get them into a team: more people, another time, or another choice (T1, T8)."""

from collections.abc import Iterable, Sequence
from itertools import combinations

from coaching.formation import Person, Problem
from coaching.formation.problem import Id
from coaching.formation.sizes import fewest_waiting
from coaching.meeting_times import named
from coaching.models import Cohort
from coaching.team_problem import Case

MOST_TIMES = 3  # named to one person
MOST_LOOKED_AT = 40  # people who could be teammates, for one person and time; the least kept apart first


def why_waiting(cohort: Cohort, number: int) -> str:
    """T1: what the number of people without a team means, in words; empty when all can be split into teams."""
    sizes = range(cohort.program.min_team_size, cohort.program.max_team_size + 1)
    must = fewest_waiting(number, sizes)
    if not must:
        return ""
    people = "1 person" if number == 1 else f"{number} people"
    wait = "1 must wait" if must == 1 else f"{must} must wait"
    teams = " or ".join(str(size) for size in sizes)
    more = next(more for more in range(1, max(sizes) + 1) if not fewest_waiting(number + more, sizes))
    helps = "1 more participant" if more == 1 else f"{more} more participants"
    return f"{people} cannot be split into teams of {teams}: {wait}. With {helps} nobody would have to."


def what_would_help(cohort: Cohort, case: Case, waiting: Iterable[int]) -> dict[int, str]:
    """For each of these people by id, what would get them into a team of the people of `case`, in a sentence."""
    lacking = min(case.problem.sizes) - len(case.problem.people)
    if lacking > 0:
        more = "1 more participant" if lacking == 1 else f"{lacking} more participants"
        return dict.fromkeys(waiting, f"What would help: {more}.")
    return {one: _help(cohort, case.problem, one) for one in waiting}


def _help(cohort: Cohort, problem: Problem, one: int) -> str:
    tied = [problem.people[problem.index[each]] for each in problem.pinned.get(one, (one,))]
    person, mates = problem.people[problem.index[one]], [each for each in tied if each.id != one]
    rivals = {other for each in tied for other in problem.rivals.get(each.id, ())}
    others = [each for each in problem.people if each not in tied and each.id not in rivals]

    def works(slot: Id) -> bool:
        mates_free = len(_free(mates, slot)) == len(mates)
        return mates_free and _has_team(problem, _free(others, slot), len(tied))

    offered = dict.fromkeys(slot for each in others for slot in each.slots or ())
    if person.slots is None or any(works(slot) for slot in person.slots):
        return "What would help: change places with somebody in a team, or wait for another participant."
    helpful = [slot for slot in offered if slot not in person.slots and works(slot)]
    if not helpful:
        return "What would help: another participant whom they are not kept apart from."
    helpful.sort(key=lambda slot: -len(_free(others, slot)))
    labels = [str(each) for slot in helpful[:MOST_TIMES] for each in named([str(slot)], cohort)]
    return f"What would help: that they could also meet on {', or on '.join(labels)}, when enough others can."


def _free(people: Sequence[Person], slot: Id) -> list[Person]:
    return [each for each in people if each.slots is None or slot in each.slots]


def _has_team(problem: Problem, free: Sequence[Person], there: int) -> bool:
    """Whether some of these people can be in one team with as many as are `there`."""
    easiest = sorted(free, key=lambda each: len(problem.rivals.get(each.id, ())))[:MOST_LOOKED_AT]
    return any(_some_together(problem, easiest, size - there) for size in problem.sizes if size >= there)


def _some_together(problem: Problem, people: Sequence[Person], number: int) -> bool:
    return any(
        not any(other.id in problem.rivals.get(each.id, ()) for each, other in combinations(team, 2))
        for team in combinations(people, number)
    )
