"""Mail over SMTP to a server that breaks off at each point: what surely did not leave is tried again, the rest flagged."""

import email
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from email.policy import default as default_policy
from threading import Thread

import pytest

from coaching import outbox
from coaching.models import Message
from coaching.outbox import Mail
from tests.clock import NOW
from tests.services import free_port

ANSWERS = {
    "EHLO": "250 ok",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "BODY": "250 taken",
    "QUIT": "221 bye",
}


class Server:
    """Speaks as much SMTP as it takes. `says` changes an answer; None breaks off, "" says nothing more."""

    def __init__(self) -> None:
        self.says: dict[str, str | None] = {}
        self.taken: list[bytes] = []
        self.rcpt: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # ends a waiting accept, which closing alone does not
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, connection.makefile("rb") as lines, suppress(OSError):
                    self._talk(connection, lines)

    def _talk(self, connection: socket.socket, lines) -> None:
        if not self._answer(connection, "HELLO", "220 ready"):
            return
        for line in lines:
            verb = line[:4].decode().upper()
            if verb == "RCPT":
                self.rcpt.append(line.decode().strip())
            if not self._answer(connection, verb, ANSWERS.get(verb, "250 ok")):
                return
            if verb == "DATA":
                self.taken.append(b"".join(iter(lambda: next(lines), b".\r\n")))
                if not self._answer(connection, "BODY", ANSWERS["BODY"]):
                    return
            if verb == "QUIT":
                return

    def _answer(self, connection: socket.socket, verb: str, usual: str) -> bool:
        answer = self.says.get(verb, usual)
        if answer is None:
            return False
        if answer == "":
            connection.recv(1)  # until the other side gives up
            return False
        connection.sendall(f"{answer}\r\n".encode())
        return True


@pytest.fixture
def server(settings) -> Iterator[Server]:
    found = Server()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
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
