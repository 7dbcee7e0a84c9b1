"""How many teams keep each rule, as `coaching.team_problem` judges one team: all of them in three queries (T1 to T8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from coaching.in_words import counted
from coaching.models import Cohort, CompetencyRating, Membership, Participant, Team
from coaching.site.reports.figures import Figure, line
from coaching.site.reports.scopes import Asked
from coaching.site.reports.spans import LEAST, Span, Told, exact, total

Rating = CompetencyRating.Rating


@dataclass(frozen=True)
class Counted:
    """A team that is published and has not ended."""

    cohort: int
    confirmed: bool
    size: int
    classifications: int
    divisions: int
    tracks: int
    is_apart: bool  # nobody is with who signed for them
    is_met: bool  # each finds somebody who glows where they want to grow


@dataclass(frozen=True)
class Rule:
    """`asks`: whether a cohort asks for it."""

    title: str
    keeps: Callable[[Counted, Cohort], bool]
    asks: Callable[[Cohort], bool] = lambda cohort: True


def _size(team: Counted, cohort: Cohort) -> bool:
    return cohort.program.min_team_size <= team.size <= cohort.program.max_team_size


def _tracks(team: Counted, cohort: Cohort) -> bool:
    if cohort.track_preference == Cohort.TrackPreference.DIFFERENT:
        return team.tracks == team.size
    return team.tracks <= 1


RULES = (
    Rule("As many people as a team has", _size),  # T1
    Rule("Another job classification each", lambda team, cohort: team.classifications == team.size),  # T2
    Rule(
        "Career tracks as preferred",  # T3
        _tracks,
        lambda cohort: cohort.track_preference != Cohort.TrackPreference.NONE,
    ),
    Rule("Agreed by all and confirmed", lambda team, cohort: team.confirmed),  # T4
    Rule("Across divisions", lambda team, cohort: team.divisions > 1 or team.size == 1),  # T6
    Rule(
        "Nobody with who signed for them",  # T8
        lambda team, cohort: team.is_apart,
        lambda cohort: cohort.keep_signers_apart,
    ),
    Rule("Each grows where a teammate glows", lambda team, cohort: team.is_met),
)


def by_rule(asked: Asked) -> Figure:
    """Of no team by itself: which one keeps what is said where teams are formed."""
    found = defaultdict(list)
    for team in _teams(asked.cohorts):
        found[team.cohort].append(team)
    lines = []
    for rule in RULES:
        now, before = (_told(asked, cohorts, found, rule) for cohorts in (asked.now, asked.before))
        if now.of:
            lines.append(line(rule.title, now, before if before.of else None, compared=bool(asked.before)))
    number = sum(len(found[each.pk]) for each in asked.now)
    whole = sum(each.bar is not None and each.bar.low == each.bar.high == 100 for each in lines)
    return Figure(
        key="teams",
        title="Teams by rule kept",
        headline=f"{counted(number, 'team', 'teams')}; {whole} of {len(lines)} rules are kept by all of them.",
        columns=asked.columns("Rule", "Teams", "Of"),
        lines=tuple(lines),
        before=asked.before_name,
        empty="Told once the first teams are published.",
    )


def _told(asked: Asked, cohorts: Iterable[Cohort], teams: dict[int, list[Counted]], rule: Rule) -> Told:
    spans, of = [], 0
    for cohort in cohorts:
        if rule.asks(cohort):
            spans.append(_of_cohort(asked, cohort, teams[cohort.pk], rule))
            of += len(teams[cohort.pk])
    return Told(total(spans), of)


def _of_cohort(asked: Asked, cohort: Cohort, teams: list[Counted], rule: Rule) -> Span:
    """Not told where it would be of fewer than three people, as of a team of two."""
    people = {True: 0, False: 0}
    for team in teams:
        people[rule.keeps(team, cohort)] += team.size
    is_told = asked.is_whole or not any(0 < number < LEAST for number in people.values())
    kept = sum(rule.keeps(team, cohort) for team in teams)
    return exact(kept) if is_told else Span(0, len(teams))


Seats = dict[tuple[int, bool, int], list["_Member"]]  # by cohort, whether it is confirmed, and team


class _Member(NamedTuple):
    participant: int
    user: int
    supervisor: int | None
    classification: int | None
    division: int | None
    track: int | None


def _teams(cohorts: Iterable[Cohort]) -> list[Counted]:
    cohorts = list(cohorts)
    signers, ratings = _signers(cohorts), _ratings(cohorts)
    return [
        Counted(
            cohort=cohort,
            confirmed=confirmed,
            size=len(members),
            classifications=_known(each.classification for each in members),
            divisions=_known(each.division for each in members),
            tracks=_known(each.track for each in members),
            is_apart=_is_apart(members, signers),
            is_met=_is_met(members, ratings),
        )
        for (cohort, confirmed, _), members in _seats(cohorts).items()
    ]


def _seats(cohorts: Sequence[Cohort]) -> Seats:
    """Who is in which team that is published and has not ended."""
    rows = Membership.objects.filter(team__cohort__in=cohorts, ended_at=None).order_by()
    found: Seats = defaultdict(list)
    facts = ("user", "user__supervisor", "classification", "division", "career_track")
    standing = rows.exclude(team__status=Team.Status.ENDED).values_list(
        "team__cohort", "team__status", "team", "participant", *(f"participant__{each}" for each in facts)
    )
    for cohort, status, team, *member in standing:
        found[cohort, status == Team.Status.CONFIRMED, team].append(_Member(*member))
    return found


def _signers(cohorts: Sequence[Cohort]) -> dict[int, set[int]]:
    """By participant: the users who signed their application."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = Participant.signers.through.objects.filter(participant__cohort__in=cohorts)
    for participant, user in rows.values_list("participant", "user"):
        found[participant].add(user)
    return found


Ratings = dict[tuple[int, str], set[int]]  # by participant and rating: competencies


def _ratings(cohorts: Sequence[Cohort]) -> Ratings:
    found: Ratings = defaultdict(set)
    rows = CompetencyRating.objects.filter(participant__cohort__in=cohorts).order_by()
    for participant, rating, competency in rows.values_list("participant", "rating", "competency"):
        found[participant, rating].add(competency)
    return found


def _known(values: Iterable[int | None]) -> int:
    return len(set(values) - {None})


def _is_apart(members: list[_Member], signers: dict[int, set[int]]) -> bool:
    """T8: nobody is in it whose supervisor, or who signed their application, is in it too."""
    users = {each.user for each in members}
    above = (({each.supervisor} | signers[each.participant]) - {each.user} for each in members)
    return not any(users & each for each in above)


def _is_met(members: list[_Member], ratings: Ratings) -> bool:
    """Whoever wants to grow has a teammate who glows in some of it."""
    for each in members:
        grow = ratings[each.participant, Rating.GROW]
        mates = (mate.participant for mate in members if mate is not each)
        if grow and not any(grow & ratings[mate, Rating.GLOW] for mate in mates):
            return False
    return True
