"""A supervisor's input on the project, when the participant asks for it (M14)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from coaching.errors import Refused, refusals_told
from coaching.models import Goal, Participant
from coaching.permissions import access, post_only, signed_in
from meetings import inputs, notes, project
from meetings.forms_project import InputAnswerForm, InputAskForm
from meetings.models import SupervisorInput
from meetings.views.program import person, submitted
from meetings.views.project import taking_part


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    participant = get_object_or_404(taking_part(request), pk=pk)
    form = InputAskForm(submitted(request))
    why = inputs.why_not_ask(participant, timezone.now())
    if why and request.method != "POST":
        messages.info(request, why)
        return redirect("my_project", pk)
    if request.method == "POST" and form.is_valid():
        try:
            asked = inputs.ask(
                participant=participant,
                question=form.cleaned_data["question"],
                by=person(request),
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{asked.supervisor} is told by mail that you ask for input.")
            return redirect("my_project", pk)
    context = {
        "participant": participant,
        "cohort": participant.cohort,
        "supervisor": participant.user.supervisor,
        "project": project.shared_with_supervisor([participant], participant.user.supervisor)[participant.pk],
        "goal": Goal.objects.filter(participant=participant).first(),
        "form": form,
        "ends_on": inputs.ends_on(participant.cohort),
        "deleted_on": notes.deleted_on(participant.cohort),
    }
    return render(request, "meetings/input_ask.html", context)


def _own(request: HttpRequest, pk: int) -> SupervisorInput:
    return get_object_or_404(SupervisorInput.objects.filter(participant__in=taking_part(request)), pk=pk)


@access(signed_in)
@post_only(lambda request, pk: redirect("my_project", _own(request, pk).participant_id))
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own(request, pk)
    with refusals_told(request):
        inputs.take_back(row=row, by=person(request), now=timezone.now())
        messages.success(request, "Your question is taken back.")
    return redirect("my_project", row.participant_id)


@access(signed_in)
@post_only(lambda request, pk: redirect("my_project", _own(request, pk).participant_id))
def share(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own(request, pk)
    shared = request.POST.get("shared") == "yes"
    with refusals_told(request):
        inputs.share(row=row, shared=shared, by=person(request), now=timezone.now())
        messages.success(
            request, "Your team can read the answer now." if shared else "You alone read the answer again."
        )
    return redirect("my_project", row.participant_id)


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """For the supervisor who was asked: the title, the question, what is shared with them, and nothing else."""
    asked = SupervisorInput.objects.filter(supervisor=person(request))
    row = get_object_or_404(asked.select_related("participant__user", "participant__cohort__program"), pk=pk)
    now = timezone.now()
    if row.participant.status == Participant.Status.LEFT:
        return render(request, "meetings/input_closed.html", {"row": row, "cohort": row.participant.cohort})
    why_not = inputs.why_not_answer(row, now)
    told = None if row.taken_back_at else inputs.read(row)
    form = InputAnswerForm(submitted(request), initial={"text": told.answer if told else ""})
    if request.method == "POST" and form.is_valid():
        try:
            inputs.answer(row=row, text=form.cleaned_data["text"], by=person(request), now=now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Sent. {row.participant} can read it.")
            return redirect("input_answer", pk)
    context = {
        "row": row,
        "participant": row.participant,
        "cohort": row.participant.cohort,
        "told": told,
        "goal": Goal.objects.filter(participant=row.participant).first(),
        "project": project.shared_with_supervisor([row.participant], row.supervisor)[row.participant_id]
        if told
        else None,
        "form": form if form.is_bound or not why_not else None,
        "why_not": why_not,
        "ends_on": inputs.ends_on(row.participant.cohort),
        "deleted_on": notes.deleted_on(row.participant.cohort),
    }
    return render(request, "meetings/input_answer.html", context)
