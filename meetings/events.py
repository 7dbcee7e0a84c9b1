"""A meeting as an event of a calendar file, for those who take part in it."""

from email.utils import parseaddr

from django.conf import settings

from coaching.models import User
from meetings import ics
from meetings.models import Meeting

ALARM_MINUTES = 24 * 60


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


def organizer() -> ics.Person:
    """The program, by the address that its mail comes from."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return ics.Person(name or settings.SITE_NAME, address)


def attendee(user: User) -> ics.Person:
    return ics.Person(user.name, user.email)
