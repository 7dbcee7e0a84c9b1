"""Mail that did not arrive: who may settle it, what becomes of it, and that nothing repeats itself."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from coaching import outbox, undelivered
from coaching.models import AuditEvent, Message, User
from coaching.outbox import Mail
from coaching.undelivered import NotUndelivered
from tests import factories
from tests.clock import NOW, TODAY

Status = Message.Status


@pytest.fixture(autouse=True)
def kind(monkeypatch):
    monkeypatch.setitem(
        outbox._builders, "hello", lambda recipient, **ids: Mail(f"Hello {recipient.name}", "Yes\n")
    )


def lost(
    to: User, status: str = Status.FAILED, error: str = "ConnectionRefusedError", key: str = "1"
) -> Message:
    outbox.queue(kind="hello", to=to, key=key, now=NOW)
    Message.objects.filter(key=f"hello:{key}:{to.pk}").update(
        status=status, error=error, attempts=8, claimed_at=NOW
    )
    return Message.objects.get(key=f"hello:{key}:{to.pk}")


def seen_by(user: User) -> set[User]:
    return {message.recipient for message in undelivered.visible_to(user, on=TODAY)}


# Who sees what


def test_an_office_sees_those_of_its_people_and_an_administrator_all(
    applicant, branch_officer, administrator, org, training_officer
):
    """F5."""
    elsewhere = factories.person("Eve", unit=factories.unit("branch", "Other Branch", parent=org.department))
    for person in (applicant, elsewhere, org.deputy):
        lost(person)
    assert seen_by(branch_officer) == {applicant, org.deputy}
    assert seen_by(administrator) == {applicant, elsewhere, org.deputy}
    for nobody in (applicant, org.deputy, training_officer):
        assert seen_by(nobody) == set()


@pytest.mark.parametrize("status", sorted(set(Status.values) - {"failed", "unknown"}))
def test_what_needs_nobody_is_not_listed(applicant, branch_officer, status):
    outbox.queue(kind="hello", to=applicant, key="1", now=NOW)
    Message.objects.update(status=status, sent_at=NOW)
    assert seen_by(branch_officer) == set()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("The mail address has no @.", "The mail address has no @."),
        ("SMTPRecipientsRefused", "The mail server knows no such address."),
        ("WorkerStopped", "The program stopped while the mail was handed over."),
        ("KeyError", "The program could not send it (KeyError)."),
        ("", "The program could not send it (no reason known)."),
    ],
)
def test_why_is_said_in_words(error, words):
    assert undelivered.why(Message(error=error)) == words


# Sending again


def test_sent_again_it_is_built_from_how_things_stand(applicant, branch_officer):
    message = lost(applicant)
    applicant.name = "Ana Married"
    applicant.save()
    undelivered.send_again(message=message, by=branch_officer, now=NOW)
    assert dict(outbox.deliver_due(now=NOW)) == {"sent": 1}
    [sent] = mail.outbox
    assert sent.subject == "Hello Ana Married"
    assert str(message.message_id) in sent.extra_headers["Message-ID"]  # a doubled one can be told by it
    message.refresh_from_db()
    assert (message.status, message.attempts, message.error) == (Status.SENT, 1, "")
    assert AuditEvent.objects.get(action="message.sent_again").actor == branch_officer


def test_sent_again_twice_is_one_mail(applicant, branch_officer):
    message = lost(applicant, Status.UNKNOWN)
    undelivered.send_again(message=message, by=branch_officer, now=NOW)
    with pytest.raises(NotUndelivered, match="settled in the meantime: waiting"):
        undelivered.send_again(message=message, by=branch_officer, now=NOW)
    outbox.deliver_due(now=NOW)
    with pytest.raises(NotUndelivered, match="settled in the meantime: sent"):
        undelivered.send_again(message=message, by=branch_officer, now=NOW)
    assert len(mail.outbox) == 1


def test_sent_again_it_has_all_its_attempts(applicant, branch_officer, monkeypatch):
    message = undelivered.send_again(message=lost(applicant), by=branch_officer, now=NOW)

    def refuse(self, messages):
        raise smtplib.SMTPDataError(450, b"later")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    assert dict(outbox.deliver_due(now=NOW)) == {"pending": 1}
    message.refresh_from_db()
    assert (message.attempts, message.due_at) == (1, NOW + timedelta(minutes=2))


def test_who_may_not_see_it_sends_nothing_again(applicant, outsider, supervisor):
    message = lost(applicant)
    for stranger in (outsider, supervisor, applicant):
        for act in (undelivered.send_again, undelivered.settle):
            with pytest.raises(NotUndelivered):
                act(message=message, by=stranger, now=NOW)
    assert Message.objects.get().status == Status.FAILED


def test_all_that_did_not_leave_are_sent_again_and_no_other(
    applicant, supervisor, outsider, org, branch_officer
):
    elsewhere = factories.person("Eve", unit=factories.unit("branch", "Other Branch", parent=org.department))
    first, second = lost(applicant), lost(supervisor)
    perhaps, foreign, not_asked = lost(outsider, Status.UNKNOWN), lost(elsewhere), lost(org.deputy)
    pks = [each.pk for each in (first, second, perhaps, foreign)]
    assert undelivered.send_all_again(by=branch_officer, now=NOW, pks=pks) == 2
    assert undelivered.send_all_again(by=branch_officer, now=NOW, pks=pks) == 0
    waiting = set(Message.objects.filter(status=Status.PENDING))
    assert waiting == {first, second}
    assert not {perhaps, foreign, not_asked} & waiting


# Settling


def test_settled_it_is_never_sent(applicant, branch_officer):
    message = lost(applicant, Status.UNKNOWN)
    undelivered.settle(message=message, by=branch_officer, now=NOW)
    assert seen_by(branch_officer) == set()
    assert dict(outbox.deliver_due(now=NOW + timedelta(days=30))) == {}
    outbox.queue(kind="hello", to=applicant, key="1", now=NOW)
    assert dict(outbox.deliver_due(now=NOW)) == {}
    assert AuditEvent.objects.get(action="message.settled").actor == branch_officer
    with pytest.raises(NotUndelivered, match="settled otherwise"):
        undelivered.settle(message=message, by=branch_officer, now=NOW)
