"""A change to an approved project; it counts once the division director, or who stands in that place, concurs (A14)."""

from datetime import date, datetime

from django.db import models
from django.db.models import Q

from applications.models.assigned import Assigned, AssignedQuerySet
from coaching.models import Cohort, Competency, Participant, RouteStep, SignedText, SignOff, User


class ProjectChangeQuerySet(AssignedQuerySet["ProjectChange"]):
    signed_for = "participant__user"

    def pending(self) -> "ProjectChangeQuerySet":
        """Those to be answered: whose participation has ended changes nothing any more."""
        return self.filter(status=ProjectChange.Status.PENDING, participant__status=Participant.Status.ACTIVE)

    def with_people(self) -> "ProjectChangeQuerySet":
        return self.select_related(
            "participant__user",
            "participant__cohort__program",
            "route_step",
            "signer",
            "holder",
            "unit__head",
            "delegation",
            "acted_by",
            "text",
            "sign_off__on_behalf_of",
            "sign_off__delegation",
            "sign_off__signer",
        )


class ProjectChange(Assigned):
    class Status(models.TextChoices):
        PENDING = "pending", "Waiting for an answer"
        SIGNED = "signed", "Concurred"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Taken back"

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="project_changes")
    route_step = models.ForeignKey(RouteStep, models.PROTECT, related_name="+")
    title = models.CharField("title of the project", max_length=200)
    description = models.TextField()
    expected_outcome = models.TextField()
    measure = models.TextField("how will the outcome be measured?")
    competencies = models.ManyToManyField(
        Competency, related_name="+", verbose_name="competencies the project serves"
    )
    why = models.TextField("why do you want to change it?")
    text = models.ForeignKey(SignedText, models.PROTECT, related_name="project_changes")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    asked_at = models.DateTimeField()
    acted_at = models.DateTimeField(null=True, blank=True)
    acted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    comment = models.TextField(blank=True)
    sign_off = models.ForeignKey(SignOff, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ProjectChangeQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["participant"], condition=Q(status="pending"), name="projectchange_one_pending"
            ),
            models.CheckConstraint(
                condition=Q(status="signed", sign_off__isnull=False)
                | (~Q(status="signed") & Q(sign_off=None)),
                name="projectchange_signed_has_signature",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", acted_at=None, acted_by=None)
                | (~Q(status="pending") & Q(acted_at__isnull=False, acted_by__isnull=False)),
                name="projectchange_acted_is_dated",
            ),
            models.CheckConstraint(
                condition=~Q(status="declined") | ~Q(comment=""), name="projectchange_refusal_has_reason"
            ),
            *Assigned.constraints("projectchange"),
        ]

    def __str__(self) -> str:
        return f"{self.participant}: {self.title}"

    @property
    def signed_for_id(self) -> int:
        return self.participant.user_id

    @property
    def cohort(self) -> Cohort:
        return self.participant.cohort

    @property
    def asked_since(self) -> datetime | None:
        return self.asked_at

    def is_overdue(self, on: date) -> bool:
        return self.status == self.Status.PENDING and self.due_date is not None and self.due_date < on
