"""What a team's members read: the program, the printable calendar, the team, one meeting."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from coaching.cohorts import is_over
from coaching.days import today_of
from coaching.errors import Refused, refusals_told
from coaching.meanwhile import ChangedMeanwhile
from coaching.models import CurriculumItem, Membership, Participant, Team, User
from coaching.permissions import access, branch_office, deputy, officers_of, post_only, signed_in
from coaching.permissions import user_of as person
from meetings import (
    agreement,
    attendance,
    attention,
    busy,
    closed,
    dates,
    deadlines,
    evaluations,
    leading,
    leave,
    not_planned,
    notes,
    program,
    quorum,
    reopening,
    resources,
    scheduling,
    team_space,
    visits,
    waivers,
    who,
)
from meetings.forms import FacilitatorsForm
from meetings.models import Attendance, Meeting, current_memberships


def _memberships(user: User) -> list[Membership]:
    """The person's teams, the latest program first."""
    found = current_memberships(user).select_related(
        "team__cohort__program", "team__cohort__branch", "participant__cohort"
    )
    return list(found.order_by("-team__cohort__first_month", "-pk"))


def _membership(user: User, pk: int | None) -> tuple[Membership | None, list[Membership]]:
    """The program asked for (by participant id) or the latest one, and the person's others."""
    mine = _memberships(user)
    if pk is None:
        return (mine[0] if mine else None), mine[1:]
    for membership in mine:
        if membership.participant_id == pk:
            return membership, [each for each in mine if each != membership]
    raise Http404


def _no_program(request: HttpRequest) -> HttpResponse:
    user = person(request)
    taking_part = Participant.objects.filter(user=user).exclude(status=Participant.Status.LEFT)
    rows = taking_part.select_related("cohort__program").order_by("-cohort__first_month", "-pk")
    today = timezone.localdate()
    waits = any(each.status == each.Status.ACTIVE and not is_over(each.cohort, today=today) for each in rows)
    context = {
        "waits": waits,
        "places": [_place(each) for each in rows],
        "is_office": branch_office(user),
        "is_deputy": deputy(user),
        "waivers": [
            waiver for each in Participant.objects.active().filter(user=user) for waiver in waivers.of(each)
        ],
        "participations": Participant.objects.filter(user=user)
        .select_related("cohort")
        .order_by("-enrolled_at"),
    }
    return render(request, "meetings/no_program.html", context)


def _place(participant: Participant) -> dict[str, Any]:
    """What is theirs of a program in which they are in no team; where they stand, once its months have begun."""
    today = today_of(participant.cohort, timezone.now())
    if today < participant.cohort.first_month:
        return {"participant": participant}
    standing = attention.as_read_by(participant, today=today)
    months = waivers.months_of(standing, waivers.of(participant))
    return {
        "participant": participant,
        "standing": standing,
        "months": months,
        "written": reopening.written([participant.pk]),
        "asked_for": reopening.asked_for([participant.pk]),
    }


@access(signed_in)
@require_safe
def my_program(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    membership, others = _membership(person(request), pk)
    if membership is None:
        return _no_program(request)
    cohort = membership.team.cohort
    today = timezone.now().astimezone(cohort.zone).date()
    meetings = program.of_team(membership.team)
    ahead, over = program.upcoming_first(meetings, today)
    standing = attention.as_read_by(membership.participant, today=today)
    recorded = waivers.of(membership.participant)
    context = {
        "membership": membership,
        "team": membership.team,
        "cohort": cohort,
        "others": others,
        "can_add": not_planned.can_add(membership.team, today=today),
        "not_planned": not_planned.of_team(membership.team, today=today),
        "ahead": closed.rows_of(ahead, now=timezone.now()),
        "over": program.past_lines(over, membership.participant),
        "standing": standing,
        "months": waivers.months_of(standing, recorded),
        "waivers": recorded,
        "written": reopening.written([membership.participant_id]),
        "asked_for": reopening.asked_for([membership.participant_id]),
        "unmarked": leave.outside(
            program.waiting_for_attendance(over, membership.team), membership.participant.user
        ),
    }
    return render(request, "meetings/program.html", context)


@access(signed_in)
@require_safe
def printable(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """M4: one calendar of the whole program, for the wall."""
    return render(request, "meetings/calendar.html", _calendar(request, pk))


@access(signed_in)
@require_safe
def printable_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as an accessible PDF."""
    context = _calendar(request, pk)
    response = HttpResponse(program.calendar_pdf(context), content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="calendar.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


def _calendar(request: HttpRequest, pk: int | None) -> dict[str, Any]:
    membership, _ = _membership(person(request), pk)
    if membership is None:
        raise Http404
    cohort = membership.team.cohort
    meetings = [meeting for meeting in program.of_team(membership.team) if meeting.is_live]
    today = timezone.now().astimezone(cohort.zone).date()
    return {
        "team": membership.team,
        "cohort": cohort,
        "participant": membership.participant_id,
        "rows": closed.rows_of(meetings, now=timezone.now()),
        "members": team_space.members_of(membership.team),
        "not_planned": not_planned.of_team(membership.team, today=today),
        "made_at": today,
    }


@access(signed_in)
@require_safe
def team(request: HttpRequest, pk: int) -> HttpResponse:
    mine = current_memberships(person(request))
    place = get_object_or_404(mine.select_related("team__cohort__program"), team=pk)
    accepted = {row.participant_id: row for row in place.team.acceptances.all()}
    members = list(team_space.members_of(place.team))
    cohort = place.team.cohort
    leaves = leave.leaves(cohort, today=today_of(cohort, timezone.now()))
    context = {
        "team": place.team,
        "mine": place,
        "members": members,
        "leaves": [(each, leave) for each in members for leave in leaves.get(each.pk, [])],
        "expectations": agreement.expectations(place.team),
        "digest": agreement.digest(place.team),
        "accepted": [accepted[each.pk] for each in members if each.pk in accepted],
        "not_yet": [each for each in members if each.pk not in accepted],
        "can_accept": place.participant_id not in accepted,
        "supervisor_dates": busy.seen_by_supervisor(person(request)),
        "help_asked": agreement.is_asked_today(place.team, timezone.now()),
        "officers": len(officers_of(place.team.cohort, on=timezone.localdate())),
    }
    return render(request, "meetings/team.html", context)


def _own_team(request: HttpRequest, pk: int) -> Team:
    mine = current_memberships(person(request))
    return get_object_or_404(Team.objects.select_related("cohort"), pk__in=mine.values("team"), pk=pk)


@access(signed_in)
@post_only(lambda request, pk: redirect("meetings_team", _own_team(request, pk).pk))
def agreement_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """M18"""
    team = _own_team(request, pk)
    with refusals_told(request):
        agreement.accept(team=team, seen=request.POST.get("seen", ""), by=person(request), now=timezone.now())
        messages.success(request, "You have accepted your team’s agreement.")
    return redirect("meetings_team", pk)


@access(signed_in)
@post_only(lambda request, pk: redirect("meetings_team", _own_team(request, pk).pk))
def help_ask(request: HttpRequest, pk: int) -> HttpResponse:
    team = _own_team(request, pk)
    with refusals_told(request):
        if agreement.ask_for_help(team=team, by=person(request), now=timezone.now()):
            messages.success(request, "The branch office is told that your team asks for help.")
        else:
            messages.info(request, "The branch office was told today already. It will get in touch with you.")
    return redirect("meetings_team", pk)


def submitted(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with, and None where it is only shown."""
    return request.POST if request.method == "POST" else None


def visible_meeting(request: HttpRequest, pk: int) -> Meeting:
    meetings = Meeting.objects.visible_to(person(request))
    return get_object_or_404(meetings.select_related("item", "cohort__program", "cohort__branch"), pk=pk)


@access(signed_in)
@require_safe
def meeting(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    now = timezone.now()
    place = team_space.place_at(person(request), found)
    team = place.team
    people = who.of(found, team)
    # What was called off needs none.
    lines, tight = program.agenda_of(found, team, people.present) if found.is_live else ([], ())
    row = evaluations.attendance_of(found, person(request))
    marks = attendance.marks_for(found, team)
    parts = program.parts_of(found, team, people.present) if found.is_live else []
    is_held = found.status == Meeting.Status.HELD
    context = {
        "meeting": found,
        "row": closed.rows_of([found], now=now)[0],
        "lines": lines,
        "tight": tight,
        "parts": leading.to_show(parts, found, now),
        "instead": not_planned.instead_of(found, team),
        "plan_again": found.item in not_planned.of_team(team, today=found.local_today(now)),
        "team": team,
        "me": place.participant,
        "who": people,
        "members": people.present,
        "marks": marks,
        "is_taken": attendance.is_taken(marks),
        "changes": found.changes.select_related("made_by"),
        "resources": resources.of_meeting(found),
        "others": found.teams.exclude(pk=team.pk),
        "visitors": found.visitors.all(),
        "visits": visits.planned(found) if found.status == Meeting.Status.PLANNED else [],
        "final_contents": found.cohort.final_meeting_contents if _is_final(found) else "",
        "can_change": not scheduling.why_not_move(found),
        "why_fixed": scheduling.why_fixed(found) if found.status == Meeting.Status.PLANNED else "",
        "can_lead": not leading.why_not_hand_over(found, now),
        "can_write": not notes.why_not_write(found, now),
        "can_mark": not attendance.why_not_take(found, team, now),
        "can_correct": attendance.members_may_correct(found, now),
        "evaluation": row and deadlines.window(row).state(found.local_today(now)),
        "has_evaluated": row and evaluations.has_sent(found, row.participant),
        "below_quorum": _below_quorum(found),
        "short": quorum.short_of(found, now=now),
        "without_deputy": is_held and _is_final(found) and not found.visitors.exists(),  # M13
    }
    return render(request, "meetings/meeting.html", context)


def _is_final(meeting: Meeting) -> bool:
    """M6: what the last meeting contains is a setting of the cohort."""
    return meeting.item is not None and meeting.item.kind == CurriculumItem.Kind.FINAL


def _below_quorum(meeting: Meeting) -> bool:
    there = meeting.attendance.filter(status__in=Attendance.THERE).count()
    return 0 < there < meeting.cohort.quorum


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def facilitators(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    if why := leading.why_not_hand_over(found, timezone.now()):
        messages.error(request, why)
        return redirect(found)
    team = team_space.place_at(person(request), found).team
    members = who.of(found, team).present
    parts = [each for each in program.parts_of(found, team, members) if not each.is_for_all]
    form = FacilitatorsForm(submitted(request), parts=parts, members=members)
    if request.method == "POST" and form.is_valid():
        try:
            is_new = leading.choose(
                meeting=found,
                team=team,
                chosen=form.chosen,
                seen=form.seen,
                by=person(request),
                now=timezone.now(),
            )
        except ChangedMeanwhile as refusal:
            form.shown_again(str(refusal))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            if is_new:
                messages.success(request, f"Saved who leads the meeting of {dates.long_date(found.date)}.")
            else:
                messages.info(request, "Nothing has changed.")
            return redirect(found)
    return render(request, "meetings/facilitators.html", {"meeting": found, "form": form})
