"""From a published team to one that stands: answers, confirmation, or dissolution (T4)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from coaching import audit, outbox
from coaching.errors import Refused
from coaching.models import Consent, Membership, Team, TeamChange, User
from coaching.permissions import officers_of, require_office
from coaching.team_problem import explain_standing, refuse_broken


class NotYourAnswer(Refused):
    pass


class AlreadySettled(Refused):
    pass


class NotAgreed(Refused):
    pass


class TeamEnded(Refused):
    pass


class TeamStands(Refused):
    pass


@transaction.atomic
def answer(*, consent: Consent, agree: bool, by: User, now: datetime, reason: str = "") -> Consent:
    """A member agrees or declines (T4); the answer can be changed until the team is confirmed or dissolved.

    The same answer twice is one. Raises NotYourAnswer, AlreadySettled.
    """
    change = TeamChange.objects.select_for_update().get(pk=consent.change_id)
    consent = Consent.objects.select_for_update(of=("self",)).get(pk=consent.pk)
    if consent.participant.user_id != by.pk:
        raise NotYourAnswer("Only the member can answer for themselves.")
    if change.status != TeamChange.Status.OPEN:
        raise AlreadySettled(
            f"This question is {change.get_status_display().lower()}; no answer is needed any more."
        )
    given = Consent.Answer.AGREED if agree else Consent.Answer.DECLINED
    reason = "" if agree else reason.strip()
    if (consent.answer, consent.reason) == (given, reason):
        return consent
    consent.answer, consent.reason, consent.answered_at = given, reason, now
    consent.save(update_fields=["answer", "reason", "answered_at"])
    # The reason is read by the branch office alone: it stays out of the trail.
    audit.record(f"consent.{given.value}", by=by, obj=consent, now=now)
    if not agree:
        tell_office(
            change.team, "team_declined", f"{consent.pk}:{now.isoformat()}", now, {"consent": consent.pk}
        )
    elif not change.consents.exclude(answer=Consent.Answer.AGREED).exists():
        tell_office(change.team, "team_agreed", f"{change.pk}:{now.isoformat()}", now, {"change": change.pk})
    return consent


def tell_office(team: Team, kind: str, key: str, now: datetime, ids: dict[str, int]) -> None:
    for officer in officers_of(team.cohort, on=timezone.localdate(now)):
        outbox.queue(kind=kind, to=officer, key=key, now=now, ids=ids)


def _tell_members(team: Team, kind: str, now: datetime) -> None:
    """The people who are in the team at this moment."""
    for membership in team.memberships.filter(ended_at=None).select_related("participant__user"):
        outbox.queue(
            kind=kind, to=membership.participant.user, key=str(team.pk), now=now, ids={"team": team.pk}
        )


@transaction.atomic
def confirm(*, team: Team, by: User, now: datetime) -> Team:
    """The branch office agrees too, and the team stands (T4); a second call changes nothing.

    Raises NotYourCohort, TeamEnded, NotAgreed, and BrokenRules when a hard rule broke since (T1, T8, T9).
    """
    require_office(cohort=team.cohort, by=by, now=now)
    team = Team.objects.select_for_update(of=("self",)).select_related("cohort__program").get(pk=team.pk)
    if team.status == Team.Status.CONFIRMED:
        return team
    if team.status == Team.Status.ENDED:
        raise TeamEnded(f"{team} has ended. Form a new one from the people who wait.")
    change = team.changes.select_for_update().get(status=TeamChange.Status.OPEN)
    missing = change.consents.exclude(answer=Consent.Answer.AGREED).select_related("participant__user")
    if missing:
        names = ", ".join(consent.participant.user.name for consent in missing)
        raise NotAgreed(f"{team} cannot be confirmed: not agreed yet: {names}.")
    refuse_broken(list(explain_standing(team.cohort, [team]).values()))
    change.status, change.settled_at = TeamChange.Status.CONFIRMED, now
    change.save(update_fields=["status", "settled_at"])
    team.status, team.confirmed_at, team.confirmed_by = Team.Status.CONFIRMED, now, by
    team.save(update_fields=["status", "confirmed_at", "confirmed_by"])
    audit.record("team.confirmed", by=by, obj=team, now=now)
    _tell_members(team, "team_confirmed", now)
    return team


@transaction.atomic
def dissolve(*, team: Team, by: User | None, reason: str, now: datetime) -> Team:
    """Take back a team that is not confirmed yet: its members wait again. A second call changes nothing.

    Raises NotYourCohort, TeamStands.
    """
    require_office(cohort=team.cohort, by=by, now=now)
    return end_unconfirmed(team=team, by=by, reason=reason, now=now)


@transaction.atomic
def end_unconfirmed(*, team: Team, by: User | None, reason: str, now: datetime) -> Team:
    """T4: a team still being agreed to ends, with its question and its memberships. Raises TeamStands."""
    team = Team.objects.select_for_update(of=("self",)).get(pk=team.pk)
    if team.status == Team.Status.ENDED:
        return team
    if team.status == Team.Status.CONFIRMED:
        raise TeamStands(f"{team} is confirmed; it cannot be dissolved. A member can leave at any time.")
    _tell_members(team, "team_dissolved", now)
    team.changes.filter(status=TeamChange.Status.OPEN).update(
        status=TeamChange.Status.CANCELLED, settled_at=now
    )
    Membership.objects.filter(team=team, ended_at=None).update(ended_at=now)
    team.status = Team.Status.ENDED
    team.save(update_fields=["status"])
    audit.record("team.dissolved", by=by, obj=team, now=now, data={"reason": reason})
    return team
