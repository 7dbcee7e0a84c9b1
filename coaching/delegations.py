"""Signing for somebody else for a while: delegates, and acting persons in vacant or absent posts (A9)."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from coaching import audit, offices, outbox, permissions
from coaching.errors import Refused
from coaching.models import Cohort, Delegation, OrgUnit, User
from coaching.permissions import offices_keeper

LONGEST = timedelta(days=366)
Kind = Delegation.Kind


class DelegationRefused(Refused):
    pass


def posts_of(user: User) -> QuerySet[OrgUnit]:
    """The posts this person holds in their own right; nobody passes on what was delegated to them."""
    return OrgUnit.objects.filter(head=user)


def holds_post(user: User) -> bool:
    """Whether there is something to sign that could be delegated: a headship, or people who are supervised."""
    return posts_of(user).exists() or user.supervises.exists()


def posts_for_office(officer: User, *, on: date) -> QuerySet[OrgUnit]:
    """The posts of the branches this person's office serves."""
    return OrgUnit.objects.under(*offices.office_branches(officer, on=on))


def visible_to(user: User, *, on: date) -> QuerySet[Delegation]:
    """Orders that name this person, and those of the branches their office serves: who sees one may end it."""
    units = posts_for_office(user, on=on)
    office = Q(unit__in=units) | Q(unit=None, principal__unit__in=units)
    own = Q(principal=user) | Q(person=user)
    orders = Delegation.objects.select_related("principal", "unit", "person", "recorded_by", "ended_by")
    return orders if offices_keeper(user) else orders.filter(own | office)


def is_over(delegation: Delegation, *, on: date) -> bool:
    return delegation.ended_at is not None or delegation.end_date < on


@transaction.atomic
def record(
    *,
    kind: str,
    person: User,
    principal: User | None,
    unit: OrgUnit | None,
    reason: str,
    start_date: date,
    end_date: date,
    by: User | None,
    now: datetime,
    order_date: date | None = None,
    order_reference: str = "",
) -> Delegation:
    """Order that `person` signs for `principal`, or acts in the post at the head of `unit`.

    An acting person takes the post whoever its head is: `principal` is then the absent head, or nobody.
    `order_date` and `order_reference`: of the written order on which the branch office records somebody's delegate.
    Raises DelegationRefused. The same order twice is one.
    """
    if unit:
        unit = OrgUnit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    if principal:
        principal = User.objects.select_for_update(of=("self",)).get(pk=principal.pk)
    order = Delegation(
        kind=kind,
        person=person,
        principal=principal,
        unit=unit,
        reason=reason,
        order_date=order_date,
        order_reference=order_reference,
        start_date=start_date,
        end_date=end_date,
        recorded_by=by,
        recorded_at=now,
    )
    check(order, by=by, today=timezone.localdate(now))
    same = _twin(order)
    if same:
        return same
    order.save()
    audit.record(
        "delegation.recorded",
        by=by,
        obj=order,
        now=now,
        data={
            "kind": kind,
            "start_date": start_date,
            "end_date": end_date,
            "written_order": order.written_order,
        },
    )
    _tell(order, "delegation_recorded", now)
    return order


def check(order: Delegation, *, by: User | None, today: date) -> None:
    """Raises DelegationRefused where an order that is not saved yet must not be given; fills in the head."""
    order.reason = " ".join(order.reason.split())
    order.order_reference = " ".join(order.order_reference.split())
    if order.kind == Kind.ACTING and order.unit:
        order.principal = order.unit.head
    if order.person == order.principal:
        raise DelegationRefused(f"{order.person} holds this post already; name somebody else.")
    if by and not offices_keeper(by):
        _check_right(order, by, today)
    _check_post(order)
    _check_dates(order.start_date, order.end_date, today)
    _check_written_order(order, today)
    if not order.person.is_active:
        raise DelegationRefused(f"{order.person} is no longer active in the directory.")
    if not order.reason:
        raise DelegationRefused("Give the reason; it is kept with every signature.")
    if not _twin(order):
        _check_overlap(order)


def _twin(order: Delegation) -> Delegation | None:
    """The same order, given before."""
    return Delegation.objects.filter(
        kind=order.kind,
        person=order.person,
        principal=order.principal,
        unit=order.unit,
        reason=order.reason,
        start_date=order.start_date,
        end_date=order.end_date,
        ended_at=None,
    ).first()


def _check_right(order: Delegation, by: User, today: date) -> None:
    if order.kind == Kind.DELEGATE and order.order_date is None:
        if order.principal != by or not (order.unit or holds_post(by)):
            raise DelegationRefused("You can name a delegate only for a post of your own.")
        return
    place = order.unit or (order.principal and order.principal.unit)
    if not place or not posts_for_office(by, on=today).filter(pk=place.pk).exists():
        raise DelegationRefused("Your office records orders for posts of its own branch only.")
    if order.person == by:
        raise DelegationRefused("This order names you. Ask a colleague of the branch office to record it.")
    _check_conflict(by, place, today)


def _check_conflict(by: User, place: OrgUnit, today: date) -> None:
    """T10, A9: an officer who has applied does not choose who signs in the place of a signer."""
    month = today.replace(day=1)
    running = Cohort.objects.filter(branch=place.ancestor(OrgUnit.Kind.BRANCH), first_month__gte=month)
    own = running.exclude(pk__in=permissions.office_cohorts(by, on=today).values("pk")).first()
    if own:
        raise DelegationRefused(
            f"You have applied to the {own}, so somebody else of the branch office, or an administrator, "
            "has to record this."
        )


def _check_post(order: Delegation) -> None:
    if order.unit is None and order.principal is None:
        raise DelegationRefused("Name a post, or the person to sign for.")
    if order.kind == Kind.DELEGATE and order.principal is None:
        raise DelegationRefused(
            "Only somebody who holds a post has a delegate; name who acts in a vacant one."
        )
    if order.kind == Kind.DELEGATE and order.unit and order.unit.head != order.principal:
        on_paper = f"{order.principal} does not hold the post {order.unit.head_title}, {order.unit}."
        raise DelegationRefused(
            on_paper if order.order_date else "You can name a delegate only for a post of your own."
        )


def _check_dates(start_date: date, end_date: date, today: date) -> None:
    if end_date < start_date:
        raise DelegationRefused("The last day is before the first day.")
    if end_date < today:
        raise DelegationRefused("The last day has passed already.")
    if start_date < today:
        raise DelegationRefused("The first day has passed; nobody can sign for the past.")
    if end_date - start_date > LONGEST:
        raise DelegationRefused("An order lasts a year at most; record another one when it ends.")


def _check_written_order(order: Delegation, today: date) -> None:
    if order.order_reference and order.order_date is None:
        raise DelegationRefused("Give the date of the written order too.")
    if order.order_date and order.order_date > today:
        raise DelegationRefused("The date of the written order is still to come.")


def _check_overlap(order: Delegation) -> None:
    meanwhile = Delegation.objects.filter(
        kind=order.kind,
        ended_at=None,
        start_date__lte=order.end_date,
        end_date__gte=order.start_date,
        unit=order.unit,
    )
    if order.kind == Kind.DELEGATE:
        meanwhile = meanwhile.filter(principal=order.principal, person=order.person)
    elif not order.unit:
        meanwhile = meanwhile.filter(principal=order.principal)
    other = meanwhile.select_related("person").first()
    if other:
        raise DelegationRefused(
            f"{other.person} is named for this post from {other.start_date:%B %-d, %Y} to "
            f"{other.end_date:%B %-d, %Y}. End that order first, or choose other days."
        )


@transaction.atomic
def end(*, delegation: Delegation, by: User, now: datetime) -> Delegation:
    """End an order early, from this moment on; one that is over stays as it is."""
    today = timezone.localdate(now)
    order = Delegation.objects.select_for_update(of=("self",)).get(pk=delegation.pk)
    if not visible_to(by, on=today).filter(pk=order.pk).exists():
        raise DelegationRefused("This order can be ended by those it names, or by the branch office.")
    if is_over(order, on=today):
        return order
    order.ended_at, order.ended_by = now, by
    order.save(update_fields=["ended_at", "ended_by"])
    audit.record("delegation.ended", by=by, obj=order, now=now)
    _tell(order, "delegation_ended", now)
    return order


def _tell(order: Delegation, kind: str, now: datetime) -> None:
    people = [order.person, order.principal] if order.principal else [order.person]
    outbox.queue_many(kind=kind, to=people, key=str(order.pk), ids={"delegation": order.pk}, now=now)
