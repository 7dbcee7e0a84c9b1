"""A team of three that meets: alice, bob and charlie; dora is in another team.

The program runs from February to September 2027.
"""

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace

import pytest

from coaching.models import Cohort, CurriculumItem
from meetings import laying_out, one_day, together
from meetings.models import Meeting
from meetings.scheduling import When, Where
from tests import factories
from tests.cast import Org
from tests.clock import NOW
from tests.remembering import remembered

# Noon of Wednesday, January 20, 2027 in California, before the program begins.
BEFORE = datetime(2027, 1, 20, 20, 0, tzinfo=UTC)

LATER = BEFORE + timedelta(days=1)
ROOM = Where("Auditorium", Meeting.Mode.MIXED, "https://example.org/all")
TEN = When(date(2027, 2, 24), time(10), 120)


join_meetings, set_times, separate = map(remembered, (together.join, together.set_times, together.apart))


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


@remembered
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
@remembered
def meetings(team) -> list[Meeting]:
    """The eight meetings of the team, all planned."""
    return laying_out.lay_out_meetings(team=team, by=None, now=NOW)


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


# Two teams, and what the branch office does with their days


@pytest.fixture
@remembered
def both(team, other_team) -> tuple[list[Meeting], list[Meeting]]:
    """The meetings of two teams, each by itself."""
    return tuple(laying_out.lay_out_meetings(team=each, by=None, now=NOW) for each in (team, other_team))


@pytest.fixture
def first(cohort) -> CurriculumItem:
    return cohort.program.curriculum.get(kind="introduction")


@pytest.fixture
def final(cohort) -> CurriculumItem:
    return cohort.program.curriculum.get(kind="final")


@pytest.fixture
def join(cohort, first, branch_officer):
    def joined(when=TEN, where=ROOM, item=first, by=branch_officer, now=BEFORE) -> Meeting:
        return join_meetings(cohort=cohort, item=item, when=when, where=where, by=by, now=now)

    return joined


@pytest.fixture
def stagger(cohort, final, branch_officer):
    def staggered(day=date(2027, 9, 22), start=time(9), pause=15, by=branch_officer, now=BEFORE) -> int:
        plan = one_day.plan_of(cohort, final, now=now)
        slots = one_day.one_after_another(plan, day=day, start=start, pause=pause)
        return set_times(cohort=cohort, item=final, slots=slots, by=by, now=now)

    return staggered


@pytest.fixture
def apart(cohort, first, branch_officer):
    def separated(item=first, by=branch_officer, now=LATER) -> int:
        return separate(cohort=cohort, item=item, by=by, now=now)

    return separated
