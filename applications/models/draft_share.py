"""Whom an applicant lets read a draft, for the talk about the project concept (A3)."""

from typing import Self

from django.db import models
from django.db.models import F, Q

from applications.models.application import Application
from coaching.models import User


class DraftShareQuerySet(models.QuerySet["DraftShare"]):
    def open(self) -> Self:
        """Those that show something now: not stopped, and the draft is still one."""
        return self.filter(ended_at=None, application__status=Application.Status.DRAFT)


class DraftShare(models.Model):
    application = models.ForeignKey(Application, models.CASCADE, related_name="shares")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    shared_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DraftShareQuerySet.as_manager()

    class Meta:
        ordering = ("shared_at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "person"],
                condition=Q(ended_at=None),
                name="draftshare_once_per_person",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("shared_at")),
                name="draftshare_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application}, read by {self.person}"
