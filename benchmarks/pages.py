"""Pages over 100,000 applications against the same pages over 100, and against a bare list: queries, time, throughput.

Two databases in one PostgreSQL, and for each a gunicorn, are asked in turn, so that what slows one slows both.
"""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import psycopg

from benchmarks.environment import over
from benchmarks.figures import Figure
from tests.services import free_port, postgresql

SMALL, LARGE = 100, 100_000
MOST_QUERIES = 12  # of a list
SINGLE = ("an application",)  # beginnings of the names of pages that are no lists
MOST_RATIO = 1.3
REQUESTS = 60  # of each page and size
WARM_UP = 10
SECONDS_TO_START = 60

# Share of the requests that a bare list of 25 rows behind the same middleware and sign-in answers in a second.
LEAST_SHARE = {"approvals, deputy": 0.35, "verify a certificate": 0.8}
BARE = "/bare/"
ROUNDS, SECONDS_A_ROUND, CLIENTS = 5, 4, 2


def run() -> list[Figure]:
    """The figures of each page: its number of queries, the difference between sizes, the ratio of the 95th percentiles."""
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(postgresql())
        sites = {number: site(address, number) for number in (SMALL, LARGE)}
        ports = {number: stack.enter_context(server(address, number)).port for number in sites}
        figures = [figure for page in sites[SMALL]["pages"] for figure in _measured(page, sites, ports)]
        return [*figures, *_throughput(sites[LARGE], ports[LARGE])]


def _database(address: str, number: int) -> str:
    return address.replace("/postgres?", f"/applications_{number}?")


def _environment(database: str) -> dict[str, str]:
    return over(database, DJANGO_SETTINGS_MODULE="benchmarks.bare")


def site(address: str, number: int) -> dict:
    """A database with so many applications; what benchmarks.many_applications says of it."""
    with psycopg.connect(address.replace("postgres://", "postgresql://"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE applications_{number}")
    environment = _environment(_database(address, number))
    python = [sys.executable, "-m"]
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        env=environment,
        check=True,
        stdout=sys.stderr,
    )
    say(f"Writing {number} applications")
    filled = subprocess.run(
        [*python, "benchmarks.many_applications", str(number)],
        env=environment | {"LOG_LEVEL": "WARNING"},  # without a line for each request
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(filled.stdout)


@dataclass(frozen=True)
class Server:
    """`pid`: of the process that the workers are children of."""

    port: int
    pid: int


@contextlib.contextmanager
def server(address: str, number: int, *, workers: int = 1) -> Iterator["Server"]:
    """gunicorn on a free port over the database with so many applications, while the block runs."""
    port = free_port()
    command = [
        Path(sys.executable).parent / "gunicorn",
        "--no-control-socket",
        "--workers",
        str(workers),
        "--threads",
        "2",
    ]
    command += ["--log-level", "warning", "--bind", f"127.0.0.1:{port}", "coaching.site.wsgi"]
    quiet = subprocess.DEVNULL  # a line for each request
    environment = _environment(_database(address, number))
    process = subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet)
    try:
        _wait_for(port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/livez")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.2)
    raise TimeoutError("gunicorn did not answer.")


def _measured(page: str, sites: dict[int, dict], ports: dict[int, int]) -> Iterator[Figure]:
    few, many = (sites[number]["queries"][page] for number in (SMALL, LARGE))
    if not page.startswith(SINGLE):
        yield Figure(f"{page}, queries", many, MOST_QUERIES, f"{few} with {SMALL} applications")
    yield Figure(f"{page}, more queries than with {SMALL}", abs(many - few), 0, f"{many} against {few}")
    seconds: dict[int, list[float]] = {number: [] for number in sites}
    for place in range(REQUESTS + WARM_UP):
        for number, site in sites.items():
            user, address = site["pages"][page]
            taken = ask(ports[number], address, site["cookies"][user])
            if place >= WARM_UP:
                seconds[number].append(taken)
    p95 = {number: quantiles(times, n=20)[-1] * 1000 for number, times in seconds.items()}
    detail = f"95th percentile {p95[LARGE]:.1f} ms against {p95[SMALL]:.1f} ms"
    yield Figure(f"{page}, time", round(p95[LARGE] / p95[SMALL], 2), MOST_RATIO, detail)
    say(f"{page}: {detail}")


def _throughput(site: dict, port: int) -> Iterator[Figure]:
    """Each page in turn with the bare list, several times: what slows one slows both."""
    signed_in = site["pages"]["approvals, deputy"][0]
    for page, least in LEAST_SHARE.items():
        user, address = site["pages"][page]
        rates: dict[str, list[float]] = {BARE: [], address: []}
        for _ in range(ROUNDS):
            for each, found in rates.items():
                found.append(_rate(port, each, site["cookies"][user if each != BARE else signed_in]))
        bare, rate = (median(found) for found in rates.values())
        yield Figure(
            f"{page}, requests a second of a bare list, times its own",
            round(bare / rate, 2),
            round(1 / least, 2),
            f"{rate:.0f} against {bare:.0f} a second: {100 * rate / bare:.0f} %",
        )
        say(f"{page}: {rate:.0f} a second against {bare:.0f} of a bare list")


def _rate(port: int, address: str, session: str) -> float:
    """Requests that are answered in a second, asked by several clients at once."""
    until = time.monotonic() + SECONDS_A_ROUND

    def client(_: int) -> int:
        asked = 0
        while time.monotonic() < until:
            ask(port, address, session)
            asked += 1
        return asked

    with ThreadPoolExecutor(CLIENTS) as clients:
        return sum(clients.map(client, range(CLIENTS))) / SECONDS_A_ROUND


def ask(port: int, address: str, session: str) -> float:
    """Seconds until the whole page is there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begun = time.perf_counter()
    connection.request("GET", address, headers={"Cookie": f"sessionid={session}", "Host": "127.0.0.1"})
    answer = connection.getresponse()
    answer.read()
    taken = time.perf_counter() - begun
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{address} answered {answer.status}")
    return taken


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
