"""What a participant writes about their own project, for the readers they choose: encrypted, in no admin (C4, C7, C8)."""

from django.db import models
from django.db.models import Q

from coaching.models import Participant


class ProjectText(models.Model):
    """One text. The project itself, as it was approved, is `coaching.models.Goal` (A14)."""

    class Kind(models.TextChoices):
        MILESTONE = "milestone", "Milestone"
        OUTCOME = "outcome", "Outcome"  # C4
        UPDATE = "update", "Update"  # C7

    class Audience(models.TextChoices):
        SELF = "self", "only you"
        TEAM = "team", "your team"
        SUPERVISOR = "supervisor", "your team and your supervisor"
        PROGRAM = "program", "your team, your supervisor, your division director and the branch deputy"

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="project_texts")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.TEAM)
    ciphertext = models.BinaryField()
    due_date = models.DateField(null=True)
    done_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("due_date", "-written_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["participant"], condition=Q(kind="outcome"), name="projecttext_one_outcome"
            ),
            models.CheckConstraint(
                condition=Q(kind="milestone", due_date__isnull=False)
                | (~Q(kind="milestone") & Q(due_date=None, done_at=None)),
                name="projecttext_milestones_are_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"Project text {self.pk}"


class SelfRating(models.Model):
    """How a participant sees themself in the six competencies at one moment of the program; nobody else reads it."""

    class Moment(models.TextChoices):
        START = "start", "At the start"
        MIDDLE = "middle", "In the middle"
        END = "end", "At the end"

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="self_ratings")
    moment = models.CharField(max_length=6, choices=Moment.choices)
    ciphertext = models.BinaryField()
    rated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "moment"], name="selfrating_once_a_moment")
        ]

    def __str__(self) -> str:
        return f"Self-rating {self.pk}"
