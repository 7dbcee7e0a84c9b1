"""How the teams of a cohort stand, read from the database: what a walk through any order is judged by."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

from coaching.models import (
    AuditEvent,
    Cohort,
    Consent,
    Membership,
    Message,
    Pairing,
    Participant,
    Team,
    TeamChange,
    TeamProposal,
)
from meetings.models import MeetingTeam

ASKING = ("team_proposed", "team_change_asked")


@dataclass(frozen=True)
class Board:
    """What a draft shows: the people of each team as they stand there, and who is pinned."""

    teams: list[list[int]]
    pinned: set[int]

    def of(self, people: Collection[int]) -> "Board":
        teams = [[pk for pk in ids if pk in people] for ids in self.teams]
        return Board([ids for ids in teams if ids], self.pinned & set(people))


class Standing:
    """Each fact is read once, when it is first asked for."""

    def __init__(self, cohort: Cohort) -> None:
        self.cohort = cohort

    @cached_property
    def people(self) -> dict[int, Participant]:
        rows = Participant.objects.filter(cohort=self.cohort).select_related("user", "wishes")
        return {each.pk: each for each in rows.order_by("pk")}

    @cached_property
    def signed_by(self) -> set[tuple[int, int]]:
        """Participant, and a user who signed their application."""
        return set(Participant.signers.through.objects.values_list("participant_id", "user_id"))

    @cached_property
    def teams(self) -> dict[int, Team]:
        return {each.pk: each for each in Team.objects.filter(cohort=self.cohort).order_by("pk")}

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        return list(Membership.objects.filter(ended_at=None).values_list("team", "participant"))

    @cached_property
    def members(self) -> dict[int, set[int]]:
        """By team, whoever is in it now."""
        found: dict[int, set[int]] = defaultdict(set)
        for team, participant in self.places:
            found[team].add(participant)
        return found

    @cached_property
    def waiting(self) -> set[int]:
        """Who takes part and has no team."""
        seated = {participant for _, participant in self.places}
        return {pk for pk, each in self.people.items() if each.status == "active" and pk not in seated}

    def movable(self, draft: TeamProposal) -> set[int]:
        """Whom this draft may name: who waits, and the people of the teams that it reopens, unless they stand by now."""
        teams = [pk for pk in draft.reopened if self.teams[pk].status == Team.Status.AWAITING_AGREEMENT]
        return self.waiting.union(*(self.members[pk] for pk in teams))

    def is_stuck(self, draft: TeamProposal) -> bool:
        """A team that it reopens was confirmed meanwhile: it can't be published any more."""
        return any(self.teams[pk].status == Team.Status.CONFIRMED for pk in draft.reopened)

    @cached_property
    def changes(self) -> dict[int, TeamChange]:
        rows = TeamChange.objects.filter(team__cohort=self.cohort).order_by("pk")
        return {each.pk: each for each in rows.prefetch_related("consents")}

    @property
    def open_changes(self) -> list[TeamChange]:
        return [each for each in self.changes.values() if each.status == TeamChange.Status.OPEN]

    @cached_property
    def proposals(self) -> dict[int, TeamProposal]:
        return {each.pk: each for each in TeamProposal.objects.filter(cohort=self.cohort).order_by("pk")}

    @property
    def drafts(self) -> list[TeamProposal]:
        return [each for each in self.proposals.values() if each.status == TeamProposal.Status.DRAFT]

    @cached_property
    def _pairings(self) -> list[tuple[str, set[int]]]:
        rows = Pairing.objects.filter(cohort=self.cohort, ended_at=None).prefetch_related("people")
        return [(each.kind, {one.pk for one in each.people.all()}) for each in rows]

    def kept(self, kind: str) -> list[set[int]]:
        return [people for each, people in self._pairings if each == kind]

    @cached_property
    def events(self) -> list[tuple[str, int, int]]:
        """Action, object, actor."""
        return list(AuditEvent.objects.order_by("pk").values_list("action", "object_id", "actor"))

    def traced(self, action: str) -> Counter[int]:
        return Counter(obj for each, obj, _ in self.events if each == action)

    @cached_property
    def messages(self) -> list[tuple[str, dict[str, int], int]]:
        """Kind, ids, recipient."""
        return list(Message.objects.order_by("pk").values_list("kind", "ids", "recipient"))

    @cached_property
    def meetings(self) -> list[tuple[int, str, object]]:
        """Team, status, date."""
        return list(MeetingTeam.objects.values_list("team", "meeting__status", "meeting__date"))

    def broken_by(self, members: Collection[int]) -> list[str]:
        """The hard rules that this team breaks as things are now, told apart from the code that keeps them."""
        people = [self.people[pk] for pk in members]
        found = [] if len(people) in (3, 4) else [f"T1: {len(people)} people"]
        for one, other in permutations(people, 2):
            if other.user_id == one.user.supervisor_id or (one.pk, other.user_id) in self.signed_by:
                found.append(f"T8: {one} and {other}")
        found += [f"kept apart: {group}" for group in self.kept("apart") if len(group & set(members)) > 1]
        times = [set(each.wishes.times) for each in people if hasattr(each, "wishes")]
        return found if not times or set.intersection(*times) else [*found, "no time for all"]

    def bends(self, members: Collection[int]) -> bool:
        """T2, T6: two of the same classification, or all of one division."""
        people = [self.people[pk] for pk in members]
        return (
            len({each.classification_id for each in people}) < len(people)
            or len({each.division_id for each in people}) == 1
        )


def board(proposal: TeamProposal) -> Board:
    return Board(proposal.teams_drawn, set(proposal.document.get("pinned", [])))


def agreed(change: TeamChange) -> set[int]:
    return {each.participant_id for each in change.consents.all() if each.answer == Consent.Answer.AGREED}
