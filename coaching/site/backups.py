"""The whole database in one file, and back.

A backup is one file: a line of JSON that says what it is, then what PostgreSQL's pg_dump wrote (custom format) or an SQLite
file (gzip), then a line with the SHA-256 of all that stands before. So a file that was cut short or changed in a single byte
is found before anything is restored, and the data can be taken out without this program (docs/operations.md).
"""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import tomllib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection
from psycopg import pq
from psycopg.conninfo import make_conninfo

from coaching.errors import Refused
from coaching.models import Message

FORM = "peer-coaching backup, version 1"
NAME = "coaching-%Y%m%dT%H%M%SZ.backup"
PARTIAL = ".partial"
CHUNK = 1 << 20
TRAILER = 1 + 64 + 1  # newline, digest, newline
LONGEST_HEADER = 10_000
GZIP = 16 + zlib.MAX_WBITS


class BackupRefused(Refused):
    """Nothing was written, or nothing was restored; the message says why."""


@dataclass(frozen=True)
class Header:
    form: str
    program: str
    engine: str
    made_at: str

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.made_at)


def program_version() -> str:
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def write(folder: Path, *, now: datetime) -> Path:
    """Back the database up into a new file of the folder. Raises BackupRefused.

    The file has its name once all of it is on the disk: before that it ends in .partial, which is no backup.
    """
    path = folder / now.astimezone(UTC).strftime(NAME)
    header = Header(FORM, program_version(), connection.vendor, now.astimezone(UTC).isoformat())
    partial = path.with_name(f".{path.name}{PARTIAL}")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_left_over(folder, now)
        if path.exists():
            raise BackupRefused(f"{path} is there already.")
        with _named_once_whole(partial, path) as file:
            _write_whole(file, header)
        _sync_folder(folder)
    except OSError as error:
        raise BackupRefused(
            f"{folder} could not be written to: {error.strerror}. No backup was made."
        ) from error
    return path


@contextlib.contextmanager
def _named_once_whole(partial: Path, path: Path) -> Iterator[IO[bytes]]:
    with open(partial, "xb", opener=_for_us_alone) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            partial.rename(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def remove_old(folder: Path, *, days: int, now: datetime) -> int:
    """Remove backups that are older than this many days by their names; returns how many."""
    oldest = (now.astimezone(UTC) - timedelta(days=days)).strftime(NAME)
    old = [path for path in folder.glob("coaching-*T*Z.backup") if path.name < oldest]
    for path in old:
        path.unlink()
    return len(old)


def _remove_left_over(folder: Path, now: datetime) -> None:
    """What a run left that was killed: not that of one that may still be writing."""
    for path in folder.glob(f".coaching-*{PARTIAL}*"):
        if now.timestamp() - path.stat().st_mtime > timedelta(days=1).total_seconds():
            path.unlink()


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_whole(file: IO[bytes], header: Header) -> None:
    digest = hashlib.sha256()

    def add(part: bytes) -> None:
        digest.update(part)
        file.write(part)

    add(json.dumps(asdict(header)).encode() + b"\n")
    engine = _dump_postgresql if header.engine == "postgresql" else _dump_sqlite
    engine(add, Path(file.name))
    file.write(f"\n{digest.hexdigest()}\n".encode())


def _dump_sqlite(add: Callable[[bytes], None], partial: Path) -> None:
    """SQLite's online backup: what was committed when it began, while others read and write."""
    with _beside(partial) as copied:
        with contextlib.closing(sqlite3.connect(copied)) as copy:
            connection.ensure_connection()
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        packer = zlib.compressobj(wbits=GZIP)
        with copied.open("rb") as plain:
            while part := plain.read(CHUNK):
                add(packer.compress(part))
        add(packer.flush())


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A file of our own in the same folder, gone when the block ends."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}-", dir=path.parent)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _dump_postgresql(add: Callable[[bytes], None], partial: Path) -> None:
    command, environment = _client("pg_dump")
    options = ["--format=custom", "--no-owner", "--no-privileges"]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            [*command, *options], env=environment, stdout=subprocess.PIPE, stderr=said
        ) as process,
    ):
        assert process.stdout is not None
        try:
            while part := process.stdout.read(CHUNK):
                add(part)
        except BaseException:
            process.kill()
            raise
        if process.wait() != 0:
            raise BackupRefused(f"pg_dump broke off, no backup was made. It said: {_told(said)}")


def _client(name: str) -> tuple[list[str], dict[str, str]]:
    """A command of PostgreSQL's on our database, the newest that is installed; the password only in its environment."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4])
    )
    found = str(installed[-1]) if installed else shutil.which(name)
    if not found:
        raise BackupRefused(
            f"{name} is missing. Install PostgreSQL's client: apt-get install postgresql-client"
        )
    known = {each.keyword.decode() for each in pq.Conninfo.get_defaults()}
    where = {
        name: value for name, value in connection.get_connection_params().items() if name in known and value
    }
    environment = dict(os.environ)
    if password := where.pop("password", None):
        environment["PGPASSWORD"] = password
    return [found, f"--dbname={make_conninfo(**where)}", "--no-password"], environment


def _told(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(2_000).decode(errors="replace").strip()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[Header, IO[bytes], int]]:
    """What the file is, the file at its data, and how many bytes those are; nothing of it is checked."""
    try:
        with path.open("rb") as file:
            header = _header(path, file.readline(LONGEST_HEADER))
            yield header, file, path.stat().st_size - file.tell() - TRAILER
    except OSError as error:
        raise BackupRefused(f"{path} could not be read: {error.strerror}.") from error


def _header(path: Path, line: bytes) -> Header:
    try:
        header = Header(**json.loads(line))
        if header.form == FORM and header.moment:
            return header
    except (ValueError, TypeError):
        pass
    raise BackupRefused(
        f"{path} is no backup of this program, or its first line was changed. Nothing was restored."
    )


def check(path: Path) -> Header:
    """Read the whole file. Raises BackupRefused where a byte is missing, was added, or is another."""
    with _opened(path) as (header, file, size):
        file.seek(0)
        digest, left = hashlib.sha256(), path.stat().st_size - TRAILER
        while left > 0 and (part := file.read(min(CHUNK, left))):
            digest.update(part)
            left -= len(part)
        if size <= 0 or file.read() != f"\n{digest.hexdigest()}\n".encode():
            raise BackupRefused(
                f"{path} is not what was written: it was cut short or changed. Nothing was restored. Take another backup."
            )
        return header


def restore(path: Path, *, now: datetime) -> tuple[Header, int]:
    """Into an empty database, whole or not at all; returns how many mails may have left since. Raises BackupRefused."""
    header = check(path)
    if header.engine != connection.vendor:
        raise BackupRefused(
            f"This backup is of {header.engine}, and DATABASE_URL names {connection.vendor}. Nothing was restored."
        )
    if connection.introspection.table_names():
        raise BackupRefused(
            "The database is not empty, and a backup never writes over what is there. Name a new one in DATABASE_URL."
        )
    with _opened(path) as (_, file, size):
        (_load_postgresql if header.engine == "postgresql" else _load_sqlite)(_parts(file, size))
    return header, _flag_what_may_have_left(now)


def _parts(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size > 0 and (part := file.read(min(CHUNK, size))):
        size -= len(part)
        yield part


def _load_postgresql(parts: Iterator[bytes]) -> None:
    connection.close()
    command, environment = _client("pg_restore")
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            [*command, *options], env=environment, stdin=subprocess.PIPE, stdout=said, stderr=said
        ) as process:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                for part in parts:
                    process.stdin.write(part)
                process.stdin.close()
        if process.returncode != 0:
            raise BackupRefused(f"pg_restore broke off, nothing was restored. It said: {_told(said)}")


def _load_sqlite(parts: Iterator[bytes]) -> None:
    target = Path(connection.settings_dict["NAME"])
    connection.close()
    with _beside(target) as restored:
        unpacker = zlib.decompressobj(wbits=GZIP)
        with restored.open("wb") as file:
            for part in parts:
                file.write(unpacker.decompress(part))
            file.write(unpacker.flush())
        for old in ("", "-wal", "-shm"):  # of the database that has no tables
            Path(f"{target}{old}").unlink(missing_ok=True)
        restored.rename(target)


def _flag_what_may_have_left(now: datetime) -> int:
    """Mail that waited in the backup was perhaps sent after it was made: people decide, nothing is sent twice by itself."""
    waits = (Message.Status.PENDING, Message.Status.SENDING)
    waited = Message.objects.filter(status__in=waits, due_at__lte=now)
    return waited.update(status=Message.Status.UNKNOWN, error="Restored")
