"""Visits of the branch deputy, or of a designee, to teams' meetings (M12, M13): who may come, and who plans to."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from coaching import audit, outbox
from coaching.errors import Refused
from coaching.models import Delegation, User
from meetings import team_space
from meetings.models import Meeting, Visit

WAIT = timedelta(minutes=10)  # whoever pressed by mistake takes it back before anybody is written to
PLANNED, TAKEN_BACK, CHANGED = "meetings.visit_planned", "meetings.visit_taken_back", "meetings.visit_changed"


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


def planned(meeting: Meeting) -> list[Visit]:
    """Who plans to attend; not whoever no longer holds the office on that day."""
    visits = standing().filter(meeting=meeting).select_related("person")
    this = Meeting.objects.filter(pk=meeting.pk)
    return [each for each in visits if open_to(each.person, this).exists()]


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


def tell_visitors(meeting: Meeting, *, now: datetime) -> None:
    """Who plans to attend hears that date, place or meeting is another; one mail, however many meetings changed at once."""
    to = [each.person for each in standing().filter(meeting=meeting).select_related("person")]
    ids = {"at": int(now.timestamp())}
    outbox.queue_many(kind=CHANGED, to=to, key=now.isoformat(), now=now, ids=ids)


def _locked(meeting: Meeting, by: User) -> Meeting:
    rows = Meeting.objects.select_for_update(of=("self",)).select_related("item", "cohort")
    meeting = rows.get(pk=meeting.pk)
    if not open_to(by, Meeting.objects.filter(pk=meeting.pk)).exists():
        raise CannotVisit("On the day of this meeting you are neither the branch deputy nor a designee.")
    return meeting


def _tell_members(kind: str, visit: Visit, now: datetime) -> None:
    to = team_space.others(team_space.members_now(visit.meeting), visit.person)
    outbox.queue_many(kind=kind, to=to, key=f"{visit.pk}", now=now, ids={"visit": visit.pk}, after=WAIT)
