"""Lists of the administration: searchable, filterable, with as many queries for many rows as for one."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coaching import audit
from coaching.models import AuditEvent, Message, User
from tests import factories
from tests.clock import NOW

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("frozen", "plain_not_found"),
]
# One row, or a handful, each of which is seen at once.
FEW = {"coaching.RetentionTerm", "coaching.RetentionRun", "coaching.LegalHold", "coaching.CareerTrack"}


def ours() -> list[tuple[type, admin.ModelAdmin]]:
    return [(model, each) for model, each in admin.site._registry.items() if model._meta.label not in FEW]


def address(model: type) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def test_every_list_is_searched_and_narrowed():
    assert [model._meta.label for model, each in ours() if not each.search_fields] == []
    assert [model._meta.label for model, each in ours() if not each.list_filter] == []


def test_no_form_has_a_select_of_everybody():
    """A list of thousands helps nobody: people and units are looked up."""
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model, each in admin.site._registry.items()
        for field in model._meta.fields
        if field.is_relation
        and field.related_model._meta.label in ("coaching.User", "coaching.OrgUnit")
        and (each.has_add_permission.__func__ is admin.ModelAdmin.has_add_permission)
        and field.editable
        and field.name not in each.autocomplete_fields
        and (each.fields is None or field.name in each.fields)
    ]
    assert wrong == []


def test_a_row_more_asks_no_query_more(world, clients, monkeypatch):
    client, counts = clients["administrator"], {}

    def queries(model: type, per_page: int) -> int:
        monkeypatch.setattr(admin.site._registry[model], "list_per_page", per_page)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address(model))
        assert answer.status_code == 200, model
        return len(captured)

    for model, options in admin.site._registry.items():
        if options.list_editable:
            continue
        queries(model, 1)
        one, many = queries(model, 1), queries(model, 100)
        if one != many:
            counts[model._meta.label] = (one, many)
    assert counts == {}


@pytest.mark.deep
@pytest.mark.long
def test_a_hundred_thousand_rows_take_as_many_queries_as_three(client, administrator, org):
    client.force_login(administrator)

    def queries() -> dict[str, int]:
        counts = {}
        for model in (User, Message, AuditEvent):
            for more in ("", "?q=person+99", "?p=9"):
                with CaptureQueriesContext(connection) as captured:
                    assert client.get(address(model) + more).status_code == 200
                counts[f"{model.__name__}{more}"] = len(captured)
        return counts

    def add(number: int, start: int) -> None:
        people = [
            User(email=f"p{n}@example.org", name=f"Person {n}", unit=org.unit, supervisor=org.director)
            for n in range(start, start + number)
        ]
        User.objects.bulk_create(people, batch_size=5_000)
        Message.objects.bulk_create(
            [Message(kind="invitation", recipient=each, key=each.email, due_at=NOW) for each in people],
            batch_size=5_000,
        )
        audit.record_many(
            "person.added", by=administrator, objects=[(each, None) for each in people], now=NOW
        )

    factories.person()
    add(1_200, 0)
    queries()
    few = queries()
    add(98_800, 1_200)
    assert User.objects.count() >= 100_000
    assert queries() == few
    found = client.get(
        reverse("admin:autocomplete"),
        {"term": "Person 9", "app_label": "coaching", "model_name": "user", "field_name": "supervisor"},
    )
    assert len(found.json()["results"]) == 20
