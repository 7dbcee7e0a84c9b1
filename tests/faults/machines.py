"""The program as processes of its own, as a department runs it: web, worker, beat; and people who use its pages."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client

from coaching.models import User
from tests.faults.checkpoints import wait_until
from tests.services import Cluster, free_port

PYTHON_BIN = Path(sys.executable).parent
TOKEN = "t" * 32


def database_url() -> str:
    """Of the database of this test, which is another one for each process of the tests."""
    return urllib.parse.urlunsplit(
        urllib.parse.urlsplit(os.environ["DATABASE_URL"])._replace(
            path=f"/{connection.settings_dict['NAME']}"
        )
    )


def copied_to(own: Cluster) -> None:
    """The database of the test, with all that was made for it."""
    dump = subprocess.Popen([own.commands / "pg_dump", database_url()], stdout=subprocess.PIPE)
    target = ["-h", str(own.folder), "-U", "postgres", "-d", "postgres"]
    subprocess.run(
        [own.commands / "psql", "-q", "-v", "ON_ERROR_STOP=1", *target],
        stdin=dump.stdout, stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    assert dump.wait() == 0


@dataclass
class Answer:
    """`status`: 0 where none came at all."""

    status: int
    text: str
    headers: dict[str, str]
    seconds: float


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@dataclass
class Visitor:
    """A browser in which somebody has signed in; it follows no redirect."""

    address: str
    session: str
    patience: float = 60

    def get(self, path: str) -> Answer:
        return self._ask(path, None)

    def post(self, path: str, fields: Mapping[str, object]) -> Answer:
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": TOKEN}, doseq=True).encode()
        return self._ask(path, body)

    def _ask(self, path: str, body: bytes | None) -> Answer:
        cookies = f"{settings.SESSION_COOKIE_NAME}={self.session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
        headers = {"Cookie": cookies, "Sec-Fetch-Site": "same-origin"}
        request = urllib.request.Request(self.address + path, body, headers)
        began = time.monotonic()
        try:
            with urllib.request.build_opener(_Stays).open(request, timeout=self.patience) as answer:
                status, text, headers = answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            status, text, headers = error.code, error.read().decode(), dict(error.headers)
        except OSError as error:
            status, text, headers = 0, repr(error), {}
        return Answer(status, text, headers, time.monotonic() - began)


@dataclass
class Machines:
    """What runs, in the order in which it was started; all of it is gone when the block ends."""

    folder: Path
    now: datetime
    redis_url: str
    database_url: str = ""
    more: dict[str, str] = field(default_factory=dict)
    port: int = 0
    began: float = field(default_factory=time_machine.escape_hatch.time.time)  # not of the clock of the test
    running: list[subprocess.Popen] = field(default_factory=list)

    def __enter__(self) -> "Machines":
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.running):
            self.kill(process)

    @property
    def environment(self) -> dict[str, str]:
        ours = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "DATABASE_URL": self.database_url or database_url(),
            "REDIS_URL": self.redis_url,
            "FAULTS": str(self.folder),
            "FAULTS_NOW": self.now.isoformat(),
            "FAULTS_BEGAN": str(self.began),
            "SECOND_FACTOR_REQUIRED": "False",  # these people have signed in before
            "PYTHONWARNINGS": "ignore",
        }
        kept = ("SECRET_KEY", "NOTES_KEY", "EVALUATIONS_KEY")
        seal = ("SEAL_CERTIFICATE", "SEAL_KEY", "SEAL_KEY_PASSWORD")
        ours |= {name: str(getattr(settings, name)) for name in (*kept, *seal)}
        outside = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**outside, **ours, **self.more}

    def start(self, name: str, *command: str) -> subprocess.Popen:
        with self.log(name).open("ab") as output:
            process = subprocess.Popen(
                [PYTHON_BIN / command[0], *command[1:]],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that it can be killed with all its processes
            )
        self.running.append(process)
        return process

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def said(self, name: str) -> str:
        return self.log(name).read_text(errors="replace")

    def web(self, *, workers: int = 2, threads: int = 4) -> subprocess.Popen:
        self.port = free_port()
        process = self.start(
            "web", "gunicorn", "coaching.site.wsgi", f"--bind=127.0.0.1:{self.port}", f"--workers={workers}",
            f"--threads={threads}", "--no-control-socket", "--log-level=warning",
        )  # fmt: skip
        wait_until(lambda: _answers(self.port), f"the web server: {self.said('web')}")
        return process

    def worker(self, *, beat: bool = True, processes: int = 1) -> subprocess.Popen:
        """One with processes for tasks, and one of beat beside it, as script/server has it."""
        return self.start(
            "worker", "celery", "--quiet", "--app=coaching.site.celery", "worker",
            *(["--beat"] if beat else []), f"--concurrency={processes}", "--loglevel=WARNING",
        )  # fmt: skip

    def beat(self) -> subprocess.Popen:
        pid = self.folder / "beat.pid"
        pid.unlink(missing_ok=True)
        return self.start(
            "beat", "celery", "--quiet", "--app=coaching.site.celery", "beat", f"--pidfile={pid}",
            "--loglevel=WARNING",
        )  # fmt: skip

    def kill(self, process: subprocess.Popen) -> None:
        """As when the power goes: at once, with all its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def visitor(self, user: User, **options: float) -> Visitor:
        """Somebody who signed in before."""
        client = Client()
        client.force_login(user)
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        return Visitor(f"http://127.0.0.1:{self.port}", key, **options)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
