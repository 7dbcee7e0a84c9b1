"""For the training office: what comes next, which competencies have no resources, and the hours that people pass on (M11).

Dates and numbers of meetings, never of which team; attendance only of whoever passes on their hours (M17).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Min, Q, QuerySet

from coaching import offices
from coaching.models import Cohort, Competency, CurriculumItem, OrgUnit, Participant, RoleAssignment, User
from meetings import ledger, resources
from meetings.models import Meeting, Resource

EXTRA = "Extra meeting"  # its title is the team's


@dataclass(frozen=True)
class Ahead:
    """A meeting of the curriculum that a cohort's teams have ahead: `number` of them, from `first` to `last`."""

    item: CurriculumItem
    cohort: Cohort
    first: date
    last: date
    number: int
    resources: int

    @property
    def competencies(self) -> list[Competency]:
        """F1: in the version of the cohort."""
        return _of_version(self.item, self.cohort.competency_model_id)

    def is_missing(self, today: date) -> bool:
        return not self.resources and self.first <= today + resources.IN_TIME


def branches_of(user: User, *, on: date) -> list[OrgUnit]:
    served = offices.office_branches(user, on=on, office=RoleAssignment.Office.TRAINING_OFFICE)
    return list(OrgUnit.objects.under(*served).filter(kind=OrgUnit.Kind.BRANCH).order_by("name", "pk"))


def cohorts_of(branches: Sequence[OrgUnit]) -> "QuerySet[Cohort]":
    """With how many people take part, and how many of all pass on their hours."""
    here = ~Q(participants__status=Participant.Status.LEFT)
    passing = Q(participants__hours_passed_on_at__isnull=False, participants__erased_at=None)
    rows = Cohort.objects.filter(branch__in=branches).select_related("program", "branch")
    return rows.annotate(
        people=Count("participants", filter=here), passing=Count("participants", filter=passing)
    ).order_by("-first_month", "pk")


def ahead(branches: Sequence[OrgUnit], *, today: date) -> list[Ahead]:
    """The soonest first; a constant number of queries."""
    meetings = Meeting.objects.upcoming(today).filter(cohort__branch__in=branches).exclude(item=None)
    rows = meetings.order_by().values_list("item", "cohort")
    found = list(rows.annotate(Min("date"), Max("date"), Count("pk")))
    items = CurriculumItem.objects.prefetch_related("competencies").in_bulk({row[0] for row in found})
    cohorts = Cohort.objects.select_related("program", "branch").in_bulk({row[1] for row in found})
    given = _given(branches)
    lines = [
        Ahead(
            items[item], cohorts[cohort], first, last, number, given.get((item, cohorts[cohort].branch_id), 0)
        )
        for item, cohort, first, last, number in found
    ]
    return sorted(lines, key=lambda line: (line.first, line.item.position, line.cohort.pk))


def _of_version(item: CurriculumItem, model: int) -> list[Competency]:
    return [each for each in item.competencies.all() if each.model_id == model]


def _given(branches: Sequence[OrgUnit]) -> dict[tuple[int, int], int]:
    rows = (
        Resource.objects.filter(branch__in=branches, removed_at=None).order_by().values_list("item", "branch")
    )
    return {(item, branch): number for item, branch, number in rows.annotate(number=Count("pk"))}


@dataclass(frozen=True)
class Lacking:
    """A meeting of the curriculum for which a branch has no resources."""

    item: CurriculumItem
    branch: OrgUnit

    @property
    def competencies(self) -> list[Competency]:
        """In the version that cohorts to come are tied to."""
        return _of_version(self.item, self.item.program.competency_model_id)


def lacking(branches: Sequence[OrgUnit]) -> list[Lacking]:
    """By branch, in the order of the curriculum; a constant number of queries."""
    given = _given(branches)
    rows = Cohort.objects.filter(branch__in=branches).order_by().values_list("program", "branch").distinct()
    programs: dict[int, set[int]] = {}
    for program, branch in rows:
        programs.setdefault(branch, set()).add(program)
    items = CurriculumItem.objects.filter(program__cohorts__branch__in=branches).distinct()
    ordered = list(items.select_related("program").prefetch_related("competencies"))
    return [
        Lacking(item, branch)
        for branch in branches
        for item in ordered
        if item.program_id in programs.get(branch.pk, ()) and not given.get((item.pk, branch.pk))
    ]


HEADER = ("Mail address", "Name", "Course", "Course code", "Cohort", "Session", "Date", "Hours")


def hours(cohort: Cohort, *, today: date) -> Iterator[tuple[object, ...]]:
    """A line for each meeting that counts of whoever passes on their hours, under HEADER; a constant number of queries."""
    people = cohort.participants.filter(hours_passed_on_at__isnull=False, erased_at=None)
    found = ledger.judged(cohort, people.select_related("user").order_by("user__name", "pk"), today=today)
    extra = set(cohort.meetings.filter(item=None).values_list("pk", flat=True))
    for participant, _, standing in found:
        for record in sorted(standing.attended, key=lambda each: (each.date, each.meeting_id)):
            yield (
                participant.user.email,
                participant.user.name,
                cohort.program.name,
                cohort.program.slug,
                cohort.name,
                EXTRA if record.meeting_id in extra else record.title,
                record.date,
                round(record.minutes / 60, 2),
            )
