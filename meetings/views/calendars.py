"""Meetings in people's own calendars: which way they have them, and the files that calendar programs fetch."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from coaching.errors import refusals_told
from coaching.models import Participant
from coaching.permissions import access, post_only, public, signed_in
from meetings import busy, feeds
from meetings.forms_calendars import WayForm
from meetings.models import CalendarChoice, current_memberships
from meetings.views.program import person

CHOSEN = {
    CalendarChoice.Way.ADDRESS: "Your calendar address is ready. Keep it to yourself.",
    CalendarChoice.Way.MAIL: "You get your meetings by mail from now on.",
    None: "Your meetings no longer go to your calendar. You can choose again at any time.",
}


@access(signed_in)
@never_cache
@require_safe
def subscribe(request: HttpRequest) -> HttpResponse:
    choice = feeds.choice_of(person(request))
    context = {
        "choice": choice,
        "has_own": choice is not None or current_memberships(person(request)).exists(),
        "address": feeds.address_of(choice) if choice and choice.is_address else "",
        "employees": busy.employees_of(person(request)),
        "supervisor_dates": busy.seen_by_supervisor(person(request)),
    }
    return render(request, "meetings/feed.html", context)


@access(signed_in)
@post_only(lambda request: redirect("calendar_feed"))
def choose(request: HttpRequest) -> HttpResponse:
    form = WayForm(request.POST)
    if form.is_valid():
        with refusals_told(request):
            way, seen = form.way_chosen, form.cleaned_data["seen"]
            feeds.choose(way=way, by=person(request), now=timezone.now(), seen=seen)
            messages.success(request, CHOSEN[way])
    else:
        messages.error(request, "Choose one of the ways on this page.")
    return redirect("calendar_feed")


@access(public)
@require_safe
def calendar_file(request: HttpRequest, token: str) -> HttpResponse:
    """For calendar programs, which cannot sign in: the secret in the address is the key."""
    if "\0" in token:  # PostgreSQL would not even look for it
        raise Http404
    found = CalendarChoice.objects.filter(token=token, revoked_at=None, user__is_active=True).first()
    if found is None:
        raise Http404
    return _calendar_file(feeds.calendar_for(found, now=timezone.now()))


def _employee_page(request: HttpRequest, pk: int) -> HttpResponse:
    _employee(request, pk)
    return redirect("calendar_feed")


def _employee(request: HttpRequest, pk: int) -> Participant:
    return get_object_or_404(busy.taking_part(person(request)), pk=pk)


@access(signed_in)
@post_only(_employee_page)
def busy_make(request: HttpRequest, pk: int) -> HttpResponse:
    employee = _employee(request, pk)
    with refusals_told(request):
        busy.create(participant=employee, by=person(request), now=timezone.now())
        messages.success(request, f"The address with the dates of {employee} is ready. Keep it to yourself.")
    return redirect("calendar_feed")


@access(signed_in)
@post_only(_employee_page)
def busy_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    employee = _employee(request, pk)
    with refusals_told(request):
        busy.revoke(participant=employee, by=person(request), now=timezone.now())
        messages.success(request, f"The address with the dates of {employee} no longer works.")
    return redirect("calendar_feed")


@access(public)
@require_safe
def busy_file(request: HttpRequest, token: str) -> HttpResponse:
    """M14: dates alone, for whoever is the supervisor at this moment of somebody who takes part at this moment."""
    if "\0" in token:
        raise Http404
    found = busy.in_force().filter(token=token).first()
    if found is None:
        raise Http404
    return _calendar_file(busy.calendar_for(found, now=timezone.now()))


def _calendar_file(content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="meetings.ics"'
    response["Cache-Control"] = "private, max-age=300"
    response["X-Robots-Tag"] = "noindex"
    return response
