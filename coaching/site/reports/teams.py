"""How many teams keep each rule, counted by the database as `coaching.team_problem` judges one team (T1 to T8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from coaching.models import Cohort, CompetencyRating, Membership, Participant, Team
from coaching.site.reports.figures import Figure, counted, line
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
    Rule("As many people as a team has (T1)", _size),
    Rule("Another job classification each (T2)", lambda team, cohort: team.classifications == team.size),
    Rule(
        "Career tracks as preferred (T3)",
        _tracks,
        lambda cohort: cohort.track_preference != Cohort.TrackPreference.NONE,
    ),
    Rule("Agreed by all and confirmed (T4)", lambda team, cohort: team.confirmed),
    Rule("Across divisions (T6)", lambda team, cohort: team.divisions > 1 or team.size == 1),
    Rule(
        "Nobody with who signed for them (T8)",
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
        columns=("Rule", "Teams", "Of", *([asked.before_name] if asked.before else [])),
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


def _teams(cohorts: Iterable[Cohort]) -> list[Counted]:
    here = Q(memberships__ended_at=None)
    who = "memberships__participant"
    rows = Team.objects.filter(cohort__in=cohorts).exclude(status=Team.Status.ENDED).order_by()
    counted = rows.annotate(
        size=Count(who, distinct=True, filter=here),
        classifications=Count(f"{who}__classification", distinct=True, filter=here),
        divisions=Count(f"{who}__division", distinct=True, filter=here),
        tracks=Count(f"{who}__career_track", distinct=True, filter=here),
        is_apart=~Exists(_with_a_signer()),
        is_met=~Exists(_lacking()),
    ).values_list("cohort", "status", "size", "classifications", "divisions", "tracks", "is_apart", "is_met")
    return [
        Counted(cohort, status == Team.Status.CONFIRMED, *numbers) for cohort, status, *numbers in counted
    ]


def _members(team: OuterRef) -> QuerySet[Membership]:
    return Membership.objects.filter(team=team, ended_at=None)


def _with_a_signer() -> QuerySet[Membership]:
    """T8: members of a team whose supervisor, or who signed their application, is in it too."""
    mates = _members(OuterRef("team")).exclude(participant=OuterRef("participant"))
    above = mates.filter(participant__user=OuterRef("participant__user__supervisor"))
    signed = Participant.signers.through.objects.filter(
        participant=OuterRef("participant"),
        user__participations__memberships__in=_members(OuterRef(OuterRef("team"))),
    )
    return _members(OuterRef("pk")).filter(Exists(above) | Exists(signed))


def _lacking() -> QuerySet[Membership]:
    """Members who want to grow, and in nothing of it has a teammate a glow."""
    grows = CompetencyRating.objects.filter(participant=OuterRef("participant"), rating=Rating.GROW)
    guides = CompetencyRating.objects.filter(
        competency=OuterRef("competency"),
        rating=Rating.GLOW,
        participant__memberships__team=OuterRef(OuterRef("team")),
        participant__memberships__ended_at=None,
    ).exclude(participant=OuterRef("participant"))
    return _members(OuterRef("pk")).filter(Exists(grows)).exclude(Exists(grows.filter(Exists(guides))))
