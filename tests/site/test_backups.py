"""A backup is whole or none, and what is restored from it is verified."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from certificates import seal_keys
from coaching.models import Message
from coaching.site import backups
from tests.clock import NOW
from tests.site.test_starting import FOR_REAL

MADE = datetime(2026, 11, 5, 3, 0, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)  # SQLite's backup waits until a transaction has ended
class TestTheFile:
    def test_it_says_what_it_is_and_nobody_else_reads_it(self, tmp_path):
        path = backups.write(tmp_path / "backups", now=MADE)
        assert path.name == "coaching-20261105T030000Z.backup"
        assert path.stat().st_mode & 0o777 == 0o600
        assert [each.name for each in path.parent.iterdir()] == [path.name]
        header = backups.check(path)
        assert (header.engine, header.program, header.moment) == (
            connection.vendor,
            backups.program_version(),
            MADE,
        )

    def test_a_single_changed_byte_is_found_anywhere(self, tmp_path):
        path = backups.write(tmp_path, now=MADE)
        whole = path.read_bytes()
        chosen = random.Random(7).sample(range(len(whole)), 60)
        for place in [*range(20), *range(len(whole) - 70, len(whole)), *chosen]:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
            with pytest.raises(backups.BackupRefused, match="changed"):
                backups.check(path)

    def test_a_file_that_was_cut_short_or_added_to_is_found(self, tmp_path):
        path = backups.write(tmp_path, now=MADE)
        whole = path.read_bytes()
        for left in (0, 1, 100, len(whole) // 2, len(whole) - 67, len(whole) - 1):
            path.write_bytes(whole[:left])
            with pytest.raises(backups.BackupRefused):
                backups.check(path)
        path.write_bytes(whole + b"\n")
        with pytest.raises(backups.BackupRefused):
            backups.check(path)

    def test_a_file_that_is_another_is_refused(self, tmp_path):
        path = tmp_path / "letter.pdf"
        path.write_bytes(b"%PDF-1.7\n")
        with pytest.raises(CommandError, match="is no backup of this program"):
            call_command("restore", path)
        with pytest.raises(CommandError, match="could not be read: No such file"):
            call_command("restore", tmp_path / "nothing")

    def test_nothing_is_written_over(self, tmp_path):
        path = backups.write(tmp_path, now=MADE)
        before = path.read_bytes()
        with pytest.raises(backups.BackupRefused, match="is there already"):
            backups.write(tmp_path, now=MADE)
        with pytest.raises(CommandError, match="The database is not empty"):
            call_command("restore", path)
        assert path.read_bytes() == before

    def test_a_backup_of_the_other_engine_is_refused(self, tmp_path, monkeypatch):
        path = backups.write(tmp_path, now=MADE)
        with monkeypatch.context() as here:
            here.setattr(connection, "vendor", "another")
            with pytest.raises(
                backups.BackupRefused, match=r"This backup is of .* DATABASE_URL names another"
            ):
                backups.restore(path, now=MADE)

    def test_a_full_disk_leaves_nothing_and_is_said(self, tmp_path, monkeypatch):
        def full(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(CommandError, match=r"No space left on device\. No backup was made\."):
            call_command("backup", tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_an_interrupted_one_leaves_nothing(self, tmp_path, monkeypatch):
        def interrupted(*_):
            raise KeyboardInterrupt

        for each in ("_dump_sqlite", "_dump_postgresql"):
            monkeypatch.setattr(backups, each, interrupted)
        with pytest.raises(KeyboardInterrupt):
            backups.write(tmp_path, now=MADE)
        assert list(tmp_path.iterdir()) == []

    def test_old_ones_are_removed_on_request(self, tmp_path, capsys):
        for days in (0, 34, 36):
            backups.write(tmp_path, now=MADE - timedelta(days=days))
        (tmp_path / "coaching-notes.txt").touch()
        assert backups.remove_old(tmp_path, days=35, now=MADE) == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "coaching-20261002T030000Z.backup",
            "coaching-20261105T030000Z.backup",
            "coaching-notes.txt",
        ]
        with pytest.raises(CommandError, match="--keep takes a number of days"):
            call_command("backup", tmp_path, keep=0)

    def test_it_says_that_the_keys_are_not_in_it(self, tmp_path, capsys):
        call_command("backup", tmp_path)
        told = capsys.readouterr()
        assert str(tmp_path) in told.out
        assert "The keys of .env (NOTES_KEY, EVALUATIONS_KEY, SECOND_FACTOR_KEY, SECRET_KEY)" in told.err
        [path] = tmp_path.glob("*.backup")
        for name in ("NOTES_KEY", "EVALUATIONS_KEY", "SECRET_KEY"):
            assert getattr(settings, name).encode() not in path.read_bytes()


KILLED_BEFORE_IT_IS_NAMED = """
import os, pathlib, signal, sys
import django; django.setup()
from django.utils import timezone
from coaching.site import backups
pathlib.Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
backups.write(pathlib.Path(sys.argv[1]), now=timezone.now())
"""


def test_a_killed_one_leaves_no_file_that_looks_whole(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_IT_IS_NAMED, tmp_path / "backups"],
        cwd=settings.BASE_DIR, env={**os.environ, **FOR_REAL, "DATABASE_URL": f"sqlite:///{tmp_path}/db"},
        check=False,
    )  # fmt: skip
    assert run.returncode == -signal.SIGKILL
    [left] = (tmp_path / "backups").iterdir()
    assert left.name.startswith(".coaching-")
    assert left.name.endswith(".partial")
    yesterday = NOW.timestamp() - 2 * 24 * 60 * 60
    os.utime(left, (yesterday, yesterday))
    backups._remove_left_over(tmp_path / "backups", NOW)
    assert not left.exists()


@pytest.fixture(scope="module")
def seal(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("seal")
    made = seal_keys.make(name="Department of Education", password="of-tests", years=10, now=NOW)
    (folder / "key.pem").write_bytes(made.key)
    (folder / "seal.pem").write_bytes(made.chain)
    return {
        "SEAL_CERTIFICATE": str(folder / "seal.pem"),
        "SEAL_KEY": str(folder / "key.pem"),
        "SEAL_KEY_PASSWORD": "of-tests",
    }


def _new_postgresql(name: str) -> str:
    where = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}"')
    return where._replace(path=f"/{name}").geturl()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def new(request, tmp_path_factory) -> Callable[[str], str]:
    """new(NAME): the DATABASE_URL of an empty database."""
    folder = tmp_path_factory.mktemp("databases")
    if request.param == "sqlite":
        return lambda name: f"sqlite:///{folder}/{name}.sqlite3"
    return lambda name: _new_postgresql(f"backups_{name}_{os.getpid()}")


@pytest.fixture(scope="module")
def run(seal) -> Callable[..., subprocess.CompletedProcess[str]]:
    """run(DATABASE_URL, COMMAND ...): as on a server, from another folder."""

    def do(database: str, *command: object, fails: bool = False) -> subprocess.CompletedProcess[str]:
        first, *others = map(str, command)
        ended = subprocess.run(
            [first, *others] if first.startswith("/") else [sys.executable, "manage.py", first, *others],
            cwd=settings.BASE_DIR, env={**os.environ, **FOR_REAL, **seal, "DATABASE_URL": database},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (ended.returncode != 0) == fails, ended.stdout + ended.stderr
        return ended

    return do


@pytest.fixture(scope="module")
def filled(new, run, tmp_path_factory) -> Iterator[tuple[str, Path, Path]]:
    """A database with a whole program in it, its backup, and the heads of its audit chain."""
    database = new("first")
    run(database, "prepare")
    run(database, "simulate", "--applicants", "8", "--seed", "3")
    folder = tmp_path_factory.mktemp("kept")
    run(database, "export_audit_head", folder / "heads")
    run(database, settings.BASE_DIR / "script" / "backup", folder)
    [backup] = folder.glob("*.backup")
    return database, backup, folder / "heads"


@pytest.mark.services
@pytest.mark.long
class TestARestoredDatabase:
    def test_it_is_verified_and_has_everything(self, filled, new, run):
        first, backup, heads = filled
        second = new("second")
        told = run(second, settings.BASE_DIR / "script" / "restore", backup, "--heads", heads).stdout
        assert "The audit chain is whole. It holds against 1 kept head." in told
        assert "certificates: each file is the one that was issued." in told
        assert "\n0 certificates" not in told
        counts = "from django.apps import apps; print({m._meta.label: m.objects.count() for m in apps.get_models()})"
        assert (
            run(first, "shell", "-v", "0", "-c", counts).stdout
            == run(second, "shell", "-v", "0", "-c", counts).stdout
        )
        again = run(second, "restore", backup, fails=True)
        assert "The database is not empty" in again.stderr

    def test_a_changed_byte_is_refused_before_anything_is_restored(self, filled, new, run, tmp_path):
        _, backup, _ = filled
        whole = backup.read_bytes()
        place = len(whole) // 2
        changed = tmp_path / "changed.backup"
        changed.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        empty = new("third")
        assert (
            "was cut short or changed. Nothing was restored"
            in run(empty, "restore", changed, fails=True).stderr
        )
        tables = "from django.db import connection; print(connection.introspection.table_names())"
        assert run(empty, "shell", "-v", "0", "--no-imports", "-c", tables).stdout == "[]\n"

    def test_a_certificate_that_was_changed_in_the_database_is_named(self, filled, new, run):
        _, backup, _ = filled
        second = new("fourth")
        run(second, "restore", backup)
        change = (
            "from certificates.models import *; c = Certificate.objects.order_by('serial').first();"
            "CertificateFile.objects.filter(certificate=c).update(pdf=bytes(c.file.pdf) + b' '); print(c.serial)"
        )
        serial = run(second, "shell", "-v", "0", "-c", change).stdout.strip()
        named = run(second, "verify_all_certificates", fails=True).stderr
        assert f"{serial}: Its file is not the one that was issued: the digest differs." in named


@pytest.mark.services
def test_a_database_that_is_not_there_is_said_and_no_file_is_left(run, tmp_path):
    where = urlsplit(os.environ["DATABASE_URL"])._replace(path="/nothing_of_this_name").geturl()
    refused = run(where, "backup", tmp_path, fails=True)
    assert "pg_dump broke off, no backup was made. It said:" in refused.stderr
    assert "does not exist" in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_mail_that_may_have_left_since_is_flagged_and_what_is_ahead_still_goes(applicant):
    """Nothing is sent twice: between the backup and today it was perhaps sent."""
    waiting = {"due_at": NOW - timedelta(hours=1), "kind": "of_tests", "recipient": applicant}
    for number, status in enumerate(Message.Status):
        sent_at = NOW if status == Message.Status.SENT else None
        Message.objects.create(key=str(number), status=status, sent_at=sent_at, **waiting)
    ahead = Message.objects.create(key="ahead", **{**waiting, "due_at": NOW + timedelta(hours=1)})
    assert backups._flag_what_may_have_left(NOW) == 2
    ahead.refresh_from_db()
    assert ahead.status == Message.Status.PENDING
    flagged = Message.objects.filter(error="Restored")
    assert {each.status for each in flagged} == {Message.Status.UNKNOWN}
    assert Message.objects.filter(status=Message.Status.SENT).count() == 1
