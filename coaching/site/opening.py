"""Opening a cohort: from what most branches choose or from an earlier cohort, with all its dates before it is made."""

from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coaching import next_cohort, offices
from coaching.cohorts import open_cohort
from coaching.errors import Refused
from coaching.meeting_times import rule_in_words, usual_time
from coaching.models import Cohort, OrgUnit, User
from coaching.permissions import access, branch_office, office_cohorts
from coaching.site import year
from coaching.site.cohorts import in_words_of
from coaching.site.forms_cohorts import CohortForm, starting_values
from coaching.typed import number_of
from meetings import dates, resources

OFFERED = 6  # earlier cohorts to begin from


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def cohort_open(request: HttpRequest) -> HttpResponse:
    """The form, then a preview of every date; nothing is written before somebody has seen it."""
    today = timezone.localdate()
    user: User = request.user  # type: ignore[assignment]
    earlier = _earlier(request, user)
    form = _form(request, user, earlier, today)
    asked = request.POST if request.method == "POST" else {}
    if asked and "change" not in asked and form.is_valid():
        if "agreed" not in asked:
            return render(request, "cohorts/preview.html", _preview(form, earlier, today))
        if cohort := _opened(form, earlier, user):
            is_past = cohort.applications_close_date < today
            messages.success(
                request,
                f"The {cohort} is here. Check its page, then enter its history."
                if is_past
                else f"The {cohort} is open. Check its page, then tell people about it.",
            )
            return redirect("cohort", cohort.pk)
    context = {"form": form, "earlier": earlier, "offered": [] if earlier else _offered(user)}
    return render(request, "cohorts/form.html", context)


def _offered(user: User) -> "QuerySet[Cohort]":
    return office_cohorts(user).select_related("branch").order_by("-first_month", "pk")[:OFFERED]


def _earlier(request: HttpRequest, user: User) -> Cohort | None:
    """The cohort that the new one is to be like (F5, T10: one this person works for)."""
    asked = request.GET.get("like", "")
    if not asked:
        return None
    cohorts = office_cohorts(user).select_related("program__competency_model", "branch__head")
    found = cohorts.select_related("competency_model").filter(pk=number_of(asked)).first()
    if found is None:
        raise Http404
    return found


def _form(request: HttpRequest, user: User, earlier: Cohort | None, today: date) -> CohortForm:
    data = request.POST or None
    if earlier is None:
        served = offices.office_branches(user, on=today)
        branches = OrgUnit.objects.filter(pk__in=[unit.pk for unit in served], kind=OrgUnit.Kind.BRANCH)
        return CohortForm(data, today=today, branches=branches, initial=starting_values(today, user))
    new = next_cohort.like(earlier, today=today)
    return CohortForm(data, today=today, instance=new, closed=next_cohort.closed_again(earlier, new))


def _opened(form: CohortForm, earlier: Cohort | None, user: User) -> Cohort | None:
    try:
        return open_cohort(
            cohort=form.instance, by=user, now=timezone.now(), closed=form.newly_closed, like=earlier
        )
    except (Refused, ValidationError) as refusal:
        form.add_error(None, in_words_of(refusal))
        return None


@dataclass(frozen=True)
class Line:
    day: year.Day
    earlier: date | None


def _preview(form: CohortForm, earlier: Cohort | None, today: date) -> dict[str, object]:
    cohort = form.instance
    closed = year.closed_of(cohort, form.newly_closed)
    days = year.days_of(cohort, closed=closed)
    before = year.days_of(earlier, closed=year.closed_of(earlier, {})) if earlier else []
    dates_before = [day.date for day in before][: len(days)]
    end = dates.end_of_program_month(cohort.first_month, cohort.months)
    within = {day: name for day, name in closed.items() if cohort.applications_open_date <= day <= end}
    return {
        "form": form,
        "sent": [(name, form.data[name]) for name in form.fields if name in form.data],
        "cohort": cohort,
        "earlier": earlier,
        "lines": [Line(day, old) for day, old in zip_longest(days, dates_before)],
        "closed": within,
        "warnings": [day for day in days if day.warning],
        "to_look_at": _to_look_at(cohort, today),
        "items": cohort.program.curriculum.all(),
        "resources": resources.in_force(cohort.branch).filter(item__program=cohort.program_id).count(),
        "usual_day": rule_in_words(cohort, usual_time(cohort)),
        "model": cohort.program.competency_model,
    }


def _to_look_at(cohort: Cohort, today: date) -> list[str]:
    """What was true a year ago and may be no more."""
    found = []
    if cohort.branch.head is None and not cohort.branch.delegations.on(today).exists():
        found.append(
            f"{cohort.branch} has no deputy now, and nobody acts for one. Who decides on applications has to be named "
            "before the first one is signed."
        )
    if not User.objects.filter(email__iexact=cohort.contact_email, is_active=True).exists():
        found.append(
            f"Nobody with an account has the contact’s address {cohort.contact_email}. That may be as it should, for an "
            "address of the office."
        )
    return found
