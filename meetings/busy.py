"""When an employee meets, for their supervisor's calendar: busy times, and nothing else (M14, M17).

The supervisor reads no place, topic or team, and not which meetings were; the participant sees that the address exists.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.urls import reverse

from coaching import audit
from coaching.errors import Refused
from coaching.models import Membership, Participant, Team, User
from meetings import events, ics
from meetings.models import BusyFeed, Meeting


class NotYourEmployee(Refused):
    pass


@dataclass(frozen=True)
class Employee:
    participant: Participant
    feed: BusyFeed | None

    @property
    def address(self) -> str:
        return address_of(self.feed) if self.feed else ""


@dataclass(frozen=True)
class SupervisorSees:
    """`since`: when the supervisor got the dates; None: not yet."""

    supervisor: User
    since: datetime | None


def taking_part(supervisor: User) -> QuerySet[Participant]:
    """The people who work for this supervisor and take part now."""
    return Participant.objects.active().filter(user__supervisor=supervisor).select_related("user", "cohort")


def in_force() -> QuerySet[BusyFeed]:
    """Addresses that answer: while the one is the other's supervisor, and the other takes part."""
    return BusyFeed.objects.filter(
        revoked_at=None,
        supervisor__is_active=True,
        participant__status=Participant.Status.ACTIVE,
        participant__user__supervisor=F("supervisor"),
    ).select_related("participant__user", "supervisor")


def employees_of(supervisor: User) -> list[Employee]:
    feeds = {feed.participant_id: feed for feed in in_force().filter(supervisor=supervisor)}
    return [Employee(each, feeds.get(each.pk)) for each in taking_part(supervisor)]


def seen_by_supervisor(user: User) -> SupervisorSees | None:
    """What whoever takes part reads about their own dates; None: there is nobody who could have them."""
    if user.supervisor is None or not Participant.objects.active().filter(user=user).exists():
        return None
    feed = in_force().filter(participant__user=user).order_by("created_at").first()
    return SupervisorSees(user.supervisor, feed.created_at if feed else None)


@transaction.atomic
def create(*, participant: Participant, by: User, now: datetime) -> BusyFeed:
    """The supervisor's address; one that is in force is returned, not replaced. Raises NotYourEmployee."""
    participant = _locked(participant, by)
    existing = BusyFeed.objects.filter(supervisor=by, participant=participant, revoked_at=None).first()
    if existing:
        return existing
    token = secrets.token_urlsafe(24)
    feed = BusyFeed.objects.create(supervisor=by, participant=participant, token=token, created_at=now)
    audit.record("busy_feed.created", by=by, obj=feed, now=now)
    return feed


@transaction.atomic
def revoke(*, participant: Participant, by: User, now: datetime) -> None:
    """Make the address answer nothing from now on; without one nothing happens. Raises NotYourEmployee."""
    participant = _locked(participant, by)
    feed = BusyFeed.objects.filter(supervisor=by, participant=participant, revoked_at=None).first()
    if feed is None:
        return
    feed.revoked_at = now
    feed.save(update_fields=["revoked_at"])
    audit.record("busy_feed.revoked", by=by, obj=feed, now=now)


@transaction.atomic
def end_where_supervisors_changed(*, now: datetime) -> int:
    """An address ends for good with the supervision it was for, however the change came into the directory.

    Safe to run at any time and twice.
    """
    rows = BusyFeed.objects.filter(revoked_at=None)
    changed = rows.exclude(supervisor=F("participant__user__supervisor")) | rows.filter(
        participant__user__supervisor=None
    )
    found = list(changed.select_for_update(of=("self",)))
    for feed in found:
        feed.revoked_at = now
        feed.save(update_fields=["revoked_at"])
        audit.record("busy_feed.revoked", by=None, obj=feed, now=now)
    return len(found)


def _locked(participant: Participant, by: User) -> Participant:
    Participant.objects.select_for_update(of=("self",)).get(pk=participant.pk)
    found = taking_part(by).filter(pk=participant.pk).first()
    if found is None:
        raise NotYourEmployee("Only the supervisor of somebody who takes part now can have the dates.")
    return found


def calendar_for(feed: BusyFeed, *, now: datetime) -> bytes:
    """The days ahead on which the employee meets; what was moved, called off or left is not there."""
    teams = Membership.objects.filter(
        participant=feed.participant, ended_at=None, team__status=Team.Status.CONFIRMED
    )
    meetings = Meeting.objects.live().filter(teams__in=teams.values("team")).distinct().order_by("date", "pk")
    ahead = [each for each in meetings if each.date >= each.local_today(now)]
    name = title_of(feed.participant)
    return ics.calendar_bytes(
        name=name,
        events=[_event(feed, each) for each in ahead],
        organizer=events.organizer(),
        generated_at=now,
    )


def title_of(participant: Participant) -> str:
    return f"{participant.cohort.program}: {participant}"


def _event(feed: BusyFeed, meeting: Meeting) -> ics.Event:
    # An identity of its own: whoever has the addresses of two employees can't tell whether they meet each other.
    identity = uuid.uuid5(meeting.uid, feed.token)
    title = title_of(feed.participant)
    return ics.Event(str(identity), meeting.sequence, title, meeting.starts_at, meeting.ends_at)


def address_of(feed: BusyFeed) -> str:
    return f"{settings.SITE_URL}{reverse('busy_file', args=[feed.token])}"
