"""The page that says that the database is away is one like the others, and sends what it holds with one click."""

import pytest
from django.db import OperationalError
from django.urls import reverse

from applications import workflow
from applications.models import Application
from tests.applications.factories import submitted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_what_was_typed_is_sent_once_the_database_is_back(
    page, live_server, check_page, sign_in, supervisor, applicant, cohort, monkeypatch, page_errors
):
    application = submitted(applicant, cohort)
    sign_in(page, supervisor)
    page.goto(live_server.url + reverse("approval_return", args=[application.pk]))
    page.locator("textarea").fill("Say more about the schools, please.")
    real = workflow.return_for_changes
    ways = iter([OperationalError("gone"), None])

    def sometimes(*args, **kwargs):
        if error := next(ways):
            raise error
        return real(*args, **kwargs)

    monkeypatch.setattr(workflow, "return_for_changes", sometimes)
    page.get_by_role("button", name="Return").click()
    page.get_by_role("heading", name="Please try again in a minute").wait_for()
    check_page(page)
    assert "status of 503" in page_errors.pop()
    page.get_by_role("button", name="Send it again").click()
    page.get_by_text("with your comment").wait_for()
    application.refresh_from_db()
    assert application.status == Application.Status.RETURNED
