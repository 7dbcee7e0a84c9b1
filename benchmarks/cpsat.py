"""A plain assignment model of team formation for CP-SAT: a peer for `script/bench teams`.

`python benchmarks/cpsat.py SECONDS WORKERS < PROBLEM.json`, in an environment with ortools (requirements/bench.txt);
it shares no code with the solver. One yes or no for each person and team; answers {"teams", "score", "bound"}.
"""

import json
import sys
from typing import Any

from ortools.sat.python import cp_model

CLASSIFICATION, DIVISION, COMPETENCY, SLOTS, ENOUGH_SLOTS = 10, 8, 12, 4, 3


def main() -> None:
    seconds, workers = float(sys.argv[1]), int(sys.argv[2])
    problem = json.load(sys.stdin)
    people = problem["people"]
    threes = -len(people) % 4
    sizes = [4] * ((len(people) - 3 * threes) // 4) + [3] * threes
    model = cp_model.CpModel()
    seat = [[model.new_bool_var("") for _ in sizes] for _ in people]
    for row in seat:
        model.add_exactly_one(row)
    place = {person["id"]: number for number, person in enumerate(people)}
    worth = []
    for team, size in enumerate(sizes):
        here = [row[team] for row in seat]
        model.add(sum(here) == size)
        for one, other in problem["apart"]:
            model.add_at_most_one(here[place[one]], here[place[other]])
        worth += _variety(model, people, here, "classification", CLASSIFICATION)
        worth += _variety(model, people, here, "division", DIVISION)
        worth += _competencies(model, people, here)
        worth.append(SLOTS * size * _slots(model, people, here))
    model.maximize(sum(worth))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    found = solver.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    teams = [
        [person["id"] for person, row in zip(people, seat, strict=True) if found and solver.value(row[team])]
        for team in range(len(sizes))
    ]
    score = int(solver.objective_value) if found else 0
    print(json.dumps({"teams": teams, "score": score, "bound": solver.best_objective_bound}))


def _variety(model: Any, people: list, here: list, fact: str, points: int) -> list:
    worth = []
    for value in sorted({person[fact] for person in people}):
        shown = model.new_bool_var("")
        holders = [var for person, var in zip(people, here, strict=True) if person[fact] == value]
        model.add(shown <= sum(holders))
        worth.append(points * shown)
    return worth


def _competencies(model: Any, people: list, here: list) -> list:
    worth = []
    for person, var in zip(people, here, strict=True):
        for competency in person["grow"]:
            met = model.new_bool_var("")
            model.add_implication(met, var)
            guides = [each for mate, each in zip(people, here, strict=True) if competency in mate["glow"]]
            model.add(met <= sum(guides))
            worth.append(COMPETENCY // len(person["grow"]) * met)
    return worth


def _slots(model: Any, people: list, here: list) -> Any:
    """How many common slots count in this team."""
    common = []
    for slot in sorted({slot for person in people for slot in person["slots"]}):
        all_can = model.new_bool_var("")
        for person, var in zip(people, here, strict=True):
            if slot not in person["slots"]:
                model.add_at_most_one(all_can, var)
        common.append(all_can)
    many = model.new_int_var(1, ENOUGH_SLOTS, "")
    model.add(many <= sum(common))
    return many


if __name__ == "__main__":
    main()
