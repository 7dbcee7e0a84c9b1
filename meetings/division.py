"""Who reads of a participant from outside the team: the division director, and the supervisor what is for them (C7, C8)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import Q, QuerySet

from coaching import offices
from coaching.models import Cohort, OrgUnit, Participant, User
from meetings import keeping, project
from meetings.models import Meeting

_SHOWN = (*Participant.NOW, "classification", "cohort__program", "goal")


@dataclass(frozen=True)
class Row:
    """One participant, as far as the reader may know. No attendance, no standing: those are never theirs to read."""

    participant: Participant
    project: project.Project
    dates: tuple[date, ...] = ()


def divisions_of(director: User, *, on: date) -> list[OrgUnit]:
    """Divisions whose headship this person holds: as director, acting, or as the director's delegate."""
    return offices.units_led_by(director, on=on, kind=OrgUnit.Kind.DIVISION)


def participants_of(director: User, *, now: datetime, on: date) -> list[Participant]:
    """Who of the director's divisions takes part, the latest cohort first; as long as its records are kept.

    The division is the one at enrollment.
    """
    rows = _readable().filter(division__in=divisions_of(director, on=on))
    rows = rows.exclude(cohort__in=keeping.past_records(now))
    return list(rows.order_by("-cohort__first_month", "cohort", "user__name", "pk"))


def taking_part(director: User, *, now: datetime, on: date) -> list[tuple[Cohort, list[Row]]]:
    """The same by cohort, with the days of their meetings and what they share; a constant number of queries (C8)."""
    found = participants_of(director, now=now, on=on)
    days, shared = _dates_of(found), project.shared_with_program(found)
    return [
        (cohort, [Row(each, shared[each.pk], tuple(days.get(each.pk, ()))) for each in people])
        for cohort, people in groupby(found, key=lambda each: each.cohort)
    ]


def employees_of(supervisor: User, *, now: datetime) -> list[Row]:
    """Employees of today who take part, and of then who shared something, with what that is (M17: nothing else)."""
    rows = employees(supervisor).exclude(cohort__in=keeping.over(now)).select_related(*_SHOWN)
    found = list(rows.order_by("user__name", "pk"))
    shared = project.shared_with_supervisor(found, supervisor)
    return [Row(each, shared[each.pk]) for each in found]


def employees(supervisor: User) -> QuerySet[Participant]:
    shared = supervisor.texts_shared.values("participant")
    rows = Participant.objects.filter(Q(user__supervisor=supervisor) | Q(pk__in=shared))
    return rows.exclude(status=Participant.Status.LEFT)


def _readable() -> QuerySet[Participant]:
    rows = Participant.objects.exclude(status=Participant.Status.LEFT)
    return rows.select_related(*_SHOWN)


def _dates_of(participants: Iterable[Participant]) -> dict[int, list[date]]:
    """C8: the days of each one's team, and nothing else of it."""
    found: dict[int, list[date]] = defaultdict(list)
    places = {"teams__memberships__participant__in": [each.pk for each in participants]}
    meetings = Meeting.objects.live().filter(teams__memberships__ended_at=None, **places)
    for pk, day in meetings.order_by("date").values_list("teams__memberships__participant", "date"):
        found[pk].append(day)
    return found
