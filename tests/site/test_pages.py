"""Every page that links lead to, as each person of the demo: accessible, valid, without errors, on desktop and phone."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import timezone

from coaching.models import User
from coaching.site import demo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("empty"),
]

LINK = re.compile(r'<a\b(?![^>]*\sdownload\b)[^>]*\bhref="(/[^"]*)"')
Kind = tuple[str, str]


def test_every_page_of_the_demo(context, sign_in, check_page, settings, subtests):
    settings.DEMO = True
    demo.load(phases=demo.PHASES, now=timezone.now())
    people = User.objects.in_bulk([person.email for person in demo.people()], field_name="email")
    checked: set[Kind] = set()

    for role, user in [("Nobody", None), *((person.role, people[person.email]) for person in demo.people())]:
        with (
            subtests.test(role),
            context.new_page() as page,
        ):  # what a page has shown takes memory while it is open
            client = Client()
            if user:
                client.force_login(user)
                sign_in(page, user)
            for address, kind in walk(client):
                # The home page differs for everyone; of the others, one of each kind is looked at closely.
                if kind not in checked or kind[0] == "home":
                    checked.add(kind)
                    assert page.goto(address).status == 200, address
                    check_page(page)
    assert len(checked) > 40


def walk(client: Client) -> Iterator[tuple[str, Kind]]:
    """The pages that links lead to, starting at home: one of each kind, each step of an application.

    A file that a link leads to has to come, too, but is no page.
    """
    waiting, seen = ["/"], set()
    while waiting:
        address = waiting.pop(0)
        kind = kind_of(address)
        if kind is None or kind in seen:
            continue
        seen.add(kind)
        answer = client.get(address, follow=True)
        assert answer.status_code == 200, address
        if not answer["Content-Type"].startswith("text/html"):
            answer.close()
            continue
        yield address, kind
        waiting += map(unescape, LINK.findall(answer.content.decode()))


def kind_of(address: str) -> Kind | None:
    """What distinguishes a page from others like it; none for other sites, the administration and signing out."""
    try:
        match = resolve(urlsplit(address).path)
    except Resolver404:
        return None
    if match.app_names == ["admin"] or match.view_name == "account_logout":
        return None
    return match.view_name, match.kwargs.get("step", "")
