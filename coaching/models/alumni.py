"""The network of those who completed a program (C6)."""

from django.db import models
from django.utils import timezone

from coaching.models.people import User
from coaching.models.programs import Competency


class AlumniEntry(models.Model):
    """What somebody who completed a program lets the others find; there is none of whoever has not agreed to it."""

    user = models.OneToOneField(User, models.CASCADE, related_name="alumni_entry")
    role = models.CharField(max_length=200)
    competencies = models.ManyToManyField(Competency, blank=True)
    about = models.CharField(max_length=500, blank=True)
    listed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "alumni entries"
        ordering = ("user__name", "pk")
        constraints = [models.CheckConstraint(condition=~models.Q(role=""), name="alumnientry_has_a_role")]

    def __str__(self) -> str:
        return self.user.name
