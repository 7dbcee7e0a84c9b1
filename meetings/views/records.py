"""At the meeting and after it: attendance, and the calendar address."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from coaching.errors import Refused
from coaching.permissions import access, post_only, public, signed_in
from meetings import absence, attendance, feeds, team_space
from meetings.forms import AttendanceForm
from meetings.models import CalendarFeed
from meetings.views.program import person, submitted, visible_meeting


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    team = team_space.place_at(person(request), found).team
    if why := attendance.why_not_take(found, team, timezone.now()):
        messages.error(request, why)
        return redirect(found)
    form = AttendanceForm(
        submitted(request),
        members=attendance.expected(found, team),
        known={row.participant_id: row for row in found.attendance.all()},
        guests=attendance.possible_guests(found),
        visitors=attendance.possible_visitors(found),
        away=absence.away(found.cohort, found.date),
        initial={"visitors": [str(each.pk) for each in found.visitors.all()]},
    )
    if request.method == "POST" and form.is_valid():
        try:
            attendance.take_attendance(
                meeting=found,
                marks=form.marks,
                by=person(request),
                now=timezone.now(),
                visitors=form.chosen_visitors,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Attendance is saved.")
            return redirect(found)
    context = {"meeting": found, "form": form, "days": attendance.CORRECTION_DAYS}
    return render(request, "meetings/attendance.html", context)


@access(signed_in)
@never_cache
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    found = CalendarFeed.objects.filter(user=person(request), revoked_at=None).first()
    return render(
        request, "meetings/feed.html", {"feed": found, "address": found and feeds.address_of(found)}
    )


@access(signed_in)
@post_only(lambda request: redirect("calendar_feed"))
def feed_create(request: HttpRequest) -> HttpResponse:
    feeds.create_feed(by=person(request), now=timezone.now())
    messages.success(request, "Your calendar address is ready. Keep it to yourself.")
    return redirect("calendar_feed")


@access(signed_in)
@post_only(lambda request: redirect("calendar_feed"))
def feed_revoke(request: HttpRequest) -> HttpResponse:
    feeds.revoke_feed(by=person(request), now=timezone.now())
    messages.success(request, "The address no longer works. You can make a new one.")
    return redirect("calendar_feed")


@access(public)
@require_safe
def calendar_file(request: HttpRequest, token: str) -> HttpResponse:
    """For calendar programs, which cannot sign in: the secret in the address is the key."""
    if "\0" in token:  # PostgreSQL would not even look for it
        raise Http404
    found = CalendarFeed.objects.filter(token=token, revoked_at=None, user__is_active=True).first()
    if found is None:
        raise Http404
    response = HttpResponse(
        feeds.calendar_for(found, now=timezone.now()), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'inline; filename="meetings.ics"'
    response["Cache-Control"] = "private, max-age=300"
    response["X-Robots-Tag"] = "noindex"
    return response
