"""Who leads a part of a meeting, and the page that prepares them (M9)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from coaching.errors import refusals_told
from coaching.permissions import access, post_only, signed_in
from meetings import leading, notes, program, resources, team_space, who
from meetings.models import Meeting
from meetings.views.program import person, visible_meeting


@access(signed_in)
@post_only(lambda request, pk: redirect(visible_meeting(request, pk)))
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    """One press; back to the page it was pressed on."""
    found = visible_meeting(request, pk)
    team = team_space.place_at(person(request), found).team
    chosen = request.POST.get("participant", "")
    members = {str(each.pk): each for each in team_space.members_of(team)}
    if chosen and chosen not in members:
        messages.error(request, "Whoever you chose is no longer in your team. Nothing was changed.")
        return _back(request, found)
    to = members.get(chosen)
    component = request.POST.get("component", "")
    seen = {component: members.get(request.POST["seen"])} if "seen" in request.POST else None
    with refusals_told(request):
        leading.hand_over(
            meeting=found,
            team=team,
            component=component,
            to=to,
            by=person(request),
            now=timezone.now(),
            seen=seen,
        )
        messages.success(request, f"{to} leads this part." if to else "Nobody leads this part yet.")
    return _back(request, found)


def _back(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    name = "meeting_table" if request.POST.get("at") == "table" else "meeting"
    return redirect(reverse(name, args=[meeting.pk]) + "#leads")


@access(signed_in)
@never_cache
@require_safe
def pack(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything for whoever leads, on one page of paper."""
    found = visible_meeting(request, pk)
    if not found.is_live:
        messages.error(request, leading.why_not_hand_over(found, timezone.now()))
        return redirect(found)
    team = team_space.place_at(person(request), found).team
    members = who.of(found, team).present
    lines, tight = program.agenda_of(found, team, members)
    given = list(resources.of_meeting(found))
    context = {
        "meeting": found,
        "team": team,
        "members": members,
        "lines": lines,
        "tight": tight,
        "leads": leading.leads(found, team, turn=program.turn_of(lines)),
        "skills": program.skills_of(found),
        "questions": [each for each in given if each.kind == each.Kind.QUESTION],
        "resources": [each for each in given if each.kind != each.Kind.QUESTION],
        "open_actions": notes.open_number(team),
    }
    return render(request, "meetings/pack.html", context)
