"""Every main page, as each person sees it: accessible, valid, without errors, on a desktop and on a phone."""

import pytest

pytestmark = pytest.mark.browser


def test_home_page(page, sign_in, applicant, check_page):
    sign_in(page, applicant)
    page.goto("/")
    check_page(page)
