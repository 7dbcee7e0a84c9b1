"""Runs a command on a PostgreSQL and a Redis of its own, and ends both with it.

python -m tests.services COMMAND ...

DATABASE_URL and REDIS_URL win where they are set: then that server is not started.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import redis

SECONDS_TO_START = 30


class NotStarted(Exception):
    """A server ended or stayed silent; the message holds what it wrote."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def _server(
    command: Sequence[str | Path], folder: Path, is_ready: Callable[[], bool], **popen
) -> Iterator[None]:
    """The command's process while the block runs, from the moment it answers."""
    log = folder / "log"
    with log.open("wb") as output:
        # A session of its own: Ctrl-C ends the tests first, and them afterwards.
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **popen
        )
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise NotStarted(f"{command[0]} did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown; Redis ends by it too
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _folder(owner: str | None = None) -> Iterator[Path]:
    # Directly under /tmp: the path of a socket may have 107 characters at most.
    with tempfile.TemporaryDirectory(prefix="coaching-", dir="/tmp", ignore_cleanup_errors=True) as name:
        if owner:
            shutil.chown(name, owner, owner)
        yield Path(name)


def _postgresql_commands() -> Path:
    """The folder of the newest PostgreSQL; Debian keeps it out of PATH."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[4])
    )
    found = installed[-1] if installed else shutil.which("postgres")
    if not found:
        raise NotStarted("PostgreSQL is missing: apt-get install postgresql")
    return Path(found).parent


LIGHT = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}  # what nobody needs after a crash


class Cluster:
    """The folder of a PostgreSQL on a Unix socket, which is started and ended as often as one likes."""

    def __init__(self, folder: Path, owner: str | None) -> None:
        self.folder, self.data = folder, folder / "data"
        self.url = f"postgres://postgres@/postgres?host={folder}"
        self.commands = _postgresql_commands()
        self._as_owner: dict[str, object] = (
            {"user": owner, "group": owner, "extra_groups": []} if owner else {}
        )
        subprocess.run(
            [self.commands / "initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--no-sync",
             "--encoding=UTF8", "--locale=C.UTF-8"],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, **self._as_owner,
        )  # fmt: skip

    def answers(self) -> bool:
        try:
            psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    @contextlib.contextmanager
    def running(self, **settings: str) -> Iterator[str]:
        """Yields its DATABASE_URL."""
        settings = {
            "listen_addresses": "",
            "max_connections": "200",  # races of fifty, in two processes
            "unix_socket_directories": str(self.folder),
            **settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [self.commands / "postgres", "-D", self.data, *options]
        with _server(command, self.folder, self.answers, **self._as_owner):
            yield self.url

    def end(self, how: signal.Signals) -> None:
        """SIGINT: fast, without waiting for clients; SIGQUIT: as in a crash."""
        os.kill(int((self.data / "postmaster.pid").read_text().split()[0]), how)


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    owner = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    with _folder(owner) as folder:
        yield Cluster(folder, owner)


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL on a Unix socket, gone with its data when the block ends. Yields its DATABASE_URL."""
    with cluster() as found, found.running(**LIGHT) as url:
        yield url


@contextlib.contextmanager
def redis_server(port: int | None = None) -> Iterator[str]:
    """A Redis that keeps nothing, on a free port of 127.0.0.1. Yields its REDIS_URL."""
    command = shutil.which("redis-server")
    if not command:
        raise NotStarted("Redis is missing: apt-get install redis-server")
    url = f"redis://127.0.0.1:{port or free_port()}/0"
    client = redis.Redis.from_url(url)

    def is_ready() -> bool:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

    with _folder() as folder, contextlib.closing(client):
        options = [
            "--bind",
            "127.0.0.1",
            "--port",
            url.split(":")[2].split("/")[0],
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        with _server([command, *options], folder, is_ready):
            yield url


def main(command: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        environment = dict(os.environ)
        if not environment.get("DATABASE_URL"):
            environment["DATABASE_URL"] = stack.enter_context(postgresql())
            environment.setdefault("DATABASE_POOL", "60")
        if not environment.get("REDIS_URL"):
            environment["REDIS_URL"] = stack.enter_context(redis_server())
        child = subprocess.Popen(command, env=environment)
        # Ctrl-C reaches the command by itself; it cleans up while we wait.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        status = child.wait()
        return status if status >= 0 else 128 - status


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except NotStarted as error:
        sys.exit(f"tests.services: {error}")
