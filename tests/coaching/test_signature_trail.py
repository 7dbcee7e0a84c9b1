"""What is signed, against its digests in the audit trail: whatever was changed past the program is named."""

import re
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from applications import on_paper, paper, project_changes
from applications.paper import Attested, PaperSignature
from certificates.approval import propose_batch, submit_for_approval
from certificates.models import Batch
from coaching import attribution, audit, erasing, signature_trail, signing
from coaching import paper as papers
from coaching.append_only import create_triggers, drop_triggers
from coaching.enrollment import Project
from coaching.models import ERASED, AuditEvent, AuditPayload, Delegation, Scan, SignedText, SignOff
from tests.applications.factories import (
    A_SCAN,
    accepted,
    at_deputy,
    choose,
    competencies,
    draft,
    release,
    submitted,
)
from tests.certificates.history import AFTER, approve, completed_team
from tests.clock import NOW, TODAY

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]


def differences() -> list[str]:
    return list(signature_trail.differences())


@pytest.fixture
def w(applicant, supervisor, director, branch_officer, outsider, org, monkeypatch) -> SimpleNamespace:
    """One signature given here under an order, and one on paper, under one text; and others to put in their place."""
    text = signing.signed_text(kind=SignedText.Kind.APPLICATION, text="I commit.\nÄ", by=applicant, now=NOW)
    order = Delegation.objects.create(
        kind="acting",
        principal=director,
        unit=org.division,
        person=supervisor,
        reason="On leave",
        start_date=TODAY,
        end_date=TODAY,
    )
    session = attribution.Attribution(supervisor.pk, "a" * 64, "2001:db8::0001")
    with monkeypatch.context() as patch:
        patch.setattr(attribution, "current", lambda: session)
        given = signing.sign(
            text=text,
            by=supervisor,
            capacity="Acting Division Director",
            statement="I support it.",
            typed_name=supervisor.name,
            now=NOW + timedelta(microseconds=7),
            on_behalf_of=director,
            delegation=order,
        )
    on_paper = papers.sign_on_paper(
        text=text,
        signer=applicant,
        capacity="Applicant",
        statement="I commit myself.",
        signed_at=NOW,
        scan=papers.keep_scan(content=A_SCAN, by=branch_officer, now=NOW),
        by=branch_officer,
        attested_name=branch_officer.name,
        now=NOW,
    )
    another = signing.signed_text(kind=text.kind, text="Something else.", by=applicant, now=NOW)
    scan = papers.keep_scan(content=A_SCAN, by=branch_officer, now=NOW)
    return SimpleNamespace(
        text=text, given=given, on_paper=on_paper, another=another, scan=scan, outsider=outsider
    )


def test_untouched_is_clean(w):
    assert differences() == []


OF_THE_TEXT: dict[str, dict[str, object]] = {
    "kind": {"kind": "project_change"},
    "text": {"text": "I commit,\nÄ"},
    "created_at": {"created_at": NOW + timedelta(seconds=1)},
}
OF_A_SIGNATURE: dict[str, Callable[[SimpleNamespace], dict[str, object]]] = {
    "text": lambda w: {"text": w.another},
    "signer": lambda w: {"signer": w.outsider},
    "on_behalf_of": lambda w: {"on_behalf_of": None},
    "delegation": lambda w: {"delegation": None},
    "capacity": lambda w: {"capacity": "Division Director"},
    "statement": lambda w: {"statement": "I do not support it."},
    "typed_name": lambda w: {"typed_name": "Sam Superviser"},
    "signed_at": lambda w: {"signed_at": NOW},
    "session_digest": lambda w: {"session_digest": "b" * 64},
    "address": lambda w: {"address": "192.0.2.7"},
}
OF_ONE_ON_PAPER: dict[str, Callable[[SimpleNamespace], dict[str, object]]] = {
    "on_paper": lambda w: {"on_paper": False, "scan": None, "attested_by": None, "attested_at": None},
    "scan": lambda w: {"scan": w.scan},
    "attested_by": lambda w: {"attested_by": w.outsider},
    "attested_at": lambda w: {"attested_at": NOW + timedelta(days=1)},
}


# In the place of signer and principal, once their account was merged: tests/site/test_merging.py.
OF_A_MERGE = {"signer_account", "on_behalf_account"}


def test_no_column_of_what_is_signed_is_left_out():
    """A column that is added needs a place in the digest, and those in the trail are made anew by a migration."""

    def columns(model) -> set[str]:
        return {field.name for field in model._meta.concrete_fields} - {"id"}

    assert columns(SignedText) == {*OF_THE_TEXT, "digest"}
    assert columns(SignOff) - OF_A_MERGE == {*OF_A_SIGNATURE, *OF_ONE_ON_PAPER}


def event_of(row) -> int:
    return AuditEvent.objects.get(object_type=row._meta.label_lower, object_id=row.pk).pk


def changed(name: str, row) -> str:
    return f"{name} {row.pk} was changed since event {event_of(row)}."


@pytest.mark.parametrize("column", OF_THE_TEXT)
def test_a_changed_text_is_named(w, column):
    SignedText.objects.filter(pk=w.text.pk).update(**OF_THE_TEXT[column])
    assert differences() == [changed("Signed text", w.text)]


def test_a_text_whose_digest_was_changed_with_it_is_named_with_its_signatures(w):
    other = "I commit to nothing."
    SignedText.objects.filter(pk=w.text.pk).update(text=other, digest=signing.digest(other))
    assert differences() == [
        changed("Signed text", w.text),
        changed("Signature", w.given),
        changed("Signature", w.on_paper),
    ]


@pytest.mark.parametrize("column", OF_A_SIGNATURE)
def test_a_changed_signature_is_named(w, column):
    SignOff.objects.filter(pk=w.given.pk).update(**OF_A_SIGNATURE[column](w))
    assert differences() == [changed("Signature", w.given)]


@pytest.mark.parametrize("column", OF_ONE_ON_PAPER)
def test_a_changed_signature_on_paper_is_named(w, column):
    SignOff.objects.filter(pk=w.on_paper.pk).update(**OF_ONE_ON_PAPER[column](w))
    assert differences() == [changed("Signature", w.on_paper)]


def test_an_exchanged_scan_is_named(w):
    scan = w.on_paper.scan
    Scan.objects.filter(pk=scan.pk).update(content=A_SCAN + b"x")
    assert differences() == [f"Scan {scan.pk} was changed."]
    Scan.objects.filter(pk=scan.pk).update(sha256=signature_trail._sha256(A_SCAN + b"x"))
    assert differences() == [changed("Signature", w.on_paper)]


def test_a_row_that_cannot_be_read_any_more_hides_no_other(w):
    """SQLite takes into a column what is not of its kind."""

    def digest_of(text: SignedText) -> str:
        return (
            signature_trail.digest_of_text(text) if text.pk != w.text.pk else str(text.text.encode("ascii"))
        )

    found = signature_trail._digests(SignedText.objects.all(), [w.text.pk, w.another.pk], digest_of)
    assert found == {w.text.pk: "", w.another.pk: signature_trail.digest_of_text(w.another)}


def test_what_was_removed_is_named(w):
    SignOff.objects.filter(pk=w.given.pk).delete()
    SignedText.objects.filter(pk=w.another.pk).delete()
    assert differences() == [f"Signed text {w.another.pk} is missing.", f"Signature {w.given.pk} is missing."]


def test_what_was_put_there_is_named(w, outsider):
    text = SignedText.objects.create(kind="application", text="Planted.", digest=signing.digest("Planted."))
    planted = SignOff.objects.create(
        text=text, signer=outsider, capacity="Applicant", statement="Yes.", typed_name="O", signed_at=NOW
    )
    assert differences() == [
        f"Signed text {text.pk} stands without its event.",
        f"Signature {planted.pk} stands without its event.",
    ]


def test_deleted_details_are_named(w):
    event = event_of(w.given)
    AuditPayload.objects.filter(pk=event).delete()
    assert differences() == [
        f"Signature {w.given.pk} cannot be compared: the details of event {event} are missing."
    ]


def test_an_event_written_afterwards_hides_nothing(w):
    first = event_of(w.given)
    audit.seal_all()
    SignOff.objects.filter(pk=w.given.pk).update(typed_name="Somebody Else")
    w.given.refresh_from_db()
    signature_trail.record_signature(w.given, by=w.given.signer, now=NOW)
    expected = [f"Signature {w.given.pk} was changed since event {first}."]
    assert differences() == expected
    audit.seal_all()
    assert differences() == expected


class TestEmptiedAtTheEndOfTheTerm:
    def test_is_accounted_for(self, w):
        erasing.empty_signed_texts(
            [w.text.pk, w.another.pk], was=w.given.signer, to=w.outsider, by=None, now=NOW
        )
        w.given.refresh_from_db()
        assert (w.given.signer, w.given.typed_name, w.given.address) == (w.outsider, ERASED, None)
        assert bytes(Scan.objects.get(pk=w.on_paper.scan_id).content) == b""
        assert differences() == []
        assert signature_trail.number_erased() == 2

    def test_covers_no_other_words(self, w):
        """Whoever writes such an event past the program cannot put a text of their own there."""
        SignedText.objects.filter(pk=w.another.pk).update(text="I do not commit.")
        SignOff.objects.filter(pk=w.given.pk).update(typed_name="Somebody Else")
        for text in (w.text, w.another):
            text.refresh_from_db()
            signature_trail.record_erased(text, by=None, now=NOW)
        assert len(differences()) == 4

    def test_a_change_afterwards_is_named(self, w):
        erasing.empty_signed_texts([w.another.pk], was=None, to=None, by=None, now=NOW)
        SignedText.objects.filter(pk=w.another.pk).update(created_at=NOW + timedelta(days=1))
        (said,) = differences()
        assert said.startswith(f"Signed text {w.another.pk} was changed")


def test_signing_twice_leaves_one_event(w):
    signing.sign(
        text=w.text,
        by=w.given.signer,
        capacity=w.given.capacity,
        statement=w.given.statement,
        typed_name="SAM SUPERVISOR",
        now=NOW + timedelta(days=1),
    )
    assert event_of(w.given)
    assert differences() == []


def test_the_trail_gets_no_names(w):
    for event in AuditEvent.objects.filter(action__in=["text.kept", "signature.given"]):
        (digest,) = event.payload.data.values()
        assert len(digest) == 64


def test_many_are_compared_in_pieces(w, monkeypatch, django_assert_num_queries):
    with django_assert_num_queries(12):
        assert differences() == []
    monkeypatch.setattr(signature_trail, "CHUNK", 1)
    with django_assert_num_queries(16):
        assert differences() == []


def verified() -> str:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    return out.getvalue()


def test_command_names_each(w):
    assert "What was signed is as it was." in verified()
    SignedText.objects.filter(pk=w.text.pk).update(text="I commit.\nA")
    SignOff.objects.filter(pk=w.given.pk).update(typed_name="x")
    SignOff.objects.filter(pk=w.on_paper.pk).delete()
    with pytest.raises(CommandError) as refusal:
        verified()
    assert str(refusal.value).split("\n") == [
        changed("Signed text", w.text),
        changed("Signature", w.given),
        f"Signature {w.on_paper.pk} is missing.",
    ]


def test_command_names_them_beside_a_broken_link(w):
    verified()
    SignOff.objects.filter(pk=w.given.pk).update(typed_name="x")
    drop_triggers(connection)
    AuditEvent.objects.filter(pk=event_of(w.another)).update(action="x")
    create_triggers(connection)
    with pytest.raises(CommandError, match=r"was changed or moved.\nSignature \d+ was changed"):
        verified()


def test_what_was_signed_before_is_entered_as_it_was_found(w):
    """By the migration that comes with the upgrade."""
    drop_triggers(connection)
    for model in (AuditPayload, AuditEvent):
        model.objects.all()._raw_delete(connection.alias)
    create_triggers(connection)
    assert len(differences()) == SignedText.objects.count() + SignOff.objects.count()
    import_module("coaching.migrations.0012_signatures_in_the_audit_trail").enter(apps, None)
    assert differences() == []
    assert audit.verify()[1] is None
    SignOff.objects.filter(pk=w.given.pk).update(typed_name="x")
    assert differences() == [changed("Signature", w.given)]


@pytest.mark.services
def test_changed_and_removed_is_named_on_postgresql(w):
    assert differences() == []
    SignedText.objects.filter(pk=w.text.pk).update(text="I commit.\nA")
    SignOff.objects.filter(pk=w.on_paper.pk).update(signed_at=NOW + timedelta(microseconds=1))
    SignOff.objects.filter(pk=w.given.pk).delete()
    assert differences() == [
        changed("Signed text", w.text),
        changed("Signature", w.on_paper),
        f"Signature {w.given.pk} is missing.",
    ]


class TestEveryWayToSign:
    """Each leaves its event, and each is found when it is changed."""

    @pytest.fixture(autouse=True)
    def clean_before_and_after(self):
        with time_machine.travel(NOW, tick=False):
            yield
        for model, text in ((SignedText, "text"), (SignOff, "typed_name")):
            assert differences() == []
            for row in model.objects.all():
                before = getattr(row, text)
                model.objects.filter(pk=row.pk).update(**{text: before + "x"})
                name = "Signed text" if model is SignedText else "Signature"
                assert differences() == [changed(name, row)]
                model.objects.filter(pk=row.pk).update(**{text: before})

    def test_application_route_and_decision(self, applicant, cohort):
        accepted(applicant, cohort)
        assert SignOff.objects.count() == 4

    def test_release(self, applicant, deputy, cohort):
        choose(at_deputy(applicant, cohort), deputy)
        release(cohort, deputy)
        assert SignOff.objects.filter(signer=deputy).count() == 1

    def test_application_on_paper(self, applicant, supervisor, cohort, branch_officer):
        application = submitted(applicant, cohort)
        paper.record_signature(
            application=application,
            signature=PaperSignature(supervisor, TODAY),
            attested=Attested(A_SCAN, branch_officer.name),
            by=branch_officer,
            now=NOW,
        )
        assert SignOff.objects.filter(on_paper=True).count() == 1

    def test_text_printed_and_received(self, applicant, cohort, branch_officer):
        printed = on_paper.ask_to_apply(application=draft(applicant, cohort), by=applicant, now=NOW)
        assert differences() == []
        paper.receive(
            application=printed,
            received_date=TODAY,
            signed_date=TODAY,
            attested=Attested(A_SCAN, branch_officer.name),
            by=branch_officer,
            now=NOW,
        )
        assert SignOff.objects.filter(on_paper=True).count() == 1

    def test_change_of_a_project(self, applicant, director, cohort):
        accepted(applicant, cohort)
        change = project_changes.ask(
            participant=applicant.participations.get(),
            by=applicant,
            project=Project(
                "Two forms", "One was too long.", "Two.", "Min.", tuple(competencies(cohort)[:1])
            ),
            why="The pilot showed it.",
            now=NOW,
        )
        project_changes.concur(change=change, by=director, typed_name=director.name, now=NOW)
        assert SignedText.objects.filter(kind="project_change").count() == 1

    def test_list_of_certificates(self, cohort, branch_officer, org):
        completed_team(cohort, ("Ada Alvarez", "Ben Brooks", "Chi Chen"), by=branch_officer)
        batch = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
        submit_for_approval(batch=batch, by=branch_officer, now=AFTER)
        approve(batch, org.superintendent)
        assert Batch.objects.get().sign_off

    def test_withdrawn_and_drawn_up_again(self, applicant, cohort):
        """A text that is replaced stays, with its event."""
        application = draft(applicant, cohort)
        for why in ("First.", "Second."):
            application.why = why
            application.save()
            on_paper.ask_to_apply(application=application, by=applicant, now=NOW)
        assert SignedText.objects.count() == 2


def test_what_is_signed_is_written_in_two_places():
    """Both leave the event; a third would not."""
    written = re.compile(r"\b(SignedText|SignOff)(\(|\.objects\.(\w+_or_)?(bulk_)?create\()")
    found = {
        f"{app}/{path.relative_to(ROOT / app)}"
        for app in ("coaching", "applications", "meetings", "certificates")
        for path in (ROOT / app).rglob("*.py")
        if written.search(path.read_text().replace("class ", "class_"))
    }
    assert found == {"coaching/signing.py", "coaching/paper.py"}
