"""Attendance as the branch office reads it: a grid for each team, with nothing said at the meetings (M16)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from coaching.models import Cohort, CurriculumItem, Membership, Participant, Team
from meetings import attention, leave, ledger, not_planned, scheduling
from meetings.models import Attendance, Meeting, MeetingTeam
from meetings.standing import MENDED_BY_OFFICE, Code, MonthState, Standing

SIGNS = {
    Attendance.Status.PRESENT: "✓",
    Attendance.Status.REMOTE: "✓",
    Attendance.Status.ABSENT: "✗",
    Attendance.Status.EXCUSED: "E",
}
NO_TEAM = "in no team now"


@dataclass(frozen=True)
class Cell:
    """`belongs`: a mark can stand here; `row`: the mark that does."""

    sign: str
    words: str
    belongs: bool = True
    row: Attendance | None = None

    @property
    def reason(self) -> str:
        return self.row.reason if self.row else ""


@dataclass(frozen=True)
class Row:
    """`gone`: in words, where whoever is no longer in the team is now; empty: they are in it."""

    participant: Participant
    cells: tuple[Cell, ...]
    standing: Standing | None
    gone: str = ""
    in_danger: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()
    away: date | None = None


@dataclass(frozen=True)
class Grid:
    team: Team
    meetings: tuple[Meeting, ...]
    rows: tuple[Row, ...]
    not_planned: tuple[CurriculumItem, ...] = ()


@dataclass(frozen=True)
class Mark:
    participant: Participant
    row: Attendance | None


@dataclass(frozen=True)
class CohortLine:
    """A cohort in the list: how many teams meet, when the next of them does, and how much attendance is not taken."""

    cohort: Cohort
    teams: int
    next_date: date | None
    waiting: int


def cohort_lines(cohorts: QuerySet[Cohort], *, today: date) -> list[CohortLine]:
    """In two queries, whatever their number."""
    ahead = Q(status=Meeting.Status.PLANNED, date__gte=today)
    waits = Exists(MeetingTeam.objects.without_attendance().filter(meeting=OuterRef("pk")))
    meetings = (
        Meeting.objects.live()
        .filter(cohort__in=cohorts.values("pk"))
        .values("cohort")
        .annotate(next_date=Min("date", filter=ahead), waiting=Count("pk", filter=Q(waits, date__lt=today)))
        .order_by()
    )
    found = {row["cohort"]: (row["next_date"], row["waiting"]) for row in meetings}
    confirmed = Count("teams", filter=Q(teams__status=Team.Status.CONFIRMED))
    return [
        CohortLine(cohort, cohort.confirmed, *found.get(cohort.pk, (None, 0)))
        for cohort in cohorts.annotate(confirmed=confirmed)
    ]


def teams_of(cohort: Cohort) -> QuerySet[Team]:
    return cohort.teams.exclude(status=Team.Status.AWAITING_AGREEMENT).order_by("number")


def attendance_grids(cohort: Cohort, teams: list[Team], *, today: date) -> list[Grid]:
    """One grid a team, in a constant number of queries. Called-off meetings are left out."""
    ways, away = attention.ways(cohort, today=today), leave.away(cohort, today)
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
    is_over = scheduling.takes_no_more(cohort, today=today)
    curriculum = [] if is_over else list(cohort.program.curriculum.all())
    people: dict[int, list[Participant]] = defaultdict(list)
    members = Participant.objects.filter(cohort=cohort, memberships__team__in=teams).select_related(
        *Participant.NOW
    )
    for participant in members.prefetch_related("memberships__team").distinct():
        for membership in participant.memberships.all():
            if participant not in people[membership.team_id]:
                people[membership.team_id].append(participant)
    return [
        Grid(
            team,
            tuple(meetings[team.pk]),
            tuple(
                _row(each, team, meetings[team.pk], marks, ways.get(each.pk), away.get(each.pk), today)
                for each in people[team.pk]
            ),
            not_planned.among(team, curriculum, meetings[team.pk]),
        )
        for team in teams
    ]


def _row(
    participant: Participant,
    team: Team,
    meetings: list[Meeting],
    marks: dict[tuple[int, int], Attendance],
    way: attention.Way | None,
    away: date | None,
    today: date,
) -> Row:
    places = [each for each in participant.memberships.all() if each.team_id == team.pk]
    cells = tuple(_cell(marks.get((each.pk, participant.pk)), each, places, today) for each in meetings)
    gone = _gone(participant, team)
    if way is None:
        return Row(participant, cells, None, gone, away=away)
    return Row(participant, cells, way.standing, gone, way.in_danger, _obstacles(way), away)


def _gone(participant: Participant, team: Team) -> str:
    if participant.status == Participant.Status.LEFT:
        return "left"
    now = [each.team for each in participant.memberships.all() if each.ended_at is None]
    if team in now:
        return ""
    return f"now in {now[0]}" if now else NO_TEAM


def _obstacles(way: attention.Way) -> tuple[str, ...]:
    """In a few words, what has put the certificate out of reach for good; the participant reads the whole sentences."""
    standing = way.standing
    lost = [each for each in standing.reasons if each.final]
    if not lost or (way.in_danger and all(each.code in MENDED_BY_OFFICE for each in lost)):
        return ()
    if any(each.code is Code.LEFT for each in lost):
        return ("left the program",)
    months = [f"no meeting in {month.label}" for month in standing.months if month.state is MonthState.MISSED]
    late = sum(reason.code is Code.EVALUATION_CLOSED for reason in standing.reasons)
    evaluations = [f"{late} evaluation{'s' if late > 1 else ''} not given"] if late else []
    return (*months, *evaluations) or ("too few meetings or evaluations",)


def _cell(row: Attendance | None, meeting: Meeting, places: list[Membership], today: date) -> Cell:
    if row is None and not any(ledger.covers(each, meeting) for each in places):
        return Cell("", "not in the team", belongs=False)
    if row is None:
        return Cell("·", "ahead") if meeting.date > today else Cell("–", "not taken")
    return Cell(SIGNS[Attendance.Status(row.status)], row.get_status_display(), row=row)


def marks_of(meeting: Meeting, expected: list[Participant]) -> list[Mark]:
    """Everybody who was expected or was marked, guests included, by name."""
    rows = {
        row.participant_id: row
        for row in meeting.attendance.select_related("participant__user", "recorded_by")
    }
    people = {each.pk: each for each in expected} | {pk: row.participant for pk, row in rows.items()}
    return [Mark(each, rows.get(pk)) for pk, each in sorted(people.items(), key=lambda pair: str(pair[1]))]
