"""A comment is written, the sign-in ends, and after a new one in another tab the same comment goes out."""

import pytest
import time_machine
from django.contrib.sessions.models import Session

from applications.models import Application, ReviewStep
from tests.applications.factories import submitted
from tests.clock import NOW

pytestmark = pytest.mark.browser
COMMENT = "Say more about the schools.\nWhich ones, and how many?"


@pytest.fixture(autouse=True)
def november():
    """The clock begins at NOW, and runs: the browser waits."""
    with time_machine.travel(NOW, tick=True):
        yield


def test_a_comment_goes_out_after_signing_in_again(
    page, sign_in, check_page, applicant, supervisor, cohort, page_errors
):
    application = submitted(applicant, cohort)
    sign_in(page, supervisor)
    page.goto(f"/approvals/{application.pk}/return/")
    page.get_by_role("textbox").fill(COMMENT)
    Session.objects.all().delete()
    page.get_by_role("button", name="Return it to").click()
    page.get_by_role("heading", name="Not sent yet").wait_for()
    page.get_by_text("Which ones, and how many?").wait_for()
    check_page(page)
    assert ["403" in each for each in page_errors] == [True]  # the browser's console names the refusal
    page_errors.clear()
    supervisor.set_password("only-for-this-test")
    supervisor.save()
    other = page.context.new_page()
    other.goto(page.get_by_role("link", name="Sign in again in another tab").get_attribute("href"))
    other.get_by_label("Mail address").fill(supervisor.email)
    other.get_by_label("Password").fill("only-for-this-test")
    other.get_by_role("button", name="Sign in").click()
    other.get_by_role("heading", name="Return for changes").wait_for()
    other.close()
    page.get_by_role("button", name="Send it again").click()
    page.get_by_role("heading", name="Approvals").wait_for()
    application.refresh_from_db()
    assert application.status == Application.Status.RETURNED
    assert " ".join(ReviewStep.objects.exclude(comment="").get().comment.split()) == " ".join(COMMENT.split())
