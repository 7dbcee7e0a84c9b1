"""The branch office sets the day of a meeting for several teams: for all together, or one after another (M5, M13)."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from coaching.errors import Refused, refusals_told
from coaching.models import Cohort, CurriculumItem
from coaching.permissions import access, branch_office, office_cohorts, post_only
from meetings import dates, one_day, together
from meetings.forms_together import JoinForm, StaggerForm
from meetings.models import Meeting
from meetings.views.program import person, submitted


def _cohort(request: HttpRequest, pk: int) -> Cohort:
    return get_object_or_404(office_cohorts(person(request)).select_related("program", "branch"), pk=pk)


def _plan(request: HttpRequest, pk: int, item_pk: int, now: datetime) -> tuple[Cohort, one_day.Plan]:
    cohort = _cohort(request, pk)
    item = get_object_or_404(one_day.items_of(cohort), pk=item_pk)
    return cohort, one_day.plan_of(cohort, item, now=now)


@access(branch_office)
@require_safe
def days(request: HttpRequest, pk: int) -> HttpResponse:
    """How the teams of a cohort have their first and their final meeting now."""
    cohort, now = _cohort(request, pk), timezone.now()
    plans = [one_day.plan_of(cohort, item, now=now) for item in one_day.items_of(cohort)]
    return render(request, "meetings/office_days.html", {"cohort": cohort, "plans": plans})


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, pk: int, item_pk: int) -> HttpResponse:
    """One meeting for all teams; what it leads to is read before it is saved."""
    now = timezone.now()
    cohort, plan = _plan(request, pk, item_pk, now)
    if not plan.teams:
        return redirect("office_days", cohort.pk)
    form = JoinForm(submitted(request), initial=_begin(cohort, plan), cohort=cohort, item=plan.item, now=now)
    slots: list[one_day.Slot] = []
    if form.is_valid():
        slots = one_day.all_together(plan, form.when)
        if request.POST.get("agreed") == form.key:
            try:
                together.join(
                    cohort=cohort,
                    item=plan.item,
                    when=form.when,
                    where=form.where,
                    by=person(request),
                    now=now,
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                day = dates.long_date(form.when.date)
                messages.success(request, f"All teams meet together on {day}. Their members are told.")
                return redirect("office_days", cohort.pk)
    context = {
        "title": "One meeting for all teams",
        "lead": "All teams meet at one time and place, by the same clock times. Each keeps its own turns and notes there. "
        "Day and place are then yours; what is set by the teams for this meeting now is called off, and stands again "
        "if you take them apart.",
        "act": "Let them meet together",
        "another": "Show another day",
        "cohort": cohort,
        "plan": plan,
        "form": form,
        "slots": slots,
        "against": [
            *one_day.against(plan, cohort, slots, now=now),
            *(one_day.tight_together(plan, cohort, form.when) if slots else []),
            *(one_day.same_room_together(plan, cohort, form.when, form.where) if slots else []),
        ],
        "agreed": form.key if slots else "",
    }
    return render(request, "meetings/office_set_day.html", context)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def stagger(request: HttpRequest, pk: int, item_pk: int) -> HttpResponse:
    """The same day for all, one team after another; the times are read before they are saved."""
    now = timezone.now()
    cohort, plan = _plan(request, pk, item_pk, now)
    _finals_only(plan)
    if not plan.teams:
        return redirect("office_days", cohort.pk)
    form = StaggerForm(
        submitted(request), initial=_begin(cohort, plan), cohort=cohort, item=plan.item, now=now
    )
    slots: list[one_day.Slot] = []
    if form.is_valid():
        data = form.cleaned_data
        times = {"day": data["date"], "start": data["start_time"], "pause": data["pause"]}
        try:
            slots = one_day.one_after_another(plan, **times)
            if request.POST.get("agreed") == one_day.key_of(slots):
                moved = together.set_times(
                    cohort=cohort, item=plan.item, slots=slots, by=person(request), now=now
                )
                messages.success(request, _moved(moved))
                return redirect("office_days", cohort.pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {
        "title": "One team after another",
        "lead": "All teams on one day, so that the branch deputy can attend each of them. Every team keeps its place, and "
        "can still move its meeting.",
        "act": "Set these times",
        "another": "Show other times",
        "cohort": cohort,
        "plan": plan,
        "form": form,
        "slots": slots,
        "against": [
            *one_day.against(plan, cohort, slots, now=now),
            *one_day.same_room(plan, cohort, slots),
        ],
        "agreed": one_day.key_of(slots),
    }
    return render(request, "meetings/office_set_day.html", context)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def usual(request: HttpRequest, pk: int, item_pk: int) -> HttpResponse:
    """Final meetings that were set one after another, each on its team's usual day; the times are read before."""
    now = timezone.now()
    cohort, plan = _plan(request, pk, item_pk, now)
    _finals_only(plan)
    if not plan.own:
        return redirect("office_days", cohort.pk)
    slots = one_day.on_usual_days(plan, cohort)
    whys = [one_day.why_not_on(cohort, plan.item, slot.date, now=now) for slot in slots]
    agreed = one_day.key_of(slots)
    if request.method == "POST" and request.POST.get("agreed") == agreed:
        with refusals_told(request):
            moved = together.set_times(
                cohort=cohort, item=plan.item, slots=slots, by=person(request), now=now
            )
            messages.success(request, _moved(moved))
        return redirect("office_days", cohort.pk)
    context = {
        "title": "Each team on its usual day",
        "lead": "By the rule by which most of its meetings lie. A team that chose another day for this meeting alone "
        "would lose it.",
        "act": "Set these times",
        "cohort": cohort,
        "plan": plan,
        "slots": slots,
        "against": [
            *one_day.against(plan, cohort, slots, now=now),
            *one_day.same_room(plan, cohort, slots),
        ],
        "why_not": next(filter(None, whys), ""),
        "agreed": agreed,
    }
    return render(request, "meetings/office_set_day.html", context)


def _finals_only(plan: one_day.Plan) -> None:
    """M3: one after another, so that the deputy can attend each, are the final meetings alone."""
    if plan.item.kind != CurriculumItem.Kind.FINAL:
        raise Http404


def _moved(number: int) -> str:
    if not number:
        return "The teams meet at these times already. Nobody was written to."
    return f"{'1 team has' if number == 1 else f'{number} teams have'} another time. The members are told."


def _begin(cohort: Cohort, plan: one_day.Plan) -> dict[str, object]:
    """What stands, or the day of the first team and the usual place."""
    if plan.joint:
        joint = plan.joint
        place = {"mode": joint.mode, "place": joint.place, "link": joint.link}
        return {"date": joint.date, "start_time": joint.start_time, **place}
    first = min(plan.own, key=lambda slot: slot.begins)
    place = {"mode": Meeting.Mode.IN_PERSON, "place": cohort.meeting_place}
    return {"date": first.date, "start_time": first.start, **place}


@access(branch_office)
@post_only(
    lambda request, pk, item_pk: redirect("office_days", _plan(request, pk, item_pk, timezone.now())[0].pk)
)
def apart(request: HttpRequest, pk: int, item_pk: int) -> HttpResponse:
    now = timezone.now()
    cohort, plan = _plan(request, pk, item_pk, now)
    with refusals_told(request):
        if together.apart(cohort=cohort, item=plan.item, by=person(request), now=now):
            messages.success(request, "Each team has its own meeting again. Their members are told.")
        else:
            messages.info(request, "Each team has its own meeting.")
    return redirect("office_days", cohort.pk)
