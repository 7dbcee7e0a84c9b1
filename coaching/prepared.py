"""Queries that nearly every page asks: to build one takes longer than to answer it, so its SQL is built once."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql import Query
from django.utils import timezone

from coaching.models import User

SOMEBODY = -(2**40)  # stands in the SQL for the person it is asked about
SOME_DAY = date(1, 1, 1)


@dataclass(frozen=True)
class Prepared:
    """`parameters`: those that change and, on SQLite, all others. `converters`: by column, what the database gives otherwise
    than Django does."""

    query: Query
    sql: str
    parameters: tuple[Any, ...]
    converters: dict[int, Any]
    planned_once: bool

    @classmethod
    def of(cls, query: Query, *, planned_once: bool) -> "Prepared":
        compiler = query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([each for each, *_ in compiler.select])
        if connection.vendor == "postgresql":
            sql, parameters = _with_constants(sql, parameters)
        return cls(query, sql, tuple(parameters), converters, planned_once)

    def rows(self, about: dict[Any, Any]) -> list[dict[str, Any]]:
        """Its rows, with what stands in it for something else put in its place."""
        with _planned_once() if self.planned_once else nullcontext(), connection.cursor() as cursor:
            cursor.execute(self.sql, [about.get(each, each) for each in self.parameters])
            names = [column[0] for column in cursor.description]
            rows = cursor.fetchall()
        if self.converters:
            rows = self.query.get_compiler(connection=connection).apply_converters(rows, self.converters)
        return [dict(zip(names, row, strict=True)) for row in rows]


def _with_constants(sql: str, parameters: Sequence[Any]) -> tuple[str, list[Any]]:
    """The same for PostgreSQL, with only what changes as parameters: a plan that is made once has to know the others, such
    as the status that few rows have."""
    in_sql: Any = connection.ops
    parts = sql.split("%s")
    written, changing = parts[0], []
    for each, part in zip(parameters, parts[1:], strict=True):
        if _changes(each):
            changing.append(each)
            written += "%s" + part
        else:
            written += in_sql.compose_sql("%s", [each]).replace("%", "%%") + part
    return written, changing


def _changes(parameter: object) -> bool:
    is_somebody = isinstance(parameter, int) and parameter <= SOMEBODY
    return is_somebody or parameter == _as_parameter(SOME_DAY)


@contextmanager
def _planned_once() -> Iterator[None]:
    """PostgreSQL takes longer to plan such a query than to answer it: here each is planned once for a connection."""
    if connection.vendor != "postgresql":
        yield
        return
    from psycopg import Cursor  # noqa: PLC0415 (SQLite needs nothing of it)

    connection.ensure_connection()
    of_psycopg: Any = connection.connection
    of_django: Any = connection.features
    kept = of_psycopg.cursor_factory, of_psycopg.prepare_threshold, of_django.uses_server_side_binding
    of_psycopg.cursor_factory, of_psycopg.prepare_threshold, of_django.uses_server_side_binding = (
        Cursor,
        0,
        True,
    )
    try:
        yield
    finally:
        of_psycopg.cursor_factory, of_psycopg.prepare_threshold, of_django.uses_server_side_binding = kept


class PreparedQuery:
    """A query about a person on a day, which `build` makes with `values`.

    `planned_once`: for everybody alike. Not for one that looks for a single row of many, such as something that the person
    ever signed: PostgreSQL would take them for somebody who has thousands, and read the whole table in search of the first.
    """

    def __init__(self, build: Callable[[User, date], QuerySet], *, planned_once: bool = True) -> None:
        self.build, self.planned_once = build, planned_once
        self._prepared: dict[Hashable, Prepared] = {}

    def row(self, user: User, *, on: date) -> dict[str, Any]:
        """Its only row, by name."""
        (row,) = self.rows(user, on=on)
        return row

    def rows(self, user: User, *, on: date) -> list[dict[str, Any]]:
        return self.answer(self.prepared("", self.somebody), {SOMEBODY: user.pk}, on)

    def answer(self, query: Prepared, about: dict[Any, Any], on: date) -> list[dict[str, Any]]:
        """What a prepared query says about this day."""
        return query.rows(about | {_as_parameter(SOME_DAY): _as_parameter(on)})

    def prepared(self, kind: Hashable, somebody: Callable[[], User]) -> Prepared:
        """The query about one kind of people; `somebody` makes one of them up."""
        key = (timezone.get_current_timezone_name(), kind)  # moments become days in the zone
        if key not in self._prepared:
            self._prepared[key] = Prepared.of(
                self.build(somebody(), SOME_DAY).query, planned_once=self.planned_once
            )
        return self._prepared[key]

    def somebody(self) -> User:
        return User(pk=SOMEBODY)


def _as_parameter(day: date) -> object:
    return connection.ops.adapt_datefield_value(day)
