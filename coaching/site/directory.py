"""The directory for those who keep it: find a person, read their history, change their entry, deactivate them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from coaching import offices, people_changes, people_visible
from coaching.errors import Refused
from coaching.meanwhile import BothChanged
from coaching.models import OrgUnit, User
from coaching.permissions import access, any_of, branch_office, directory_keeper, user_of
from coaching.site import merging
from coaching.site.directory_forms import ChangeForm, FindForm, ReasonForm
from coaching.staff_reach import imports_people

PER_PAGE = 50


KEEPERS = any_of(branch_office, directory_keeper)


@access(KEEPERS)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Nobody while a filter is not understood."""
    user = user_of(request)
    form = FindForm(request.GET, divisions=_units(user).filter(kind=OrgUnit.Kind.DIVISION).order_by("name"))
    rows = people_visible.kept_by(user, on=timezone.localdate())
    rows = _narrowed(rows, **form.cleaned_data) if form.is_valid() else rows.none()
    rows = rows.select_related("unit__parent", "classification", "supervisor").order_by("name", "pk")
    context = {
        "form": form,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "is_narrowed": not form.is_valid() or any(form.cleaned_data.values()),
        "may_import": imports_people(user),
        "import_address": reverse("staff_uploads") if imports_people(user) else "",
    }
    return render(request, "people/list.html", context)


def _units(user: User) -> QuerySet[OrgUnit]:
    """Where this person may put somebody."""
    if directory_keeper(user):
        return OrgUnit.objects.all()
    return OrgUnit.objects.under(*offices.office_branches(user, on=timezone.localdate()))


def _narrowed(rows: QuerySet[User], *, q: str, division: OrgUnit | None, state: str) -> QuerySet[User]:
    if division:
        rows = rows.filter(unit__in=OrgUnit.objects.under(division))
    if state == "no_unit":
        rows = rows.filter(unit=None)
    elif state:
        rows = rows.filter(is_active=state == "active")
    return people_visible.found(rows, q)


@access(KEEPERS)
@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    kept = people_visible.kept_by(user, on=today)
    found = get_object_or_404(
        kept.select_related("unit__parent__parent__parent", "classification", "career_track", "supervisor"),
        pk=pk,
    )
    context = {
        "person": found,
        "facts": _facts(found),
        "history": people_changes.history(found),
        "posts": people_visible.posts_held(found, on=today),
        "may_change": people_visible.changed_by(user, on=today).filter(pk=pk).exists(),
        "may_merge": merging.may_merge(user) and found.merged_into_id is None,
        "earlier": found.merged_from.order_by("pk"),
        "in_administration": reverse("admin:coaching_user_change", args=[pk])
        if directory_keeper(user)
        else "",
    }
    return render(request, "people/person.html", context)


def _facts(person: User) -> list[tuple[str, str]]:
    return [
        ("Mail address", person.email),
        ("Branch", str(person.branch or "")),
        ("Division", str(person.division or "")),
        ("Unit", str(person.unit.ancestor(OrgUnit.Kind.UNIT) or "") if person.unit else ""),
        ("Supervisor", str(person.supervisor or "")),
        ("Job classification", str(person.classification or "")),
        ("Career track", str(person.career_track or "")),
    ]


def _changeable(request: HttpRequest, pk: int) -> User:
    rows = people_visible.changed_by(user_of(request), on=timezone.localdate())
    return get_object_or_404(
        rows.select_related("unit", "supervisor", "classification", "career_track"), pk=pk
    )


@access(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    found, user = _changeable(request, pk), user_of(request)
    form = ChangeForm(request.POST or None, person=found, units=_units(user))
    if form.is_valid():
        try:
            changed = people_changes.change(
                person=found,
                values=form.values,
                by=user,
                now=timezone.now(),
                reason=form.cleaned_data["reason"],
                seen=form.seen,
            )
        except BothChanged as refusal:
            form.shown_again(refusal)
        except Refused as refusal:
            form.add_error("supervisor", str(refusal))
        else:
            said = f"Changed: {people_changes.summary(changed)}." if changed else "Nothing was changed."
            messages.success(request, said)
            stays = people_visible.kept_by(user, on=timezone.localdate()).filter(pk=pk).exists()
            return redirect("person", pk) if stays else redirect("people")
    return render(request, "people/change.html", {"person": found, "form": form})


@access(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Says first what still waits with them."""
    found, user, now = _changeable(request, pk), user_of(request), timezone.now()
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            people_changes.deactivate(person=found, reason=form.cleaned_data["reason"], by=user, now=now)
        except Refused as refusal:
            form.add_error("reason", str(refusal))
        else:
            messages.success(request, f"{found} is deactivated.")
            return redirect("person", pk)
    posts = people_visible.posts_held(found, on=timezone.localdate(now))
    return render(request, "people/deactivate.html", {"person": found, "form": form, "posts": posts})


@access(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    found, user = _changeable(request, pk), user_of(request)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            people_changes.reactivate(
                person=found, reason=form.cleaned_data["reason"], by=user, now=timezone.now()
            )
        except Refused as refusal:
            form.add_error("reason", str(refusal))
        else:
            messages.success(request, f"{found} is active again.")
            return redirect("person", pk)
    return render(request, "people/reactivate.html", {"person": found, "form": form})
