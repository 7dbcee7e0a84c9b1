"""People, the organization chart, offices, orders of delegation."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from coaching import audit, delegations, invitations, people_changes, second_factor
from coaching.admin.base import AuditedAdmin, ReadOnlyAdmin
from coaching.errors import Refused
from coaching.models import (
    CareerTrack,
    Delegation,
    DirectoryCorrection,
    JobClassification,
    OrgUnit,
    RoleAssignment,
    User,
)
from coaching.permissions import offices_keeper

# What the list's form says about an action, sent again when it is confirmed.
RESENT = ("action", "select_across", "index", "_selected_action")
MOST_NAMES = 100
# Given by whoever has all rights: who could give themselves one would have them all.
RIGHTS = ("is_staff", "is_superuser", "groups")


def _groups_of(person: User) -> str:
    return ", ".join(sorted(person.groups.values_list("name", flat=True)))


class RoleInline(admin.TabularInline):
    model = RoleAssignment
    fk_name = "user"
    extra = 0
    can_delete = False
    autocomplete_fields = ("unit",)


class PersonForm(forms.ModelForm):
    """No password here: an administrator who chose it could sign in somebody else's name."""

    class Meta:
        model = User
        fields = ("email", "name", "classification", "career_track", "unit", "supervisor", "is_active")
        widgets: ClassVar = {"groups": forms.CheckboxSelectMultiple}

    def clean_supervisor(self) -> User | None:
        supervisor = self.cleaned_data["supervisor"]
        above, seen = supervisor, set()
        while above is not None and above.pk not in seen:
            if above.pk == self.instance.pk:
                raise forms.ValidationError("This person stands above that supervisor already.")
            seen.add(above.pk)
            above = above.supervisor
        return supervisor


@admin.register(User)
class PersonAdmin(AuditedAdmin):
    form = PersonForm
    list_display = ("name", "email", "unit", "classification", "supervisor", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "classification__is_management", "career_track")
    list_select_related = ("unit", "classification", "supervisor")
    search_fields = ("name", "email")
    autocomplete_fields = ("classification", "career_track", "unit", "supervisor")
    fieldsets = (
        (None, {"fields": ("name", "email", "is_active")}),
        ("Place in the department", {"fields": ("unit", "classification", "career_track", "supervisor")}),
        ("Administration", {"fields": RIGHTS}),
        ("Account", {"fields": ("created_at", "invited_at", "last_login")}),
    )
    inlines = (RoleInline,)
    actions = ("send_invitation", "take_second_factor_away", "merge_two_accounts")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """What would open the account of somebody with more rights is for whoever has all."""
        closed = ("created_at", "invited_at", "last_login")
        if request.user.is_superuser:
            return closed
        address = obj is None or (not obj.is_staff and request.user.has_perm("coaching.merge_people"))
        return (*closed, *RIGHTS) if address else (*closed, *RIGHTS, "email")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody changes, or locks out, who has more rights than they."""
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    @transaction.atomic
    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        person = form.instance
        before = _groups_of(person)
        super().save_related(request, form, formsets, change)
        if (after := _groups_of(person)) != before:
            data = people_changes.details({"Groups of rights": (before, after)})
            audit.record(people_changes.CHANGED, by=request.user, obj=person, now=timezone.now(), data=data)  # type: ignore[arg-type]

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
            super().save_model(request, obj, form, change)
        else:
            values = {name: form.cleaned_data[name] for name in form.changed_data if name != "groups"}
            people_changes.change(person=obj, values=values, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        if "email" in form.changed_data:
            # The old address must not open the account any more.
            EmailAddress.objects.filter(user=obj).exclude(email=obj.email).delete()
        if not change:
            invitations.invite(people=[obj], by=request.user, now=timezone.now())  # type: ignore[arg-type]

    @admin.action(description="Send an invitation to choose a password", permissions=["change"])
    def send_invitation(self, request: HttpRequest, people: QuerySet[User]) -> HttpResponse | None:
        """To many: says first how many it writes to."""
        in_need = [user for user in people if invitations.needs_invitation(user)]
        if in_need and "confirmed" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "title": "Send invitations",
                "count": len(in_need),
                "names": [user.name for user in in_need] if len(in_need) <= MOST_NAMES else [],
                "without": len(people) - len(in_need),
                "sent": [(name, value) for name in RESENT for value in request.POST.getlist(name)],
            }
            return render(request, "admin/send_invitations.html", context)
        invited = invitations.invite(
            people=in_need,
            by=request.user,  # type: ignore[arg-type]
            now=timezone.now(),
            again=True,
        )
        left = len(people) - len(invited)
        text = f"Invitations sent: {len(invited)}."
        if left:
            text += f" {left} did not need one: they have a password already, or are deactivated."
        messages.info(request, text)
        return None

    @admin.action(description="Take away a lost second step at sign-in", permissions=["change"])
    def take_second_factor_away(self, request: HttpRequest, people: QuerySet[User]) -> HttpResponse | None:
        """Says first of whom; each of them hears of it."""
        by: User = request.user  # type: ignore[assignment]
        if not by.is_superuser:
            people = people.filter(is_staff=False)
        having = [user for user in people if second_factor.steps_of(user).exists()]
        if having and "confirmed" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "title": "Take away a lost second step at sign-in",
                "people": having,
                "sent": [(name, value) for name in RESENT for value in request.POST.getlist(name)],
            }
            return render(request, "admin/take_second_factor_away.html", context)
        taken = [user for user in having if second_factor.take_away(person=user, by=by, now=timezone.now())]
        messages.info(request, f"Second steps taken away: {len(taken)} of {len(people)}.")
        return None

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("coaching.merge_people")

    @admin.action(description="Merge two accounts of one person", permissions=["merge"])
    def merge_two_accounts(self, request: HttpRequest, people: QuerySet[User]) -> HttpResponse | None:
        """On a page of its own, which says first what would move."""
        two = list(people.order_by(F("last_login").desc(nulls_last=True), "pk")[:3])
        if len(two) != 2:
            messages.error(request, "Choose two: both accounts of the same person.")
            return None
        keep, drop = two
        return redirect(f"{reverse('person_merge', args=[keep.pk])}?{urlencode({'other': drop.email})}")


@admin.register(OrgUnit)
class OrgUnitAdmin(AuditedAdmin):
    list_display = ("name", "kind", "parent", "head")
    list_filter = ("kind",)
    list_select_related = ("parent", "head")
    search_fields = ("name",)
    autocomplete_fields = ("parent", "head")

    def get_readonly_fields(self, request: HttpRequest, obj: OrgUnit | None = None) -> tuple[str, ...]:
        """Who heads a unit signs for it, and is given by those who keep offices."""
        closed = ("kind",) if obj else ()
        by: User = request.user  # type: ignore[assignment]
        return closed if offices_keeper(by) else (*closed, "head")


class ClassificationRow(forms.ModelForm):
    """Of the list, whose boxes have no label that is seen."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = f"{self.instance} is a management classification"
        self.fields["is_management"].widget.attrs["aria-label"] = label


@admin.register(JobClassification)
class JobClassificationAdmin(AuditedAdmin):
    """F4: an import adds classifications as no management ones; here they are marked."""

    list_display = ("name", "is_management")
    list_editable = ("is_management",)
    list_filter = ("is_management",)
    search_fields = ("name",)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[forms.ModelForm]:
        return super().get_changelist_form(request, form=ClassificationRow, **kwargs)


@admin.register(CareerTrack)
class CareerTrackAdmin(AuditedAdmin):
    list_display = ("name",)
    search_fields = ("name",)


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(AuditedAdmin):
    list_display = ("user", "office", "unit", "start_date", "end_date")
    list_filter = ("office",)
    list_select_related = ("user", "unit")
    search_fields = ("user__name", "user__email", "unit__name")
    autocomplete_fields = ("user", "unit")


class DelegationForm(forms.ModelForm):
    """A9: checked by the same rules as on the site, and recorded by the same function."""

    class Meta:
        model = Delegation
        fields = (
            "kind",
            "person",
            "principal",
            "unit",
            "reason",
            "order_date",
            "order_reference",
            "start_date",
            "end_date",
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                delegations.check(Delegation(**data), by=None, today=timezone.localdate())
            except Refused as refusal:
                raise forms.ValidationError(str(refusal)) from refusal
        return data


@admin.register(Delegation)
class DelegationAdmin(AuditedAdmin):
    form = DelegationForm
    list_display = ("person", "kind", "principal", "unit", "start_date", "end_date", "ended_at")
    list_filter = ("kind", "start_date")
    list_select_related = ("person", "principal", "unit")
    search_fields = ("person__name", "principal__name", "unit__name")
    autocomplete_fields = ("person", "principal", "unit")
    actions = ("end_orders",)

    def has_change_permission(self, request: HttpRequest, obj: Delegation | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Delegation, form: forms.ModelForm, change: bool) -> None:
        order = delegations.record(**form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        obj.pk = order.pk

    @admin.action(description="End these orders now", permissions=["change"])
    def end_orders(self, request: HttpRequest, orders: QuerySet[Delegation]) -> None:
        for order in orders:
            delegations.end(delegation=order, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.info(request, f"Ended: {len(orders)}.")


@admin.register(DirectoryCorrection)
class DirectoryCorrectionAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    """Settled on the site, under People."""

    list_display = ("user", "field", "says", "status", "created_at", "settled_by")
    list_filter = ("status", "field")
    list_select_related = ("user", "settled_by")
    search_fields = ("user__name", "says")
