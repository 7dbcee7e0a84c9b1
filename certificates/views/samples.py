"""Samples of a list's certificates: to look at before it is approved (C3)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from certificates import preview
from certificates.models import Batch
from certificates.views.batches import visible_batch
from coaching.errors import Refused
from coaching.permissions import access, any_of, branch_office, superintendent

SEEN = "sample_seen"  # in the session: the text of whose list
NOT_SEEN = Refused(
    "Look at a sample first: what you sign says that you have seen one. Open it from this page, then sign; what you typed "
    "stays here."
)


def is_seen(request: HttpRequest, batch: Batch) -> bool:
    """Whether this person has opened a sample of the list as it waits."""
    return batch.text_id is not None and request.session.get(SEEN) == batch.text_id


@access(any_of(branch_office, superintendent))
@require_safe
def sample(request: HttpRequest, pk: int, entry_pk: int | None = None) -> HttpResponse:
    """Drawn for this one look and kept nowhere."""
    batch = visible_batch(request, pk)
    entry = get_object_or_404(batch.entries, pk=entry_pk) if entry_pk is not None else None
    try:
        drawn = preview.sample(batch, now=timezone.now(), entry=entry)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("certificate_batch", pk=pk)
    if batch.text_id:
        request.session[SEEN] = batch.text_id
    return answer(drawn)


def answer(drawn: bytes) -> HttpResponse:
    response = HttpResponse(drawn, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="sample.pdf"'
    response["Cache-Control"] = "no-store"
    return response


@access(any_of(branch_office, superintendent))
@require_safe
def chosen(request: HttpRequest, pk: int) -> HttpResponse:
    """Which names to look at, and why these."""
    batch = visible_batch(request, pk)
    return render(request, "certificates/samples.html", {"batch": batch, "picks": preview.picks(batch)})
