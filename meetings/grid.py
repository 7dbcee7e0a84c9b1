"""Attendance as the branch office reads it: a grid for each team, with nothing said at the meetings (M16)."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet

from coaching.models import Cohort, Participant, Team
from meetings.completion import Standing
from meetings.models import Attendance, Meeting, MeetingTeam

SIGNS = {
    Attendance.Status.PRESENT: "✓",
    Attendance.Status.REMOTE: "✓",
    Attendance.Status.ABSENT: "✗",
    Attendance.Status.EXCUSED: "E",
}


@dataclass(frozen=True)
class Cell:
    sign: str
    words: str


@dataclass(frozen=True)
class Row:
    participant: Participant
    cells: tuple[Cell, ...]
    standing: Standing | None


@dataclass(frozen=True)
class Grid:
    team: Team
    meetings: tuple[Meeting, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Mark:
    participant: Participant
    row: Attendance | None


def teams_of(cohort: Cohort) -> QuerySet[Team]:
    return cohort.teams.exclude(status=Team.Status.AWAITING_AGREEMENT).order_by("number")


def attendance_grids(cohort: Cohort, teams: list[Team], standings: dict[int, Standing]) -> list[Grid]:
    """One grid a team, in a constant number of queries. Called-off meetings are left out."""
    meetings: dict[int, list[Meeting]] = defaultdict(list)
    links = MeetingTeam.objects.filter(team__in=teams).exclude(meeting__status=Meeting.Status.CANCELLED)
    for link in links.select_related("meeting__item").order_by(
        "meeting__date", "meeting__start_time", "meeting"
    ):
        meetings[link.team_id].append(link.meeting)
    marks = {
        (row.meeting_id, row.participant_id): row
        for row in Attendance.objects.filter(meeting__cohort=cohort, meeting__teams__in=teams)
    }
    people: dict[int, list[Participant]] = defaultdict(list)
    members = Participant.objects.filter(cohort=cohort, memberships__team__in=teams).select_related("user")
    for participant in members.prefetch_related("memberships").distinct():
        for membership in participant.memberships.all():
            if participant not in people[membership.team_id]:
                people[membership.team_id].append(participant)
    return [
        Grid(
            team,
            tuple(meetings[team.pk]),
            tuple(
                Row(
                    each,
                    tuple(_cell(marks.get((m.pk, each.pk))) for m in meetings[team.pk]),
                    standings.get(each.pk),
                )
                for each in people[team.pk]
            ),
        )
        for team in teams
    ]


def _cell(row: Attendance | None) -> Cell:
    if row is None:
        return Cell("–", "not taken")
    return Cell(SIGNS[Attendance.Status(row.status)], row.get_status_display())


def marks_of(meeting: Meeting, expected: list[Participant]) -> list[Mark]:
    """Everybody who was expected or was marked, guests included, by name."""
    rows = {
        row.participant_id: row
        for row in meeting.attendance.select_related("participant__user", "recorded_by")
    }
    people = {each.pk: each for each in expected} | {pk: row.participant for pk, row in rows.items()}
    return [Mark(each, rows.get(pk)) for pk, each in sorted(people.items(), key=lambda pair: str(pair[1]))]
