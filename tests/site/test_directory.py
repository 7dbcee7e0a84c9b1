"""The directory for those who keep it: found, changed with its history, deactivated."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching import people_changes
from coaching.models import AuditEvent, OrgUnit, User
from tests import factories
from tests.clock import NOW

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")


@pytest.fixture
def office(client, branch_officer):
    client.force_login(branch_officer)
    return client


@pytest.fixture
def elsewhere(org) -> User:
    learning = factories.unit("branch", "Learning Branch", parent=org.department)
    return factories.person("Lea Learner", unit=learning)


def entry(person: User, **values) -> dict[str, object]:
    names = ("unit_id", "classification_id", "career_track_id")
    data = {name.removesuffix("_id"): getattr(person, name) or "" for name in names}
    supervisor = person.supervisor.email if person.supervisor else ""
    return {**data, "name": person.name, "supervisor": supervisor, **values}


# Finding


def test_the_office_finds_the_people_of_its_branch(office, elsewhere):
    page = office.get(reverse("people"))
    assertContains(page, "Ana Applicant")
    assertNotContains(page, "Lea Learner")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "appli ANA"}, ["Ana Applicant"]),
        ({"q": "supervisor", "state": "active"}, ["Sam Supervisor"]),
        ({"state": "deactivated"}, ["Otto Outsider"]),
        ({"division": "Finance Division"}, ["Olga Otherdirector", "Otto Outsider"]),
        ({"q": "nobody is called so"}, []),
    ],
)
def test_people_are_found_by_name_division_and_state(office, outsider, asked, found):
    User.objects.filter(pk=outsider.pk).update(is_active=False)
    if name := asked.get("division"):
        asked["division"] = OrgUnit.objects.get(name=name).pk
    page = office.get(reverse("people"), asked).context["page"]
    assert [person.name for person in page] == found


@pytest.mark.parametrize(
    "asked", [{"division": "999999"}, {"division": "x"}, {"state": "gone"}, {"q": "a" * 101}]
)
def test_a_filter_that_is_not_understood_shows_nobody_and_says_so(office, asked):
    page = office.get(reverse("people"), asked)
    assert list(page.context["page"]) == []
    assertContains(page, "A filter above cannot be used as it is.")
    assertContains(page, "Please check this")
    assertContains(page, "Show all")


def test_the_list_takes_as_many_queries_for_many_people_as_for_few(office, org):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            office.get(reverse("people"))
        return len(captured)

    few = queries()
    for _ in range(20):
        unit = factories.unit("unit", parent=org.division)
        factories.person(unit=unit, supervisor=factories.person(unit=org.unit))
    assert queries() == few


# Changing


def test_a_change_keeps_what_was_said_before(office, applicant, org, director, branch_officer):
    new = entry(
        applicant,
        name="Ana Reyes",
        unit=org.other_unit.pk,
        supervisor=director.email,
        reason="Married, moved",
    )
    assertRedirects(
        office.post(reverse("person_change", args=[applicant.pk]), new),
        reverse("person", args=[applicant.pk]),
    )
    applicant.refresh_from_db()
    assert (applicant.name, applicant.division, applicant.supervisor) == (
        "Ana Reyes",
        org.other_division,
        director,
    )
    latest = people_changes.history(applicant)[0]
    assert (latest.at, latest.by, latest.reason) == (NOW, branch_officer, "Married, moved")
    assert latest.changes == [
        ("Name", "Ana Applicant", "Ana Reyes"),
        ("Place", "Field Unit", "Budget Unit"),
        ("Supervisor", "Sam Supervisor", "Dana Director"),
    ]
    page = office.get(reverse("person", args=[applicant.pk]))
    assertContains(page, "Name: Ana Applicant → Ana Reyes")
    assertContains(page, "Married, moved")


def test_the_same_change_again_leaves_no_trace(office, applicant):
    answer = office.post(reverse("person_change", args=[applicant.pk]), entry(applicant), follow=True)
    assertContains(answer, "Nothing was changed.")
    assert not AuditEvent.objects.filter(action="person.changed").exists()


def as_shown(response) -> dict[str, object]:
    """What the form of this page would send."""
    form = response.context["form"]
    assertContains(response, f'name="seen" value="{form["seen"].value()}"')
    bound = {name: form[name] for name in form.fields}
    return {name: field.field.prepare_value(field.value()) or "" for name, field in bound.items()}


def test_what_a_colleague_changed_meanwhile_stays_where_it_was_not_touched(office, applicant, org, director):
    address = reverse("person_change", args=[applicant.pk])
    mine, theirs = as_shown(office.get(address)), as_shown(office.get(address))
    office.post(address, {**theirs, "unit": org.other_unit.pk, "supervisor": director.email})
    office.post(address, {**mine, "name": "Ana Reyes", "reason": "Married"})
    applicant.refresh_from_db()
    assert (applicant.name, applicant.unit, applicant.supervisor) == ("Ana Reyes", org.other_unit, director)
    assert people_changes.history(applicant)[0].changes == [("Name", "Ana Applicant", "Ana Reyes")]


def test_what_both_changed_is_named_and_decided(office, applicant, org, director, supervisor, deputy):
    address = reverse("person_change", args=[applicant.pk])
    mine, theirs = as_shown(office.get(address)), as_shown(office.get(address))
    office.post(
        address, {**theirs, "supervisor": director.email, "unit": org.other_unit.pk, "name": "Ana Reyes"}
    )
    page = office.post(address, {**mine, "supervisor": deputy.email, "unit": ""})
    assertContains(page, "This was changed while this page was open.")
    assertContains(page, "It reads now: “Dana Director”")
    assertContains(page, "It reads now: “Budget Unit”")
    applicant.refresh_from_db()
    assert (applicant.unit, applicant.supervisor) == (org.other_unit, director)
    again = as_shown(page)
    assert again["name"] == "Ana Reyes"
    assertRedirects(office.post(address, again), reverse("people"))
    applicant.refresh_from_db()
    assert (applicant.unit, applicant.supervisor, applicant.name) == (None, deputy, "Ana Reyes")


def test_a_circle_of_supervisors_is_refused(office, applicant, supervisor):
    answer = office.post(
        reverse("person_change", args=[supervisor.pk]), entry(supervisor, supervisor=applicant.email)
    )
    assertContains(answer, "Sam Supervisor stands above Ana Applicant already")
    assert User.objects.get(pk=supervisor.pk).supervisor == supervisor.supervisor


def test_the_office_puts_nobody_into_another_branch(office, applicant, elsewhere):
    """F5"""
    answer = office.post(
        reverse("person_change", args=[applicant.pk]), entry(applicant, unit=elsewhere.unit_id)
    )
    assertContains(answer, "Select a valid choice")


def test_nobody_changes_their_own_entry_nor_the_office_that_of_an_administrator(
    office, branch_officer, administrator, org
):
    User.objects.filter(pk=administrator.pk).update(unit=org.unit)
    for person in (branch_officer, administrator):
        assert office.get(reverse("person", args=[person.pk])).status_code == 200
        for name in ("person_change", "person_deactivate", "person_reactivate"):
            assert office.post(reverse(name, args=[person.pk]), {"reason": "x"}).status_code == 404


def test_a_keeper_of_the_directory_does_not_lock_out_who_has_all_rights(client, administrator, applicant):
    keeper = factories.person("Kim Keeper", is_staff=True)
    keeper.user_permissions.set(Permission.objects.filter(codename__in=["add_user", "change_user"]))
    client.force_login(keeper)
    for name in ("person_change", "person_deactivate", "person_reactivate"):
        assert client.get(reverse(name, args=[administrator.pk])).status_code == 404
    assert client.get(reverse("person_change", args=[applicant.pk])).status_code == 200


def test_characters_that_cannot_be_seen_are_refused_in_a_name(office, applicant):
    answer = office.post(
        reverse("person_change", args=[applicant.pk]), entry(applicant, name="Ana\u200bReyes")
    )
    assertContains(answer, "cannot be seen")


# Deactivating


def test_who_is_deactivated_is_out_at_once_and_comes_back(office, applicant):
    own = Client()
    own.force_login(applicant)
    answer = office.post(
        reverse("person_deactivate", args=[applicant.pk]), {"reason": "Retired."}, follow=True
    )
    assertContains(answer, "Ana Applicant is deactivated.")
    assertContains(answer, "Active: yes → no")
    assert own.get(reverse("home")).status_code == 302
    office.post(reverse("person_reactivate", args=[applicant.pk]), {"reason": "Came back."})
    assert User.objects.get(pk=applicant.pk).is_active
    assert [each.reason for each in people_changes.history(applicant)] == ["Came back.", "Retired."]


def test_what_somebody_else_has_to_take_over_is_said_first(office, director):
    page = office.get(reverse("person_deactivate", args=[director.pk]))
    assertContains(page, "Division Director, Nutrition Division")
    assertContains(page, "Supervisor of 1 person")


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nobody_is_deactivated(office, applicant, reason):
    office.post(reverse("person_deactivate", args=[applicant.pk]), {"reason": reason})
    assert User.objects.get(pk=applicant.pk).is_active


def test_deactivating_twice_is_one_event(applicant, branch_officer):
    for _ in range(2):
        people_changes.deactivate(person=applicant, reason="Retired", by=branch_officer, now=NOW)
    assert AuditEvent.objects.filter(action="person.changed").count() == 1


def test_nobody_deactivates_themselves(branch_officer):
    with pytest.raises(people_changes.ChangeRefused, match="yourself"):
        people_changes.deactivate(person=branch_officer, reason="x", by=branch_officer, now=NOW)
