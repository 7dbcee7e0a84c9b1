"""Whoever owns the database can drop the triggers and write what they like: it is found, and named."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction

from coaching import audit
from coaching.append_only import create_triggers, drop_triggers
from coaching.models import AuditEvent, AuditLink, User
from tests.clock import NOW

EVENT, LINK, PAYLOAD = "coaching_auditevent", "coaching_auditlink", "coaching_auditpayload"
EXPORTED = 4  # of six links

# Each: what is written, with {n} the id of the nth event; and what is said, at the place that is named.
TAMPERINGS = {
    "action": (
        [f"UPDATE {EVENT} SET action = 'x' WHERE id = {{2}}"],
        "Event {2} (link 2) was changed or moved.",
    ),
    "actor": (
        [f"UPDATE {EVENT} SET actor_id = NULL WHERE id = {{3}}"],
        "Event {3} (link 3) was changed or moved.",
    ),
    "time": (
        [f"UPDATE {EVENT} SET at = (SELECT at FROM {EVENT} WHERE id = {{5}}) WHERE id = {{1}}"],
        "Event {1} (link 1) was changed or moved.",
    ),
    "object": (
        [f"UPDATE {EVENT} SET object_id = object_id + 1 WHERE id = {{4}}"],
        "Event {4} (link 4) was changed or moved.",
    ),
    "above the exported head": (
        [f"UPDATE {EVENT} SET action = 'x' WHERE id = {{6}}"],
        "Event {6} (link 6) was changed or moved.",
    ),
    "event removed": (
        [f"DELETE FROM {PAYLOAD} WHERE event_id = {{2}}", f"DELETE FROM {EVENT} WHERE id = {{2}}"],
        "Event {2} (link 2) is missing.",
    ),
    "link removed": ([f"DELETE FROM {LINK} WHERE number = 3"], "Link 3 is missing."),
    "first link removed": ([f"DELETE FROM {LINK} WHERE number = 1"], "Link 1 is missing."),
    "event and link removed": (
        [
            f"DELETE FROM {LINK} WHERE number = 2",
            f"DELETE FROM {PAYLOAD} WHERE event_id = {{2}}",
            f"DELETE FROM {EVENT} WHERE id = {{2}}",
        ],
        "Link 2 is missing.",
    ),
    "event and link removed, the rest moved up": (
        [
            f"DELETE FROM {LINK} WHERE number = 2",
            *(f"UPDATE {LINK} SET number = {number - 1} WHERE number = {number}" for number in (3, 4, 5, 6)),
        ],
        "Event {3} (link 2) was changed or moved.",
    ),
    "events swapped": (
        [
            f"UPDATE {LINK} SET event_id = -1 WHERE number = 2",
            f"UPDATE {LINK} SET event_id = {{2}} WHERE number = 3",
            f"UPDATE {LINK} SET event_id = {{3}} WHERE number = 2",
        ],
        "Event {3} (link 2) was changed or moved.",
    ),
    "links swapped": (
        [
            f"UPDATE {LINK} SET number = -1 WHERE number = 2",
            f"UPDATE {LINK} SET number = 2 WHERE number = 3",
            f"UPDATE {LINK} SET number = 3 WHERE number = -1",
        ],
        "Event {3} (link 2) was changed or moved.",
    ),
    "link moved before the first": (
        [f"UPDATE {LINK} SET number = -1 WHERE number = 6"],
        "Link 1 is missing.",
    ),
    "contents of two events swapped": (
        [
            f"UPDATE {EVENT} SET action = CASE id WHEN {{2}} THEN 'thing.3' ELSE 'thing.2' END WHERE id IN ({{2}}, {{3}})"
        ],
        "Event {2} (link 2) was changed or moved.",
    ),
    "details": (
        [f'UPDATE {PAYLOAD} SET data = \'{{{{"reason": "Another"}}}}\' WHERE event_id = {{3}}'],
        "The details of event {3} (link 3) were changed.",
    ),
    "salt": (
        [f"UPDATE {PAYLOAD} SET salt = 'x' WHERE event_id = {{4}}"],
        "The details of event {4} (link 4) were changed.",
    ),
    "details moved to another event": (
        [
            f"DELETE FROM {PAYLOAD} WHERE event_id = {{2}}",
            f"UPDATE {PAYLOAD} SET event_id = {{2}} WHERE event_id = {{3}}",
        ],
        "The details of event {2} (link 2) were changed.",
    ),
    "digest of a link": (
        [f"UPDATE {LINK} SET digest = '0' WHERE number = 4"],
        "Event {4} (link 4) was changed or moved.",
    ),
    "end cut off below the exported head": (
        [
            f"DELETE FROM {LINK} WHERE number > 3",
            f"DELETE FROM {PAYLOAD}",
            f"DELETE FROM {EVENT} WHERE id >= {{4}}",
        ],
        "The chain ends at link 3; 4 was exported.",
    ),
    "everything removed": (
        [f"DELETE FROM {LINK}", f"DELETE FROM {PAYLOAD}", f"DELETE FROM {EVENT}"],
        "The chain ends at link 0; 4 was exported.",
    ),
}


@pytest.fixture
def chained(applicant) -> list[AuditEvent]:
    found = [
        audit.record(
            f"thing.{place}",
            by=applicant,
            obj=applicant,
            now=NOW + timedelta(seconds=place),
            data={"reason": f"A secret {place}"},
        )
        for place in range(1, 7)
    ]
    audit.seal()
    return found


@pytest.fixture
def exported(chained) -> audit.Head:
    return audit.Head(EXPORTED, AuditLink.objects.get(number=EXPORTED).digest)


@pytest.fixture
def tamper(chained) -> Iterator:
    """Writes as the owner of the database could, and takes it back: no foreign key may be left broken."""
    ids = [None, *(event.pk for event in chained)]

    def write(statements: list[str]) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement.format(*ids))

    drop_triggers(connection)
    with transaction.atomic():
        yield write
        transaction.set_rollback(True)
    create_triggers(connection)


def named(words: str, chained: list[AuditEvent]) -> str:
    return words.format(None, *(event.pk for event in chained))


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_named(name, tamper, exported, chained):
    statements, words = TAMPERINGS[name]
    assert audit.verify(heads=[exported])[1] is None
    tamper(statements)
    assert audit.verify(heads=[exported])[1] == named(words, chained)


@pytest.mark.services
@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_named_on_postgresql(name, tamper, exported, chained):
    statements, words = TAMPERINGS[name]
    tamper(statements)
    assert audit.verify(heads=[exported])[1] == named(words, chained)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_after_the_sealer_went_on(name, tamper, exported, chained):
    """The sealer runs every few seconds: what it adds afterwards hides nothing."""
    statements, _ = TAMPERINGS[name]
    tamper(statements)
    user = User.objects.first()
    audit.record("thing.later", by=None, obj=user, now=NOW)
    audit.seal_all()
    assert audit.verify(heads=[exported])[1] is not None


def test_end_cut_off_above_the_exported_head_is_what_no_head_proves(tamper, exported):
    """Hence: export often. What lies at and below the head is proved all the same."""
    tamper(
        [
            f"DELETE FROM {LINK} WHERE number > 4",
            f"DELETE FROM {PAYLOAD}",
            f"DELETE FROM {EVENT} WHERE id >= {{5}}",
        ]
    )
    assert audit.verify(heads=[exported]) == (exported, None)


def test_chain_written_anew_from_a_changed_event_is_found_by_the_head(tamper, exported):
    tamper([f"DELETE FROM {LINK} WHERE number >= 2", f"UPDATE {EVENT} SET action = 'x' WHERE id = {{2}}"])
    audit.seal_all()
    assert audit.verify()[1] is None
    assert audit.verify(heads=[exported])[1] == "Link 4 is not the one that was exported."


def test_a_long_chain_is_walked_in_pieces(exported, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(audit, "CHUNK", 2)
    with django_assert_num_queries(7):
        head, broken = audit.verify(heads=[exported])
    assert (head.number, broken) == (6, None)
