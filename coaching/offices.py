"""Who holds an office on a given day, and who may stand in for whom (A9)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cached_property

from django.db.models import Q

from coaching.models import Delegation, OrgUnit, RoleAssignment, User


class Standing:
    """What one person holds on one day; each part is read once."""

    def __init__(self, user: User, on: date) -> None:
        self.user, self.on = user, on

    @cached_property
    def orders(self) -> list[Delegation]:
        """The orders under which they stand in for others."""
        orders = Delegation.objects.on(self.on).filter(person=self.user).order_by()
        return list(orders.select_related("principal", "person"))

    @cached_property
    def units(self) -> list[OrgUnit]:
        """Units whose headship they hold: as head, acting, or as the head's delegate."""
        posts = [order.unit_id for order in self.orders if order.unit_id]
        principals = [order.principal_id for order in self.orders if order.principal_id and not order.unit_id]
        return list(OrgUnit.objects.filter(Q(head=self.user) | Q(pk__in=posts) | Q(head__in=principals)))

    @cached_property
    def assignments(self) -> list[RoleAssignment]:
        return list(RoleAssignment.objects.on(self.on).filter(user=self.user).select_related("unit"))


def standing(user: User, *, on: date) -> Standing:
    """What this person holds; the same answer all through a request, see `remember`."""
    remembered: dict[date, Standing] | None = getattr(user, "_standings", None)
    if remembered is None:
        return Standing(user, on)
    return remembered.setdefault(on, Standing(user, on))


def remember(user: User) -> None:
    """Ask once for what this person holds, for the length of a request that only reads: view and menu ask many times."""
    if not hasattr(user, "_standings"):
        user._standings = {}  # type: ignore[attr-defined]


def remember_without_orders(user: User, *, on: date) -> None:
    """As of somebody who stands in for nobody that day, without asking."""
    remember(user)
    standing(user, on=on).orders = []


def units_led_by(user: User, *, on: date, kind: str | None = None) -> list[OrgUnit]:
    """Units whose headship this person holds on that day: as head, acting, or as the head's delegate."""
    return [unit for unit in standing(user, on=on).units if kind in (None, unit.kind)]


def acting_head(unit: OrgUnit, *, on: date) -> Delegation | None:
    """The order that names an acting person for this post, the latest if there are several."""
    return (
        Delegation.objects.on(on)
        .filter(unit=unit, kind=Delegation.Kind.ACTING)
        .select_related("person", "principal")
        .order_by("-start_date", "-pk")
        .first()
    )


def standing_for(
    person: User, principal: User, *, on: date, unit: OrgUnit | None = None, as_supervisor: bool = False
) -> Delegation | None:
    """The order under which `person` may sign for `principal` (in the headship of `unit`, if given).

    A delegate for one post does not sign what its holder signs as somebody's supervisor; whoever acts in the post does.
    """
    orders = [
        order
        for order in standing(person, on=on).orders
        if order.principal_id == principal.pk and _covers(order, unit, as_supervisor)
    ]
    return max(orders, key=lambda order: (order.start_date, order.pk), default=None)


def _covers(order: Delegation, unit: OrgUnit | None, as_supervisor: bool) -> bool:
    if order.unit_id is None:
        return True
    if as_supervisor and order.kind != Delegation.Kind.ACTING:
        return False
    return unit is not None and order.unit_id == unit.pk


def office_branches(
    user: User, *, on: date, office: str = RoleAssignment.Office.BRANCH_OFFICE
) -> list[OrgUnit]:
    """The branches (or department) this person's office serves on that day."""
    return [each.unit for each in standing(user, on=on).assignments if each.office == office]


def branch_officers(branch: OrgUnit, *, on: date) -> list[User]:
    """The people of the branch office, for mail and for the contact."""
    return officers_by_branch([branch.pk], on=on)[branch.pk]


def officers_by_branch(branches: Iterable[int], *, on: date) -> dict[int, list[User]]:
    """By branch, each given by its key."""
    assignments = RoleAssignment.objects.on(on).filter(
        unit__in=branches, office=RoleAssignment.Office.BRANCH_OFFICE, user__is_active=True
    )
    officers: dict[int, list[User]] = defaultdict(list)
    for assignment in assignments.select_related("user").order_by("user__name"):
        officers[assignment.unit_id].append(assignment.user)
    return officers
