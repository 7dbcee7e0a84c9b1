"""Sharing a draft for the talk about its concept, and reading one that is shared (A3)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from applications import sharing
from applications.models import Application, DraftShare
from applications.views.writing import own
from coaching.errors import refusals_told
from coaching.models import User
from coaching.permissions import access, post_only, signed_in


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, pk: int) -> HttpResponse:
    """With whom it is shared and since when; share it with another, or stop."""
    user: User = request.user  # type: ignore[assignment]
    application = own(user, pk)
    if application.status != Application.Status.DRAFT:
        return redirect("application", pk)
    now = timezone.now()
    partners = sharing.partners(application, now=now)
    if request.method == "POST":
        chosen = [each.signer for each in partners if str(each.signer.pk) == request.POST.get("person")]
        with refusals_told(request):
            for person in chosen:
                sharing.share(application=application, by=user, person=person, now=now)
                messages.success(request, f"{person} can read your draft now, and is told by mail.")
        return redirect("application_share", pk)
    shares = list(sharing.open_shares(application))
    reading = {each.person_id for each in shares}
    context = {
        "application": application,
        "cohort": application.cohort,
        "shares": shares,
        "partners": [each for each in partners if each.signer.pk not in reading],
    }
    return render(request, "applications/share.html", context)


def _share_page(request: HttpRequest, pk: int, share_pk: int) -> HttpResponse:
    own(request.user, pk)  # type: ignore[arg-type]
    return redirect("application_share", pk)


@access(signed_in)
@post_only(_share_page)
def end(request: HttpRequest, pk: int, share_pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    found = get_object_or_404(DraftShare, pk=share_pk, application=own(user, pk))
    with refusals_told(request):
        ended = sharing.end(share=found, by=user, now=timezone.now())
        messages.success(request, f"{ended.person} can no longer read your draft.")
    return redirect("application_share", pk)


@access(signed_in)
@require_safe
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft, to read: for whom it is shared with, and for its writer to see what they see."""
    user: User = request.user  # type: ignore[assignment]
    related = (
        "cohort__program",
        "cohort__competency_model",
        "applicant__unit__parent",
        "applicant__supervisor",
    )
    readable = Application.objects.readable_as_draft(user).select_related(*related)
    application = get_object_or_404(readable, pk=pk)
    context = {
        "application": application,
        "cohort": application.cohort,
        "is_own": application.applicant == user,
        "sections": sharing.sections(application),
    }
    return render(request, "applications/draft.html", context)
