"""Mail over SMTP to a server that breaks off at each point: what surely did not leave is tried again, the rest flagged."""

import email
from collections.abc import Iterator
from datetime import timedelta
from email.policy import default as default_policy

import pytest

from coaching import outbox
from coaching.models import Message
from coaching.outbox import Mail
from tests.clock import NOW
from tests.mail_server import Server
from tests.services import free_port


@pytest.fixture
def server(settings) -> Iterator[Server]:
    found = Server()
    settings.EMAIL_BACKEND = "coaching.smtp.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", found.port, 0.3
    yield found
    found.close()


@pytest.fixture
def message(applicant, monkeypatch) -> Message:
    monkeypatch.setitem(outbox._builders, "hello", lambda recipient: Mail(f"Hello {recipient.name}", "Yes\n"))
    applicant.name = "Ána “Nia” Reyes, Jr."
    applicant.save()
    outbox.queue(kind="hello", to=applicant, key="1", now=NOW)
    return Message.objects.get()


def deliver(now=NOW) -> dict[str, int]:
    return dict(outbox.deliver_due(now=now))


def test_a_mail_arrives_as_it_was_meant(server, message, applicant):
    assert deliver() == {"sent": 1}
    [raw] = server.taken
    arrived = email.message_from_bytes(raw, policy=default_policy)
    assert arrived["Subject"] == "Hello Ána “Nia” Reyes, Jr."
    assert [(to.display_name, to.addr_spec) for to in arrived["To"].addresses] == [
        (applicant.name, applicant.email)
    ]
    assert arrived.get_body(("plain",)).get_content().split() == ["Yes"]
    assert "Yes" in arrived.get_body(("html",)).get_content()
    assert server.rcpt == [f"rcpt TO:<{applicant.email}>"]


@pytest.mark.parametrize("how", [None, "", "421 later"])
def test_before_the_connection_stands_nothing_can_have_left(server, message, how):
    server.says = {"HELLO": how}
    assert deliver() == {"pending": 1}
    assert server.taken == []
    server.says = {}
    assert deliver(NOW + timedelta(minutes=2)) == {"sent": 1}
    assert len(server.taken) == 1


@pytest.mark.parametrize("how", [None, ""])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_broken_off_before_the_body_it_is_tried_again(server, message, verb, how):
    server.says = {verb: how}
    assert deliver() == {"pending": 1}
    server.says = {}
    assert deliver(NOW + timedelta(minutes=2)) == {"sent": 1}
    assert len(server.taken) == 1


@pytest.mark.parametrize("how", [None, ""])
def test_broken_off_after_the_body_it_perhaps_left_and_is_not_repeated(server, message, how):
    server.says = {"BODY": how}
    assert deliver() == {"unknown": 1}
    assert len(server.taken) == 1
    server.says = {}
    assert deliver(NOW + timedelta(days=1)) == {}
    assert len(server.taken) == 1


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "BODY"])
def test_what_the_server_puts_off_is_tried_again(server, message, verb):
    server.says = {verb: "451 later"}
    assert deliver() == {"pending": 1}
    server.says = {}
    assert deliver(NOW + timedelta(minutes=2)) == {"sent": 1}


def test_an_address_the_server_does_not_know_is_said_at_once(server, message):
    server.says = {"RCPT": "550 no such user"}
    assert deliver() == {"failed": 1}
    message.refresh_from_db()
    assert (message.error, message.attempts) == ("SMTPRecipientsRefused", 1)


@pytest.mark.parametrize("how", [None, "500 what"])
def test_a_goodbye_that_fails_changes_nothing(server, message, how):
    server.says = {"QUIT": how}
    assert deliver() == {"sent": 1}


def test_without_a_server_it_is_tried_again(server, message, settings):
    settings.EMAIL_PORT = free_port()
    assert deliver() == {"pending": 1}
    message.refresh_from_db()
    assert message.error == "ConnectionRefusedError"
