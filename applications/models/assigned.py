"""A signature that is asked of a named person, who may act in a post or have others stand in (A9)."""

from datetime import date
from typing import ClassVar, Generic, Self, TypeVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from coaching.models import Delegation, OrgUnit, User

Row = TypeVar("Row", bound="Assigned", covariant=True)


class AssignedQuerySet(models.QuerySet[Row], Generic[Row]):
    signed_for: ClassVar[str]  # the way to the person it is signed for, who never signs it

    def signable_by(self, user: User, *, on: date) -> Self:
        """What the orders let this person act on that day; routing.authority says the same of one."""
        in_force = Q(delegation=None) | Q(delegation__in=Delegation.objects.on(on).values("pk"))
        orders = Delegation.objects.on(on).filter(
            Q(principal=None) | ~Q(principal=OuterRef(self.signed_for)), person=user
        )
        for_signer = orders.filter(Q(unit=None) | Q(unit=OuterRef("unit")), principal=OuterRef("signer"))
        for_post = orders.filter(kind=Delegation.Kind.ACTING, unit=OuterRef("unit"))
        return self.filter(
            in_force & (Q(signer=user) | Exists(for_signer))
            | Q(delegation__isnull=False, holder=user)
            | ~in_force & (Q(unit__head=user) | Exists(for_post))
        ).exclude(**{self.signed_for: user})


class Assigned(models.Model):
    unit = models.ForeignKey(
        OrgUnit, models.PROTECT, null=True, blank=True, related_name="+", help_text="The post: head of this."
    )
    holder = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who holds the post, when somebody acts in it.",
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

    @staticmethod
    def constraints(name: str) -> list[models.CheckConstraint]:
        """What holds for every assignment; constraint names begin with the model's."""
        return [
            models.CheckConstraint(
                condition=Q(holder=None) | ~Q(holder=F("signer")), name=f"{name}_acting_is_another"
            ),
            models.CheckConstraint(
                condition=Q(delegation=None, holder=None) | (Q(delegation__isnull=False) & ~Q(reason="")),
                name=f"{name}_acting_says_why",
            ),
        ]
