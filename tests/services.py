"""Runs a command on a PostgreSQL and a Redis of its own, and ends both with it.

python -m tests.services COMMAND ...

DATABASE_URL and REDIS_URL win where they are set: then that server is not started.
"""

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg

from coaching.site import servers
from coaching.site.servers import NotStarted, free_port

__all__ = ["NotStarted", "free_port", "postgresql", "redis_server"]

LIGHT = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}  # what nobody needs after a crash


class Cluster:
    """The folder of a PostgreSQL on a Unix socket, which is started and ended as often as one likes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.url = folder, folder / "data", servers.database_url(folder)
        self.commands = servers.postgresql_commands()

    @contextlib.contextmanager
    def running(self, **settings: str) -> Iterator[str]:
        """Yields its DATABASE_URL."""
        settings = {"max_connections": "200", **settings}  # races of fifty, in two processes
        with servers.postgresql(self.data, self.folder, settings, log=self.folder / "log") as (url, _):
            yield url

    @contextlib.contextmanager
    def on_small_disk(self, small: Path) -> Iterator[str]:
        """As running, with that folder as a disk of its own, of one MiB, for this process alone."""
        with self.running():
            pass  # so that its tables are there
        given = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={self.folder}"]
        command = _on_small_disk(small, [self.commands / "postgres", "-D", self.data, *given])
        with servers.server(command, self.folder / "log", self._answers, cwd=self.folder):
            yield self.url

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres").close()
            return True
        return False

    def end(self, how: signal.Signals) -> None:
        """SIGINT: fast, without waiting for clients; SIGQUIT: as in a crash."""
        os.kill(int((self.data / "postmaster.pid").read_text().split()[0]), how)


def _on_small_disk(folder: Path, command: Sequence[str | Path]) -> list[str | Path]:
    """Mounted where no other process sees it, so that it is gone with this one: by root, or in a namespace of users."""
    is_root = os.geteuid() == 0
    owner = pwd.getpwnam("postgres").pw_uid if is_root else 0  # which is this user, in the namespace
    mount = f'mount -t tmpfs -o size=1m,mode=0700,uid={owner} tmpfs {folder} && exec "$@"'
    if is_root:
        alone = ["unshare", "--mount"]
        ours = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    else:
        alone = ["unshare", "--user", "--map-root-user", "--mount"]
        ours = ["unshare", "--user", f"--map-user={os.geteuid()}", f"--map-group={os.getegid()}"]
    return [*alone, "sh", "-c", mount, "sh", *ours, *command]


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    with servers.socket_folder() as folder:
        yield Cluster(folder)


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL on a Unix socket, gone with its data when the block ends. Yields its DATABASE_URL."""
    with cluster() as found, found.running(**LIGHT) as url:
        yield url


@contextlib.contextmanager
def redis_server(port: int | None = None) -> Iterator[str]:
    """A Redis that keeps nothing, on a free port of 127.0.0.1. Yields its REDIS_URL."""
    with (
        tempfile.TemporaryDirectory(prefix="coaching-") as folder,
        servers.redis_server(Path(folder), keeps=False, port=port) as (url, _),
    ):
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
