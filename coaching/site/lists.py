"""The branch office's lists as files for a spreadsheet: what the page shows with the same address, all its pages."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from applications import listing
from certificates.claims import local_date
from certificates.eligibility import completion_list
from coaching import spreadsheet
from coaching.days import today_of
from coaching.models import Cohort, Membership, Team
from coaching.permissions import access, branch_office, confirmed_lately, office_cohorts
from meetings import attention, grid, reopening, totals

Rows = Iterable[Sequence[object]]


@dataclass(frozen=True)
class Content:
    """`narrowed`: the filters of the page, by what people read."""

    header: Sequence[str]
    rows: Rows
    narrowed: Sequence[tuple[str, str]] = ()


Make = Callable[[Cohort, QueryDict, datetime], Content]


@dataclass(frozen=True)
class List:
    title: str
    make: Make


@access(branch_office)
@require_safe
@confirmed_lately
def file(request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
    cohorts = office_cohorts(request.user).select_related("program", "branch")  # type: ignore[arg-type]
    cohort = get_object_or_404(cohorts.prefetch_related("program__curriculum"), pk=pk)
    now = timezone.now()
    made = LISTS[name].make(cohort, request.GET, now)
    title = LISTS[name].title
    about = [
        ("List", title),
        ("Cohort", f"{cohort}, {cohort.branch}"),
        *(made.narrowed or [("Filters", "None: the whole list")]),
        ("Made on", today_of(cohort, now)),
    ]
    words = [name, cohort.name, *(value for _, value in made.narrowed), f"{today_of(cohort, now)}"]
    file_name = "-".join(filter(None, (slugify(each)[:40] for each in words)))
    table = spreadsheet.Table(file_name, title, made.header, made.rows, about)
    return spreadsheet.asked_for(request, table)


def _participants(cohort: Cohort, sent: QueryDict, now: datetime) -> Content:
    teams = dict(
        Membership.objects.filter(ended_at=None, participant__cohort=cohort).values_list(
            "participant", "team__number"
        )
    )
    rows = cohort.participants.select_related("user", "classification", "division")
    header = ("Name", "Mail address", "Division", "Job classification", "Team", "Status", "Left")
    return Content(
        header,
        (
            (
                each.user.name,
                each.user.email,
                str(each.division or ""),
                str(each.classification or ""),
                teams.get(each.pk, ""),
                each.get_status_display(),
                timezone.localdate(each.left_at) if each.left_at else "",
            )
            for each in rows.order_by("user__name", "pk").iterator(chunk_size=2000)
        ),
    )


def _applications(cohort: Cohort, sent: QueryDict, now: datetime) -> Content:
    narrowed = listing.Narrowed.by(sent)
    rows = listing.file_rows(cohort, narrowed, today=today_of(cohort, now))
    return Content(listing.HEADER, rows, narrowed.said)


def _teams(cohort: Cohort, sent: QueryDict, now: datetime) -> Content:
    """A line for each member of the teams that stand."""
    places = Membership.objects.filter(team__cohort=cohort, ended_at=None).exclude(
        team__status=Team.Status.ENDED
    )
    places = places.select_related("team", "participant__user", "participant__classification")
    places = places.select_related("participant__division").order_by(
        "team__number", "participant__user__name"
    )
    header = ("Team", "State", "Confirmed", "Member", "Division", "Job classification")
    return Content(
        header,
        (
            (
                each.team.number,
                each.team.get_status_display(),
                timezone.localdate(each.team.confirmed_at) if each.team.confirmed_at else "",
                each.participant.user.name,
                str(each.participant.division or ""),
                str(each.participant.classification or ""),
            )
            for each in places.iterator(chunk_size=2000)
        ),
    )


def _attendance(cohort: Cohort, sent: QueryDict, now: datetime) -> Content:
    """A line for each member and meeting, as in the grid of each team."""
    teams = list(grid.teams_of(cohort))
    grids = grid.attendance_grids(cohort, teams, today=today_of(cohort, now))
    header = ("Team", "Member", "Meeting", "Title", "Date", "Attendance", "Reason")
    return Content(
        header,
        (
            (
                each.team.number,
                str(row.participant),
                meeting.number or "Extra",
                meeting.heading,
                meeting.date,
                cell.words.capitalize(),
                cell.reason,
            )
            for each in grids
            for row in each.rows
            for meeting, cell in zip(each.meetings, row.cells, strict=True)
        ),
    )


def _danger(cohort: Cohort, sent: QueryDict, now: datetime) -> Content:
    found = attention.dangers(cohort, today=today_of(cohort, now))
    header = ("Participant", "What is in danger", "Month", "They read that it is lost")
    return Content(
        header,
        ((str(each.participant), each.words, each.month, each.final_on or "") for each in found),
    )


def _evaluations(cohort: Cohort, sent: QueryDict, now: datetime) -> Content:
    """Who has not answered; never an answer (M17)."""
    states = {"open": "Open", "late": "Past its day", "over": "Closed for good"}
    header = ("Participant", "Meeting", "Date", "State", "Until", "Asked to open it again")
    return Content(
        header,
        (
            (
                str(line.row.participant),
                line.row.meeting.heading,
                line.row.meeting.date,
                states[line.state],
                line.window.until,
                "Yes" if line.is_asked_for else "",
            )
            for line in reopening.missing(cohort, now=now)
        ),
    )


def _totals(cohort: Cohort, sent: QueryDict, now: datetime) -> Content:
    """C1: as published, from three answers on."""
    header = ("Meeting", "Question", "Answers", "Mean", "1", "2", "3", "4", "5")
    return Content(
        header,
        (
            (closing.title, each.question, each.answers, round(each.mean, 1), *each.counts)
            for closing in totals.rating_totals(cohort)
            for each in closing.questions
        ),
    )


def _completion(cohort: Cohort, sent: QueryDict, now: datetime) -> Content:
    header = ("Participant", "On certificates", "Division", "Certificate", "State", "Missing", "Recorded")
    return Content(
        header,
        (
            (
                str(row.participant),
                row.other_name,
                str(row.participant.division or ""),
                row.certificate.serial if row.certificate else "",
                _standing(row.missing, has=row.counts, listed=row.waits_in is not None),
                " ".join(row.missing),
                "; ".join(f"{each.what}: {each.reason}" for each in row.excuses),
            )
            for row in completion_list(cohort, today=local_date(cohort, now))
        ),
    )


def _standing(missing: Sequence[str], *, has: bool, listed: bool) -> str:
    if has:
        return "Has a certificate"
    if listed:
        return "On a list"
    return "Something is missing" if missing else "Complete"


LISTS = {
    "participants": List("Participants", _participants),
    "applications": List("Applications", _applications),
    "teams": List("Teams", _teams),
    "attendance": List("Attendance", _attendance),
    "danger": List("Certificates in danger", _danger),
    "evaluations": List("Evaluations that are missing", _evaluations),
    "totals": List("Evaluation totals", _totals),
    "completion": List("Completion", _completion),
}
