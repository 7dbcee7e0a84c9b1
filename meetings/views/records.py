"""At the meeting: who was there."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coaching.errors import Refused
from coaching.formation.rules import join_words
from coaching.permissions import access, signed_in
from meetings import attendance, leave, team_space, visits
from meetings.forms_attendance import AttendanceForm
from meetings.views.program import person, submitted, visible_meeting


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    team = team_space.place_at(person(request), found).team
    if why := attendance.why_not_take(found, team, timezone.now()):
        messages.error(request, why)
        return redirect(found)
    visitors = visits.expected_or_there(found)
    form = AttendanceForm(
        submitted(request),
        members=attendance.expected(found, team),
        known={row.participant_id: row for row in found.attendance.all()},
        guests=attendance.possible_guests(found),
        visitors=attendance.possible_visitors(found),
        away=leave.away(found.cohort, found.date),
        initial={"visitors": [str(each.pk) for each in visitors]},
    )
    everybody = "everybody" in request.POST
    if everybody:
        form.everybody_is_here()
    if request.method == "POST" and form.is_valid():
        try:
            attendance.take_attendance(
                meeting=found,
                marks=form.marks,
                by=person(request),
                now=timezone.now(),
                visitors=visitors if everybody else form.chosen_visitors,
                reason=form.reason,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            names = f" {join_words([str(each) for each in visitors])} too." if everybody and visitors else ""
            messages.success(request, f"Attendance is saved.{names}")
            return redirect(found)
    context = {"meeting": found, "form": form, "days": attendance.CORRECTION_DAYS}
    context["is_new"] = not attendance.is_taken(attendance.marks_for(found, team))
    return render(request, "meetings/attendance.html", context)
