"""The admin shows meetings and attendance, read-only where a write function must be used.

Evaluation drafts, receipts and answers are not here, and never will be (M17, C1).
"""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from coaching.admin.base import AuditedAdmin
from meetings.models import (
    Acceptance,
    Attendance,
    BusyFeed,
    CalendarChoice,
    CalendarInvitation,
    EvaluationClosing,
    Facilitator,
    HelpRequest,
    Meeting,
    MeetingChange,
    Question,
    Resource,
    Visit,
    Waiver,
)


class ReadOnly(admin.ModelAdmin):
    """Seen here, changed on the site, where the rules are checked and the audit trail is written."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class AttendanceInline(admin.TabularInline):
    model = Attendance
    extra = 0
    can_delete = False
    fields = readonly_fields = ("participant", "status", "recorded_by", "recorded_at")

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Meeting)
class MeetingAdmin(ReadOnly):
    list_display = ("heading", "date", "start_time", "cohort", "status", "month")
    search_fields = ("item__title", "cohort__name", "=pk")
    list_filter = ("status", "cohort")
    list_select_related = ("item", "cohort")
    date_hierarchy = "date"
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    inlines = (AttendanceInline,)


@admin.register(Acceptance)
class AcceptanceAdmin(ReadOnly):
    list_display = ("participant", "team", "accepted_at")
    list_filter = ("team__cohort",)
    search_fields = ("participant__user__name",)
    list_select_related = ("participant__user", "team__cohort")


@admin.register(Attendance)
class AttendanceAdmin(ReadOnly):
    exclude = ("reason",)  # for the branch office and the participant alone
    list_display = ("participant", "meeting", "status", "recorded_at")
    search_fields = ("participant__user__name",)
    list_filter = ("status",)
    list_select_related = ("participant__user", "meeting__item")


@admin.register(MeetingChange)
class MeetingChangeAdmin(ReadOnly):
    list_display = ("meeting", "summary", "made_by", "made_at")
    list_filter = ("meeting__cohort",)
    search_fields = ("summary", "made_by__name")
    list_select_related = ("meeting__item", "made_by")


@admin.register(Facilitator)
class FacilitatorAdmin(ReadOnly):
    list_display = ("meeting", "team", "component", "participant")
    list_filter = ("component",)
    search_fields = ("participant__user__name",)
    list_select_related = ("meeting__item", "team", "participant__user")


@admin.register(Visit)
class VisitAdmin(ReadOnly):
    list_display = ("meeting", "person", "planned_at", "taken_back_at")
    list_filter = ("taken_back_at",)
    search_fields = ("person__name",)
    list_select_related = ("meeting__item", "person")


@admin.register(Resource)
class ResourceAdmin(ReadOnly):
    list_display = ("title", "kind", "item", "branch", "added_by", "removed_at")
    search_fields = ("title", "added_by__name")
    list_filter = ("kind", "branch")
    list_select_related = ("item", "branch", "added_by")
    exclude = ("content",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}


@admin.register(Waiver)
class WaiverAdmin(ReadOnly):
    list_display = ("participant", "month", "kind", "recorded_at", "counted_at", "taken_back_at")
    search_fields = ("participant__user__name",)
    list_filter = ("kind",)
    list_select_related = ("participant__user",)
    exclude = ("reason",)


@admin.register(HelpRequest)
class HelpRequestAdmin(ReadOnly):
    list_display = ("team", "asked_by", "asked_at", "answered_by", "answered_at")
    list_filter = ("team__cohort",)
    search_fields = ("asked_by__name", "answered_by__name")
    list_select_related = ("team__cohort__program", "asked_by", "answered_by")


@admin.register(CalendarChoice)
class CalendarChoiceAdmin(ReadOnly):
    list_display = ("user", "way", "created_at", "revoked_at")
    list_filter = ("way",)
    search_fields = ("user__name", "user__email")
    exclude = ("token",)
    list_select_related = ("user",)


@admin.register(BusyFeed)
class BusyFeedAdmin(ReadOnly):
    list_display = ("supervisor", "participant", "created_at", "revoked_at")
    list_filter = ("revoked_at",)
    search_fields = ("supervisor__name", "participant__user__name")
    exclude = ("token",)
    list_select_related = ("supervisor", "participant__user")


@admin.register(CalendarInvitation)
class CalendarInvitationAdmin(ReadOnly):
    list_display = ("meeting", "message", "method", "sequence")
    list_filter = ("method",)
    search_fields = ("message__recipient__name",)
    list_select_related = ("meeting__item", "message__recipient")


@admin.register(EvaluationClosing)
class EvaluationClosingAdmin(ReadOnly):
    list_display = ("cohort", "item", "closed_at")
    list_filter = ("cohort",)
    search_fields = ("cohort__name",)
    list_select_related = ("cohort", "item__program")


@admin.register(Question)
class QuestionAdmin(AuditedAdmin):
    list_display = ("text", "kind", "position", "program", "is_active")
    search_fields = ("text",)
    list_filter = ("program", "is_active")
