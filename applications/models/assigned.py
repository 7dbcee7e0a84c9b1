"""A signature that is asked of a named person, who may act in a post or have others stand in (A9)."""

from datetime import date, datetime, timedelta
from typing import ClassVar, Generic, Self, TypeVar

from django.db import models
from django.db.models import Case, F, Q, When
from django.utils import timezone

from coaching import offices
from coaching.models import Cohort, Delegation, OrgUnit, RouteStep, User

Row = TypeVar("Row", bound="Assigned", covariant=True)


class AssignedQuerySet(models.QuerySet[Row], Generic[Row]):
    signed_for: ClassVar[str]  # the way to the person it is signed for, who never signs it

    def signable_by(self, user: User, *, on: date) -> Self:
        """What the orders let this person act on that day; routing.authority says the same of one."""
        in_force = Q(delegation=None) | Q(delegation__in=Delegation.objects.on(on).values("pk"))
        as_signer, as_head, for_holder = Q(signer=user), Q(unit__head=user), Q(pk__in=[])
        acted_in = Q(delegation__isnull=False)
        for order in offices.standing(user, on=on).orders:
            not_for_them = ~Q(**{self.signed_for: order.principal_id}) if order.principal_id else Q()
            if order.principal_id:
                covered = Q(unit=order.unit_id) if order.unit_id else Q()
                if order.unit_id and order.kind == Delegation.Kind.DELEGATE:  # for that post alone
                    covered &= ~Q(route_step__office=RouteStep.Office.SUPERVISOR)
                as_signer |= Q(signer=order.principal_id) & covered & not_for_them
                of_the_post = Q(holder=order.principal_id) | Q(unit__head=order.principal_id)
                for_holder |= acted_in & of_the_post & covered & not_for_them
            if order.kind == Delegation.Kind.ACTING and order.unit_id:
                as_head |= Q(unit=order.unit_id) & not_for_them
        held = acted_in & Q(holder=user)
        return self.filter(in_force & as_signer | held | for_holder | ~in_force & as_head).exclude(
            **{self.signed_for: user}
        )

    def with_whom(self, on: date) -> Case:
        """The name of whom each waits on that day; routing.with_whom says the same of one."""
        in_force = Q(delegation=None) | Q(delegation__in=Delegation.objects.on(on).values("pk"))
        after_the_order = (
            When(
                Q(**{f"{each}__is_active": True}) & ~Q(**{each: F(self.signed_for)}), then=F(f"{each}__name")
            )
            for each in ("holder", "unit__head")
        )
        signer = F("signer__name")
        return Case(When(in_force, then=signer), *after_the_order, default=signer)


class Assigned(models.Model):
    route_step: "models.ForeignKey[RouteStep]"
    unit = models.ForeignKey(
        OrgUnit, models.PROTECT, null=True, blank=True, related_name="+", help_text="The post: head of this."
    )
    holder = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who holds the post, when somebody acts in it, or who was to sign before it was given to another.",
    )
    signer = models.ForeignKey(User, models.PROTECT, related_name="+")
    delegation = models.ForeignKey(
        Delegation, models.PROTECT, null=True, blank=True, related_name="+", help_text="The acting order."
    )
    reason = models.CharField("why this person", max_length=500, blank=True)

    class Meta:
        abstract = True

    @property
    def signed_for_id(self) -> int:
        """The person it is signed for; neither they nor anybody on their behalf signs it."""
        raise NotImplementedError

    @property
    def cohort(self) -> Cohort:
        raise NotImplementedError

    @property
    def asked_since(self) -> datetime | None:
        """None before its turn has come."""
        raise NotImplementedError

    @property
    def due_date(self) -> date | None:
        """The day by which it is to be signed."""
        if self.asked_since is None:
            return None
        return timezone.localdate(self.asked_since) + timedelta(days=self.route_step.days_to_sign)

    @staticmethod
    def constraints(name: str, *, or_else: Q | None = None) -> list[models.CheckConstraint]:
        """What holds for every assignment; constraint names begin with the model's.

        `or_else`: where a model knows another way than an order by which somebody signs in a holder's place.
        """
        acting = Q(delegation=None, holder=None) | (Q(delegation__isnull=False) & ~Q(reason=""))
        return [
            models.CheckConstraint(
                condition=Q(holder=None) | ~Q(holder=F("signer")), name=f"{name}_acting_is_another"
            ),
            models.CheckConstraint(
                condition=acting | or_else if or_else else acting,
                name=f"{name}_acting_says_why",
            ),
        ]
