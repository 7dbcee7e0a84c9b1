"""What waits on a person, and what they have acted on: the lists behind the approvals page."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.http import QueryDict

from applications.models import Application, ProjectChange, ReviewStep
from applications.models.review_step import ReviewStepQuerySet
from coaching import offices
from coaching.counting import NumberOf
from coaching.models import OrgUnit, RouteStep, User

OVERDUE = "overdue"
LONGEST = 100  # rows of a list; whoever looks for an older one narrows it down


def steps_waiting(user: User, *, on: date) -> ReviewStepQuerySet:
    """Where applications wait for this person's act that day, the oldest first (A9)."""
    steps = ReviewStep.objects.current().filter(application__status=Application.Status.IN_REVIEW)
    return steps.signable_by(user, on=on).order_by("since_at", "pk")


def changes_waiting(user: User, *, on: date) -> "QuerySet[ProjectChange]":
    """Changes of approved projects that wait on this person (A14)."""
    pending = ProjectChange.objects.pending().signable_by(user, on=on)
    return pending.with_people().order_by("asked_at", "pk")


def on_waitlist(user: User, *, on: date) -> ReviewStepQuerySet:
    """Waitlisted applications about which this person can decide that day, by name: the waitlist ranks nobody (M17)."""
    steps = ReviewStep.objects.on_waitlist().signable_by(user, on=on)
    return steps.order_by("application__applicant__name", "pk")


def acted_on(user: User) -> ReviewStepQuerySet:
    """What this person signed, returned, declined or decided last of each application, the latest first.

    Not what was withdrawn (M17).
    """
    acted = ReviewStep.objects.filter(acted_by=user)
    later = acted.filter(application=OuterRef("application")).filter(
        Q(acted_at__gt=OuterRef("acted_at")) | Q(acted_at=OuterRef("acted_at"), pk__gt=OuterRef("pk"))
    )
    standing = acted.exclude(application__status=Application.Status.WITHDRAWN)
    return standing.filter(~Exists(later)).order_by("-acted_at", "-pk")


@dataclass(frozen=True)
class Numbers:
    waiting: int
    overdue: int
    changes: int
    waitlisted: int
    acted_on: int


def _numbers(user: User, on: date) -> QuerySet:
    waiting = steps_waiting(user, on=on)
    return User.objects.filter(pk=user.pk).values(
        waiting=NumberOf(waiting),
        overdue=NumberOf(waiting.overdue(on)),
        changes=NumberOf(changes_waiting(user, on=on)),
        waitlisted=NumberOf(on_waitlist(user, on=on)),
        acted_on=NumberOf(acted_on(user)[:LONGEST]),
    )


_NUMBERS = offices.PreparedForStandIns(_numbers)


def numbers(user: User, *, on: date) -> Numbers:
    """What each list of this person holds, in one query."""
    return Numbers(**_NUMBERS.row(user, on=on))


@dataclass(frozen=True)
class Narrowed:
    """What of a list is asked for; empty values ask for everything."""

    words: str = ""
    cohort: int | None = None
    division: int | None = None
    office: str = ""
    state: str = ""

    @classmethod
    def by(cls, query: QueryDict) -> "Narrowed":
        """From an address; what makes no sense there asks for nothing."""
        return cls(
            words=" ".join(query.get("q", "").replace("\0", "").split())[:100],
            cohort=_number(query.get("cohort", "")),
            division=_number(query.get("division", "")),
            office=query.get("step", ""),
            state=query.get("state", ""),
        )

    def __bool__(self) -> bool:
        return self != Narrowed()

    def steps(self, steps: ReviewStepQuerySet, *, on: date) -> ReviewStepQuerySet:
        found = steps
        for word in self.words.split():
            by_word = Q(application__applicant__name__icontains=word)
            found = found.filter(by_word | Q(application__project_title__icontains=word))
        if self.cohort:
            found = found.filter(application__cohort=self.cohort)
        if self.division:
            units = OrgUnit.objects.under(OrgUnit(pk=self.division))
            found = found.filter(application__applicant__unit__in=units)
        if self.office:
            found = found.filter(office=self.office)
        if self.state == OVERDUE:
            return found.overdue(on)
        return found.filter(application__status=self.state) if self.state else found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


@dataclass(frozen=True)
class Options:
    """What a list can be narrowed down to: only what occurs in it. Cohorts and divisions by id, with their names."""

    cohorts: dict[int, str]
    divisions: dict[int, str]
    offices: list[str]
    statuses: list[str]


def options(steps: ReviewStepQuerySet) -> Options:
    about = ("application__cohort", "application__cohort__name")
    division = division_of("application__applicant__unit")
    rows = steps.values_list(*about, *division, "office", "application__status")
    found = list(rows if steps.query.is_sliced else rows.order_by().distinct())
    offices, statuses = {row[4] for row in found}, {row[5] for row in found}
    return Options(
        cohorts={cohort: f"{name} program" for cohort, name, *_ in found},
        divisions={division: name for _, _, division, name, *_ in found if division},
        offices=[office for office in RouteStep.Office.values if office in offices],
        statuses=[status for status in Application.Status.values if status in statuses],
    )


def division_of(to_unit: str) -> tuple[Case, Case]:
    """Id and name of the division somebody belongs to, through the tree that is at most four levels deep."""
    levels = [to_unit, f"{to_unit}__parent", f"{to_unit}__parent__parent"]

    def of(field: str) -> Case:
        kind = OrgUnit.Kind.DIVISION
        return Case(*(When(**{f"{level}__kind": kind}, then=F(f"{level}__{field}")) for level in levels))

    return of("pk"), of("name")
