"""Mail leaves once, says what is true when it leaves, and never twice by itself."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction

from coaching import outbox
from coaching.models import Message
from coaching.outbox import Mail
from tests import factories
from tests.clock import NOW

Status = Message.Status


@pytest.fixture
def kind(monkeypatch):
    """A kind of mail about a person, by the name they have when it is sent."""
    monkeypatch.setitem(
        outbox._builders, "hello", lambda recipient, **ids: Mail(f"Hello {recipient.name}", "Yes\n")
    )
    return "hello"


def queue(to, key="1", **values):
    outbox.queue(kind="hello", to=to, key=key, now=NOW, **values)


def deliver(now=NOW, **values):
    return dict(outbox.deliver_due(now=now, **values))


def failing(monkeypatch, error, only_to=None):
    """Sending fails, to everybody or to one address."""
    send = EmailBackend.send_messages

    def refuse(self, messages):
        if only_to is None or messages[0].to == [only_to]:
            raise error
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)


# Asking for mail


def test_kind_that_nobody_builds_is_a_defect(applicant):
    with pytest.raises(ValueError, match="'nothing' is not registered"):
        outbox.queue(kind="nothing", to=applicant, key="1", now=NOW)


def test_kind_is_registered_once(kind):
    with pytest.raises(ValueError, match="registered twice"):
        outbox.register(kind, lambda recipient: None)


def test_same_key_is_one_mail_for_each_person(kind, applicant, supervisor):
    for _ in range(2):
        queue(applicant)
        queue(supervisor)
    queue(applicant, key="2")
    assert sorted(Message.objects.values_list("key", "recipient")) == sorted(
        [
            (f"hello:1:{applicant.pk}", applicant.pk),
            (f"hello:1:{supervisor.pk}", supervisor.pk),
            (f"hello:2:{applicant.pk}", applicant.pk),
        ]
    )


def test_key_stays_used_after_sending(kind, applicant):
    queue(applicant)
    deliver()
    queue(applicant)
    assert (Message.objects.count(), deliver()) == (1, {})


def test_rollback_takes_the_mail_back(kind, applicant):
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        queue(applicant)
        raise RuntimeError
    assert not Message.objects.exists()


def test_many_are_queued_in_one_statement(kind, db, django_assert_num_queries):
    people = [factories.person() for _ in range(3)]
    with django_assert_num_queries(1):
        outbox.queue_many(kind=kind, to=people, key="1", now=NOW)
    assert Message.objects.count() == 3


# Sending


def test_mail_is_built_from_the_state_when_it_is_sent(kind, applicant):
    queue(applicant)
    applicant.name = "Ana Married"
    applicant.save()
    assert deliver() == {"sent": 1}
    [sent] = mail.outbox
    assert (sent.subject, sent.body, sent.to) == ("Hello Ana Married", "Yes\n", [applicant.email])
    message = Message.objects.get()
    assert (message.status, message.sent_at, message.attempts) == (Status.SENT, NOW, 1)
    assert sent.extra_headers["Message-ID"] == f"<{message.message_id}@127.0.0.1>"
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"


def test_ids_reach_the_builder(monkeypatch, applicant):
    seen = {}
    monkeypatch.setitem(outbox._builders, "hello", lambda recipient, **ids: seen.update(ids))
    queue(applicant, ids={"team": 7})
    deliver()
    assert seen == {"team": 7}


def test_mail_is_sent_once(kind, applicant):
    queue(applicant)
    assert [deliver(), deliver()] == [{"sent": 1}, {}]
    assert len(mail.outbox) == 1


def test_mail_that_is_not_true_any_more_is_dropped(monkeypatch, applicant):
    monkeypatch.setitem(outbox._builders, "hello", lambda recipient, **ids: None)
    queue(applicant)
    assert deliver() == {"dropped": 1}
    assert mail.outbox == []


def test_deactivated_person_gets_none(kind, applicant):
    queue(applicant)
    applicant.is_active = False
    applicant.save()
    assert deliver() == {"dropped": 1}


def test_mail_waits_for_its_time(kind, applicant):
    queue(applicant, after=timedelta(days=2))
    assert deliver() == {}
    assert deliver(NOW + timedelta(days=2)) == {"sent": 1}


def test_as_many_as_the_limit_leave_oldest_first(kind, applicant):
    for number in range(3):
        outbox.queue(kind=kind, to=applicant, key=str(number), now=NOW - timedelta(minutes=number))
    assert deliver(limit=2) == {"sent": 2}
    assert Message.objects.get(status=Status.PENDING).key == f"hello:0:{applicant.pk}"


# Trouble


def test_failed_mail_is_tried_again_later_with_the_same_id(kind, applicant, monkeypatch):
    queue(applicant)
    with monkeypatch.context() as patch:
        failing(patch, smtplib.SMTPRecipientsRefused({}))
        assert deliver() == {"pending": 1}
    message = Message.objects.get()
    assert (message.attempts, message.error) == (1, "SMTPRecipientsRefused")
    assert message.due_at == NOW + timedelta(minutes=2)
    assert deliver(NOW + timedelta(minutes=1)) == {}
    assert deliver(NOW + timedelta(minutes=2)) == {"sent": 1}
    assert str(message.message_id) in mail.outbox[0].extra_headers["Message-ID"]
    message.refresh_from_db()
    assert (message.attempts, message.error) == (2, "")


def test_waits_grow_up_to_four_hours_and_end(kind, applicant, monkeypatch):
    queue(applicant)
    failing(monkeypatch, ConnectionRefusedError())
    now, waits = NOW, []
    for _ in range(outbox.MOST_ATTEMPTS):
        outcome = deliver(now)
        message = Message.objects.get()
        waits.append(int((message.due_at - now).total_seconds() / 60))
        now = message.due_at
    assert waits[:-1] == [2, 4, 8, 16, 32, 64, 128]
    assert (outcome, message.status, message.error) == (
        {"failed": 1},
        Status.FAILED,
        "ConnectionRefusedError",
    )
    assert deliver(now + timedelta(days=30)) == {}


def test_one_broken_mail_does_not_stop_the_others(kind, applicant, supervisor, monkeypatch):
    queue(applicant)
    queue(supervisor)
    failing(monkeypatch, smtplib.SMTPDataError(550, b"no"), only_to=applicant.email)
    assert deliver() == {"pending": 1, "sent": 1}
    assert [sent.to for sent in mail.outbox] == [[supervisor.email]]


def test_broken_builder_does_not_stop_the_others(kind, applicant, supervisor, monkeypatch):
    monkeypatch.setitem(outbox._builders, "broken", lambda recipient: 1 / 0)
    outbox.queue(kind="broken", to=applicant, key="1", now=NOW)
    queue(supervisor)
    assert deliver() == {"pending": 1, "sent": 1}


@pytest.mark.parametrize("error", [smtplib.SMTPServerDisconnected(), TimeoutError()])
def test_mail_that_perhaps_left_is_never_repeated_by_itself(kind, applicant, monkeypatch, error):
    queue(applicant)
    failing(monkeypatch, error)
    assert deliver() == {"unknown": 1}
    assert deliver(NOW + timedelta(days=30)) == {}
    assert Message.objects.get().error == type(error).__name__


def test_mail_of_a_worker_that_died_is_flagged(kind, applicant):
    queue(applicant)
    Message.objects.update(status=Status.SENDING, claimed_at=NOW - timedelta(minutes=9))
    assert (deliver(), Message.objects.get().status) == ({}, Status.SENDING)
    deliver(NOW + timedelta(minutes=2))
    assert (Message.objects.get().status, mail.outbox) == (Status.UNKNOWN, [])


def test_claim_is_given_once(kind, applicant):
    queue(applicant)
    pk = Message.objects.get().pk
    assert outbox._claim(pk, NOW).pk == pk
    assert outbox._claim(pk, NOW) is None


# Templates


def test_first_line_of_a_template_is_the_subject(settings, tmp_path):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    (tmp_path / "hello.txt").write_text("Hello {{ name }}\n\nGo to {{ site_url }}/.\n\n")
    built = outbox.render_mail("hello.txt", {"name": "Ana\nBcc: everybody@example.org"})
    assert "\n" not in built.subject
    assert built.body.endswith(f"Go to {settings.SITE_URL}/.\n")


def test_name_cannot_start_a_header_line(monkeypatch, applicant):
    monkeypatch.setitem(outbox._builders, "hello", lambda recipient: Mail("Hello\nBcc: all@example.org", "x"))
    queue(applicant)
    assert deliver() == {"pending": 1}
    assert mail.outbox == []
