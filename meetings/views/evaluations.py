"""Evaluating a meeting, and opening an evaluation again (C1). What somebody answered is shown to them alone."""

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from coaching.errors import Refused, refusals_told
from coaching.meanwhile import BothChanged
from coaching.models import Participant
from coaching.permissions import access, branch_office, office_cohorts, post_only, signed_in
from meetings import attendance, dates, deadlines, evaluations, reopening
from meetings.deadlines import State
from meetings.forms_evaluations import EvaluationForm, ReopenForm
from meetings.models import Attendance, EvaluationReopening, Meeting
from meetings.views.program import person, submitted

USUAL_DAYS = 7  # for which an evaluation is opened again, unless the branch office says otherwise


def _own_attendance(request: HttpRequest, pk: int) -> Attendance:
    """Only whoever was written down finds it; who was not there reads so.

    A former member still does: their evaluation counts for what they attended (C1).
    """
    rows = Attendance.objects.filter(participant__user=person(request), meeting=pk)
    rows = rows.select_related("participant", "meeting__item")
    return get_object_or_404(rows.select_related("meeting__cohort__program", "meeting__cohort__branch"))


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def evaluate(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own_attendance(request, pk)
    answers = evaluations.own_answers(row.meeting, row.participant)
    form = EvaluationForm(
        submitted(request), questions=evaluations.questions_for(row.meeting.cohort), answers=answers
    )
    if request.method == "POST" and request.htmx:  # type: ignore[attr-defined]
        return _save(request, row.meeting, form)
    if request.method == "POST" and form.is_valid():
        try:
            evaluations.submit_evaluation(
                meeting=row.meeting,
                answers=form.answers,
                by=person(request),
                now=timezone.now(),
                seen=form.seen,
            )
        except BothChanged as refusal:
            form.shown_again(refusal)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, "Thank you. Your evaluation is in, and you can change it until it closes."
            )
            return redirect("meetings")
    return render(request, "meetings/evaluation.html", _page(row, form, answers))


def _save(request: HttpRequest, meeting: Meeting, form: EvaluationForm) -> HttpResponse:
    """While somebody writes: kept without being sent, and answered with a line."""
    form.is_valid()
    try:
        evaluations.save_draft(
            meeting=meeting, answers=form.so_far, by=person(request), now=timezone.now(), seen=form.seen
        )
    except BothChanged as refusal:
        form.shown_again(refusal)
        return render(request, "meetings/_evaluation_elsewhere.html", {"form": form}, status=409)
    except Refused as refusal:
        return render(request, "meetings/_evaluation_not_saved.html", {"refusal": refusal}, status=409)
    context = {"left_out": form.left_out, "seen": form.marks_of(form.so_far)}
    return render(request, "meetings/_evaluation_saved.html", context)


def _page(row: Attendance, form: EvaluationForm, answers: evaluations.Answers) -> dict[str, object]:
    window, today = deadlines.window(row), row.meeting.local_today(timezone.now())
    has_sent = evaluations.has_sent(row.meeting, row.participant)
    rows = EvaluationReopening.objects.filter(meeting=row.meeting, participant=row.participant)
    of_item = row.meeting.cohort.closings.filter(item=row.meeting.item_id)
    return {
        "meeting": row.meeting,
        "form": form,
        "not_there": "" if row.was_there else row.get_status_display().lower(),
        "answers": answers,
        "team_corrects_until": attendance.last_day_to_correct(row.meeting, today=today),
        "is_counted_last": row.meeting.item_id is None or of_item.exists(),
        "has_sent": has_sent,
        "is_written": bool(answers) and not has_sent,
        "is_counted": has_sent and not answers,
        "state": window.state(today),
        "until": window.until,
        "last_day": window.last_day,
        "reopening": rows.first(),
        "least_people": evaluations.LEAST_PEOPLE,
        "has_left": row.participant.status == Participant.Status.LEFT,
    }


@access(signed_in)
@post_only(lambda request, pk: redirect("meeting_evaluation", _own_attendance(request, pk).meeting_id))
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own_attendance(request, pk)
    with refusals_told(request):
        if reopening.ask(meeting=row.meeting, by=person(request), now=timezone.now()):
            messages.success(
                request, "The branch office is asked. You get a mail when your evaluation is open again."
            )
        else:
            messages.info(request, "The branch office was asked already, and has not answered yet.")
    return redirect("meeting_evaluation", pk)


@access(branch_office)
@require_safe
def of_cohort(request: HttpRequest, pk: int) -> HttpResponse:
    """Who misses the evaluation of which meeting; never an answer."""
    cohort = get_object_or_404(office_cohorts(person(request)).select_related("program"), pk=pk)
    lines = reopening.missing(cohort, now=timezone.now())
    context = {"cohort": cohort, "lines": lines, "last_day": deadlines.last_day(cohort)}
    return render(request, "meetings/office_evaluations.html", context)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: HttpRequest, pk: int, participant_pk: int) -> HttpResponse:
    row = _missing(request, pk, participant_pk)
    if evaluations.has_sent(row.meeting, row.participant):
        messages.info(request, f"{row.participant} has evaluated this meeting. Nothing has to be opened.")
        return redirect("office_evaluations", row.meeting.cohort_id)
    found, today = row.meeting, row.meeting.local_today(timezone.now())
    window = deadlines.window(row)
    if window.state(today) is State.OVER:
        messages.error(request, evaluations.OVER)
        return redirect("office_evaluations", found.cohort_id)
    first = min(max(today, window.until) + timedelta(days=USUAL_DAYS), window.last_day)
    form = ReopenForm(submitted(request), today=today, last_day=window.last_day, initial={"until": first})
    if request.method == "POST" and form.is_valid():
        until: date = form.cleaned_data["until"]
        try:
            reopening.reopen(
                meeting=found,
                participant=row.participant,
                until=until,
                reason=form.cleaned_data["reason"],
                by=person(request),
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error("until", str(refusal))
        else:
            messages.success(
                request, f"Open until {dates.long_date(until)}. {row.participant} is told by mail."
            )
            return redirect("office_evaluations", found.cohort_id)
    context = {"meeting": found, "participant": row.participant, "form": form, "window": window}
    context["back"] = reverse("office_evaluations", args=[found.cohort_id])
    return render(request, "meetings/office_reopen.html", context)


def _missing(request: HttpRequest, pk: int, participant_pk: int) -> Attendance:
    """Of somebody who was there, in a cohort of this office."""
    rows = Attendance.objects.filter(
        meeting__in=Meeting.objects.for_office(person(request)),
        meeting=pk,
        participant=participant_pk,
        status__in=Attendance.THERE,
    )
    return get_object_or_404(
        rows.select_related("meeting__item", "meeting__cohort__program", "participant__user")
    )
