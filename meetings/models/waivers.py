"""Months of the program that the branch office excused a participant from."""

from typing import Self

from django.db import models
from django.db.models import Q

from coaching.models import Participant, User
from meetings import dates


class WaiverQuerySet(models.QuerySet["Waiver"]):
    def in_force(self) -> Self:
        return self.filter(taken_back_at=None)


class Waiver(models.Model):
    """That one month asks for no meeting of one participant: the branch office's decision, with its reason."""

    class Kind(models.TextChoices):
        LEAVE = "leave", "Leave of absence"
        CREDIT = "credit", "Credit from an earlier program"
        MADE_UP = "made_up", "Made up"

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="waivers")
    month = models.PositiveSmallIntegerField("month of the program")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Read by the branch office and the participant alone.
    reason = models.CharField(max_length=300)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    # Empty: so far a plan to make the month up; it counts from here on.
    counted_at = models.DateTimeField(null=True, blank=True)
    # Of a leave: when they came back in the course of the month, which stays waived.
    back_at = models.DateTimeField(null=True, blank=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)

    objects = WaiverQuerySet.as_manager()

    class Meta:
        ordering = ("month", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "month"], condition=Q(taken_back_at=None), name="waiver_one_per_month"
            ),
            models.CheckConstraint(condition=Q(month__gte=1), name="waiver_month_from_one"),
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_has_a_reason"),
            models.CheckConstraint(
                condition=Q(kind="made_up") | Q(counted_at__isnull=False), name="waiver_only_a_plan_waits"
            ),
            models.CheckConstraint(
                condition=Q(kind="leave") | Q(back_at=None), name="waiver_back_from_leave_only"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant}, month {self.month}: {self.words}"

    @property
    def is_plan(self) -> bool:
        return self.counted_at is None

    @property
    def words(self) -> str:
        return "To be made up, as planned" if self.is_plan else str(self.get_kind_display())

    @property
    def month_name(self) -> str:
        """The participant's cohort has to have been read."""
        return dates.month_name(dates.add_months(self.participant.cohort.first_month, self.month - 1))
