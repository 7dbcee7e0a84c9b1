"""What crosses the apps: a confirmed team gets its meetings; who leaves, leaves everywhere."""

from datetime import datetime

from django.db import transaction

from coaching import enrollment, team_agreement
from coaching.models import Participant, Team, User
from meetings import scheduling


@transaction.atomic
def confirm_team(*, team: Team, by: User, now: datetime) -> Team:
    """Confirm a team (T4) and lay out its meetings (M4), both or neither; a second call changes nothing.

    Raises what `team_agreement.confirm` and `scheduling.lay_out_meetings` raise.
    """
    stood = Team.objects.select_for_update().get(pk=team.pk).status == Team.Status.CONFIRMED
    team = team_agreement.confirm(team=team, by=by, now=now)
    if not stood:  # or a second click would bring back meetings that the team called off
        scheduling.lay_out_meetings(team=team, by=by, now=now)
    return team


@transaction.atomic
def leave(*, participant: Participant, reason: str, by: User, now: datetime) -> Participant:
    """End a participation at any time (F3), in every room of the program; a second call changes nothing."""
    return enrollment.leave(participant=participant, by=by, reason=reason, now=now)
