"""The exact texts of an application, to read, print and file."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from applications import readers
from applications.models import Application
from coaching.models import SignedText, User
from coaching.permissions import access, signed_in


def _readable(user: User, pk: int, text_pk: int) -> tuple[Application, SignedText]:
    """The application and one of its texts, if this person may read that text; else 404."""
    texts = readers.texts_visible_to(user).filter(review_steps__application=pk).distinct()
    signed = get_object_or_404(texts, pk=text_pk)
    related = ("cohort__program", "cohort__branch", "applicant")
    return Application.objects.select_related(*related).get(pk=pk), signed


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
            "sign_offs": signed.sign_offs.select_related("signer", "on_behalf_of", "delegation"),
            "changes": readers.changes_for(application, user, text=signed.text, than=signed),
            "is_own": application.applicant_id == user.pk,
            "is_current": application.current_text_id == signed.pk,
            "has_page": Application.objects.visible_to(user).filter(pk=pk).exists(),
        },
    )
