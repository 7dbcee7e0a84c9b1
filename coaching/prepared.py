"""Queries that nearly every page asks: to build one takes longer than to answer it, so its SQL is built once."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from coaching.models import User

SOMEBODY = -(2**40)  # stands in the SQL for the person it is asked about
SOME_DAY = date(1, 1, 1)


class PreparedQuery:
    """A query about a person on a day, which `build` makes with `values`."""

    def __init__(self, build: Callable[[User, date], QuerySet]) -> None:
        self.build = build
        self._prepared: dict[str, tuple[str, tuple[Any, ...]]] = {}

    def row(self, user: User, *, on: date) -> dict[str, Any]:
        """Its only row, by name, as the database gives it."""
        sql, parameters = self._sql()
        about: dict[Any, Any] = {SOMEBODY: user.pk, _as_parameter(SOME_DAY): _as_parameter(on)}
        with connection.cursor() as cursor:
            cursor.execute(sql, [about.get(each, each) for each in parameters])
            names = [column[0] for column in cursor.description]
            return dict(zip(names, cursor.fetchone(), strict=True))

    def _sql(self) -> tuple[str, tuple[Any, ...]]:
        zone = timezone.get_current_timezone_name()  # moments become days in it
        if zone not in self._prepared:
            self._prepared[zone] = self.build(self.somebody(), SOME_DAY).query.sql_with_params()
        return self._prepared[zone]

    def somebody(self) -> User:
        return User(pk=SOMEBODY)


def _as_parameter(day: date) -> object:
    return connection.ops.adapt_datefield_value(day)
