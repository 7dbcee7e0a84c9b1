"""What crosses the apps: a confirmed team gets its meetings; who leaves, leaves everywhere."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction

from coaching import enrollment, team_agreement, team_changes
from coaching.days import today_of
from coaching.models import Cohort, Participant, Team, TeamChange, User
from coaching.permissions import require_office
from meetings import invitations, laying_out, waivers


@transaction.atomic
def confirm_team(*, team: Team, by: User, now: datetime) -> Team:
    """Confirm a team (T4) and lay out its meetings from today on (M4), both or neither; a second call changes nothing.

    Whose program has begun without them is in time if they were when everybody was asked, as whoever joins a team is.
    Raises what `team_agreement.confirm` and `laying_out.lay_out_meetings` raise, TooLateToJoin, PlanMissing.
    """
    require_office(cohort=team.cohort, by=by, now=now)
    Cohort.objects.select_for_update(of=("self",)).get(
        teams=team.pk
    )  # first, as in every write about its meetings
    stood = Team.objects.select_for_update().get(pk=team.pk).status == Team.Status.CONFIRMED
    if not stood:
        for asked in team.changes.filter(status=TeamChange.Status.OPEN):
            members = Participant.objects.filter(memberships__team=team, memberships__ended_at=None)
            members = members.select_related("user", "cohort__program")
            _check_joining(members, on=today_of(team.cohort, asked.created_at))
    team = team_agreement.confirm(team=team, by=by, now=now)
    if not stood:  # or a second click would bring back meetings that the team called off
        laying_out.lay_out_meetings(team=team, by=by, now=now, since=today_of(team.cohort, now))
    return team


@transaction.atomic
def ask_about_team(
    *,
    team: Team,
    kind: str,
    joining: Sequence[Participant],
    reason: str,
    by: User,
    now: datetime,
    answer_by: date | None = None,
    plan: str = "",
) -> TeamChange:
    """Ask everybody concerned how a team goes on, or whether somebody joins (T4); the same question twice is one.

    `plan`: how they make up what they missed, recorded with the question where nothing else is. Raises TooLateToJoin,
    PlanMissing, and what `waivers.plan` and `team_changes.ask` raise.
    """
    today = today_of(team.cohort, now)
    if plan:
        Cohort.objects.select_for_update(of=("self",)).get(pk=team.cohort_id)  # before its people
        missed = waivers.to_make_up(joining, on=today)
        for each in joining:
            if months := [month.month for month in missed.get(each.pk, [])]:
                waivers.plan(participant=each, months=months, reason=plan, by=by, now=now)
    _check_joining(joining, on=today)
    return team_changes.ask(
        team=team, kind=kind, joining=joining, reason=reason, by=by, now=now, answer_by=answer_by
    )


def _check_joining(joining: Iterable[Participant], *, on: date) -> None:
    """Until the second month, with a plan for what was missed: for whoever had no team yet."""
    for each in joining:
        waivers.check_joining(each, on=on)


@transaction.atomic
def confirm_change(*, change: TeamChange, by: User, now: datetime) -> None:
    """Let a small team go on, or somebody join, as everybody agreed (T1, T4); the meetings ahead of a team that ends are
    called off.

    Whoever joins is in time if they were when everybody was asked. Raises what `team_changes.confirm` raises, and
    TooLateToJoin or PlanMissing where a plan was taken back meanwhile; a second call changes nothing.
    """
    if change.status == TeamChange.Status.OPEN:
        joining = change.joining.select_related("user", "cohort__program")
        _check_joining(joining, on=today_of(change.team.cohort, change.created_at))
    for ended in team_changes.confirm(change=change, by=by, now=now):
        laying_out.call_off_ahead(
            team=ended, reason=f"{ended} ended: its members joined {change.team}.", by=by, now=now
        )
    invitations.queue_needed(now=now)


@transaction.atomic
def leave(*, participant: Participant, reason: str, by: User, now: datetime) -> Participant:
    """End a participation at any time (F3), in every room of the program; a second call changes nothing."""
    participant = enrollment.leave(participant=participant, by=by, reason=reason, now=now)
    invitations.queue_needed(user=participant.user, now=now)
    return participant
