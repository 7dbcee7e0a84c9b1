"""What a report is about: one cohort, the cohorts of a branch, of a year, or of a branch in a year; and who reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import OuterRef, Q, QuerySet

from coaching import offices
from coaching.counting import NumberOf
from coaching.models import Cohort, OrgUnit, Participant, User
from coaching.permissions import deputy_cohorts, office_cohorts
from coaching.site.reports.spans import LEAST, Told, exact, share, total


@dataclass(frozen=True)
class Scope:
    """As it stands in an address: `cohort-12`, `branch-3`, `year-2027`, `branch-3-year-2027`."""

    cohort: int | None = None
    branch: int | None = None
    year: int | None = None

    def __str__(self) -> str:
        named = {"cohort": self.cohort, "branch": self.branch, "year": self.year}
        return "-".join(f"{name}-{number}" for name, number in named.items() if number)

    def within(self, cohorts: QuerySet[Cohort]) -> QuerySet[Cohort]:
        if self.cohort:
            return cohorts.filter(pk=self.cohort)
        asked = Q(branch=self.branch) if self.branch else Q()
        return cohorts.filter(asked & Q(first_month__year=self.year) if self.year else asked)


class ScopeConverter:
    regex = r"cohort-[1-9]\d{0,8}|branch-[1-9]\d{0,8}(?:-year-[1-9]\d{3})?|year-[1-9]\d{3}"

    def to_python(self, value: str) -> Scope:
        return Scope(**{name: int(number) for name, number in re.findall(r"([a-z]+)-(\d+)", value)})

    def to_url(self, value: Scope | str) -> str:
        return str(value)


@dataclass(frozen=True)
class Reader:
    """Which cohorts somebody reads reports of, by the offices they hold that day."""

    of_office: frozenset[int]
    of_deputy: frozenset[int]
    cohorts: QuerySet[Cohort]

    @classmethod
    def of(cls, user: User, *, on: date) -> Reader:
        """The branch office its own (F5, T10), the deputy those of the branch, the superintendent all."""
        office = frozenset(office_cohorts(user, on=on).values_list("pk", flat=True))
        deputy = frozenset(deputy_cohorts(user, on=on).values_list("pk", flat=True))
        led = offices.units_led_by(user, on=on, kind=OrgUnit.Kind.DEPARTMENT)
        all_of = Q(branch__in=OrgUnit.objects.under(*led).values("pk")) if led else Q(pk__in=[])
        return cls(office, deputy, Cohort.objects.filter(all_of | Q(pk__in=office | deputy)))


@dataclass(frozen=True)
class Asked:
    """A report that somebody may read: its cohorts, and those of a year earlier, to be compared with.

    `is_whole`: its reader reads these people's applications by name in any case, so that numbers are told as they are;
    `is_office`: their attendance too.
    """

    scope: Scope
    title: str
    place: str
    now: tuple[Cohort, ...]
    before: tuple[Cohort, ...]
    before_name: str
    people: Mapping[int, int]  # who ever took part, by cohort
    is_whole: bool = False
    is_office: bool = False

    @property
    def cohorts(self) -> tuple[Cohort, ...]:
        return (*self.now, *self.before)

    @property
    def is_one(self) -> bool:
        return self.scope.cohort is not None

    def columns(self, *first: str) -> tuple[str, ...]:
        """Above a table: what stands last in its lines is the same of what they are compared with."""
        return (*first, *([self.before_name] if self.before else []))

    def everybody(self, cohorts: Iterable[Cohort]) -> int:
        return sum(self.people[each.pk] for each in cohorts)

    def told(
        self, cohorts: Iterable[Cohort], part: Mapping[int, int], *, is_whole: bool | None = None
    ) -> Told:
        """Of how many of these people something is true; `part`: of how many of each cohort."""
        cohorts = list(cohorts)
        whole = self.is_whole if is_whole is None else is_whole
        numbers = [(part.get(each.pk, 0), self.people[each.pk]) for each in cohorts]
        spans = (exact(number) if whole else share(number, of) for number, of in numbers)
        return Told(total(spans), self.everybody(cohorts))


def asked(scope: Scope, reader: Reader, *, is_for_others: bool = False) -> Asked | None:
    """None where this reader has no such report. `is_for_others`: to be handed on, so that nothing of it is whole."""
    took_part = Participant.objects.filter(cohort=OuterRef("pk"))
    rows = reader.cohorts.select_related("branch", "program").prefetch_related("program__curriculum")
    rows = rows.annotate(people=NumberOf(took_part))
    now = list(scope.within(rows).order_by("branch__name", "-first_month", "pk"))
    if not now:
        return None
    before = list(_before(scope, now[0], rows))
    branches = {each.branch.name for each in now}
    whole_for = reader.of_office | reader.of_deputy
    is_whole, is_office = (
        not is_for_others and scope.cohort is not None and {each.pk for each in (*now, *before)} <= those
        for those in (whole_for, reader.of_office)
    )
    people: dict[int, int] = {each.pk: each.people for each in (*now, *before)}  # type: ignore[attr-defined]
    return Asked(
        scope=scope,
        title=_title(scope, now[0]),
        place=branches.pop() if len(branches) == 1 else "All branches",
        now=tuple(each for each in now if is_whole or _is_told(people[each.pk])),
        before=tuple(each for each in before if is_whole or _is_told(people[each.pk])),
        before_name=_before_name(scope, before),
        people=people,
        is_whole=is_whole,
        is_office=is_office,
    )


def _is_told(people: int) -> bool:
    """Of a cohort of one or two, nothing is."""
    return people == 0 or people >= LEAST


def _title(scope: Scope, first: Cohort) -> str:
    if scope.cohort:
        return str(first)
    return f"Programs of {scope.year}" if scope.year else "Programs of all years"


def _before(scope: Scope, first: Cohort, rows: QuerySet[Cohort]) -> QuerySet[Cohort]:
    """The cohort before this one in its branch and program, or those of the year before."""
    if scope.cohort:
        earlier = rows.filter(branch=first.branch_id, program=first.program_id)
        return earlier.filter(first_month__lt=first.first_month).order_by("-first_month", "pk")[:1]
    if scope.year:
        return Scope(branch=scope.branch, year=scope.year - 1).within(rows).order_by("pk")
    return rows.none()


def _before_name(scope: Scope, before: list[Cohort]) -> str:
    if not before:
        return ""
    return str(before[0]) if scope.cohort else str(before[0].first_month.year)
