"""Another proposal for a draft, around what is pinned: made beside it, compared with it, taken over or put away."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from coaching.errors import Refused
from coaching.formation import Problem, broken_rules
from coaching.formation.problem import tied_groups
from coaching.jobs import Progress
from coaching.models import TeamProposal, User
from coaching.permissions import require_office
from coaching.team_draft import (
    Board,
    Effect,
    HardRule,
    NotADraft,
    Teams,
    lock_draft,
    refuse_broken_team,
    write,
)
from coaching.team_problem import ExplainedDraft, ExplainedTeam, explain_drawn
from coaching.team_solving import solve


class NothingToPropose(Refused):
    """Whoever could be moved is pinned, or there is nobody."""


class PinsContradict(Refused):
    """What is pinned cannot stay together: a rule forbids it."""


class NoAlternative(Refused):
    pass


@dataclass(frozen=True)
class Comparison:
    """Another proposal beside the draft as it stands."""

    new: list[ExplainedTeam]  # with the numbers they would have
    gone: list[ExplainedTeam]
    same: int
    points: int
    points_now: int
    waiting: int
    words: str  # how good it is, as the solver says it
    changed_since: bool
    moving: int  # people

    @property
    def more(self) -> int:
        return self.points - self.points_now

    @property
    def fewer(self) -> int:
        return -self.more


def propose_again(
    *,
    proposal: TeamProposal,
    by: User | None,
    now: datetime,
    seed: int = 0,
    seconds: float | None = None,
    steps: int | None = None,
    progress: Progress | None = None,
) -> TeamProposal:
    """Let the solver propose teams around what is pinned; the answer waits beside the draft until it is taken over.

    It is never worse than the draft, where the draft keeps all rules. Raises NotADraft, PinsContradict,
    NothingToPropose, and what `team_solving.solve` raises. No transaction is open while it searches.
    """
    require_office(cohort=proposal.cohort, by=by, now=now)
    proposal.refresh_from_db(fields=["document", "version", "status"])
    if proposal.status != TeamProposal.Status.DRAFT:
        raise NotADraft(f"This draft was {proposal.get_status_display().lower()} meanwhile.")
    board = Board.of(proposal)
    problem = around_pins(board, proposal.document.get("pinned", []))
    if len(board.people) == sum(map(len, problem.fixed)):
        raise NothingToPropose(
            "Everybody is pinned, so no other teams can be proposed. Release somebody first."
        )
    result = solve(problem, seed=seed, seconds=seconds, steps=steps, progress=progress)
    with transaction.atomic():
        draft = lock_draft(proposal, version=None, by=by)
        around = bool(problem.fixed) or len(problem.together) > len(board.case.problem.together)
        answer = {**result, "around": around, "at": now.isoformat()}
        draft.alternative = {"result": answer, "version": proposal.version}
        draft.save(update_fields=["alternative"])
    return draft


def around_pins(board: Board, pinned: Collection[int]) -> Problem:
    """Whole teams that are pinned stay as they are; of the others, whoever is pinned stays together.

    Raises PinsContradict.
    """
    fixed, together = [], list(board.case.problem.together)
    for team in board.teams:
        held = tuple(pk for pk in team if pk in set(pinned))
        if team and len(held) == len(team) and not broken_rules(board.case.problem, team):
            fixed.append(held)
        elif len(held) > 1:
            together.append(held)
    settled = {pk for team in fixed for pk in team}
    together = [group for group in together if not settled.issuperset(group)]
    problem = replace(
        board.case.problem,
        fixed=tuple(fixed),
        together=tuple(together),
        start=tuple(tuple(team) for team in board.teams if team),
    )
    _refuse_contradictions(board, problem, settled)
    return problem


def _refuse_contradictions(board: Board, problem: Problem, settled: Collection[int]) -> None:
    for group in tied_groups(problem.together, problem.index):
        ids = [int(one) for one in group]
        if not set(ids).isdisjoint(settled):
            raise PinsContradict(
                f"A pinned team leaves out one of {board.named(ids)}, who are kept together."
            )
        broken = [each for each in broken_rules(problem, group) if each.label != "T1"]
        if broken or len(ids) > max(problem.sizes):
            why = (
                " ".join(each.words for each in broken) or f"A team has at most {max(problem.sizes)} people."
            )
            raise PinsContradict(
                f"{board.named(ids)} are pinned or kept together. {why} Release somebody first."
            )


def compare(draft: TeamProposal, explained: ExplainedDraft) -> Comparison | None:
    """None: there is no other proposal. `explained` is that of the draft; no query."""
    if not draft.alternative:
        return None
    result = draft.alternative["result"]
    people = {each.pk: each for each in explained.people}
    now = [[each.pk for each in team.members] for team in explained.teams]
    teams = _in_place(now, _here(result["teams"], people))
    drawn = [
        explain_drawn(explained.case, number, ids, people) for number, ids in enumerate(teams, start=1) if ids
    ]
    before, after = {frozenset(ids) for ids in now}, {frozenset(ids) for ids in teams}
    new = [team for team in drawn if _ids(team) not in before]
    gone = [team for team in explained.teams if team.members and _ids(team) not in after]
    return Comparison(
        new=new,
        gone=gone,
        same=len(before & after),
        points=sum(team.points for team in drawn),
        points_now=explained.points,
        waiting=len(people) - sum(map(len, teams)),
        words=result["words"],
        changed_since=draft.alternative["version"] != draft.version,
        moving=_moving([_ids(team) for team in new], [_ids(team) for team in gone]),
    )


def _moving(new: Sequence[frozenset[int]], gone: Sequence[frozenset[int]]) -> int:
    """How many people come to others: each new team counts as the old one with which it has the most in common."""
    left, moving = list(gone), 0
    for team in sorted(new, key=lambda each: -max((len(each & old) for old in gone), default=0)):
        old = max(left, key=lambda each: len(each & team), default=frozenset())
        moving += len(team - old)
        left = [each for each in left if each is not old]
    return moving


def _ids(team: ExplainedTeam) -> frozenset[int]:
    return frozenset(each.pk for each in team.members)


def _here(teams: Sequence[Sequence[int]], people: Collection[int]) -> Teams:
    """Without whoever left meanwhile."""
    return [here for ids in teams if (here := [pk for pk in ids if pk in people])]


def _in_place(now: Sequence[Sequence[int]], teams: Teams) -> Teams:
    """A team that stays as it is keeps its number; the others take the numbers that are free."""
    there = {frozenset(ids): place for place, ids in enumerate(now)}
    kept = {there[frozenset(ids)]: ids for ids in teams if frozenset(ids) in there}
    others = iter([ids for ids in teams if frozenset(ids) not in there])
    placed = [kept.get(place) or next(others, []) for place in range(max(len(now), len(teams)))]
    return [*placed, *others]


@transaction.atomic
def take(*, proposal: TeamProposal, version: int, by: User | None, now: datetime) -> Effect:
    """Put the other proposal in the place of the draft: an edit, which can be undone.

    Raises NotADraft, Stale, NoAlternative, and HardRule where it would break a rule as things are now, or part
    people who were pinned since.
    """
    require_office(cohort=proposal.cohort, by=by, now=now)
    draft = lock_draft(proposal, version=version, by=by)
    if not draft.alternative:
        raise NoAlternative("There is no other proposal any more. Look at the draft again.")
    result: dict[str, Any] = draft.alternative["result"]
    board = Board.of(draft)
    teams = [ids for ids in _in_place(board.teams, _here(result["teams"], board.people)) if ids]
    for number, ids in enumerate(teams, start=1):
        refuse_broken_team(number, [], board.findings(ids))
    _refuse_parting(board, draft, teams)
    words = "The other proposal was taken over"
    write(draft, {**draft.document, "teams": teams, "result": result}, words, by=by, now=now)
    draft.alternative = {}
    draft.save(update_fields=["alternative"])
    after = Board(board.case, board.people, teams).all_points
    return Effect(draft, words, board.all_points, after, [], [], [], frozenset(), pool=True)


def _refuse_parting(board: Board, draft: TeamProposal, teams: Teams) -> None:
    pinned = set(draft.document.get("pinned", []))
    for ids in board.teams:
        held = {pk for pk in ids if pk in pinned}
        if held and not any(held.issubset(team) for team in teams):
            names = board.named(sorted(held))
            raise HardRule(f"It would part {names}, pinned since. Propose again, or release somebody first.")


@transaction.atomic
def put_away(*, proposal: TeamProposal, by: User | None, now: datetime) -> TeamProposal:
    """Forget the other proposal; the draft stays as it is. A second call changes nothing. Raises NotADraft."""
    require_office(cohort=proposal.cohort, by=by, now=now)
    draft = lock_draft(proposal, version=None, by=by)
    if draft.alternative:
        draft.alternative = {}
        draft.save(update_fields=["alternative"])
    return draft
