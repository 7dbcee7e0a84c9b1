"""The training office's page: what comes next, what lacks resources, and the hours that people pass on."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from coaching import spreadsheet
from coaching.days import today_of
from coaching.permissions import access, confirmed_lately, training_office
from meetings import training
from meetings.views.program import person

AHEAD_ON_A_PAGE = 20


@access(training_office)
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    branches = training.branches_of(person(request), on=today)
    page = Paginator(training.ahead(branches, today=today), AHEAD_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "branches": branches,
        "page": page,
        "ahead": [(line, line.is_missing(today)) for line in page.object_list],
        "lacking": training.lacking(branches),
        "cohorts": training.cohorts_of(branches),
    }
    return render(request, "meetings/training.html", context)


@access(training_office)
@require_safe
@confirmed_lately
def hours(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Of one cohort, as a file for the training system."""
    now = timezone.now()
    cohorts = training.cohorts_of(training.branches_of(person(request), on=timezone.localdate(now)))
    cohort = get_object_or_404(cohorts.prefetch_related("program__curriculum"), pk=pk)
    today = today_of(cohort, now)
    about = [
        ("List", "Hours for the training system"),
        ("Cohort", f"{cohort.program}, {cohort}, {cohort.branch}"),
        ("Who is on it", "Whoever takes part and passes on their hours"),
        ("Made on", f"{today}"),
    ]
    name = f"hours-{slugify(cohort.name)[:40]}-{today}"
    rows = training.hours(cohort, today=today)
    return spreadsheet.asked_for(request, spreadsheet.Table(name, "Hours", training.HEADER, rows, about))
