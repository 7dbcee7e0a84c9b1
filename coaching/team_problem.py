"""From the database to the solver's problem, and what each rule says about a team, in words. Reads only."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from django.db.models import Prefetch, prefetch_related_objects

from coaching.errors import Refused
from coaching.formation import Finding, Person, Problem, Weights, explain_team, score_team
from coaching.models import (
    Cohort,
    CompetencyRating,
    Consent,
    Membership,
    Pairing,
    Participant,
    Team,
    TeamChange,
    TeamProposal,
    TeamWishes,
)

# Rules about times say nothing of people who have not said when they can meet.
ABOUT_TIMES = frozenset({"meet", "slots"})
PERSONAL = ("user", "division", "classification", "career_track", "goal", "wishes")
RELATED = ("ratings__competency", "wishes__rather_not")
TRACK_POINTS = 6  # T3: what a stated preference weighs where the cohort's weights name no number


@dataclass(frozen=True)
class ExplainedTeam:
    """One team of a draft or of the cohort with what every rule says about it."""

    number: int
    members: list[Participant]
    findings: list[Finding]
    points: int = 0  # of all soft rules, as the solver counts them
    is_draft: bool = False

    @property
    def name(self) -> str:
        """A draft's numbers are its own: teams that stand beside it have theirs already."""
        return f"Draft team {self.number}" if self.is_draft else f"Team {self.number}"

    @property
    def broken(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.hard and not finding.ok]

    @property
    def warnings(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.hard and not finding.ok]


def available(cohort: Cohort, *, reopened: Collection[int] = ()) -> list[Participant]:
    """Active participants without a team (T9), in the order of their enrollment: the last of them wait first (T1).

    `reopened`: published teams by id that count as none, as long as they are not confirmed. What pages show of the
    people comes `with_details`.
    """
    rows = cohort.participants.active().without_team(reopened=reopened)
    return list(rows.select_related("user", "wishes").order_by("enrolled_at", "pk"))


def with_details(people: list[Participant]) -> list[Participant]:
    """The same people; all that a page shows of them is read at once."""
    prefetch_related_objects(people, *PERSONAL, *RELATED)
    return people


Pair = tuple[int, int]  # participants by id, the smaller first


@dataclass(frozen=True)
class Case:
    """The solver's problem for some people of a cohort, and why each pair of `problem.apart` is kept apart, in words.

    `cautions`: pairs of which one would rather not be with the other, or declined a team with them. They may be in one
    team; the branch office, which alone reads it, is told.
    """

    problem: Problem
    why_apart: Mapping[Pair, str]
    cautions: Mapping[Pair, str] = field(default_factory=dict)


def study(
    cohort: Cohort, participants: Sequence[Participant], *, declined: Collection[tuple[int, int]] = ()
) -> Case:
    """The problem's ids are those of the participants. As many queries for any number of them.

    `declined`: pairs of them who are kept apart here alone, as the first declined a team with the second.
    """
    pairings = _pairings(cohort)
    apart = _why_apart(cohort, participants, pairings, declined)
    rated = _rated(participants)
    problem = Problem(
        people=tuple(_person(participant, rated) for participant in participants),
        apart=tuple(apart),
        together=_kept_together(participants, pairings),
        sizes=tuple(range(cohort.program.min_team_size, cohort.program.max_team_size + 1)),  # T1
        weights=_weights(cohort),
    )
    return Case(problem, apart, _cautions(cohort, participants, apart))


@dataclass(frozen=True)
class _Kept:
    """Whom the branch office keeps apart or together."""

    kind: str
    reason: str
    people: list[int] = field(default_factory=list)


def _pairings(cohort: Cohort) -> list[_Kept]:
    """Those that stand, in their order."""
    rows = Pairing.people.through.objects.filter(pairing__cohort=cohort, pairing__ended_at=None)
    rows = rows.order_by("pairing__created_at", "pairing_id", "participant_id")
    found: dict[int, _Kept] = {}
    facts = rows.values_list("pairing_id", "pairing__kind", "pairing__reason", "participant_id")
    for pairing, kind, reason, participant in facts:
        found.setdefault(pairing, _Kept(kind, reason)).people.append(participant)
    return list(found.values())


# By participant and rating: names of competencies, in their order.
Rated = Mapping[tuple[int, str], Sequence[str]]


def _rated(participants: Sequence[Participant]) -> Rated:
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    rows = CompetencyRating.objects.filter(participant__in=[each.pk for each in participants])
    rows = rows.order_by("competency__position", "pk")
    for participant, rating, name in rows.values_list("participant_id", "rating", "competency__name"):
        found[participant, rating].append(name)
    return found


def _signers(participants: Sequence[Participant]) -> Mapping[int, set[int]]:
    """By participant: the users who signed their application."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = Participant.signers.through.objects.filter(participant__in=[each.pk for each in participants])
    for participant, user in rows.values_list("participant_id", "user_id"):
        found[participant].add(user)
    return found


def _person(participant: Participant, rated: Rated) -> Person:
    return Person(
        id=participant.pk,
        name=participant.user.name,
        division=participant.division_id,
        classification=participant.classification_id,
        track=participant.career_track_id,
        grow=tuple(rated.get((participant.pk, CompetencyRating.Rating.GROW), ())),
        glow=tuple(rated.get((participant.pk, CompetencyRating.Rating.GLOW), ())),
        slots=tuple(wishes.times) if (wishes := wishes_of(participant)) else None,
    )


def wishes_of(participant: Participant) -> TeamWishes | None:
    """None while nothing was said; asks nothing where `wishes` was selected with the participant."""
    return getattr(participant, "wishes", None)


def _kept_together(
    participants: Sequence[Participant], pairings: Sequence[_Kept]
) -> tuple[tuple[int, ...], ...]:
    """Whom the branch office keeps together, as far as they are all here."""
    here = {participant.pk for participant in participants}
    groups = [tuple(each.people) for each in pairings if each.kind == Pairing.Kind.TOGETHER]
    return tuple(group for group in groups if here.issuperset(group))


def _why_apart(
    cohort: Cohort,
    participants: Sequence[Participant],
    pairings: Sequence[_Kept],
    declined: Collection[tuple[int, int]],
) -> dict[tuple[int, int], str]:
    """Pairs of which one is the other's supervisor, or signed the other's application (T8), those whom the branch
    office keeps apart, and those of whom one declined a team with the other, each with that in words."""
    here = {participant.pk: participant for participant in participants}
    pairs: dict[tuple[int, int], list[str]] = {}
    for each in pairings:
        if each.kind == Pairing.Kind.APART:
            for pair in combinations([pk for pk in each.people if pk in here], 2):
                names = " and ".join(str(here[pk]) for pk in pair)
                pairs.setdefault(pair, []).append(f"The branch office keeps {names} apart: {each.reason}")
    if cohort.keep_signers_apart:
        _add_signers(pairs, participants)
    for one, other in declined:
        if one in here and other in here:
            words = f"{here[one]} declined a team with {here[other]}."
            pairs.setdefault((min(one, other), max(one, other)), []).append(words)
    return {pair: " ".join(pairs[pair]) for pair in sorted(pairs)}


def _cautions(
    cohort: Cohort, participants: Sequence[Participant], apart: Collection[Pair]
) -> dict[Pair, str]:
    here = {each.pk: each for each in participants}
    by_user = {each.user_id: each.pk for each in participants}
    named = TeamWishes.rather_not.through.objects.filter(teamwishes__participant__in=list(here))
    wished = named.values_list("teamwishes__participant_id", "user_id")
    found = [(one, by_user[user], "would rather not be") for one, user in wished if user in by_user]
    consents = Consent.objects.filter(
        change__team__cohort=cohort, change__kind=TeamChange.Kind.FORM, answer=Consent.Answer.DECLINED
    )
    declined = consents.values_list("participant", "change__consents__participant").distinct()
    found += [(one, other, "declined a team") for one, other in declined if one in here and other in here]
    words: dict[Pair, str] = {}
    for one, other, what in sorted(found):
        pair = (min(one, other), max(one, other))
        if one != other and pair not in apart:
            words[pair] = f"{words.get(pair, '')} {here[one]} {what} with {here[other]}.".strip()
    return words


def _add_signers(pairs: dict[tuple[int, int], list[str]], participants: Sequence[Participant]) -> None:
    """T8: supervisors and signers."""
    by_user = {participant.user_id: participant for participant in participants}
    signed = _signers(participants)
    for participant in participants:
        signers = signed.get(participant.pk, set())
        above = {participant.user.supervisor_id, *signers} - {None, participant.user_id}
        for user in sorted(user for user in above if user in by_user):
            other = by_user[user]
            pair = (min(participant.pk, other.pk), max(participant.pk, other.pk))
            words = f"{other} signed {participant}’s application."
            if user not in signers:
                words = f"{other} is {participant}’s supervisor."
            pairs.setdefault(pair, []).append(words)


def _weights(cohort: Cohort) -> Weights:
    """The cohort's weights; the career track counts the way the branch office prefers (T3)."""
    points = {key: value for key, value in cohort.formation_weights.items() if key in Weights.__annotations__}
    track = abs(points.pop("track", 0)) or TRACK_POINTS
    sign = {Cohort.TrackPreference.SAME: -1, Cohort.TrackPreference.DIFFERENT: 1}
    return Weights(**points, track=track * sign.get(Cohort.TrackPreference(cohort.track_preference), 0))


def explain(
    case: Case, member_ids: Sequence[int], *, elsewhere: frozenset[int] = frozenset()
) -> list[Finding]:
    """Every rule's verdict on one team; `elsewhere`: who of the cohort has another team, or a place in one (T9)."""
    problem = case.problem
    unknown = frozenset() if _times_known(problem, member_ids) else ABOUT_TIMES
    unknown |= frozenset() if problem.together else {"together"}
    found = [finding for finding in explain_team(problem, member_ids) if finding.label not in unknown]
    pairs = list(combinations(sorted(set(member_ids)), 2))
    why = " ".join(case.why_apart[pair] for pair in pairs if pair in case.why_apart)
    found = [
        replace(finding, words=f"{finding.words} {why}") if finding.label == "T8" and why else finding
        for finding in found
    ]
    twice = [problem.people[problem.index[one]].name for one in member_ids if one in elsewhere]
    words = f"In another team too: {', '.join(twice)}." if twice else "Nobody here is in another team."
    found.append(Finding("T9", "One team each", True, 0, not twice, words))
    caution = " ".join(case.cautions[pair] for pair in pairs if pair in case.cautions)
    return [*found, Finding("wish", "Rather not together", False, 0, False, caution)] if caution else found


def _times_known(problem: Problem, member_ids: Sequence[int]) -> bool:
    return any(problem.people[problem.index[one]].slots is not None for one in member_ids)


@dataclass(frozen=True)
class Movable:
    """Everybody who can have a place in a draft, and what the rules ask about them."""

    people: list[Participant]
    case: Case

    @classmethod
    def of(cls, proposal: TeamProposal) -> "Movable":
        people = available(proposal.cohort, reopened=proposal.reopened)
        return cls(people, study(proposal.cohort, people, declined=proposal.apart))


@dataclass(frozen=True)
class ExplainedDraft:
    teams: list[ExplainedTeam]
    pool: list[Participant]  # who left since, or got a team, is in neither
    case: Case

    @property
    def points(self) -> int:
        return sum(team.points for team in self.teams)

    @property
    def people(self) -> list[Participant]:
        return [*(each for team in self.teams for each in team.members), *self.pool]


def explain_draft(proposal: TeamProposal, movable: Movable | None = None) -> ExplainedDraft:
    """`movable`: where that has just been read."""
    movable = movable or Movable.of(proposal)
    people, case = movable.people, movable.case
    by_pk = {participant.pk: participant for participant in people}
    drawn = [[pk for pk in team if pk in by_pk] for team in proposal.teams_drawn]
    seated = Counter(pk for team in drawn for pk in set(team))
    twice = frozenset(pk for pk, places in seated.items() if places > 1)
    teams = [
        explain_drawn(case, number, list(dict.fromkeys(ids)), by_pk, elsewhere=twice)
        for number, ids in enumerate(drawn, start=1)
    ]
    return ExplainedDraft(teams, [each for each in people if each.pk not in seated], case)


def explain_drawn(
    case: Case,
    number: int,
    ids: Sequence[int],
    people: Mapping[int, Participant],
    *,
    elsewhere: frozenset[int] = frozenset(),
) -> ExplainedTeam:
    """A team of a draft by that number; `people`: the participants by id."""
    findings = explain(case, ids, elsewhere=elsewhere)
    points = score_team(case.problem, ids)
    return ExplainedTeam(number, [people[pk] for pk in ids], findings, points, is_draft=True)


def explain_standing(cohort: Cohort, teams: Sequence[Team]) -> dict[int, ExplainedTeam]:
    """Published teams by their primary key, and what every rule says about each today; as many queries for any number."""
    places = Membership.objects.filter(team__in=teams, ended_at=None).order_by(
        "participant__user__name", "pk"
    )
    people = Participant.objects.select_related(*PERSONAL).prefetch_related(*RELATED)
    members: dict[int, list[Participant]] = {team.pk: [] for team in teams}
    for place in places.prefetch_related(Prefetch("participant", queryset=people)):
        members[place.team_id].append(place.participant)
    case = study(cohort, [each for team in teams for each in members[team.pk]])
    return {
        team.pk: ExplainedTeam(
            team.number, members[team.pk], explain(case, [each.pk for each in members[team.pk]])
        )
        for team in teams
    }


def explain_members(cohort: Cohort, members: Sequence[Participant]) -> list[Finding]:
    """Every rule's verdict on people who have a place, or would have one."""
    # T9: the database holds that nobody has two places at a time.
    return explain(study(cohort, members), [each.pk for each in members])


class BrokenRules(Refused):
    """A hard rule is broken; `reasons` has one line for each."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def refuse_broken(teams: Sequence[ExplainedTeam]) -> None:
    """Raises BrokenRules when one of the teams breaks a hard rule (T1, T8, T9)."""
    reasons = [f"{team.name}, {finding.title}: {finding.words}" for team in teams for finding in team.broken]
    if reasons:
        raise BrokenRules(reasons)
