"""Everything here comes from a workflow, so the admin only shows it."""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

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
from coaching.admin.base import ReadOnlyAdmin


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("id", "cohort", "status", "submitted_at", "sign_off")
    list_filter = ("status",)
    list_select_related = ("cohort", "sign_off__signer")


@admin.register(BatchEntry)
class BatchEntryAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("name", "batch", "minutes")
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
    list_select_related = ("certificate",)
    fields = ("certificate",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[CertificateFile]:
        return super().get_queryset(request).defer("pdf")


@admin.register(HolderName)
class HolderNameAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("person", "name", "written_at")
    list_select_related = ("person",)
    fields = ("person", "name", "written_at")


@admin.register(SealCertificate)
class SealCertificateAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("owner", "valid_from", "valid_until", "first_used_at", "fingerprint")


@admin.register(SerialCounter)
class SerialCounterAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("cohort", "last")
    list_select_related = ("cohort",)


@admin.register(SignaturePicture)
class SignaturePictureAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("person", "uploaded_at")
    list_select_related = ("person",)
    fields = ("person", "uploaded_at")


@admin.register(StatusList)
class StatusListAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("made_at", "counts")
    fields = ("made_at", "counts")
