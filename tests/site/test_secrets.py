"""What is said between few is in no mail, log or job, and lies encrypted (M14, M16). Pages are the sweep's."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection

from coaching import outbox
from coaching.site import due
from tests import world as worlds
from tests.clock import NOW
from tests.keeping import taken_back
from tests.remembering import written
from tests.world import World

pytestmark = pytest.mark.django_db


class Kept(logging.Handler):
    """All that is logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(scope="module")
def logged() -> Iterator[list[str]]:
    root, handler = logging.getLogger(), Kept()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture(scope="module")
def world(logged, django_db_setup, django_db_blocker) -> Iterator[World]:
    with taken_back(django_db_blocker), django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        with written.set_aside():
            built = worlds.build()
        yield built


def rows() -> Iterator[str]:
    """Every row of every table, bytes included."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                yield table + " ".join(_words(value) for value in row)


def _words(value: object) -> str:
    """Also of bytes, and of JSON that lies in a text."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def test_what_is_sealed_stands_nowhere_in_the_database(world):
    assert len(world.sealed) > 20
    everything = "\n".join(rows())
    assert [text for text in world.sealed if text in everything] == []


def test_what_is_not_sealed_is_found_by_this_search(world):
    everything = "\n".join(rows())
    assert [text for text in set(world.secrets) - world.sealed if text not in everything] == []


def test_mail_goes_to_readers_alone_and_says_no_more(world):
    """All that was queued, and all that becomes due in the month that follows."""
    for days in range(0, 32, 8):
        now = NOW + timedelta(days=days)
        with time_machine.travel(now, tick=False):
            due.send_due(now=now)
            while outbox.deliver_due(now=now):
                pass
    emails = {user.email: user for readers in world.secrets.values() for user in readers}
    told = [
        (letter.subject, letter.to, text)
        for letter in mail.outbox
        for text, readers in world.secrets.items()
        if text in letter.message().as_string() + letter.body
        and not {emails.get(address.rpartition("<")[2].rstrip(">")) for address in letter.to} <= readers
    ]
    assert len(mail.outbox) > 100
    assert told == []


def test_nothing_of_it_is_logged(world, logged):
    logging.getLogger("coaching").info("Something is.")
    assert logged[-1] == "Something is."
    assert [line for line in logged if "SECRET" in line] == []
