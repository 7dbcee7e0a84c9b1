"""Rows that stand in the database for longer than one test."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def taken_back(django_db_blocker) -> Iterator[None]:
    """What is written from here on is taken back at the end; the transactions of tests lie within this one."""
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
    yield
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)
