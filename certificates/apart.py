"""A stranger's file is looked at in a sandbox, one file at a time on each machine.

A script (certificates/apart_child.py) does it, and what it says is taken only in a known form.
"""

import fcntl
import json
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from certificates import attached
from certificates.apart_child import MOST_BYTES, SECONDS
from certificates.attached import Attached
from certificates.seal_check import Check
from coaching import sandbox
from coaching.errors import Refused

CHILD = Path(__file__).with_name("apart_child.py")
DOOR = CHILD  # whose lock whoever looks at a file holds
PATIENCE, PAUSE = 5.0, 0.05  # seconds: for the file before this one
MOST_SECONDS = 3 * SECONDS  # by the clock, on a machine that has other work
NO_ANSWER = Check(why="Looking at it takes longer, or more memory, than any certificate does.")


class Busy(Refused):
    """Others’ files are being looked at."""


@dataclass(frozen=True)
class Looked:
    """`says`: what the file says of itself; None where that is nothing, or nothing that could be read."""

    seal: Check
    says: Attached | None


def look(pdf: bytes, roots: Iterable[bytes], *, time_stamp_roots: Iterable[bytes] = ()) -> Looked:
    """Against root certificates (PEM), whatever the bytes are. Raises Busy."""
    trusted = {
        "roots": [pem.decode("latin-1") for pem in roots],
        "time_stamp_roots": [pem.decode("latin-1") for pem in time_stamp_roots],
    }
    told, _, claims = _told(json.dumps(trusted).encode() + b"\n" + pdf).partition(b"\n")
    return Looked(_understood(told), attached.understood(claims) if len(claims) <= MOST_BYTES else None)


def _told(given: bytes) -> bytes:
    """All that it said before its end, whatever ended it."""
    with _one_at_a_time():
        try:
            return sandbox.run(CHILD, given, seconds=MOST_SECONDS).stdout
        except subprocess.TimeoutExpired as ended:
            return ended.stdout or b""


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Whatever the number of processes and threads. The system opens the lock of one that was killed."""
    with DOOR.open("rb") as door:
        for _ in range(round(PATIENCE / PAUSE)):
            try:
                fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(PAUSE)
        else:
            raise Busy("Other files are being looked at just now. Try again in a minute.")
        yield


def _understood(told: bytes) -> Check:
    """In the form of the child alone: whoever broke into it may write anything."""
    try:
        found = json.loads(told)
        at = found["sealed_at"]
        check = Check(**{**found, "sealed_at": None if at is None else datetime.fromisoformat(at)})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return NO_ANSWER
    return check if len(found) == len(fields(Check)) and _in_form(check) else NO_ANSWER


def _in_form(check: Check) -> bool:
    texts, answers, at = (
        (check.seal, check.root, check.owner, check.why),
        (check.whole, check.time_stamped),
        check.sealed_at,
    )
    return (
        all(isinstance(each, str) for each in texts)
        and all(isinstance(each, bool) for each in answers)
        and (at is None or at.tzinfo is not None)
    )
