"""The sweep: every address, as everybody, with own and foreign objects (F5, T7, T10, M14, M16, M17).

Whoever may not is told that there is nothing: 404, or the sign-in page for a stranger; and nothing ever breaks.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from random import Random

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import connection, transaction
from django.http import HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.shortcuts import resolve_url
from django.test import Client, RequestFactory, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter

from applications import printing
from applications.models import Application, Rating
from certificates import issuing, packet, preview
from coaching import offices
from coaching.models import AuditEvent, ClosedDay, User
from coaching.site import urls
from coaching.site.home import FINDS, cards_for
from meetings import program as meeting_program
from meetings import statement
from meetings.models import Meeting
from tests import world as worlds
from tests.clock import NOW
from tests.site.addresses import (
    ADDRESSES,
    SIGN_IN_OFF,
    SIGN_IN_OWN,
    SIGN_IN_PRIVATE,
    SIGN_IN_PUBLIC,
    Address,
    By,
)
from tests.world import Thing, World

pytestmark = pytest.mark.django_db


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address with its full name; admin's and the sign-in library's among them."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from patterns(pattern, inner)
        else:
            yield f"{namespace}{pattern.name or ''}", pattern


APPS = ("coaching", "applications", "meetings", "certificates")
HIDDEN = {
    "applications.Choice",  # told to nobody before it is released
    "applications.Recommendation",  # between the branch office and the deputy
    "coaching.Pairing",  # like the wishes, for the branch office alone
    "coaching.ProposalEdit",  # of a draft, which nobody but the branch office sees
    "coaching.TeamWishes",
    "meetings.ActionItem",  # M16
    "meetings.EvaluationAnswer",
    "meetings.EvaluationDraft",
    "meetings.EvaluationReceipt",
    "meetings.EvaluationReopening",  # says who has not answered
    "meetings.Finding",  # between the ledger and the branch office
    "meetings.Look",
    "meetings.MeetingTeam",  # stands with its meeting
    "meetings.Need",  # for the branch office alone
    "meetings.Note",
    "meetings.ProjectText",  # for whom its author chose
    "meetings.SelfRating",  # for oneself alone
    "meetings.SupervisorInput",  # between a participant and their supervisor
    "meetings.TeamKey",
}
EVERY = list(patterns(get_resolver()))
OWN = {
    name: pattern
    for name, pattern in EVERY
    if hasattr(pattern.callback, "access") and name not in SIGN_IN_OFF
}


@pytest.fixture(autouse=True)
def nothing_is_drawn(monkeypatch) -> None:
    """Who may open a file is asked here; drawing it takes half a second."""
    monkeypatch.setattr(printing, "render", lambda form: b"%PDF-1.7")
    for module, way in ((issuing, "file_of"), (preview, "render")):
        monkeypatch.setattr(module, way, lambda content, **_: b"%PDF-1.7")
    monkeypatch.setattr(preview, "printed_widths", lambda names: [len(name) for name in names])
    monkeypatch.setattr(packet, "packet_pdf", lambda packet: b"%PDF-1.7")
    monkeypatch.setattr(meeting_program, "calendar_pdf", lambda context: b"%PDF-1.7")
    monkeypatch.setattr(statement, "statement_pdf", lambda statement, made_at: b"%PDF-1.7")


# The world is built once and stays as it was: every request is taken back.


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        yield worlds.build()
        transaction.set_rollback(True)


@pytest.fixture(scope="module", autouse=True)
def plain_not_found() -> Iterator[None]:
    """Most answers are 404, some 403: those pages are tested elsewhere, and building them again and again takes minutes."""
    logger = logging.getLogger("django.request")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urls, "handler404", lambda request, exception: HttpResponseNotFound(), raising=False)
        patch.setattr(urls, "handler403", lambda request, exception: HttpResponseForbidden(), raising=False)
        logger.setLevel(logging.ERROR)
        yield
        logger.setLevel(logging.NOTSET)


@pytest.fixture(scope="module", autouse=True)
def sessions_in_memory() -> Iterator[None]:
    """How a session is kept is no matter here, and reading it thousands of times is."""
    with override_settings(
        SESSION_ENGINE="django.contrib.sessions.backends.cache", SESSION_CACHE_ALIAS="memory"
    ):
        yield


@pytest.fixture(scope="module")
def clients(world) -> dict[str, Client]:
    for user in world.cast.values():
        offices.remember(user)  # what a view's own rule asks about them, again and again
    return {
        "anonymous": Client(raise_request_exception=False),
        **{role: signed_in(user) for role, user in world.cast.items()},
    }


@pytest.fixture(scope="module")
def owners(world) -> dict[User, Client]:
    """One browser for each person that something is about."""
    things = [thing for kind in world.things.values() for thing in kind.values()]
    return {user: signed_in(user) for user in {thing.owner for thing in things if thing.owner}}


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ask(client: Client, method: str, address: str) -> HttpResponse:
    with taken_back():
        return getattr(client, method)(address)


class Writes:
    """What is written while the block runs, by table; signing in and being counted leave traces of their own."""

    STATEMENT = re.compile(r'^(?:INSERT (?:OR IGNORE )?INTO|UPDATE|DELETE FROM) "(\w+)"')
    OF_NOBODY = {"rate_limits", "django_session"}

    def __init__(self) -> None:
        self.tables: set[str] = set()

    def __call__(self, execute, sql, params, many, context):
        if (match := self.STATEMENT.match(sql)) and match[1] not in self.OF_NOBODY:
            self.tables.add(match[1])
        return execute(sql, params, many, context)


def is_sign_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith(resolve_url(settings.LOGIN_URL))


def stand_ins(pattern: URLPattern) -> dict[str, object]:
    """Keys of nothing that exists."""
    converters = pattern.pattern.converters
    groups = pattern.pattern.regex.groupindex
    return {key: 10**9 if isinstance(converters.get(key), IntConverter) else "nothing" for key in groups}


def things_of(world: World, address: Address) -> dict[str, Thing]:
    return world.things[address.kind] if address.kind else {"": Thing({})}


def path_of(name: str, address: Address, thing: Thing) -> str:
    return reverse(name, kwargs={address.rename.get(key, key): value for key, value in thing.keys.items()})


# What has to be declared


def test_every_address_is_declared():
    """An address of ours carries its rule and stands in the table; others stand in an explicit list."""
    ours = [name for name, _ in EVERY if not name.startswith("admin:")]
    listed = {*ADDRESSES, *SIGN_IN_PUBLIC, *SIGN_IN_PRIVATE, *SIGN_IN_OWN, *SIGN_IN_OFF}

    assert sorted(set(ours) - listed) == [], "addresses that the sweep does not know"
    assert sorted(listed - set(ours)) == [], "addresses that are gone"
    assert sorted(set(ADDRESSES) - set(OWN)) == [], "views without @access"


def test_no_name_is_used_twice():
    names = [name for name, _ in EVERY if name and not name.startswith("admin:") and name not in SIGN_IN_OFF]

    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_no_address_is_a_dead_end():
    """Where something is sent, one can look: after a refusal that address stands in the browser."""
    acts = [name for name, address in ADDRESSES.items() if any(address.post.values())]

    assert [name for name in acts if not any(ADDRESSES[name].get.values())] == []


def test_the_table_names_things_that_exist(world):
    for name, address in ADDRESSES.items():
        labels = set(things_of(world, address))
        assert set(address.get) | set(address.post) <= labels, name


# Our own addresses


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_address(name, world, clients, owners):
    """Everybody who may and who may not, every object; all of them with all others in the long test below."""
    requests = list(cases(name, world, clients, owners))
    assert [case for case in requests if case.allowed and not case.enters] == []
    assert faults(sample(requests), world) == []


@pytest.mark.deep
@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_address_with_every_object(name, world, clients, owners):
    assert faults(cases(name, world, clients, owners), world) == []


def faults(requests: Iterable["Case"], world: World) -> list[str]:
    before = AuditEvent.objects.count()
    wrong = [fault for case in requests if (fault := fault_of(case, world))]
    assert AuditEvent.objects.count() == before
    return wrong


@dataclass(frozen=True)
class Case:
    """One request and whether it is allowed."""

    name: str
    label: str
    path: str
    role: str
    user: User | None
    client: Client
    method: str
    allowed: bool
    offered: bool  # whether anybody may use this method
    enters: bool  # whether the view's own rule lets this person in


def cases(name: str, world: World, clients: dict[str, Client], owners: dict[User, Client]) -> Iterator[Case]:
    """Every person with every object; where the object cannot matter, one object stands for all."""
    address = ADDRESSES[name]
    knocked: set[tuple[str, str]] = set()
    asked: set[tuple[str, str]] = set()
    for label, thing in things_of(world, address).items():
        roles = dict(clients)
        if thing.owner:
            roles["owner"] = owners[thing.owner]
            roles = {role: client for role, client in roles.items() if world.cast.get(role) != thing.owner}
        for role, client in roles.items():
            for method in ("get", "post"):
                by: By = getattr(address, method)
                allowed, offered = role in by.get(label, ()), any(by.values())
                enters = role == "owner" or may_enter(name, role, world)
                if (
                    not offered
                ):  # by nobody, so one who may enter, one who may not, and a stranger say it for all
                    kind = "" if role == "anonymous" else str(role != "owner" and enters)
                    if (method, kind) in asked:
                        continue
                    asked.add((method, kind))
                if (offered and enters) or allowed or (role, method) not in knocked:
                    knocked.add((role, method))
                    path = path_of(name, address, thing)
                    user = thing.owner if role == "owner" else world.cast.get(role)
                    yield Case(name, label, path, role, user, client, method, allowed, offered, enters)


def sample(requests: list[Case]) -> list[Case]:
    """As many in any order, the same each time, as it takes to prove all that one request can."""
    chosen, seen = [], set()
    for case in Random(1).sample(requests, len(requests)):
        if not (proves := proved_by(case)) <= seen:
            seen |= proves
            chosen.append(case)
    return chosen


def proved_by(case: Case) -> set[tuple[str, ...]]:
    """Of what is allowed, each person in each way, and each object; of what is refused, each person in one way.

    Of those whom the view's own rule turns away, one: all were asked by that rule (`may_enter`).
    """
    if case.allowed:
        return {("allowed", case.role, case.method), ("allowed", case.label)}
    if case.role == "anonymous":
        return {("stranger", case.method)}
    return {("refused", case.role) if case.enters else ("turned away", case.method)}


def may_enter(name: str, role: str, world: World) -> bool:
    """Whether the view's own rule lets this person in; what they find there depends on the object."""
    return is_public(name) or (role != "anonymous" and OWN[name].callback.access(world.cast[role]))


def fault_of(case: Case, world: World) -> str:
    with connection.execute_wrapper(writes := Writes()):
        answer = ask(case.client, case.method, case.path)
    status = answer.status_code
    where = f"{case.method.upper()} {case.path} ({case.label}) as {case.role}: {status}"
    if case.method == "get" and writes.tables:
        return f"{where} writes {', '.join(sorted(writes.tables))} by being opened"
    if "no-store" not in answer.get("Cache-Control", "") and not is_public(case.name):
        return f"{where} may be kept in a cache"
    if told := [text for text in secrets_in(answer, world) if case.user not in world.secrets[text]]:
        return f"{where} tells {', '.join(told)}"
    if case.allowed:
        fine = status in (200, 302, 303) and not is_sign_in(answer)
        nowhere = not answer.streaming and b'href=""' in answer.content
        return (
            f"{where} where it is allowed"
            if not fine
            else f"{where}, a link leads nowhere"
            if nowhere
            else ""
        )
    if case.role == "anonymous" and not is_public(case.name):
        return "" if is_sign_in(answer) else f"{where} instead of the sign-in page"
    if status == 405 and not case.offered:
        return ""
    return "" if status == 404 else f"{where} instead of 404"


def secrets_in(answer: HttpResponse, world: World) -> list[str]:
    """M14, M16: what was said between few, and stands on this page."""
    if answer.streaming or b"SECRET" not in answer.content:
        return []
    page = answer.content.decode(errors="replace")
    return [text for text in world.secrets if text in page]


@pytest.mark.parametrize("role", ["member", "branch_officer", "deputy"])
def test_every_secret_stands_where_it_may_be_read(role, world, clients, owners):
    """Or the tests of addresses would look for words that are nowhere."""
    user = world.cast[role]
    mine = {text for text, readers in world.secrets.items() if user in readers}
    for meeting in Meeting.objects.visible_to(user):
        own = ask(clients[role], "get", reverse("meeting_evaluation", args=[meeting.pk]))
        mine -= set(secrets_in(own, world))
    for name, address in ADDRESSES.items():
        found = [
            ask(clients[role], "get", path_of(name, address, thing))
            for label, thing in things_of(world, address).items()
            if role in address.get.get(label, ())
            or (thing.owner == user and "owner" in address.get.get(label, ()))
        ]
        mine -= {text for answer in found for text in secrets_in(answer, world)}
    assert mine == set()


def is_public(name: str) -> bool:
    return not getattr(OWN[name].callback, "login_required", True)


@pytest.mark.parametrize("name", sorted(name for name in ADDRESSES if ADDRESSES[name].kind))
def test_what_does_not_exist_is_not_found(name, world, clients):
    """As a stranger and as one of those whom the view's own rule lets in."""
    path = reverse(name, kwargs=stand_ins(OWN[name]))
    lets_in = next(role for role in clients if role != "anonymous" and may_enter(name, role, world))
    for role in ("anonymous", lets_in):
        for method in ("get", "post"):
            answer = ask(clients[role], method, path)
            assert answer.status_code in (404, 405) or (role == "anonymous" and is_sign_in(answer)), (
                role,
                method,
                answer.status_code,
            )


def test_home_leaves_out_no_card_whose_rows_it_asks_for_first(world, frozen):
    for user in world.cast.values():
        each_kind = [card for find in FINDS for card in find(user, NOW)]
        assert cards_for(user) == sorted(each_kind, key=lambda card: card.urgency)


# The administration and the sign-in library


def test_the_administration_is_for_administrators_alone(world, clients):
    """Every address as a stranger, and as the others in turn; its pages as administrator follow below."""
    in_turn = cycle(role for role in clients if role not in ("anonymous", "administrator"))
    for name, pattern in EVERY:
        if not name.startswith("admin:") or not name.removeprefix("admin:"):
            continue
        keys = {"app_label": "coaching"} if name == "admin:app_list" else stand_ins(pattern)
        path = reverse(name, kwargs=keys)
        answer = ask(clients["anonymous"], "get", path)
        assert answer.status_code == 302, (path, answer.status_code)
        assert "/login/" in answer["Location"], path
        for method in ("get", "post"):
            role = next(in_turn)
            status = ask(clients[role], method, path).status_code
            assert status == 404, (path, role, method, status)


def test_every_model_is_in_the_administration_but_what_is_the_members_own():
    """Notes, evaluations and answers are nobody's to look into (M16, M17), nor are choices before their release."""
    ours = [model for label in APPS for model in apps.get_app_config(label).get_models()]

    assert {model._meta.label for model in ours if not admin.site.is_registered(model)} == HIDDEN


def test_every_page_of_the_administration_opens(world, clients):
    """List, search, row and form of every model, a history; nothing is deleted but closed days."""
    client, wrong = clients["administrator"], []
    request = RequestFactory().get("/")
    request.user = world.cast["administrator"]
    for model, options in admin.site._registry.items():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}_"
        row = options.get_queryset(request).order_by("pk").first()
        if row is None:
            wrong.append(f"the world lacks a row of {model._meta.label}")
            continue
        changelist = reverse(f"{base}changelist")
        paths = [reverse(f"{base}add"), reverse(f"{base}change", args=[row.pk])]
        paths += [reverse(f"{base}history", args=[row.pk])] if model is User else []
        paths += [f"{changelist}?q=a" if options.search_fields else changelist]
        for path in paths:
            with taken_back():
                answer = client.get(path)
            if answer.status_code not in ((200, 403) if path.endswith("/add/") else (200,)):
                wrong.append(f"{path}: {answer.status_code}")
            assert secrets_in(answer, world) == [], path
            assert b"delete_selected" not in answer.content or model is ClosedDay, path
    assert wrong == []


def test_a_draft_is_its_writers_alone(world, clients):
    """Who reads this: administrators find an application once it is submitted."""
    drafts = Application.objects.filter(status=Application.Status.DRAFT)
    rows = Rating.objects.filter(application__in=drafts)
    assert rows.exists()
    for name, model in (("application", drafts), ("rating", rows)):
        for row in model:
            path = reverse(f"admin:applications_{name}_change", args=[row.pk])
            assert clients["administrator"].get(path).status_code == 302, path
        page = clients["administrator"].get(reverse(f"admin:applications_{name}_changelist"))
        assert not set(page.context["cl"].queryset) & set(model)
        assert page.context["cl"].queryset.exists()


@pytest.mark.parametrize("name", sorted(SIGN_IN_PUBLIC | SIGN_IN_PRIVATE))
def test_sign_in_pages_open_without_trouble(name, world, clients):
    keys = {"uidb36": "1", "key": "nothing"} if name == "account_reset_password_from_key" else {}
    for role in ("anonymous", "member"):  # they are the same for everybody
        answer = ask(clients[role], "get", reverse(name, kwargs=keys))
        if role == "anonymous" and name in SIGN_IN_PRIVATE:
            assert is_sign_in(answer)
        else:
            assert answer.status_code in (200, 302, 403), (role, answer.status_code)


@pytest.mark.parametrize("name", sorted(SIGN_IN_OWN))
def test_what_somebody_has_not_set_up_is_not_there(name, world, clients):
    """Nor is what somebody else has."""
    passkey = Authenticator.objects.create(
        user=world.cast["outsider"], type="webauthn", data={"name": "Theirs", "credential": {}}
    )
    address = reverse(
        name, kwargs={"pk": passkey.pk} if name in ("mfa_remove_webauthn", "mfa_edit_webauthn") else {}
    )
    for method in ("get", "post"):
        assert is_sign_in(ask(clients["anonymous"], method, address))
        assert ask(clients["member"], method, address).status_code in (404, 405)
    assert Authenticator.objects.filter(pk=passkey.pk).exists()


@pytest.mark.parametrize("name", sorted(SIGN_IN_OFF))
def test_pages_that_are_off_are_not_there(name, world, clients):
    keys = {"key": "nothing"} if name == "account_confirm_email" else {}
    for role in ("anonymous", "member", "administrator"):
        for method in ("get", "post"):
            assert ask(clients[role], method, reverse(name, kwargs=keys)).status_code == 404, (role, method)
