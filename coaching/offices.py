"""Who holds an office on a given day, and who may stand in for whom (A9)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Exists, Q, QuerySet

from coaching.models import Delegation, OrgUnit, RoleAssignment, User
from coaching.prepared import SOME_DAY, SOMEBODY, PreparedQuery


def _orders(user: User, on: date) -> QuerySet[Delegation]:
    return Delegation.objects.on(on).filter(person=user)


def _assignments(user: User, on: date) -> QuerySet[RoleAssignment]:
    return RoleAssignment.objects.on(on).filter(user=user)


# Every page asks, and most people hold nothing.
_HOLDS = PreparedQuery(
    lambda user, on: User.objects.filter(pk=user.pk).values(
        orders=Exists(_orders(user, on)),
        units=Exists(OrgUnit.objects.filter(head=user)),
        assignments=Exists(_assignments(user, on)),
    )
)


class Standing:
    """What one person holds on one day; each part is read once."""

    def __init__(self, user: User, on: date) -> None:
        self.user, self.on = user, on

    @cached_property
    def _holds(self) -> dict[str, bool]:
        return _HOLDS.row(self.user, on=self.on)

    @cached_property
    def orders(self) -> list[Delegation]:
        """The orders under which they stand in for others."""
        if not self._holds["orders"]:
            return []
        return list(_orders(self.user, self.on).order_by().select_related("principal", "person"))

    @cached_property
    def units(self) -> list[OrgUnit]:
        """Units whose headship they hold: as head, acting, or as the head's delegate."""
        if not self._holds["units"] and not self.orders:
            return []
        posts = [order.unit_id for order in self.orders if order.unit_id]
        principals = [order.principal_id for order in self.orders if order.principal_id and not order.unit_id]
        return list(OrgUnit.objects.filter(Q(head=self.user) | Q(pk__in=posts) | Q(head__in=principals)))

    @cached_property
    def assignments(self) -> list[RoleAssignment]:
        if not self._holds["assignments"]:
            return []
        return list(_assignments(self.user, self.on).select_related("unit"))


def standing(user: User, *, on: date) -> Standing:
    """What this person holds; the same answer all through a request, see `remember`."""
    remembered: dict[date, Standing] | None = getattr(user, "_standings", None)
    if remembered is None:
        return Standing(user, on)
    try:
        return remembered[on]
    except KeyError:
        return remembered.setdefault(on, Standing(user, on))


def remember(user: User) -> None:
    """Ask once for what this person holds, for the length of a request that only reads: view and menu ask many times."""
    if not hasattr(user, "_standings"):
        user._standings = {}  # type: ignore[attr-defined]


class PreparedForStandIns(PreparedQuery):
    """What those may do who stand in for others is part of the SQL, not of its parameters: for them it is built anew."""

    def rows(self, user: User, *, on: date) -> list[dict[str, Any]]:
        if standing(user, on=on).orders:
            return list(self.build(user, on))
        return super().rows(user, on=on)

    def somebody(self) -> User:
        user = super().somebody()
        remember(user)
        standing(user, on=SOME_DAY).orders = []
        return user


class PreparedForOffices(PreparedQuery):
    """For people who hold offices: which of them is part of the SQL, where they hold them is a parameter. What an
    administrator may see by their groups is no part of it: for them it is built anew."""

    def rows(self, user: User, *, on: date) -> list[dict[str, Any]]:
        held = standing(user, on=on)
        if held.orders or (user.is_staff and not user.is_superuser):
            return list(self.build(user, on))
        units = [*held.units, *(each.unit for each in held.assignments)]
        places = {unit.pk: SOMEBODY - number for number, unit in enumerate(units, start=1)}
        kind = (
            user.is_superuser,
            tuple((unit.kind, places[unit.pk]) for unit in held.units),
            tuple((each.office, places[each.unit_id]) for each in held.assignments),
        )
        query = self.prepared(kind, lambda: _somebody_like(user, held, places))
        about = {SOMEBODY: user.pk} | {place: pk for pk, place in places.items()}
        return self.answer(query, about, on)


def _somebody_like(user: User, held: Standing, places: dict[int, int]) -> User:
    """With the same offices, elsewhere."""
    somebody = User(pk=SOMEBODY, is_staff=user.is_superuser, is_superuser=user.is_superuser)
    their = Standing(somebody, SOME_DAY)
    their.orders = []
    their.units = [OrgUnit(pk=places[unit.pk], kind=unit.kind) for unit in held.units]
    their.assignments = [
        RoleAssignment(
            user=somebody, office=each.office, unit=OrgUnit(pk=places[each.unit_id], kind=each.unit.kind)
        )
        for each in held.assignments
    ]
    somebody._standings = defaultdict(lambda: their)  # type: ignore[attr-defined]
    return somebody


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


def orders_for(unit: OrgUnit, *, on: date) -> QuerySet[Delegation]:
    """Under which others act in the post of this unit, or sign all that its head signs."""
    covers = Q(unit=unit)
    if unit.head_id:
        covers |= Q(unit=None, principal=unit.head_id)
    return Delegation.objects.on(on).filter(covers).select_related("person", "principal")


def who_leads(unit: OrgUnit, *, on: date) -> list[User]:
    """Everybody who could act as its head on that day, the head first."""
    people = [unit.head] if unit.head else []
    people += [order.person for order in orders_for(unit, on=on).order_by("pk")]
    return [person for person in dict.fromkeys(people) if person.is_active]


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


def serving(branches: Iterable[int], *, on: date) -> QuerySet[RoleAssignment]:
    """Who works in the offices of these branches, each given by its key."""
    return RoleAssignment.objects.on(on).filter(
        unit__in=branches, office=RoleAssignment.Office.BRANCH_OFFICE, user__is_active=True
    )


def branch_officers(branch: OrgUnit, *, on: date) -> list[User]:
    """The people of the branch office, for mail and for the contact."""
    return officers_by_branch([branch.pk], on=on)[branch.pk]


def officers_by_branch(branches: Iterable[int], *, on: date) -> dict[int, list[User]]:
    """By branch, each given by its key."""
    officers: dict[int, list[User]] = defaultdict(list)
    for assignment in serving(branches, on=on).select_related("user").order_by("user__name"):
        officers[assignment.unit_id].append(assignment.user)
    return officers
