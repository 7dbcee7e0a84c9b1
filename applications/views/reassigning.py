"""The branch office's page on which a step is given to somebody else."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from applications import reassigning
from applications.forms.reassigning import ReassignForm
from applications.models import ReviewStep
from coaching import permissions
from coaching.errors import Refused
from coaching.models import User
from coaching.permissions import access, branch_office


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def reassign(request: HttpRequest, pk: int, step_pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    steps = ReviewStep.objects.with_people().select_related(
        "application__applicant", "application__cohort__program", "unit__head", "replaced_by__signer"
    )
    cohorts = permissions.office_cohorts(user).values("pk")
    step = get_object_or_404(steps, pk=step_pk, application=pk, application__cohort__in=cohorts)
    form = ReassignForm(request.POST or None)
    if form.is_valid():
        to = form.cleaned_data["person"]
        try:
            reassigning.reassign(
                step=step, to=to, reason=form.cleaned_data["reason"], by=user, now=timezone.now()
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"{to} signs this step now. Everybody concerned gets a mail.")
            return redirect("application", pk)
    elif step.status != ReviewStep.Status.PENDING:
        messages.info(request, "This step no longer waits; what happened to it stands below.")
        return redirect("application", pk)
    context = {"step": step, "application": step.application, "cohort": step.application.cohort, "form": form}
    return render(request, "applications/reassign.html", context)
