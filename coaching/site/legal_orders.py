"""Pages of legal orders: an administrator asks, the superintendent decides, and the first reads for some days."""

from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from coaching.errors import Refused, refusals_told
from coaching.forms import day_field, helper
from coaching.models import Cohort, Team, User
from coaching.permissions import (
    access,
    any_of,
    confirmed_lately,
    post_only,
    records_keeper,
    superintendent,
)
from coaching.site.records_forms import CohortField
from meetings import orders
from meetings.models import LegalOrder

CONCERNED = any_of(records_keeper, superintendent)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


class OrderForm(forms.Form):
    number = forms.CharField(label="Number of the order", max_length=100)
    issued_by = forms.CharField(label="Court or authority", max_length=200)
    order_date = day_field("Date of the order")
    cohort = CohortField(Cohort.objects.none(), label="Cohort")
    team = forms.IntegerField(label="Number of the team", min_value=1)
    scope = forms.CharField(label="What it orders", max_length=500, widget=forms.Textarea({"rows": 3}))
    days = forms.IntegerField(label="Days you need to read it", min_value=1, max_value=30, initial=7)
    silence = forms.CharField(
        label="Why the team is not told",
        max_length=500,
        required=False,
        help_text="Leave it empty, unless the order forbids to tell them: then quote it. The team is told otherwise.",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        kept = Cohort.objects.filter(erased_at=None).select_related("branch").order_by("-first_month")
        self.fields["cohort"].queryset = kept  # type: ignore[attr-defined]
        self.helper = helper(*self.fields)

    def clean_order_date(self) -> date:
        day: date = self.cleaned_data["order_date"]
        if day > self.today:
            raise forms.ValidationError("That day has not come yet.")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        cohort, number = data.pop("cohort", None), data.get("team")
        if cohort and number:
            data["team"] = Team.objects.filter(cohort=cohort, number=number).first()
            if data["team"] is None:
                self.add_error("team", f"The {cohort} has no team {number}.")
        return data


@access(CONCERNED)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    user, now = _user(request), timezone.now()
    rows = [(each, each.state(now)) for each in orders.visible_to(user, on=timezone.localdate(now))]
    return render(request, "records/orders.html", {"rows": rows, "may_ask": records_keeper(user)})


@access(records_keeper)
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed_lately
def ask(request: HttpRequest) -> HttpResponse:
    form = OrderForm(request.POST or None, today=timezone.localdate())
    if form.is_valid():
        try:
            order = orders.ask(**form.cleaned_data, by=_user(request), now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Asked. Nothing is opened before it is approved.")
            return redirect("legal_order", order.pk)
    return render(request, "records/order_ask.html", {"form": form})


def _order(request: HttpRequest, pk: int) -> LegalOrder:
    return get_object_or_404(orders.visible_to(_user(request), on=timezone.localdate()), pk=pk)


def _page(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("legal_order", _order(request, pk).pk)


@access(CONCERNED)
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Who asked and approved, and each reading."""
    user, now = _user(request), timezone.now()
    order = _order(request, pk)
    asked_it = order.asked_by_id == user.pk
    state = order.state(now)
    context = {
        "order": order,
        "state": state,
        "why_not": orders.why_not_decide(order, user, now=now),
        "may_read": asked_it and state == "open",
        "may_close": asked_it and state in ("waiting", "open"),
        "log": orders.log(order),
    }
    return render(request, "records/order.html", context)


@access(superintendent)
@post_only(_page)
@confirmed_lately
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    order = _order(request, pk)
    with refusals_told(request):
        orders.approve(order=order, by=_user(request), now=timezone.now())
        messages.success(request, f"Approved. {order.asked_by} can read it for {order.days} days.")
    return redirect("legal_order", pk)


@access(superintendent)
@post_only(_page)
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    with refusals_told(request):
        reason = request.POST.get("reason", "")[:500]
        orders.decline(order=_order(request, pk), reason=reason, by=_user(request), now=timezone.now())
        messages.success(request, "Declined. Nothing was opened.")
    return redirect("legal_order", pk)


@access(records_keeper)
@post_only(_page)
@confirmed_lately
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Sent, not followed: each time it is on record."""
    order = _order(request, pk)
    try:
        opened = orders.read(order=order, by=_user(request), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("legal_order", pk)
    return render(request, "records/order_read.html", {"order": order, "opened": opened})


@access(records_keeper)
@post_only(_page)
def close(request: HttpRequest, pk: int) -> HttpResponse:
    with refusals_told(request):
        orders.close(order=_order(request, pk), by=_user(request), now=timezone.now())
        messages.success(request, "Closed. Nobody reads it any more.")
    return redirect("legal_order", pk)
