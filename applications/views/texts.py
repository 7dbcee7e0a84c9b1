"""The exact texts of an application, to read, print and file."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from applications import drafting, printing, readers, routing
from applications.models import Application
from coaching.models import SignedText, User
from coaching.permissions import access, signed_in

PAGE_SIZE = 25


def _readable(user: User, pk: int, text_pk: int) -> tuple[Application, SignedText]:
    """The application and one of its texts, if this person may read that text; else 404."""
    texts = readers.texts_visible_to(user, of=pk)
    signed = get_object_or_404(texts, pk=text_pk)
    related = ("cohort__program", "cohort__branch", "applicant")
    return Application.objects.select_related(*related).get(pk=pk), signed


@access(signed_in)
@require_safe
def signed(request: HttpRequest) -> HttpResponse:
    """Every text under which one's name stands, newest first, for its term: whatever became of the application."""
    page = Paginator(readers.signatures_of(request.user), PAGE_SIZE)  # type: ignore[arg-type]
    found = page.get_page(request.GET.get("page"))
    return render(request, "applications/signed.html", {"page": found})


@access(signed_in)
@require_safe
def text(request: HttpRequest, pk: int, text_pk: int) -> HttpResponse:
    """The exact text that was signed, with its signatures, and what changed since the one before."""
    user: User = request.user  # type: ignore[assignment]
    application, signed = _readable(user, pk, text_pk)
    return render(
        request,
        "applications/text.html",
        {
            "application": application,
            "cohort": application.cohort,
            "signed": signed,
            "sign_offs": signed.sign_offs.select_related(
                "signer", "on_behalf_of", "delegation", "attested_by"
            ),
            "changes": readers.changes_for(application, user, text=signed.text, than=signed),
            "is_own": application.applicant_id == user.pk,
            "is_current": application.current_text_id == signed.pk,
            "has_page": Application.objects.visible_to(user).filter(pk=pk).exists(),
        },
    )


@access(signed_in)
@require_safe
def text_file(request: HttpRequest, pk: int, text_pk: int) -> HttpResponse:
    """The same as a form to file, with its signatures."""
    application, signed = _readable(request.user, pk, text_pk)  # type: ignore[arg-type]
    return _file(printing.of_text(application, signed, now=timezone.now()))


@access(signed_in)
@require_safe
def draft_file(request: HttpRequest, pk: int) -> HttpResponse:
    """What the applicant is about to sign, unsigned, also to be signed on paper (A15)."""
    related = ("cohort__program", "cohort__branch", "applicant__unit__parent", "applicant__supervisor")
    application = get_object_or_404(
        Application.objects.filter(applicant=request.user).select_related(*related),  # type: ignore[misc]
        pk=pk,
    )
    if not application.is_editable:
        return redirect("application", pk)
    now = timezone.now()
    try:
        preview = drafting.preview(application, now=now)
    except routing.NoSigner as problem:
        messages.error(request, str(problem))
        return redirect("application_review", pk)
    return _file(printing.of_draft(application, preview, now=now))


def _file(form: printing.Form) -> HttpResponse:
    response = HttpResponse(printing.render(form), content_type="application/pdf")
    name = printing.file_name(form)
    disposition = content_disposition_header(as_attachment=False, filename=name)
    response["Content-Disposition"] = str(disposition)
    response["Cache-Control"] = "private, no-store"
    return response
