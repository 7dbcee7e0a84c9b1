"""A legal order to hand over what a team wrote: one person asks, another approves, and for some days the first may read."""

from datetime import datetime
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from coaching.models import Team, User


class LegalOrderQuerySet(models.QuerySet["LegalOrder"]):
    def waiting(self) -> Self:
        return self.filter(approved_at=None, declined_at=None, closed_at=None)

    def standing(self, now: datetime) -> Self:
        """Those that wait or are open: what their teams wrote is not deleted meanwhile."""
        return self.waiting() | self.filter(opens_until__gt=now, closed_at=None)

    def not_about_a_team_of(self, user: User) -> Self:
        """Without those about a team that this person is or was in: they may be told of it, or not."""
        return self.exclude(team__memberships__participant__user__in=user.accounts.values("pk"))


class LegalOrder(models.Model):
    team = models.ForeignKey(Team, models.PROTECT, related_name="legal_orders")
    number = models.CharField("number of the order", max_length=100)
    issued_by = models.CharField("issued by", max_length=200, help_text="The court or authority.")
    order_date = models.DateField("date of the order")
    scope = models.CharField("what it orders", max_length=500)
    days = models.PositiveSmallIntegerField(
        "days it is open", default=7, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    silence = models.CharField(
        "why the team is not told", max_length=500, blank=True, help_text="Only where the order forbids it."
    )
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    opens_until = models.DateTimeField(null=True)
    declined_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    declined_at = models.DateTimeField(null=True)
    declined_reason = models.CharField(max_length=500, blank=True)
    closed_at = models.DateTimeField("closed early", null=True)

    objects = LegalOrderQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["team", "number"], name="legalorder_once_per_team"),
            models.CheckConstraint(
                condition=~Q(number="") & ~Q(issued_by="") & ~Q(scope=""), name="legalorder_says_what"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("asked_by")),
                name="legalorder_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None, opens_until=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False, opens_until__isnull=False),
                name="legalorder_approved_is_open_for_a_time",
            ),
            models.CheckConstraint(
                condition=Q(declined_by=None, declined_at=None, declined_reason="")
                | Q(declined_by__isnull=False, declined_at__isnull=False, approved_at=None)
                & ~Q(declined_reason=""),
                name="legalorder_declined_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"Order {self.number}"

    def state(self, now: datetime) -> str:
        """waiting, declined, open or ended."""
        if self.declined_at:
            return "declined"
        if self.approved_at is None:
            return "ended" if self.closed_at else "waiting"
        return "open" if self.is_open(now) else "ended"

    def is_open(self, now: datetime) -> bool:
        return self.opens_until is not None and now < self.opens_until and self.closed_at is None
