"""A batch as its branch office and its approver see it, and the approver's acts."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from certificates import issuing, signatures
from certificates.approval import (
    AlreadyApproved,
    approve_batch,
    approvers,
    authority_of,
    return_batch,
    statement_of,
)
from certificates.claims import batch_text, local_date
from certificates.forms import ApproveForm, ReturnForm, SignatureForm, SigningChoiceForm
from certificates.models import Batch, BatchEntry, SignaturePicture
from certificates.templatetags.certificate_text import lines_of
from certificates.views import progress, samples
from certificates.views.batches import visible_batch
from coaching import jobs, permissions, signing
from coaching.errors import Refused
from coaching.models import Job, SignOff, User
from coaching.permissions import access, any_of, branch_office, post_only, superintendent


def _told_once_taken_back(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Whoever follows the link of a mail, or signs a page that is older, reads where the list is now."""

    @wraps(view)
    def told(request: HttpRequest, pk: int) -> HttpResponseBase:
        try:
            return view(request, pk)
        except Http404:
            waited = Batch.objects.taken_back_from(request.user)  # type: ignore[arg-type]
            found = get_object_or_404(waited.select_related("cohort__program", "cohort__branch"), pk=pk)
            return render(request, "certificates/taken_back.html", {"batch": found})

    return told


@access(any_of(branch_office, superintendent))
@require_safe
@_told_once_taken_back
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_batch(request, pk)
    if progress.looks_again(request):
        return progress.part(request, _job(found))
    return _show(request, found, ApproveForm(request=request), ReturnForm())


def _show(
    request: HttpRequest, found: Batch, approve_form: ApproveForm, return_form: ReturnForm
) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    today = local_date(found.cohort, timezone.now())
    authority = authority_of(user, found.cohort, on=today)
    job = _job(found)
    may_manage = permissions.office_cohorts(user).filter(pk=found.cohort_id).exists()
    waiting = list(found.entries.waiting())
    context = {
        "batch": found,
        "lines": lines_of(
            found.text.text if found.text else batch_text(found),
            list(found.entries.values_list("name", flat=True)),
        ),
        "issued": found.certificates.filter(supersedes=None).count(),
        "to_issue": len(waiting),
        "not_issued": _not_issued(waiting, job),
        "ended": found.entries.exclude(ended_at=None).select_related("ended_by"),
        "may_manage": may_manage,
        "other_names": _other_names(found) if may_manage else [],
        "may_approve": authority is not None and found.status == Batch.Status.AWAITING,
        "sample_seen": samples.is_seen(request, found),
        "statement": statement_of(authority, found) if authority else "",
        "code": signing.short_code(found.text.digest) if found.text else "",
        "signing_form": SigningChoiceForm(initial={"by_hand": found.signed_by_hand}),
        "approvers": approvers(found.cohort, on=today),
        "approve_form": approve_form,
        "return_form": return_form,
        **progress.context(job),
    }
    return render(request, "certificates/batch.html", context)


def _other_names(found: Batch) -> "QuerySet[BatchEntry]":
    """Those on the list whose name is not written as it is on record."""
    return found.entries.exclude(name=F("participant__user__name")).select_related("participant__user")


def _not_issued(waiting: list[BatchEntry], job: Job | None) -> list[tuple[BatchEntry, str]]:
    """Who got none, and why not."""
    refused = job.result.get("refused", {}) if job else {}
    return [
        (entry, refused[key])
        for entry, key in ((each, issuing.key_of(each)) for each in waiting)
        if key in refused
    ]


def _job(found: Batch) -> Job | None:
    return jobs.latest(kind=issuing.JOB_KIND, key=str(found.pk))


def _page_of(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("certificate_batch", visible_batch(request, pk).pk)


def _too_late(request: HttpRequest, pk: int) -> HttpResponse | None:
    """For an act on an older page: where somebody else approved the list meanwhile, who that was."""
    sign_off = visible_batch(request, pk).sign_off
    if sign_off is None or sign_off.signer == request.user:
        return None
    messages.info(request, _not_needed(sign_off))
    return redirect("certificate_batch", pk=pk)


def _not_needed(sign_off: SignOff) -> str:
    day = timezone.localdate(sign_off.signed_at)
    return f"Your approval was not needed: {sign_off.signer}, {sign_off.capacity}, approved this list on {day:%B %-d, %Y}."


@access(superintendent)
@_told_once_taken_back
@post_only(_page_of)
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    if late := _too_late(request, pk):
        return late
    found = visible_batch(request, pk)
    form = ApproveForm(request.POST, request=request)
    if not form.is_valid():
        return _show(request, found, form, ReturnForm())
    form.keep_consent(now=timezone.now())
    if found.status == Batch.Status.AWAITING and not samples.is_seen(request, found):
        form.refuse(samples.NOT_SEEN)
        return _show(request, found, form, ReturnForm())
    try:
        approve_batch(
            batch=found,
            by=request.user,  # type: ignore[arg-type]
            typed_name=form.cleaned_data["typed_name"],
            now=timezone.now(),
        )
    except AlreadyApproved:  # at the same moment
        return _too_late(request, pk) or _page_of(request, pk)
    except Refused as refusal:
        form.refuse(refusal)
        return _show(request, found, form, ReturnForm())
    messages.success(request, "You approved the list. The branch office can issue the certificates now.")
    return redirect("certificate_batch", pk=found.pk)


@access(superintendent)
@_told_once_taken_back
@post_only(_page_of)
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    if late := _too_late(request, pk):
        return late
    found = visible_batch(request, pk)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        return _show(request, found, ApproveForm(request=request), form)
    try:
        return_batch(
            batch=found,
            by=request.user,  # type: ignore[arg-type]
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("certificate_batch", pk=found.pk)
    messages.success(request, "Sent back. The branch office has been told why by mail.")
    return redirect("certificates")


@access(superintendent)
@require_http_methods(["GET", "HEAD", "POST"])
def signature(request: HttpRequest) -> HttpResponse:
    """One's own picture; only a head's is ever printed."""
    user: User = request.user  # type: ignore[assignment]
    form = SignatureForm(request.POST, request.FILES) if request.method == "POST" else SignatureForm()
    if form.is_bound and form.is_valid():
        signatures.keep(person=user, picture=form.cleaned_data["picture"], by=user, now=timezone.now())
        messages.success(request, "The picture is kept. It is printed on certificates issued from now on.")
        return redirect("certificate_signature")
    kept = SignaturePicture.objects.filter(person=user).first()
    return render(request, "certificates/signature.html", {"form": form, "kept": kept})


@access(superintendent)
@post_only(lambda request: redirect("certificate_signature"))
def signature_removed(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    signatures.remove(person=user, by=user, now=timezone.now())
    messages.success(request, "The picture is removed. Your name is printed in its place.")
    return redirect("certificate_signature")


@access(superintendent)
@require_safe
def signature_picture(request: HttpRequest) -> HttpResponse:
    kept = get_object_or_404(SignaturePicture, person=request.user)
    response = HttpResponse(bytes(kept.picture), content_type="image/png")
    response["Content-Disposition"] = 'attachment; filename="signature.png"'  # the page shows it all the same
    response["Cache-Control"] = "private, no-store"
    return response
