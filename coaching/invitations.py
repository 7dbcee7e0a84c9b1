"""Inviting people to set their first password; the mail itself is built by the site when it is sent."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from coaching import audit, outbox
from coaching.models import User

KIND = "invitation"


def needs_invitation(user: User) -> bool:
    """Somebody who cannot sign in yet; a person with a password never needs one."""
    return user.is_active and not user.has_usable_password()


@transaction.atomic
def invite(*, people: Sequence[User], by: User | None, now: datetime, again: bool = False) -> list[User]:
    """Queue an invitation for those who need one, once per person; `again` repeats it on request.

    Returns the people who get one.
    """
    invited = [user for user in people if needs_invitation(user) and (again or user.invited_at is None)]
    outbox.queue_many(kind=KIND, to=invited, key=f"{now:%Y%m%dT%H%M%S}" if again else "first", now=now)
    User.objects.filter(pk__in=[user.pk for user in invited]).update(invited_at=now)
    for user in invited:
        user.invited_at = now
    audit.record_many("person.invited", by=by, objects=[(user, None) for user in invited], now=now)
    return invited
