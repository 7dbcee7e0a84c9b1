"""`python -m coaching.formation PROBLEM.json [--seconds S] [--seed N] [--steps N]`: JSON to JSON.

Exit 0: a proposal on standard output, also when its status is "infeasible". Exit 2: bad input, one line for
each mistake on standard error.
"""

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

from coaching.formation.parsing import parse
from coaching.formation.problem import BadProblem
from coaching.formation.proposal import DEFAULT_SECONDS, solve


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    try:
        problem = parse(_read(options.problem))
    except BadProblem as bad:
        for mistake in bad.mistakes:
            print(mistake, file=sys.stderr)
        return 2
    result = solve(problem, seconds=options.seconds, seed=options.seed, steps=options.steps)
    json.dump(result.to_json(), sys.stdout, indent=2)
    print()
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m coaching.formation", description="Propose teams for a cohort."
    )
    parser.add_argument("problem", metavar="PROBLEM.json", type=Path)
    parser.add_argument(
        "--seconds", type=_seconds, help=f"time limit (default {DEFAULT_SECONDS:g} without --steps)"
    )
    parser.add_argument("--seed", type=int, default=0, help="start of the random numbers (default 0)")
    parser.add_argument(
        "--steps", type=_steps, help="limit in moves tried: the same seed gives the same teams"
    )
    return parser.parse_args(arguments)


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
