"""Mail leaves once, says what is true when it leaves, and never twice by itself."""

import smtplib
import ssl
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction

from coaching import outbox
from coaching.models import Message, User
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


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "There is no mail address on record."),
        ("no-at.example.org", "The mail address has no @."),
        ("a@example.org,b@example.org", "There is more than one address where one mail address belongs."),
        ("a@example.org\nbcc: b", "The mail address holds a space, a line break or an invisible character."),
        ("a" * 80 + "@example.org", "The mail address is longer than mail servers accept."),
        ("a@exämple.org", "The mail address has letters that mail servers do not accept."),
    ],
)
def test_broken_address_is_undelivered_at_once_and_stops_nobody(kind, applicant, supervisor, address, reason):
    User.objects.filter(pk=applicant.pk).update(email=address)
    queue(applicant)
    queue(supervisor)
    assert deliver() == {"failed": 1, "sent": 1}
    assert [sent.to for sent in mail.outbox] == [[supervisor.email]]
    message = Message.objects.get(recipient=applicant)
    assert (message.status, message.error, message.attempts) == (Status.FAILED, reason, 1)


@pytest.mark.parametrize(("code", "outcome"), [(550, {"failed": 1}), (450, {"pending": 1})])
def test_address_the_server_does_not_know_is_not_tried_again(kind, applicant, monkeypatch, code, outcome):
    queue(applicant)
    failing(monkeypatch, smtplib.SMTPRecipientsRefused({applicant.email: (code, b"no")}))
    assert deliver() == outcome


BROKEN_OFF = [
    smtplib.SMTPServerDisconnected(),
    TimeoutError(),
    ConnectionResetError(),
    BrokenPipeError(),
    ssl.SSLError(),
]


@pytest.mark.parametrize("error", BROKEN_OFF, ids=lambda error: type(error).__name__)
def test_mail_that_perhaps_left_is_never_repeated_by_itself(kind, applicant, monkeypatch, error):
    queue(applicant)
    failing(monkeypatch, error)
    assert deliver() == {"unknown": 1}
    assert deliver(NOW + timedelta(days=30)) == {}
    assert Message.objects.get().error == type(error).__name__


@pytest.mark.parametrize("error", BROKEN_OFF, ids=lambda error: type(error).__name__)
def test_mail_that_found_no_server_is_tried_again(kind, applicant, monkeypatch, error):
    """Before the connection stands, nothing can have left."""
    queue(applicant)

    def refuse(self):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "open", refuse)
        assert deliver() == {"pending": 1}
    assert deliver(NOW + timedelta(minutes=2)) == {"sent": 1}


def test_goodbye_that_fails_changes_nothing(kind, applicant, monkeypatch):
    queue(applicant)

    def refuse(self):
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr(EmailBackend, "close", refuse)
    assert deliver() == {"sent": 1}


def test_claims_of_a_slow_run_are_not_taken_for_stale(kind, applicant, supervisor, monkeypatch):
    queue(applicant)
    queue(supervisor)
    seconds = iter([0, 0, 900])
    monkeypatch.setattr(outbox, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    deliver()
    claimed = Message.objects.order_by("pk").values_list("claimed_at", flat=True)
    assert list(claimed) == [NOW, NOW + timedelta(seconds=900)]


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
    assert deliver() == {"sent": 1}
    assert mail.outbox[0].message()["Subject"] == "Hello Bcc: all@example.org"
    assert mail.outbox[0].recipients() == [applicant.email]


def test_mail_is_text_and_html_and_names_its_reader(kind, applicant):
    queue(applicant)
    deliver()
    sent = mail.outbox[0].message()
    assert sent.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in sent.get_payload()] == ["text/plain", "text/html"]
    assert sent["To"] == f"{applicant.name} <{applicant.email}>"


# What is written down with a mail, and what is asked for again


def test_what_a_mail_tells_is_written_down_right_before_it_leaves(kind, applicant, monkeypatch):
    kept = []
    monkeypatch.setitem(
        outbox._builders, "hello", lambda recipient: Mail("Hello", "Yes\n", before_sending=kept.append)
    )
    queue(applicant)
    with monkeypatch.context() as patch:
        failing(patch, smtplib.SMTPServerDisconnected())
        deliver()
    assert [(message.kind, message.recipient) for message in kept] == [("hello", applicant)]
    assert Message.objects.get().status == Status.UNKNOWN


def test_nothing_is_written_down_of_what_cannot_be_addressed(kind, applicant, monkeypatch):
    kept = []
    monkeypatch.setitem(
        outbox._builders, "hello", lambda recipient: Mail("Hello", "Yes\n", before_sending=kept.append)
    )
    User.objects.filter(pk=applicant.pk).update(email="nowhere")
    queue(applicant)
    assert deliver() == {"failed": 1}
    assert kept == []


def test_what_was_no_longer_needed_can_be_needed_again(kind, applicant, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(outbox._builders, "hello", lambda recipient: None)
        queue(applicant)
        assert deliver() == {"dropped": 1}
    queue(applicant)
    assert deliver() == {}
    queue(applicant, revive=True)
    assert deliver() == {"sent": 1}
    queue(applicant, revive=True)
    assert deliver() == {}
