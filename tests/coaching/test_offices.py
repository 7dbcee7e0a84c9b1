"""Who holds an office on a day, and who has rights over which cohort: A9, F5, T10."""

from datetime import date, timedelta

import pytest
from django.db.models import F
from django.http import Http404, HttpResponse

from coaching import offices, permissions
from coaching.models import Cohort, Delegation, OrgUnit, RoleAssignment
from tests import factories
from tests.clock import NOW, TODAY

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
Kind = OrgUnit.Kind
pytestmark = pytest.mark.usefixtures("frozen")


def order(person, *, kind="delegate", principal=None, unit=None, start=TODAY, end=TODAY, **values):
    return Delegation.objects.create(
        kind=kind,
        principal=principal,
        unit=unit,
        person=person,
        reason="On leave",
        start_date=start,
        end_date=end,
        **values,
    )


def led(user, on=TODAY, **values):
    return list(offices.units_led_by(user, on=on, **values))


# Headships


def test_head_leads_the_own_unit_alone(org, deputy, director, outsider):
    assert led(deputy) == [org.branch]
    assert led(director) == [org.division]
    assert led(outsider) == []
    assert led(director, kind=Kind.BRANCH) == []


def test_acting_person_holds_the_vacant_post_for_the_term(org, applicant):
    """A9"""
    order(applicant, kind="acting", unit=org.unit)
    assert led(applicant) == [org.unit]
    assert led(applicant, on=YESTERDAY) == led(applicant, on=TOMORROW) == []


def test_delegate_of_a_post_holds_that_post_alone(org, deputy, director):
    other = factories.unit("branch", parent=org.department, head=deputy)
    order(director, principal=deputy, unit=org.branch)
    assert led(director, kind=Kind.BRANCH) == [org.branch]
    assert other not in led(director)


def test_delegate_of_a_person_holds_all_their_posts(org, deputy, director):
    other = factories.unit("branch", parent=org.department, head=deputy)
    order(director, principal=deputy)
    assert set(led(director, kind=Kind.BRANCH)) == {org.branch, other}


def test_order_ended_early_is_out_of_force(org, applicant):
    order(applicant, kind="acting", unit=org.unit, end=TOMORROW, ended_at=NOW)
    assert led(applicant) == []


def test_latest_acting_order_counts(org, applicant, supervisor):
    order(applicant, kind="acting", unit=org.division, start=YESTERDAY)
    latest = order(supervisor, kind="acting", unit=org.division)
    order(supervisor, principal=org.director, unit=org.division)
    assert offices.acting_head(org.division, on=TODAY) == latest
    assert offices.acting_head(org.division, on=TOMORROW) is None


def test_standing_for_covers_a_post_or_everything(org, director, supervisor):
    assert offices.standing_for(supervisor, director, on=TODAY) is None
    of_post = order(supervisor, principal=director, unit=org.division)
    assert offices.standing_for(supervisor, director, on=TODAY) is None
    assert offices.standing_for(supervisor, director, on=TODAY, unit=org.division) == of_post
    assert offices.standing_for(supervisor, director, on=TODAY, unit=org.other_division) is None
    of_all = order(supervisor, principal=director, kind="acting")
    assert offices.standing_for(supervisor, director, on=TODAY) == of_all
    assert offices.standing_for(supervisor, director, on=TODAY, unit=org.other_division) == of_all
    assert offices.standing_for(supervisor, director, on=TOMORROW) is None


# Offices without a unit


def test_office_is_held_from_the_first_to_the_last_day(org, branch_officer):
    RoleAssignment.objects.update(start_date=TODAY, end_date=TOMORROW)
    assert offices.office_branches(branch_officer, on=YESTERDAY) == []
    assert offices.office_branches(branch_officer, on=TODAY) == [org.branch]
    assert offices.office_branches(branch_officer, on=TOMORROW) == [org.branch]
    assert offices.office_branches(branch_officer, on=TOMORROW + timedelta(days=1)) == []


def test_offices_are_told_apart(org, branch_officer, training_officer):
    training = RoleAssignment.Office.TRAINING_OFFICE
    assert offices.office_branches(training_officer, on=TODAY) == []
    assert offices.office_branches(training_officer, on=TODAY, office=training) == [org.department]
    assert (permissions.branch_office(branch_officer), permissions.training_office(branch_officer)) == (
        True,
        False,
    )
    assert (permissions.branch_office(training_officer), permissions.training_office(training_officer)) == (
        False,
        True,
    )


def test_officers_of_a_branch_are_the_active_ones(org, branch_officer):
    gone = factories.officer(org.branch, "Gina Gone")
    gone.is_active = False
    gone.save()
    factories.officer(factories.unit("branch", parent=org.department))
    assert offices.branch_officers(org.branch, on=TODAY) == [branch_officer]


# Rights over cohorts


def test_officer_works_for_the_own_branch(cohort, branch_officer, org):
    """F5"""
    other = factories.officer(factories.unit("branch", parent=org.department))
    assert list(permissions.office_cohorts(branch_officer)) == [cohort]
    assert list(permissions.office_cohorts(other)) == []
    assert list(permissions.office_cohorts(branch_officer, on=date(2025, 12, 31))) == []


def test_officer_who_takes_part_has_no_rights_over_that_cohort(cohort, branch_officer, program, branch):
    """T10: not even after leaving; over other cohorts they do."""
    other = factories.cohort(program, branch)
    participant = factories.participant(cohort, branch_officer)
    assert list(permissions.office_cohorts(branch_officer)) == [other]
    participant.status, participant.left_at = "left", NOW
    participant.save()
    assert list(permissions.office_cohorts(branch_officer)) == [other]
    assert permissions.officers_of(cohort, on=TODAY) == []


def test_apps_add_their_own_conflicts(cohort, branch_officer, monkeypatch):
    """T10"""
    opened = permissions.Conflicts(lambda: Cohort.objects.annotate(cohort=F("pk")), "opened_by")
    monkeypatch.setattr(permissions, "_conflicts", [opened])
    assert cohort.opened_by == branch_officer
    assert list(permissions.office_cohorts(branch_officer)) == []
    assert permissions.officers_of(cohort, on=TODAY) == []


def test_write_functions_of_the_office_ask_for_it(cohort, branch_officer, deputy):
    permissions.require_office(cohort=cohort, by=branch_officer, now=NOW)
    permissions.require_office(cohort=cohort, by=None, now=NOW)
    with pytest.raises(permissions.NotYourCohort):
        permissions.require_office(cohort=cohort, by=deputy, now=NOW)


def test_deputy_and_designee_see_the_branchs_cohorts(cohort, deputy, director, org):
    assert list(permissions.deputy_cohorts(deputy)) == [cohort]
    assert list(permissions.deputy_cohorts(director)) == []
    order(director, principal=deputy, unit=org.branch)
    assert list(permissions.deputy_cohorts(director)) == [cohort]
    assert list(permissions.deputy_cohorts(director, on=TOMORROW)) == []


@pytest.mark.parametrize(
    ("rule", "people"),
    [
        (permissions.deputy, {"deputy"}),
        (permissions.director, {"director"}),
        (permissions.superintendent, {"superintendent"}),
        (permissions.branch_office, {"branch_officer"}),
        (permissions.training_office, {"training_officer"}),
        (permissions.administrator, {"administrator"}),
        (permissions.any_of(permissions.deputy, permissions.branch_office), {"deputy", "branch_officer"}),
    ],
)
def test_rules_hold_for_their_offices_alone(request, rule, people):
    cast = ("applicant", "supervisor", "director", "deputy", "superintendent", "branch_officer")
    cast = (*cast, "training_officer", "administrator", "outsider")
    assert {name for name in cast if rule(request.getfixturevalue(name))} == people


def test_view_answers_404_to_others(rf, deputy, outsider):
    @permissions.access(permissions.deputy)
    def view(request):
        return HttpResponse("ok")

    request = rf.get("/")
    request.user = deputy
    assert view(request).content == b"ok"
    request.user = outsider
    with pytest.raises(Http404):
        view(request)
    assert view.access is permissions.deputy


def test_what_somebody_holds_is_asked_once_a_request(
    org, deputy, branch_officer, outsider, django_assert_num_queries
):
    # Whether they hold anything; then the headships, or the assignments.
    for user, number in ((outsider, 1), (deputy, 2), (branch_officer, 2)):
        offices.remember(user)
        with django_assert_num_queries(number):
            for _ in range(3):
                permissions.deputy(user)
                permissions.branch_office(user)
                permissions.superintendent(user)


def test_what_was_remembered_ends_with_the_request(org, deputy):
    offices.remember(deputy)
    assert permissions.deputy(deputy)
    org.branch.head = None
    org.branch.save()
    assert not permissions.deputy(type(deputy).objects.get(pk=deputy.pk))


def test_a_write_asks_again(rf, org, deputy):
    """What a request has read does not stand for what holds under the lock of a write."""

    @permissions.access(permissions.deputy)
    def view(request) -> HttpResponse:
        org.branch.head = None
        org.branch.save()
        return HttpResponse(str(permissions.deputy(request.user)))

    for method, answer in (("get", b"True"), ("post", b"False")):
        org.branch.head = deputy
        org.branch.save()
        request = getattr(rf, method)("/")
        request.user = type(deputy).objects.get(pk=deputy.pk)
        assert view(request).content == answer
