"""Who reads of a participant from outside the team: the division director, and the supervisor what is for them (C7, C8)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import QuerySet
from django.utils import timezone

from coaching import offices
from coaching.in_words import long_date
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

    def next_date(self, today: date) -> date | None:
        return next((day for day in self.dates if day >= today), None)

    @property
    def shared_in_words(self) -> str:
        """ "1 of 2 milestones reached, the outcome, 1 update"; empty where nothing is shared."""
        number, updates = len(self.project.milestones), len(self.project.updates)
        reached = sum(each.row.done_at is not None for each in self.project.milestones)
        parts = [f"{reached} of {number} milestone{'' if number == 1 else 's'} reached"] if number else []
        parts += ["the outcome"] if self.project.outcome else []
        parts += [f"{updates} update{'' if updates == 1 else 's'}"] if updates else []
        return ", ".join(parts)


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


def by_cohort(found: Iterable[Participant]) -> list[tuple[Cohort, list[Row]]]:
    """These with the days of their meetings and what they share; a constant number of queries (C8)."""
    return [
        (cohort, list(rows)) for cohort, rows in groupby(_rows(found), lambda row: row.participant.cohort)
    ]


def _rows(found: Iterable[Participant]) -> list[Row]:
    people = list(found)
    days, shared = _dates_of(people), project.shared_with_program(people)
    return [Row(each, shared[each.pk], tuple(days.get(each.pk, ()))) for each in people]


HEADER = (
    "Program",
    "Cohort",
    "Name",
    "Division at the start",
    "Division now",
    "Job classification",
    "Project",
    "Days of meetings",
    "Milestones",
    "Outcome",
    "Updates",
)


def file_rows(found: Iterable[Participant]) -> Iterator[tuple[str, ...]]:
    """What the page shows of these, a line for each, under HEADER."""
    for row in _rows(found):
        each = row.participant
        yield (
            str(each.cohort.program),
            str(each.cohort),
            str(each),
            str(each.division or ""),
            str(each.division_now or each.division or ""),
            str(each.classification or ""),
            each.goal.title if hasattr(each, "goal") else "",
            "; ".join(f"{day}" for day in row.dates),
            _joined(map(_milestone, row.project.milestones)),
            row.project.outcome.text if row.project.outcome else "",
            _joined(map(_update, row.project.updates)),
        )


def _milestone(written: project.Written) -> str:
    row = written.row
    reached = f", reached on {long_date(timezone.localdate(row.done_at))}" if row.done_at else ""
    due = f"by {long_date(row.due_date)}" if row.due_date else ""
    return f"{written.text} ({due}{reached})"


def _update(written: project.Written) -> str:
    return f"{timezone.localdate(written.row.written_at)}: {written.text}"


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(texts)


def employees_of(supervisor: User, *, now: datetime) -> list[Row]:
    """Employees of today who take part, and of then who shared something, with what that is (M17: nothing else)."""
    rows = employees(supervisor).exclude(cohort__in=keeping.over(now)).select_related(*_SHOWN)
    found = list(rows.order_by("user__name", "pk"))
    shared = project.shared_with_supervisor(found, supervisor)
    return [Row(each, shared[each.pk]) for each in found]


def employees(supervisor: User) -> QuerySet[Participant]:
    shared = supervisor.texts_shared.values("participant").order_by()
    own = Participant.objects.filter(user__supervisor=supervisor).values("pk").order_by()
    # As one or the other, it would be asked of every participant.
    return Participant.objects.filter(pk__in=own.union(shared)).exclude(status=Participant.Status.LEFT)


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
