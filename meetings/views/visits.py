"""The branch deputy, or a designee: the branch's meetings, which of them one attends, and the briefing (M12, M13)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from coaching.errors import refusals_told
from coaching.models import CurriculumItem, User
from coaching.permissions import access, deputy, deputy_cohorts, post_only
from meetings import briefing, dates, visits
from meetings.forms_visits import BranchFilterForm
from meetings.models import Meeting
from meetings.models.meetings import MeetingQuerySet
from meetings.views.program import person

MEETINGS_A_PAGE = 20


def _of_branch(user: User) -> MeetingQuerySet:
    return Meeting.objects.filter(cohort__in=deputy_cohorts(user))


@access(deputy)
@require_safe
def branch_calendar(request: HttpRequest) -> HttpResponse:
    """The meetings of the branch's teams, today's first, or those behind us: dates and places, nothing said there."""
    user, today = person(request), timezone.localdate()
    cohorts = deputy_cohorts(user).select_related("program", "branch")
    is_behind = request.GET.get("show") == "behind"
    found = _behind(user, today) if is_behind else _of_branch(user).upcoming(today)
    form = BranchFilterForm(request.GET, cohorts=cohorts, months=found.dates("date", "month", order="ASC"))
    meetings = _shown(found, form, user)
    page = Paginator(_with_visits(meetings, user), MEETINGS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "cohorts": cohorts,
        "form": form,
        "is_behind": is_behind,
        "is_filtered": any(form.chosen.values()),
        "today": today,
        "now": timezone.now(),
        "query": _query(request),
        "sure": request.GET.get("sure", ""),
    }
    return render(request, "meetings/branch_calendar.html", context)


def _behind(user: User, today: date) -> QuerySet[Meeting]:
    """Held, or over though nobody took attendance; the latest first."""
    over = Q(status=Meeting.Status.HELD) | Q(status=Meeting.Status.PLANNED, date__lt=today)
    return _of_branch(user).filter(over).order_by("-date", "-start_time", "-pk")


def _shown(meetings: QuerySet[Meeting], form: BranchFilterForm, user: User) -> QuerySet[Meeting]:
    chosen = form.chosen
    if chosen["program"]:
        meetings = meetings.filter(cohort=chosen["program"])
    if chosen["month"]:
        year, month = chosen["month"].split("-")
        meetings = meetings.filter(date__year=int(year), date__month=int(month))
    if chosen["show"] == "final":
        meetings = meetings.filter(item__kind=CurriculumItem.Kind.FINAL)
    if chosen["show"] == "mine":
        meetings = meetings.filter(pk__in=visits.standing().filter(person=user).values("meeting"))
    return meetings


def _with_visits(meetings: QuerySet[Meeting], user: User) -> QuerySet[Meeting]:
    """Each with whether this person may come on its day, whether they plan to, and who else does."""
    open_ones = visits.open_to(user, Meeting.objects.filter(pk=OuterRef("pk")))
    mine = visits.standing().filter(meeting=OuterRef("pk"), person=user)
    there = Meeting.visitors.through.objects.filter(meeting=OuterRef("pk"), user=user)
    others = visits.standing().exclude(person=user).select_related("person")
    return (
        meetings.annotate(is_open=Exists(open_ones), is_mine=Exists(mine), was_there=Exists(there))
        .select_related("item", "cohort__branch")
        .prefetch_related("teams", Prefetch("visits", others, to_attr="others"))
    )


def _query(request: HttpRequest) -> str:
    """What the list shows, so that an act leads back to it."""
    kept = {name: request.GET[name] for name in ("program", "month", "show", "page") if request.GET.get(name)}
    return f"?{urlencode(kept)}" if kept else ""


def _list(request: HttpRequest, pk: int, *, sure: bool = False) -> HttpResponse:
    """`sure`: beside this meeting stands a button for planning it in spite of another at that time."""
    meeting = get_object_or_404(_of_branch(person(request)), pk=pk)
    query = _query(request)
    if sure:
        query += f"{'&' if query else '?'}sure={meeting.pk}"
    return redirect(f"{reverse('branch_meetings')}{query}#meeting-{meeting.pk}")


def _teams(meetings: Iterable[Meeting]) -> str:
    return " and ".join(", ".join(str(team) for team in each.teams.all()) for each in meetings)


def _meeting(request: HttpRequest, pk: int) -> Meeting:
    found = _of_branch(person(request)).select_related("item", "cohort__program", "cohort__branch")
    return get_object_or_404(found, pk=pk)


@access(deputy)
@post_only(_list)
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    found = _meeting(request, pk)
    others = visits.at_that_time(found, person(request))
    if others and request.POST.get("both") != "yes":
        messages.warning(
            request, f"You plan to be with {_teams(others)} at that time. Nothing was saved yet."
        )
        return _list(request, pk, sure=True)
    with refusals_told(request):
        visits.plan(meeting=found, by=person(request), now=timezone.now())
        messages.success(request, f"You plan to attend on {dates.long_date(found.date)}. The team is told.")
    return _list(request, pk)


@access(deputy)
@post_only(_list)
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    found = _meeting(request, pk)
    if visits.take_back(meeting=found, by=person(request), now=timezone.now()):
        messages.success(request, f"You no longer plan to attend on {dates.long_date(found.date)}.")
    else:
        messages.info(request, "You had not planned to attend this meeting.")
    return _list(request, pk)


@access(deputy)
@require_safe
def brief(request: HttpRequest, pk: int) -> HttpResponse:
    """What a visitor reads before: one page, for the screen and for paper."""
    found = _meeting(request, pk)
    over = found.ends_at <= timezone.now()
    context: dict[str, Any] = {
        "meeting": found,
        "name": found.item.title if found.item else "Extra meeting",  # its title is the team's
        "teams": briefing.of_meeting(found),
        "instead": briefing.instead_of(found),
        "competencies": briefing.competencies_of(found),
        "visits": [] if over else visits.planned(found),
        "visitors": found.visitors.order_by("name", "pk") if over else [],
    }
    return render(request, "meetings/branch_briefing.html", context)
