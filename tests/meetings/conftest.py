"""A team of three that meets: alice, bob and charlie; dora is in another team.

The program runs from February to September 2027.
"""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from coaching.models import Cohort
from meetings import scheduling
from meetings.models import Meeting
from tests import factories
from tests.cast import Org
from tests.clock import NOW

# Noon of Wednesday, January 20, 2027 in California, before the program begins.
BEFORE = datetime(2027, 1, 20, 20, 0, tzinfo=UTC)


def noon(day) -> datetime:
    """Noon of a day in California, well after a meeting at nine."""
    return datetime(day.year, day.month, day.day, 20, 30, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def kept_people(kept_cast, django_db_blocker) -> SimpleNamespace | None:
    if kept_cast is None:
        return None
    with django_db_blocker.unblock():
        return enrolled(kept_cast.cohort, kept_cast.org)


@pytest.fixture
def people(kept_people, fresh, cohort, org) -> SimpleNamespace:
    return fresh(kept_people) if kept_people else enrolled(cohort, org)


def enrolled(cohort: Cohort, org: Org) -> SimpleNamespace:
    names = ("alice", "bob", "charlie", "dora", "emil", "fay")
    return SimpleNamespace(
        **{
            name: factories.participant(
                cohort,
                factories.person(f"{name.title()} Example", unit=(org.unit, org.other_unit)[place % 2]),
            )
            for place, name in enumerate(names)
        }
    )


@pytest.fixture
def team(cohort, people, branch_officer):
    return factories.confirmed_team(cohort, [people.alice, people.bob, people.charlie], by=branch_officer)


@pytest.fixture
def other_team(cohort, people, branch_officer):
    return factories.confirmed_team(cohort, [people.dora, people.emil, people.fay], by=branch_officer)


@pytest.fixture
def meetings(team) -> list[Meeting]:
    """The eight meetings of the team, all planned."""
    return scheduling.lay_out_meetings(team=team, by=None, now=NOW)


@pytest.fixture
def meeting(meetings) -> Meeting:
    """The first one: Wednesday, February 17, 2027, nine to eleven."""
    return meetings[0]


@pytest.fixture
def alice(people):
    return people.alice.user


@pytest.fixture
def bob(people):
    return people.bob.user
