"""Visits of the branch deputy, or of a designee, to teams' meetings (M12, M13): who may come, and who plans to."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from coaching import audit, offices, outbox
from coaching.errors import Refused
from coaching.models import CurriculumItem, Delegation, Message, OrgUnit, User
from meetings import team_space
from meetings.models import Meeting, Visit
from meetings.models.meetings import MeetingQuerySet

FINAL_DAYS = timedelta(days=14)
GATHER = timedelta(minutes=1)  # what changes meanwhile goes into the same mail
WAIT = timedelta(minutes=10)  # whoever pressed by mistake takes it back before anybody is written to
PLANNED, TAKEN_BACK, CHANGED = "meetings.visit_planned", "meetings.visit_taken_back", "meetings.visit_changed"
FINALS = "meetings.finals_ahead"


class CannotVisit(Refused):
    pass


def open_to(user: User, meetings: QuerySet[Meeting]) -> QuerySet[Meeting]:
    """Of these, those on whose day this person is the branch's deputy or stands for the deputy (M12)."""
    day: Any = OuterRef("date")
    orders = Delegation.objects.on(day).filter(person=user)
    orders = orders.filter(
        Q(unit=OuterRef("cohort__branch")) | Q(unit=None, principal=OuterRef("cohort__branch__head"))
    )
    return meetings.filter(Q(cohort__branch__head=user) | Exists(orders))


def standing() -> QuerySet[Visit]:
    return Visit.objects.filter(taken_back_at=None)


def to_come() -> QuerySet[Visit]:
    """Those that stand; not of whoever no longer holds the office on that day."""
    day: Any = OuterRef("meeting__date")
    orders = Delegation.objects.on(day).filter(person=OuterRef("person"))
    orders = orders.filter(
        Q(unit=OuterRef("meeting__cohort__branch"))
        | Q(unit=None, principal=OuterRef("meeting__cohort__branch__head"))
    )
    return standing().filter(Q(meeting__cohort__branch__head=F("person")) | Exists(orders))


def planned(meeting: Meeting) -> list[Visit]:
    """Who plans to attend."""
    return list(to_come().filter(meeting=meeting).select_related("person"))


def expected_or_there(meeting: Meeting) -> list[User]:
    """Who was there, once anybody was marked at the meeting; until then who planned to attend (M12)."""
    there = list(meeting.visitors.all())
    if there or meeting.attendance.taken().exists():
        return there
    return [each.person for each in planned(meeting)]


def finals_ahead(today: date) -> MeetingQuerySet:
    """Final meetings that lie ahead: the deputy attends them, schedule permitting (M13)."""
    return Meeting.objects.upcoming(today).filter(item__kind=CurriculumItem.Kind.FINAL)


def queue_finals(*, now: datetime) -> int:
    """Remind the deputies, and the designees who said that they come, of the branch's final meetings (M13).

    One mail a person, branch and month, some days before the first; safe to run at any time. Returns how many branches.
    """
    today = timezone.localdate(now)
    soon = finals_ahead(today).filter(date__lte=today + FINAL_DAYS).select_related("cohort__branch__head")
    first: dict[OrgUnit, date] = {}
    for meeting in soon:
        first.setdefault(meeting.cohort.branch, meeting.date)
    for branch, day in first.items():
        key, ids = f"{branch.pk}.{day:%Y-%m}", {"branch": branch.pk}
        outbox.queue_many(kind=FINALS, to=_asked_to(branch, today), key=key, now=now, ids=ids)
    return len(first)


def _asked_to(branch: OrgUnit, today: date) -> set[User]:
    acting = offices.acting_head(branch, on=today)
    coming = standing().filter(meeting__in=finals_ahead(today).filter(cohort__branch=branch))
    people = {each.person for each in coming.select_related("person")}
    return people | {each for each in (branch.head, acting and acting.person) if each}


def why_not_plan(meeting: Meeting, now: datetime) -> str:
    """Why nobody can plan to attend any more, in words; empty when they can."""
    if meeting.status == Meeting.Status.CANCELLED:
        return "This meeting was called off."
    if meeting.status == Meeting.Status.HELD or meeting.ends_at <= now:
        return "This meeting is over."
    return ""


@transaction.atomic
def plan(*, meeting: Meeting, by: User, now: datetime) -> Visit:
    """Say that one plans to attend; a second call changes nothing. The members are told by mail after a while.

    Raises CannotVisit.
    """
    meeting = _locked(meeting, by)
    said = standing().filter(meeting=meeting, person=by).first()
    if said:
        return said
    if why := why_not_plan(meeting, now):
        raise CannotVisit(why)
    visit = Visit.objects.create(meeting=meeting, person=by, planned_at=now)
    audit.record("visit.planned", by=by, obj=visit, now=now, data={"meeting": meeting.pk})
    _tell_members(PLANNED, visit, now)
    return visit


@transaction.atomic
def take_back(*, meeting: Meeting, by: User, now: datetime) -> bool:
    """Say that one does not come after all; False: nothing had been said. Who was told of the visit is told of this."""
    meeting = Meeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk)
    visit = standing().filter(meeting=meeting, person=by).first()
    if visit is None:
        return False
    visit.taken_back_at = now
    visit.save(update_fields=["taken_back_at"])
    audit.record("visit.taken_back", by=by, obj=visit, now=now, data={"meeting": meeting.pk})
    _tell_members(TAKEN_BACK, visit, now)
    return True


@transaction.atomic
def go_along(*, source: Meeting, targets: Iterable[Meeting], by: User, now: datetime) -> None:
    """Who planned to attend a meeting that gives way plans to attend what takes its place, as far as it does not overlap."""
    for visit in standing().filter(meeting=source).select_related("person"):
        visit.taken_back_at = now
        visit.save(update_fields=["taken_back_at"])
        known = set(standing().filter(person=visit.person).values_list("meeting", flat=True))
        chosen: list[Meeting] = []
        for target in sorted(targets, key=lambda each: each.starts_at):
            if any(overlap(target, each) for each in chosen):
                continue
            chosen.append(target)
            if target.pk not in known:
                new = Visit.objects.create(meeting=target, person=visit.person, planned_at=now)
                data = {"meeting": target.pk, "instead_of": source.pk}
                audit.record("visit.went_along", by=by, obj=new, now=now, data=data)
                _tell_members(PLANNED, new, now)


def overlap(one: Meeting, other: Meeting) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def at_that_time(meeting: Meeting, person: User) -> list[Meeting]:
    """What else this person plans to attend at the hours of a meeting."""
    rows = Meeting.objects.filter(
        visits__person=person, visits__taken_back_at=None, status=Meeting.Status.PLANNED, date=meeting.date
    )
    others = rows.exclude(pk=meeting.pk).select_related("cohort").prefetch_related("teams")
    return [each for each in others if overlap(each, meeting)]


def tell_visitors(meeting: Meeting, *, now: datetime) -> None:
    """Who plans to attend hears that date, place or meeting is another; one mail for all that changes within a minute."""
    people = {each.person for each in standing().filter(meeting=meeting).select_related("person")}
    waiting = Message.objects.filter(kind=CHANGED, recipient__in=people, status=Message.Status.PENDING)
    to = people - {each.recipient for each in waiting.select_related("recipient")}
    ids = {"at": int(now.timestamp())}
    outbox.queue_many(kind=CHANGED, to=to, key=now.isoformat(), now=now, ids=ids, after=GATHER)


def _locked(meeting: Meeting, by: User) -> Meeting:
    rows = Meeting.objects.select_for_update(of=("self",)).select_related("item", "cohort")
    meeting = rows.get(pk=meeting.pk)
    if not open_to(by, Meeting.objects.filter(pk=meeting.pk)).exists():
        raise CannotVisit("On the day of this meeting you are neither the branch deputy nor a designee.")
    return meeting


def _tell_members(kind: str, visit: Visit, now: datetime) -> None:
    to = team_space.others(team_space.members_now(visit.meeting), visit.person)
    outbox.queue_many(kind=kind, to=to, key=f"{visit.pk}", now=now, ids={"visit": visit.pk}, after=WAIT)
