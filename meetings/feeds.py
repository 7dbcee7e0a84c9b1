"""The address a calendar program subscribes to (M4). Whoever knows it reads dates and places: it can be withdrawn."""

import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from coaching import audit
from coaching.models import User
from meetings import ics
from meetings.models import CalendarFeed, Meeting

ALARM_MINUTES = 24 * 60


@transaction.atomic
def create_feed(*, by: User, now: datetime) -> CalendarFeed:
    """The person's address; one that is in force is returned, not replaced."""
    User.objects.select_for_update().get(pk=by.pk)
    existing = CalendarFeed.objects.filter(user=by, revoked_at=None).first()
    if existing:
        return existing
    feed = CalendarFeed.objects.create(user=by, token=secrets.token_urlsafe(24), created_at=now)
    audit.record("calendar_feed.created", by=by, obj=feed, now=now)
    return feed


@transaction.atomic
def revoke_feed(*, by: User, now: datetime) -> None:
    """Make the address answer nothing from now on; without one in force nothing happens."""
    feed = CalendarFeed.objects.select_for_update().filter(user=by, revoked_at=None).first()
    if feed is None:
        return
    feed.revoked_at = now
    feed.save(update_fields=["revoked_at"])
    audit.record("calendar_feed.revoked", by=by, obj=feed, now=now)


def calendar_for(feed: CalendarFeed, *, now: datetime) -> bytes:
    """The person's meetings of today as a calendar file; nothing of a team they have left (M14)."""
    meetings = Meeting.objects.visible_to(feed.user).select_related("item").order_by("date", "pk")
    return ics.calendar_bytes(
        name=settings.SITE_NAME, events=[event_of(meeting) for meeting in meetings], generated_at=now
    )


def event_of(meeting: Meeting) -> ics.Event:
    return ics.Event(
        uid=str(meeting.uid),
        sequence=meeting.sequence,
        title=f"{settings.SITE_NAME}: {meeting.heading}",
        starts=meeting.starts_at,
        ends=meeting.ends_at,
        changed_at=meeting.changed_at,
        place=meeting.place or meeting.link,
        description=f"Join online: {meeting.link}" if meeting.link else "",
        url=f"{settings.SITE_URL}{meeting.get_absolute_url()}",
        cancelled=not meeting.is_live,
        alarm_minutes=ALARM_MINUTES,
    )


def address_of(feed: CalendarFeed) -> str:
    return f"{settings.SITE_URL}{reverse('calendar_file', args=[feed.token])}"
