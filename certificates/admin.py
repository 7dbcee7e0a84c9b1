"""Everything here comes from a workflow, so the admin only shows it; but for the key of a seal, which is lost here."""

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.timezone import localdate

from certificates import lost_seals
from certificates.models import (
    Batch,
    BatchEntry,
    Certificate,
    CertificateFile,
    HolderName,
    SealCertificate,
    SerialCounter,
    SignaturePicture,
    StatusList,
)
from certificates.templatetags.certificate_text import month_day_year
from coaching.admin.base import ReadOnlyAdmin
from coaching.admin.people import RESENT
from coaching.errors import Refused
from coaching.models import User


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("id", "cohort", "status", "submitted_at", "sign_off")
    search_fields = ("cohort__name", "=pk", "sign_off__signer__name")
    list_filter = ("status",)
    list_select_related = ("cohort", "sign_off__signer")


@admin.register(BatchEntry)
class BatchEntryAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("name", "batch", "minutes")
    list_filter = ("batch__cohort",)
    search_fields = ("name", "participant__user__name")
    list_select_related = ("batch__cohort",)


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("serial", "participant", "status", "issued_at", "ended_at")
    list_filter = ("status",)
    list_select_related = ("participant__user",)
    search_fields = ("serial", "claims__name")


@admin.register(CertificateFile)
class CertificateFileAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("certificate",)
    list_filter = ("certificate__status",)
    search_fields = ("certificate__serial",)
    list_select_related = ("certificate",)
    fields = ("certificate",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[CertificateFile]:
        return super().get_queryset(request).defer("pdf")


@admin.register(HolderName)
class HolderNameAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("person", "name", "written_at")
    list_filter = ("written_at",)
    search_fields = ("name", "person__name", "person__email")
    list_select_related = ("person",)
    fields = ("person", "name", "written_at")


@admin.register(SealCertificate)
class SealCertificateAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("owner", "valid_from", "valid_until", "first_used_at", "lost_at", "fingerprint")
    list_filter = ("lost_at",)
    search_fields = ("fingerprint",)
    list_select_related = ("lost_by",)
    actions = ("record_as_lost",)

    def has_lose_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("certificates.change_sealcertificate")

    @admin.action(description="Record that the key was lost to somebody else", permissions=["lose"])
    def record_as_lost(
        self, request: HttpRequest, seals: models.QuerySet[SealCertificate]
    ) -> HttpResponse | None:
        """Asks first how, and says what follows."""
        by: User = request.user  # type: ignore[assignment]
        reason, recorded = request.POST.get("reason"), False
        if reason is not None:
            try:
                recorded = bool(lost_seals.record(seals=seals, by=by, reason=reason, now=timezone.now()))
            except Refused as refusal:
                messages.error(request, str(refusal))
        if recorded:
            messages.info(request, "Recorded as lost. Set up a new key of the seal now.")
            return None
        for seal in seals.exclude(lost_at=None):
            messages.warning(request, _recorded_before(seal))
        at_stake = seals.filter(lost_at=None)
        if not at_stake:
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Record that the key of a seal was lost",
            "seals": at_stake,
            "reason": reason or "",
            "sent": [(name, value) for name in RESENT for value in request.POST.getlist(name)],
        }
        return render(request, "admin/record_lost_seal.html", context)


def _recorded_before(seal: SealCertificate) -> str:
    when = f"{month_day_year(localdate(seal.lost_at))} by {seal.lost_by}"
    return f"{seal}: its key was recorded as lost on {when}, which stays as it is: {seal.lost_reason}"


@admin.register(SerialCounter)
class SerialCounterAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("cohort", "last")
    list_filter = ("cohort__branch",)
    search_fields = ("cohort__name",)
    list_select_related = ("cohort",)


@admin.register(SignaturePicture)
class SignaturePictureAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("person", "uploaded_at")
    list_filter = ("uploaded_at",)
    search_fields = ("person__name", "person__email")
    list_select_related = ("person",)
    fields = ("person", "uploaded_at")


@admin.register(StatusList)
class StatusListAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("made_at", "counts", "seal")
    list_filter = ("made_at", "counts")
    search_fields = ("=pk",)
    list_select_related = ("seal",)
    fields = ("made_at", "counts", "seal")
