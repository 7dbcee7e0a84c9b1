"""The solver in a child process: watched, stopped at any moment, and never late.

HiGHS cannot be interrupted and may overrun any limit it is given, so the child is killed at its limit and the
best it has told so far is the answer. A subprocess, not multiprocessing: it has to work inside a Celery worker,
whose processes may have no children of that kind. The child ends by itself when its parent is gone.
"""

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from coaching.formation.answer import make_result
from coaching.formation.check import checked
from coaching.formation.clock import DEFAULT_SECONDS
from coaching.formation.problem import Problem, Result

ROOT = Path(__file__).resolve().parents[2]
GRACE = 0.5  # seconds beyond the limit that the child may take to end by itself
A_PERSON = 0.00015  # seconds to explain and check an answer here, taken off the child's time
LOOK_EVERY = 0.1  # seconds between two looks at whether to stop


@dataclass(frozen=True)
class Progress:
    """How far it is. No score yet: nothing was found so far."""

    seconds: float
    score: int | None = None
    bound: int | None = None


class NoTeamsYet(Exception):
    """The time was up, or it was stopped, before the first teams were found."""


class ChildFailed(Exception):
    """The child ended with an error before it told of any teams."""


def run(
    problem: Problem,
    *,
    seconds: float | None = None,
    seed: int = 0,
    steps: int | None = None,
    watch: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Result:
    """`proposal.solve` in a process of its own; the answer, also one cut short, is checked here once more.

    Ends at most a second after `seconds`. `watch` is called every tenth of a second and may raise: then the child
    is killed. When `stop` returns True, the best so far is the answer. Raises NoTeamsYet, ChildFailed.
    """
    if seconds is None and steps is None:
        seconds = DEFAULT_SECONDS
    if seconds is not None:
        seconds = max(0.0, seconds - A_PERSON * len(problem.people))
    with _Child(problem, seconds=seconds, seed=seed, steps=steps) as child:
        ended = False
        while not ended:  # told and asked once before the first answer, however fast it comes
            if watch:
                watch(child.progress())
            if (seconds is not None and child.elapsed > seconds + GRACE) or (stop and stop()):
                break
            ended = child.has_ended()
    return child.answer()


class _Child:
    def __init__(self, problem: Problem, *, seconds: float | None, seed: int, steps: int | None) -> None:
        self.problem = problem
        self.began = time.monotonic()
        self.best: dict[str, Any] | None = None
        self.lines: queue.Queue[str] = queue.Queue()
        self.ended = self.killed = False
        options = ["--stream", f"--began={time.time()}", f"--seed={seed}"]
        options += [] if seconds is None else [f"--seconds={seconds}"]
        options += [] if steps is None else [f"--steps={steps}"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "coaching.formation", *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        threading.Thread(target=self._write, daemon=True).start()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _write(self) -> None:
        """The problem as one line. The pipe stays open: its end tells the child that its parent is gone."""
        with contextlib.suppress(OSError, ValueError):  # it has ended before it read all; its exit says why
            _pipe(self.process.stdin).write(json.dumps(self.problem.to_json()) + "\n")
            _pipe(self.process.stdin).flush()

    def _read(self) -> None:
        for line in _pipe(self.process.stdout):
            self.lines.put(line)
        self.lines.put("")

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def has_ended(self) -> bool:
        """Waits for news, but not long."""
        try:
            self._hear(self.lines.get(timeout=LOOK_EVERY))
        except queue.Empty:
            return False
        return self.ended

    def _hear(self, line: str) -> None:
        if not line:
            self.ended = True
        elif line.endswith("\n"):  # else it was killed in the middle of a word
            self.best = json.loads(line)

    def progress(self) -> Progress:
        best = self.best or {}
        return Progress(round(self.elapsed, 3), best.get("score"), best.get("bound"))

    def answer(self) -> Result:
        while not self.lines.empty():
            self._hear(self.lines.get())
        if self.best is not None:
            return checked(self.problem, _result(self.problem, self.best, self.elapsed))
        if self.process.returncode and not self.killed:
            raise ChildFailed(f"The solver ended with exit code {self.process.returncode}.")
        raise NoTeamsYet(f"No teams were found in {self.elapsed:.1f} seconds. Allow more time.")

    def __enter__(self) -> "_Child":
        return self

    def __exit__(self, *_: object) -> None:
        if not self.ended:
            self.killed = True
            self.process.kill()
        try:
            self.process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(timeout=GRACE)
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # what it did not read any more
                _pipe(pipe).close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _result(problem: Problem, told: dict[str, Any], elapsed: float) -> Result:
    """What the child told in `tell`, explained anew from its teams alone."""
    result = make_result(
        problem,
        [[problem.index[one] for one in team] for team in told["teams"]],
        {problem.index[one]: why for one, why in told["left_out"]},
        bound=told["bound"],
        bound_by=told["bound_by"],
        settled=told["status"] == "optimal",
        seconds=elapsed,
        asked=told["asked"],
    )
    return result


def tell(result: Result) -> str:
    """One line for the parent."""
    data = result.to_json()
    told = ("teams", "left_out", "score", "bound", "status", "bound_by")
    return json.dumps({key: data[key] for key in told} | {"asked": result.asked})
