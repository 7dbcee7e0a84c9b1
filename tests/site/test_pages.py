"""Every page that links lead to, as each person of the demo: accessible, valid, without errors, on desktop and phone."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from django.utils import timezone
from playwright.sync_api import Page

from coaching.models import User
from coaching.site import demo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("empty"),
]

NO_PAGES = {
    "application_draft_file",
    "application_scan",
    "application_text_file",
    "account_logout",
    "calendar_file",
    "certificate_download",
    "certificate_sample",
    "certificate_signature_picture",
    "verify_json",
}
Kind = tuple[str, str]


def test_every_page_of_the_demo(page, sign_in, check_page, settings, subtests):
    settings.DEMO = True
    demo.load(phases=demo.PHASES, now=timezone.now())
    checked: set[Kind] = set()

    with subtests.test("Nobody"):
        for kind in walk(page):
            checked.add(kind)
            check_page(page)
    for person in demo.people():
        with subtests.test(person.role):
            sign_in(page, User.objects.get(email=person.email))
            for kind in walk(page):
                # The home page differs for everyone; of the others, one of each kind is looked at closely.
                if kind not in checked or kind[0] == "home":
                    checked.add(kind)
                    check_page(page)
    assert len(checked) > 40


def walk(page: Page) -> Iterator[Kind]:
    """Opens the pages that links lead to, starting at home: one of each kind, each step of an application."""
    waiting, seen = ["/"], set()
    while waiting:
        address = waiting.pop(0)
        kind = kind_of(address)
        if kind is None or kind in seen:
            continue
        seen.add(kind)
        answer = page.goto(address)
        assert answer.status == 200, address
        yield kind
        waiting += page.locator("a[href^='/']:not([download])").evaluate_all(
            "links => links.map(link => link.getAttribute('href'))"
        )


def kind_of(address: str) -> Kind | None:
    """What distinguishes a page from others like it; none for files, other sites and the administration."""
    try:
        match = resolve(urlsplit(address).path)
    except Resolver404:
        return None
    if match.app_names == ["admin"] or match.view_name in NO_PAGES:
        return None
    return match.view_name, match.kwargs.get("step", "")
