"""Moving, placing, adding and calling off meetings: any member can (T7), and sees first what speaks against it (M3)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coaching.errors import Refused, refusals_told
from coaching.meanwhile import ChangedMeanwhile
from coaching.models import Team
from coaching.permissions import access, post_only, signed_in
from coaching.typed import numbers_of
from meetings import closed, dates, laying_out, not_planned, scheduling
from meetings.forms import CancelForm, ExtraForm, MoveForm, PlaceOfOneForm, RhythmForm, WhenForm
from meetings.forms_calendars import FreeDayForm
from meetings.models import Meeting, current_memberships
from meetings.views.program import person, submitted, visible_meeting

NOTHING_CHANGED = "Nothing has changed."
UNCHANGED = f"already. {NOTHING_CHANGED}"


def _agreed(request: HttpRequest, form: WhenForm) -> dict[str, Any]:
    """The posted data, marked as shown: sent again unchanged, it is saved."""
    data = request.POST.copy()
    data["agreed"] = form.cleaned_data["date"].isoformat()
    return data


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    if why := scheduling.why_not_move(found):
        messages.error(request, why)
        return redirect(found)
    initial = {"date": found.date, "start_time": found.start_time, "minutes": found.minutes}
    today = found.local_today(timezone.now())
    form = MoveForm(submitted(request), initial=initial, meeting=found, today=today)
    warnings: tuple[dates.DateWarning, ...] = ()
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        if form.when == scheduling.when_of(found):
            messages.info(request, f"The meeting is on {scheduling.moment_of(found)} {UNCHANGED}")
            return redirect(found)
        team = found.teams.filter(pk__in=current_memberships(person(request)).values("team")).first()
        assert team is not None  # visible_to() has seen to it
        warnings = scheduling.warnings_about(
            cohort=found.cohort, team=team, day=form.when.date, now=now, meeting=found
        )
        if not warnings or form.was_agreed:
            try:
                scheduling.move(
                    meeting=found,
                    to=form.when,
                    by=person(request),
                    now=now,
                    reason=form.cleaned_data["reason"],
                    seen=form.cleaned_data["seen"],
                )
            except ChangedMeanwhile as refusal:
                found = visible_meeting(request, pk)
                form.shown_again(found, str(refusal))
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(
                    request, f"The meeting is on {dates.long_date(form.when.date)}. Your team is told."
                )
                return redirect(found)
        else:
            form = MoveForm(_agreed(request, form), meeting=found, today=today)
    context = {"meeting": found, "form": form, "warnings": warnings}
    return render(request, "meetings/move.html", context)


@access(signed_in)
@post_only(lambda request, pk: redirect(visible_meeting(request, pk)))
def free_day(request: HttpRequest, pk: int) -> HttpResponse:
    """M3: from a closed day to the free day that stands on the button."""
    found = visible_meeting(request, pk)
    form = FreeDayForm(request.POST)
    with refusals_told(request):
        if not form.is_valid():
            raise scheduling.CannotChange("Choose the day on the page of the meeting.")
        to = form.cleaned_data["to"]
        moved = closed.move_to_free_day(meeting=found, to=to, by=person(request), now=timezone.now())
        if moved.sequence == found.sequence:
            messages.info(request, f"The meeting is on {scheduling.moment_of(found)} {UNCHANGED}")
        else:
            messages.success(request, f"The meeting is on {dates.long_date(to)}. Your team is told.")
    return redirect(found)


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    why = scheduling.why_not_place(found)
    if why and request.method != "POST":  # what was typed stays on the page beside the refusal
        messages.error(request, why)
        return redirect(found)
    initial = {"mode": found.mode, "place": found.place, "link": found.link}
    form = PlaceOfOneForm(submitted(request), initial=initial, meeting=found)
    if request.method == "POST" and form.is_valid():
        if form.where == scheduling.where_of(found):
            messages.info(request, NOTHING_CHANGED)
            return redirect(found)
        try:
            scheduling.set_place(
                meeting=found,
                where=form.where,
                by=person(request),
                now=timezone.now(),
                seen=form.cleaned_data["seen"],
            )
        except ChangedMeanwhile as refusal:
            found = visible_meeting(request, pk)
            form.shown_again(found, str(refusal))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The place is saved. Your team is told.")
            return redirect(found)
    return render(request, "meetings/place.html", {"meeting": found, "form": form})


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    if why := scheduling.why_not_cancel(found):
        messages.error(request, why)
        return redirect(found)
    form = CancelForm(submitted(request), meeting=found)
    if request.method == "POST" and form.is_valid():
        try:
            scheduling.cancel(
                meeting=found,
                reason=form.cleaned_data["reason"],
                by=person(request),
                now=timezone.now(),
                seen=form.cleaned_data["seen"],
            )
        except ChangedMeanwhile as refusal:
            found = visible_meeting(request, pk)
            form.shown_again(found, str(refusal))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The meeting is called off. Your team is told.")
            return redirect(found)
    return render(request, "meetings/cancel.html", {"meeting": found, "form": form})


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    mine = current_memberships(person(request))
    teams = Team.objects.filter(pk__in=mine.values("team"), status=Team.Status.CONFIRMED)
    team = get_object_or_404(teams.select_related("cohort__program"), pk=pk)
    today = timezone.now().astimezone(team.cohort.zone).date()
    if scheduling.takes_no_more(team.cohort, today=today):
        messages.info(request, f"The {team.cohort} is over, so no meeting can be added to it.")
        return redirect("meetings")
    initial = {
        "start_time": team.cohort.meeting_start_time,
        "mode": Meeting.Mode.IN_PERSON,
        "place": team.cohort.meeting_place,
    }
    open_items = not_planned.of_team(team, today=today)
    sent = request.POST if request.method == "POST" else request.GET
    planned = not_planned.planned(team, sent.get("item", ""))
    if planned and planned.item:
        if request.method != "POST":
            messages.info(request, scheduling.planned_already(planned, person(request)))
            return redirect(planned)
        open_items.append(planned.item)  # what was typed stays, with why it is not saved
    asked = next((each for each in open_items if str(each.pk) == sent.get("item")), None)
    if asked:
        initial |= {"item": asked.pk, "minutes": asked.minutes}
    form = ExtraForm(submitted(request), open_items=open_items, initial=initial)
    warnings: tuple[dates.DateWarning, ...] = ()
    if request.method == "POST" and form.is_valid():
        now, data = timezone.now(), form.cleaned_data
        try:
            if not planned:
                scheduling.check_extra(team, form.when, data.get("item"), today)
                warnings = scheduling.warnings_about(
                    cohort=team.cohort, team=team, day=form.when.date, now=now
                )
            if warnings and not form.was_agreed:
                form = ExtraForm(_agreed(request, form), open_items=open_items)
            else:
                meeting = scheduling.add_extra(
                    team=team,
                    when=form.when,
                    where=form.where,
                    title=data["title"],
                    item=data.get("item"),
                    by=person(request),
                    now=now,
                )
                messages.success(request, f"Added on {dates.long_date(meeting.date)}. Your team is told.")
                return redirect(meeting)
        except Refused as refusal:
            warnings = ()
            form.add_error(None, str(refusal))
    context = {"team": team, "form": form, "warnings": warnings}
    context["planned"] = not_planned.planned(team, sent.get("item", ""))
    return render(request, "meetings/add.html", context)


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def rhythm(request: HttpRequest, pk: int) -> HttpResponse:
    """M3: another weekday, week or time for all that lies ahead; what it leads to is shown before it is saved."""
    mine = current_memberships(person(request))
    teams = Team.objects.filter(pk__in=mine.values("team"), status=Team.Status.CONFIRMED)
    team = get_object_or_404(teams.select_related("cohort__program", "cohort__branch"), pk=pk)
    now = timezone.now()
    usual = laying_out.rhythm_of(team)
    initial = {"week": usual.week, "weekday": usual.weekday, "start_time": usual.start_time}
    form = RhythmForm(submitted(request), initial=initial)
    seen, agreed = None, ""
    if form.is_valid():
        seen = laying_out.preview(team, form.rhythm, now=now)
        agreed = _key_of(form.rhythm, laying_out.last_change_by_others(team, person(request), now=now))
        given = request.POST.get("agreed", "")
        if given.rpartition("-")[0] == agreed.rpartition("-")[0] and given != agreed:
            form.add_error(None, "A meeting was changed while this page was open. Look at the dates again.")
        elif given == agreed:
            instead = numbers_of(request.POST.getlist("instead"))
            try:
                moved = laying_out.change_rhythm(
                    team=team, rhythm=form.rhythm, instead=instead, by=person(request), now=now
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _moved_words(len(moved)))
                return redirect("meetings")
    context = {"team": team, "form": form, "preview": seen, "agreed": agreed}
    return render(request, "meetings/rhythm.html", context)


def _key_of(rhythm: laying_out.Rhythm, last_change: int) -> str:
    """What was seen before it was agreed to: the rule, and the dates as others had left them."""
    return f"{rhythm.week}-{rhythm.weekday}-{rhythm.start_time:%H%M}-{last_change}"


def _moved_words(number: int) -> str:
    if not number:
        return "Your meetings are on these dates already. Nobody was written to."
    return f"{'1 meeting was' if number == 1 else f'{number} meetings were'} moved. Your team is told."
