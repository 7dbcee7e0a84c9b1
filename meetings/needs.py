"""What a participant needs to take part: captions, an interpreter, an accessible room. The branch office alone reads it.

It lies encrypted, is in no admin page, mail or log, and is deleted on the day on which teams' texts are.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from coaching import audit, outbox
from coaching.errors import Refused
from coaching.models import Cohort, Participant, User
from coaching.permissions import officers_of
from meetings import keeping, team_space, vault
from meetings.models import Need

LONGEST = 2000  # characters


class NotYours(Refused):
    pass


class TooLong(Refused):
    pass


@dataclass(frozen=True)
class Asked:
    participant: Participant
    text: str
    at: datetime


@transaction.atomic
def say(*, participant: Participant, text: str, by: User, now: datetime) -> Need | None:
    """A participant says what they need, or, with no words, that they need nothing; the same twice is once.

    The branch office hears that something was said, not what. Raises NotYours, TooLong.
    """
    participant = (
        Participant.objects.select_for_update(of=("self",))
        .select_related("cohort__branch")
        .get(pk=participant.pk)
    )
    if participant.user_id != by.pk or participant.status != Participant.Status.ACTIVE:
        raise NotYours("Only who takes part says what they need.")
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST:
        raise TooLong(f"That is {len(text):,} characters long. Shorten it to {LONGEST:,}.")
    known = Need.objects.filter(participant=participant).first()
    if (read(known) if known else "") == text:
        return known
    if known and not text:
        audit.record("need.withdrawn", by=by, obj=known, now=now)
        known.delete()
        return None
    row = known or Need(participant=participant)
    row.said_at = now
    row.ciphertext = vault.seal({"text": text}, row=_row(row), key=vault.of_the_site())
    row.save()
    audit.record("need.said", by=by, obj=row, now=now)
    key, ids = f"{participant.pk}.{now.isoformat()}", {"participant": participant.pk}
    officers = officers_of(participant.cohort, on=timezone.localdate(now))
    outbox.queue_many(kind="meetings.need", to=officers, key=key, now=now, ids=ids)
    return row


def read(need: Need) -> str:
    return str(vault.unseal(bytes(need.ciphertext), row=_row(need), key=vault.of_the_site())["text"])


def of_cohort(cohort: Cohort, *, by: User, now: datetime) -> list[Asked]:
    """For the branch office, by name. Raises NotYourMeeting (T10)."""
    team_space.require_office(by, cohort, on=timezone.localdate(now, cohort.zone))
    rows = Need.objects.filter(participant__cohort=cohort, participant__status=Participant.Status.ACTIVE)
    rows = rows.select_related("participant__user").order_by("participant__user__name", "pk")
    return [Asked(row.participant, read(row), row.said_at) for row in rows]


def delete_what_is_due(*, now: datetime) -> int:
    """On the day on which the cohort's teams' texts are deleted; safe to run at any time."""
    over = Need.objects.filter(participant__cohort__in=keeping.over(now))
    return keeping.not_held(over, now).delete()[0]


def _row(need: Need) -> str:
    return f"need of {need.participant_id}"
