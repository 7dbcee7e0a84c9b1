"""How people have their meetings in their own calendar (M4): by a secret address, or by mail, and never by both.

Whoever knows an address reads dates and places: it can be withdrawn.
"""

import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from coaching import audit
from coaching.errors import Refused
from coaching.models import User
from meetings import events, ics, invitations
from meetings.models import CalendarChoice, Meeting

Way = CalendarChoice.Way
NEITHER = "neither"
STANDS = {
    Way.ADDRESS.value: "Another calendar address was made while this page was open: it is below.",
    Way.MAIL.value: "Invitations by mail were chosen while this page was open.",
    None: "The choice that this page showed was ended while it was open.",
}


class ChosenMeanwhile(Refused):
    pass


def choice_of(user: User) -> CalendarChoice | None:
    """The way in force; None: neither."""
    return CalendarChoice.objects.filter(user=user, revoked_at=None).first()


@transaction.atomic
def choose(*, way: Way | None, by: User, now: datetime, seen: str | None = None) -> CalendarChoice | None:
    """Have the meetings by this way from now on, or by none; a second call changes nothing.

    An address that was in force answers nothing any more; what calendars have by mail is mailed, or taken out.
    `seen`: the id of the choice that this ends, or NEITHER. Raises ChosenMeanwhile.
    """
    User.objects.select_for_update().get(pk=by.pk)
    before = choice_of(by)
    if (before.way if before else None) == way:
        return before
    if seen is not None and seen != (str(before.pk) if before else NEITHER):
        raise ChosenMeanwhile(f"{STANDS[before.way if before else None]} Nothing was changed.")
    if before:
        before.revoked_at = now
        before.save(update_fields=["revoked_at"])
        audit.record("calendar.way_ended", by=by, obj=before, now=now, data={"way": before.way})
    chosen = None
    if way:
        token = secrets.token_urlsafe(24) if way == Way.ADDRESS else ""
        chosen = CalendarChoice.objects.create(user=by, way=way, token=token, created_at=now)
        audit.record("calendar.way_chosen", by=by, obj=chosen, now=now, data={"way": way})
    invitations.queue_needed(user=by, now=now)
    return chosen


def calendar_for(choice: CalendarChoice, *, now: datetime) -> bytes:
    """The person's meetings of today as a calendar file; nothing of a team they have left (M14)."""
    meetings = Meeting.objects.visible_to(choice.user).select_related("item").order_by("date", "pk")
    return ics.calendar_bytes(
        name=settings.SITE_NAME,
        events=[events.event_of(meeting) for meeting in meetings],
        organizer=events.organizer(),
        generated_at=now,
    )


def address_of(choice: CalendarChoice) -> str:
    return f"{settings.SITE_URL}{reverse('calendar_file', args=[choice.token])}"
