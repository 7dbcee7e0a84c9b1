"""Proposals: documents of who could be with whom, from the solver or by hand, until they are published as teams."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from coaching import audit, outbox, team_dates
from coaching.errors import Refused
from coaching.formation.rules import join_words
from coaching.jobs import Progress
from coaching.models import Cohort, Consent, Membership, Team, TeamChange, TeamProposal, User
from coaching.permissions import require_office
from coaching.team_agreement import TeamStands, end_unconfirmed
from coaching.team_draft import NoTeams, lock_draft
from coaching.team_problem import ExplainedTeam, available, explain_draft, refuse_broken, study
from coaching.team_solving import solve
from coaching.team_ways import refuse_asked


class DraftExists(Refused):
    pass


class NobodyWaits(Refused):
    pass


class ReasonMissing(Refused):
    """A rule that only warns was bent by hand, and nobody said why."""


def propose(
    *,
    cohort: Cohort,
    by: User | None,
    now: datetime,
    seed: int = 0,
    seconds: float | None = None,
    steps: int | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> TeamProposal:
    """Let the solver put the people without a team into teams, and keep the answer as the cohort's draft.

    Raises DraftExists (unless `replace`), NobodyWaits, and what `team_solving.solve` raises, which says what
    `seconds` and `steps` are. No transaction is open while it searches.
    """
    require_office(cohort=cohort, by=by, now=now)
    if not replace:
        refuse_second_draft(cohort)
    people = available(cohort)
    if not people:
        raise NobodyWaits(f"Nobody in the {cohort} waits for a team. Enroll participants first.")
    problem = study(cohort, people).problem
    result = solve(problem, seed=seed, seconds=seconds, steps=steps, progress=progress)
    return keep_draft(cohort, {"teams": result["teams"]}, result, replace=replace, by=by, now=now)


def start_by_hand(*, cohort: Cohort, by: User | None, now: datetime) -> TeamProposal:
    """An empty draft: everybody is in the pool. Raises DraftExists."""
    require_office(cohort=cohort, by=by, now=now)
    return keep_draft(cohort, {"teams": []}, {}, by=by, now=now)


@transaction.atomic
def keep_draft(
    cohort: Cohort,
    document: dict[str, Any],
    result: dict[str, Any],
    *,
    replace: bool = False,
    by: User | None,
    now: datetime,
) -> TeamProposal:
    """Make this document the cohort's draft. Raises DraftExists (unless `replace`)."""
    Cohort.objects.select_for_update().get(pk=cohort.pk)
    if replace:
        for draft in cohort.proposals.filter(status=TeamProposal.Status.DRAFT):
            discard(proposal=draft, by=by, now=now)
    refuse_second_draft(cohort)
    proposal = TeamProposal.objects.create(
        cohort=cohort,
        document=document,
        result=result,
        created_by=by,
        created_at=now,
    )
    # Who is kept apart after a decline is between the branch office and them: it stays out of the trail.
    told = {name: value for name, value in document.items() if name != "apart"}
    audit.record("proposal.drafted", by=by, obj=proposal, now=now, data=told)
    return proposal


def refuse_second_draft(cohort: Cohort) -> None:
    """Raises DraftExists."""
    if cohort.proposals.filter(status=TeamProposal.Status.DRAFT).exists():
        raise DraftExists(
            f"The {cohort} has a draft of its teams already. Publish or discard it before you start another."
        )


@transaction.atomic
def discard(
    *, proposal: TeamProposal, by: User | None, now: datetime, version: int | None = None
) -> TeamProposal:
    """Put a draft away; a second call changes nothing. Raises NotADraft for one that was published."""
    require_office(cohort=proposal.cohort, by=by, now=now)
    current = TeamProposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if current.status == TeamProposal.Status.DISCARDED:
        return current
    draft = lock_draft(current, version=version, by=by)
    draft.status = TeamProposal.Status.DISCARDED
    draft.save(update_fields=["status"])
    audit.record("proposal.discarded", by=by, obj=draft, now=now)
    return draft


@transaction.atomic
def publish(
    *,
    proposal: TeamProposal,
    by: User | None,
    now: datetime,
    version: int | None = None,
    reasons: Mapping[int, str] | None = None,
    answer_by: date | None = None,
) -> list[Team]:
    """Make the draft's teams and ask every member whether they agree (T4); a second call returns the same teams.

    `answer_by`: the day by which they are asked to answer; the cohort's usual one where none is chosen.
    `reasons`: by number in the draft, why a team that was changed by hand bends a rule that only warns (T2, T3, T6).
    The teams that were reopened end. Raises BrokenRules for the hard rules, ReasonMissing, NotADraft, Stale, NoTeams,
    WrongDay, AskedAlready for who is asked to join a small team (T4), and TeamStands where a reopened team was
    confirmed meanwhile.
    """
    require_office(cohort=proposal.cohort, by=by, now=now)
    cohort = (
        Cohort.objects.select_for_update(of=("self",)).select_related("program").get(pk=proposal.cohort_id)
    )
    current = TeamProposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if current.status == TeamProposal.Status.PUBLISHED:
        return list(current.teams.all())
    draft = lock_draft(current, version=version, by=by)
    _refuse_standing(draft)
    explained = explain_draft(draft)
    teams = explained.teams
    if not any(team.members for team in teams):
        raise NoTeams("The draft has no team yet. Move people into teams, then publish.")
    refuse_broken(teams)
    refuse_asked(cohort, {each.pk for team in teams for each in team.members})
    given = {number: " ".join(reason.split()) for number, reason in (reasons or {}).items()}
    missing = [team.name for team in bent_by_hand(draft, teams) if not given.get(team.number)]
    if missing:
        raise ReasonMissing(f"Say why a rule is bent here: {', '.join(missing)}. The reason stays on record.")
    answer_by = team_dates.chosen(cohort, answer_by, now=now)
    _end_reopened(draft, by=by, now=now)
    last = cohort.teams.aggregate(last=Max("number"))["last"] or 0
    made = [
        _make_team(draft, last, team, given.get(team.number, ""), answer_by, by=by, now=now)
        for team in teams
        if team.members
    ]
    draft.status = TeamProposal.Status.PUBLISHED
    draft.published_at = now
    draft.save(update_fields=["status", "published_at"])
    data = {
        "teams": [team.pk for team in made],
        "without a team": [each.pk for each in explained.pool],
        "ended": draft.reopened,
    }
    audit.record("proposal.published", by=by, obj=draft, now=now, data=data)
    return made


def confirmed_meanwhile(draft: TeamProposal) -> str:
    """Why a draft can't be published any more, as it would form a team anew that stands by now; empty: it can."""
    stand = draft.cohort.teams.filter(pk__in=draft.reopened, status=Team.Status.CONFIRMED)
    names = join_words(list(stand)) if stand else ""
    return (
        f"Confirmed meanwhile: {names}. Discard this draft, and work out the change again." if stand else ""
    )


def _refuse_standing(draft: TeamProposal) -> None:
    if stands := confirmed_meanwhile(draft):
        raise TeamStands(stands)


def _end_reopened(draft: TeamProposal, *, by: User | None, now: datetime) -> None:
    for team in draft.cohort.teams.filter(pk__in=draft.reopened):
        end_unconfirmed(team=team, by=by, reason="Formed anew after somebody declined.", now=now)


def bent_by_hand(draft: TeamProposal, teams: Sequence[ExplainedTeam]) -> list[ExplainedTeam]:
    """Teams that are not as the solver made them, and of which the program's own rules warn (T2, T3, T6).

    What is not known of somebody bends nothing.
    """
    made = [set(ids) for ids in draft.proposed.get("teams", [])]
    changed = [team for team in teams if team.members and {each.pk for each in team.members} not in made]
    return [team for team in changed if any(_is_bent(each.label, team) for each in team.warnings)]


def _is_bent(label: str, team: ExplainedTeam) -> bool:
    fact = {"T2": "classification_id", "T6": "division_id", "T3": "career_track_id"}.get(label)
    if fact is None:
        return False
    known = [value for each in team.members if (value := getattr(each, fact)) is not None]
    if label == "T6":
        return len(known) == len(team.members) and len(set(known)) == 1
    return len(set(known)) < len(known) or label == "T3"


def _make_team(
    proposal: TeamProposal,
    last: int,
    explained: ExplainedTeam,
    bent_reason: str,
    answer_by: date,
    *,
    by: User | None,
    now: datetime,
) -> Team:
    members = explained.members
    team = Team.objects.create(
        cohort=proposal.cohort, number=last + explained.number, proposal=proposal, bent_reason=bent_reason
    )
    Membership.objects.bulk_create(Membership(team=team, participant=each, joined_at=now) for each in members)
    change = TeamChange.objects.create(team=team, answer_by=answer_by, created_by=by, created_at=now)
    for each in members:
        consent = Consent.objects.create(change=change, participant=each)
        outbox.queue(
            kind="team_proposed", to=each.user, key=str(consent.pk), now=now, ids={"consent": consent.pk}
        )
    data = {"members": [each.pk for each in members], "answer_by": answer_by}
    audit.record("team.proposed", by=by, obj=team, now=now, data=data)
    return team
