"""Rows that stand in the database for longer than one test."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model

from tests import numbers

LEFT_AS_MIGRATED = ("auth.Permission", "contenttypes.ContentType")


@contextmanager
def taken_back(django_db_blocker) -> Iterator[None]:
    """What is written from here on is taken back at the end; the transactions of tests lie within this one."""
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
    with numbers.given_back():
        yield
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


class Kept:
    """All rows as they stand when this is made; `restore` brings them back, and removes all others."""

    def __init__(self) -> None:
        self._rows: dict[type[Model], list[Model]] = {
            model: list(model._base_manager.all())
            for model in apps.get_models(include_auto_created=True)
            if model._meta.label not in LEFT_AS_MIGRATED
        }

    def restore(self) -> None:
        with transaction.atomic():  # which reference comes first is no matter before its end
            for model in self._rows:
                model._base_manager.all()._raw_delete(connection.alias)
            for model, rows in self._rows.items():
                model._base_manager.bulk_create(rows)
