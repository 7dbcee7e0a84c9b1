"""How a confirmed team goes on that a departure left too small (T1): always with the consent of all concerned (T4).

It goes on as it is, somebody joins it, or another team does; somebody who waits can also join a whole team that has room.
The branch office asks, everybody concerned answers
(`team_agreement.answer`), the branch office confirms.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from coaching import audit, outbox, team_dates, team_draft
from coaching.errors import Refused
from coaching.models import Cohort, Consent, Membership, Participant, Team, TeamChange, User
from coaching.permissions import require_office
from coaching.team_agreement import NotAgreed
from coaching.team_problem import (
    ExplainedTeam,
    explain,
    explain_members,
    explain_standing,
    refuse_broken,
    study,
)
from coaching.team_ways import FEWEST, AskedAlready, besides_size, refuse_asked

Kind = TeamChange.Kind


class NotSmall(Refused):
    pass


class NotPossible(Refused):
    pass


class NotOpen(Refused):
    pass


def is_small(team: Team, members: Sequence[Participant]) -> bool:
    """T1: fewer than a team is formed with, and at least one of them still takes part."""
    active = any(each.status == Participant.Status.ACTIVE for each in members)
    return (
        team.status == Team.Status.CONFIRMED and active and len(members) < team.cohort.program.min_team_size
    )


def has_room(team: Team, members: Sequence[Participant]) -> bool:
    """T1: whole, and one more person can still join."""
    whole = team.cohort.program.min_team_size <= len(members) < team.cohort.program.max_team_size
    return team.status == Team.Status.CONFIRMED and whole


def agreed_to_go_on(members: Iterable[Participant], changes: Iterable[TeamChange]) -> TeamChange | None:
    """The decision that these very members go on as they are; another departure opens the question again."""
    present = {each.pk for each in members}
    for change in changes:
        asked = {consent.participant_id for consent in change.consents.all()}
        if (change.kind, change.status) == (Kind.GO_ON, TeamChange.Status.CONFIRMED) and present <= asked:
            return change
    return None


def _members(team: Team) -> list[Participant]:
    return explain_standing(team.cohort, [team])[team.pk].members


@dataclass(frozen=True)
class _Move:
    """A change as it would be carried out now: whom it concerns, and the teams that would end."""

    concerned: frozenset[int]
    ending: tuple[Team, ...]


def _check(team: Team, kind: str, joining: Sequence[Participant]) -> _Move:
    """Raises NotSmall, NotPossible and BrokenRules (T1, T8) where the change cannot be made as things are now."""
    members = _members(team)
    if not is_small(team, members) and not (kind == Kind.JOIN and has_room(team, members)):
        raise NotSmall(f"{team} is not too small now, so there is nothing to decide.")
    if kind == Kind.GO_ON:
        if len(members) < FEWEST or joining:
            raise NotPossible(
                "One person alone cannot go on as a team. Let somebody join, or merge two teams."
            )
        refuse_broken(
            [ExplainedTeam(team.number, members, besides_size(explain_members(team.cohort, members)))]
        )
        return _Move(frozenset(each.pk for each in members), ())
    sources = _sources(team, joining)
    if sources and not is_small(team, members):
        raise NotPossible(f"{team} is a whole team: only somebody who has no team can join it.")
    staying = _staying(team, kind, joining, sources)
    whole = [*members, *_full(joining)]
    case = study(team.cohort, [*whole, *staying])
    refuse_broken([ExplainedTeam(team.number, whole, explain(case, [each.pk for each in whole]))])
    concerned = {each.pk for each in (*members, *joining, *staying)}
    return _Move(frozenset(concerned), tuple(sources) if kind == Kind.MERGE else ())


def _full(participants: Sequence[Participant]) -> list[Participant]:
    """With what the rules look at."""
    rows = Participant.objects.filter(pk__in=[each.pk for each in participants])
    return list(rows.select_related("user", "division", "classification", "career_track"))


def _sources(team: Team, joining: Sequence[Participant]) -> list[Team]:
    fit = [
        each
        for each in joining
        if each.cohort_id == team.cohort_id and each.status == Participant.Status.ACTIVE
    ]
    places = Membership.objects.filter(participant__in=joining, ended_at=None).select_related("team")
    sources = sorted({place.team for place in places}, key=lambda each: each.pk)
    if not joining or len(fit) < len(joining) or team in sources:
        raise NotPossible("Choose people of this program who take part in it and are not in this team.")
    if any(source.status != Team.Status.CONFIRMED for source in sources):
        raise NotPossible("Somebody here is being asked about another team. Wait for that, or choose others.")
    return sources


def _staying(team: Team, kind: str, joining: Sequence[Participant], sources: list[Team]) -> list[Participant]:
    """T1: whoever stays behind is a whole team; in a merger nobody stays behind."""
    moving = {each.pk for each in joining}
    left = {source: [each for each in _members(source) if each.pk not in moving] for source in sources}
    if kind == Kind.MERGE and (len(sources) != 1 or any(left.values())):
        raise NotPossible("To merge two teams, everybody of the other one joins.")
    for source, stay in left.items():
        if kind == Kind.JOIN and len(stay) < team.cohort.program.min_team_size:
            raise NotPossible(f"{source} would become too small itself. Choose another way.")
    return [each for stay in left.values() for each in stay]


def _locked(pk: int) -> Team:
    """The team, with its cohort locked: a departure or another change may touch the same people and teams (T1)."""
    Cohort.objects.select_for_update().get(teams=pk)
    return Team.objects.select_for_update(of=("self",)).select_related("cohort__program").get(pk=pk)


@transaction.atomic
def ask(
    *,
    team: Team,
    kind: str,
    joining: Sequence[Participant],
    reason: str,
    by: User | None,
    now: datetime,
    answer_by: date | None = None,
) -> TeamChange:
    """Ask everybody concerned whether the team shall go on this way (T4); the same question twice is one.

    `answer_by`: the day by which they are asked to answer; the cohort's usual one where none is chosen.
    Raises NotYourCohort, AskedAlready, WrongDay, and what `_check` raises.
    """
    require_office(cohort=team.cohort, by=by, now=now)
    team = _locked(team.pk)
    found = team.changes.filter(status=TeamChange.Status.OPEN).first()
    if found:
        if found.kind == kind and set(found.joining.all()) == set(joining):
            return found
        raise AskedAlready(f"{team} is being asked about something else. Take that question back first.")
    move = _check(team, kind, joining)
    refuse_asked(team.cohort, move.concerned)
    change = TeamChange.objects.create(
        team=team,
        kind=kind,
        reason=reason.strip(),
        answer_by=team_dates.chosen(team.cohort, answer_by, now=now),
        created_by=by,
        created_at=now,
    )
    change.joining.set(joining)
    for each in Participant.objects.filter(pk__in=move.concerned).select_related("user"):
        consent = Consent.objects.create(change=change, participant=each)
        outbox.queue(
            kind="team_change_asked", to=each.user, key=str(consent.pk), now=now, ids={"consent": consent.pk}
        )
    data = {
        "kind": kind,
        "joining": [each.pk for each in joining],
        "reason": change.reason,
        "answer_by": change.answer_by,
    }
    audit.record("team_change.asked", by=by, obj=change, now=now, data=data)
    return change


@transaction.atomic
def confirm(*, change: TeamChange, by: User | None, now: datetime) -> list[Team]:
    """The branch office agrees too, and it is so (T4); returns the teams that ended. A second call changes nothing.

    Raises NotYourCohort, NotOpen, NotAgreed, and what `_check` raises where things changed since everybody was asked.
    """
    require_office(cohort=change.team.cohort, by=by, now=now)
    team = _locked(change.team_id)
    change = TeamChange.objects.select_for_update(of=("self",)).get(pk=change.pk)
    if change.kind == Kind.FORM or change.status == TeamChange.Status.CANCELLED:
        raise NotOpen("This question is no longer open. Look at the team again.")
    if change.status == TeamChange.Status.CONFIRMED:
        return []
    missing = change.consents.exclude(answer=Consent.Answer.AGREED).select_related("participant__user")
    if missing:
        names = ", ".join(consent.participant.user.name for consent in missing)
        raise NotAgreed(f"{team} cannot be changed: not agreed yet: {names}.")
    joining = list(change.joining.all())
    move = _check(team, change.kind, joining)
    if move.concerned != set(change.consents.values_list("participant", flat=True)):
        raise NotPossible(
            "The teams are not what they were when everybody was asked. Take the question back."
        )
    Membership.objects.filter(participant__in=joining, ended_at=None).update(ended_at=now)
    Membership.objects.bulk_create(Membership(team=team, participant=each, joined_at=now) for each in joining)
    team_draft.take_out(team.cohort, [each.pk for each in joining], now=now)
    for ended in move.ending:
        ended.status = Team.Status.ENDED
        ended.save(update_fields=["status"])
    _settle(change, TeamChange.Status.CONFIRMED, by=by, now=now)
    _drop_impossible(move.concerned, by=by, now=now)
    return list(move.ending)


def _drop_impossible(people: Collection[int], *, by: User | None, now: datetime) -> None:
    """What these people are asked besides ends where it can no longer be as it was asked."""
    rows = _open_about(people).select_related("team__cohort__program").prefetch_related("joining")
    for question in rows:
        try:
            move = _check(question.team, question.kind, list(question.joining.all()))
        except Refused:
            possible = False
        else:
            possible = move.concerned == set(question.consents.values_list("participant", flat=True))
        if not possible:
            _settle(question, TeamChange.Status.CANCELLED, by=by, now=now)


def _open_about(people: Collection[int]) -> QuerySet[TeamChange]:
    """Open questions of small teams that one of these participants is asked, locked."""
    rows = TeamChange.objects.select_for_update(of=("self",)).filter(status=TeamChange.Status.OPEN)
    rows = rows.exclude(kind=Kind.FORM)
    return rows.filter(pk__in=Consent.objects.filter(participant__in=people).values("change"))


def _settle(change: TeamChange, status: str, *, by: User | None, now: datetime) -> None:
    change.status, change.settled_at = status, now
    change.save(update_fields=["status", "settled_at"])
    audit.record(f"team_change.{status}", by=by, obj=change, now=now)
    for consent in change.consents.select_related("participant__user"):
        ids = {"change": change.pk}
        outbox.queue(
            kind="team_change_settled", to=consent.participant.user, key=str(change.pk), now=now, ids=ids
        )


@transaction.atomic
def take_back(*, change: TeamChange, by: User | None, now: datetime) -> TeamChange:
    """Ask no longer; nothing changes, and another way can be chosen. A second call changes nothing.

    Raises NotYourCohort, NotOpen.
    """
    require_office(cohort=change.team.cohort, by=by, now=now)
    change = TeamChange.objects.select_for_update(of=("self",)).get(pk=change.pk)
    if change.status == TeamChange.Status.CANCELLED:
        return change
    if change.kind == Kind.FORM or change.status != TeamChange.Status.OPEN:
        raise NotOpen("This cannot be taken back: it is settled already. Look at the team again.")
    _settle(change, TeamChange.Status.CANCELLED, by=by, now=now)
    return change


def drop_questions(*, participant: Participant, by: User, now: datetime) -> None:
    """Whoever leaves (F3) is asked no longer, and what depended on them is asked no longer either."""
    for change in _open_about([participant.pk]):
        _settle(change, TeamChange.Status.CANCELLED, by=by, now=now)
