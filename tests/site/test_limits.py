"""Guessing is limited, for all web processes together and whatever a header says; nobody learns who has an account."""

from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from certificates import apart, seal_check
from certificates.apart import Looked
from coaching import outbox
from coaching.models import Message, User
from tests.clock import NOW

PASSWORD = "correct horse battery staple"
LOGIN, RESET = "/accounts/login/", "/accounts/password/reset/"
WAIT = "Too many attempts failed. Wait five minutes and try again."

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def person(applicant) -> User:
    applicant.set_password(PASSWORD)
    applicant.save()
    return applicant


def guess(email: str, password: str = "wrong", **headers: str) -> list[str]:
    """What the page says; a browser of its own each time."""
    page = Client(headers=headers).post(LOGIN, {"login": email, "password": password})
    return page.context["form"].non_field_errors() if page.status_code == HTTPStatus.OK else []


# Signing in


def test_the_account_is_counted_from_wherever_one_guesses(person, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(5):
        assert guess(person.email, x_forwarded_for=f"203.0.113.{number}") != [WAIT]
    assert guess(person.email, PASSWORD, x_forwarded_for="203.0.113.99") == [WAIT]


def test_another_host_name_allows_no_more_attempts(person, settings):
    settings.ALLOWED_HOSTS = [".example.gov"]
    for number in range(5):
        guess(person.email, host=f"host{number}.example.gov")
    assert guess(person.email, PASSWORD, host="other.example.gov") == [WAIT]


def test_the_address_is_counted_over_all_accounts(person):
    for number in range(10):
        assert guess(f"nobody{number}@example.org") != [WAIT]
    assert guess(person.email, PASSWORD) == [WAIT]


def test_after_the_time_said_it_goes_on(person):
    for _ in range(6):
        guess(person.email)
    with time_machine.travel(NOW + timedelta(minutes=5, seconds=1), tick=False):
        assert guess(person.email, PASSWORD) == []


# Behind proxies


class TestProxies:
    """X-Forwarded-For as it arrives here: what somebody sent, then what each proxy added."""

    def counted_together(self, *headers: str) -> bool:
        """Whether the eleventh failure meets the limit of an address."""
        for number, header in enumerate(headers):
            said = guess(f"nobody{number}@example.org", x_forwarded_for=header)
        return said == [WAIT]

    def test_without_one_the_header_is_not_read(self):
        assert self.counted_together(*(f"203.0.113.{number}" for number in range(11)))

    def test_a_forged_header_lifts_no_limit(self, settings):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        assert self.counted_together(*(f"198.51.100.{number}, 203.0.113.1" for number in range(11)))

    def test_two_proxies(self, settings):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
        assert self.counted_together(
            *(f"198.51.100.{number}, 203.0.113.1, 10.0.0.{number}" for number in range(11))
        )

    def test_different_people_behind_a_proxy_are_counted_apart(self, settings):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        assert not self.counted_together(*(f"203.0.113.{number}" for number in range(11)))

    def test_who_comes_past_the_proxy_gets_no_other_address(self, settings):
        """And no page breaks on it."""
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
        assert self.counted_together(*(f"203.0.113.{number}" for number in range(11)))

    @pytest.mark.parametrize("header", ["nonsense", "", ", ,", "203.0.113.1:4711"])
    def test_no_header_breaks_a_page(self, settings, header):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        assert Client(headers={"x_forwarded_for": header}).get(LOGIN).status_code == HTTPStatus.OK
        answer = Client(headers={"x_forwarded_for": header}).post(
            LOGIN, {"login": "a@b.org", "password": "x"}
        )
        assert answer.status_code in (HTTPStatus.OK, HTTPStatus.FORBIDDEN)


# Other pages


def test_links_for_one_address_are_limited_and_the_page_says_so(client, person):
    for _ in range(5):
        assert client.post(RESET, {"email": person.email}).status_code == HTTPStatus.FOUND
    page = client.post(RESET, {"email": person.email})
    assert page.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert page["Retry-After"] == "60"
    assert "Try again in a minute." in page.content.decode()
    assert Message.objects.filter(kind="password_reset").count() == 1  # all in one moment


def test_an_unknown_address_is_limited_as_a_known_one(client, person):
    statuses = [client.post(RESET, {"email": "nobody@example.org"}).status_code for _ in range(6)]
    assert statuses == [HTTPStatus.FOUND] * 5 + [HTTPStatus.TOO_MANY_REQUESTS]


def test_files_to_verify_are_limited(client, monkeypatch):
    looked = Looked(seal_check.NO_SEAL, None)  # a process for each takes half a second
    monkeypatch.setattr(apart, "look", lambda *_, **__: looked)

    def send():
        return client.post(reverse("verify"), {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7 nothing")})

    assert {send().status_code for _ in range(20)} <= {HTTPStatus.OK, HTTPStatus.NOT_FOUND}
    assert send().status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert client.get(reverse("verify")).status_code == HTTPStatus.OK
    with time_machine.travel(NOW + timedelta(seconds=61), tick=False):
        assert send().status_code != HTTPStatus.TOO_MANY_REQUESTS


# Known and unknown


@contextmanager
def counted(monkeypatch):
    """How many passwords are worked through."""
    calls: list[str] = []
    real = MD5PasswordHasher.encode

    def encode(self, password, salt):
        calls.append(password)
        return real(self, password, salt)

    with monkeypatch.context() as patch:
        patch.setattr(MD5PasswordHasher, "encode", encode)
        yield calls


def kinds(queries: CaptureQueriesContext) -> list[str]:
    """What the database is asked to do, but for how the transaction ends."""
    words = [each["sql"].split(maxsplit=1)[0] for each in queries if "rate_limits" not in each["sql"]]
    return [word for word in words if word in ("SELECT", "INSERT", "UPDATE", "DELETE")]


@pytest.fixture
def accounts(person, supervisor, outsider) -> dict[str, str]:
    supervisor.set_unusable_password()
    supervisor.save()
    outsider.set_password(PASSWORD)
    outsider.is_active = False
    outsider.save()
    return {
        "known": person.email,
        "unknown": "nobody@example.org",
        "never had a password": supervisor.email,
        "deactivated": outsider.email,
    }


def test_signing_in_is_the_same_work_and_the_same_answer(accounts, monkeypatch):
    seen = {}
    for name, email in accounts.items():
        client = Client()
        with counted(monkeypatch) as passwords, CaptureQueriesContext(connection) as queries:
            answer = client.post(LOGIN, {"login": email, "password": "wrong"})
        said = answer.context["form"].non_field_errors()
        seen[name] = (answer.status_code, said, len(passwords), kinds(queries), dict(answer.headers).keys())
    assert seen["unknown"][2:4] == (1, seen["known"][3])
    assert "SELECT" in seen["unknown"][3]
    for name in accounts:
        assert seen[name] == seen["unknown"], name


def test_asking_for_a_link_is_the_same_work_and_the_same_answer(accounts, monkeypatch, mailoutbox):
    seen = {}
    for name, email in accounts.items():
        client = Client()
        with counted(monkeypatch) as passwords, CaptureQueriesContext(connection) as queries:
            answer = client.post(RESET, {"email": email})
        seen[name] = (answer.status_code, answer["Location"], len(passwords), kinds(queries))
        page = client.get(answer["Location"])
        assert email not in page.content.decode()
    assert mailoutbox == []  # nothing leaves while somebody waits
    assert "INSERT" in seen["unknown"][3]
    for name in accounts:
        assert seen[name] == seen["unknown"], name
    outbox.deliver_due(now=NOW)
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(
        [accounts["known"], accounts["never had a password"]]
    )


def test_attempts_are_kept_where_all_processes_see_them(person):
    """Not in the memory of one."""
    guess(person.email)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM rate_limits")
        assert cursor.fetchone()[0] > 0
