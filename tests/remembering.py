"""Scenes that are built once in a process: whoever asks for the same one again gets the same rows, by the same statements.

A scene is remembered with what it was built on: all that was written since the cast was made, the arguments, the clock, the
settings. So nothing is told to a test that began with anything else. On PostgreSQL, whose sequences go on after a rollback,
and where transactions are real, nothing is remembered.
"""

import functools
import io
import pickle
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.conf import UserSettingsHolder, settings
from django.core import mail
from django.db import connection
from django.db.models import Model

from tests import numbers

MOST = 50  # of each scene
READS = ("SELECT", "PRAGMA", "EXPLAIN", "RELEASE")
Statement = tuple[str, Any, bool]
Build = TypeVar("Build", bound=Callable[..., Any])


@dataclass
class Written:
    """What was written in the transaction that is open; and a digest of it, which stands for the database as it is now."""

    digest: int = 0
    statements: list[Statement] = field(default_factory=list)
    is_known: bool = False  # the cast stands there and nothing else was committed
    _points: dict[str, tuple[int, int]] = field(default_factory=dict)

    def watch(self) -> None:
        """From now on, on this connection."""
        connection.execute_wrappers.append(self._watched)
        commit = connection.commit
        connection.commit = lambda: (self.forget(), commit())  # type: ignore[method-assign]
        self.is_known = True

    def forget(self) -> None:
        self.is_known = False

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """All is built anew, so that it is seen how."""
        before, self.is_known = self.is_known, False
        yield
        self.is_known = before

    def _watched(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        self._note(sql, params, many)
        return result

    def _note(self, sql: str, params: Any, many: bool) -> None:
        kind, _, rest = sql.partition(" ")
        if kind in READS:
            return
        if kind == "BEGIN":
            self._begin()
        elif kind == "SAVEPOINT":
            self._points[rest] = (self.digest, len(self.statements))
        elif kind == "ROLLBACK":
            self.digest, length = self._points[rest.removeprefix("TO SAVEPOINT ")]
            del self.statements[length:]
        elif not connection.in_atomic_block:
            self.forget()
        else:
            self.statements.append((sql, params, many))
            self.digest = hash((self.digest, sql, repr(params)))

    def _begin(self) -> None:
        """The rows are those of the cast, but the numbers of the next ones may be others."""
        self._points.clear()
        self.statements.clear()
        self.digest = hash(tuple(connection.connection.execute("SELECT name, seq FROM sqlite_sequence")))


written = Written()


@dataclass(frozen=True)
class Scene:
    """What building it wrote, what it gave back, and what it made of its arguments."""

    statements: list[Statement]
    outcome: bytes
    last_number: int


class _Arguments(pickle.Pickler):
    """Finds the rows among the arguments, in an order that is the same for equal ones."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.rows: list[Model] = []

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, Model):
            self.rows.append(thing)
        return NotImplemented


class _Outcome(pickle.Pickler):
    """Keeps the rows that were given as what they are."""

    def __init__(self, file: io.BytesIO, rows: Iterable[Model]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._given = {id(row): number for number, row in enumerate(rows)}

    def persistent_id(self, thing: Any) -> int | None:
        return self._given.get(id(thing))


class _Again(pickle.Unpickler):
    def __init__(self, pickled: bytes, rows: list[Model]) -> None:
        super().__init__(io.BytesIO(pickled))
        self._given = rows

    def persistent_load(self, number: int) -> Model:
        return self._given[number]


def remembered(build: Build) -> Build:
    """A function or fixture that writes rows, through the program or by itself, and does nothing else."""
    scenes: OrderedDict[Any, Scene] = OrderedDict()

    @functools.wraps(build)
    def recall(*args: Any, **kwargs: Any) -> Any:
        if not (written.is_known and connection.in_atomic_block):
            return build(*args, **kwargs)
        found = io.BytesIO()
        (pickler := _Arguments(found)).dump((args, kwargs))
        key = (written.digest, found.getvalue(), numbers.last(), _clock(), _overridden())
        if key in scenes:
            scenes.move_to_end(key)
            return _again(scenes[key], pickler.rows)
        start, left = len(written.statements), _left_behind()
        result = build(*args, **kwargs)
        if left == _left_behind():
            scenes[key] = _scene(start, result, pickler.rows)
            if len(scenes) > MOST:
                scenes.popitem(last=False)
        return result

    return recall  # type: ignore[return-value]


def _scene(start: int, result: Any, rows: list[Model]) -> Scene:
    out = io.BytesIO()
    _Outcome(out, rows).dump((result, [vars(row) for row in rows]))
    return Scene(written.statements[start:], out.getvalue(), numbers.last())


def _again(scene: Scene, rows: list[Model]) -> Any:
    with connection.cursor() as cursor:
        for sql, params, many in scene.statements:
            (cursor.executemany if many else cursor.execute)(sql, params)
            if cursor.description:  # the statement ends when its answer was read
                cursor.fetchall()
    result, attributes = _Again(scene.outcome, rows).load()
    for row, values in zip(rows, attributes, strict=True):
        vars(row).clear()
        vars(row).update(values)
    numbers.go_on_after(scene.last_number)
    return result


def _clock() -> int | None:
    """The moment at which it stands, if it stands."""
    now = time.time_ns()
    return now if now == time.time_ns() else None


def _overridden() -> str:
    found, holder = [], settings._wrapped
    while isinstance(holder, UserSettingsHolder):
        found.append({name: value for name, value in vars(holder).items() if name.isupper()})
        holder = holder.default_settings
    return repr(found)


def _left_behind() -> tuple[int, int]:
    """Besides rows."""
    return len(connection.run_on_commit), len(getattr(mail, "outbox", ()))
