"""A list that is signed on paper: the packet to print, and what came back (C3, A15)."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from certificates import packet, paper_approval
from certificates.approval import approvers, take_back
from certificates.claims import local_date
from certificates.forms import PaperApprovalForm, TakeBackForm
from certificates.models import Batch
from certificates.views.batches import office_batch, visible_batch
from coaching.errors import Refused, refusals_told
from coaching.models import User
from coaching.paper_form import scan_file
from coaching.permissions import access, any_of, branch_office, superintendent


@access(any_of(branch_office, superintendent))
@require_safe
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    """Memo, list and a sample as one file."""
    now = timezone.now()
    found = packet.of(visible_batch(request, pk), now=now)
    if found is None:
        messages.info(request, "Nothing of this list waits to be signed.")
        return redirect("certificate_batch", pk=pk)
    try:
        made = packet.packet_pdf(found, now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("certificate_batch", pk=pk)
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="certificates-to-approve-{found.code}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def signed(request: HttpRequest, pk: int) -> HttpResponse:
    """The packet came back with a signature."""
    user: User = request.user  # type: ignore[assignment]
    batch = office_batch(request, pk)
    if batch.status != Batch.Status.AWAITING:
        messages.info(request, "Nothing of this list waits to be signed.")
        return redirect("certificate_batch", pk=pk)
    now = timezone.now()
    people = approvers(batch.cohort, on=local_date(batch.cohort, now))
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    form = PaperApprovalForm(*data, officer=user, initial={"signer": people[0] if people else None})
    if form.is_valid():
        try:
            _record(batch, form, user)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, "Recorded with its scan. The certificates can be issued now.")
            return redirect("certificate_batch", pk=pk)
    if form.is_bound:
        form.ask_again_for_the_scan()
    return render(request, "certificates/paper_approval.html", {"batch": batch, "form": form})


def _record(batch: Batch, form: PaperApprovalForm, user: User) -> None:
    paper_approval.record(
        batch=batch,
        signer=form.cleaned_data["signer"],
        signed_date=form.cleaned_data["signed_date"],
        code=form.cleaned_data["code"],
        attested=form.attested(),
        by=user,
        now=timezone.now(),
    )


@access(any_of(branch_office, superintendent))
@require_safe
def scan(request: HttpRequest, pk: int) -> HttpResponse:
    batch = visible_batch(request, pk)
    if batch.sign_off is None or batch.sign_off.scan is None:
        raise Http404
    return scan_file(batch.sign_off.scan, name=f"approved-certificates-{pk}")


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def taken_back(request: HttpRequest, pk: int) -> HttpResponse:
    """A submitted list becomes a draft again."""
    batch = office_batch(request, pk)
    form = TakeBackForm(request.POST or None)
    if form.is_valid():
        with refusals_told(request):
            take_back(
                batch=batch,
                by=request.user,  # type: ignore[arg-type]
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
            messages.success(request, "Taken back. The list is a draft again.")
        return redirect("certificate_batch", pk=pk)
    return render(request, "certificates/take_back.html", {"batch": batch, "form": form})
