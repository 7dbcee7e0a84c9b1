"""The world that walks of all addresses go through, built once for each module of them."""

import logging
from collections.abc import Iterator

import pytest
import time_machine
from django.http import HttpResponseForbidden, HttpResponseNotFound
from django.test import Client, override_settings

from applications import printing
from certificates import issuing, packet, preview
from coaching import offices
from coaching.models import User
from coaching.site import urls
from coaching.site.reports import report
from meetings import program as meeting_program
from meetings import statement
from tests import world as worlds
from tests.clock import NOW
from tests.keeping import taken_back
from tests.site.sweeping import signed_in
from tests.world import World


@pytest.fixture(scope="module")
def many_requests() -> Iterator[None]:
    """Pages that stand for "there is nothing" are tested elsewhere, and so is how files are drawn and sessions kept: all of
    it again and again takes minutes."""
    logger = logging.getLogger("django.request")
    with (
        pytest.MonkeyPatch.context() as patch,
        override_settings(
            SESSION_ENGINE="django.contrib.sessions.backends.cache", SESSION_CACHE_ALIAS="memory"
        ),
    ):
        patch.setattr(urls, "handler404", lambda request, exception: HttpResponseNotFound(), raising=False)
        patch.setattr(urls, "handler403", lambda request, exception: HttpResponseForbidden(), raising=False)
        patch.setattr(printing, "render", lambda form: b"%PDF-1.7")
        for module, way in ((issuing, "file_of"), (preview, "render")):
            patch.setattr(module, way, lambda content, **_: b"%PDF-1.7")
        patch.setattr(preview, "printed_widths", lambda names: [len(name) for name in names])
        patch.setattr(packet, "packet_pdf", lambda packet, *, now: b"%PDF-1.7")
        patch.setattr(meeting_program, "calendar_pdf", lambda context: b"%PDF-1.7")
        patch.setattr(report, "file", lambda asked, now: b"%PDF-1.7")
        patch.setattr(statement, "statement_pdf", lambda statement, made_at: b"%PDF-1.7")
        logger.setLevel(logging.ERROR)
        yield
        logger.setLevel(logging.NOTSET)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    """Built once, and it stays as it was: every request is taken back."""
    with taken_back(django_db_blocker), django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        yield worlds.build()


@pytest.fixture(scope="module")
def clients(many_requests, world) -> dict[str, Client]:
    for user in world.cast.values():
        offices.remember(user)  # what a view's own rule asks about them, again and again
    return {
        "anonymous": Client(raise_request_exception=False),
        **{role: signed_in(user) for role, user in world.cast.items()},
    }


@pytest.fixture(scope="module")
def owners(many_requests, world) -> dict[User, Client]:
    """One browser for each person that something is about."""
    things = [thing for kind in world.things.values() for thing in kind.values()]
    return {user: signed_in(user) for user in {thing.owner for thing in things if thing.owner}}
