"""Programs as data: competency models, curriculum, route, requirements; and the cohorts that run them."""

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from coaching.admin.base import AuditedAdmin, ReadOnlyAdmin
from coaching.models import (
    ClosedDay,
    Cohort,
    Competency,
    CompetencyModel,
    CompetencySkill,
    CurriculumItem,
    Program,
    Requirement,
    RetentionRun,
    RouteStep,
)


def in_use(model: CompetencyModel | None) -> bool:
    """F1: a version that a cohort is tied to does not change any more."""
    return model is not None and model.cohort_set.exists()


class WhileUnusedInline(admin.TabularInline):
    extra = 0

    def unused(self, request: HttpRequest, obj: models.Model | None) -> bool:
        return not in_use(obj if isinstance(obj, CompetencyModel) else getattr(obj, "model", None))

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.unused(request, obj)

    has_change_permission = has_delete_permission = has_add_permission


class CompetencyInline(WhileUnusedInline):
    model = Competency
    show_change_link = True


class SkillInline(WhileUnusedInline):
    model = CompetencySkill


@admin.register(CompetencyModel)
class CompetencyModelAdmin(AuditedAdmin):
    list_display = ("name", "version")
    list_filter = ("version",)
    search_fields = ("name", "version")
    inlines = (CompetencyInline,)

    def has_change_permission(self, request: HttpRequest, obj: CompetencyModel | None = None) -> bool:
        return not in_use(obj) and super().has_change_permission(request, obj)


@admin.register(Competency)
class CompetencyAdmin(AuditedAdmin):
    list_display = ("name", "position", "model")
    list_filter = ("model",)
    list_select_related = ("model",)
    search_fields = ("name", "skills__name")
    inlines = (SkillInline,)

    def has_change_permission(self, request: HttpRequest, obj: Competency | None = None) -> bool:
        return not (obj and in_use(obj.model)) and super().has_change_permission(request, obj)


@admin.register(CompetencySkill)
class CompetencySkillAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    """Changed with their competency."""

    list_display = ("name", "competency", "position")
    list_filter = ("competency__model",)
    list_select_related = ("competency",)
    search_fields = ("name",)


class CurriculumInline(admin.StackedInline):
    model = CurriculumItem
    extra = 0
    autocomplete_fields = ("competencies",)


class RouteInline(admin.StackedInline):
    model = RouteStep
    extra = 0


class RequirementInline(admin.TabularInline):
    model = Requirement
    extra = 0


class ProgramForm(forms.ModelForm):
    def clean(self) -> None:
        """What a run was shown is due by the terms of that moment."""
        super().clean()
        terms = {"retention_years", "participation_years"} & set(self.changed_data)
        if terms and self.instance.pk and RetentionRun.objects.running().exists():
            self.add_error(terms.pop(), RetentionRun.UNDER_WAY)


@admin.register(Program)
class ProgramAdmin(AuditedAdmin):
    """Another program starts as a copy: “Save as new” takes curriculum, route and requirements along."""

    list_display = ("name", "slug", "competency_model", "min_team_size", "max_team_size")
    list_filter = ("competency_model",)
    list_select_related = ("competency_model",)
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("competency_model",)
    form = ProgramForm
    save_as = True
    inlines = (CurriculumInline, RouteInline, RequirementInline)


@admin.register(CurriculumItem)
class CurriculumItemAdmin(AuditedAdmin):
    list_display = ("title", "position", "month", "kind", "minutes", "program")
    list_filter = ("program", "kind")
    list_select_related = ("program",)
    search_fields = ("title",)
    autocomplete_fields = ("program", "competencies")


@admin.register(RouteStep)
class RouteStepAdmin(AuditedAdmin):
    list_display = ("title", "position", "office", "days_to_sign", "decides", "program")
    list_filter = ("program", "office")
    list_select_related = ("program",)
    search_fields = ("title",)
    autocomplete_fields = ("program",)


@admin.register(Requirement)
class RequirementAdmin(AuditedAdmin):
    list_display = ("kind", "least", "unit", "per", "program")
    search_fields = ("kind", "program__name")
    list_filter = ("program", "kind")
    list_select_related = ("program",)
    autocomplete_fields = ("program",)


@admin.register(ClosedDay)
class ClosedDayAdmin(AuditedAdmin):
    list_display = ("date", "name", "branch")
    list_filter = ("branch",)
    list_select_related = ("branch",)
    date_hierarchy = "date"
    search_fields = ("name",)
    autocomplete_fields = ("branch",)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """A day that is no holiday after all is simply wrong."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def delete_model(self, request: HttpRequest, obj: ClosedDay) -> None:
        self.record(request, obj, "removed", [])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[ClosedDay]) -> None:
        for day in queryset:
            self.delete_model(request, day)


@admin.register(Cohort)
class CohortAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    """Opened and changed by the branch office, on the site."""

    list_display = ("name", "branch", "program", "applications_open_date", "first_month", "seats")
    list_filter = ("branch", "program")
    list_select_related = ("branch", "program")
    search_fields = ("name", "branch__name")
