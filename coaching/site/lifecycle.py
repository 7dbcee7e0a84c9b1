"""What crosses the apps: a confirmed team gets its meetings; who leaves, leaves everywhere."""

from datetime import datetime

from django.db import transaction

from coaching import enrollment, team_agreement, team_changes
from coaching.models import Participant, Team, TeamChange, User
from meetings import invitations, scheduling


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
def confirm_change(*, change: TeamChange, by: User, now: datetime) -> None:
    """Let a small team go on as everybody agreed (T1, T4); the meetings ahead of a team that ends are called off.

    Raises what `team_changes.confirm` raises; a second call changes nothing.
    """
    for ended in team_changes.confirm(change=change, by=by, now=now):
        scheduling.call_off_ahead(
            team=ended, reason=f"{ended} ended: its members joined {change.team}.", by=by, now=now
        )
    invitations.queue_needed(now=now)


@transaction.atomic
def leave(*, participant: Participant, reason: str, by: User, now: datetime) -> Participant:
    """End a participation at any time (F3), in every room of the program; a second call changes nothing."""
    participant = enrollment.leave(participant=participant, by=by, reason=reason, now=now)
    invitations.queue_needed(user=participant.user, now=now)
    return participant
