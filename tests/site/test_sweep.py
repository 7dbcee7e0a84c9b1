"""The sweep: every address, as everybody, with own and foreign objects (F5, T7, T10, M14, M16, M17).

Whoever may not is told that there is nothing: 404, or the sign-in page for a stranger; and nothing ever breaks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse

from applications.models import Application, Rating
from coaching.models import AuditEvent, ClosedDay, User
from coaching.site.home import FINDS, cards_for
from meetings.models import Meeting
from tests.clock import NOW
from tests.site.addresses import ADDRESSES, SIGN_IN_OFF, SIGN_IN_OWN, SIGN_IN_PRIVATE, SIGN_IN_PUBLIC, By
from tests.site.sweeping import (
    APPS,
    EVERY,
    OWN,
    amiss,
    ask,
    is_public,
    is_sign_in,
    may_enter,
    path_of,
    stand_ins,
    things_of,
)
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("many_requests")]


HIDDEN = {
    "applications.Choice",  # told to nobody before it is released
    "applications.Recommendation",  # between the branch office and the deputy
    "coaching.AlumniEntry",  # for those who completed a program, alone
    "coaching.PersonExport",  # everything about one person, for them alone
    "coaching.Pairing",  # like the wishes, for the branch office alone
    "coaching.ProposalEdit",  # of a draft, which nobody but the branch office sees
    "coaching.TeamWishes",
    "meetings.ActionItem",  # M16
    "meetings.EvaluationAnswer",
    "meetings.EvaluationDraft",
    "meetings.EvaluationReceipt",
    "meetings.EvaluationReopening",  # says who has not answered
    "meetings.Finding",  # between the ledger and the branch office
    "meetings.LegalOrder",  # between who asks and who approves
    "meetings.Look",
    "meetings.MeetingTeam",  # stands with its meeting
    "meetings.Need",  # for the branch office alone
    "meetings.Note",
    "meetings.ProjectText",  # for whom its author chose
    "meetings.SelfRating",  # for oneself alone
    "meetings.SupervisorInput",  # between a participant and their supervisor
    "meetings.TeamKey",
}


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


def fault_of(case: Case, world: World) -> str:
    answer = ask(case.client, case.method, case.path)
    status = answer.status_code
    where = f"{case.method.upper()} {case.path} ({case.label}) as {case.role}: {status}"
    if fault := amiss(answer):
        return f"{where} {fault}"
    if "no-store" not in answer.get("Cache-Control", "") and not is_public(case.name):
        return f"{where} may be kept in a cache"
    if told := [text for text in secrets_in(answer, world) if case.user not in world.secrets[text]]:
        return f"{where} tells {', '.join(told)}"
    if case.allowed:
        fine = status in (200, 302, 303) and not is_sign_in(answer)
        nowhere = b'href=""' in answer.body
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


def secrets_in(answer: Any, world: World) -> list[str]:
    """M14, M16: what was said between few, and stands on this page."""
    if b"SECRET" not in answer.body:
        return []
    page = answer.body.decode(errors="replace")
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
        if not mine:
            break
        found = [
            ask(clients[role], "get", path_of(name, address, thing))
            for label, thing in things_of(world, address).items()
            if role in address.get.get(label, ())
            or (thing.owner == user and "owner" in address.get.get(label, ()))
        ]
        mine -= {text for answer in found for text in secrets_in(answer, world)}
    assert mine == set()


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
        assert amiss(answer) == "", path
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
            answer = ask(client, "get", path)
            if fault := amiss(answer):
                wrong.append(f"{path} {fault}")
            if answer.status_code not in ((200, 403) if path.endswith("/add/") else (200,)):
                wrong.append(f"{path}: {answer.status_code}")
            assert secrets_in(answer, world) == [], path
            assert b"delete_selected" not in answer.body or model is ClosedDay, path
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
        assert amiss(answer) == ""
        if role == "anonymous" and name in SIGN_IN_PRIVATE:
            assert is_sign_in(answer)
        else:
            assert answer.status_code in (200, 302, 401, 403), (role, answer.status_code)


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
    if name.startswith("openid_connect"):  # single sign-on is a matter of settings
        keys = {"provider_id": "department"}
    for role in ("anonymous", "member", "administrator"):
        for method in ("get", "post"):
            assert ask(clients[role], method, reverse(name, kwargs=keys)).status_code == 404, (role, method)
