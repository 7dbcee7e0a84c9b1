"""What the tests stand on that walk every address of the site: the addresses, and how one of them is asked."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter

from coaching.models import User
from coaching.site.reports.scopes import ScopeConverter
from tests.site.addresses import SIGN_IN_OFF, Address
from tests.world import Thing, World


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address with its full name; admin's and the sign-in library's among them."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from patterns(pattern, inner)
        else:
            yield f"{namespace}{pattern.name or ''}", pattern


APPS = ("coaching", "applications", "meetings", "certificates")
EVERY = list(patterns(get_resolver()))
OWN = {
    name: pattern
    for name, pattern in EVERY
    if hasattr(pattern.callback, "access") and name not in SIGN_IN_OFF
}


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


WRITES = re.compile(
    r'\s*(?:INSERT|UPDATE|DELETE|REPLACE|TRUNCATE|CREATE|ALTER|DROP)\b(?:[^"]*"(\w+)")?', re.I
)
OF_NOBODY = {"rate_limits", "django_session"}  # being counted and signing in leave traces of their own


@contextmanager
def watched() -> Iterator[list[tuple[str, Any]]]:
    """Each statement that writes, with its values."""
    found: list[tuple[str, Any]] = []

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if (match := WRITES.match(sql)) and match[1] not in OF_NOBODY:
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield found


def ask(client: Client, method: str, address: str, *args: Any) -> Any:
    """The answer, whole (`body`), with what was written for it (`writes`), which is taken back."""
    with taken_back(), watched() as writes:
        answer = getattr(client, method)(address, *args)
        answer.body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    answer.writes = writes
    return answer


def amiss(answer: Any) -> str:
    """What no answer may lack or do, whoever asked for whatever."""
    method, headers = answer.request["REQUEST_METHOD"], answer.headers
    if method in ("GET", "HEAD") and answer.writes:
        return f"writes: {answer.writes[0][0][:80]}"
    policy = headers.get("Content-Security-Policy", "")
    if "default-src 'none'" not in policy or "unsafe" in policy or "*" in policy:
        return f"has the policy {policy!r}"
    if headers.get("X-Content-Type-Options") != "nosniff":
        return "lets a browser guess what it is"
    return ""


def is_sign_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith(resolve_url(settings.LOGIN_URL))


def stand_ins(pattern: URLPattern) -> dict[str, object]:
    """Keys of nothing that exists."""
    converters = pattern.pattern.converters
    groups = pattern.pattern.regex.groupindex
    of_kind = {IntConverter: 10**9, ScopeConverter: "cohort-999999999"}
    return {key: of_kind.get(type(converters.get(key)), "nothing") for key in groups}


def things_of(world: World, address: Address) -> dict[str, Thing]:
    return world.things[address.kind] if address.kind else {"": Thing({})}


def path_of(name: str, address: Address, thing: Thing) -> str:
    return reverse(name, kwargs={address.rename.get(key, key): value for key, value in thing.keys.items()})


def is_public(name: str) -> bool:
    return not getattr(OWN[name].callback, "login_required", True)


def may_enter(name: str, role: str, world: World) -> bool:
    """Whether the view's own rule lets this person in; what they find there depends on the object."""
    return is_public(name) or (role != "anonymous" and OWN[name].callback.access(world.cast[role]))
