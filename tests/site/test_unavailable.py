"""When the database is away, pages say so, and what was typed can be sent again."""

import re
from contextlib import contextmanager

import pytest
from django.db import DataError, InterfaceError, OperationalError, connection
from django.test import Client
from django.urls import reverse

from applications.models import Application
from tests.applications.factories import submitted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
COMMENT = "Say more about the schools.\n\nWhich ones, & <how> many?"


@contextmanager
def away(error: type[Exception] = OperationalError):
    def refuse(*_):
        raise error("connection to server at 10.0.0.7 failed for ana.reyes@example.org")

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def client():
    """As a browser: what breaks is answered."""
    return Client(raise_request_exception=False)


@pytest.fixture
def returning(applicant, cohort) -> str:
    return reverse("approval_return", args=[submitted(applicant, cohort).pk])


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_page_that_cannot_be_made_says_to_try_again(client, supervisor, error):
    client.force_login(supervisor)
    with away(error):
        page = client.get("/approvals/", {"sort": "name"})
    assert page.status_code == 503
    assert page["Retry-After"] == "30"
    assert "no-store" in page["Cache-Control"]
    html = page.content.decode()
    assert "<h1>Please try again in a minute</h1>" in html
    assert 'href="/approvals/?sort=name"' in html
    assert "10.0.0.7" not in html
    assert client.get("/approvals/").status_code == 200


def test_another_defect_is_no_absence(client, supervisor):
    client.force_login(supervisor)
    with away(DataError):
        page = client.get("/approvals/")
    assert page.status_code == 500
    assert "Retry-After" not in page.headers


def test_what_was_typed_is_sent_again_with_one_click(supervisor, returning):
    """Also without scripts, and with the token that is checked."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(supervisor)
    application = Application.objects.get()
    token = _token(client.get(returning))
    sent = {"comment": COMMENT, "text_id": application.current_text_id, "csrfmiddlewaretoken": token}
    with away():
        page = client.post(returning, sent | {"password": "correct horse"}, headers=FROM_HERE)
    assert page.status_code == 503
    html = page.content.decode()
    assert f'<form method="post" action="{returning}" data-carrying>' in html
    assert 'value="Say more about the schools.\n\nWhich ones, &amp; &lt;how&gt; many?"' in html
    assert "correct horse" not in html
    application.refresh_from_db()
    assert application.status == Application.Status.IN_REVIEW
    again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))
    assert again.pop("csrfmiddlewaretoken")
    again |= {"csrfmiddlewaretoken": _token(page), "comment": COMMENT}
    assert client.post(returning, again, headers=FROM_HERE).status_code == 302
    application.refresh_from_db()
    assert application.status == Application.Status.RETURNED
    assert client.post(returning, again, headers=FROM_HERE).status_code != 500  # twice does no harm
    application.refresh_from_db()
    assert application.status == Application.Status.RETURNED


def test_another_sites_form_is_not_handed_back(client, supervisor, returning):
    client.force_login(supervisor)
    with away():
        page = client.post(returning, {"comment": COMMENT}, headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status_code == 503
    assert "Say more" not in page.content.decode()


def test_a_sign_in_is_typed_again(client):
    with away():
        page = client.post(
            "/accounts/login/", {"login": "ana@example.org", "password": "x"}, headers=FROM_HERE
        )
    assert page.status_code == 503
    html = page.content.decode()
    assert "go back to the page you came from" in html
    assert "ana@example.org" not in html


def _token(page) -> str:
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())[1]
