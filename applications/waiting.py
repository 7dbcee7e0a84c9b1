"""What waits on a person, and what they have acted on: the lists behind the approvals page."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Case, F, Max, Q, QuerySet, Value, When
from django.http import QueryDict

from applications.models import Application, ApplicationQuerySet, ProjectChange, ReviewStep
from applications.models.review_step import ReviewStepQuerySet
from coaching.counting import NumberOf
from coaching.models import OrgUnit, Participant, RouteStep, User


def steps_waiting(user: User, *, on: date) -> ReviewStepQuerySet:
    """Where applications wait for this person's act that day, the oldest first (A9)."""
    steps = ReviewStep.objects.current().filter(application__status=Application.Status.IN_REVIEW)
    return steps.signable_by(user, on=on).order_by("since_at", "pk")


def changes_waiting(user: User, *, on: date) -> "QuerySet[ProjectChange]":
    """Changes of approved projects that wait on this person (A14)."""
    pending = ProjectChange.objects.pending().filter(participant__status=Participant.Status.ACTIVE)
    return pending.signable_by(user, on=on).with_people().order_by("asked_at", "pk")


def acted_on(user: User) -> ApplicationQuerySet:
    """What this person signed, returned, declined or decided, the latest first; not what was withdrawn (M17)."""
    acted = Application.objects.standing().filter(review_steps__acted_by=user)
    return acted.annotate(acted_at=Max("review_steps__acted_at")).order_by("-acted_at", "-pk")


@dataclass(frozen=True)
class Numbers:
    waiting: int
    overdue: int
    changes: int
    waitlisted: int
    acted_on: int


def numbers(user: User, *, on: date) -> Numbers:
    """What each list of this person holds, in one query."""
    waiting = steps_waiting(user, on=on)
    asked = User.objects.filter(pk=user.pk).values(
        waiting=NumberOf(waiting),
        overdue=NumberOf(waiting.overdue(on)),
        changes=NumberOf(changes_waiting(user, on=on)),
        waitlisted=NumberOf(Application.objects.waitlisted_for(user, on=on)),
        acted_on=NumberOf(acted_on(user)),
    )
    return Numbers(**asked.get())


OVERDUE = "overdue"


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
        found = steps.filter(self._about("application__"))
        if self.office:
            found = found.filter(office=self.office)
        return found.overdue(on) if self.state == OVERDUE else found

    def applications(self, applications: ApplicationQuerySet) -> ApplicationQuerySet:
        found = applications.filter(self._about(""))
        return found.filter(status=self.state) if self.state else found

    def _about(self, to_application: str) -> Q:
        wanted = Q()
        if self.words:
            wanted &= Q(**{f"{to_application}applicant__name__icontains": self.words}) | Q(
                **{f"{to_application}project_title__icontains": self.words}
            )
        if self.cohort:
            wanted &= Q(**{f"{to_application}cohort": self.cohort})
        if self.division:
            units = OrgUnit.objects.under(OrgUnit(pk=self.division))
            wanted &= Q(**{f"{to_application}applicant__unit__in": units})
        return wanted


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


@dataclass(frozen=True)
class Options:
    """What a list can be narrowed down to: only what occurs in it. Cohorts and divisions by id, with their names."""

    cohorts: dict[int, str]
    divisions: dict[int, str]
    offices: list[str]
    statuses: list[str]


def options_of_steps(steps: ReviewStepQuerySet) -> Options:
    about = ("application__cohort", "application__cohort__name")
    return _options(
        steps.order_by().values_list(*about, *_division("application__applicant__unit"), "office", Value(""))
    )


def options_of_applications(applications: ApplicationQuerySet) -> Options:
    rows = applications.order_by().values_list(
        "cohort", "cohort__name", *_division("applicant__unit"), Value(""), "status"
    )
    return _options(rows)


def _division(to_unit: str) -> tuple[Case, Case]:
    """Id and name of the division somebody belongs to, through the tree that is at most four levels deep."""
    levels = [to_unit, f"{to_unit}__parent", f"{to_unit}__parent__parent"]

    def of(field: str) -> Case:
        return Case(
            *(
                When(**{f"{level}__kind": OrgUnit.Kind.DIVISION}, then=F(f"{level}__{field}"))
                for level in levels
            )
        )

    return of("pk"), of("name")


def _options(rows: QuerySet) -> Options:
    found = list(rows.distinct())
    return Options(
        cohorts={cohort: f"{name} program" for cohort, name, *_ in found},
        divisions={division: name for _, _, division, name, *_ in found if division},
        offices=[office for office in RouteStep.Office.values if office in {row[4] for row in found}],
        statuses=[status for status in Application.Status.values if status in {row[5] for row in found}],
    )
