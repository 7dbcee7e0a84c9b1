"""What servers are told to run: the same commands everywhere, each with no more rights than it needs."""

import re
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import FileField

from tests.site.test_starting import run

UNITS = Path(settings.BASE_DIR) / "deploy" / "systemd"
MOST_EXPOSED = 2.0  # of 10, as systemd counts


class Unit(RawConfigParser):
    """Names may be given several times; the last one is read, which is enough here."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, interpolation=None)
        self.optionxform = str  # type: ignore[assignment, method-assign]
        self.text = (UNITS / f"peer-coaching-{name}").read_text()
        self.read_string(self.text)


@pytest.fixture
def installed(tmp_path) -> list[Path]:
    """The units with this project in the place of the folder they name."""
    for unit in UNITS.iterdir():
        (tmp_path / unit.name).write_text(
            unit.read_text().replace("/opt/peer-coaching", str(settings.BASE_DIR))
        )
    return sorted(tmp_path.iterdir())


@pytest.mark.services
def test_systemd_finds_nothing_wrong_with_the_units(installed):
    found = subprocess.run(
        ["systemd-analyze", "verify", *installed], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


@pytest.mark.services
def test_no_service_may_do_more_than_it_needs(installed):
    for unit in installed:
        if unit.suffix != ".service":
            continue
        command = ["systemd-analyze", "security", "--offline=true", "--no-pager", unit]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said)[1]) <= MOST_EXPOSED, (
            unit.name
        )


def test_only_the_worker_has_the_key_of_the_seal():
    users = {
        name: Unit(f"{name}.service")["Service"]["User"] for name in ("web", "worker", "backup", "audit-head")
    }
    assert len(set(users.values())) == len(users)
    for unit in UNITS.glob("*.service"):
        has = "EnvironmentFile=/etc/peer-coaching/worker.env" in unit.read_text()
        assert has == (unit.name == "peer-coaching-worker.service")
    assert "/etc/peer-coaching/worker.env" in Unit("web.service")["Service"]["InaccessiblePaths"]


def test_the_procfile_runs_what_the_units_run():
    lines = (Path(settings.BASE_DIR) / "Procfile").read_text().splitlines()
    for name, command in (line.split(": ", 1) for line in lines):
        assert Unit(f"{name}.service")["Service"]["ExecStart"].startswith(
            f"/opt/peer-coaching/.venv/bin/{command}"
        )


def test_machines_share_nothing_but_database_and_redis():
    """No upload lies in a folder, no count in one process, no schedule in a file; the demo's mail is of one machine."""
    assert not [
        field for model in apps.get_models() for field in model._meta.fields if isinstance(field, FileField)
    ]
    told = run(
        "manage.py", "shell", "-v", "0", "--no-imports", "-c",
        "from django.conf import settings as s; print(s.SESSION_ENGINE, s.CELERY_BEAT_SCHEDULER, s.MEDIA_ROOT or 'nowhere',"
        " *{each['BACKEND'] for each in s.CACHES.values()})",
    )  # fmt: skip
    assert told.stdout.split() == [
        "django.contrib.sessions.backends.db",
        "celery.beat:Scheduler",
        "nowhere",
        "django.core.cache.backends.db.DatabaseCache",
    ]
