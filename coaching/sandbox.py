"""A stranger's file is opened in a process of its own: within limits, and with nothing of this process's environment.

A small file can unpack to more than the memory of a server, keep its reader busy for good, or take over its parser. The
script that reads it calls `enter` first; for that, this module imports the standard library alone.
"""

import resource
import subprocess
import sys
from pathlib import Path


def run(script: Path, given: bytes, *, seconds: float) -> "subprocess.CompletedProcess[bytes]":
    """The script with `given` on its standard input, for so long by the clock. Raises OSError, subprocess.TimeoutExpired."""
    return subprocess.run(
        [sys.executable, "-I", script],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=seconds,
        check=False,
        cwd="/",
        env={},
    )


def enter(*, seconds: int, memory: int) -> None:
    """From here on, this process has so many seconds of a processor and bytes of memory; it writes no file and starts
    no process."""
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 16,
    }
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))
