"""A signer at work: reads in the list, checks, and signs several in one go; by keyboard, and without JavaScript."""

import pytest
import time_machine
from playwright.sync_api import expect

from tests.applications.factories import submitted
from tests.applications.reading import another
from tests.clock import NOW

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def november():
    """The clock begins at NOW, and runs: the browser waits."""
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def waiting(org, applicant, supervisor, cohort):
    other = another(org, supervisor, "Zoe-Alexandrina Featherstonehaugh-Cholmondeley von Hohenlohe")
    return [submitted(applicant, cohort), submitted(other, cohort)]


def test_two_are_read_in_the_list_and_signed_together(
    page, sign_in, check_page, supervisor, director, waiting
):
    sign_in(page, supervisor)
    page.goto("/approvals/")
    check_page(page)
    for name in ("Ana Applicant", "Zoe-Alexandrina"):
        page.get_by_role("link", name=f"Read here the application of {name}").focus()
        page.keyboard.press("Enter")
        page.get_by_role("checkbox", name=f"I have read the application of {name}").check()
    assert page.url.endswith("/approvals/")  # the list was never left
    closing = page.get_by_role("link", name="Close the application of Zoe-Alexandrina")
    assert closing.evaluate("link => link === document.activeElement || link.id.startsWith('read-')")
    check_page(page)
    page.get_by_role("button", name="Sign the checked ones together").click()
    page.get_by_role("heading", name="Sign them together").wait_for()
    check_page(page)
    page.get_by_label("Type your name to sign").fill("Sam Somebody")
    page.get_by_role("button", name="Sign 2 applications").click()
    page.get_by_role("heading", name="Please check this").wait_for()
    check_page(page)
    page.get_by_label("Type your name to sign").fill("Sam Supervisor")
    page.get_by_role("button", name="Sign 2 applications").click()
    page.get_by_text("Signed. 2 applications go on to the next office.").wait_for()
    page.get_by_text("Nothing waits for you").wait_for()
    check_page(page)
    assert {each.current_step().signer for each in waiting} == {director}
    page.get_by_role("link", name="You have acted on").click()
    page.get_by_role("link", name="Ana Applicant").wait_for()
    check_page(page)


def test_closing_leaves_the_others_open(page, sign_in, supervisor, waiting):
    sign_in(page, supervisor)
    page.goto("/approvals/")
    for name in ("Ana", "Zoe"):
        page.get_by_role("link", name=f"Read here the application of {name}").click()
        page.get_by_role("checkbox", name=f"I have read the application of {name}").wait_for()
    page.get_by_role("link", name="Close the application of Ana").click()
    page.get_by_role("link", name="Read here the application of Ana").wait_for()
    assert page.get_by_role("checkbox").count() == 1


def test_without_javascript_it_is_the_same(new_context, sign_in, supervisor, director, waiting):
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page, supervisor)
    page.goto("/approvals/")
    for name in ("Ana", "Zoe"):
        page.get_by_role("link", name=f"Read here the application of {name}").click()
    expect(page.get_by_role("checkbox")).to_have_count(2)
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Sign the checked ones together").click()
    page.get_by_label("Type your name to sign").fill("Sam Supervisor")
    page.get_by_role("button", name="Sign 2 applications").click()
    page.get_by_text("Signed. 2 applications go on to the next office.").wait_for()
    assert {each.current_step().signer for each in waiting} == {director}


def test_the_list_is_narrowed_down_on_a_phone(page, sign_in, check_page, supervisor, waiting):
    sign_in(page, supervisor)
    page.goto("/approvals/")
    page.get_by_label("Name or project").fill("zoe")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Show all").wait_for()
    assert page.locator("tbody").count() == 1
    check_page(page)
    page.get_by_label("Name or project").fill("nobody")
    page.keyboard.press("Enter")
    page.get_by_text("Nothing here matches").wait_for()
    check_page(page)
