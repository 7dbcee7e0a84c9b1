"""PostgreSQL and Redis of one's own on this machine, for trying: reached by nobody else, and ended with what they serve.

python -m coaching.site.servers FOLDER COMMAND ...

runs the command with DATABASE_URL and REDIS_URL of two servers that keep their data in the folder.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psycopg
import redis

SECONDS_TO_START = 30
SECONDS_TO_END = 20
OF_ROOT = Path("/var/lib/postgresql/peer-coaching")  # PostgreSQL's user may not enter root's folders


class NotStarted(Exception):
    """A server ended or stayed silent; the message holds what it wrote."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(
    command: Sequence[str | Path],
    log: Path,
    is_ready: Callable[[], bool],
    *,
    cwd: Path,
    given: str = "",
    owner: str | None = None,
) -> Iterator[subprocess.Popen]:
    """The command's process while the block runs, from the moment it answers. `given`: what it reads first."""
    as_owner = {"user": owner, "group": owner, "extra_groups": []} if owner else {}
    with log.open("wb") as output, tempfile.TemporaryFile("w+") as reads:
        reads.write(given)
        reads.seek(0)
        # A session of its own: Ctrl-C ends what it serves first, and the server afterwards.
        process = subprocess.Popen(  # type: ignore[call-overload]
            command,
            cwd=cwd,
            stdin=reads,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **as_owner,
        )
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise NotStarted(f"{Path(command[0]).name} did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        yield process
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown; Redis ends by it too
        try:
            process.wait(timeout=SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def postgresql_commands() -> Path:
    """The folder of the newest PostgreSQL; Debian keeps it out of PATH."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[4])
    )
    found = installed[-1] if installed else shutil.which("postgres")
    if not found:
        raise NotStarted("PostgreSQL is missing: apt-get install postgresql")
    return Path(found).parent


def postgresql_user() -> str | None:
    """Whom it runs as where that is not this user: it refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else None


@contextlib.contextmanager
def socket_folder() -> Iterator[Path]:
    """For PostgreSQL's user alone, directly under /tmp: the path of a socket may have 107 characters at most."""
    with tempfile.TemporaryDirectory(prefix="coaching-", dir="/tmp", ignore_cleanup_errors=True) as name:
        if owner := postgresql_user():
            shutil.chown(name, owner, owner)
        yield Path(name)


def database_url(sockets: Path) -> str:
    return f"postgres://postgres@/postgres?host={sockets}"


@contextlib.contextmanager
def postgresql(
    data: Path, sockets: Path, settings: Mapping[str, str], *, log: Path
) -> Iterator[tuple[str, subprocess.Popen]]:
    """A PostgreSQL on a socket in that folder, its tables in `data`. Yields its DATABASE_URL and its process."""
    commands, owner = postgresql_commands(), postgresql_user()
    if not (data / "PG_VERSION").exists():
        as_owner = {"user": owner, "group": owner, "extra_groups": []} if owner else {}
        made = subprocess.run(  # type: ignore[call-overload]
            [commands / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync",
             "--encoding=UTF8", "--locale=C.UTF-8"],
            check=False, cwd=sockets, capture_output=True, text=True, **as_owner,
        )  # fmt: skip
        if made.returncode != 0:
            raise NotStarted(f"PostgreSQL could not make its tables in {data}:\n{made.stderr}")
    given = {"listen_addresses": "", "unix_socket_directories": str(sockets), **settings}
    options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]

    def is_ready() -> bool:
        try:
            psycopg.connect(host=str(sockets), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    command: list[str | Path] = [commands / "postgres", "-D", data, *options]
    with server(command, log, is_ready, cwd=sockets, owner=owner) as process:
        yield database_url(sockets), process


@contextlib.contextmanager
def redis_server(
    folder: Path, *, keeps: bool, port: int | None = None, password: str = ""
) -> Iterator[tuple[str, subprocess.Popen]]:
    """A Redis on 127.0.0.1. Yields its REDIS_URL and its process."""
    command = shutil.which("redis-server")
    if not command:
        raise NotStarted("Redis is missing: apt-get install redis-server")
    port = port or free_port()
    url = f"redis://{f':{password}@' if password else ''}127.0.0.1:{port}/0"
    # Read from standard input: other users see the command line of any process.
    lines = ["bind 127.0.0.1", f"port {port}", f"dir {folder}", "appendonly no"]
    lines += ["save 60 1" if keeps else 'save ""', *([f"requirepass {password}"] if password else [])]
    client = redis.Redis.from_url(url)

    def is_ready() -> bool:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

    given = "\n".join([*lines, ""])
    with (
        contextlib.closing(client),
        server([command, "-"], folder / "log", is_ready, cwd=folder, given=given) as process,
    ):
        yield url, process


def _data_folder(folder: Path) -> Path:
    """Of PostgreSQL: in the folder, or for root elsewhere, with a link from there."""
    data, owner = folder / "postgresql", postgresql_user()
    if not owner or data.exists():
        return data.resolve()
    place = OF_ROOT / hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.chown(place, owner, owner)
    data.unlink(missing_ok=True)
    data.symlink_to(place)
    return place


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotStarted(
                f"the servers of {folder} run already. End the other script/server --full first."
            ) from None
        yield


@contextlib.contextmanager
def kept_in(folder: Path) -> Iterator[tuple[dict[str, str], dict[str, subprocess.Popen]]]:
    """Both, with their data in the folder. Yields what the program's environment needs, and their processes by name."""
    (folder / "redis").mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_alone(folder))
        sockets = stack.enter_context(socket_folder())
        # Its log would hold what people typed into a statement that failed.
        quiet = {"log_min_error_statement": "panic", "log_error_verbosity": "terse"}
        opened = postgresql(_data_folder(folder), sockets, quiet, log=folder / "postgresql.log")
        database, postgres_process = stack.enter_context(opened)
        password = secrets.token_hex(16)
        broker, redis_process = stack.enter_context(
            redis_server(folder / "redis", keeps=True, password=password)
        )
        yield (
            {"DATABASE_URL": database, "REDIS_URL": broker},
            {"PostgreSQL": postgres_process, "Redis": redis_process},
        )


def _ended(child: subprocess.Popen, servers: Mapping[str, subprocess.Popen]) -> int:
    """Wait for the command; a server that ends by itself takes it along. Returns its status."""
    while child.poll() is None:
        for name, process in servers.items():
            if process.poll() is not None:
                child.terminate()
                child.wait()
                raise NotStarted(f"{name} ended by itself; the program was ended too.")
        time.sleep(0.2)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def main(folder: Path, command: Sequence[str]) -> int:
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda *_: sys.exit(143))
    with kept_in(folder) as (environment, servers):
        child = subprocess.Popen(command, env=os.environ | environment)
        # Ctrl-C reaches the command by itself; it cleans up while we wait.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for each in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, lambda *_: child.terminate())
        return _ended(child, servers)


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2:]))
    except NotStarted as error:
        sys.exit(f"server: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
