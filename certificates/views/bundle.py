"""All files of a list or a cohort in one, for the branch office."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from certificates import bundle
from certificates.views.batches import office_batch, office_cohort
from coaching.errors import Refused
from coaching.models import User
from coaching.permissions import access, branch_office, confirmed_lately, post_only


def _batch_page(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("certificate_batch", office_batch(request, pk).pk)


def _cohort_page(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("certificate_completion", office_cohort(request, pk).pk)


@access(branch_office)
@post_only(_batch_page)
@confirmed_lately
def of_batch(request: HttpRequest, pk: int) -> HttpResponseBase:
    user: User = request.user  # type: ignore[assignment]
    batch = office_batch(request, pk)
    try:
        return _sent(bundle.of_batch(batch=batch, by=user, now=timezone.now()))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _batch_page(request, pk)


@access(branch_office)
@post_only(_cohort_page)
@confirmed_lately
def of_cohort(request: HttpRequest, pk: int) -> HttpResponseBase:
    user: User = request.user  # type: ignore[assignment]
    cohort = office_cohort(request, pk)
    try:
        return _sent(bundle.of_cohort(cohort=cohort, by=user, now=timezone.now()))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _cohort_page(request, pk)


def _sent(made: bundle.Bundle) -> StreamingHttpResponse:
    response = StreamingHttpResponse(made.parts(), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{made.name}"'
    response["Cache-Control"] = "private, no-store"
    return response
