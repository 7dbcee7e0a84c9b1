"""One page for whoever visits a meeting (M12): the frame, the people, and what they chose to share. Nothing said there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import time
from itertools import groupby

from coaching import versions
from coaching.models import Competency, Participant, Team
from meetings import dates, program, project, who
from meetings.models import Meeting


@dataclass(frozen=True)
class Shared:
    """A text that a participant lets the program read (C7)."""

    label: str
    text: str


@dataclass(frozen=True)
class Person:
    participant: Participant
    shared: tuple[Shared, ...]


@dataclass(frozen=True)
class Block:
    """A part of the agenda; `turns`: how many members have one in it, each of `minutes`."""

    title: str
    starts: time
    ends: time
    turns: int
    minutes: int


@dataclass(frozen=True)
class TeamBriefing:
    """`blocks`: of the team's agenda. At a meeting for all teams one agenda says it, that of the greatest team.

    A meeting that was called off has none.
    """

    team: Team
    people: tuple[Person, ...]
    blocks: tuple[Block, ...]


def of_meeting(meeting: Meeting) -> list[TeamBriefing]:
    """Each team that meets, with whoever is expected; in a number of queries that hangs on the teams alone."""
    teams = list(meeting.teams.order_by("number"))
    members = {team.pk: who.of(meeting, team).present for team in teams}
    shared = shared_by([each for group in members.values() for each in group])
    greatest = max(teams, key=lambda team: len(members[team.pk]), default=None)
    return [
        TeamBriefing(
            team,
            tuple(Person(each, tuple(shared.get(each.pk, ()))) for each in members[team.pk]),
            _blocks(meeting, team, members[team.pk])
            if meeting.is_live and (team == greatest or not meeting.is_joint)
            else (),
        )
        for team in teams
    ]


def instead_of(meeting: Meeting) -> list[Meeting]:
    """Where the teams meet for what this meeting was for, which was called off."""
    if meeting.is_live or not meeting.item_id:
        return []
    live = Meeting.objects.live().filter(item=meeting.item_id, teams__in=meeting.teams.all())
    return list(live.distinct().prefetch_related("teams"))


def shared_by(participants: Iterable[Participant]) -> dict[int, list[Shared]]:
    """By participant, what they chose to share with the division director and the branch deputy (C7); one query.

    Of their updates the latest: it is one page.
    """
    return {pk: list(_lines(each)) for pk, each in project.shared_with_program(participants).items()}


def _lines(written: project.Project) -> Iterator[Shared]:
    if written.outcome:
        yield Shared("Outcome", written.outcome.text)
    for each in written.milestones:
        until = f"by {dates.long_date(each.row.due_date)}" if each.row.due_date else ""
        yield Shared(f"Milestone {'reached' if each.row.done_at else until}".rstrip(), each.text)
    for each in written.updates[:1]:
        yield Shared("Latest update", each.text)


def competencies_of(meeting: Meeting) -> list[Competency]:
    return versions.of_cohort(meeting.item, meeting.cohort) if meeting.item else []


def _blocks(meeting: Meeting, team: Team, members: list[Participant]) -> tuple[Block, ...]:
    """The agenda's shape: the clock times that the members read, without whose turn is when."""
    lines, _ = program.agenda_of(meeting, team, members)
    groups = [list(group) for _, group in groupby(lines, key=lambda line: line.title)]
    return tuple(
        Block(
            group[0].title,
            group[0].starts,
            group[-1].ends,
            sum(line.turns for line in group),
            sum(line.minutes for line in group) // max(1, sum(line.turns for line in group)),
        )
        for group in groups
    )
