"""What waits on a person, and what they have acted on: the lists behind the approvals page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.http import QueryDict
from django.utils import timezone

from applications import routing
from applications.models import Application, Choice, ProjectChange, ReviewStep
from applications.models.review_step import ReviewStepQuerySet
from applications.models.selection import Outcome
from coaching import offices
from coaching.counting import NumberOf
from coaching.models import OrgUnit, RouteStep, User
from coaching.typed import number_of

OVERDUE = "overdue"
PAGE_SIZE = 25
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
    """What each list of a person holds, beside what waits."""

    changes: int
    waitlisted: int
    acted_on: int


def _numbers(user: User, on: date) -> QuerySet:
    return User.objects.filter(pk=user.pk).values(
        changes=NumberOf(changes_waiting(user, on=on)),
        waitlisted=NumberOf(on_waitlist(user, on=on)),
        acted_on=NumberOf(acted_on(user)[:LONGEST]),
    )


_NUMBERS = offices.PreparedForStandIns(_numbers)


def numbers(user: User, *, on: date) -> Numbers:
    """In one query."""
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
            cohort=number_of(query.get("cohort")) or None,
            division=number_of(query.get("division")) or None,
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


Rows = Iterable[dict[str, Any]]  # by name


@dataclass(frozen=True)
class Options:
    """What occurs in a list, and how much: what it can be narrowed down to.

    Cohorts and divisions by id, with their names.
    """

    number: int
    overdue: int
    cohorts: dict[int, str]
    divisions: dict[int, str]
    offices: list[str]
    statuses: list[str]

    @classmethod
    def among(cls, rows: Rows) -> Self:
        found = list(rows)
        offices, statuses = ({row[name] for row in found} for name in ("office", "state"))
        return cls(
            number=sum(row.get("number", 1) for row in found),
            overdue=sum(row.get("overdue", 0) for row in found),
            cohorts={row["cohort_id"]: f"{row['program']} program" for row in found},
            divisions={row["division_id"]: row["division"] for row in found if row["division_id"]},
            offices=[office for office in RouteStep.Office.values if office in offices],
            statuses=[status for status in Application.Status.values if status in statuses],
        )


def what_occurs(steps: ReviewStepQuerySet) -> "QuerySet[ReviewStep, Any]":
    """What occurs among these steps."""
    pk, name = division_of("application__applicant__unit")
    return steps.values(
        "office",
        cohort_id=F("application__cohort_id"),
        program=F("application__cohort__name"),
        division_id=pk,
        division=name,
        state=F("application__status"),
    )


def _occurring(user: User, on: date) -> QuerySet:
    """What occurs in all that waits, each once, and how often."""
    steps = what_occurs(steps_waiting(user, on=on).with_due().order_by())
    return steps.annotate(number=Count("pk"), overdue=Count("pk", filter=Q(due__lt=on)))


@dataclass(frozen=True)
class Waiting:
    """What the list shows of an application that waits; `chosen`: the outcome the deputy would release."""

    step_id: int
    text_id: int
    application_id: int
    cohort_id: int
    applicant: str
    division: str
    program: str
    post: str
    for_whom: str
    since_date: date
    due_date: date
    decides: bool
    chosen: str

    @classmethod
    def for_(cls, user: User, row: dict[str, Any]) -> Self:
        since = timezone.localdate(row["since_at"])
        return cls(
            step_id=row["pk"],
            text_id=row["text_id"],
            application_id=row["application_id"],
            cohort_id=row["cohort_id"],
            applicant=row["applicant"],
            division=row["division"] or "",
            program=f"{row['program']} program",
            post=routing.post_named(row["office"], row["title"], row["post_kind"], row["post_name"]),
            for_whom=(row["signer_name"] if row["signer_id"] != user.pk else row["holder_name"]) or "",
            since_date=since,
            due_date=since + timedelta(days=row["days_to_sign"]),
            decides=row["decides"],
            chosen=Outcome(row["outcome"]).label.lower() if row["decides"] and row["outcome"] else "",
        )


def shown(steps: ReviewStepQuerySet) -> "QuerySet[ReviewStep, Any]":
    """The rows that Waiting is made of.

    By subqueries what is fetched for the few that a page shows: with each table that is joined, the database takes longer
    to plan than to answer.
    """
    division = User.objects.values(name_of_division=division_of("unit")[1])
    choice = Choice.objects.filter(application=OuterRef("application"), text=OuterRef("text"))
    return steps.values(
        "pk",
        "text_id",
        "application_id",
        "office",
        "since_at",
        "signer_id",
        cohort_id=F("application__cohort_id"),
        applicant=F("application__applicant__name"),
        division=_of("application__applicant", division),
        program=F("application__cohort__name"),
        title=F("route_step__title"),
        days_to_sign=F("route_step__days_to_sign"),
        decides=F("route_step__decides"),
        post_kind=F("unit__kind"),
        post_name=F("unit__name"),
        signer_name=_of("signer", User.objects.values("name")),
        holder_name=_of("holder", User.objects.values("name")),
        outcome=Subquery(choice.values("outcome")),
    )


def _of(field: str, value: "QuerySet[Any, Any]") -> Subquery:
    return Subquery(value.filter(pk=OuterRef(field)).order_by())


_OCCURRING = offices.PreparedForStandIns(_occurring)
_FIRST_PAGE = offices.PreparedForStandIns(lambda user, on: shown(steps_waiting(user, on=on))[:PAGE_SIZE])


def all_options(user: User, *, on: date) -> Options:
    """Of all that waits on this person."""
    return Options.among(_OCCURRING.rows(user, on=on))


def first_page(user: User, *, on: date) -> list[dict[str, Any]]:
    """Of all that waits on this person, what most of them look at."""
    return _FIRST_PAGE.rows(user, on=on)


def division_of(to_unit: str) -> tuple[Case, Case]:
    """Id and name of the division somebody belongs to, through the tree that is at most four levels deep."""
    levels = [to_unit, f"{to_unit}__parent", f"{to_unit}__parent__parent"]

    def of(field: str) -> Case:
        kind = OrgUnit.Kind.DIVISION
        return Case(*(When(**{f"{level}__kind": kind}, then=F(f"{level}__{field}")) for level in levels))

    return of("pk"), of("name")
