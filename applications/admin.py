"""Everything can be found and read here; what the workflow sets is changed by the workflow alone."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from applications.models import (
    Application,
    Decision,
    DraftShare,
    ProjectChange,
    Rating,
    Release,
    Reminder,
    ReviewStep,
    SeatOffer,
)


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class WithoutDrafts(ReadOnly):
    """What somebody is still writing is theirs alone, also here; `to_status` is the way to it."""

    to_status = "status"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)  # type: ignore[misc]
        return rows.exclude(**{self.to_status: Application.Status.DRAFT})


class RatingInline(ReadOnly, admin.TabularInline):
    model = Rating
    extra = 0


class ReviewStepInline(ReadOnly, admin.TabularInline):
    model = ReviewStep
    fk_name = "application"
    extra = 0
    fields = (
        "text",
        "position",
        "office",
        "signer",
        "holder",
        "reason",
        "assigned_by",
        "replaces",
        "status",
        "since_at",
        "acted_at",
        "acted_by",
    )


class DecisionInline(ReadOnly, admin.TabularInline):
    model = Decision
    extra = 0


@admin.register(Application)
class ApplicationAdmin(WithoutDrafts, admin.ModelAdmin):
    list_display = ("applicant", "cohort", "status", "submitted_at")
    list_filter = ("status", "cohort")
    search_fields = ("applicant__name", "applicant__email", "project_title")
    list_select_related = ("applicant", "cohort")
    date_hierarchy = "submitted_at"
    inlines = (RatingInline, ReviewStepInline, DecisionInline)
    readonly_fields = (
        "status",
        "benefits_acknowledged",
        "voluntary_acknowledged",
        "commitment_made",
        "current_text",
        "created_at",
        "saved_at",
        "submitted_at",
        "withdrawn_at",
        "closed_at",
        "closed_by",
        "closed_reason",
        "waitlist_place",
    )


@admin.register(ReviewStep)
class ReviewStepAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("application", "route_step", "signer", "holder", "status", "since_at", "acted_at")
    list_filter = ("status", "office")
    search_fields = ("application__applicant__name", "signer__name", "holder__name", "reason")
    list_select_related = ("application__applicant", "application__cohort", "route_step", "signer", "holder")


@admin.register(Decision)
class DecisionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("application", "outcome", "decided_at")
    list_filter = ("outcome",)
    search_fields = ("application__applicant__name",)
    list_select_related = ("application__applicant", "application__cohort")


@admin.register(Release)
class ReleaseAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("cohort", "released_by", "released_at")
    search_fields = ("cohort__name", "released_by__name")
    list_filter = ("cohort",)
    list_select_related = ("cohort", "released_by")
    inlines = (DecisionInline,)


@admin.register(SeatOffer)
class SeatOfferAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("application", "asked_date", "asked_by", "answer", "answered_at")
    list_filter = ("answer",)
    search_fields = ("application__applicant__name",)
    list_select_related = ("application__applicant", "application__cohort", "asked_by")


@admin.register(Rating)
class RatingAdmin(WithoutDrafts, admin.ModelAdmin):
    to_status = "application__status"
    list_display = ("application", "competency", "rating")
    list_filter = ("rating", "competency")
    search_fields = ("application__applicant__name",)
    list_select_related = ("application__applicant", "application__cohort", "competency")


@admin.register(ProjectChange)
class ProjectChangeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("participant", "title", "signer", "status", "asked_at", "acted_at")
    list_filter = ("status",)
    search_fields = ("participant__user__name", "title", "signer__name")
    list_select_related = ("participant__user", "signer")


@admin.register(Reminder)
class ReminderAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("kind", "object_id", "for_date", "at")
    list_filter = ("kind",)
    search_fields = ("=object_id",)


@admin.register(DraftShare)
class DraftShareAdmin(WithoutDrafts, admin.ModelAdmin):
    to_status = "application__status"
    list_display = ("application", "person", "shared_at", "ended_at")
    list_filter = ("ended_at",)
    search_fields = ("application__applicant__name", "person__name")
    list_select_related = ("application__applicant", "application__cohort", "person")
