"""What teams and participants wrote and what has to stay: held, or of a team of which a legal order waits or is open.

What is refused is said in the same words for both, as an order may be one that the team is not told of.
"""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from coaching import holds
from coaching.errors import Refused
from coaching.models import Participant, Team
from meetings.models import LegalOrder


class IsKept(Refused):
    def __init__(self) -> None:
        super().__init__(
            "What was written here is kept as it is at present: it can be neither changed nor deleted. "
            "Write what is new beside it."
        )


def ordered_teams(now: datetime) -> QuerySet:
    """By their keys."""
    return LegalOrder.objects.standing(now).values("team")


def teams(now: datetime) -> "QuerySet[Team]":
    held = holds.teams(on=timezone.localdate(now)).values("pk")
    return Team.objects.filter(Q(pk__in=held) | Q(pk__in=ordered_teams(now)))


def participants(now: datetime) -> "QuerySet[Participant]":
    """With those who were ever in such a team."""
    held = holds.participants(on=timezone.localdate(now)).values("pk")
    ordered = Participant.objects.filter(memberships__team__in=ordered_teams(now)).values("pk")
    return Participant.objects.filter(Q(pk__in=held) | Q(pk__in=ordered))


def refuse_if_team_is_kept(team: Team, now: datetime) -> None:
    """Raises IsKept."""
    if teams(now).filter(pk=team.pk).exists():
        raise IsKept


def refuse_if_participant_is_kept(participant: Participant, now: datetime) -> None:
    """Raises IsKept."""
    if participants(now).filter(pk=participant.pk).exists():
        raise IsKept
