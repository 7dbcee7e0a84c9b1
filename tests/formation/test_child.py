"""The solver in a child process: watched, stopped, never late, gone with its parent."""

import json
import subprocess
import sys
import time

import pytest

from benchmarks.formation_instances import instance
from coaching.formation import WrongResult, check_result, child, parse

from .problems import crowd, problem_of
from .test_command import ROOT


class Stopped(Exception):
    pass


def test_same_seed_and_steps_give_the_same_teams_in_any_process():
    problem = parse(instance(16, seed=2))
    first, again = (child.run(problem, steps=20_000, seed=3) for _ in range(2))
    assert first.teams == again.teams
    assert first.status == "optimal"


def test_it_is_watched_and_stopped_with_the_best_so_far_in_hand():
    problem = parse(instance(200, seed=1))
    seen = []
    result = child.run(
        problem, seconds=60, watch=seen.append, stop=lambda: bool(seen and seen[-1].score is not None)
    )
    assert result.seconds < 30  # a second or two, but the machine may be busy
    assert check_result(problem, result) == []
    assert (result.status, result.left_out) == ("feasible", ())
    assert seen[0].seconds < 2
    assert seen[0].score is None
    assert seen[-1].score <= result.score < result.bound <= seen[-1].bound


def test_what_its_watcher_raises_ends_it(monkeypatch):
    started = recorded(monkeypatch)

    def watch(_):
        raise Stopped

    with pytest.raises(Stopped):
        child.run(parse(instance(100, seed=1)), seconds=60, watch=watch)
    assert started[0].returncode == -9


def test_it_is_killed_at_its_limit(monkeypatch):
    """What hangs, as a linear program can, is late by less than a second; the margin is for busy machines."""
    script = "import sys, time; print(sys.stdin.readline().strip(), flush=True); time.sleep(60)"
    started = recorded(monkeypatch, [sys.executable, "-c", script])
    began = time.monotonic()
    with pytest.raises(KeyError):  # it told the problem back, which is no answer
        child.run(problem_of(crowd(20)), seconds=1)
    assert 1 <= time.monotonic() - began < 5
    assert started[0].returncode == -9


def test_nothing_found_in_time_is_said(monkeypatch):
    recorded(monkeypatch, ["sleep", "60"])
    with pytest.raises(child.NoTeamsYet, match="Allow more time"):
        child.run(problem_of(crowd(20)), seconds=0.1)


def test_an_end_without_an_answer_is_a_failure(monkeypatch):
    recorded(monkeypatch, ["/bin/false"])
    with pytest.raises(child.ChildFailed, match="exit code 1"):
        child.run(problem_of(crowd(20)), seconds=10)


def test_what_it_tells_is_checked_again(monkeypatch):
    told = {
        "teams": [["P1", "P2", "P3"]],
        "left_out": [],
        "score": 36,
        "bound": 36,
        "status": "optimal",
        "bound_by": "lp",
        "asked": None,
    }
    recorded(monkeypatch, ["echo", json.dumps(told)])
    with pytest.raises(WrongResult, match="P4 is neither in a team nor left out"):
        child.run(problem_of(crowd(4)), seconds=10)


def test_an_answer_cut_off_in_the_middle_is_none(monkeypatch):
    recorded(monkeypatch, ["printf", '{"teams": [["P1"'])
    with pytest.raises(child.NoTeamsYet):
        child.run(problem_of(crowd(4)), seconds=10)


def test_it_ends_when_its_parent_is_gone():
    command = [sys.executable, "-m", "coaching.formation", "--stream", "--seconds", "600"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    process.stdin.write(json.dumps(instance(200, seed=1)) + "\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["status"] == "feasible"
    process.stdin.close()
    assert process.wait(timeout=60) == 1
    process.stdout.close()


def recorded(monkeypatch, command=None):
    """The processes that are started, in place of the solver where a command is given."""
    started, popen = [], subprocess.Popen

    def start(given, **options):
        started.append(popen(command or given, **options))
        return started[-1]

    monkeypatch.setattr(child.subprocess, "Popen", start)
    return started
