"""script/server as a person runs it, in a copy of the project with a database of its own."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psycopg
import pytest
import redis
from django.conf import settings

from tests.services import free_port

pytestmark = pytest.mark.services

ADMINISTRATOR = {
    "ADMIN_EMAIL": "admin@example.org",
    "ADMIN_NAME": "Ada Administrator",
    "ADMIN_PASSWORD": "a-long-enough-phrase",
}


PATIENCE = 180  # seconds; a busy machine is no failure


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """The files that git knows or would add; installed packages are shared with this project."""
    here = Path(settings.BASE_DIR)
    copy = tmp_path_factory.mktemp("clone")
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=here, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listing.stdout.split("\0")):
        if (here / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(here / name, copy / name)
    for name in (".venv", "node_modules"):
        (copy / name).unlink(missing_ok=True)
        (copy / name).symlink_to((here / name).resolve())
    return copy


@pytest.fixture
def start(project) -> Iterator[Callable[..., subprocess.Popen]]:
    """start(arguments, **environment): script/server from another folder, as the leader of a process group."""
    # Only what a login has: the tests' own settings must not reach it.
    login = {name: os.environ[name] for name in ("HOME", "PATH", "LANG") if name in os.environ}
    # Where the tests run in the background, Ctrl-C is ignored, and a script that inherits this cannot react to it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    started = []

    def do(*arguments: str, **environment: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [project / "script" / "server", *arguments], cwd="/", env={**login, **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0,
        )  # fmt: skip
        started.append(process)
        return process

    yield do
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=PATIENCE)
    signal.signal(signal.SIGINT, before)


def wait_for(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=PATIENCE) as answer:
                assert answer.status == 200
                return
        except URLError:
            time.sleep(0.2)
    pytest.fail(f"no answer on port {port}: {process.communicate()[0] if process.poll() is not None else ''}")


def members(group: int, name: str = "") -> list[int]:
    """Processes of a group that run, those whose command holds the name."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, its_group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            command = (folder / "cmdline").read_text()
        except OSError:
            continue  # it ended meanwhile
        if int(its_group) == group and state != "Z" and name in command:
            found.append(int(folder.name))
    return found


def test_server_serves_with_its_worker_and_ends_both(start):
    port = free_port()
    process = start("--empty", PORT=str(port), **ADMINISTRATOR)
    wait_for(port, process)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port))
    os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C does
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert f"http://127.0.0.1:{port}/" in output
    assert "Ada Administrator can sign in as admin@example.org." in output
    assert members(process.pid) == []


def test_server_ends_when_its_worker_dies(start):
    port = free_port()
    process = start("--empty", PORT=str(port), **ADMINISTRATOR)
    wait_for(port, process)
    os.kill(min(members(process.pid, "celery")), signal.SIGKILL)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "ended by itself" in output
    assert members(process.pid) == []


def environment_of(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def asked(database: str, query: str) -> list[tuple]:
    with psycopg.connect(database) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def data_of_full(project) -> Iterator[Path]:
    folder = project / "var" / "full"
    yield folder
    for each in (folder / "postgresql").resolve(), folder:  # root's PostgreSQL has its data elsewhere
        shutil.rmtree(each, ignore_errors=True)


def test_full_runs_on_servers_of_its_own_keeps_its_data_and_ends_all(start, data_of_full):
    port = free_port()
    process = start("--full", "--empty", PORT=str(port), **ADMINISTRATOR)
    wait_for(port, process)
    for command in ("gunicorn", "celery\0--quiet\0--app\0coaching.site.celery\0worker", "beat"):
        assert members(process.pid, command), command
    given = environment_of(min(members(process.pid, "gunicorn")))
    database, broker = given["DATABASE_URL"], given["REDIS_URL"]
    assert asked(database, "SELECT email FROM coaching_user") == [("admin@example.org",)]
    with pytest.raises(redis.AuthenticationError):  # another user of this machine
        redis.Redis.from_url(f"redis://127.0.0.1:{broker.rpartition(':')[2]}").ping()
    deadline = time.monotonic() + PATIENCE
    while not asked(database, "SELECT 1 FROM coaching_auditlink"):  # beat asks, the worker does
        assert time.monotonic() < deadline, "nothing was done that is due"
        time.sleep(1)
    busy = start("--full", PORT=str(free_port()))
    assert "run already. End the other script/server --full first." in busy.communicate(timeout=PATIENCE)[0]
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, output
    assert members(process.pid) == []
    with pytest.raises(psycopg.OperationalError):
        asked(database, "SELECT 1")
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(broker).ping()

    process = start("--full", "--empty", PORT=str(port), **ADMINISTRATOR)
    wait_for(port, process)
    database = environment_of(min(members(process.pid, "gunicorn")))["DATABASE_URL"]
    assert asked(database, "SELECT email FROM coaching_user") == [("admin@example.org",)]
    os.kill(int((data_of_full / "postgresql" / "postmaster.pid").read_text().split()[0]), signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "PostgreSQL ended by itself; the program was ended too." in output
    assert members(process.pid) == []


def test_a_server_that_does_not_start_is_named_with_what_it_said(start, data_of_full):
    (data_of_full / "postgresql").mkdir(parents=True)
    (data_of_full / "postgresql" / "PG_VERSION").write_text("9.6\n")
    if os.geteuid() == 0:
        shutil.chown(data_of_full / "postgresql", "postgres")
    output, _ = start("--full", PORT=str(free_port())).communicate(timeout=PATIENCE)
    assert "server: postgres did not start:" in output


def test_busy_port_is_said_before_anything_starts(start, project):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        output, _ = start(PORT=str(port)).communicate(timeout=PATIENCE)
    assert output == (
        f"server: port {port} is in use. "
        f"End what listens there, or choose another: PORT={port + 1} script/server\n"
    )


def test_empty_without_an_administrator_to_make_says_what_is_missing(start, project):
    (project / "var" / "db.sqlite3").unlink(missing_ok=True)
    process = start("--empty", PORT=str(free_port()))
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "ADMIN_EMAIL is missing: set it, or run this in a terminal." in output


def test_second_bootstrap_installs_nothing_and_keeps_the_secrets(project):
    subprocess.run([project / "script" / "bootstrap", "--dev"], cwd="/", check=True)
    secrets = (project / ".env").read_text()
    assert (project / ".env").stat().st_mode & 0o777 == 0o600
    installed = (project / ".venv" / ".installed").stat().st_mtime_ns
    again = subprocess.run(
        [project / "script" / "bootstrap"], cwd="/", check=True, capture_output=True, text=True
    )
    assert (project / ".venv" / ".installed").stat().st_mtime_ns == installed
    assert again.stdout + again.stderr == ""
    assert (project / ".env").read_text() == secrets


def test_missing_fonts_are_named_and_stop_what_cannot_install_them(project, tmp_path):
    """A certificate must show any name. Here fc-list finds nothing, and apt-get reaches no mirror."""
    for name, status in {"fc-list": 0, "apt-get": 1}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {status}\n")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    run = subprocess.run(
        [project / "script" / "bootstrap"], cwd="/", env=environment, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "fonts that write any name on the certificates" in run.stderr
    assert "apt-get install fonts-noto-core fonts-noto-cjk" in run.stderr
