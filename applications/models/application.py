"""An application from draft to decision: answers, ratings, the route it takes, and what was decided."""

from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from applications.models.review_step import ReviewStep
from applications.models.status import ApplicationStatus
from coaching import offices, permissions
from coaching.models import (
    Cohort,
    Competency,
    OrgUnit,
    RouteStep,
    SignedText,
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
        no_more = (ReviewStep.Status.SUPERSEDED, ReviewStep.Status.REASSIGNED)
        route = ReviewStep.objects.filter(text=OuterRef("current_text")).exclude(status__in=no_more)
        decider = route.filter(route_step__decides=True).values("signer")[:1]
        others = route.filter(status=ReviewStep.Status.PENDING).exclude(signer=OuterRef("decider"))
        reviewed = Q(status=Application.Status.IN_REVIEW) & Exists(others)
        return self.alias(decider=Subquery(decider)).filter(Q(status=Application.Status.RETURNED) | reviewed)

    def awaiting(self, user: User, *, on: date | None = None) -> Self:
        """Those that this person can act on today, as signer, acting person or delegate (A9)."""
        steps = ReviewStep.objects.current().signable_by(user, on=on or timezone.localdate())
        return self.filter(status=Application.Status.IN_REVIEW, pk__in=steps.values("application"))

    def routed_to(self, user: User, *, on: date | None = None) -> Self:
        """Those that reached this person: as signer, as holder of the post, or as somebody who stands in now.

        A stand-in reads what waits and what they acted on, not what the other signed before. Nobody reads on once it
        was withdrawn, nor whoever had not acted when it was closed: signers read for the selection only (M17).
        """
        own = ReviewStep.objects.reached_by(user)
        to_act = ReviewStep.objects.to_act_on().signable_by(user, on=on or timezone.localdate())
        return self.standing().filter(_of_any(own) | _of_any(to_act)).exclude(applicant=user)

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
                Exists(self.model.objects.routed_to(user, on=today).filter(pk=OuterRef("pk")))
                | ~Q(status=Application.Status.WITHDRAWN) & _of_any(of_division)
                | Q(cohort__in=permissions.office_cohorts(user, on=today).values("pk"))
                | Q(cohort__in=permissions.deputy_cohorts(user, on=today).values("pk"))
            )
        )


def _of_any(steps: "models.QuerySet[ReviewStep]") -> Exists:
    """Applications of these steps, looked up one by one: quick for one, however many steps there are."""
    return Exists(steps.filter(application=OuterRef("pk")))


class Application(models.Model):
    Status = ApplicationStatus

    EDITABLE: ClassVar[tuple[str, ...]] = (Status.DRAFT, Status.RETURNED)
    # F3: until the decision; the waitlist is not one yet.
    WITHDRAWABLE: ClassVar[tuple[str, ...]] = (
        Status.DRAFT,
        Status.IN_REVIEW,
        Status.RETURNED,
        Status.WAITLISTED,
    )
    SMART: ClassVar[tuple[str, ...]] = ("specific", "measurable", "achievable", "realistic", "timely")  # A4
    # Long texts, which a list of many does without.
    ANSWERS: ClassVar[tuple[str, ...]] = (
        *("why", "development", "project_description", "project_outcome", "project_measure"),
        *SMART,
    )

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
    paper_text = models.ForeignKey(
        SignedText,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="The text that the applicant has printed, to sign it on paper.",
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
    # At the end of its term: the answers, and who gave them.
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

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
            models.CheckConstraint(
                condition=Q(paper_text=None) | Q(status__in=["draft", "returned", "withdrawn", "closed"]),
                name="application_paper_until_it_is_sent",
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
        return next(iter(self.review_steps.current().with_signers().in_order()), None)


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
