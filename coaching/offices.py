"""Who holds an office on a given day, and who may stand in for whom (A9)."""

from datetime import date

from django.db.models import Q, QuerySet

from coaching.models import Delegation, OrgUnit, RoleAssignment, User


def units_led_by(user: User, *, on: date, kind: str | None = None) -> QuerySet[OrgUnit]:
    """Units whose headship this person holds on that day: as head, acting, or as the head's delegate."""
    held = Delegation.objects.on(on).filter(person=user)
    units = OrgUnit.objects.filter(
        Q(head=user)
        | Q(pk__in=held.filter(unit__isnull=False).values("unit"))
        | Q(head__in=held.filter(unit=None).values("principal"))
    )
    return units.filter(kind=kind) if kind else units


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
    person: User, principal: User, *, on: date, unit: OrgUnit | None = None
) -> Delegation | None:
    """The order under which `person` may sign for `principal` (in the headship of `unit`, if given)."""
    covers = Q(unit=None) | Q(unit=unit) if unit else Q(unit=None)
    return (
        Delegation.objects.on(on)
        .filter(covers, person=person, principal=principal)
        .select_related("principal", "person")
        .order_by("-start_date", "-pk")
        .first()
    )


def office_branches(
    user: User, *, on: date, office: str = RoleAssignment.Office.BRANCH_OFFICE
) -> list[OrgUnit]:
    """The branches (or department) this person's office serves on that day."""
    assignments = RoleAssignment.objects.on(on).filter(user=user, office=office).select_related("unit")
    return [assignment.unit for assignment in assignments]


def branch_officers(branch: OrgUnit, *, on: date) -> list[User]:
    """The people of the branch office, for mail and for the contact."""
    assignments = RoleAssignment.objects.on(on).filter(
        unit=branch, office=RoleAssignment.Office.BRANCH_OFFICE, user__is_active=True
    )
    return [assignment.user for assignment in assignments.select_related("user").order_by("user__name")]
