"""What changed, the way and the texts as people see them: accessible, valid, at both widths (A11)."""

import pytest
import time_machine

from applications import workflow
from tests.applications.factories import draft, sign, submit, submitted
from tests.clock import NOW

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def november():
    """The clock begins at NOW, and runs: the browser waits."""
    with time_machine.travel(NOW, tick=True):
        yield


def test_what_changed_is_read_by_applicant_and_signers(
    page, sign_in, check_page, applicant, supervisor, director, cohort
):
    application = sign(submitted(applicant, cohort), supervisor)
    workflow.return_for_changes(application=application, by=director, comment="Name a number.", now=NOW)
    draft(applicant, cohort, project_measure="Minutes a school needs: 30 before, 10 after.", timely="")

    sign_in(page, applicant)
    page.goto(f"/applications/{application.pk}/review/")
    changes = page.get_by_role("region", name="What changed")
    changes.get_by_text("Compared with the text that Dana Director returned").wait_for()
    assert changes.locator("ins", has_text="30 before").is_visible()
    assert changes.locator("del", has_text="In use before").is_visible()
    check_page(page)

    submit(application)
    sign_in(page, supervisor)
    page.goto(f"/approvals/{application.pk}/")
    changes.get_by_text("Compared with the text you signed").wait_for()
    check_page(page)
    page.get_by_role("link", name="Show the whole text").click()
    assert page.evaluate("location.hash") == "#whole-text"
    page.get_by_role("link", name="The earlier text").click()
    page.get_by_text("No longer current").wait_for()
    check_page(page)

    page.goto(f"/applications/{application.pk}/")
    assert page.locator(".way [aria-current=step]").inner_text().splitlines()[:3] == [
        "2",
        "Supervisor",
        "Sam Supervisor",
    ]
    check_page(page)
    page.goto("/approvals/signed/")
    check_page(page)
    page.goto(f"/approvals/?open={application.pk}")
    changes.get_by_text("The whole text stands below.").wait_for()
    check_page(page)
