"""What a participant sees: where they stand, and their certificates."""

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from certificates import names, preview, replacing
from certificates.claims import local_date, verification_address
from certificates.forms import HolderNameForm
from certificates.models import Batch, BatchEntry, Certificate
from certificates.printable import unwritable
from certificates.views import progress, samples
from coaching import jobs, permissions
from coaching.errors import Refused
from coaching.models import Job, Participant, User
from coaching.permissions import access, signed_in
from meetings.attention import as_read_by
from meetings.standing import Standing


@dataclass(frozen=True)
class Participation:
    participant: Participant
    certificates: list[Certificate]
    standing: Standing | None


@access(signed_in)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """One's own certificates, and the ways into the rooms of one's offices."""
    user: User = request.user  # type: ignore[assignment]
    context = {
        "participations": _participations(user),
        "name": names.on_certificate(user),
        "cohorts": permissions.office_cohorts(user).select_related("program", "branch"),
        "awaiting": Batch.objects.awaiting(user).select_related("cohort__branch"),
        "approved": Batch.objects.filter(sign_off__signer=user).select_related("cohort__branch", "sign_off"),
        "may_search": permissions.branch_office(user) or permissions.deputy(user),
        "may_approve": permissions.superintendent(user),
    }
    return render(request, "certificates/index.html", context)


def _participations(user: User) -> list[Participation]:
    now = timezone.now()
    mine = (
        user.participations.exclude(status=Participant.Status.LEFT)
        .select_related("cohort__program", "cohort__branch")
        .prefetch_related("certificates")
        .order_by("-cohort__first_month", "pk")
    )
    return [
        Participation(
            participant=participant,
            certificates=list(participant.certificates.all()),
            standing=None
            if participant.certificates.all()
            else as_read_by(participant, today=local_date(participant.cohort, now)),
        )
        for participant in mine
    ]


def _taking_part(user: User) -> "QuerySet[Participant]":
    return user.participations.exclude(status=Participant.Status.LEFT)


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def name(request: HttpRequest) -> HttpResponse:
    """How one's name is written and said; for whoever takes part."""
    user: User = request.user  # type: ignore[assignment]
    taking_part = _taking_part(user)
    if not taking_part.exists():
        raise Http404
    written = {"name": names.on_certificate(user), "said": names.pronunciation(user)}
    form = HolderNameForm(request.POST or None, initial=written)
    if form.is_valid():
        names.write(
            person=user, name=form.cleaned_data["name"], said=form.cleaned_data["said"], now=timezone.now()
        )
        messages.success(request, "Saved.")
        return redirect("certificate_name")
    submitted = BatchEntry.objects.waiting().filter(participant__in=taking_part)
    context = {
        "form": form,
        "unwritable": unwritable([written["name"]]).get(written["name"], ""),
        "listed": submitted.exclude(batch__status=Batch.Status.DRAFT).first(),
        "issued": Certificate.objects.valid().filter(participant__in=taking_part).first(),
    }
    return render(request, "certificates/name.html", context)


@access(signed_in)
@require_safe
def name_sample(request: HttpRequest) -> HttpResponse:
    """One's own certificate with the name as it is saved, of the newest program: drawn for this one look."""
    user: User = request.user  # type: ignore[assignment]
    newest = _taking_part(user).select_related(
        "user__holder_name", "cohort__program", "cohort__branch__parent"
    )
    participant = newest.order_by("-cohort__first_month", "-pk").first()
    if participant is None:
        raise Http404
    try:
        drawn = preview.own_sample(participant, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("certificate_name")
    return samples.answer(drawn)


@access(signed_in)
@require_safe
def certificate(request: HttpRequest, pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    found = get_object_or_404(
        Certificate.objects.visible_to(user).select_related(
            "participant__user", "participant__cohort__program", "batch", "supersedes", "superseded_by"
        ),
        pk=pk,
    )
    may_manage = Certificate.objects.managed_by(user).filter(pk=pk).exists()
    is_newest = not hasattr(found, "superseded_by")
    job = _reissue_of(found) if may_manage and is_newest else None
    if progress.looks_again(request):
        return progress.part(request, job)
    context = {
        "certificate": found,
        "is_holder": found.participant.user_id == user.pk,
        "may_manage": may_manage,
        "is_newest": is_newest,
        **progress.context(job),
        "address": verification_address(found.code),
        "entry": found.batch.entries.in_force().filter(participant=found.participant).first(),
    }
    return render(request, "certificates/certificate_page.html", context)


def _reissue_of(found: Certificate) -> Job | None:
    """Of one that is to come in its place."""
    return jobs.latest(kind=replacing.JOB_KIND, key=str(found.pk))


@access(signed_in)
@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """The stored bytes, as they were issued."""
    visible = Certificate.objects.visible_to(request.user).select_related("file")  # type: ignore[arg-type]
    found = get_object_or_404(visible, pk=pk)
    response = HttpResponse(bytes(found.file.pdf), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="certificate-{found.serial}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response
