"""One move on a board of 200 people against the leanest page of the same site: processor time, not wall clock.

A child process fills a database of its own, SQLite in a folder that is removed, and answers the requests itself,
in turn, through the site's WSGI application: what is counted is all that the server computes for an answer, its
database included.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.environment import over
from benchmarks.figures import Figure

MOST_RATIO = 5.0


def run() -> list[Figure]:
    """The figure of a move: how many times what the leanest signed-in page costs; its detail tells of the whole board."""
    with TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'board.sqlite3'}"
        environment = over(database)
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, env=environment, check=True, stdout=sys.stderr)
        measure = [sys.executable, "-W", "ignore", "-m", "benchmarks.board_of_many"]
        done = subprocess.run(measure, env=environment, check=True, stdout=subprocess.PIPE)
    return [_figure(**json.loads(done.stdout))]


def _figure(
    people: int, teams: int, lean: list[str], seconds: dict[str, float], size: dict[str, int]
) -> Figure:
    floor = min(lean, key=seconds.__getitem__)
    whole = seconds["the whole board"]
    detail = (
        f"{1000 * seconds['a move']:.0f} ms of the processor and {size['a move'] / 1000:.0f} kB against "
        f"{1000 * seconds[floor]:.0f} ms for the page “{floor}”, the leanest of {len(lean)}; "
        f"the whole board {1000 * whole:.0f} ms and {size['the whole board'] / 1000:.0f} kB, "
        f"{whole / seconds[floor]:.1f} times as much"
    )
    name = f"a move among {people} people in {teams} teams, times the leanest page"
    return Figure(name, round(seconds["a move"] / seconds[floor], 2), MOST_RATIO, detail)
