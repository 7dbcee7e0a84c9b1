"""Pages about people: one's own entry in the directory, corrections, delegates and acting persons."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from coaching import delegations, directory
from coaching.errors import Refused, refusals_told
from coaching.in_words import long_date
from coaching.models import Delegation, DirectoryCorrection, OrgUnit, RoleAssignment, User
from coaching.permissions import (
    access,
    any_of,
    branch_office,
    directory_keeper,
    post_only,
    signed_in,
    user_of,
)
from coaching.site.people_forms import (
    ActingForm,
    CorrectionForm,
    DelegateForm,
    OrderForm,
    SettleForm,
    WrittenOrderForm,
)

PER_PAGE = 25


@dataclass(frozen=True)
class OrderRow:
    """One order as the list shows it."""

    order: Delegation
    state: str
    tone: str
    may_end: bool


def _order_row(order: Delegation, today: date) -> OrderRow:
    if order.ended_at:
        return OrderRow(
            order, f"Ended early, {timezone.localtime(order.ended_at):%B %-d, %Y}", "neutral", False
        )
    if order.end_date < today:
        return OrderRow(order, "Over", "neutral", False)
    if order.start_date > today:
        return OrderRow(order, "Not begun", "waiting", True)
    return OrderRow(order, "In force", "good", True)


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """What the directory says about oneself, and how to have it put right."""
    user = user_of(request)
    form = CorrectionForm(request.POST or None)
    if form.is_valid():
        try:
            directory.report_correction(user=user, **form.cleaned_data, now=timezone.now())
        except Refused as refusal:
            form.add_error("says", str(refusal))
        else:
            messages.success(request, "Thank you. The branch office will check it and write to you.")
            return redirect("people_me")
    today = timezone.localdate()
    orders = delegations.visible_to(user, on=today)
    context = {
        "form": form,
        "facts": _facts(user, today),
        "corrections": user.corrections.order_by("-created_at")[:10],
        "held": [order for order in orders.filter(person=user) if not delegations.is_over(order, on=today)],
        "given": [
            order for order in orders.filter(principal=user) if not delegations.is_over(order, on=today)
        ],
        "may_delegate": delegations.holds_post(user),
    }
    return render(request, "people/me.html", context)


def _facts(user: User, today: date) -> list[tuple[str, str]]:
    posts = [f"{unit.head_title}, {unit}" for unit in delegations.posts_of(user)]
    offices = RoleAssignment.objects.on(today).filter(user=user).select_related("unit")
    posts += [f"{role.get_office_display()}, {role.unit}" for role in offices]
    facts = [
        ("Name", user.name),
        ("Mail address", user.email),
        ("Job classification", str(user.classification or "")),
        ("Career track", str(user.career_track or "")),
        ("Branch", str(user.branch or "")),
        ("Division", str(user.division or "")),
        ("Unit", str(user.unit.ancestor(OrgUnit.Kind.UNIT) or "") if user.unit else ""),
        ("Supervisor", str(user.supervisor or "")),
    ]
    return [*facts, ("Posts and offices", "\n".join(posts))] if posts else facts


@access(any_of(branch_office, directory_keeper))
@require_safe
def corrections(request: HttpRequest) -> HttpResponse:
    """What people say is wrong about them, oldest first."""
    rows = directory.corrections_for(user_of(request), on=timezone.localdate()).select_related(
        "user__unit", "user__classification", "user__supervisor", "settled_by"
    )
    open_ones = rows.filter(status=DirectoryCorrection.Status.OPEN)
    context = {
        "page": Paginator(open_ones, PER_PAGE).get_page(request.GET.get("page")),
        "delegations_address": reverse("people_delegations"),
        "settled": rows.exclude(status=DirectoryCorrection.Status.OPEN).order_by("-settled_at")[:10],
    }
    return render(request, "people/corrections.html", context)


@access(any_of(branch_office, directory_keeper))
@require_http_methods(["GET", "HEAD", "POST"])
def correction(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm or decline one correction."""
    user, now = user_of(request), timezone.now()
    rows = directory.corrections_for(user, on=timezone.localdate(now)).select_related(
        "user__unit", "settled_by"
    )
    row = get_object_or_404(rows, pk=pk)
    confirm = request.POST.get("decision") == "confirm"
    form = SettleForm(request.POST or None, correction=row, confirm=confirm)
    if request.method == "POST" and form.is_valid():
        try:
            directory.settle_correction(
                correction=row, confirm=confirm, by=user, now=now, value=form.cleaned_data.get("value")
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, f"{'Confirmed' if confirm else 'Declined'}. {row.user} gets a mail about it."
            )
            return redirect("people_corrections")
    context = {
        "correction": row,
        "form": form,
        "title": f"{row.get_field_display()} of {row.user}",
        "facts": [
            ("Person", f"{row.user}, {row.user.unit}" if row.user.unit else row.user.name),
            (f"{row.get_field_display()} on record", row.on_record),
            ("Should be", row.says),
            ("Reported", long_date(timezone.localdate(row.created_at))),
        ],
    }
    return render(request, "people/correction.html", context)


@access(signed_in)
@require_safe
def delegation_list(request: HttpRequest) -> HttpResponse:
    """Who signs for whom: one's own orders, and those of the branch for its office."""
    user, today = user_of(request), timezone.localdate()
    page = Paginator(delegations.visible_to(user, on=today), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [_order_row(order, today) for order in page],
        "may_delegate": delegations.holds_post(user),
        "may_record_acting": branch_office(user),
    }
    return render(request, "people/delegations.html", context)


@access(delegations.holds_post)
@require_http_methods(["GET", "HEAD", "POST"])
def delegate(request: HttpRequest) -> HttpResponse:
    """Name who signs for oneself, for some days."""
    user = user_of(request)
    form = DelegateForm(request.POST or None, user=user, today=timezone.localdate())
    if form.is_valid() and _record(request, form, kind=Delegation.Kind.DELEGATE, principal=user):
        return redirect("people_delegations")
    return render(request, "people/delegate.html", {"form": form})


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def acting(request: HttpRequest) -> HttpResponse:
    """Record who acts in a vacant post, or for somebody who is away."""
    form = ActingForm(request.POST or None, user=user_of(request), today=timezone.localdate())
    if form.is_valid():
        absent = form.cleaned_data.pop("absent")
        if _record(request, form, kind=Delegation.Kind.ACTING, principal=absent):
            return redirect("people_delegations")
    return render(request, "people/acting.html", {"form": form})


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def written_order(request: HttpRequest) -> HttpResponse:
    """Record whom the holder of a post has named on paper, who never signs in."""
    form = WrittenOrderForm(request.POST or None, user=user_of(request), today=timezone.localdate())
    if form.is_valid():
        unit, supervisor = form.cleaned_data["unit"], form.cleaned_data.pop("absent")
        principal = unit.head if unit else supervisor
        if _record(request, form, kind=Delegation.Kind.DELEGATE, principal=principal):
            return redirect("people_delegations")
    return render(request, "people/written_order.html", {"form": form})


def _record(request: HttpRequest, form: OrderForm, *, kind: str, principal: User | None) -> bool:
    """Write the order; False when it was refused, with the reason on the form."""
    values = {"unit": None, **form.cleaned_data}
    try:
        order = delegations.record(
            kind=kind, principal=principal, by=user_of(request), now=timezone.now(), **values
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(
        request, f"Recorded: {order}, until {order.end_date:%B %-d, %Y}. Those it names get a mail."
    )
    return True


def _order(request: HttpRequest, pk: int) -> Delegation:
    return get_object_or_404(delegations.visible_to(user_of(request), on=timezone.localdate()), pk=pk)


def _list_of_orders(request: HttpRequest, pk: int) -> HttpResponse:
    _order(request, pk)
    return redirect("people_delegations")


@access(signed_in)
@post_only(_list_of_orders)
def end_delegation(request: HttpRequest, pk: int) -> HttpResponse:
    user, now = user_of(request), timezone.now()
    order = _order(request, pk)
    with refusals_told(request):
        delegations.end(delegation=order, by=user, now=now)
        messages.success(request, f"Ended: {order}.")
    return redirect("people_delegations")
