"""Signed texts, signatures, the audit trail, mail and jobs: read, never changed."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from coaching.admin.base import ReadOnlyAdmin, ReadOnlyInline
from coaching.models import (
    AuditEvent,
    AuditLink,
    AuditPayload,
    ESignConsent,
    Job,
    Message,
    Scan,
    SignedText,
    SignOff,
    StaffUpload,
)


class SignOffInline(ReadOnlyInline):
    model = SignOff
    fields = ("signer", "on_behalf_of", "capacity", "typed_name", "signed_at")


@admin.register(SignedText)
class SignedTextAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("__str__", "kind", "created_at")
    list_filter = ("kind",)
    search_fields = ("digest", "sign_offs__signer__name")
    date_hierarchy = "created_at"
    inlines = (SignOffInline,)


@admin.register(SignOff)
class SignOffAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("signer", "on_behalf_of", "capacity", "text", "signed_at")
    list_filter = ("text__kind",)
    list_select_related = ("signer", "on_behalf_of", "text")
    search_fields = ("signer__name", "typed_name", "text__digest")
    date_hierarchy = "signed_at"


@admin.register(ESignConsent)
class ESignConsentAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("person", "version", "given_at")
    list_filter = ("version",)
    list_select_related = ("person",)
    search_fields = ("person__name", "person__email")
    date_hierarchy = "given_at"


@admin.register(Scan)
class ScanAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    """The paper itself is served by the application's page alone."""

    list_display = ("__str__", "kind", "uploaded_by", "uploaded_at")
    list_filter = ("kind",)
    list_select_related = ("uploaded_by",)
    search_fields = ("sha256", "uploaded_by__name")
    fields = ("kind", "sha256", "uploaded_by", "uploaded_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Scan]:
        return super().get_queryset(request).defer("content")


class PayloadInline(ReadOnlyInline):
    model = AuditPayload
    fields = ("data",)
    show_change_link = False


class LinkInline(ReadOnlyInline):
    model = AuditLink
    fields = ("number", "digest")
    show_change_link = False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("at", "action", "actor", "on_behalf_of", "object_type", "object_id")
    list_filter = ("object_type", "action")
    list_select_related = ("actor", "on_behalf_of")
    search_fields = ("action", "actor__name", "=object_id")
    ordering = ("-pk",)
    date_hierarchy = "at"
    show_full_result_count = False
    inlines = (PayloadInline, LinkInline)


@admin.register(AuditPayload)
class AuditPayloadAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("event", "data")
    list_filter = ("event__object_type",)
    search_fields = ("=event__object_id", "event__action")
    list_select_related = ("event",)
    fields = ("event", "data")
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(AuditLink)
class AuditLinkAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("number", "event", "digest")
    list_filter = ("event__object_type",)
    search_fields = ("=number", "digest", "=event__object_id")
    list_select_related = ("event",)
    ordering = ("-number",)
    show_full_result_count = False


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    """Mail is built when it is sent: no text of it is kept."""

    list_display = ("kind", "recipient", "status", "attempts", "due_at", "sent_at", "error")
    list_filter = ("status", "kind")
    list_select_related = ("recipient",)
    search_fields = ("recipient__name", "recipient__email", "kind")
    date_hierarchy = "created_at"


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("kind", "key", "status", "progress", "created_by", "created_at", "finished_at")
    list_filter = ("status", "kind")
    list_select_related = ("created_by",)
    search_fields = ("key",)

    @admin.display(description="progress")
    def progress(self, job: Job) -> str:
        return f"{job.done} of {job.total}" if job.total else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        # Results may be long; a list has no use for them.
        return super().get_queryset(request).defer("result")


@admin.register(StaffUpload)
class StaffUploadAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    """The people of a file are read by whoever uploaded it alone."""

    list_display = ("file_name", "uploaded_by", "uploaded_at", "imported_at")
    list_filter = ("imported_at",)
    list_select_related = ("uploaded_by",)
    search_fields = ("file_name", "uploaded_by__name")
    date_hierarchy = "uploaded_at"
    fields = ("file_name", "digest", "uploaded_by", "uploaded_at", "imported_at", "imported")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffUpload]:
        return super().get_queryset(request).defer("content", "head", "report", "problems")
