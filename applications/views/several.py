"""Signing several applications in one go: those that were opened in the list and checked there."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from applications import reading, routing, waiting, workflow
from applications.forms.several import SeveralForm
from applications.models import ReviewStep
from coaching.errors import Refused
from coaching.models import User
from coaching.permissions import access, signed_in


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def several(request: HttpRequest) -> HttpResponse:
    """Sign what was opened in the list and checked there, under one name; each application is signed for itself."""
    user: User = request.user  # type: ignore[assignment]
    today = timezone.localdate()
    proofs = (request.POST if request.method == "POST" else request.GET).getlist("read")
    opened = reading.proven(proofs, user)
    steps = [
        step
        for step in waiting.steps_waiting(user, on=today).filter(pk__in=opened)
        if step.text_id == opened[step.pk]
    ]
    found = reading.settled_at([step.application_id for step in steps], user, on=today)
    settled = {  # in the order of the list
        step.application_id: each
        for step in steps
        if (each := found.get(step.application_id)) and not routing.decides(each)
    }
    if not proofs:
        messages.info(
            request, "Open applications in the list, check those to sign, then sign them in one go."
        )
    elif len(settled) < len(proofs):
        messages.warning(
            request, _left_out(set(opened) - {step.pk for step in steps if step.application_id in settled})
        )
    if not settled:
        return redirect("approvals")
    form = SeveralForm(request.POST if request.method == "POST" else None, settled=settled, request=request)
    if request.method == "POST" and form.is_valid():
        form.keep_consent(now=timezone.now())
        _sign_each(request, form, user)
        return redirect("approvals")
    context = {"form": form, "proofs": proofs, "number": len(settled)}
    return render(request, "applications/approvals_several.html", context)


def _left_out(step_ids: set[int]) -> str:
    """Whose applications were opened, and can no longer be signed."""
    steps = ReviewStep.objects.filter(pk__in=step_ids).select_related("application__applicant")
    names = sorted(str(step.application.applicant) for step in steps)
    who = ", ".join(names) if names else "Something you opened"
    return f"Not among them any more: {who}. Changed, withdrawn, or no longer waiting for you since you opened the list."


def _sign_each(request: HttpRequest, form: SeveralForm, user: User) -> None:
    """One refusal stops no other, and is told with the name."""
    signed = 0
    for settled in form.settled.values():
        application = settled[0][0].application
        try:
            workflow.sign(
                application=application,
                by=user,
                typed_name=form.cleaned_data["typed_name"],
                concept_dates=form.concept_dates(application),
                text_id=settled[0][0].text_id,
                now=timezone.now(),
            )
        except Refused as refusal:
            messages.error(request, f"{application.applicant}: {refusal}")
        else:
            signed += 1
    if signed:
        goes = "1 application goes" if signed == 1 else f"{signed} applications go"
        messages.success(request, f"Signed. {goes} on to the next office.")
