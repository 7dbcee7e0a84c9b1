"""One participant's months, for the branch office: what is recorded for them, and why (T10)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from coaching.days import today_of
from coaching.errors import Refused, refusals_told
from coaching.models import Participant
from coaching.permissions import access, branch_office, office_cohorts, post_only
from meetings import ledger, waivers
from meetings.forms_waivers import PLAN, WaiverForm
from meetings.models import Waiver
from meetings.views.program import person, submitted


@access(branch_office)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def participant(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Participant.objects.filter(cohort__in=office_cohorts(person(request)))
    found = get_object_or_404(rows.select_related("user", "cohort__program"), pk=pk)
    now = timezone.now()
    form = WaiverForm(submitted(request), cohort=found.cohort)
    if request.method == "POST" and form.is_valid():
        try:
            _record(found, form, request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Saved. {found} is told.")
            return redirect("office_participant", found.pk)
    context = {
        "participant": found,
        "cohort": found.cohort,
        "standing": ledger.standing(found, today=today_of(found.cohort, now)),
        "waivers": waivers.of(found),
        "may_change": found.status == Participant.Status.ACTIVE,
        "form": form,
    }
    return render(request, "meetings/office_participant.html", context)


def _record(participant: Participant, form: WaiverForm, request: HttpRequest) -> None:
    reason, by, now = form.cleaned_data["reason"], person(request), timezone.now()
    kind = form.cleaned_data["kind"]
    if kind == PLAN:
        waivers.plan(participant=participant, months=form.months, reason=reason, by=by, now=now)
    else:
        waivers.record(participant=participant, kind=kind, months=form.months, reason=reason, by=by, now=now)


def _waiver(request: HttpRequest, pk: int) -> Waiver:
    rows = Waiver.objects.filter(participant__cohort__in=office_cohorts(person(request)))
    return get_object_or_404(rows.select_related("participant__user", "participant__cohort"), pk=pk)


def _page(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("office_participant", _waiver(request, pk).participant_id)


@access(branch_office)
@post_only(_page)
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    waiver = _waiver(request, pk)
    with refusals_told(request):
        waivers.take_back(waiver=waiver, by=person(request), now=timezone.now())
        messages.success(request, f"Taken back. {waiver.month_name} counts by its meetings again.")
    return redirect("office_participant", waiver.participant_id)


@access(branch_office)
@post_only(_page)
def count(request: HttpRequest, pk: int) -> HttpResponse:
    waiver = _waiver(request, pk)
    with refusals_told(request):
        waivers.count(waiver=waiver, by=person(request), now=timezone.now())
        messages.success(request, f"{waiver.month_name} counts as made up.")
    return redirect("office_participant", waiver.participant_id)
