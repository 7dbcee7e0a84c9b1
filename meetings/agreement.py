"""A team's agreement: each member accepts the program's expectations (M18). It is no signature and no condition."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from coaching import audit, outbox
from coaching.errors import Refused
from coaching.models import Cohort, Team, User
from coaching.permissions import officers_of
from meetings import team_space
from meetings.models import Acceptance, HelpRequest

HELP = "meetings.help"
SHOWN_AFTERWARDS = timedelta(days=7)


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
    last = HelpRequest.objects.filter(team=team).first()
    return last is not None and timezone.localdate(last.asked_at, team.cohort.zone) == timezone.localdate(
        now, team.cohort.zone
    )


def help_waiting(cohorts: Iterable[Cohort]) -> QuerySet[HelpRequest]:
    """What no branch officer has marked as answered yet."""
    return HelpRequest.objects.filter(team__cohort__in=cohorts, answered_at=None)


def help_shown(cohort: Cohort, *, now: datetime) -> QuerySet[HelpRequest]:
    """For the branch office: what waits, and for some days what was answered, to be taken back."""
    lately = Q(answered_at=None) | Q(answered_at__gte=now - SHOWN_AFTERWARDS)
    rows = HelpRequest.objects.filter(lately, team__cohort=cohort)
    return rows.select_related("team", "asked_by", "answered_by")


@transaction.atomic
def mark_help(*, asked: HelpRequest, answered: bool, by: User, now: datetime) -> HelpRequest:
    """The branch office has seen to it, or not yet after all; a second call changes nothing. Raises NotYourMeeting (T10)."""
    rows = HelpRequest.objects.select_for_update(of=("self",)).select_related("team__cohort")
    asked = rows.get(pk=asked.pk)
    team_space.require_office(by, asked.team.cohort, on=timezone.localdate(now, asked.team.cohort.zone))
    if bool(asked.answered_at) == answered:
        return asked
    asked.answered_by, asked.answered_at = (by, now) if answered else (None, None)
    asked.save(update_fields=["answered_by", "answered_at"])
    audit.record("help.answered" if answered else "help.open_again", by=by, obj=asked, now=now)
    return asked


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
    HelpRequest.objects.create(team=team, asked_by=by, asked_at=now)
    audit.record("team.asked_for_help", by=by, obj=team, now=now)
    return True
