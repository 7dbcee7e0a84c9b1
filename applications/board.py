"""The selection board: all applications of a cohort side by side, in the order of names, never of merit (A10, M17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.core.paginator import Page, Paginator
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import Http404, QueryDict
from django.utils import timezone

from applications import releasing, routing, waitlist
from applications.models import (
    Application,
    ApplicationQuerySet,
    Choice,
    Decision,
    Outcome,
    Recommendation,
    ReviewStep,
    SeatOffer,
)
from applications.passages import Passages, passages_of
from applications.routing import Settled
from applications.waiting import division_of
from coaching import permissions
from coaching.counting import NumberOf
from coaching.models import Cohort, OrgUnit, Participant, User
from coaching.typed import number_of

PAGE_SIZE = 50
Status = Application.Status
OPEN = (Status.IN_REVIEW, Status.RETURNED, Status.WAITLISTED)
ON_BOARD = (*OPEN, Status.ACCEPTED, Status.NOT_SELECTED)

TO_MAKE, MADE, RELEASED = "open", "made", "released"
CHOICES = [(TO_MAKE, "Not chosen yet"), (MADE, "Chosen, not released"), (RELEASED, "Decided")]
DECIDER, SIGNER, APPLICANT, WAITLIST = "decider", "signer", "applicant", "waitlist"
PLACES = [
    (DECIDER, "The deciding office"),
    (SIGNER, "A signer before it"),
    (APPLICANT, "The applicant, to change it"),
    (WAITLIST, "On the waitlist"),
]
BY_DIVISION = "division"
ORDERS = [("", "Names"), (BY_DIVISION, "Divisions, then names")]


@dataclass(frozen=True)
class Seats:
    total: int
    taken: int
    chosen: int
    left_again: int  # accepted, and no longer taking part: their seats are free

    @property
    def left(self) -> int:
        return self.total - self.taken - self.chosen

    def in_words(self) -> str:
        """ "12 seats: 5 taken, 6 chosen to be accepted, 1 free. 2 more were accepted and have left again."."""
        rest = f"{self.left} free" if self.left >= 0 else f"{-self.left} too many"
        said = f"{self.total} seats: {self.taken} taken, {self.chosen} chosen to be accepted, {rest}"
        if not self.left_again:
            return said
        gone = "was accepted and has" if self.left_again == 1 else "were accepted and have"
        return f"{said}. {self.left_again} more {gone} left again."


@dataclass(frozen=True)
class Desk:
    """A cohort's selection as one person may see it: as the branch office, the deciding office, or both."""

    cohort: Cohort
    user: User
    office: bool
    leads: bool  # the branch
    decides: bool  # about all that wait for a decision, or in the deputy's place about some
    seats: Seats
    number: int  # of applications on the board
    to_release: int

    def applications(self) -> ApplicationQuerySet:
        rows = _on_board(self.cohort.pk, self.user)
        return rows if self.office or self.leads else rows.filter(pk__in=_decided_by(self.user))


def _on_board(cohort_id: int, user: User) -> ApplicationQuerySet:
    """Never one's own (A9, T10)."""
    return Application.objects.filter(cohort=cohort_id, status__in=ON_BOARD).exclude(applicant=user)


def _decided_by(user: User, *, on: date | None = None) -> QuerySet:
    """Ids of the applications whose deciding step is this person's, also without leading the branch (A9)."""
    steps = ReviewStep.objects.current_round().filter(route_step__decides=True)
    steps = steps.exclude(status=ReviewStep.Status.SUPERSEDED)
    return steps.signable_by(user, on=on or timezone.localdate()).values("application")


def desk_of(user: User, cohort_id: int, *, on: date) -> Desk:
    """What this person may see of a cohort's selection. Raises Http404 where that is nothing."""
    board = _on_board(cohort_id, user)
    choices = Choice.objects.filter(application__in=board)
    participants = Participant.objects.filter(cohort=cohort_id)
    gone = participants.filter(status=Participant.Status.LEFT)
    own = Application.objects.filter(cohort=OuterRef("pk"), status__in=ON_BOARD).exclude(applicant=user)
    cohort = (
        Cohort.objects.filter(pk=cohort_id)
        .select_related("branch", "program")
        .annotate(
            is_office=Exists(permissions.office_cohorts(user, on=on).filter(pk=OuterRef("pk"))),
            is_lead=Exists(permissions.deputy_cohorts(user, on=on).filter(pk=OuterRef("pk"))),
            is_decider=Exists(own.filter(pk__in=_decided_by(user, on=on))),
            taken=NumberOf(participants.exclude(status=Participant.Status.LEFT)),
            left_again=NumberOf(gone),
            chosen=NumberOf(choices.filter(_HOLDS, outcome=Outcome.ACCEPTED)),
            to_release=NumberOf(choices),
            number=NumberOf(board),
        )
        .first()
    )
    if cohort is None or not (cohort.is_office or cohort.is_lead or cohort.is_decider):
        raise Http404
    return Desk(
        cohort=cohort,
        user=user,
        office=cohort.is_office,
        leads=cohort.is_lead,
        decides=cohort.is_lead or cohort.is_decider,
        seats=Seats(cohort.seats, cohort.taken, cohort.chosen, cohort.left_again),
        number=cohort.number,
        to_release=cohort.to_release,
    )


@dataclass(frozen=True)
class Narrowed:
    """What of the board is asked for; empty values ask for everything."""

    division: str = ""
    choice: str = ""
    place: str = ""
    order: str = ""

    @classmethod
    def by(cls, query: QueryDict) -> "Narrowed":
        return cls(*(query.get(name, "") for name in ("division", "choice", "place", "order")))

    def __bool__(self) -> bool:
        return bool(self.division or self.choice or self.place)

    def of(self, rows: ApplicationQuerySet, cohort: Cohort) -> ApplicationQuerySet:
        found = rows.filter(_CHOSEN.get(self.choice, Q()))
        if division := number_of(self.division):
            units = OrgUnit.objects.under(OrgUnit(pk=division))
            found = found.filter(applicant__unit__in=units)
        found = self._at(found, cohort)
        if self.order == BY_DIVISION:
            _, name = division_of("applicant__unit")
            return found.alias(division=name).order_by("division", "applicant__name", "pk")
        return found.order_by("applicant__name", "pk")

    def _at(self, rows: ApplicationQuerySet, cohort: Cohort) -> ApplicationQuerySet:
        before = Application.objects.filter(cohort=cohort).before_decision().values("pk")
        in_review = rows.filter(status=Status.IN_REVIEW)
        if self.place == DECIDER:
            return in_review.exclude(pk__in=before)
        if self.place == SIGNER:
            return in_review.filter(pk__in=before)
        status = {APPLICANT: Status.RETURNED, WAITLIST: Status.WAITLISTED}.get(self.place)
        return rows.filter(status=status) if status else rows


_HOLDS = Q(text=F("application__current_text"), application__status__in=(Status.IN_REVIEW, Status.WAITLISTED))
_CHOSEN = {
    TO_MAKE: Q(status__in=OPEN) & (Q(choice=None) | ~Q(choice__text=F("current_text"))),
    MADE: Q(choice__isnull=False),
    RELEASED: Q(status__in=(Status.ACCEPTED, Status.NOT_SELECTED)),
}


@dataclass(frozen=True)
class Row:
    application: Application
    passages: Passages
    waiting: ReviewStep | None
    recommendation: Recommendation | None
    choice: Choice | None
    stale: str  # why the choice cannot be released any more
    decision: Decision | None
    asked: SeatOffer | None  # the last time, whether they want a seat that became free
    settled: Settled  # what this person settles by signing or deciding now
    to_recommend: bool

    @property
    def to_choose(self) -> bool:
        return routing.decides(self.settled)

    @property
    def to_sign(self) -> str:
        """In which capacity this person signs before anybody can choose; empty: they need not."""
        return "" if self.to_choose or not self.settled else routing.capacity(*self.settled[0])


def page_of(desk: Desk, narrowed: Narrowed, number: str | None, *, on: date) -> tuple[Page, list[Row]]:
    """One page of the board, in a constant number of queries."""
    paginator = Paginator(with_all(narrowed.of(desk.applications(), desk.cohort)), PAGE_SIZE)
    if not narrowed and (desk.office or desk.leads):
        paginator.count = desk.number
    page = paginator.get_page(number)
    return page, rows_of(desk, list(page.object_list), on=on)


def with_all(applications: ApplicationQuerySet) -> ApplicationQuerySet:
    """Each with everything a row shows."""
    related = (
        "applicant__unit__parent__parent",
        "applicant__classification",
        "current_text",
        "recommendation__recommended_by",
        "choice__chosen_by",
    )
    return applications.select_related(*related).prefetch_related("decisions", "seat_offers")


def rows_of(desk: Desk, applications: list[Application], *, on: date) -> list[Row]:
    steps = list(routing.steps_of(applications)) if applications else []
    at = {
        step.application_id: step
        for step in steps
        if step.status == ReviewStep.Status.PENDING and step.since_at
    }
    mine = routing.all_to_settle(steps, desk.user, on=on) if desk.decides else {}
    return [
        Row(
            application=each,
            passages=passages_of(each.current_text.text),  # type: ignore[union-attr]
            waiting=at.get(each.pk),
            recommendation=getattr(each, "recommendation", None),
            choice=(choice := getattr(each, "choice", None)),
            stale=releasing.why_stale(choice) if choice else "",
            decision=list(each.decisions.all())[-1] if each.decisions.all() else None,
            asked=waitlist.entry_of(each).asked if each.status == Status.WAITLISTED else None,
            settled=mine.get(each.pk, []),
            to_recommend=desk.office and each.status in (Status.IN_REVIEW, Status.WAITLISTED),
        )
        for each in applications
    ]


def promised(desk: Desk, beside: Sequence[Application] = ()) -> waitlist.Promised | None:
    """Whose seat would be given away by accepting these beside what is chosen; None: nobody was asked.

    Who decides about the deputy's own application, and about nothing else there, hears of nobody (A9, M17).
    """
    if not desk.leads:
        return None
    more = [each for each in beside if not _chosen_in(each)]
    left = max(0, desk.seats.left - len(more))
    return waitlist.promised(desk.cohort, left=left, beside=beside, without=desk.user)


def _chosen_in(application: Application) -> bool:
    choice = getattr(application, "choice", None)
    return choice is not None and choice.outcome == Outcome.ACCEPTED and not releasing.why_stale(choice)


def divisions_of(cohort: Cohort) -> list[tuple[int, str]]:
    """The divisions of the branch, to narrow the board down to one."""
    divisions = OrgUnit.objects.under(cohort.branch).filter(kind=OrgUnit.Kind.DIVISION)
    return list(divisions.order_by("name").values_list("pk", "name"))
