"""What the administration keeps to everywhere: changes are audited, records are only read, nothing is deleted."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import flatten
from django.db import models, transaction
from django.forms import BaseModelForm, ModelForm
from django.http import HttpRequest
from django.utils import timezone

from coaching import audit


class KeptAdmin(BaseModelAdmin):
    """Rows of records and of people's work are never deleted by hand."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """What the pages do not show, the address of a list cannot ask for either, letter by letter."""
        name = lookup.partition("__")[0]
        return not self._hides(name) and super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def _hides(self, name: str) -> bool:
        if name in (self.exclude or ()):
            return True
        names = {field.name for field in self.model._meta.fields if not field.primary_key}
        return self.fields is not None and name in names - set(flatten(self.fields))

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(KeptAdmin):
    """Seen here; written by the site alone, where its rules are checked."""

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class AuditedAdmin(KeptAdmin, admin.ModelAdmin):
    """Each change leaves an event in the audit trail, with the names of the fields."""

    save_on_top = False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if not change or form.changed_data:
                self.record(request, obj, "changed" if change else "added", form.changed_data)

    def save_formset(self, request: HttpRequest, form: BaseModelForm, formset: Any, change: bool) -> None:
        with transaction.atomic():
            removed = [(row.instance._meta.model_name, row.instance.pk) for row in formset.deleted_forms]
            super().save_formset(request, form, formset, change)
            for row in formset.new_objects:
                self.record(request, row, "added", [])
            for row, fields in formset.changed_objects:
                self.record(request, row, "changed", fields)
            if removed:
                self.record(
                    request, form.instance, "changed", [f"{name} {pk} removed" for name, pk in removed]
                )

    def record(self, request: HttpRequest, obj: models.Model, what: str, fields: list[str]) -> None:
        audit.record(
            f"{obj._meta.model_name}.{what}",
            by=request.user,  # type: ignore[arg-type]
            obj=obj,
            now=timezone.now(),
            data={"fields": sorted(fields), "in": "administration"},
        )


class ReadOnlyInline(ReadOnlyAdmin, admin.TabularInline):
    extra = 0
    show_change_link = True
