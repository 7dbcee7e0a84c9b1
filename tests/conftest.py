"""Each test finds the fixed cast in the database, and takes back what it did there."""

import copy
import gc
import logging
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import hypothesis
import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponseNotFound
from django.test import TransactionTestCase

from certificates import seal_keys
from coaching.append_only import create_triggers, drop_triggers
from coaching.models import AuditEvent, AuditPayload, Cohort, OrgUnit, Program, User
from coaching.site import urls
from tests import numbers
from tests.cast import Cast, Org, build, remove_all
from tests.clock import NOW
from tests.keeping import Kept, taken_back
from tests.remembering import written

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
hypothesis.settings.register_profile("deep", hypothesis.settings.get_profile("tests"), max_examples=2000)
hypothesis.settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    """With the long tests, properties are tried on twenty times as many examples."""
    if "not deep" not in config.option.markexpr:
        hypothesis.settings.load_profile("deep")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that needs the services fails without them, rather than being skipped unnoticed."""
    if item.get_closest_marker("services") and not (connection.vendor == "postgresql" and settings.REDIS_URL):
        pytest.fail("needs PostgreSQL and Redis: run script/test, which starts both", pytrace=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes a minute by itself begins first, so that no process waits for it when all else is done."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


kept: list[Cast] = []  # as it stands in the database
rows: list[Kept] = []  # it, and what belongs to it


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The tables as migrations leave them, also where they were made without; the cast stands in them."""
    with django_db_blocker.unblock():
        if not connection.introspection.table_names():  # none of the tests asked for needs them
            return
        drop_triggers(connection)
        kept[:] = [build()]
        for model in (AuditPayload, AuditEvent):  # the audit trail begins with the test
            model.objects.all()._raw_delete(connection.alias)
        rows[:] = [Kept()]
        create_triggers(connection)
        if connection.vendor == "sqlite":
            written.watch()


@pytest.fixture(scope="session", autouse=True)
def _seal(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Certificates are sealed: a key for this process."""
    folder = tmp_path_factory.mktemp("seal")
    made = seal_keys.make(name="Department of Education", password="of-tests", years=10, now=NOW)
    for name, pem in (("key.pem", made.key), ("seal.pem", made.chain)):
        (folder / name).write_bytes(pem)
    settings.SEAL_CERTIFICATE, settings.SEAL_KEY = str(folder / "seal.pem"), str(folder / "key.pem")
    settings.SEAL_KEY_PASSWORD = "of-tests"


@pytest.fixture(scope="session", autouse=True)
def tables_are_emptied_of_all_but_the_cast():
    """Tests whose transactions are real empty the tables afterwards, which the triggers refuse.

    Emptying small tables row by row, and writing the same rows again, takes a fifth of the time of a flush and a new cast.
    """

    def teardown(case: TransactionTestCase) -> None:
        drop_triggers(connection)
        rows[0].restore()
        cache.clear()
        create_triggers(connection)
        written.is_known = connection.vendor == "sqlite"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@pytest.fixture(autouse=True)
def _numbers() -> Iterator[None]:
    with numbers.given_back():
        yield


@pytest.fixture
def frozen():
    """The clock stands at NOW."""
    with time_machine.travel(NOW, tick=False):
        yield NOW


@pytest.fixture
def plain_not_found(monkeypatch) -> None:
    """For tests with many answers that there is nothing: that page is tested elsewhere, and costs as much as others."""
    monkeypatch.setattr(urls, "handler404", lambda request, exception: HttpResponseNotFound(), raising=False)
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)


@pytest.fixture(scope="module")
def kept_cast(request, django_db_setup, django_db_blocker) -> Iterator[Cast | None]:
    """For rows that all tests of a module begin with: built once, on this cast, and taken back after the module.

    None where transactions are real: there each test builds its own; and where no test needs a database.
    """
    if any(mark.name in ("services", "browser") for mark in request.node.iter_markers()):
        yield None
        return
    if not kept:
        yield None
        return
    with taken_back(django_db_blocker):
        yield kept[0]


@pytest.fixture(scope="class")
def cast_of_class(kept_cast, django_db_blocker) -> Iterator[Cast]:
    """As kept_cast, for rows that all tests of a class begin with, and none of the others."""
    with taken_back(django_db_blocker):
        yield kept_cast


@pytest.fixture
def fresh(db) -> Callable[[Any], Any]:
    """Copies what is kept, so that each test may change its own; who is the same person stays the same."""
    return partial(copy.deepcopy, memo={})


@pytest.fixture
def cast(fresh) -> Cast:
    return fresh(kept[0])


@pytest.fixture
def empty(db) -> None:
    """For tests of how everything begins: there is nothing, not even the cast."""
    remove_all()


@pytest.fixture
def program(cast) -> Program:
    return cast.program


@pytest.fixture
def org(cast) -> Org:
    return cast.org


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
def supervisor(cast) -> User:
    return cast.supervisor


@pytest.fixture
def applicant(cast) -> User:
    return cast.applicant


@pytest.fixture
def branch_officer(cast) -> User:
    return cast.branch_officer


@pytest.fixture
def training_officer(cast) -> User:
    return cast.training_officer


@pytest.fixture
def administrator(cast) -> User:
    return cast.administrator


@pytest.fixture
def outsider(cast) -> User:
    return cast.outsider


@pytest.fixture
def branch(org) -> OrgUnit:
    return org.branch


@pytest.fixture
def cohort(cast) -> Cohort:
    return cast.cohort


@pytest.fixture
def solver_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver runs in this process, with a limit in steps: starting another one takes seconds."""

    def run(problem, *, seconds=None, seed=0, steps=None, watch=None, stop=None):
        return proposal.solve(problem, seed=seed, steps=steps or 2000)

    from coaching.formation import child, proposal  # noqa: PLC0415 (loads NumPy and HiGHS)

    monkeypatch.setattr(child, "run", run)
