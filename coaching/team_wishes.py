"""What participants say before teams are formed: when they can meet, and with whom they would rather not be."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from coaching import audit, outbox
from coaching.errors import Refused
from coaching.meeting_times import times_of
from coaching.models import Cohort, Participant, Team, TeamWishes, User
from coaching.permissions import require_office

MOST_NAMES = 3


class NotYours(Refused):
    pass


class TooLate(Refused):
    """The person has left, or their team stands already."""


class NoTime(Refused):
    pass


class TooManyNames(Refused):
    pass


def may_say(participant: Participant) -> bool:
    """Until their team is confirmed."""
    return participant.status == Participant.Status.ACTIVE and not _in_confirmed_team(participant)


def _in_confirmed_team(participant: Participant) -> bool:
    return participant.memberships.filter(ended_at=None, team__status=Team.Status.CONFIRMED).exists()


@transaction.atomic
def save(
    *,
    participant: Participant,
    times: Collection[str],
    track: str,
    rather_not: Collection[User],
    by: User,
    now: datetime,
) -> TeamWishes:
    """Keep what a participant says; the later answer takes the place of the earlier one.

    `times`: keys of coaching.meeting_times. Raises NotYours, TooLate, NoTime, TooManyNames.
    """
    locked = Participant.objects.select_for_update(of=("self",)).select_related("cohort")
    participant = locked.get(pk=participant.pk)
    if participant.user_id != by.pk:
        raise NotYours("Only the participant can say this.")
    if not may_say(participant):
        raise TooLate(
            "Your team stands already, or you have left. Talk with your team, or ask the branch office."
        )
    chosen = [each.key for each in times_of(participant.cohort) if each.key in times]
    if not chosen:
        raise NoTime("Choose at least one time at which you can meet.")
    names = {person.pk for person in rather_not} - {by.pk}
    if len(names) > MOST_NAMES:
        raise TooManyNames(f"Name at most {MOST_NAMES} people.")
    wishes, _ = TeamWishes.objects.update_or_create(
        participant=participant, defaults={"times": chosen, "track": track, "answered_at": now}
    )
    wishes.rather_not.set(names)
    # The branch office alone reads what was said: it stays out of the trail.
    audit.record("team_wishes.saved", by=by, obj=participant, now=now)
    return wishes


def silent(cohort: Cohort) -> list[User]:
    """Who waits for a team and has not said when they can meet."""
    rows = cohort.participants.active().without_team().filter(wishes=None)
    return [participant.user for participant in rows.select_related("user")]


@dataclass(frozen=True)
class Asked:
    """How many people are asked now, and how many were asked before on the same day."""

    now: int
    before: int


@transaction.atomic
def ask_again(*, cohort: Cohort, by: User, now: datetime) -> Asked:
    """Write to everybody who has not answered, at most once a day each. Raises NotYourCohort."""
    require_office(cohort=cohort, by=by, now=now)
    cohort = Cohort.objects.select_for_update().get(pk=cohort.pk)
    people = silent(cohort)
    kind, key = "team_wishes_asked", f"{cohort.pk}:{now.astimezone(cohort.zone):%Y-%m-%d}"
    before = outbox.queued(kind=kind, to=people, key=key)
    asked = [user for user in people if user not in before]
    if asked:
        outbox.queue_many(kind=kind, to=asked, key=key, now=now, ids={"cohort": cohort.pk})
        audit.record("team_wishes.asked", by=by, obj=cohort, now=now, data={"people": len(asked)})
    return Asked(now=len(asked), before=len(before))
