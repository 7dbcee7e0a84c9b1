"""`python -m coaching.formation PROBLEM.json [--seconds S] [--seed N] [--steps N]`: JSON to JSON.

Exit 0: a proposal on standard output, also when its status is "infeasible". Exit 2: bad input, one line for
each mistake on standard error. Exit 3: no teams were found in the time.
"""

import argparse
import json
import math
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from coaching.formation import child
from coaching.formation.clock import DEFAULT_SECONDS
from coaching.formation.parsing import parse
from coaching.formation.problem import BadProblem

EPILOG = """\
PROBLEM.json: {"people": [{"id", "name", "division", "classification", "track", "grow": [], "glow": [], "slots": []}],
"apart": [[id, id]], "together": [[id, id]], "sizes": [3, 4], "weights": {}}; all but "people" may be left out.
"fixed": [[id, id, id]]   whole teams that stay as they are
"start": [[id, id, id]]   teams to begin with; what is proposed is not worse
"keep":  [[id, id, id]]   present teams: first the fewest wait, then the fewest people are asked again (all members of
                          each team that is none of these), then the preferred sizes and the score decide
"""


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    if options.stream:
        return _stream(options)
    try:
        problem = parse(_read(options.problem))
    except BadProblem as bad:
        for mistake in bad.mistakes:
            print(mistake, file=sys.stderr)
        return 2
    try:
        result = child.run(problem, seconds=options.seconds, seed=options.seed, steps=options.steps)
    except child.NoTeamsYet as late:
        print(late, file=sys.stderr)
        return 3
    json.dump(result.to_json(), sys.stdout, indent=2)
    print()
    return 0


def _stream(options: argparse.Namespace) -> int:
    """As the child of child.run: the problem on standard input, a line for all that is better on standard output."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as told:
        os.dup2(2, 1)  # HiGHS greets on standard output
        problem = parse(json.loads(sys.stdin.readline()))
        threading.Thread(target=_end_with_parent, daemon=True).start()
        from coaching.formation.proposal import solve  # noqa: PLC0415 (NumPy and HiGHS are slow to load)

        result = solve(
            problem,
            seconds=options.seconds,
            seed=options.seed,
            steps=options.steps,
            watch=lambda better: print(child.tell(better), file=told, flush=True),
            ago=max(0.0, time.time() - options.began) if options.began else 0.0,
        )
        print(child.tell(result), file=told, flush=True)
    os._exit(0)  # at once, whatever threads there are


def _end_with_parent() -> None:
    """The parent keeps standard input open as long as it lives."""
    sys.stdin.read()
    os._exit(1)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m coaching.formation",
        description="Propose teams for a cohort.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("problem", metavar="PROBLEM.json", type=Path, nargs="?")
    parser.add_argument(
        "--seconds", type=_seconds, help=f"time limit (default {DEFAULT_SECONDS:g} without --steps)"
    )
    parser.add_argument("--seed", type=int, default=0, help="start of the random numbers (default 0)")
    parser.add_argument(
        "--steps", type=_steps, help="limit in units of work: the same seed gives the same teams"
    )
    parser.add_argument("--stream", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--began", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.problem is None and not options.stream:
        parser.error("the following arguments are required: PROBLEM.json")
    return options


def _seconds(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(text)
    return seconds


def _steps(text: str) -> int:
    steps = int(text)
    if steps < 0:
        raise ValueError(text)
    return steps


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_unique)
    except OSError as error:
        raise BadProblem([f"{path}: {error.strerror}"]) from error
    except RecursionError as error:
        raise BadProblem([f"{path}: nested too deeply"]) from error
    except BadProblem:
        raise
    except ValueError as error:  # not UTF-8, not JSON
        raise BadProblem([f"{path}: not JSON in UTF-8: {error}"]) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key that stands twice would hide the first."""
    keys = [key for key, _ in pairs]
    twice = [key for key in dict.fromkeys(keys) if keys.count(key) > 1]
    if twice:
        raise BadProblem([f"JSON: the key {key!a} stands twice in one object" for key in twice])
    return dict(pairs)


if __name__ == "__main__":
    sys.exit(main())
