"""The waitlist's page: free seats, whom to ask next, and what people answered. The branch office keeps it; the deputy
reads it."""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from applications import board, waitlist
from applications.board import Desk
from applications.models import Application
from coaching.errors import refusals_told
from coaching.models import Cohort
from coaching.permissions import access, any_of, branch_office, deputy, post_only


def _desk(request: HttpRequest, pk: int) -> Desk:
    desk = board.desk_of(request.user, pk, on=timezone.localdate())  # type: ignore[arg-type]
    if not (desk.office or desk.leads):
        raise Http404
    return desk


@access(any_of(branch_office, deputy))
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    desk = _desk(request, pk)
    context = {
        "desk": desk,
        "cohort": desk.cohort,
        "waitlist": waitlist.waitlists(Cohort.objects.filter(pk=pk), without=desk.user)[0],
        "today": timezone.localdate(),
    }
    return render(request, "applications/waitlist.html", context)


def _page(request: HttpRequest, pk: int, application_pk: int) -> HttpResponse:
    _application(request, pk, application_pk)
    return redirect("cohort_waitlist", pk)


def _application(request: HttpRequest, pk: int, application_pk: int) -> Application:
    """One of the board, for the branch office; whether it is on the waitlist still, the write asks under its lock."""
    desk = board.desk_of(request.user, pk, on=timezone.localdate())  # type: ignore[arg-type]
    if not desk.office:
        raise Http404
    rows = desk.applications().select_related("applicant", "cohort__branch")
    return get_object_or_404(rows, pk=application_pk)


@access(branch_office)
@post_only(_page)
def move(request: HttpRequest, pk: int, application_pk: int) -> HttpResponse:
    """One place up or down."""
    application = _application(request, pk, application_pk)
    direction = request.POST.get("direction")
    if direction not in ("up", "down"):
        messages.error(request, "Nobody was moved: choose “Ask earlier” or “Ask later”.")
        return redirect("cohort_waitlist", pk)
    up = direction == "up"
    with refusals_told(request):
        waitlist.move(application=application, up=up, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    return redirect("cohort_waitlist", pk)


@access(branch_office)
@post_only(_page)
def asked(request: HttpRequest, pk: int, application_pk: int) -> HttpResponse:
    """Write down that somebody was asked, and when."""
    application = _application(request, pk, application_pk)
    day = _day(request.POST.get("asked_date", ""))
    if day is None:
        messages.error(request, "Say on which day you asked.")
        return redirect("cohort_waitlist", pk)
    with refusals_told(request):
        waitlist.ask(application=application, asked_date=day, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, f"{application.applicant} was asked on {day:%B %-d, %Y}.")
    return redirect("cohort_waitlist", pk)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@access(branch_office)
@post_only(_page)
def answer(request: HttpRequest, pk: int, application_pk: int) -> HttpResponse:
    """Write down a yes or a no."""
    application = _application(request, pk, application_pk)
    given = request.POST.get("answer")
    if given not in ("yes", "no"):
        messages.error(request, "Nothing was written down: choose which answer was given.")
        return redirect("cohort_waitlist", pk)
    wants = given == "yes"
    with refusals_told(request):
        waitlist.answer(application=application, wants=wants, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(
            request,
            f"{application.applicant} wants the seat. The deputy accepts on the board, then releases it."
            if wants
            else f"{application.applicant} does not want the seat now, and stays at the end of the waitlist.",
        )
    return redirect("cohort_waitlist", pk)
