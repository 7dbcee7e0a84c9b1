"""Before anybody waits for mail: one command shows that the mail server of the settings takes it."""

import pytest

from tests.mail_server import Server, recipients
from tests.services import free_port
from tests.site.test_starting import run


@pytest.fixture
def server():
    found = Server()
    yield found
    found.close()


def test_a_mail_goes_through_the_server_of_the_settings(server):
    ended = run(
        "manage.py", "sendtestemail", "ann@example.org",
        EMAIL_URL=f"smtp://127.0.0.1:{server.port}", DEFAULT_FROM_EMAIL="Coaching <coaching@example.gov>",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert recipients(server) == ["ann@example.org"]
    assert b"From: Coaching <coaching@example.gov>" in server.taken[0]


def test_a_server_that_is_not_there_is_an_error():
    ended = run("manage.py", "sendtestemail", "ann@example.org", EMAIL_URL=f"smtp://127.0.0.1:{free_port()}")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == "ConnectionRefusedError: [Errno 111] Connection refused"
