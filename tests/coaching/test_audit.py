"""The audit trail: what is written, how it is chained, and that a change is found."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from coaching import audit
from coaching.append_only import create_triggers, drop_triggers
from coaching.models import AuditEvent, AuditLink, AuditPayload
from tests.clock import NOW


def events(user, number=3, **values):
    return [
        audit.record(f"thing.{place}", by=user, obj=user, now=NOW + timedelta(seconds=place), **values)
        for place in range(number)
    ]


@pytest.fixture
def chained(applicant):
    """Three sealed events with details."""
    found = events(applicant, data={"reason": "A secret"})
    audit.seal()
    return found


@pytest.fixture
def without_triggers(db):
    """As somebody who owns the database could do it."""
    drop_triggers(connection)
    yield
    create_triggers(connection)


# Reading


def test_events_of_one_row_in_order_without_what_was_erased(applicant, outsider):
    first, second = events(applicant, 2, data={"day": 1})
    events(outsider, 2, data={"day": 1})
    other = audit.record("thing.0", by=outsider, obj=applicant, now=NOW, data={"day": 2})
    audit.record("thing.0", by=outsider, obj=applicant, now=NOW)
    assert list(audit.events_of(applicant, "thing.0")) == [first, other]
    assert list(audit.events_of(applicant, "thing.0", "thing.1")) == [first, second, other]
    first.payload.delete()
    assert list(audit.events_of(applicant, "thing.0")) == [other]


# Writing


def test_event_says_who_did_what_to_what_and_for_whom(applicant, supervisor):
    event = audit.record("form.signed", by=supervisor, on_behalf_of=applicant, obj=applicant, now=NOW)
    event.refresh_from_db()
    assert (event.action, event.actor, event.on_behalf_of, event.at) == (
        "form.signed",
        supervisor,
        applicant,
        NOW,
    )
    assert (event.object_type, event.object_id) == ("coaching.user", applicant.pk)
    assert event.payload_digest == ""
    assert not AuditPayload.objects.exists()


def test_the_system_is_no_person(applicant):
    assert audit.record("thing.done", by=None, obj=applicant, now=NOW).actor is None


def test_details_lie_beside_the_event(applicant):
    event = audit.record("thing.done", by=None, obj=applicant, now=NOW, data={"on": NOW, "reason": "Ä"})
    assert event.payload.data == {"on": "2026-11-23T18:00:00Z", "reason": "Ä"}
    assert len(event.payload_digest) == 64


def test_same_details_have_different_digests(applicant):
    """The salt keeps a short detail from being guessed by its digest."""
    first, second = events(applicant, 2, data={"reason": "ill"})
    assert first.payload_digest != second.payload_digest


def test_event_goes_with_its_write(applicant):
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        events(applicant, data={"a": 1})
        raise RuntimeError
    assert not AuditEvent.objects.exists()


def test_many_are_written_like_one(applicant, supervisor, django_assert_num_queries):
    objects = [(applicant, {"a": 1}), (supervisor, None), (applicant, {"a": 2})]
    with django_assert_num_queries(2):
        audit.record_many("thing.done", by=supervisor, objects=objects, now=NOW)
    assert [event.object_id for event in AuditEvent.objects.all()] == [
        applicant.pk,
        supervisor.pk,
        applicant.pk,
    ]
    assert [payload.data for payload in AuditPayload.objects.order_by("pk")] == [{"a": 1}, {"a": 2}]
    audit.seal()
    assert audit.verify()[1] is None


# Append-only


@pytest.mark.parametrize("model", [AuditEvent, AuditLink])
def test_database_refuses_to_change_or_delete(chained, model):
    row = model.objects.first()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        model.objects.filter(pk=row.pk).update(
            **({"action": "x"} if model is AuditEvent else {"digest": "x"})
        )
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        model.objects.filter(pk=row.pk)._raw_delete(using="default")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        row.save(force_update=True)
    assert model.objects.count() == 3


@pytest.mark.services
@pytest.mark.parametrize("table", ["coaching_auditevent", "coaching_auditlink"])
def test_database_refuses_to_empty_the_table(chained, table):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or PostgreSQL waits for them, and refuses for that
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute(f"TRUNCATE {table} CASCADE")
    assert AuditLink.objects.count() == 3


def test_an_event_is_chained_once(chained):
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditLink.objects.create(number=4, event=chained[0], digest="0" * 64)


# Chaining


def test_seal_chains_in_the_order_of_writing(applicant):
    found = events(applicant)
    assert audit.seal() == 3
    assert list(AuditLink.objects.values_list("number", "event")) == [
        (place, event.pk) for place, event in enumerate(found, start=1)
    ]


def test_seal_goes_on_where_it_stopped(applicant):
    events(applicant, 3)
    assert [audit.seal(limit=2), audit.seal(limit=2), audit.seal(limit=2)] == [2, 1, 0]
    events(applicant, 1)
    assert audit.seal() == 1
    head, broken = audit.verify()
    assert (head.number, broken) == (4, None)


def test_empty_chain_is_whole(db):
    assert audit.verify() == (audit.Head(0, audit.CHAIN_START), None)


def test_deleted_details_leave_the_chain_whole(chained):
    AuditPayload.objects.all().delete()
    assert audit.verify()[1] is None


def test_changed_details_are_found(chained):
    AuditPayload.objects.filter(pk=chained[1].pk).update(data={"reason": "Another"})
    _, broken = audit.verify()
    assert broken == f"The details of event {chained[1].pk} (link 2) were changed."


@pytest.mark.usefixtures("without_triggers")
@pytest.mark.parametrize(
    "change",
    [
        {"action": "thing.undone"},
        {"actor": None},
        {"object_id": 999},
        {"object_type": "coaching.team"},
        {"at": NOW + timedelta(hours=1)},
        {"payload_digest": "0" * 64},
    ],
)
def test_changed_event_is_found(chained, change):
    AuditEvent.objects.filter(pk=chained[1].pk).update(**change)
    head, broken = audit.verify()
    assert head.number == 1
    assert broken == f"Event {chained[1].pk} (link 2) was changed or moved."


@pytest.mark.usefixtures("without_triggers")
def test_event_changed_for_somebody_else_is_found(chained, supervisor):
    AuditEvent.objects.filter(pk=chained[1].pk).update(on_behalf_of=supervisor)
    assert audit.verify()[1] == f"Event {chained[1].pk} (link 2) was changed or moved."


@pytest.mark.usefixtures("without_triggers")
def test_removed_link_is_found(chained):
    AuditLink.objects.filter(number=2).delete()
    assert audit.verify()[1] == "Link 2 is missing."


@pytest.mark.usefixtures("without_triggers")
def test_cut_end_is_found_by_a_head_that_was_kept(chained):
    head, _ = audit.verify()
    AuditLink.objects.filter(number=3).delete()
    assert audit.verify()[1] is None
    assert audit.verify(heads=[head])[1] == "The chain ends at link 2; 3 was exported."


@pytest.mark.usefixtures("without_triggers")
def test_chain_written_anew_is_found_by_a_head_that_was_kept(chained):
    head, _ = audit.verify()
    AuditLink.objects.all().delete()
    AuditEvent.objects.filter(pk=chained[0].pk).update(action="thing.undone")
    audit.seal()
    assert audit.verify()[1] is None
    assert audit.verify(heads=[head])[1] == "Link 3 is not the one that was exported."


def test_kept_head_of_a_shorter_chain_still_holds(chained, applicant):
    head, _ = audit.verify()
    events(applicant, 2)
    audit.seal()
    now, broken = audit.verify(heads=[head])
    assert (now.number, broken) == (5, None)


# The command


def run(*arguments):
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def test_command_seals_and_prints_the_head(applicant):
    events(applicant)
    head = run().splitlines()[-1]
    assert audit.Head.parse(head) == audit.verify()[0]
    assert "whole" in run("--head", head)


def test_command_seals_any_number(applicant, monkeypatch):
    monkeypatch.setattr(audit, "seal", lambda seal=audit.seal: seal(limit=2))
    events(applicant, 5)
    assert run().splitlines()[-1].startswith("5:")


@pytest.mark.usefixtures("without_triggers")
def test_command_names_the_first_broken_link(chained):
    AuditEvent.objects.filter(pk=chained[1].pk).update(action="thing.undone")
    with pytest.raises(CommandError, match=r"\(link 2\) was changed"):
        run()


@pytest.mark.parametrize("head", ["x", "1", "one:abc", "1:2:3", "1:abc", f"1:{'g' * 64}"])
def test_command_refuses_what_is_no_head(db, head):
    with pytest.raises(CommandError, match="NUMBER:DIGEST"):
        run("--head", head)


# Heads that are kept in a file


def export(path) -> str:
    out = StringIO()
    call_command("export_audit_head", str(path), stdout=out)
    return out.getvalue().strip()


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "heads.txt"


def test_each_export_adds_the_head_of_its_moment(applicant, kept, frozen):
    events(applicant, 2)
    first = export(kept)
    events(applicant, 1)
    second = export(kept)
    assert kept.read_text() == f"2026-11-23T18:00:00+00:00 {first}\n2026-11-23T18:00:00+00:00 {second}\n"
    assert (first.split(":")[0], second.split(":")[0]) == ("2", "3")
    assert "It holds against 2 kept heads." in run("--heads", str(kept))


def test_export_of_a_chain_without_a_new_link_adds_nothing(chained, kept):
    assert export(kept) == export(kept)
    assert len(kept.read_text().splitlines()) == 1


def test_head_of_a_chain_that_has_not_begun_holds(db, applicant, kept):
    export(kept)
    events(applicant)
    assert export(kept).startswith("3:")


@pytest.mark.usefixtures("without_triggers")
def test_broken_chain_is_not_exported(chained, kept):
    export(kept)
    AuditEvent.objects.filter(pk=chained[1].pk).update(action="thing.undone")
    with pytest.raises(CommandError, match=r"Nothing was exported.*\(link 2\) was changed or moved"):
        export(kept)
    with pytest.raises(CommandError, match=r"\(link 2\) was changed or moved"):
        run("--heads", str(kept))
    assert len(kept.read_text().splitlines()) == 1


@pytest.mark.parametrize("line", ["x", "2026-11-23T18:00:00+00:00", "today 3:abc", f"3:{'a' * 64}", "\xff"])
def test_file_that_holds_no_heads_is_refused(chained, kept, line):
    kept.write_text(f"\n{line}\n", encoding="latin-1")
    with pytest.raises(CommandError, match=r"heads\.txt"):
        run("--heads", str(kept))
    with pytest.raises(CommandError, match=r"heads\.txt"):
        export(kept)


def test_missing_file_of_heads_is_said(chained, kept):
    with pytest.raises(CommandError, match="cannot be read"):
        run("--heads", str(kept))


def test_two_heads_of_one_link_cannot_both_hold(chained, kept):
    export(kept)
    kept.write_text(kept.read_text() + f"2026-11-24T18:00:00+00:00 3:{'0' * 64}\n")
    with pytest.raises(CommandError, match="Link 3 is not the one that was exported"):
        run("--heads", str(kept))
