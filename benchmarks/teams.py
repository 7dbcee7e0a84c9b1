"""Team formation beside random teams, greedy teams and CP-SAT, on the same invented cohorts and in the same time.

Each of our answers comes from the command in a process of its own, is checked by the independent checker, and
its peak memory is what the system says of that process and its child. CP-SAT runs in var/bench (script/bench
installs it): HiGHS and it cannot share a process.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.figures import Figure
from benchmarks.formation_instances import instance
from coaching.formation import Problem, check_teams, parse, score_team
from coaching.formation.masks import Masks
from coaching.formation.sizes import splits

ROOT = Path(__file__).resolve().parents[1]
CPSAT = ROOT / "var" / "bench" / "bin" / "python"
SEEDS = range(1, 6)
CORES = 2
LATE = 1.0  # seconds after the limit, at most; and a start of the command on a busy machine
START = 1.0
MEMORY = 1024  # MB


@dataclass(frozen=True)
class Size:
    """`most_gap` in percent of the score; `unproven`: how many seeds may end without proof."""

    number: int
    seconds: float
    most_gap: float
    unproven: int
    cpsat: bool = True


SIZES = (
    Size(24, 2, 0.0, 0),
    Size(48, 10, 0.0, 0),
    Size(100, 30, 0.3, 5),
    Size(300, 30, 0.5, 5),
    Size(1000, 10, 0.3, 5, cpsat=False),  # its model alone takes longer and more memory than there is
)


@dataclass(frozen=True)
class Run:
    proven: bool
    score: int
    gap: float
    bound_by: str
    seconds: float
    memory: float
    random: int
    greedy: int
    cpsat: int | None


def run() -> list[Figure]:
    return [figure for size in SIZES for figure in _figures(size, [_run(size, seed) for seed in SEEDS])]


def _run(size: Size, seed: int) -> Run:
    data = instance(size.number, seed)
    problem = parse(data)
    answer, seconds, memory = _ours(data, size.seconds)
    mistakes = check_teams(problem, answer["teams"], [one for one, _ in answer["left_out"]])
    if mistakes or answer["score"] != _score(problem, answer["teams"]):
        raise RuntimeError(f"N={size.number}, seed {seed}: {mistakes or 'the score is wrong'}")
    found = Run(
        proven=answer["status"] == "optimal",
        score=answer["score"],
        gap=100 * (answer["bound"] - answer["score"]) / answer["score"],
        bound_by=answer["bound_by"],
        seconds=seconds,
        memory=memory,
        random=_score(problem, _random(problem, seed)),
        greedy=_score(problem, _greedy(problem)),
        cpsat=_cpsat(data, problem, size.seconds) if size.cpsat else None,
    )
    print(f"N={size.number}, seed {seed}: {found}", file=sys.stderr, flush=True)
    return found


def _figures(size: Size, runs: list[Run]) -> Iterator[Figure]:
    name, many = f"N={size.number}", len(runs)
    proven = sum(each.proven for each in runs)
    gaps = ", ".join(f"{each.gap:.3f}" for each in runs)
    times = ", ".join(f"{each.seconds:.1f}" for each in runs)
    yield Figure(
        f"{name}, without proof", many - proven, size.unproven, f"{proven} of {many} seeds proven best"
    )
    bounds = "/".join(sorted({each.bound_by for each in runs}))
    yield Figure(
        f"{name}, gap in %",
        round(max(each.gap for each in runs), 3),
        size.most_gap,
        f"{gaps}; bound by {bounds}",
    )
    yield Figure(
        f"{name}, seconds",
        round(max(each.seconds for each in runs), 1),
        size.seconds + LATE + START,
        f"{times}; limit {size.seconds:g}",
    )
    yield Figure(
        f"{name}, memory in MB", round(max(each.memory for each in runs)), MEMORY, "peak of the largest"
    )
    for peer in ("random", "greedy", "cpsat"):
        scores = [getattr(each, peer) for each in runs]
        if None not in scores:
            ratio = mean(score / each.score for score, each in zip(scores, runs, strict=True))
            detail = f"{round(mean(scores))} against {round(mean(each.score for each in runs))} on average"
            yield Figure(f"{name}, {peer} / ours", round(ratio, 4), 1.0, detail)


def _score(problem: Problem, teams: list[list[Any]]) -> int:
    return sum(score_team(problem, team) for team in teams)


def _ours(data: dict[str, Any], seconds: float) -> tuple[dict[str, Any], float, float]:
    """The command's answer, the seconds it took from start to end, and its peak memory in MB."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        with (Path(folder) / "answer.json").open("w+", encoding="utf-8") as out:
            command = [sys.executable, "-m", "coaching.formation", str(path), "--seconds", str(seconds)]
            began = time.perf_counter()
            process = subprocess.Popen(command, cwd=ROOT, stdout=out)
            _, status, usage = os.wait4(process.pid, 0)
            taken = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise RuntimeError(f"the solver ended with {process.returncode}")
            out.seek(0)
            return json.load(out), taken, usage.ru_maxrss / 1024


def _random(problem: Problem, seed: int) -> list[list[Any]]:
    """Anybody with anybody, whatever the hard rules."""
    ids = [person.id for person in problem.people]
    random.Random(seed).shuffle(ids)
    return _dealt(ids, next(splits(len(ids), problem.sizes)))


def _dealt(ids: list[Any], sizes: tuple[int, ...]) -> list[list[Any]]:
    return [[ids.pop() for _ in range(size)] for size in sizes]


def _greedy(problem: Problem) -> list[list[Any]]:
    """Team by team: the first who is left, then whoever adds most."""
    score = Masks(problem).scorer(forbidden=-1)
    left = list(range(len(problem.people)))
    teams = []
    for size in next(splits(len(left), problem.sizes)):
        team = [left.pop(0)]
        while len(team) < size:
            best = max(left, key=lambda place: score([*team, place]))
            team.append(best)
            left.remove(best)
        teams.append([problem.people[place].id for place in team])
    return teams


def _cpsat(data: dict[str, Any], problem: Problem, seconds: float) -> int:
    """Its score, or 0 where it found nothing in the time."""
    command = [str(CPSAT), str(ROOT / "benchmarks" / "cpsat.py"), str(seconds), str(CORES)]
    done = subprocess.run(command, input=json.dumps(data), capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    return _score(problem, answer["teams"]) if answer["score"] else 0
