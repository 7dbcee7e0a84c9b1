"""What was typed comes back when the sign-in has ended, to whoever typed it and to nobody else."""

import re

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from applications.models import Application, Choice
from tests import factories
from tests.applications.factories import A_SCAN, at_deputy, submitted
from tests.applications.test_selection import filled_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
COMMENT = "Say more about the schools.\n\nWhich ones, & <how> many?"


@pytest.fixture
def strict():
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def returning(applicant, cohort) -> str:
    return reverse("approval_return", args=[submitted(applicant, cohort).pk])


def token(page) -> str:
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())[1]


def test_a_comment_comes_back_and_nothing_of_it_is_kept(client, returning):
    page = client.post(returning, {"comment": COMMENT, "text_id": "7"}, headers=FROM_HERE)
    assert page.status_code == 403
    assert page.context["carried"] == [("comment", COMMENT), ("text_id", "7")]
    assert page.context["shown"] == [COMMENT]
    html = page.content.decode()
    assert f'<form method="post" action="{returning}" data-carrying>' in html
    assert f'href="/accounts/login/?next={returning}" target="_blank"' in html
    assert 'value="Say more about the schools.\n\nWhich ones, &amp; &lt;how&gt; many?"' in html
    assert "has to be chosen again" not in html
    assert "no-store" in page["Cache-Control"]
    assert settings.SESSION_COOKIE_NAME not in client.cookies
    assert not Session.objects.exists()


def test_after_signing_in_it_is_sent_with_a_token_that_counts(strict, returning, supervisor):
    application = Application.objects.get()
    sent = {"comment": COMMENT, "text_id": application.current_text_id}
    assert "Your sign-in has ended." in strict.post(returning, sent, headers=FROM_HERE).content.decode()
    strict.force_login(supervisor)
    page = strict.post(returning, {**sent, "csrfmiddlewaretoken": "0" * 64}, headers=FROM_HERE)
    assert page.status_code == 403
    assert "You have signed in again" in page.content.decode()
    assert "csrfmiddlewaretoken" not in dict(page.context["carried"])
    application.refresh_from_db()
    assert application.status == Application.Status.IN_REVIEW
    answer = strict.post(returning, {**sent, "csrfmiddlewaretoken": token(page)}, headers=FROM_HERE)
    assert answer.status_code == 302
    application.refresh_from_db()
    assert application.status == Application.Status.RETURNED


def test_whoever_signs_in_as_somebody_else_keeps_what_was_typed(client, returning, org):
    kept = {"comment": COMMENT, "text_id": "7", "was_kept": "1"}
    assert 'name="was_kept"' in client.post(returning, kept, headers=FROM_HERE).content.decode()
    stranger = factories.person("Sam Stranger", unit=org.unit)
    client.force_login(stranger)
    page = client.post(returning, kept, headers=FROM_HERE)
    assert (page.status_code, page.context["shown"]) == (403, [COMMENT])
    assert page.context["carried"] == [("comment", COMMENT), ("text_id", "7")]
    assert "You are signed in as <strong>Sam Stranger</strong>" in page.content.decode()
    assert client.post(returning, {**kept, "was_kept": []}, headers=FROM_HERE).status_code == 404


def test_several_choices_come_back_with_whom_they_are_about(
    client, org, applicant, supervisor, deputy, cohort
):
    """A10: each with its own three assessments; the applications picked in the address stay picked."""
    other = factories.person("Otto Other", unit=org.unit, supervisor=supervisor)
    both = [at_deputy(person, cohort) for person in (applicant, other)]
    sent = {**filled_in(both[0]), **filled_in(both[1], "waitlisted")}
    sent["application"] = [each.pk for each in both]
    address = reverse("selection_choose", args=[cohort.pk])
    address += f"?application={both[0].pk}&application={both[1].pk}"
    page = client.post(address, sent, headers=FROM_HERE)
    assert page.context["shown"].count("Leads a working group.") == 2
    assert "accepted" not in page.context["shown"]
    html = page.content.decode()
    assert f'action="{address.replace("&", "&amp;")}"' in html
    assert "next=" + address.replace("?", "%3F").replace("=", "%3D").replace("&", "%26") in html
    again: dict[str, list[str]] = {}
    for name, value in page.context["carried"]:
        again.setdefault(name, []).append(value)
    assert again["application"] == [str(each.pk) for each in both]
    client.force_login(deputy)
    assert client.post(address, again).status_code == 302
    assert sorted(Choice.objects.values_list("outcome", flat=True)) == ["accepted", "waitlisted"]


def test_a_paper_comes_back_without_its_scan(client, applicant, cohort):
    scan = SimpleUploadedFile("scan.png", A_SCAN, "image/png")
    sent = {"why": "I want to learn.", "role_aimed_for": "", "scan": scan, "project_competencies": ["1", "2"]}
    page = client.post(reverse("paper_enter", args=[cohort.pk, applicant.pk]), sent, headers=FROM_HERE)
    assert page.context["carried"] == [
        ("why", "I want to learn."),
        ("role_aimed_for", ""),
        ("project_competencies", "1"),
        ("project_competencies", "2"),
    ]
    assert page.context["shown"] == ["I want to learn."]
    assert "The file you chose has to be chosen again" in page.content.decode()
    assert "scan.png" not in page.content.decode()


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.org"}]
)
def test_another_sites_form_is_not_shown_as_ones_own_words(client, strict, supervisor, returning, headers):
    sent = {"comment": "Not mine, not at all."}
    assert client.post(returning, sent, headers=headers).url == f"/accounts/login/?next={returning}"
    strict.force_login(supervisor)
    page = strict.post(returning, sent, headers=headers)
    assert page.status_code == 403
    assert "Not mine" not in page.content.decode()


def test_passwords_do_not_come_back(client, returning):
    secret = "correct horse battery staple"
    sent = {"comment": COMMENT, "password": secret, "a1-oldPassword": secret}
    page = client.post(returning, sent, headers=FROM_HERE)
    assert page.context["carried"] == [("comment", COMMENT)]
    assert secret not in page.content.decode()


@pytest.mark.parametrize(
    "sent",
    [
        {"typed_name": "Sofia Supervisor", "consent": "on"},
        {"outcome": "accepted", "day": "2026-11-05", "comment": "No."},
    ],
)
def test_a_name_or_a_choice_alone_is_asked_for_again_where_it_is_given(client, returning, sent):
    assert client.post(returning, sent, headers=FROM_HERE).url == f"/accounts/login/?next={returning}"


def test_looking_at_a_page_leads_to_the_sign_in(client, returning):
    answer = client.get(returning, {"comment": COMMENT}, headers=FROM_HERE)
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/?next=")


@pytest.mark.parametrize("name", ["account_login", "account_change_password", "admin:index", "verify"])
def test_where_passwords_are_sent_and_where_nobody_signs_in_nothing_comes_back(client, strict, name):
    words = "some words of mine"
    for each in (client, strict):
        answer = each.post(
            reverse(name), {"login": words, "oldpassword": words, "code": words}, headers=FROM_HERE
        )
        assert "Not sent yet" not in answer.content.decode()
