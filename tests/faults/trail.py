"""Calls of write functions whose audit row cannot be written: each has to leave the database as it was.

Installed, it makes every place that writes an audit row fail once, the first time that it is come to, and calls the write
function again afterwards; so whatever walks through the program walks on. As a plugin of pytest (-p tests.faults.trail) it
does so in all tests of a run, which then may fail for counting queries; what it found is in the file that NO_TRAIL names.
"""

import ast
import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any

PACKAGES = ("coaching", "applications", "meetings", "certificates")
SERIES = ("do_due", "send_due")  # of writes, each of which is whole by itself
HOUSE = Path(__file__).parent.parent.parent


class CannotBeWritten(Exception):
    """In place of an audit row."""


@dataclass(frozen=True)
class Place:
    """A call of audit.record or audit.record_many."""

    path: str
    function: str
    line: int
    last_line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.function}"


def places() -> list[Place]:
    """All of them, as the code says."""
    found: list[Place] = []
    for package in PACKAGES:
        for path in sorted((HOUSE / package).rglob("*.py")):
            found += _places_in(str(path.relative_to(HOUSE)), ast.parse(path.read_text()))
    return found


def _places_in(path: str, tree: ast.AST, function: str = "") -> Iterator[Place]:
    for node in ast.iter_child_nodes(tree):
        name = node.name if isinstance(node, ast.FunctionDef) else function
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("audit.record", "audit.record_many"):
            yield Place(path, name, node.lineno, node.end_lineno or node.lineno)
        yield from _places_in(path, node, name)


@dataclass
class Trail:
    """`came_to`: where it failed; `outside`: come to from no write function; `left`: what stood there nevertheless."""

    came_to: set[Place] = field(default_factory=set)
    held: set[Place] = field(default_factory=set)
    outside: set[Place] = field(default_factory=set)
    left: dict[str, list[str]] = field(default_factory=dict)
    _depth: int = 0

    def __post_init__(self) -> None:
        self._by_path: dict[str, list[Place]] = {}
        for each in places():
            self._by_path.setdefault(str(HOUSE / each.path), []).append(each)

    def install(self, patch: Callable[[object, str, object], None]) -> None:
        """`patch` sets an attribute, and takes it back when all is over."""
        from coaching import audit  # noqa: PLC0415 (as a plugin this is loaded before the apps)

        for name in ("record", "record_many"):
            patch(audit, name, self._failing(getattr(audit, name)))
        watched: dict[FunctionType, Callable] = {}
        for module in list(sys.modules.values()):
            if not module.__name__.startswith((*PACKAGES, "tests.")) or module is audit:
                continue
            for name, value in list(vars(module).items()):
                if _is_write(value):
                    patch(module, name, watched.setdefault(value, self._watched(value)))

    def _failing(self, real: Callable) -> Callable:
        @functools.wraps(real)
        def record(*args: Any, **kwargs: Any) -> Any:
            frame = sys._getframe(1)
            for place in self._by_path.get(frame.f_code.co_filename, ()):
                if place.line <= frame.f_lineno <= place.last_line and place not in self.came_to:
                    if self._depth:
                        self.came_to.add(place)
                        raise CannotBeWritten(place)
                    self.outside.add(place)
            return real(*args, **kwargs)

        return record

    def _watched(self, real: Callable) -> Callable:
        from django.db import connection, transaction  # noqa: PLC0415

        @functools.wraps(real)
        def write(*args: Any, **kwargs: Any) -> Any:
            if self._depth or not connection.in_atomic_block:
                return real(*args, **kwargs)
            self._depth += 1
            try:
                while True:
                    given = _attributes(args, kwargs)
                    before = transaction.savepoint()
                    try:
                        result = real(*args, **kwargs)
                    except CannotBeWritten as missing:
                        self._compare(before, missing.args[0])
                        for row, attributes in given:
                            vars(row).clear()
                            vars(row).update(attributes)
                    else:
                        transaction.savepoint_commit(before)
                        return result
            finally:
                self._depth -= 1

        return write

    def _compare(self, savepoint: str, place: Place) -> None:
        from django.db import transaction  # noqa: PLC0415

        after = _everything()
        transaction.savepoint_rollback(savepoint)
        before = _everything()
        if after == before:
            self.held.add(place)
        else:
            self.left[str(place)] = [table for table in before if before[table] != after[table]]


def _is_write(value: object) -> bool:
    """A function of ours that is told when it happens, as every write is."""
    if not isinstance(value, FunctionType) or not value.__module__.startswith(PACKAGES):
        return False
    if (
        value.__name__.startswith("_")
        or value.__name__ in SERIES
        or inspect.isgeneratorfunction(inspect.unwrap(value))
    ):
        return False
    return "now" in inspect.signature(value).parameters


def _attributes(args: tuple, kwargs: dict) -> list[tuple[object, dict]]:
    """Of the rows that a call is given: it may have set some before it failed."""
    from django.db.models import Model  # noqa: PLC0415

    rows = [each for each in (*args, *kwargs.values()) if isinstance(each, Model)]
    return [(row, dict(vars(row))) for row in rows]


def _everything() -> dict[str, list[tuple]]:
    from django.apps import apps  # noqa: PLC0415

    models = apps.get_models(include_auto_created=True)
    return {model._meta.label: list(model._base_manager.order_by("pk").values_list()) for model in models}


# As a plugin

_trail: Trail | None = None


def pytest_collection_finish() -> None:
    global _trail
    _trail = Trail()
    _trail.install(setattr)


def pytest_sessionfinish() -> None:
    if _trail:
        told = {
            "held": sorted(map(str, _trail.held)),
            "came_to": sorted(map(str, _trail.came_to)),
            "outside": sorted(map(str, _trail.outside)),
            "left": _trail.left,
        }
        Path(f"{os.environ['NO_TRAIL']}.{os.getpid()}").write_text(json.dumps(told, indent=1))
