"""Certificates, rendered and sealed, beside the obvious way to do it; and the page that verifies one beside an empty page.

The obvious way: the same page with its drawings as SVG and its fonts as woff2, `HTML(string).write_pdf()`, and pyHanko's
SimpleSigner with an RSA key of 2048 bits, warm. Both take turns in one process, and processor time is counted. Workers are
processes that do what one of the site's does for each certificate.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.environment import over
from benchmarks.figures import Figure

MANY = 1000
PART = 250  # as certificates/tasks.py has it
MEMORY = 200  # MiB
FLAT = 1.05  # at the end of each process of a worker, times that of its first
GROWTH = 32  # KiB for each certificate within a process, which is replaced after PART of them


def run() -> list[Figure]:
    with TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'certificates.sqlite3'}"
        environment = over(database)
        for command in (["migrate", "--verbosity", "0"], ["make_seal_key", folder, "--password", "bench"]):
            subprocess.run(
                [sys.executable, "manage.py", *command], env=environment, check=True, stdout=sys.stderr
            )
        environment |= {
            "SEAL_CERTIFICATE": str(Path(folder) / "seal.pem"),
            "SEAL_KEY": str(Path(folder) / "key.pem"),
            "SEAL_KEY_PASSWORD": "bench",
        }
        return [*_beside_the_obvious_way(environment), *_workers(environment), *_page(environment)]


def _ask(environment: dict[str, str], *what: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.certificates_made", *what]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)


def _told(process: "subprocess.Popen[bytes]") -> dict[str, float]:
    out, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{process.args} ended with {process.returncode}")
    return json.loads(out)


def _beside_the_obvious_way(environment: dict[str, str]) -> list[Figure]:
    found = _told(_ask(environment, "beside"))
    ours, obvious = found["ours"], found["obvious"]
    both, obvious_both = ours + found["sealing"], obvious + found["obvious sealing"]

    def figure(name: str, mine: float, theirs: float, least: float) -> Figure:
        detail = f"{1000 * mine:.0f} ms against {1000 * theirs:.0f} ms of the processor: {theirs / mine:.1f} times as fast"
        return Figure(name, round(mine / theirs, 3), round(1 / least, 3), detail)

    return [
        figure("rendering, share of the obvious way", ours, obvious, 3),
        figure("rendering and sealing, share of the obvious way", both, obvious_both, 4),
    ]


@dataclass(frozen=True)
class Worker:
    """`early` and `most`: MiB of each of its processes, after a fifth of its certificates and at its end."""

    seconds: float
    early: list[float]
    most: list[float]


def _work(environment: dict[str, str], workers: int) -> list[Worker]:
    """Workers side by side. As the site's do, each makes a part of its certificates in a process and goes on in a fresh one;
    the time is that of the certificates, without the starts."""
    parts = MANY // workers // PART
    found = [Worker(0, [], []) for _ in range(workers)]
    for _ in range(parts):
        running = [_ask(environment, "many", str(PART)) for _ in range(workers)]
        for number, process in enumerate(running):
            told, worker = _told(process), found[number]
            worker.early.append(told["early"])
            worker.most.append(told["most"])
            found[number] = replace(worker, seconds=worker.seconds + told["seconds"])
    return found


def _workers(environment: dict[str, str]) -> list[Figure]:
    [one], two = _work(environment, 1), _work(environment, 2)
    seconds = max(each.seconds for each in two)
    ends = [most for each in (one, *two) for most in each.most]
    grown = max(max(each.most) / each.most[0] for each in (one, *two))
    within = [
        1024 * (most - early) / (0.8 * PART)
        for each in (one, *two)
        for early, most in zip(each.early, each.most, strict=True)
    ]
    return [
        Figure(
            f"{MANY} certificates by two workers, share of the time of one",
            round(seconds / one.seconds, 3),
            round(1 / 1.8, 3),
            f"{seconds:.1f} s against {one.seconds:.1f} s: {one.seconds / seconds:.2f} times as fast",
        ),
        Figure(
            "memory of a worker in MiB, at most",
            round(max(ends)),
            MEMORY,
            f"the largest of {len(ends)} processes that make {PART} certificates each",
        ),
        Figure(
            "memory that each certificate leaves behind in a process, in KiB",
            round(median(within), 1),
            GROWTH,
            ", ".join(f"{each:.0f}" for each in within),
        ),
        Figure(
            "memory of a worker, times that of its first process",
            round(grown, 3),
            FLAT,
            ", ".join(f"{each:.0f}" for each in one.most) + f" MiB at the end of each {PART}",
        ),
    ]


def _page(environment: dict[str, str]) -> list[Figure]:
    found = _told(_ask(environment, "page"))
    detail = f"{1000 * found['page']:.2f} ms against {1000 * found['empty']:.2f} ms of the processor"
    ratio = round(found["page"] / found["empty"], 2)
    return [Figure("the page that verifies a certificate, times an empty page", ratio, 2, detail)]
