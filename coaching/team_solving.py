"""One run of the solver for the branch office: in a process of its own, with progress that a job can show."""

import math
from typing import Any

from coaching.errors import Refused
from coaching.formation import Problem, child
from coaching.jobs import Cancelled, Progress

DEFAULT_SECONDS = 10.0  # a slow machine needs two to load the solver
MOST_SECONDS = 600.0
MOST_POINTS = 120  # of the picture of how score and bound come closer


class SolverFailed(Refused):
    pass


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    seconds: float | None = None,
    steps: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The solver's answer as `formation.Result.to_json` gives it; a job that is stopped has the best so far.

    `seconds` limits the search, `steps` does so repeatably (one of them; DEFAULT_SECONDS when neither is given).
    Raises SolverFailed; jobs.Cancelled where it was stopped before the first teams were found.
    """
    if steps is None:
        seconds = min(seconds if seconds is not None else DEFAULT_SECONDS, MOST_SECONDS)
    report = _Report(progress, seconds)
    try:
        result = child.run(problem, seconds=seconds, seed=seed, steps=steps, watch=report, stop=report.stop)
    except child.NoTeamsYet as error:
        if report.stopped:
            raise Cancelled from error
        raise SolverFailed("No teams were found in the time. Start by hand, or try again.") from error
    except child.ChildFailed as error:
        raise SolverFailed(
            "The proposal could not be made. Start by hand, and tell the administrator."
        ) from error
    return result.to_json()


class _Report:
    """Once a second: how far the job is, the best score and its bound, and how both came there."""

    def __init__(self, progress: Progress | None, seconds: float | None) -> None:
        self.progress, self.total = progress, math.ceil(seconds or MOST_SECONDS)
        self.next = 0.0
        self.points: list[list[float | int]] = []  # seconds, score, bound
        self.stopped = False

    def __call__(self, now: child.Progress) -> None:
        if self.progress is None or self.stopped or now.seconds < self.next:
            return
        self.next = now.seconds + 1
        if now.score is not None and now.bound is not None:
            self.points.append([round(now.seconds, 1), now.score, now.bound])
            if len(self.points) > MOST_POINTS:
                self.points = [self.points[0], *self.points[2::2]]
        so_far: dict[str, object] = {"score": now.score, "bound": now.bound, "points": self.points}
        try:
            self.progress.report(min(int(now.seconds), self.total), self.total, so_far)
        except Cancelled:
            self.stopped = True

    def stop(self) -> bool:
        return self.stopped
