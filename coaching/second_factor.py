"""The second step at sign-in: who needs one, whether a session took it, and taking a lost one away."""

from datetime import date, datetime

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from coaching import audit, offices, outbox
from coaching.models import User

TAKEN_AWAY = "second_factor_taken_away"
STEPS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_required_of(user: User, *, on: date) -> bool:
    """Administrators and the branch office: by what they hold on that day."""
    return user.is_staff or bool(offices.office_branches(user, on=on))


def steps_of(user: User) -> QuerySet[Authenticator]:
    """Recovery codes stand in for a second step, and are none by themselves."""
    return Authenticator.objects.filter(user=user, type__in=STEPS)


def is_confirmed(request: HttpRequest) -> bool:
    """Whether this session took the second step, or set it up, and what it took is still there."""
    taken = [
        each["id"] for each in get_authentication_records(request, request.user) if each["method"] == "mfa"
    ]
    return bool(taken) and Authenticator.objects.filter(user=request.user.pk, pk__in=taken).exists()


@transaction.atomic
def take_away(*, person: User, by: User | None, now: datetime) -> bool:
    """Remove a second step that was lost, with its recovery codes; the person hears of it. False: there was none.

    Whoever needs one sets up another before anything else; sessions that took the lost one count no longer.
    """
    locked = User.objects.select_for_update().get(pk=person.pk)
    kinds = sorted(Authenticator.objects.filter(user=locked).values_list("type", flat=True))
    if not kinds:
        return False
    Authenticator.objects.filter(user=locked).delete()
    audit.record("person.second_factor_taken_away", by=by, obj=locked, now=now, data={"kinds": kinds})
    outbox.queue(
        kind=TAKEN_AWAY, to=locked, key=f"{now:%Y%m%dT%H%M%S%f}", now=now, ids={"by": by.pk if by else None}
    )
    return True
