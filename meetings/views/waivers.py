"""One participant's months, for the branch office: what is recorded for them, and why (T10)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from coaching.cohorts import is_over
from coaching.days import today_of
from coaching.errors import Refused, refusals_told
from coaching.models import Cohort, Participant
from coaching.permissions import access, branch_office, office_cohorts, post_only
from meetings import absence, leave, ledger, quorum, returning, waivers
from meetings.forms_waivers import PLAN, AgainForm, WaiverForm
from meetings.models import Waiver
from meetings.views.program import person, submitted


def _participant(request: HttpRequest, pk: int) -> Participant:
    rows = Participant.objects.filter(cohort__in=office_cohorts(person(request)))
    return get_object_or_404(rows.select_related(*Participant.NOW, "cohort__program"), pk=pk)


def _participant_page(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("office_participant", _participant(request, pk).pk)


@access(branch_office)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def participant(request: HttpRequest, pk: int) -> HttpResponse:
    found = _participant(request, pk)
    now = timezone.now()
    form = WaiverForm(submitted(request), cohort=found.cohort)
    if request.method == "POST" and form.is_valid():
        try:
            _record(found, form, request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Saved. {found} is told.")
            if form.cleaned_data["kind"] == leave.KIND:
                for short in quorum.short_without(found, now=now):
                    messages.warning(request, short.words)
            return redirect("office_participant", found.pk)
    today, active = today_of(found.cohort, now), found.status == Participant.Status.ACTIVE
    standing, recorded = ledger.standing(found, today=today), waivers.of(found)
    earlier = absence.to_credit(found, today=today) if active else []
    context = {
        "participant": found,
        "cohort": found.cohort,
        "months": waivers.months_of(standing, recorded),
        "waivers": recorded,
        "may_change": active,
        "away_until": leave.away(found.cohort, today).get(found.pk),
        "to_credit": [each for each in earlier if not each.unanswered],
        "not_evaluated": [each for each in earlier if each.unanswered],
        "form": form,
        "again": _again_form(request, found),
        "not_offered": _not_offered(request, found),
    }
    return render(request, "meetings/office_participant.html", context)


def _record(participant: Participant, form: WaiverForm, request: HttpRequest) -> None:
    reason, by, now = form.cleaned_data["reason"], person(request), timezone.now()
    kind = form.cleaned_data["kind"]
    if kind == PLAN:
        waivers.plan(participant=participant, months=form.months, reason=reason, by=by, now=now)
    else:
        waivers.record(participant=participant, kind=kind, months=form.months, reason=reason, by=by, now=now)


def _again_form(request: HttpRequest, participant: Participant) -> AgainForm | None:
    """Where somebody who left could take part again; None where they take part, or no cohort is open to them."""
    still = [cohort for cohort, why_not in _same_or_later(request, participant).items() if not why_not]
    return AgainForm(submitted(request), cohorts=still) if still else None


def _not_offered(request: HttpRequest, participant: Participant) -> list[str]:
    """Why somebody who left cannot take part again in a cohort, in words."""
    return [f"{cohort}: {why}" for cohort, why in _same_or_later(request, participant).items() if why]


def _same_or_later(request: HttpRequest, participant: Participant) -> dict[Cohort, str]:
    """Of somebody who left: the cohort they left and later ones of its program, with why not; empty where they could."""
    if participant.status != Participant.Status.LEFT:
        return {}
    here = Participant.objects.exclude(status=Participant.Status.LEFT).filter(user=participant.user_id)
    taking_part = set(here.values_list("cohort", flat=True))
    cohorts = office_cohorts(person(request)).filter(
        program=participant.cohort.program,
        branch=participant.cohort.branch,
        first_month__gte=participant.cohort.first_month,
    )
    now, found = timezone.now(), {}
    for each in cohorts.select_related("program").order_by("first_month", "pk"):
        over = "it is over" if is_over(each, today=today_of(each, now)) else ""
        found[each] = "they take part in it already" if each.pk in taking_part else over
    return found


@access(branch_office)
@post_only(_participant_page)
def take_in_again(request: HttpRequest, pk: int) -> HttpResponse:
    """F3: whoever left comes back."""
    found = _participant(request, pk)
    form = _again_form(request, found)
    if form is None or not form.is_valid():
        messages.error(request, "Choose a cohort that they do not take part in yet.")
        return redirect("office_participant", pk)
    with refusals_told(request):
        again = returning.take_in_again(
            participant=found, cohort=form.cohort, by=person(request), now=timezone.now()
        )
        went_on = again.pk == found.pk
        then = (
            "What they attended counts again. What they wrote of their project and growth is open to them, "
            "and what they wrote in a team once they are in one."
            if went_on
            else "Now credit what they attended before."
        )
        messages.success(request, f"{again} takes part in the {again.cohort} and is told. {then}")
        return redirect("office_participant", again.pk)
    return redirect("office_participant", pk)


@access(branch_office)
@post_only(_participant_page)
def credit(request: HttpRequest, pk: int) -> HttpResponse:
    found = _participant(request, pk)
    with refusals_told(request):
        chosen = request.POST.getlist("months")
        written = absence.credit(participant=found, chosen=chosen, by=person(request), now=timezone.now())
        if written:
            names = ", ".join(each.month_name for each in written)
            messages.success(request, f"Credited: {names}. {found} is told.")
        else:
            messages.info(request, "Nothing was chosen that is not credited already.")
    return redirect("office_participant", pk)


@access(branch_office)
@post_only(_participant_page)
def come_back(request: HttpRequest, pk: int) -> HttpResponse:
    found = _participant(request, pk)
    with refusals_told(request):
        if absence.come_back(participant=found, by=person(request), now=timezone.now()):
            messages.success(request, f"{found} is back and is told. The month that runs stays excused.")
        else:
            messages.info(request, f"{found} is not on leave now.")
    return redirect("office_participant", pk)


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
