"""What is sent to the site is measured before it is read, and every answer carries the policy of the site."""

import pytest
from django import forms
from django.conf import settings
from django.test import Client
from django.urls import get_resolver, reverse

from coaching import paper
from coaching.site import too_large

pytestmark = pytest.mark.django_db

# tests/site/test_hostile_requests.py sends each of them what it does not take. A form that is not here fails.
TAKE_FILES = {
    "ApplicationPaperForm",
    "AttestedForm",
    "FileForm",
    "PaperApprovalForm",
    "PaperForm",
    "PaperSignatureForm",
    "ReceiveForm",
    "ResourceForm",
    "SignatureForm",
    "StaffFileForm",
    "UploadForm",
}


def every(form: type) -> set[type]:
    return {form, *(one for each in form.__subclasses__() for one in every(each))}


def test_every_form_that_takes_a_file_is_known():
    assert get_resolver().url_patterns, "all views are loaded, and so all forms"
    taking = {
        form.__name__
        for form in every(forms.BaseForm)
        if any(isinstance(field, forms.FileField) for field in getattr(form, "base_fields", {}).values())
    }
    assert taking == TAKE_FILES


class Unread:
    """A body of which nothing may be read."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("the body was read")

    readline = read


@pytest.mark.parametrize("name", ["certificate_signature", "account_login", "verify"])
def test_what_is_too_large_is_refused_before_it_is_read(client, superintendent, name):
    client.force_login(superintendent)
    answer = client.generic(
        "POST",
        reverse(name),
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(too_large.MOST_BYTES + 1),
        **{"wsgi.input": Unread()},
    )
    assert answer.status_code == 413
    assert b"too large" in answer.content or b"larger than" in answer.content


def test_the_largest_paper_and_its_form_are_not_too_large():
    assert too_large.MOST_BYTES > paper.MOST_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 2


@pytest.mark.parametrize(
    ("path", "status", "more"),
    [
        ("/", 302, {}),
        ("/nothing-here", 404, {}),
        ("/static/css/site.css", 200, {}),
        ("/livez", 200, {}),
        ("/accounts/login/", 200, {}),
        ("/accounts/login/", 400, {"HTTP_HOST": "another.example.org"}),
        ("/accounts/login", 301, {}),
    ],
)
def test_every_answer_has_the_policy(path, status, more):
    client = Client(raise_request_exception=False)
    answer = client.get(path, **more)
    policy = answer.headers.get("Content-Security-Policy", "")
    assert answer.status_code == status
    assert {"default-src 'none'", "script-src 'self'"} <= set(policy.split("; "))
    assert "unsafe" not in policy


def test_a_page_that_broke_has_it_too(client, monkeypatch):
    def broken(request):
        raise RuntimeError

    monkeypatch.setattr("coaching.site.too_large.render", broken)
    monkeypatch.setattr("coaching.site.too_large.MOST_BYTES", 0)
    client.raise_request_exception = False
    answer = client.post("/accounts/login/", {"login": "a"})
    assert answer.status_code == 500
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
