"""The attendance of several teams, changed mark by mark in one table: first what, then why, then saved together."""

import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from coaching.days import today_of
from coaching.errors import Refused
from coaching.permissions import access, branch_office, office_cohorts
from meetings import attendance, grid
from meetings.forms_grid import LETTERS, LONGEST_REASON, GridForm, Line
from meetings.several_marks import OthersWereFirst, correct_several
from meetings.views.office import TEAMS_A_PAGE
from meetings.views.program import person

NO_REASON = "Say why this mark changes."


@access(branch_office)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = get_object_or_404(office_cohorts(person(request)).select_related("program"), pk=pk)
    now = timezone.now()
    page = Paginator(grid.teams_of(cohort), TEAMS_A_PAGE).get_page(request.GET.get("page"))
    grids = grid.attendance_grids(cohort, list(page), today=today_of(cohort, now))
    meetings = {meeting.pk: meeting for each in grids for meeting in each.meetings}
    ahead = {pk for pk, meeting in meetings.items() if attendance.lies_ahead(meeting, now)}
    form = GridForm(grids, request.POST, ahead)
    context = {"cohort": cohort, "page": page, "form": form, "letters": LETTERS.values()}
    lines = form.lines()
    if request.method == "POST" and not lines:
        messages.info(request, "No mark is another one than before.")
    if not lines or "back" in request.POST:
        return render(request, "meetings/office_grid.html", context)
    problem = ""
    if "save" in request.POST:
        problem = _why_not(lines)
        if not problem:
            try:
                number = correct_several(
                    cohort=cohort, changes=[line.change for line in lines], by=person(request), now=now
                )
            except OthersWereFirst as refusal:
                problem = f"{refusal} Look at them, and send them again if yours are to stand instead."
                _say_what_stands(lines, refusal)
            except Refused as refusal:
                problem = str(refusal)
            else:
                marks = "1 mark is saved" if number == 1 else f"{number} marks are saved"
                messages.success(request, f"{marks}. Whom it concerns is told.")
                return redirect(f"{reverse('office_grid', args=[cohort.pk])}?page={page.number}")
    seen = json.dumps({line.choice.name: line.shown for line in lines})
    context |= {"lines": lines, "problem": problem, "longest": LONGEST_REASON, "seen_text": seen}
    context["common"] = lines[0].common
    return render(request, "meetings/office_grid_reasons.html", context)


def _why_not(lines: list[Line]) -> str:
    without = [line for line in lines if not line.reason]
    for line in without:
        line.error = NO_REASON
    return "Each mark that changes needs a reason: its own, or one for all." if without else ""


def _say_what_stands(lines: list[Line], refusal: OthersWereFirst) -> None:
    """What was typed stays; sent again, it replaces the mark as it is now."""
    for line in lines:
        if stands := refusal.found.get(line.change.key):
            line.error, line.version = stands
