"""The branch at a glance for its deputy, or a designee: what waits, where each cohort stands, and when its teams meet.

Numbers and dates only. Who was there, what was said, and who has not answered stay where they are (M16, M17).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from django.core.paginator import Paginator
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve
from django.utils import timezone
from django.views.decorators.http import require_safe

from applications.models import Application
from coaching import offices
from coaching.cohorts import Phase, Standing, standing
from coaching.counting import NumberOf
from coaching.days import today_of
from coaching.models import Cohort, Membership, OrgUnit, Participant, Team, User
from coaching.permissions import access, deputy, deputy_cohorts
from coaching.site.checklist.step import State, Step
from coaching.site.checklist.whole_year import steps_of
from coaching.site.waiting import applications, selection, visits
from coaching.site.waiting.cards import Card, Find
from meetings.models import Meeting, MeetingTeam, Visit

COHORTS_ON_A_PAGE = 20
TEAMS_ON_A_PAGE = 20
# What waits with the deputy, in the order of the program's year; of their own matters the home page tells.
WAITS: tuple[Find, ...] = (
    selection.to_decide,
    selection.to_release,
    applications.to_sign,
    selection.free_seats,
    visits.finals,
    visits.next_visit,
)
# A line of the checklist that leads elsewhere is the office's: how it stands is told, and nothing of whom it waits for.
OPEN_TO_DEPUTIES = {"cohort_applications", "selection", "cohort"}


@dataclass(frozen=True)
class Row:
    """One cohort with its numbers, which are attributes of `cohort`."""

    cohort: Cohort
    standing: Standing


@access(deputy)
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    now = timezone.now()
    cohorts = deputy_cohorts(user).select_related("program", "branch__head")
    numbered = _with_numbers(cohorts, timezone.localdate(now))
    page = Paginator(numbered, COHORTS_ON_A_PAGE).get_page(request.GET.get("page"))
    rows = [Row(cohort, standing(cohort, today=today_of(cohort, now))) for cohort in page.object_list]
    context = {
        "branches": offices.units_led_by(user, on=timezone.localdate(now), kind=OrgUnit.Kind.BRANCH),
        "cards": waiting_with(user, now),
        "rows": rows,
        "page": page,
        "chosen": (chosen := _chosen(rows, request.GET.get("cohort", ""))),
    }
    if chosen:
        steps = list(map(_as_read_by_a_deputy, steps_of(chosen.cohort, now=now)))
        teams = Paginator(_teams(chosen.cohort), TEAMS_ON_A_PAGE).get_page(request.GET.get("teams"))
        context |= {
            "steps": steps,
            "late": [step for step in steps if step.state is State.LATE],
            "teams": with_next_meetings(teams.object_list, user, today_of(chosen.cohort, now)),
            "team_page": teams,
        }
    return render(request, "cohorts/branch.html", context)


def waiting_with(user: User, now: datetime) -> list[Card]:
    """A9: the same for the deputy, for whoever acts, and for a designee."""
    return sorted((card for find in WAITS for card in find(user, now)), key=lambda card: card.urgency)


def _with_numbers(cohorts: "QuerySet[Cohort]", today: date) -> "QuerySet[Cohort]":
    here: dict[str, OuterRef] = {"cohort": OuterRef("pk")}
    takes_part = Participant.objects.exclude(status=Participant.Status.LEFT)
    ahead = Meeting.objects.upcoming(today).filter(**here).order_by("date").values("date")[:1]
    return (
        cohorts.prefetch_related("program__curriculum", "program__route")
        .annotate(
            sent=NumberOf(Application.objects.submitted().filter(**here)),
            people=NumberOf(takes_part.filter(**here)),
            confirmed=NumberOf(Team.objects.filter(status=Team.Status.CONFIRMED, **here)),
            asked=NumberOf(Team.objects.filter(status=Team.Status.AWAITING_AGREEMENT, **here)),
            held=NumberOf(Meeting.objects.filter(status=Meeting.Status.HELD, **here)),
            next_date=Subquery(ahead),
        )
        .order_by("-first_month", "pk")
    )


def _chosen(rows: Iterable[Row], asked: str) -> Row | None:
    """The cohort that was asked for; else the latest that meets, that is not over, or that there is."""
    found = list(rows)
    tries = (
        lambda row: str(row.cohort.pk) == asked,
        lambda row: row.standing.phase == Phase.MEETINGS,
        lambda row: row.standing.phase != Phase.OVER,
        lambda row: True,
    )
    return next((row for fits in tries for row in found if fits(row)), None)


def _as_read_by_a_deputy(step: Step) -> Step:
    if resolve(urlsplit(step.address).path).url_name in OPEN_TO_DEPUTIES:
        return step
    return Step(step.what, step.due, step.state, words="", address="", action="")


def _teams(cohort: Cohort) -> "QuerySet[Team]":
    """Those that stand, with how many members they have and how many meetings they held."""
    held = MeetingTeam.objects.filter(team=OuterRef("pk"), meeting__status=Meeting.Status.HELD)
    members = Membership.objects.filter(team=OuterRef("pk"), ended_at=None)
    rows = cohort.teams.exclude(status=Team.Status.ENDED)
    return rows.annotate(members=NumberOf(members), held=NumberOf(held)).order_by("number")


@dataclass(frozen=True)
class TeamRow:
    """`is_mine`: this person plans to attend the next meeting; `others`: who else does."""

    team: Team
    meeting: Meeting | None
    is_mine: bool
    others: tuple[User, ...]


def with_next_meetings(teams: Iterable[Team], user: User, today: date) -> list[TeamRow]:
    found = list(teams)
    places = MeetingTeam.objects.filter(
        team__in=found, meeting__status=Meeting.Status.PLANNED, meeting__date__gte=today
    )
    next_ones: dict[int, Meeting] = {}
    for place in places.select_related("meeting").order_by("meeting__date", "meeting__start_time", "pk"):
        next_ones.setdefault(place.team_id, place.meeting)
    visits_of: dict[int, list[User]] = {}
    planned = Visit.objects.filter(taken_back_at=None, meeting__in=next_ones.values())
    for visit in planned.select_related("person").order_by("person__name"):
        visits_of.setdefault(visit.meeting_id, []).append(visit.person)
    return [_team_row(team, next_ones.get(team.pk), visits_of, user) for team in found]


def _team_row(team: Team, meeting: Meeting | None, visits_of: dict[int, list[User]], user: User) -> TeamRow:
    people = visits_of.get(meeting.pk, []) if meeting else []
    return TeamRow(team, meeting, user in people, tuple(each for each in people if each != user))
