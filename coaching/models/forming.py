"""What is said, ordered and tried before teams stand: wishes, people kept apart or together, edits of a draft."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from coaching.models.people import User
from coaching.models.programs import Cohort
from coaching.models.teams import Participant, TeamProposal


class TeamWishes(models.Model):
    """What one participant says before teams are formed; the branch office alone reads it."""

    participant = models.OneToOneField(Participant, models.CASCADE, related_name="wishes")
    times = models.JSONField(default=list, help_text="Keys of coaching.meeting_times.")
    track = models.CharField(
        "career tracks of the team",
        max_length=10,
        choices=Cohort.TrackPreference.choices,
        default=Cohort.TrackPreference.NONE,
    )
    rather_not = models.ManyToManyField(User, blank=True, related_name="+")
    answered_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "team wishes"
        constraints = [models.CheckConstraint(condition=~Q(times=[]), name="wishes_name_a_time")]

    def __str__(self) -> str:
        return f"Wishes of {self.participant}"


class PairingQuerySet(models.QuerySet["Pairing"]):
    def standing(self) -> Self:
        return self.filter(ended_at=None)


class Pairing(models.Model):
    """The branch office keeps people of a cohort apart, or together, with a reason that stays on record."""

    class Kind(models.TextChoices):
        APART = "apart", "Kept apart"
        TOGETHER = "together", "Kept together"

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="pairings")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    people = models.ManyToManyField(Participant, related_name="pairings")
    reason = models.CharField(max_length=300)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = PairingQuerySet.as_manager()

    class Meta:
        ordering = ("created_at", "pk")
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="pairing_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {', '.join(str(each) for each in self.people.all())}"


class ProposalEdit(models.Model):
    """One change of a draft by hand, with the document as it was before: what undoing brings back."""

    proposal = models.ForeignKey(TeamProposal, models.CASCADE, related_name="edits")
    document = models.JSONField()
    words = models.CharField(max_length=500)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.words
