"""Help as people use it: found by a word, without JavaScript too; each page is also opened by tests/site/test_pages.py."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_from_a_question_to_the_place_in_a_guide(page, check_page, sign_in, applicant):
    sign_in(page, applicant)
    page.goto("/")
    page.get_by_role("contentinfo").get_by_role("link", name="Help").click()
    page.get_by_label("Search all guides").fill("How do I share a draft?")
    page.get_by_role("button", name="Search").click()
    check_page(page)
    page.get_by_role("link", name="Let others read the draft before you talk").click()
    expect(page).to_have_url(re.compile("/help/applicant/#share$"))
    expect(page.get_by_role("heading", name="Let others read the draft before you talk")).to_be_in_viewport()


def test_nothing_found(page, db, check_page):
    page.goto("/help/?q=zeppelin")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    check_page(page)


def test_pictures_come_and_are_read_out(page, db):
    page.goto("/help/team-member/")
    pictures = page.locator("main img")
    for number in range(pictures.count()):
        pictures.nth(number).scroll_into_view_if_needed()
        assert len(pictures.nth(number).get_attribute("alt")) > 40
        expect(pictures.nth(number)).to_have_js_property("complete", True)
        assert pictures.nth(number).evaluate("each => each.naturalWidth") > 0


def test_search_without_javascript(new_context, db):
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/help/")
    page.get_by_label("Search all guides").fill("withdraw")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="What you can undo")).to_be_visible()
