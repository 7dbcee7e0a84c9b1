"""Since when the branch office knows that somebody's certificate is in danger. What is in danger is computed, never kept."""

from django.db import models
from django.db.models import Q

from coaching.models import Cohort, Participant


class Finding(models.Model):
    """One thing the branch office was told about one participant; deleted as soon as it is no longer so."""

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="findings")
    key = models.CharField(max_length=60)  # standing.Reason.key
    told_date = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "key"], name="finding_once"),
            models.CheckConstraint(condition=~Q(key=""), name="finding_says_what"),
        ]

    def __str__(self) -> str:
        return f"Finding {self.pk}"


class Look(models.Model):
    """When a cohort was last gone through for what is in danger."""

    cohort = models.OneToOneField(Cohort, models.CASCADE, related_name="look")
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Look {self.pk}"
