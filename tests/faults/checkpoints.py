"""Where a process kills itself: a test names the place in a file, and whichever process comes there first is gone.

No process reads the clock for it: what is killed has come exactly so far and no further.
"""

import itertools
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

PATIENCE = 60  # seconds, for a busy machine
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Kill:
    """At the `number`th time that a process comes to this place; `whole`: the worker with all its processes."""

    place: str
    number: int = 1
    after: bool = False
    whole: bool = False


def places() -> dict[str, tuple[object, str]]:
    """What is about to happen, and from where it is called."""
    from coaching import jobs, outbox  # noqa: PLC0415 (needs the apps)
    from tests.certificates.checkpoints import CHECKPOINTS  # noqa: PLC0415

    return {
        **CHECKPOINTS,
        "before the job is told as done": (jobs, "_finish"),
        "before a mail is handed over": (outbox, "_send"),
    }


def arm(folder: Path, kill: Kill) -> Path:
    """From now on; the file returned is gone once it has happened."""
    armed = folder / "armed"
    made = folder / "arming"
    made.write_text(json.dumps({"id": next(_numbers), **asdict(kill)}))
    made.rename(armed)
    return armed


def wait_until(holds: Callable[[], object], what: str, *, seconds: float = PATIENCE) -> None:
    """Looks again and again: for what another process does there is nothing to wait on."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"Waited in vain: {what}"
        time.sleep(0.05)


def install() -> None:
    """In a process that a test started."""
    folder = Path(os.environ["FAULTS"])
    for name, (where, attribute) in places().items():
        setattr(where, attribute, _watched(name, getattr(where, attribute), folder))


def _watched(name: str, real: Callable, folder: Path) -> Callable:
    passed: Counter[int] = Counter()

    def reached(*args, **kwargs):
        kill = _armed(folder, name)
        if kill is None:
            return real(*args, **kwargs)
        passed[kill["id"]] += 1
        if passed[kill["id"]] != kill["number"]:
            return real(*args, **kwargs)
        if kill["after"]:
            real(*args, **kwargs)
        (folder / "armed").unlink()
        if kill["whole"]:
            os.killpg(0, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    return reached


def _armed(folder: Path, name: str) -> dict | None:
    try:
        kill = json.loads((folder / "armed").read_text())
    except FileNotFoundError:
        return None
    return kill if kill["place"] == name else None
