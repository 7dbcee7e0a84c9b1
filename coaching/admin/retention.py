"""Terms, legal holds and runs: seen here, set under Records on the site."""

from django.contrib import admin

from coaching.admin.base import ReadOnlyAdmin
from coaching.models import LegalHold, RetentionRun, RetentionTerm


@admin.register(RetentionTerm)
class RetentionTermAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("series", "years")


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    """Why something is held is read under Records."""

    fields = ("person", "cohort", "reference", "set_by", "set_at", "until_date", "lifted_by", "lifted_at")
    list_display = ("person", "cohort", "set_by", "set_at", "until_date", "lifted_at")
    list_select_related = ("person", "cohort", "set_by")
    search_fields = ("person__name", "person__email", "reference")
    date_hierarchy = "set_at"


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    exclude = ("shown",)
    list_display = ("started_at", "started_by", "status", "finished_at")
    list_filter = ("status",)
    list_select_related = ("started_by",)
    date_hierarchy = "started_at"
