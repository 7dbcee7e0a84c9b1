"""A draft of teams, worked on by hand: move, swap, pin, undo. Hard rules can't be bent, soft ones are told (T1 to T9).

Sizes alone may be wrong while people are moved (T1); publishing refuses what is not right by then.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateformat import format as date_format

from coaching.errors import Refused
from coaching.formation import Finding, score_team
from coaching.models import Cohort, Participant, ProposalEdit, TeamProposal, User
from coaching.permissions import require_office
from coaching.team_problem import Case, Movable, explain

SIZE = "T1"
# What a rule says of each member by itself is too long for one sentence about a move.
SHORT = {
    ("competency", False): "not everybody’s wish to grow meets a teammate’s strength.",
    ("competency", True): "everybody’s wish to grow meets a teammate’s strength.",
}
Teams = list[list[int]]
Document = dict[str, Any]


class NotADraft(Refused):
    pass


class Stale(Refused):
    """Somebody else changed the draft meanwhile."""


class NotInThePool(Refused):
    pass


class NoTeams(Refused):
    pass


class HardRule(Refused):
    """A rule that can't be bent by hand."""


class NothingToUndo(Refused):
    pass


@dataclass(frozen=True)
class Effect:
    """What an edit did: the points of all teams before and after, and in words the rules broken that must be kept
    before publishing, and the soft ones bent or mended."""

    proposal: TeamProposal
    words: str
    before: int
    after: int
    breaks: list[str]
    bends: list[str]
    mends: list[str]
    teams: frozenset[int]  # the numbers of the teams that somebody came into or left
    pool: bool  # whether somebody came into the pool or left it
    movable: Movable | None = None  # as it was read for the edit, so that a page needn't read it again
    anew: bool = False  # whether teams came, went or have other numbers now

    @property
    def is_nothing(self) -> bool:
        return not self.teams and not self.pool

    def in_words(self) -> str:
        """ "Ana Reyes was moved to draft team 2: 14 points more (212). To consider: …"."""
        if self.is_nothing:
            return f"{self.words}."
        change = self.after - self.before
        points = f"{abs(change)} point{'' if abs(change) == 1 else 's'} {'more' if change > 0 else 'less'}"
        said = f"{self.words}: {points if change else 'as many points'} ({self.after})."
        said += f" To be mended before publishing: {' '.join(self.breaks)}" if self.breaks else ""
        said += f" To consider: {' '.join(self.bends)}" if self.bends else ""
        return said + (f" Better now: {' '.join(self.mends)}" if self.mends else "")


def lock_draft(proposal: TeamProposal, *, version: int | None, by: User | None) -> TeamProposal:
    """The row, locked, if it is still a draft in the version that was looked at. Raises NotADraft, Stale."""
    proposal = TeamProposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    refuse_stale(proposal, version=version, by=by)
    return proposal


def refuse_stale(proposal: TeamProposal, *, version: int | None, by: User | None) -> None:
    """Raises NotADraft, Stale."""
    if proposal.status != TeamProposal.Status.DRAFT:
        raise NotADraft(f"This draft was {proposal.get_status_display().lower()} meanwhile.")
    if version is not None and proposal.version != version:
        raise Stale(
            f"{_who_was_faster(proposal, by)} Nothing of this was done. Look at the draft again, then decide."
        )


def take_out(cohort: Cohort, people: Collection[int], *, now: datetime) -> None:
    """The cohort's draft no longer names whoever left or came into a team; its version goes up, so that nobody
    publishes what they did not see.
    """
    for draft in cohort.proposals.select_for_update().filter(status=TeamProposal.Status.DRAFT):
        document = _without(draft.document, people)
        if document != draft.document:
            _next_version(draft, document, "Somebody left the program, or came into a team", by=None, now=now)


def _next_version(
    draft: TeamProposal, document: Document, words: str, *, by: User | None, now: datetime
) -> None:
    draft.document = document
    draft.version += 1
    draft.changed_by, draft.changed_at, draft.changed_words = by, now, words[:500]
    draft.save(update_fields=["document", "version", "changed_by", "changed_at", "changed_words"])


def _without(document: Document, people: Collection[int]) -> Document:
    teams = [[pk for pk in ids if pk not in people] for ids in document.get("teams", [])]
    left = {**document, "teams": [ids for ids in teams if ids]}
    if "pinned" in document:
        left["pinned"] = [pk for pk in document["pinned"] if pk not in people]
    return left


def _who_was_faster(proposal: TeamProposal, by: User | None) -> str:
    if proposal.changed_at is None:
        return "The draft was changed since you opened it."
    at = date_format(timezone.localtime(proposal.changed_at), "g:i a")
    if by and proposal.changed_by_id == by.pk:
        return f"You changed the draft yourself at {at}: {proposal.changed_words}."
    return f"{proposal.changed_by or 'The system'} changed the draft at {at}: {proposal.changed_words}."


@dataclass(frozen=True)
class Board:
    """A draft as it is edited: everybody who can be moved, and what the rules say."""

    case: Case
    people: dict[int, Participant]
    teams: Teams

    @classmethod
    def of(cls, proposal: TeamProposal, movable: Movable | None = None) -> "Board":
        movable = movable or Movable.of(proposal)
        people = {each.pk: each for each in movable.people}
        teams = [[pk for pk in ids if pk in people] for ids in proposal.teams_drawn]
        return cls(movable.case, people, teams)

    @property
    def movable(self) -> Movable:
        return Movable(list(self.people.values()), self.case)

    def tied(self, pk: int) -> list[int]:
        """Whoever is kept together with this person, and they themselves first."""
        return [pk, *(int(each) for each in self.case.problem.pinned.get(pk, ()) if each != pk)]

    def named(self, pks: Collection[int]) -> str:
        names = [str(self.people[pk]) for pk in pks]
        return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]

    def points(self, team: list[int]) -> int:
        """As the proposal counts them: who has not said when they can meet counts as always free."""
        return score_team(self.case.problem, team) if team else 0

    @property
    def all_points(self) -> int:
        return sum(self.points(team) for team in self.teams)

    def findings(self, team: list[int]) -> list[Finding]:
        return explain(self.case, team) if team else []


@transaction.atomic
def move(
    *,
    proposal: TeamProposal,
    participant: Participant,
    team: int | None,
    version: int,
    by: User | None,
    now: datetime,
) -> Effect:
    """Put one person, and whoever is kept together with them, into the team of that number (one past the last: a new
    one), or, None, into the pool.

    Drafts are not audited; what is published is. Raises NotADraft, Stale, NotInThePool, NoTeams, HardRule.
    """

    def change(board: Board) -> tuple[Teams, str]:
        moving = board.tied(participant.pk)
        teams = [[pk for pk in ids if pk not in moving] for ids in board.teams]
        if team is None:
            return teams, f"{board.named(moving)} {_was(moving)} taken out of the teams"
        if not 1 <= team <= len(teams) + 1:
            raise NoTeams(f"The draft has no team {team}. Look at it again.")
        where = f"draft team {team}"
        if team == len(teams) + 1:
            teams.append([])
            where = "a new team"
        teams[team - 1] += moving
        return teams, f"{board.named(moving)} {_was(moving)} moved to {where}"

    return _edit(proposal, [participant], change, version=version, by=by, now=now)


def _was(people: Collection[int]) -> str:
    return "was" if len(people) == 1 else "were"


@transaction.atomic
def swap(
    *,
    proposal: TeamProposal,
    one: Participant,
    other: Participant,
    version: int,
    by: User | None,
    now: datetime,
) -> Effect:
    """Let two people change places, each with whoever is kept together with them; raises as `move` does."""

    def change(board: Board) -> tuple[Teams, str]:
        there = {pk: place for place, ids in enumerate(board.teams) for pk in ids}
        first, second = board.tied(one.pk), board.tied(other.pk)
        if set(first) & set(second):
            raise HardRule(f"{one} and {other} are kept together, so they do not change places.")
        places = (there.get(one.pk), there.get(other.pk))
        teams = [[pk for pk in ids if pk not in {*first, *second}] for ids in board.teams]
        for people, place in ((first, places[1]), (second, places[0])):
            if place is not None:
                teams[place] += people
        return teams, f"{board.named(first)} and {board.named(second)} changed places"

    return _edit(proposal, [one, other], change, version=version, by=by, now=now)


def _edit(
    proposal: TeamProposal,
    concerned: Collection[Participant],
    change: Callable[[Board], tuple[Teams, str]],
    *,
    version: int,
    by: User | None,
    now: datetime,
) -> Effect:
    """Lock, read again, check again, write; the document as it was is kept for undoing. What changes nothing is no edit."""
    require_office(cohort=proposal.cohort, by=by, now=now)
    draft = lock_draft(proposal, version=version, by=by)
    board = Board.of(draft)
    for each in concerned:
        if each.pk not in board.people:
            raise NotInThePool(f"{each} has a team already, or left. Look at the draft again.")
    teams, words = change(board)
    effect = _effect(draft, board, teams, words)
    if [set(ids) for ids in teams if ids] == [set(ids) for ids in board.teams]:
        return replace(
            effect, words="Nobody was moved: the teams stay as they are", teams=frozenset(), anew=False
        )
    write(draft, {**draft.document, "teams": [ids for ids in teams if ids]}, words, by=by, now=now)
    return effect


def _effect(draft: TeamProposal, board: Board, teams: Teams, words: str) -> Effect:
    """Raises HardRule where a team that somebody comes into would break a rule that can't be bent."""
    before, after, breaks, bends, mends, changed = 0, 0, [], [], [], set()
    for place, ids in enumerate(teams):
        was = board.teams[place] if place < len(board.teams) else []
        points = board.points(was)
        before += points
        if set(ids) == set(was):
            after += points
            continue
        after += board.points(ids)
        changed.add(place + 1)
        old, new = board.findings(was), board.findings(ids)
        if set(ids) - set(was):
            refuse_broken_team(place + 1, old, new)
        breaks += _in_words(place + 1, [each for each in new if _is_newly_broken(each, old)])
        bends += _in_words(place + 1, _worse(old, new))
        if len(ids) > 1:  # with nobody else, nothing is better
            better = {each.label for each in _worse(new, old)}
            mends += _in_words(place + 1, [each for each in new if each.label in better])
    seated = [{pk for ids in each for pk in ids} for each in (board.teams, teams)]
    pool = seated[0] != seated[1]
    anew = len(teams) != len(board.teams) or not all(teams)
    return Effect(
        draft, words, before, after, breaks, bends, mends, frozenset(changed), pool, board.movable, anew
    )


def refuse_broken_team(number: int, old: list[Finding], new: list[Finding]) -> None:
    reasons = [each.words for each in new if each.label != SIZE and _is_newly_broken(each, old)]
    if reasons:
        raise HardRule(f"Nobody was moved. Draft team {number} would break a rule: {' '.join(reasons)}")


def _is_newly_broken(finding: Finding, old: list[Finding]) -> bool:
    """A hard rule that held before, or was broken in another way."""
    return finding.hard and not finding.ok and finding.words not in {each.words for each in old}


def _worse(old: list[Finding], new: list[Finding]) -> list[Finding]:
    """The soft rules that held, or were not in question, and now only warn."""
    warned = {each.label for each in old if not each.ok}
    return [each for each in new if not each.hard and not each.ok and each.label not in warned]


def _in_words(number: int, findings: list[Finding]) -> list[str]:
    return [
        f"Draft team {number}, {each.title.lower()}: {SHORT.get((each.label, each.ok), each.words)}"
        for each in findings
    ]


def write(draft: TeamProposal, document: Document, words: str, *, by: User | None, now: datetime) -> None:
    """A new version of a locked draft; the document as it was is kept for undoing."""
    ProposalEdit.objects.create(
        proposal=draft, document=draft.document, words=words[:500], made_by=by, made_at=now
    )
    _next_version(draft, document, words, by=by, now=now)


@transaction.atomic
def pin(
    *,
    proposal: TeamProposal,
    participants: Collection[Participant],
    pinned: bool,
    version: int,
    by: User | None,
    now: datetime,
) -> TeamProposal:
    """Whoever is pinned stays with the others pinned in the same team when teams are proposed again.

    Raises NotADraft, Stale, NotInThePool for somebody without a team in the draft.
    """
    require_office(cohort=proposal.cohort, by=by, now=now)
    draft = lock_draft(proposal, version=version, by=by)
    seated = {pk for ids in draft.teams_drawn for pk in ids}
    for each in participants:
        if each.pk not in seated:
            raise NotInThePool(f"{each} is in no team of the draft, so there is nothing to pin.")
    asked, has = {each.pk for each in participants}, set(draft.document.get("pinned", []))
    new = has | asked if pinned else has - asked
    if new != has:
        names = ", ".join(str(each) for each in participants)
        words = f"{names} {_was(asked)} {'pinned' if pinned else 'released'}"
        write(draft, {**draft.document, "pinned": sorted(new & seated)}, words, by=by, now=now)
    return draft


@transaction.atomic
def undo(*, proposal: TeamProposal, version: int, by: User | None, now: datetime) -> Effect:
    """Take back the last edit; again, the one before it. Raises NotADraft, Stale, NothingToUndo."""
    require_office(cohort=proposal.cohort, by=by, now=now)
    draft = lock_draft(proposal, version=version, by=by)
    last = draft.edits.first()
    if last is None:
        raise NothingToUndo("There is nothing to undo: the draft is as it was made.")
    board = Board.of(draft)
    before = board.all_points
    named = {pk for ids in [*last.document.get("teams", []), last.document.get("pinned", [])] for pk in ids}
    document = _without(last.document, named - board.people.keys())  # who has left since, or has a team
    words = f"Undone: {last.words}"
    _next_version(draft, document, words, by=by, now=now)
    last.delete()
    after = Board.of(draft, board.movable).all_points
    return Effect(draft, words, before, after, [], [], [], frozenset(), pool=True, anew=True)
