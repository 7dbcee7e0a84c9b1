"""What no request does, whoever sends it: change anything by reading, reach across objects, write what no form shows.

All of it is made from the addresses of the site, so that a new one is asked, too.
"""

import csv
import hashlib
import io
import os
import random
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import hypothesis
import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models
from hypothesis import given
from hypothesis import strategies as st

from certificates.models import Certificate, HolderName
from coaching import spreadsheet
from coaching.models import CurriculumItem, OrgUnit, Participant, Program, User
from coaching.site.lists import LISTS
from tests.applications.factories import A_SCAN
from tests.site.addresses import ADDRESSES
from tests.site.posting import Form, form_of
from tests.site.sweeping import APPS, OF_NOBODY, OWN, amiss, ask, path_of, taken_back, things_of, watched
from tests.world import Thing, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("many_requests")]

Clients = dict[str, Any]


def used(name: str, world: World, method: str) -> Iterator[tuple[Thing, str]]:
    """Each object of an address with one person who may use it so."""
    address = ADDRESSES[name]
    for label, thing in things_of(world, address).items():
        for role in sorted(getattr(address, method).get(label, ()))[:1]:
            yield thing, role


def client_of(thing: Thing, role: str, clients: Clients, owners: dict[User, Any]) -> Any:
    return owners[thing.owner] if role == "owner" and thing.owner else clients[role]


# Reading


def test_the_watch_sees_what_is_written(world):
    person = world.cast["member"]
    with taken_back(), watched() as writes:
        User.objects.filter(pk=person.pk).update(name="Another")
    assert len(writes) == 1
    assert writes[0][0].startswith("UPDATE")


def tables() -> dict[str, str]:
    """A digest of each table."""
    found = {}
    with connection.cursor() as cursor:
        for name in set(connection.introspection.table_names(cursor)) - OF_NOBODY:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            rows = sorted(repr(row) for row in cursor.fetchall())
            found[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def test_asking_for_the_head_of_every_page_changes_no_table(world, clients, owners):
    """Nor does its GET, which the sweep watches at every request. Here nothing is taken back between."""
    wrong = []
    with taken_back():
        before = tables()
        for name in ADDRESSES:
            for thing, role in islice(used(name, world, "get"), 1):
                path = path_of(name, ADDRESSES[name], thing)
                answer = client_of(thing, role, clients, owners).head(path)
                if answer.status_code not in (200, 302) or b"".join(answer):
                    wrong.append((path, role, answer.status_code))
        assert {name for name, digest in tables().items() if digest != before[name]} == set()
    assert wrong == []


@pytest.mark.deep
def test_opening_everything_as_everybody_changes_no_table(world, clients, owners):
    with taken_back():
        before = tables()
        for name, address in ADDRESSES.items():
            for thing in things_of(world, address).values():
                asking = [*clients.values(), *([owners[thing.owner]] if thing.owner else [])]
                for client in asking:
                    for method in (client.get, client.head):
                        b"".join(method(path_of(name, address, thing)))
        assert {name for name, digest in tables().items() if digest != before[name]} == set()


# Objects that do not belong to each other


NESTED = sorted(
    name for name in ADDRESSES if len(OWN[name].pattern.regex.groupindex) > 1 and name != "application_step"
)
LEAD_BACK = {"action_add"}  # to the table, whoever has left the team since it was shown
Mixed = tuple[Thing, str, dict[str, object]]


@pytest.fixture(scope="module")
def strangers(world) -> dict[str, object]:
    """By the key that names it, what no object of the world goes with: its branches share one curriculum."""
    item = CurriculumItem.objects.latest("pk")
    program = Program.objects.create(name="Another program", competency_model=item.program.competency_model)
    item.pk, item.program = None, program
    item.save(force_insert=True)
    other = Participant.objects.get(user=world.cast["other_member"])
    return {
        "item_pk": item.pk,
        "pk": item.pk,
        "participant_pk": other.pk,
        "program_pk": program.pk + 1,  # every program goes with every version, but for one that is not there
        "key": "no-such-table",
    }


def mixed(name: str, world: World, strangers: dict[str, object]) -> Iterator[Mixed]:
    """An object of the address with one who may use it, and its keys with the last of them another object's."""
    things = things_of(world, ADDRESSES[name]).values()
    real = [thing.keys for thing in things]
    for method in ("get", "post"):
        for one, role in used(name, world, method):
            *_, last = one.keys
            others = [
                *(other.keys[last] for other in things),
                *([strangers[last]] if last in strangers else []),
            ]
            for other in others:
                if (keys := {**one.keys, last: other}) not in real:
                    yield one, role, keys


@pytest.mark.parametrize("name", NESTED)
def test_ids_that_do_not_belong_together_lead_nowhere(name, world, clients, owners, strangers):
    found = list(mixed(name, world, strangers))
    assert found, "the world has nothing to mix"
    assert reached(name, Random(1).sample(found, min(len(found), 6)), clients, owners) == []


@pytest.mark.deep
@pytest.mark.parametrize("name", NESTED)
def test_no_two_ids_that_do_not_belong_together_lead_anywhere(name, world, clients, owners, strangers):
    assert reached(name, mixed(name, world, strangers), clients, owners) == []


def reached(name: str, mixes: Iterable[Mixed], clients: Clients, owners: dict[User, Any]) -> list[object]:
    return [
        (method, path, role, answer.status_code)
        for thing, role, keys in mixes
        for path in [path_of(name, ADDRESSES[name], Thing(keys))]
        for method in ("get", "post")
        for answer in [ask(client_of(thing, role, clients, owners), method, path)]
        if answer.writes
        or answer.status_code
        not in ((404, 405) if method == "post" and name not in LEAD_BACK else (404, 302))
    ]


# Fields that a form does not show

MODELS = [model for label in APPS for model in apps.get_app_config(label).get_models()]


@contextmanager
def the_same_luck() -> Iterator[None]:
    """Two requests draw the same salts, keys and nonces, so that what they write can be compared."""
    luck = Random(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "urandom", luck.randbytes)
        patch.setattr(random, "_urandom", luck.randbytes)
        yield


def outcome(client: Any, path: str, data: dict[str, list[Any]]) -> tuple[int, str, list[Any]]:
    """PostgreSQL takes no number twice, so there the statements are compared, and on SQLite their values, too."""
    with the_same_luck():
        answer = ask(client, "post", path, data)
    goes_to, writes = answer.headers.get("Location", ""), answer.writes
    if connection.vendor == "postgresql":
        goes_to, writes = re.sub(r"\d+", "0", goes_to), [(sql, None) for sql, _ in writes]
    return answer.status_code, goes_to, writes


def hostile(field: models.Field) -> str:
    """Something that the column takes."""
    if field.is_relation:
        first = field.related_model._base_manager.order_by("pk").values_list("pk", flat=True).first()
        return str(first or 1)
    if field.choices:
        return str(field.choices[-1][0])
    return {
        models.BooleanField: "on",
        models.DateField: "2020-02-02",
        models.DateTimeField: "2020-02-02T10:00",
        models.TimeField: "03:00",
        models.JSONField: '{"hostile": 1}',
        models.EmailField: "hostile@example.org",
        models.URLField: "https://hostile.example.org/",
        models.CharField: "Hostile",
        models.TextField: "Hostile",
    }.get(type(field), "7")


@pytest.fixture(scope="module")
def extras(world) -> dict[type[models.Model], dict[str, str]]:
    """For each model a value for each of its fields, by all names that it could be sent under."""
    return {
        model: {
            name: hostile(field)
            for field in model._meta.get_fields()
            if getattr(field, "concrete", False)
            for name in {field.name, getattr(field, "attname", field.name)}
        }
        for model in MODELS
    }


def hidden_fields(
    extras: dict[Any, dict[str, str]], shown: Form, first: Iterable[Any]
) -> dict[str, list[str]]:
    """Every field of every model that the form does not show; of a name, the value that suits the models of `first`."""
    whole: dict[str, list[str]] = {}
    for model in sorted(extras, key=lambda each: each not in first):
        for name, value in extras[model].items():
            if name not in shown.fields:
                whole.setdefault(name, [value])
    return whole


def form_at(
    name: str, thing: Thing, role: str, clients: Clients, owners: dict[User, Any], world: World
) -> Form | None:
    client, path = client_of(thing, role, clients, owners), path_of(name, ADDRESSES[name], thing)
    with taken_back():
        page = client.get(path, follow=True)
    at = page.request["PATH_INFO"]
    by = thing.owner if role == "owner" else world.cast.get(role)
    return form_of(page.content, at=at, sent_to=path, by=by) if page.status_code == 200 else None


def written(writes: list[Any]) -> set[type[models.Model]]:
    statements = " ".join(sql for sql, _ in writes)
    return {model for model in MODELS if f'"{model._meta.db_table}"' in statements}


# What the address's own form shows on another page, or in another state than the world's.
SHOWN_ELSEWHERE = {
    "action_done": "meeting",
    "calendar_choose": "way",
    "certificate_return": "reason",
    "cohort_close": "application",
    "meeting_add": "item",
    "proposal_pin": "release",
    "proposal_place": "participant",
    "selection_recommend": "application",
    "selection_take_back": "release",
}
ACTS = sorted(name for name, address in ADDRESSES.items() if any(address.post.values()))


@pytest.mark.deep
def test_a_field_that_no_form_shows_is_not_written(world, clients, owners, extras):
    """Each form is sent as a browser sends it, and once more with every field of every model: both do the same."""
    wrote, wrong = set(), []
    for name in ACTS:
        for thing, role in islice(used(name, world, "post"), 2):
            client, path = client_of(thing, role, clients, owners), path_of(name, ADDRESSES[name], thing)
            form = form_at(name, thing, role, clients, owners, world) or Form({})
            if any(A_SCAN in values for values in form.fields.values()) and name not in TAKE_FILES:
                wrong.append((name, path, "takes a file, and no test sends it another"))
            plain = outcome(client, path, form.data())
            more = hidden_fields(extras, form, written(plain[2]))
            more.pop(SHOWN_ELSEWHERE.get(name, ""), None)
            if outcome(client, path, {**more, **form.data()}) != plain:
                wrong.append((name, path, role))
            if plain[2]:
                wrote.add(name)
                break
    assert wrong == []
    assert len(wrote) > 50, sorted(set(ACTS) - wrote)


# Uploads


HOSTILE_FILES = {
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing with a script": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a program": b"MZ\x90\x00\x03\x00\x00\x00\xff\xfe",
    "an animation": b"GIF89a\x01\x00\x01\x00\x00\xff\x00,",
    "a page behind the start of a PDF": b"\x00%PDF-1.7\n<script>alert(1)</script>",
    "nothing": b"",
}
TAKE_FILES = {
    "certificate_signature",
    "certificate_signed",
    "cohort_history",
    "meeting_resources",
    "paper_enter",
    "paper_receive",
    "paper_signature",
    "verify",
}


def test_what_a_file_calls_itself_is_no_matter(world, clients, owners):
    """Wherever a page takes a file: one that is nothing of what is wanted is refused, and nothing is written."""
    taking = set()
    for name in sorted(TAKE_FILES):
        for thing, role in used(name, world, "post"):
            form = form_at(name, thing, role, clients, owners, world) or Form({})
            files = [field for field, values in form.fields.items() if A_SCAN in values]
            if not files:
                continue
            taking.add(name)
            client, path = client_of(thing, role, clients, owners), path_of(name, ADDRESSES[name], thing)
            for what, content in HOSTILE_FILES.items():
                sent = {**form.data(), files[0]: SimpleUploadedFile("wanted.pdf", content, "application/pdf")}
                answer = ask(client, "post", path, sent)
                assert answer.writes == [], (name, what)
                assert answer.status_code in (200, 404 if name == "verify" else 200), (name, what)
            break
    assert taking == TAKE_FILES


def test_what_was_uploaded_comes_back_as_a_file(world, clients, owners):
    for name in ("application_scan", "certificate_signature_picture", "resource_file"):
        for thing, role in islice(used(name, world, "get"), 1):
            answer = ask(
                client_of(thing, role, clients, owners), "get", path_of(name, ADDRESSES[name], thing)
            )
            assert answer.headers["Content-Disposition"].startswith("attachment; filename="), name
            assert answer.headers["Content-Type"] in ("application/pdf", "image/png", "image/jpeg"), name
            assert amiss(answer) == "", name


# Lists for a spreadsheet


@pytest.fixture(scope="module")
def lists(world, clients, owners) -> list[tuple[str, Any, str]]:
    """Every address that answers with a table."""
    found = []
    for name in ADDRESSES:
        for thing, role in islice(used(name, world, "get"), 1):
            client, path = client_of(thing, role, clients, owners), path_of(name, ADDRESSES[name], thing)
            if re.search("csv|sheet|excel", ask(client, "head", path).headers["Content-Type"]):
                found += [(name, *each) for each in used(name, world, "get")]
    return found


FORMULA = re.compile(r"[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")
BEFORE = st.text(st.sampled_from(" \t\r\n\u00a0\u200b\u3000\ufeff"), max_size=3)


@given(BEFORE, st.sampled_from("=+-@＝＋－＠"), st.text(max_size=5))
@hypothesis.settings(max_examples=hypothesis.settings().max_examples // 25)
def test_no_list_that_leaves_the_site_has_a_formula(world, clients, owners, lists, before, sign, rest):
    typed = f"{before}{sign}{rest}".replace("\x00", "")
    names = {
        "certificate_ceremony_file",
        "certificate_register_file",
        "division_participants_file",
        "report_csv",
        "report_xlsx",
        "staff_upload_problems",
        "training_hours",
    }
    assert {name for name, *_ in lists} == names | {f"list_{name}" for name in LISTS}
    with taken_back():
        User.objects.update(name=typed)
        HolderName.objects.update(name=typed, pronunciation=typed)
        for unit in OrgUnit.objects.all():
            OrgUnit.objects.filter(pk=unit.pk).update(name=f"{typed}{unit.pk}")
        for certificate in Certificate.objects.all():
            Certificate.objects.filter(pk=certificate.pk).update(
                claims={
                    **certificate.claims,
                    **dict.fromkeys(("name", "program", "cohort", "branch"), typed),
                },
            )
        for name, thing, role in lists:
            answer = ask(
                client_of(thing, role, clients, owners), "get", path_of(name, ADDRESSES[name], thing)
            )
            if answer.headers["Content-Type"] == spreadsheet.EXCEL:
                continue  # which says of each text that it is one
            cells = [
                each
                for row in csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""))
                for each in row
            ]
            assert [each for each in cells if FORMULA.match(each)] == [], name


def test_all_lists_are_made_in_one_place():
    """Whoever writes a table by other means passes by what keeps formulas away."""
    root = Path(settings.BASE_DIR)
    files = [path for label in APPS for path in (root / label).rglob("*.py")]
    writing = {
        str(path.relative_to(root))
        for path in files
        if re.search(r"csv\.(writer|DictWriter)|openpyxl|xlsxwriter|odf", path.read_text())
    }
    assert writing == {
        "coaching/spreadsheet.py",
        "coaching/sheet_child.py",  # a workbook that somebody sent, to be read here
        "coaching/site/staging.py",  # the demo's people, read at once
    }
