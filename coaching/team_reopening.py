"""After somebody declined (T4): the change of the published teams that asks the fewest people again."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from coaching.errors import Refused
from coaching.formation import Problem, score_team
from coaching.jobs import Progress
from coaching.models import Cohort, Consent, Participant, Team, TeamChange, TeamProposal, User
from coaching.permissions import require_office
from coaching.team_formation import keep_draft, refuse_second_draft
from coaching.team_problem import available, study
from coaching.team_solving import solve

Pair = tuple[int, int]  # participants by id: the first declined a team with the second


class NobodyDeclined(Refused):
    pass


class KeptTogether(Refused):
    pass


def declined(cohort: Cohort) -> list[Consent]:
    """What members of published teams that are not confirmed have declined, with each one's team."""
    rows = Consent.objects.filter(
        change__team__cohort=cohort,
        change__team__status=Team.Status.AWAITING_AGREEMENT,
        change__status=TeamChange.Status.OPEN,
        answer=Consent.Answer.DECLINED,
    )
    return list(
        rows.select_related("participant__user", "change__team").order_by("change__team__number", "pk")
    )


def earlier(cohort: Cohort) -> list[tuple[Participant, Participant]]:
    """Whom drafts that were published kept apart after somebody declined, as far as both can still be moved."""
    kept = [
        pair for each in cohort.proposals.filter(status=TeamProposal.Status.PUBLISHED) for pair in each.apart
    ]
    here = {each.pk: each for each in available(cohort, reopened=list(_members(cohort)))} if kept else {}
    return [(here[one], here[other]) for one, other in dict.fromkeys(kept) if one in here and other in here]


def refuse_together(cohort: Cohort, apart: Collection[Pair]) -> None:
    """Raises KeptTogether where somebody is to be apart from whom the branch office keeps together with them."""
    _study(cohort, available(cohort, reopened=list(_members(cohort))), apart)


def _study(cohort: Cohort, people: Sequence[Participant], apart: Collection[Pair]) -> Problem:
    problem = study(cohort, people, declined=apart).problem
    for one, other in apart:
        if other in problem.pinned.get(one, ()):
            names = [problem.people[problem.index[each]].name for each in (one, other)]
            raise KeptTogether(
                f"{names[0]} and {names[1]} are kept together. Let them be in one team here, or end that first under "
                "“Kept apart or together”."
            )
    return problem


def reopen(
    *,
    cohort: Cohort,
    by: User | None,
    now: datetime,
    apart: Collection[Pair] = (),
    seed: int = 0,
    seconds: float | None = None,
    steps: int | None = None,
    progress: Progress | None = None,
) -> TeamProposal:
    """Work out which teams to form anew so that as few people as possible are asked again; kept as the cohort's draft.

    `apart`: who declined, and from whom the draft keeps them apart. Teams that stay as they are keep their answers,
    confirmed ones are never touched. The others end when the draft is published, and not before. Raises DraftExists,
    NobodyDeclined, KeptTogether, and what `team_solving.solve` raises. No transaction is open while it searches.
    """
    require_office(cohort=cohort, by=by, now=now)
    refuse_second_draft(cohort)
    teams = _members(cohort)
    refused = {consent.change.team_id for consent in declined(cohort)}
    if not refused:
        raise NobodyDeclined("Nobody declines any more, so no team has to be formed anew.")
    keep = tuple(tuple(ids) for team, ids in teams.items() if team not in refused)
    problem = replace(_study(cohort, available(cohort, reopened=list(teams)), apart), keep=keep)
    result = solve(problem, seed=seed, seconds=seconds, steps=steps, progress=progress)
    standing = {frozenset(ids) for ids in keep}
    stays = [ids for ids in result["teams"] if frozenset(ids) in standing]
    unchanged = {frozenset(ids) for ids in stays}
    document = {
        "teams": [ids for ids in result["teams"] if ids not in stays],
        "reopened": [team for team, ids in teams.items() if frozenset(ids) not in unchanged],
        "apart": [list(pair) for pair in apart],
    }
    return keep_draft(cohort, document, _without(result, problem, stays), by=by, now=now)


def _members(cohort: Cohort) -> dict[int, list[int]]:
    """The teams that wait for agreement, by id, with the participants who are in them."""
    rows = cohort.teams.filter(status=Team.Status.AWAITING_AGREEMENT, memberships__ended_at=None)
    found: dict[int, list[int]] = {}
    for team, participant in rows.order_by("number").values_list("pk", "memberships__participant"):
        found.setdefault(team, []).append(participant)
    return found


def _without(result: dict[str, Any], problem: Problem, stays: Sequence[Sequence[int]]) -> dict[str, Any]:
    """The answer about the teams that are formed anew alone; all their people are asked."""
    points = sum(score_team(problem, ids) for ids in stays)
    teams = [ids for ids in result["teams"] if ids not in stays]
    return {
        **result,
        "teams": teams,
        "asked": sum(len(ids) for ids in teams),
        "score": result["score"] - points,
        "bound": result["bound"] - points,
    }
