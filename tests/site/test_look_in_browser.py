"""The frame of the pages as people use it: by keyboard, on a phone, on paper, and without JavaScript."""

import pytest
from django.core.mail import EmailMessage, get_connection
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

OPEN_PAGES = (
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-old/",
    "/accounts/password/reset/key/done/",
    "/accounts/inactive/",
)
OWN_PAGES = (
    "/",
    "/accounts/logout/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
)


@pytest.fixture
def phone(new_context):
    page = new_context().new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    return page


@pytest.mark.parametrize("address", OPEN_PAGES)
def test_open_page(page, db, check_page, address):
    page.goto(address)
    check_page(page)


@pytest.mark.parametrize("address", OWN_PAGES)
def test_own_page(page, sign_in, applicant, check_page, address):
    applicant.set_password("a-right-password")
    applicant.save()
    sign_in(page, applicant)
    page.goto(address)
    check_page(page)


def test_page_that_is_not_there(page, sign_in, applicant, check_page, page_errors):
    sign_in(page, applicant)
    page.goto("/nothing/")
    check_page(page)
    [error] = page_errors
    assert "404" in error
    page_errors.clear()


def test_demo_mail(page, db, check_page, settings, tmp_path):
    settings.DEMO = True
    settings.MAILBOX_DIR = tmp_path
    page.goto("/mail/")
    check_page(page)
    connection = get_connection("coaching.site.mailbox.MailboxBackend")
    EmailMessage(
        "Please sign", "See http://127.0.0.1/", to=["ana@demo.example"], connection=connection
    ).send()
    page.goto("/mail/?to=ana")
    check_page(page)
    page.get_by_role("link", name="Please sign").click()
    check_page(page)


def test_a_wrong_password_takes_the_reader_to_the_error(page, db, check_page):
    page.goto("/accounts/login/")
    page.get_by_label("Mail address").fill("nobody@example.org")
    page.get_by_label("Password").fill("a-wrong-password")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(".error-summary:focus")
    check_page(page)


def test_tab_order_begins_with_the_skip_link(page, sign_in, applicant):
    sign_in(page, applicant)
    page.goto("/")
    names = []
    for _ in range(3):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.innerText.trim().split('\\n').pop()"))
    assert names == ["Skip to main content", "Peer Coaching Program", "Ana Applicant"]


def test_skip_link_takes_the_reader_to_the_main_part(page, sign_in, applicant):
    sign_in(page, applicant)
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_account_menu_opens_by_keyboard_and_closes_by_escape(page, sign_in, applicant):
    sign_in(page, applicant)
    page.goto("/")
    menu = page.locator("details.account")
    menu.locator("summary").press("Enter")
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_menu_of_a_phone_opens_and_closes(phone, sign_in, applicant):
    sign_in(phone, applicant)
    phone.goto("/")
    menu, button = phone.get_by_role("navigation", name="Main"), phone.get_by_role("button", name="Menu")
    assert not menu.is_visible()
    button.click()
    assert menu.is_visible()
    assert button.get_attribute("aria-expanded") == "true"
    phone.keyboard.press("Escape")
    assert not menu.is_visible()


def test_without_javascript_the_menu_stands_open_and_people_can_sign_out(new_context, sign_in, applicant):
    page = new_context(java_script_enabled=False).new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, applicant)
    page.goto("/")
    assert page.get_by_role("navigation", name="Main").is_visible()
    page.locator("details.account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def test_targets_are_large_enough(phone, sign_in, applicant):
    """WCAG 2.2, 2.5.8: 24 by 24 pixels, except for links within a sentence."""
    sign_in(phone, applicant)
    phone.goto("/")
    phone.get_by_role("button", name="Menu").click()
    small = phone.evaluate(
        """() => [...document.querySelectorAll("a, button, summary, input")]
            .filter((each) => each.offsetParent && !each.closest("p, li p"))
            .map((each) => [each.innerText, each.getBoundingClientRect()])
            .filter(([, box]) => box.width < 24 || box.height < 24)
            .map(([text]) => text)"""
    )
    assert small == []


def test_paper_shows_the_matter_without_the_frame(page, sign_in, applicant):
    sign_in(page, applicant)
    page.goto("/")
    page.emulate_media(media="print")
    assert page.locator("h1").is_visible()
    assert not page.get_by_role("navigation", name="Main").is_visible()
    assert not page.locator("footer").is_visible()
