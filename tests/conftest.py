"""The fixed cast: one branch with two divisions, everybody who takes part in an application, and an outsider."""

import gc
import os
from types import SimpleNamespace

import hypothesis
import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from coaching.append_only import create_triggers, drop_triggers
from coaching.models import Cohort, OrgUnit, Program, RoleAssignment, User
from coaching.site import reference
from tests import factories
from tests.clock import NOW, TODAY

pytest_plugins = ["tests.browser"]

# Looking for cycles among the objects of Django and its tests takes a fifth of the time, and finds next to none.
gc.set_threshold(100_000)

# A busy machine is no failure; CI tries the same examples each time.
hypothesis.settings.register_profile(
    "tests",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
hypothesis.settings.load_profile("tests")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that needs the services fails without them, rather than being skipped unnoticed."""
    if item.get_closest_marker("services") and not (connection.vendor == "postgresql" and settings.REDIS_URL):
        pytest.fail("needs PostgreSQL and Redis: run script/test, which starts both", pytrace=False)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The tables as migrations leave them, also where they were made without."""
    with django_db_blocker.unblock():
        drop_triggers(connection)
        create_triggers(connection)


@pytest.fixture(scope="session", autouse=True)
def append_only_tables_can_be_emptied():
    """Tests whose transactions are real empty the tables afterwards, which the triggers refuse."""
    empty = TransactionTestCase._fixture_teardown

    def without_triggers(case: TransactionTestCase) -> None:
        drop_triggers(connection)
        empty(case)
        create_triggers(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield


@pytest.fixture
def frozen():
    """The clock stands at NOW."""
    with time_machine.travel(NOW, tick=False):
        yield NOW


@pytest.fixture
def program(db) -> Program:
    return reference.load(today=TODAY)


@pytest.fixture
def org(db) -> SimpleNamespace:
    """department > branch > two divisions > a unit each, with their heads."""
    superintendent = factories.person("Sofia Superintendent")
    deputy = factories.person("Derek Deputy")
    director = factories.person("Dana Director")
    other_director = factories.person("Olga Otherdirector")
    department = factories.unit("department", "Department of Education", head=superintendent)
    branch = factories.unit("branch", "Services Branch", parent=department, head=deputy)
    division = factories.unit("division", "Nutrition Division", parent=branch, head=director)
    other_division = factories.unit("division", "Finance Division", parent=branch, head=other_director)
    unit = factories.unit("unit", "Field Unit", parent=division)
    other_unit = factories.unit("unit", "Budget Unit", parent=other_division)
    for user, place in ((deputy, branch), (director, division), (other_director, other_division)):
        user.unit = place
        user.save()
    director.supervisor = other_director.supervisor = deputy
    director.save()
    other_director.save()
    deputy.supervisor = superintendent
    deputy.save()
    return SimpleNamespace(
        department=department,
        branch=branch,
        division=division,
        other_division=other_division,
        unit=unit,
        other_unit=other_unit,
        superintendent=superintendent,
        deputy=deputy,
        director=director,
        other_director=other_director,
    )


@pytest.fixture
def superintendent(org) -> User:
    return org.superintendent


@pytest.fixture
def deputy(org) -> User:
    return org.deputy


@pytest.fixture
def director(org) -> User:
    return org.director


@pytest.fixture
def supervisor(org, director) -> User:
    return factories.person("Sam Supervisor", unit=org.unit, supervisor=director)


@pytest.fixture
def applicant(org, supervisor) -> User:
    return factories.person(
        "Ana Applicant",
        unit=org.unit,
        supervisor=supervisor,
        classification=factories.classification("Education Programs Consultant"),
    )


@pytest.fixture
def branch_officer(org) -> User:
    return factories.officer(org.branch, "Bo Branchoffice")


@pytest.fixture
def training_officer(org) -> User:
    return factories.officer(org.department, "Tia Training", office=RoleAssignment.Office.TRAINING_OFFICE)


@pytest.fixture
def administrator(db) -> User:
    return factories.person("Ada Administrator", is_staff=True, is_superuser=True)


@pytest.fixture
def outsider(org) -> User:
    """Works in the same department, has no part in anything."""
    return factories.person("Otto Outsider", unit=org.other_unit)


@pytest.fixture
def branch(org) -> OrgUnit:
    return org.branch


@pytest.fixture
def cohort(program, branch, branch_officer) -> Cohort:
    return factories.cohort(program, branch, by=branch_officer)
