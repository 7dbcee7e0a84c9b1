"""Single sign-on in Chromium: the content security policy lets the form go to the provider, and to nowhere else."""

import copy

import pytest
from django.conf import settings as ours
from playwright.sync_api import expect

from tests.site.test_single_sign_on import KNOWN, provider

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["provider"]  # a fixture


def with_form_action(settings, *more: str) -> None:
    policy = copy.deepcopy(ours.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["form-action"] += more
    settings.CONTENT_SECURITY_POLICY = policy


def test_somebody_signs_in_at_the_provider(page, provider, applicant, settings, check_page, page_errors):
    with_form_action(settings, provider.url)
    page.goto("/accounts/login/?next=/people/me/")
    check_page(page)
    page.get_by_role("button", name="Sign in with your department account").click()
    page.get_by_role("button", name=KNOWN, exact=True).click()
    expect(page.get_by_role("heading", name="My profile")).to_be_visible()
    expect(page.locator("details.account")).to_contain_text(applicant.name)
    theirs = [each for each in page_errors if f"asks {provider.url}" in each]
    assert theirs  # it did leave the site
    for each in [*theirs, *(each for each in page_errors if provider.url in each.partition(" ")[0])]:
        if each in page_errors:
            page_errors.remove(each)


def test_pages_about_what_did_not_work(page, provider, settings, check_page, page_errors):
    for address in ("3rdparty/login/error/", "3rdparty/login/cancelled/", "oidc/department/login/"):
        page.goto(f"/accounts/{address}")
        check_page(page)
    with_form_action(settings)  # without the provider's address
    page.get_by_role("button", name="Go on").click()
    page.wait_for_timeout(1000)
    assert "/oidc/department/login/" in page.url
    assert any("form-action" in each for each in page_errors)
    page_errors.clear()
