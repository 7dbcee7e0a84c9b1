"""The batch, or the cohort, that an address is about."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from certificates.models import Batch
from coaching import permissions
from coaching.models import Cohort


def visible_batch(request: HttpRequest, pk: int) -> Batch:
    """One that this person may read."""
    visible = Batch.objects.visible_to(request.user).select_related(  # type: ignore[arg-type]
        "cohort__program",
        "cohort__branch__parent__head",
        "text",
        "sign_off__signer",
        "sign_off__on_behalf_of",
        "sign_off__attested_by",
        "submitted_by",
    )
    return get_object_or_404(visible, pk=pk)


def office_batch(request: HttpRequest, pk: int) -> Batch:
    """One of the branch office's own."""
    mine = permissions.office_cohorts(request.user)  # type: ignore[arg-type]
    batches = Batch.objects.filter(cohort__in=mine).select_related(
        "cohort__program", "cohort__branch__parent__head", "text"
    )
    return get_object_or_404(batches, pk=pk)


def office_cohort(request: HttpRequest, pk: int) -> Cohort:
    """One of the branch office's own."""
    mine = permissions.office_cohorts(request.user).select_related("program", "branch__parent")  # type: ignore[arg-type]
    return get_object_or_404(mine, pk=pk)
