"""The fixed cast: one branch with two divisions, everybody who takes part in an application, and an outsider.

It stands in the database of every test from the start, with the program and an open cohort.
"""

from dataclasses import dataclass

from django.apps import apps
from django.db import connection, transaction

from coaching.models import Cohort, OrgUnit, Program, RoleAssignment, User
from coaching.site import reference
from tests import factories
from tests.clock import TODAY

OUR_APPS = ("coaching", "applications", "meetings", "certificates")


@dataclass
class Org:
    """department > branch > two divisions > a unit each, with their heads."""

    department: OrgUnit
    branch: OrgUnit
    division: OrgUnit
    other_division: OrgUnit
    unit: OrgUnit
    other_unit: OrgUnit
    superintendent: User
    deputy: User
    director: User
    other_director: User


@dataclass
class Cast:
    program: Program
    org: Org
    supervisor: User
    applicant: User
    branch_officer: User
    training_officer: User
    administrator: User
    outsider: User  # works in the same department, has no part in anything
    cohort: Cohort


def build() -> Cast:
    program = reference.load(today=TODAY)
    org = _org()
    supervisor = factories.person("Sam Supervisor", unit=org.unit, supervisor=org.director)
    consultant = factories.classification("Education Programs Consultant")
    branch_officer = factories.officer(org.branch, "Bo Branchoffice")
    return Cast(
        program=program,
        org=org,
        supervisor=supervisor,
        applicant=factories.person(
            "Ana Applicant", unit=org.unit, supervisor=supervisor, classification=consultant
        ),
        branch_officer=branch_officer,
        training_officer=factories.officer(
            org.department, "Tia Training", office=RoleAssignment.Office.TRAINING_OFFICE
        ),
        administrator=factories.person("Ada Administrator", is_staff=True, is_superuser=True),
        outsider=factories.person("Otto Outsider", unit=org.other_unit),
        cohort=factories.cohort(program, org.branch, by=branch_officer),
    )


def _org() -> Org:
    superintendent = factories.person("Sofia Superintendent")
    deputy = factories.person("Derek Deputy", supervisor=superintendent)
    director = factories.person("Dana Director", supervisor=deputy)
    other_director = factories.person("Olga Otherdirector", supervisor=deputy)
    department = factories.unit("department", "Department of Education", head=superintendent)
    branch = factories.unit("branch", "Services Branch", parent=department, head=deputy)
    division = factories.unit("division", "Nutrition Division", parent=branch, head=director)
    other_division = factories.unit("division", "Finance Division", parent=branch, head=other_director)
    for user, place in ((deputy, branch), (director, division), (other_director, other_division)):
        user.unit = place
        user.save()
    return Org(
        department=department,
        branch=branch,
        division=division,
        other_division=other_division,
        unit=factories.unit("unit", "Field Unit", parent=division),
        other_unit=factories.unit("unit", "Budget Unit", parent=other_division),
        superintendent=superintendent,
        deputy=deputy,
        director=director,
        other_director=other_director,
    )


def remove_all() -> None:
    """Everything and everybody; it comes back when the test ends."""
    with transaction.atomic(), connection.constraint_checks_disabled():
        for label in OUR_APPS:
            for model in apps.get_app_config(label).get_models(include_auto_created=True):
                model._base_manager.all()._raw_delete(connection.alias)
    connection.check_constraints()
