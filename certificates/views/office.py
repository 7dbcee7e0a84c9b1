"""The branch office's rooms: who completed, batches, the register."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from certificates import issuing, list_changes, names, relisting, replacing
from certificates.approval import approvers, choose_signing, propose_batch, submit_for_approval
from certificates.claims import local_date
from certificates.eligibility import completion_list, why_nobody
from certificates.forms import EndEntryForm, ReissueForm, RevokeForm, SigningChoiceForm
from certificates.models import Batch, Certificate
from certificates.views.batches import office_batch, office_cohort
from coaching.errors import Refused, refusals_told
from coaching.models import Cohort
from coaching.permissions import access, branch_office, post_only


@access(branch_office)
@require_safe
def completion(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = office_cohort(request, pk)
    today = local_date(cohort, timezone.now())
    rows = completion_list(cohort, today=today)
    context = {
        "cohort": cohort,
        "rows": rows,
        "eligible": sum(row.is_eligible for row in rows),
        "why_nobody": why_nobody(rows),
        "has_certificates": any(row.certificate and row.certificate.is_valid for row in rows),
        "lead": _what_it_takes(cohort),
        "open_list": cohort.certificate_batches.exclude(status=Batch.Status.APPROVED).first(),
        "batches": cohort.certificate_batches.select_related("sign_off__signer", "sign_off__on_behalf_of"),
        "approvers": approvers(cohort, on=today),
    }
    return render(request, "certificates/completion.html", context)


def _what_it_takes(cohort: Cohort) -> str:
    """C2, as this cohort has it."""
    missed = cohort.missed_months_allowed
    months = f"every month of the program but {missed}" if missed else "every month of the program"
    return f"A certificate takes a meeting attended in {months}, and an evaluation of each meeting attended."


@access(branch_office)
@post_only(lambda request, pk: redirect("certificate_completion", office_cohort(request, pk).pk))
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = office_cohort(request, pk)
    before = list_changes.lines_of_draft(cohort)
    try:
        batch = propose_batch(cohort=cohort, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("certificate_completion", pk=cohort.pk)
    if before:
        messages.success(request, list_changes.told(before, list_changes.lines_of_draft(cohort)))
    return redirect("certificate_batch", pk=batch.pk)


def _page_of(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("certificate_batch", office_batch(request, pk).pk)


@access(branch_office)
@post_only(_page_of)
def signing(request: HttpRequest, pk: int) -> HttpResponse:
    """By a picture or by hand."""
    batch = office_batch(request, pk)
    with refusals_told(request):
        if _choose_signing(request, batch):
            messages.success(request, "Saved.")
        else:
            messages.error(request, "Choose how the certificates are signed.")
    return redirect("certificate_batch", pk=batch.pk)


def _choose_signing(request: HttpRequest, batch: Batch) -> bool:
    """Whether it was said."""
    form = SigningChoiceForm(request.POST)
    if not form.is_valid():
        return False
    by_hand = form.cleaned_data["by_hand"]
    choose_signing(batch=batch, by_hand=by_hand, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    return True


@access(branch_office)
@post_only(_page_of)
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """With the choice beside the button, whether it was saved before or not."""
    batch = office_batch(request, pk)
    with refusals_told(request):
        _choose_signing(request, batch)
        submit_for_approval(batch=batch, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, "Submitted. Whoever can approve the list has been told by mail.")
    return redirect("certificate_batch", pk=batch.pk)


@access(branch_office)
@post_only(_page_of)
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    batch = office_batch(request, pk)
    with refusals_told(request):
        issuing.start_issue(batch=batch, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, "The certificates are being issued. Each holder gets a mail with the link.")
    return redirect("certificate_batch", pk=batch.pk)


def _managed(request: HttpRequest, pk: int) -> Certificate:
    managed = Certificate.objects.managed_by(request.user)  # type: ignore[arg-type]
    return get_object_or_404(managed.select_related("participant__user", "participant__cohort"), pk=pk)


def _has_ended(request: HttpRequest, certificate: Certificate) -> HttpResponse | None:
    """Its page, with what became of it; None while it stands."""
    if certificate.is_valid:
        return None
    how = "revoked" if certificate.status == Certificate.Status.REVOKED else "replaced by another"
    messages.info(
        request,
        f"Certificate {certificate.serial} was {how} on {certificate.ended_date:%B %-d, %Y}. Nothing was done now.",
    )
    return redirect("certificate", pk=certificate.pk)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def reissue(request: HttpRequest, pk: int) -> HttpResponse:
    certificate = _managed(request, pk)
    if ended := _has_ended(request, certificate):
        return ended
    name = names.on_certificate(certificate.participant.user)
    form = ReissueForm(request.POST or None, initial={"name": name})
    if request.method == "POST" and form.is_valid():
        try:
            _start_reissue(request, certificate, form)
        except replacing.UnderWay as refusal:
            messages.error(request, str(refusal))
            return redirect("certificate", pk=certificate.pk)
        except Refused as refusal:
            form.refuse(refusal)
            form.renew(name=name)
        else:
            return redirect("certificate", pk=certificate.pk)
    elif job := replacing.under_way(certificate):
        messages.info(request, replacing.told(job, certificate))
        return redirect("certificate", pk=certificate.pk)
    return render(
        request, "certificates/reissue.html", {"certificate": certificate, "form": form, "name": name}
    )


def _start_reissue(request: HttpRequest, certificate: Certificate, form: ReissueForm) -> None:
    replacing.start_reissue(
        certificate=certificate,
        by=request.user,  # type: ignore[arg-type]
        reason=form.cleaned_data["reason"],
        name=form.cleaned_data["name"],
        now=timezone.now(),
    )
    messages.success(request, "The new certificate is being made. Its holder gets a mail with the link.")


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def new_list(request: HttpRequest, pk: int, entry_pk: int) -> HttpResponse:
    """Somebody on an approved list is to be put on a new one."""
    batch = office_batch(request, pk)
    entry = get_object_or_404(batch.entries.select_related("batch__cohort"), pk=entry_pk)
    form = EndEntryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            relisting.end_entry(
                entry=entry,
                by=request.user,  # type: ignore[arg-type]
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"{entry.name} can be put on a new list, once nothing is missing.")
            return redirect("certificate_completion", pk=batch.cohort_id)
    return render(request, "certificates/new_list.html", {"batch": batch, "entry": entry, "form": form})


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    certificate = _managed(request, pk)
    if ended := _has_ended(request, certificate):
        return ended
    form = RevokeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            replacing.revoke(
                certificate=certificate,
                by=request.user,  # type: ignore[arg-type]
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"Certificate {certificate.serial} is revoked. The holder gets a mail.")
            return redirect("certificate", pk=certificate.pk)
    return render(request, "certificates/revoke.html", {"certificate": certificate, "form": form})
