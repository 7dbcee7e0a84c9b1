"""A remembered scene is the one that would have been built."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction

from coaching.models import Cohort, Participant, User
from tests import factories, numbers
from tests.clock import NOW
from tests.remembering import remembered

pytestmark = pytest.mark.django_db
ONCE = 1 if connection.vendor == "sqlite" else 2  # elsewhere nothing is remembered


@pytest.fixture
def built() -> list[str]:
    """The names of those who were really enrolled."""
    return []


@pytest.fixture
def enroll(built) -> Callable[..., tuple[Cohort, Participant]]:
    @remembered
    def enrolled(cohort: Cohort, name: str, *, letter: bool = False) -> tuple[Cohort, Participant]:
        built.append(name)
        cohort.seats = 3
        if letter:
            mail.send_mail("Hello", "", None, ["somebody@example.org"])
        return cohort, factories.participant(cohort, factories.person(name))

    return enrolled


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic(), numbers.given_back():
        yield
        transaction.set_rollback(True)


def rows() -> list[tuple]:
    return [*User.objects.order_by("pk").values_list(), *Participant.objects.order_by("pk").values_list()]


def test_the_same_scene_is_the_same_rows_and_is_built_once(enroll, built, cohort, frozen):
    stood = rows()
    with taken_back():
        enroll(deepcopy(cohort), "Ada")
        written = rows()
    assert rows() == stood
    other = deepcopy(cohort)
    given, found = enroll(other, "Ada")
    assert rows() == written or ONCE == 2
    assert len(built) == ONCE
    assert given is other
    assert other.seats == 3
    assert found == Participant.objects.get(user__name="Ada")


def test_with_anything_else_it_is_another_scene(enroll, built, cohort, frozen, settings):
    for name in ("Ada", "Ben"):
        with taken_back():
            enroll(deepcopy(cohort), name)
    with taken_back():
        User.objects.filter(name="Otto Outsider").update(name="Another")
        enroll(deepcopy(cohort), "Ada")
    with taken_back(), time_machine.travel(NOW + timedelta(days=1), tick=False):
        enroll(deepcopy(cohort), "Ada")
    settings.SITE_NAME = "Another"
    with taken_back():
        enroll(deepcopy(cohort), "Ada")
    assert built == ["Ada", "Ben", "Ada", "Ada", "Ada"]


def test_what_leaves_more_behind_than_rows_is_built_each_time(enroll, built, cohort, frozen):
    for _ in range(2):
        with taken_back():
            enroll(deepcopy(cohort), "Ada", letter=True)
    assert (len(built), len(mail.outbox)) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_where_transactions_are_real_nothing_is_remembered(enroll, built, cohort, frozen):
    Cohort.objects.update(seats=5)
    for _ in range(2):
        with taken_back():
            enroll(deepcopy(cohort), "Ada")
    assert len(built) == 2
