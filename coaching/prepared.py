"""Queries that nearly every page asks: to build one takes longer than to answer it, so its SQL is built once."""

from collections.abc import Callable, Hashable
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
    """`converters`: by column, what the database gives otherwise than Django does."""

    query: Query
    sql: str
    parameters: tuple[Any, ...]
    converters: dict[int, Any]

    @classmethod
    def of(cls, query: Query) -> "Prepared":
        compiler = query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        return cls(query, sql, parameters, compiler.get_converters([each for each, *_ in compiler.select]))

    def rows(self, about: dict[Any, Any]) -> list[dict[str, Any]]:
        """Its rows, with what stands in it for something else put in its place."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [about.get(each, each) for each in self.parameters])
            names = [column[0] for column in cursor.description]
            rows = cursor.fetchall()
        if self.converters:
            rows = self.query.get_compiler(connection=connection).apply_converters(rows, self.converters)
        return [dict(zip(names, row, strict=True)) for row in rows]


class PreparedQuery:
    """A query about a person on a day, which `build` makes with `values`."""

    def __init__(self, build: Callable[[User, date], QuerySet]) -> None:
        self.build = build
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
            self._prepared[key] = Prepared.of(self.build(somebody(), SOME_DAY).query)
        return self._prepared[key]

    def somebody(self) -> User:
        return User(pk=SOMEBODY)


def _as_parameter(day: date) -> object:
    return connection.ops.adapt_datefield_value(day)
