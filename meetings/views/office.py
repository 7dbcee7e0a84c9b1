"""What the offices see: the branch office attendance and places, and totals for those who may (M17)."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from coaching import offices
from coaching.errors import Refused, refusals_told
from coaching.meanwhile import ChangedMeanwhile
from coaching.models import Cohort, OrgUnit, RoleAssignment, User
from coaching.permissions import (
    access,
    any_of,
    branch_office,
    deputy,
    deputy_cohorts,
    office_cohorts,
    post_only,
    training_office,
)
from meetings import agreement, attendance, grid, leave, quorum, scheduling, totals, visits
from meetings import places as places_of
from meetings.forms import CountForForm
from meetings.forms_attendance import CorrectionForm
from meetings.forms_places import PlacesForm
from meetings.models import HelpRequest, Meeting
from meetings.views.program import person, submitted

TEAMS_A_PAGE = 10


@access(branch_office)
@require_safe
def cohorts(request: HttpRequest) -> HttpResponse:
    found = office_cohorts(person(request)).select_related("program", "branch")
    rows = grid.cohort_lines(found.order_by("-first_month", "pk"), today=timezone.localdate())
    context = {"rows": rows, "resources_address": reverse("resources")}
    return render(request, "meetings/office_cohorts.html", context)


@access(branch_office)
@require_safe
def cohort(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(office_cohorts(person(request)).select_related("program"), pk=pk)
    today = timezone.now().astimezone(found.zone).date()
    teams = Paginator(grid.teams_of(found), TEAMS_A_PAGE).get_page(request.GET.get("page"))
    grids = grid.attendance_grids(found, list(teams), today=today)
    asked = agreement.help_shown(found, now=timezone.now())
    context = {"cohort": found, "page": teams, "grids": grids, "today": today, "asked": asked}
    return render(request, "meetings/office_cohort.html", context)


def _asked(request: HttpRequest, pk: int) -> HelpRequest:
    rows = HelpRequest.objects.filter(team__cohort__in=office_cohorts(person(request)))
    return get_object_or_404(rows.select_related("team"), pk=pk)


@access(branch_office)
@post_only(lambda request, pk: redirect("office_meetings_cohort", _asked(request, pk).team.cohort_id))
def help_mark(request: HttpRequest, pk: int) -> HttpResponse:
    """A team's asking for help is seen to, or not yet after all."""
    asked, answered = _asked(request, pk), request.POST.get("answered") != "no"
    with refusals_told(request):
        agreement.mark_help(asked=asked, answered=answered, by=person(request), now=timezone.now())
        words = "is marked as answered" if answered else "waits for you again"
        messages.success(request, f"That {asked.team} asks for help {words}.")
    return redirect("office_meetings_cohort", asked.team.cohort_id)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def places(request: HttpRequest, pk: int) -> HttpResponse:
    """Rooms and links for several meetings at once."""
    found = get_object_or_404(office_cohorts(person(request)).select_related("program", "branch"), pk=pk)
    now = timezone.now()
    ahead = places_of.open_to_the_office(found, now=now).prefetch_related("teams")
    form = PlacesForm(submitted(request), meetings=ahead.order_by("date", "start_time", "pk"))
    warnings: list[str] = []
    if request.method == "POST" and form.is_valid():
        warnings = places_of.against(form.chosen, form.change, found.branch)
        if not warnings or request.POST.get("agreed") == form.key(warnings):
            what = form.change.words(form.chosen)
            number = places_of.set_several(
                cohort=found,
                meetings=form.cleaned_data["meetings"],
                change=form.change,
                by=person(request),
                now=now,
            )
            if number:
                meetings = "1 meeting has" if number == 1 else f"{number} meetings have"
                messages.success(request, f"{meetings} another {what}. The teams are told.")
            else:
                messages.info(request, "These meetings are there already. Nobody was written to.")
            return redirect("office_places", found.pk)
    context = {"cohort": found, "form": form, "warnings": warnings}
    context["agreed"] = form.key(warnings) if warnings else ""
    return render(request, "meetings/office_places.html", context)


def _office_meeting(request: HttpRequest, pk: int) -> Meeting:
    meetings = Meeting.objects.for_office(person(request))
    return get_object_or_404(meetings.select_related("item", "cohort__program"), pk=pk)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """Who was at one meeting, and the month it counts for."""
    found = _office_meeting(request, pk)
    form = CountForForm(
        submitted(request),
        first_month=found.cohort.first_month,
        months=found.cohort.months,
        initial={"month": found.month or ""},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with refusals_told(request):
            scheduling.count_for(
                meeting=found,
                month=data["month"],
                reason=data["reason"],
                by=person(request),
                now=timezone.now(),
            )
            messages.success(request, "Saved. The team is told.")
        return redirect("office_meeting", pk=found.pk)
    is_ahead = found.is_live and attendance.lies_ahead(found, timezone.now())
    context = {
        "meeting": found,
        "teams": found.teams.order_by("number"),
        "is_ahead": is_ahead,
        "rows": grid.marks_of(found, attendance.expected(found)),
        "away": leave.away(found.cohort, found.date) if is_ahead else {},
        "short": quorum.short_of(found, now=timezone.now()),
        "visits": visits.planned(found) if is_ahead else [],
        "visitors": found.visitors.order_by("name", "pk"),
        "form": form,
    }
    return render(request, "meetings/office_meeting.html", context)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, pk: int, participant_pk: int) -> HttpResponse:
    found = _office_meeting(request, pk)
    participant = get_object_or_404(attendance.may_be_marked(found).select_related("user"), pk=participant_pk)
    row = found.attendance.filter(participant=participant).first()
    is_ahead = attendance.lies_ahead(found, timezone.now())
    form = CorrectionForm(
        submitted(request),
        initial={"seen": attendance.version_of(row)}
        | ({"status": row.status, "reason": row.reason} if row else {}),
        only_excused=is_ahead,
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            attendance.correct(
                meeting=found,
                participant=participant,
                status=data["status"],
                reason=data["reason"],
                by=person(request),
                now=timezone.now(),
                seen=data["seen"],
            )
        except ChangedMeanwhile as refusal:
            row = found.attendance.filter(participant=participant).first()
            form.shown_again(attendance.version_of(row), str(refusal))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Saved. {participant} is told.")
            return redirect("office_meeting", pk=found.pk)  # which says so where too few are left
    context = {
        "meeting": found,
        "participant": participant,
        "form": form,
        "can_take_back": is_ahead and row is not None and row.status == row.Status.EXCUSED,
    }
    return render(request, "meetings/office_correct.html", context)


@access(branch_office)
@post_only(
    lambda request, pk, participant_pk: redirect(
        "office_attendance", _office_meeting(request, pk).pk, participant_pk
    )
)
def excusal_take_back(request: HttpRequest, pk: int, participant_pk: int) -> HttpResponse:
    found = _office_meeting(request, pk)
    participant = get_object_or_404(attendance.may_be_marked(found).select_related("user"), pk=participant_pk)
    with refusals_told(request):
        done = attendance.take_excusal_back(
            meeting=found, participant=participant, by=person(request), now=timezone.now()
        )
        if done:
            messages.success(request, f"{participant} is expected again, and is told.")
        else:
            messages.info(request, f"{participant} is not excused from this meeting.")
    return redirect("office_meeting", pk=found.pk)


@access(any_of(branch_office, deputy, training_office))
@require_safe
def totals_list(request: HttpRequest) -> HttpResponse:
    ids = _total_ids(person(request))
    found = Cohort.objects.filter(pk__in=ids).select_related("program", "branch")
    return render(request, "meetings/totals_list.html", {"cohorts": found})


def _total_ids(user: User) -> set[int]:
    """Cohorts whose totals this person may read; attendance only where they also lead or keep it."""
    today = timezone.localdate()
    served = offices.office_branches(user, on=today, office=RoleAssignment.Office.TRAINING_OFFICE)
    trained = (
        Cohort.objects.filter(branch__in=OrgUnit.objects.under(*served)) if served else Cohort.objects.none()
    )
    return set(trained.values_list("pk", flat=True)) | _led_ids(user)


def _led_ids(user: User) -> set[int]:
    kept = office_cohorts(user).values_list("pk", flat=True)
    return set(kept) | set(deputy_cohorts(user).values_list("pk", flat=True))


@access(any_of(branch_office, deputy, training_office))
@require_safe
def cohort_totals(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    found = get_object_or_404(
        Cohort.objects.select_related("program", "branch"), pk__in=_total_ids(user), pk=pk
    )
    today = timezone.now().astimezone(found.zone).date()
    context = {
        "cohort": found,
        "office": office_cohorts(user).filter(pk=pk).exists(),
        "ratings": totals.rating_totals(found),
        "texts": totals.text_pools(found),
        "attendance": totals.attendance_total(found, today=today) if pk in _led_ids(user) else None,
        "least_ratings": totals.LEAST_RATINGS,
        "least_texts": totals.LEAST_TEXTS,
    }
    return render(request, "meetings/totals.html", context)
