"""The second step at sign-in in Chromium, with a passkey of its virtual authenticator; every page of it looked at."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from playwright.sync_api import expect

from coaching.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def in_production(settings, live_server):
    settings.SECOND_FACTOR_REQUIRED = True
    settings.SITE_URL = live_server.url
    cache.clear()


@pytest.fixture
def officer(branch_officer) -> User:
    branch_officer.set_password(PASSWORD)
    branch_officer.save()
    return branch_officer


def type_password(page, user: User) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Mail address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


def code_of(secret: str, *, step: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def virtual_authenticator(page) -> None:
    """A device that holds passkeys, and whose holder always confirms."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_an_officer_sets_up_the_app_without_javascript(new_context, check_page, officer):
    context = new_context(java_script_enabled=False)
    page = context.new_page()
    type_password(page, officer)

    expect(page.get_by_role("heading", name="Set one up before you go on")).to_be_visible()
    page.get_by_role("link", name="Set up the app").click()
    secret = page.get_by_role("main").locator("code").inner_text()
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    recovery = page.locator(".recovery-codes li").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    assert page.url.endswith("/")

    page.goto("/accounts/2fa/webauthn/add/")
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Add the passkey")).to_be_hidden()

    sign_out(page)
    type_password(page, officer)
    expect(page.get_by_role("heading", name="Second step", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="With a passkey")).to_be_hidden()  # there is none
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("details.account")).to_be_visible()


def test_a_passkey_is_added_and_signs_in(page, check_page, officer):
    virtual_authenticator(page)
    type_password(page, officer)
    check_page(page)
    page.get_by_role("link", name="Add a passkey").click()
    check_page(page)
    page.get_by_label("Name of the passkey").fill("Work laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_text("The passkey is added.")).to_be_visible()
    check_page(page)

    page.goto("/accounts/2fa/")
    expect(page.get_by_role("row", name="Work laptop")).to_be_visible()
    check_page(page)
    sign_out(page)
    type_password(page, officer)
    check_page(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/")
    expect(page.locator("details.account")).to_be_visible()

    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Rename Work laptop").click()
    check_page(page)
    page.get_by_label("Name of the passkey").fill("Old laptop")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Remove Old laptop").click()
    check_page(page)
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_role("heading", name="Set one up before you go on")).to_be_visible()
    assert not Authenticator.objects.exists()


def test_a_passkey_confirms_after_a_time_away(page, check_page, officer, settings):
    virtual_authenticator(page)
    type_password(page, officer)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_text("The passkey is added.")).to_be_visible()

    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    page.goto("/accounts/2fa/recovery-codes/generate/")
    expect(page.get_by_role("heading", name="Please confirm it is you")).to_be_visible()
    page.get_by_role("link", name="Use a passkey instead").click()
    check_page(page)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 60
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Make new recovery codes?")).to_be_visible()


def test_a_passkey_that_is_refused_is_told(page, officer):
    virtual_authenticator(page)
    type_password(page, officer)
    page.get_by_role("link", name="Add a passkey").click()
    page.evaluate(
        """() => {
            navigator.credentials.create = () => Promise.reject(new DOMException("Nobody touched it."));
        }"""
    )
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not confirmed.")
    expect(page.get_by_role("alert")).to_contain_text("Nobody touched it.")
    assert not Authenticator.objects.exists()


def test_pages_about_the_app_and_the_codes(page, check_page, officer):
    type_password(page, officer)
    page.get_by_role("link", name="Set up the app").click()
    check_page(page)
    secret = page.get_by_role("main").locator("code").inner_text()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_text("This code does not count.").first).to_be_visible()
    check_page(page)
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_text("10 of 10 are left.")).to_be_visible()
    for address in ("", "totp/deactivate/", "recovery-codes/", "recovery-codes/generate/", "reauthenticate/"):
        page.goto(f"/accounts/2fa/{address}")
        check_page(page)
