"""A whole program of 2,000 applicants against one of 200: hardly more time for each of them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.environment import over
from benchmarks.figures import Figure

FEW, MANY = 200, 2_000
MOST_RATIO = 1.3


def run() -> list[Figure]:
    """The figure: seconds of the processor for each applicant of the larger program, times those of the smaller."""
    few, many = (_seconds(number) / number for number in (FEW, MANY))
    detail = f"{1000 * many:.0f} ms of the processor for each of {MANY} against {1000 * few:.0f} ms for each of {FEW}"
    return [Figure("an applicant of a large simulated program", round(many / few, 2), MOST_RATIO, detail)]


def _seconds(applicants: int) -> float:
    with TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'simulated.sqlite3'}"
        environment = over(database)
        manage = [sys.executable, "-W", "ignore", "manage.py"]
        subprocess.run(
            [*manage, "migrate", "--verbosity", "0"], env=environment, check=True, stdout=sys.stderr
        )
        begun = os.times()
        simulate = [*manage, "simulate", "--applicants", str(applicants), "--seed", "7"]
        done = subprocess.run(simulate, env=environment, check=True, stdout=subprocess.PIPE)
        ended = os.times()
        counts = json.loads(done.stdout)
        print(f"{applicants} applicants: {counts}", file=sys.stderr, flush=True)
    return ended.children_user + ended.children_system - begun.children_user - begun.children_system
