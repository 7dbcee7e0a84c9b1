"""Roles in the administration: groups with the least rights, made by `init_program`; nobody gives themselves more."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.urls import reverse

from coaching import delegations, directory, people_changes
from coaching.models import User
from coaching.site import groups
from coaching.site.home import cards_for
from tests import factories
from tests.clock import NOW, TODAY
from tests.site.test_admin import person_data
from tests.site.test_sweep import HIDDEN

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")


@pytest.fixture(autouse=True)
def made(db):
    groups.load()


@pytest.fixture
def member(client):
    def sign_in(name: str) -> User:
        user = factories.person(f"Kim {name}", is_staff=True)
        user.groups.add(Group.objects.get(name=name))
        client.force_login(user)
        return user

    return sign_in


def rights() -> dict[str, int]:
    return {group.name: group.permissions.count() for group in Group.objects.all()}


def test_the_command_makes_them_and_again_changes_nothing(capsys):
    Group.objects.all().delete()
    call_command("init_program")
    first = rights()
    assert first == {name: len(given) for name, given in groups.GROUPS.items()}
    call_command("init_program")
    assert rights() == first


def test_what_a_department_gave_a_group_beside_them_stays():
    group = Group.objects.get(name="Readers of the audit trail")
    group.permissions.add(Permission.objects.get(codename="view_cohort"))
    groups.load()
    assert group.permissions.filter(codename="view_cohort").exists()


def test_none_deletes_anything_but_closed_days_or_gives_rights():
    for name, given in groups.GROUPS.items():
        assert {right for _, right in given if right.startswith("delete")} <= {"delete_closedday"}, name
        assert not {right for _, right in given if right.split("_", 1)[1] in ("group", "permission")}, name


@pytest.mark.parametrize("name", groups.GROUPS)
def test_a_member_opens_what_the_group_sees_and_nothing_else(client, member, name):
    """Nor is anything there that the administration hides from everybody."""
    member(name)
    seen = {right.split("_", 1)[1] for _, right in groups.GROUPS[name]} - {"people"}
    page = client.get(reverse("admin:index")).content.decode()
    for app in ("coaching", "applications", "meetings", "certificates"):
        for model in apps.get_app_config(app).get_models():
            label = model._meta.label
            linked = f'"/admin/{app}/{model._meta.model_name}/"' in page
            assert linked == (model._meta.model_name in seen and label not in HIDDEN), label


@pytest.mark.parametrize("name", ["Keepers of the directory", "Keepers of accounts"])
def test_nobody_gives_rights_who_has_not_all(client, member, applicant, name):
    keeper = member(name)
    greedy = {"is_staff": "on", "is_superuser": "on", "groups": [Group.objects.first().pk]}
    for person in (applicant, keeper):
        client.post(reverse("admin:coaching_user_change", args=[person.pk]), person_data(person, **greedy))
        person.refresh_from_db()
        assert (person.is_superuser, person.is_staff) == (False, person == keeper)
        assert person.groups.count() == (person == keeper)


def test_who_has_all_rights_is_changed_by_their_like_alone(client, member, administrator):
    member("Keepers of accounts")
    address = reverse("admin:coaching_user_change", args=[administrator.pk])
    assert client.post(address, person_data(administrator, name="X")).status_code == 403
    chosen = {"action": "take_second_factor_away", "_selected_action": [administrator.pk], "confirmed": "yes"}
    client.post(reverse("admin:coaching_user_changelist"), chosen)
    assert User.objects.get(pk=administrator.pk).name == administrator.name


@pytest.mark.parametrize(
    ("name", "changed"), [("Keepers of the directory", False), ("Keepers of accounts", True)]
)
def test_whose_mail_opens_an_account_is_for_those_who_keep_accounts(client, member, applicant, name, changed):
    member(name)
    address = reverse("admin:coaching_user_change", args=[applicant.pk])
    client.post(address, person_data(applicant, email="taken@example.org"))
    assert (User.objects.get(pk=applicant.pk).email == "taken@example.org") is changed


def test_a_group_that_is_given_stands_in_the_history(client, administrator, applicant):
    client.force_login(administrator)
    group = Group.objects.get(name="Readers of the audit trail")
    given = person_data(applicant, is_staff="on", groups=[group.pk])
    client.post(reverse("admin:coaching_user_change", args=[applicant.pk]), given)
    entries = people_changes.history(applicant)
    said = [change for entry in entries for change in entry.changes]
    assert ("Groups of rights", "", "Readers of the audit trail") in said
    assert ("Administrator", "no", "yes") in said


@pytest.mark.parametrize(
    ("name", "address", "opens"),
    [
        ("Keepers of the directory", "people_corrections", True),
        ("Keepers of the directory", "undelivered", True),
        ("Keepers of accounts", "people_corrections", False),
        ("Keepers of accounts", "undelivered", True),
        ("Keepers of the seal", "people_corrections", False),
        ("Keepers of the seal", "undelivered", False),
    ],
)
def test_pages_of_the_site_open_to_those_whose_task_they_are(
    client, member, org, applicant, name, address, opens
):
    directory.report_correction(user=applicant, field="name", says="Another Name", now=NOW)
    member(name)
    assert (client.get(reverse(address)).status_code == 200) is opens
    cards = [card.address for card in cards_for(User.objects.get(pk=client.session["_auth_user_id"]))]
    assert (reverse(address) in cards) is (opens and address == "people_corrections")


def test_who_heads_a_unit_is_for_those_who_keep_offices(client, member, org, outsider):
    """A9: a head signs."""
    address = reverse("admin:coaching_orgunit_change", args=[org.division.pk])
    for name, changed in (("Keepers of the directory", False), ("Keepers of offices", True)):
        member(name)
        client.post(address, {"name": org.division.name, "parent": org.branch.pk, "head": outsider.pk})
        assert (type(org.division).objects.get(pk=org.division.pk).head == outsider) is changed


def test_orders_are_seen_and_given_by_those_who_keep_offices(member, deputy, director, org):
    reader, keeper = member("Readers of the audit trail"), member("Keepers of offices")
    values = {
        "kind": "delegate",
        "person": director,
        "principal": deputy,
        "unit": org.branch,
        "reason": "Leave",
    }
    days = {"start_date": TODAY, "end_date": TODAY, "order_date": TODAY, "order_reference": "7", "now": NOW}
    with pytest.raises(delegations.DelegationRefused, match="posts of its own branch"):
        delegations.record(**values, **days, by=reader)
    order = delegations.record(**values, **days, by=keeper)
    seen = [order in delegations.visible_to(each, on=TODAY) for each in (reader, keeper)]
    assert seen == [False, True]


def test_an_officer_with_a_small_group_sees_no_other_branch(member, org, applicant):
    user = member("Readers of the audit trail")
    elsewhere = factories.unit("branch", "Elsewhere", parent=org.department)
    user.role_assignments.create(office="branch_office", unit=elsewhere)
    correction = directory.report_correction(user=applicant, field="name", says="Another Name", now=NOW)
    assert correction not in directory.corrections_for(user, on=TODAY)
    assert cards_for(user) == []
