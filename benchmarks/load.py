"""The site under a steady load, then as fast as it answers: without an error, and without growing.

100,000 applications in a PostgreSQL of its own, two processes of gunicorn; the pages of `MIX` in turn, the generator of the
load on the same machine.
"""

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles

from benchmarks.figures import Figure
from benchmarks.pages import LARGE, Server, ask, say, server, site
from tests.services import postgresql

MIX = (
    "home, director",
    "approvals, supervisor",
    "verify a certificate",
    "an application to sign",
    "my applications",
)
A_SECOND, SECONDS = 50, 5 * 60
MANY = 100_000  # requests, of each process about half
SETTLED = 10_000  # requests after which what is kept for good is there
CLIENTS = 8
FLAT = 1.05
MIB = 1024


def run() -> list[Figure]:
    """Errors and lateness of the steady load; how much the processes grew between the first and the last requests."""
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(postgresql())
        about = site(address, LARGE)
        running = stack.enter_context(server(address, LARGE, workers=2))
        asks = _Asks(about, running)
        return [*_steady(asks), *_growth(asks, running)]


class _Asks:
    """The pages in turn, from several threads; counts what did not answer as it should."""

    def __init__(self, about: dict, running: Server) -> None:
        self._port = running.port
        self._pages = itertools.cycle([about["pages"][name] for name in MIX])
        self._cookies = about["cookies"]
        self._lock = threading.Lock()
        self.errors: list[str] = []

    def one(self, _: object = None) -> float:
        """Seconds that one took."""
        with self._lock:
            user, address = next(self._pages)
        try:
            return ask(self._port, address, self._cookies[user])
        except (OSError, RuntimeError) as problem:
            self.errors.append(f"{address}: {problem}")
            return 0.0


def _steady(asks: _Asks) -> Iterator[Figure]:
    begun, number = time.monotonic(), A_SECOND * SECONDS

    def at_its_time(place: int) -> float:
        time.sleep(max(0.0, begun + place / A_SECOND - time.monotonic()))
        asks.one()
        return time.monotonic() - begun - place / A_SECOND  # from when it was to be asked

    with ThreadPoolExecutor(4 * CLIENTS) as clients:
        taken = list(clients.map(at_its_time, range(number)))
    detail = f"{number} requests, 95th percentile {1000 * quantiles(taken, n=20)[-1]:.0f} ms"
    yield Figure(f"errors at {A_SECOND} requests a second", len(asks.errors), 0, detail)
    say(f"{A_SECOND} a second: {detail}; {len(asks.errors)} errors {asks.errors[:3]}")


def _growth(asks: _Asks, running: Server) -> Iterator[Figure]:
    sizes = []
    with ThreadPoolExecutor(CLIENTS) as clients:
        for part in range(MANY // SETTLED):
            list(clients.map(asks.one, range(SETTLED)))
            sizes.append(_resident(running.pid))
            say(f"{(part + 1) * SETTLED} requests: {sizes[-1] / MIB:.0f} MiB")
    grown = sizes[-1] / sizes[0]
    detail = f"{sizes[0] / MIB:.0f} MiB after {SETTLED} requests, {sizes[-1] / MIB:.0f} after {MANY}"
    yield Figure("memory of the web processes, times what it was", round(grown, 3), FLAT, detail)
    yield Figure("errors as fast as it answers", len(asks.errors), 0, f"{MANY} requests")


def _resident(parent: int) -> int:
    """KiB of all processes that this one started."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    status = (Path(f"/proc/{child}/status").read_text() for child in children)
    return sum(int(text.split("VmRSS:")[1].split()[0]) for text in status)
