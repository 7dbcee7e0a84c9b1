"""An application from draft to decision: answers, ratings, the route it takes, and what was decided."""

from datetime import date, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from applications.models.assigned import Assigned, AssignedQuerySet
from coaching import offices, permissions
from coaching.models import (
    Cohort,
    Competency,
    OrgUnit,
    RouteStep,
    SignedText,
    SignOff,
    User,
)


class ApplicationQuerySet(models.QuerySet["Application"]):
    def standing(self) -> Self:
        """Everything that was not withdrawn."""
        return self.exclude(status=Application.Status.WITHDRAWN)

    def submitted(self) -> Self:
        return self.filter(submitted_at__isnull=False)

    def before_decision(self) -> Self:
        """On their way to the deciding office: with the applicant again, or with a signer who is not also the decider."""
        route = ReviewStep.objects.filter(text=OuterRef("current_text")).exclude(
            status=ReviewStep.Status.SUPERSEDED
        )
        decider = route.filter(route_step__decides=True).values("signer")[:1]
        others = route.filter(status=ReviewStep.Status.PENDING).exclude(signer=OuterRef("decider"))
        reviewed = Q(status=Application.Status.IN_REVIEW) & Exists(others)
        return self.annotate(decider=Subquery(decider)).filter(
            Q(status=Application.Status.RETURNED) | reviewed
        )

    def awaiting(self, user: User, *, on: date | None = None) -> Self:
        """Those that this person can act on today, as signer, acting person or delegate (A9)."""
        steps = ReviewStep.objects.current().signable_by(user, on=on or timezone.localdate())
        return self.filter(status=Application.Status.IN_REVIEW, pk__in=steps.values("application"))

    def routed_to(self, user: User, *, on: date | None = None) -> Self:
        """Those that reached this person: as signer, as holder of the post, or as somebody who stands in now.

        A stand-in reads what waits and what they acted on, not what the other signed before. Nobody reads on once it
        was withdrawn, nor whoever had not acted when it was closed: signers read for the selection only (M17).
        """
        reached = ReviewStep.objects.reached().exclude(
            status=ReviewStep.Status.SUPERSEDED, application__status=Application.Status.CLOSED
        )
        own = reached.filter(Q(acted_by=user) | Q(holder=user) | Q(signer=user, delegation=None))
        to_act = ReviewStep.objects.to_act_on().signable_by(user, on=on or timezone.localdate())
        steps = Q(pk__in=own.values("application")) | Q(pk__in=to_act.values("application"))
        return self.standing().filter(steps).exclude(applicant=user)

    def waitlisted_for(self, user: User, *, on: date | None = None) -> Self:
        """Those on the waitlist about which this person can decide today."""
        steps = ReviewStep.objects.on_waitlist().signable_by(user, on=on or timezone.localdate())
        return self.filter(pk__in=steps.values("application"))

    def readable_as_draft(self, user: User) -> Self:
        """Drafts of their own, and those that are shared with them for the talk about the concept (A3)."""
        shared = Q(shares__person=user, shares__ended_at=None)
        return self.filter(Q(applicant=user) | shared, status=Application.Status.DRAFT).distinct()

    def visible_to(self, user: User) -> Self:
        """Own ones; submitted ones that reached them; those of their division (signed), branch or office (F5, T10).

        A withdrawn one is left to the applicant, and to the branch's deputy and office, who keep its register (M17).
        """
        today = timezone.localdate()
        divisions = offices.units_led_by(user, on=today, kind=OrgUnit.Kind.DIVISION)
        of_division = ReviewStep.objects.filter(
            office=RouteStep.Office.DIRECTOR, status=ReviewStep.Status.SIGNED, unit__in=divisions
        )
        return self.filter(
            Q(applicant=user)
            | Q(submitted_at__isnull=False)
            & (
                Q(pk__in=self.model.objects.routed_to(user, on=today).values("pk"))
                | ~Q(status=Application.Status.WITHDRAWN) & Q(pk__in=of_division.values("application"))
                | Q(cohort__in=permissions.office_cohorts(user, on=today).values("pk"))
                | Q(cohort__in=permissions.deputy_cohorts(user, on=today).values("pk"))
            )
        )


class Application(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        RETURNED = "returned", "Returned for changes"
        ACCEPTED = "accepted", "Accepted"
        WAITLISTED = "waitlisted", "Waitlisted"
        NOT_SELECTED = "not_selected", "Not selected"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"
        CLOSED = "closed", "Closed without a decision"

    EDITABLE: ClassVar[tuple[str, ...]] = (Status.DRAFT, Status.RETURNED)
    # F3: until the decision; the waitlist is not one yet.
    WITHDRAWABLE: ClassVar[tuple[str, ...]] = (
        Status.DRAFT,
        Status.IN_REVIEW,
        Status.RETURNED,
        Status.WAITLISTED,
    )
    SMART: ClassVar[tuple[str, ...]] = ("specific", "measurable", "achievable", "realistic", "timely")  # A4

    applicant = models.ForeignKey(User, models.PROTECT, related_name="applications")
    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="applications")
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.DRAFT, editable=False)
    # A1
    why = models.TextField("why do you want to take part?", blank=True)
    development = models.TextField("how will it help your development?", blank=True)
    role_aimed_for = models.CharField(  # F4
        "which leadership role do you aim for?", max_length=200, blank=True
    )
    ultimate_position = models.CharField(
        "which position do you ultimately see yourself in?", max_length=200, blank=True
    )
    # A2
    project_title = models.CharField("title of the project", max_length=200, blank=True)
    project_description = models.TextField("description", blank=True)
    project_outcome = models.TextField("expected outcome", blank=True)
    project_measure = models.TextField("how will the outcome be measured?", blank=True)
    project_competencies = models.ManyToManyField(
        Competency, blank=True, related_name="+", verbose_name="competencies the project serves"
    )
    # A4
    specific = models.TextField("specific", blank=True)
    measurable = models.TextField("measurable", blank=True)
    achievable = models.TextField("achievable", blank=True)
    realistic = models.TextField("realistic", blank=True)
    timely = models.TextField("timely", blank=True)
    # A3
    concept_supervisor_date = models.DateField("discussed with your supervisor on", null=True, blank=True)
    concept_director_date = models.DateField(
        "discussed with your division director on", null=True, blank=True
    )
    # F2, F3, A7: as of the last submission.
    benefits_acknowledged = models.BooleanField(default=False, editable=False)
    voluntary_acknowledged = models.BooleanField(default=False, editable=False)
    commitment_made = models.BooleanField(default=False, editable=False)
    current_text = models.ForeignKey(
        SignedText, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    saved_at = models.DateTimeField(default=timezone.now, editable=False)
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The branch office closed it: it had not reached the deciding office when selection went on.
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    closed_reason = models.TextField(
        "why it was closed", blank=True, editable=False, help_text="The applicant reads it."
    )
    # In which order the branch office asks when a seat becomes free; says nothing about who is better (M17).
    waitlist_place = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = [models.Index(fields=["cohort", "status"], name="application_by_cohort")]
        constraints = [
            models.UniqueConstraint(
                fields=["applicant", "cohort"],
                condition=~Q(status="withdrawn"),
                name="application_once_per_cohort",
            ),
            models.CheckConstraint(
                condition=Q(status="draft", submitted_at=None, current_text=None)
                | Q(status="withdrawn")
                | (
                    ~Q(status__in=["draft", "withdrawn"])
                    & Q(submitted_at__isnull=False, current_text__isnull=False)
                ),
                name="application_submitted_has_its_text",
            ),
            models.CheckConstraint(  # F2, F3, A7
                condition=Q(submitted_at=None)
                | Q(benefits_acknowledged=True, voluntary_acknowledged=True, commitment_made=True),
                name="application_submitted_is_committed",
            ),
            models.CheckConstraint(  # F4, A2, A3; a returned one is being edited
                condition=Q(status__in=["draft", "returned", "withdrawn", "closed"])
                | (
                    ~Q(role_aimed_for="")
                    & ~Q(project_title="")
                    & Q(concept_supervisor_date__isnull=False, concept_director_date__isnull=False)
                ),
                name="application_in_review_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(status="withdrawn", withdrawn_at__isnull=False)
                | (~Q(status="withdrawn") & Q(withdrawn_at=None)),
                name="application_withdrawn_is_dated",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="closed", closed_at__isnull=False, closed_by__isnull=False)
                    & ~Q(closed_reason="")
                )
                | (~Q(status="closed") & Q(closed_at=None, closed_by=None, closed_reason="")),
                name="application_closed_says_why",
            ),
            models.UniqueConstraint(
                fields=["cohort", "waitlist_place"], name="application_one_per_waitlist_place"
            ),
            models.CheckConstraint(
                condition=Q(waitlist_place=None) | Q(status="waitlisted", waitlist_place__gte=1),
                name="application_place_on_waitlist_only",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.applicant}, {self.cohort}"

    @property
    def is_editable(self) -> bool:
        return self.status in self.EDITABLE

    @property
    def can_be_withdrawn(self) -> bool:
        return self.status in self.WITHDRAWABLE

    def route(self) -> "models.QuerySet[ReviewStep]":
        """The signatures the current text needs, in their order."""
        return self.review_steps.current_round().with_people().order_by("position")

    def current_step(self) -> "ReviewStep | None":
        """The step it waits at, or None."""
        waiting = self.review_steps.current()  # nobody has acted on it yet, so there is no signature to fetch
        return waiting.select_related("route_step", "signer", "holder", "unit", "delegation").first()


class Rating(models.Model):
    """Grow, glow or neither: one row a competency, so nobody grows and glows in the same (A6)."""

    class Kind(models.TextChoices):
        GROW = "grow", "Grow"
        GLOW = "glow", "Glow"
        NEITHER = "neither", "Neither"

    application = models.ForeignKey(Application, models.CASCADE, related_name="ratings")
    competency = models.ForeignKey(Competency, models.PROTECT, related_name="+")
    rating = models.CharField(
        max_length=10,
        choices=Kind.choices,
        blank=True,
        help_text="Empty: a sentence is begun, the choice is open.",
    )
    sentence = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("competency__position",)
        constraints = [
            models.UniqueConstraint(fields=["application", "competency"], name="rating_one_per_competency"),
            models.CheckConstraint(
                condition=Q(rating__in=["grow", "glow", "neither"]) | Q(rating="") & ~Q(sentence=""),
                name="rating_is_one_of_three",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_rating_display() or 'Open'}: {self.competency}"


class ReviewStepQuerySet(AssignedQuerySet["ReviewStep"]):
    signed_for = "application__applicant"

    def current(self) -> Self:
        """Where applications wait now."""
        return self.filter(status=ReviewStep.Status.PENDING, since_at__isnull=False)

    def on_waitlist(self) -> Self:
        """The deciding steps of waitlisted applications: signed, and open to another decision."""
        return self.current_round().filter(
            application__status=Application.Status.WAITLISTED, route_step__decides=True
        )

    def overdue(self, on: date) -> Self:
        """Where somebody was asked to act before that day; ReviewStep.is_overdue says the same of one."""
        days = Cast("route_step__days_to_sign", models.IntegerField())
        time_to_sign = ExpressionWrapper(days * Value(timedelta(days=1)), models.DurationField())
        due = ExpressionWrapper(TruncDate("since_at") + time_to_sign, models.DateTimeField())
        return (
            self.filter(status=ReviewStep.Status.PENDING)
            .alias(due=Cast(due, models.DateField()))
            .filter(due__lt=on)
        )

    def to_settle(self) -> Self:
        """What is still to be signed of applications in review, and the deciding steps of those on the waitlist."""
        pending = self.current_round().filter(
            application__status=Application.Status.IN_REVIEW, status=ReviewStep.Status.PENDING
        )
        return pending | self.on_waitlist()

    def to_act_on(self) -> Self:
        return self.current() | self.on_waitlist()

    def reached(self) -> Self:
        """Those whose turn has come, now or earlier."""
        return self.filter(since_at__isnull=False)

    def of(self, user: User) -> Self:
        """Those that name this person: as signer, as holder of the post, or as who acted."""
        return self.filter(Q(signer=user) | Q(holder=user) | Q(acted_by=user))

    def current_round(self) -> Self:
        """Steps over the text that stands: a changed text has a route of its own."""
        return self.filter(text=F("application__current_text"))

    def with_people(self) -> Self:
        return self.select_related(
            "route_step", "signer", "holder", "acted_by", "unit", "delegation", "sign_off__on_behalf_of"
        )


class ReviewStep(Assigned):
    """One signature on the way of one submitted text; who signs is fixed at submission (A9)."""

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting"
        SIGNED = "signed", "Signed"
        RETURNED = "returned", "Returned"
        DECLINED = "declined", "Declined"
        SUPERSEDED = "superseded", "No longer needed"

    application = models.ForeignKey(Application, models.CASCADE, related_name="review_steps")
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
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    since_at = models.DateTimeField("waiting since", null=True, blank=True)
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
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["text", "position"],
                condition=~Q(status="superseded"),
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
                condition=(Q(status__in=["pending", "superseded"], acted_at=None, acted_by=None))
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
            *Assigned.constraints("reviewstep"),
        ]

    def __str__(self) -> str:
        return f"{self.route_step.title}: {self.signer}"

    @property
    def signed_for_id(self) -> int:
        return self.application.applicant_id

    @property
    def due_date(self) -> date | None:
        if self.since_at is None:
            return None
        return timezone.localdate(self.since_at) + timedelta(days=self.route_step.days_to_sign)

    def is_overdue(self, on: date) -> bool:
        return self.status == self.Status.PENDING and self.due_date is not None and self.due_date < on
