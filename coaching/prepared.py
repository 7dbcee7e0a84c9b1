"""Queries that nearly every page asks: to build one takes longer than to answer it, so its SQL is built once."""

from collections.abc import Callable, Hashable
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from coaching.models import User

SOMEBODY = -(2**40)  # stands in the SQL for the person it is asked about
SOME_DAY = date(1, 1, 1)
SQL = tuple[str, tuple[Any, ...]]


class PreparedQuery:
    """A query about a person on a day, which `build` makes with `values`."""

    def __init__(self, build: Callable[[User, date], QuerySet]) -> None:
        self.build = build
        self._prepared: dict[Hashable, SQL] = {}

    def row(self, user: User, *, on: date) -> dict[str, Any]:
        """Its only row, by name, as the database gives it."""
        return self.answer(self._sql(), {SOMEBODY: user.pk}, on)

    def answer(self, query: SQL, about: dict[Any, Any], on: date) -> dict[str, Any]:
        """The row of a prepared query about this day, with what stands in it for something else put in its place."""
        sql, parameters = query
        about = about | {_as_parameter(SOME_DAY): _as_parameter(on)}
        with connection.cursor() as cursor:
            cursor.execute(sql, [about.get(each, each) for each in parameters])
            names = [column[0] for column in cursor.description]
            return dict(zip(names, cursor.fetchone(), strict=True))

    def _sql(self) -> SQL:
        return self.prepared("", self.somebody)

    def prepared(self, kind: Hashable, somebody: Callable[[], User]) -> SQL:
        """The query about one kind of people; `somebody` makes one of them up."""
        key = (timezone.get_current_timezone_name(), kind)  # moments become days in the zone
        if key not in self._prepared:
            self._prepared[key] = self.build(somebody(), SOME_DAY).query.sql_with_params()
        return self._prepared[key]

    def somebody(self) -> User:
        return User(pk=SOMEBODY)


def _as_parameter(day: date) -> object:
    return connection.ops.adapt_datefield_value(day)
