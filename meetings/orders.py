"""What a team wrote, under a legal order: never by one person alone, for some days, each reading on record (M16).

An administrator asks with the order's number. The superintendent, or whoever stands in, approves; that is another person.
Then the one who asked may read, and nobody else. The members are told, unless the order forbids it, which is recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from coaching import audit, offices, outbox, permissions
from coaching.errors import Refused
from coaching.models import AuditEvent, OrgUnit, RetentionRun, Team, User
from meetings import notes, vault
from meetings.models import LegalOrder
from meetings.notes import Action, Written

ASKED, TOLD = "meetings.legal_order_asked", "meetings.legal_order"
READ = "legal_order.read"


class CannotAsk(Refused):
    pass


class CannotDecide(Refused):
    pass


class CannotRead(Refused):
    pass


def visible_to(user: User, *, on: date) -> QuerySet[LegalOrder]:
    """All for administrators; for the superintendent, or who stands in, those of the department's branches; for nobody those
    about a team that they were in."""
    rows = LegalOrder.objects.not_about_a_team_of(user)
    rows = rows.select_related("team__cohort__branch", "asked_by", "approved_by", "declined_by")
    return rows if permissions.records_keeper(user) else rows.filter(_led_by(user, on))


def awaiting(user: User, *, on: date) -> QuerySet[LegalOrder]:
    """What this person is to approve or decline."""
    rows = LegalOrder.objects.waiting().not_about_a_team_of(user).exclude(asked_by__in=user.accounts)
    return rows.filter(_led_by(user, on)).select_related("asked_by").order_by("asked_at", "pk")


def _led_by(user: User, on: date) -> Q:
    departments = offices.units_led_by(user, on=on, kind=OrgUnit.Kind.DEPARTMENT)
    return Q(team__cohort__branch__in=OrgUnit.objects.under(*departments))


def why_not_decide(order: LegalOrder, user: User, *, now: datetime) -> str:
    """Why this person cannot approve or decline it, in words; empty where they can."""
    if order.state(now) != "waiting":
        return "It was decided already."
    if user.pk in (order.asked_by_id, order.asked_by.merged_into_id):
        return "Whoever asks does not approve: it takes another person."
    if _was_member(user, order.team):
        return "Nobody decides about a team that they were in."
    if not LegalOrder.objects.filter(_led_by(user, timezone.localdate(now)), pk=order.pk).exists():
        return "The superintendent approves it, or whoever stands in."
    return ""


def _was_member(user: User, team: Team) -> bool:
    return team.memberships.filter(participant__user__in=user.accounts.values("pk")).exists()


@transaction.atomic
def ask(
    *,
    team: Team,
    number: str,
    issued_by: str,
    order_date: date,
    scope: str,
    days: int,
    by: User,
    now: datetime,
    silence: str = "",
) -> LegalOrder:
    """Nothing is opened by it; from now on nothing of it is deleted until it is decided. Raises CannotAsk."""
    if not permissions.records_keeper(by):
        raise CannotAsk("An administrator who keeps the records asks, with the order in hand.")
    RetentionRun.objects.running().first()  # what it erases, it has erased before this
    team = Team.objects.select_for_update(of=("self",)).select_related("cohort__branch").get(pk=team.pk)
    if team.cohort.erased_at:
        raise CannotAsk("Its term is over and it was erased: there is nothing left to open.")
    if _was_member(by, team):
        raise CannotAsk("Nobody asks for what a team wrote that they were in. Ask another administrator.")
    try:
        with transaction.atomic():
            order = LegalOrder.objects.create(
                team=team,
                number=number,
                issued_by=issued_by,
                order_date=order_date,
                scope=scope,
                days=days,
                silence=silence,
                asked_by=by,
                asked_at=now,
            )
    except IntegrityError as error:
        raise CannotAsk(f"Order {number} was entered for {team} already.") from error
    audit.record("legal_order.asked", by=by, obj=order, now=now)
    department = team.cohort.branch.ancestor(OrgUnit.Kind.DEPARTMENT)
    leading = offices.who_leads(department, on=timezone.localdate(now)) if department else []
    to = [each for each in leading if each != by and not _was_member(each, team)]
    outbox.queue_many(kind=ASKED, to=to, key=str(order.pk), now=now, ids={"order": order.pk})
    return order


def _locked(order: LegalOrder) -> LegalOrder:
    rows = LegalOrder.objects.select_for_update(of=("self",)).select_related("team__cohort__branch")
    return rows.get(pk=order.pk)


@transaction.atomic
def approve(*, order: LegalOrder, by: User, now: datetime) -> LegalOrder:
    """Open it to the one who asked, for its days, and tell the members. Raises CannotDecide."""
    order = _locked(order)
    if why := why_not_decide(order, by, now=now):
        raise CannotDecide(why)
    order.approved_by, order.approved_at = by, now
    order.opens_until = now + timedelta(days=order.days)
    order.save(update_fields=["approved_by", "approved_at", "opens_until"])
    audit.record("legal_order.approved", by=by, obj=order, now=now, data={"told": not order.silence})
    if not order.silence:
        members = User.objects.filter(participations__memberships__team=order.team).distinct()
        outbox.queue_many(kind=TOLD, to=members, key=str(order.pk), now=now, ids={"order": order.pk})
    return order


@transaction.atomic
def decline(*, order: LegalOrder, reason: str, by: User, now: datetime) -> LegalOrder:
    """Raises CannotDecide."""
    order = _locked(order)
    if why := why_not_decide(order, by, now=now):
        raise CannotDecide(why)
    if not reason.strip():
        raise CannotDecide("Say why it is declined.")
    order.declined_by, order.declined_at, order.declined_reason = by, now, reason.strip()
    order.save(update_fields=["declined_by", "declined_at", "declined_reason"])
    audit.record("legal_order.declined", by=by, obj=order, now=now)
    return order


@transaction.atomic
def close(*, order: LegalOrder, by: User, now: datetime) -> LegalOrder:
    """Before its days are over, or before it is decided; a second call changes nothing. Raises CannotRead."""
    order = _locked(order)
    if order.asked_by_id != by.pk:
        raise CannotRead("Whoever asked closes it.")
    if order.state(now) in ("waiting", "open"):
        order.closed_at = now
        order.save(update_fields=["closed_at"])
        audit.record("legal_order.closed", by=by, obj=order, now=now)
    return order


@dataclass(frozen=True)
class Opened:
    """`unreadable`: how many texts cannot be opened with the keys in force."""

    notes: Sequence[Written]
    actions: Sequence[Action]
    unreadable: int


@transaction.atomic
def read(*, order: LegalOrder, by: User, now: datetime) -> Opened:
    """What the team wrote, to the one who asked, as long as it is open; each reading is on record. Raises CannotRead."""
    order = _locked(order)
    if order.asked_by_id != by.pk or not permissions.records_keeper(by):
        raise CannotRead("Only the administrator who asked reads it.")
    if _was_member(by, order.team):
        raise CannotRead("Nobody reads what a team wrote that they were in.")
    if not order.is_open(now):
        raise CannotRead("It is not open.")
    audit.record(READ, by=by, obj=order, now=now)
    rows = order.team.notes.select_related("team", "author__user", "about__user", "meeting__item")
    items = order.team.action_items.select_related("team", "owner__user", "meeting__item")
    written, actions, unreadable = [], [], 0
    for note in rows.order_by("meeting__date", "written_at", "pk"):
        try:
            written.append(notes.read(note))
        except vault.CannotRead:
            unreadable += 1
    for item in items:
        try:
            actions.append(notes.read_action(item))
        except vault.CannotRead:
            unreadable += 1
    return Opened(written, actions, unreadable)


def log(order: LegalOrder) -> QuerySet[AuditEvent]:
    """All that was done with it, each reading included."""
    events = AuditEvent.objects.filter(object_type=order._meta.label_lower, object_id=order.pk)
    return events.select_related("actor").order_by("pk")
