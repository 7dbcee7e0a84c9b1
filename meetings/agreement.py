"""A team's agreement: each member accepts the program's expectations (M18). It is no signature and no condition."""

import hashlib
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from coaching import audit, outbox
from coaching.errors import Refused
from coaching.models import Message, Team, User
from coaching.permissions import officers_of
from meetings import team_space
from meetings.models import Acceptance

HELP = "meetings.help"


class TextChanged(Refused):
    pass


class NobodyToAsk(Refused):
    pass


def expectations(team: Team) -> list[str]:
    """One line each, as the program has them."""
    return [line.strip() for line in team.cohort.program.expectations.splitlines() if line.strip()]


def digest(team: Team) -> str:
    """Of the text that is read, so that nobody accepts another one."""
    return hashlib.sha256("\n".join(expectations(team)).encode()).hexdigest()


@transaction.atomic
def accept(*, team: Team, seen: str, by: User, now: datetime) -> Acceptance:
    """A member accepts the expectations as they were read (`seen`: their digest); a second call changes nothing.

    Raises NotYourMeeting, TextChanged.
    """
    team = Team.objects.select_for_update(of=("self",)).select_related("cohort__program").get(pk=team.pk)
    team_space.require_team_member(by, team)
    participant = team_space.members_of(team).get(user=by)
    known = Acceptance.objects.filter(team=team, participant=participant).first()
    if known:
        return known
    if seen != digest(team):
        raise TextChanged("The expectations were changed meanwhile. Read them again, then accept them.")
    row = Acceptance.objects.create(
        team=team, participant=participant, text="\n".join(expectations(team)), accepted_at=now
    )
    audit.record("team_agreement.accepted", by=by, obj=row, now=now, data={"team": team.pk})
    return row


def is_asked_today(team: Team, now: datetime) -> bool:
    """Whether a member has asked the branch office for help today."""
    today = timezone.localdate(now, team.cohort.zone)
    return Message.objects.filter(key__startswith=f"{HELP}:{team.pk}.{today}:").exists()


@transaction.atomic
def ask_for_help(*, team: Team, by: User, now: datetime) -> bool:
    """Tell the branch office that the team asks for help, and nothing else; False: it was told today already.

    Raises NotYourMeeting, NobodyToAsk.
    """
    team = Team.objects.select_for_update(of=("self",)).select_related("cohort__branch").get(pk=team.pk)
    team_space.require_team_member(by, team)
    today = timezone.localdate(now, team.cohort.zone)
    if is_asked_today(team, now):
        return False
    officers = officers_of(team.cohort, on=today)
    if not officers:
        raise NobodyToAsk("Nobody works in the branch office now. Write to the contact of your program.")
    outbox.queue_many(
        kind=HELP, to=officers, key=f"{team.pk}.{today}", now=now, ids={"team": team.pk, "by": by.pk}
    )
    audit.record("team.asked_for_help", by=by, obj=team, now=now)
    return True
