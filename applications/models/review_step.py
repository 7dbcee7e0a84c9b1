"""The steps of an application's way: who is to sign, in what order, and what they did."""

from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Self

from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.db.models.functions import Cast, TruncDate

from applications.models.assigned import Assigned, AssignedQuerySet
from applications.models.status import ApplicationStatus
from coaching.models import Cohort, RouteStep, SignedText, SignOff, User


class ReviewStepQuerySet(AssignedQuerySet["ReviewStep"]):
    signed_for = "application__applicant"

    def current(self) -> Self:
        """Where applications wait now."""
        return self.filter(status=ReviewStep.Status.PENDING, since_at__isnull=False)

    def on_waitlist(self) -> Self:
        """The deciding steps of waitlisted applications: signed, and open to another decision."""
        return self.current_round().filter(
            application__status=ApplicationStatus.WAITLISTED, route_step__decides=True
        )

    def with_due(self) -> Self:
        """`due`: the day by which it is to be signed; ReviewStep.due_date says the same of one."""
        days = Cast("route_step__days_to_sign", models.IntegerField())
        time_to_sign = ExpressionWrapper(days * Value(timedelta(days=1)), models.DurationField())
        due = ExpressionWrapper(TruncDate("since_at") + time_to_sign, models.DateTimeField())
        return self.alias(due=Cast(due, models.DateField()))

    def overdue(self, on: date) -> Self:
        """Where somebody was asked to act before that day; ReviewStep.is_overdue says the same of one."""
        return self.with_due().filter(status=ReviewStep.Status.PENDING, due__lt=on)

    def to_settle(self) -> Self:
        """What is still to be signed of applications in review, and the deciding steps of those on the waitlist."""
        pending = self.current_round().filter(
            application__status=ApplicationStatus.IN_REVIEW, status=ReviewStep.Status.PENDING
        )
        return pending | self.on_waitlist()

    def to_act_on(self) -> Self:
        return self.current() | self.on_waitlist()

    def reached(self) -> Self:
        """Those whose turn has come, now or earlier, and that were neither given to somebody else nor closed."""
        closed = Q(status=ReviewStep.Status.SUPERSEDED, application__status=ApplicationStatus.CLOSED)
        given_away = Q(status=ReviewStep.Status.REASSIGNED)
        return self.filter(since_at__isnull=False).exclude(closed | given_away)

    def reached_by(self, user: User) -> Self:
        """Those that reached this person themselves: as who acted, as signer, or as holder of a post others act in."""
        held = Q(holder=user, delegation__isnull=False)  # not whoever it was taken from
        return self.reached().filter(Q(acted_by=user) | held | Q(signer=user, delegation=None))

    def of(self, user: User) -> Self:
        """Those that name this person: as signer, as holder of the post, or as who acted."""
        return self.filter(Q(signer=user) | Q(holder=user) | Q(acted_by=user))

    def current_round(self) -> Self:
        """Steps over the text that stands: a changed text has a route of its own."""
        standing = self.exclude(status=ReviewStep.Status.REASSIGNED)
        return standing.filter(text=F("application__current_text"))

    def in_order(self) -> "list[ReviewStep]":
        """Sorted here: beside a hundred columns, Django takes longer to write an ORDER BY than all the rest."""
        return sorted(self.order_by(), key=attrgetter("position"))

    def with_signers(self) -> Self:
        """For steps on which nobody has acted yet, so that there is no signature to fetch."""
        return self.select_related("route_step", "unit", "signer", "holder", "delegation", "replaces__signer")

    def with_people(self) -> Self:
        return self.select_related(
            "route_step",
            "signer",
            "holder",
            "acted_by",
            "unit__head",
            "delegation",
            "replaces__signer",
            "sign_off__on_behalf_of",
            "sign_off__attested_by",
        )


class ReviewStep(Assigned):
    """One signature on the way of one submitted text; who signs is fixed at submission (A9)."""

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting"
        SIGNED = "signed", "Signed"
        RETURNED = "returned", "Returned"
        DECLINED = "declined", "Declined"
        SUPERSEDED = "superseded", "No longer needed"
        REASSIGNED = "reassigned", "Given to somebody else"

    application = models.ForeignKey("applications.Application", models.CASCADE, related_name="review_steps")
    text = models.ForeignKey(SignedText, models.PROTECT, related_name="review_steps")
    route_step = models.ForeignKey(RouteStep, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    office = models.CharField(max_length=20, choices=RouteStep.Office.choices)
    assigned_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: the route, at submission.",
    )
    assigned_at = models.DateTimeField(null=True, blank=True)
    replaces = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        help_text="The row that named somebody else for this step.",
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    since_at = models.DateTimeField("waiting since", null=True, blank=True)
    paper_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="Whoever it waits on prefers to sign on paper."
    )
    acted_at = models.DateTimeField(null=True, blank=True)
    acted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    comment = models.TextField(blank=True, help_text="For a return or decline; the applicant reads it.")
    concept_date = models.DateField(
        "concept discussed on",
        null=True,
        blank=True,
        help_text="As this signer confirms or corrects it (A3).",
    )
    sign_off = models.ForeignKey(SignOff, models.PROTECT, null=True, blank=True, related_name="review_steps")

    objects = ReviewStepQuerySet.as_manager()

    class Meta:
        ordering = ("application", "text", "position")
        indexes = [
            models.Index(fields=["signer", "status"], name="reviewstep_by_signer"),
            models.Index(fields=["since_at"], condition=Q(status="pending"), name="reviewstep_waiting"),
            models.Index(fields=["acted_by", "-acted_at", "-id"], name="reviewstep_by_who_acted"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["text", "position"],
                condition=~Q(status__in=["superseded", "reassigned"]),
                name="reviewstep_one_per_position",
            ),
            models.UniqueConstraint(  # A9: one place at a time
                fields=["application"],
                condition=Q(status="pending", since_at__isnull=False),
                name="reviewstep_one_current",
            ),
            models.CheckConstraint(
                condition=Q(status="signed", sign_off__isnull=False)
                | (~Q(status="signed") & Q(sign_off=None)),
                name="reviewstep_signed_has_signature",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status__in=["pending", "superseded", "reassigned"], acted_at=None, acted_by=None)
                )
                | (
                    Q(status__in=["signed", "returned", "declined"])
                    & Q(since_at__isnull=False, acted_at__isnull=False, acted_by__isnull=False)
                ),
                name="reviewstep_acted_is_dated",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["returned", "declined"]) | ~Q(comment=""),
                name="reviewstep_refusal_has_reason",
            ),
            models.CheckConstraint(  # A3
                condition=~Q(status="signed", office__in=["supervisor", "director"])
                | Q(concept_date__isnull=False),
                name="reviewstep_confirms_concept",
            ),
            models.CheckConstraint(
                condition=Q(replaces=None, assigned_by=None, assigned_at=None)
                | (
                    Q(replaces__isnull=False, assigned_by__isnull=False, assigned_at__isnull=False)
                    & Q(delegation=None)
                    & ~Q(reason="")
                ),
                name="reviewstep_reassigned_says_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=Q(paper_asked_at=None) | Q(since_at__isnull=False),
                name="reviewstep_paper_once_it_waits",
            ),
            *Assigned.constraints("reviewstep", or_else=Q(replaces__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.route_step.title}: {self.signer}"

    @property
    def signed_for_id(self) -> int:
        return self.application.applicant_id

    @property
    def cohort(self) -> Cohort:
        return self.application.cohort

    @property
    def asked_since(self) -> datetime | None:
        return self.since_at

    @property
    def is_current(self) -> bool:
        """Of a step of the text that stands: whether the application waits there."""
        return self.status == self.Status.PENDING and self.since_at is not None

    def is_overdue(self, on: date) -> bool:
        return self.status == self.Status.PENDING and self.due_date is not None and self.due_date < on
