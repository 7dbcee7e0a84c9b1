"""Reports of the program, for its offices: on a page, as a PDF to hand on, and each table as a file (C5)."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from coaching import spreadsheet
from coaching.models import Cohort, User
from coaching.permissions import access, any_of, branch_office, deputy, superintendent
from coaching.site.reports import charts, report
from coaching.site.reports.scopes import Asked, Reader, Scope, asked

READERS = any_of(branch_office, deputy, superintendent)


@dataclass(frozen=True)
class Year:
    """The cohorts whose meetings begin in it, each with its report; and the reports of several of them."""

    number: int
    cohorts: list[tuple[Cohort, Scope]]
    together: list[tuple[str, Scope]]


@access(READERS)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every report that this person reads, the latest year first."""
    rows = _reader(request).cohorts.select_related("branch", "program")
    cohorts = list(rows.order_by("-first_month__year", "branch__name", "first_month", "pk"))
    by_year = groupby(cohorts, key=lambda each: each.first_month.year)
    branches = sorted({each.branch for each in cohorts}, key=str)
    context = {
        "years": [_year(year, list(found)) for year, found in by_year],
        "branches": [(each, Scope(branch=each.pk)) for each in branches],
    }
    return render(request, "reports/index.html", context)


def _year(year: int, cohorts: list[Cohort]) -> Year:
    numbers = Counter(each.branch for each in cohorts)
    several = [branch for branch, number in numbers.items() if number > 1]
    together = [(f"{branch}, all of {year}", Scope(branch=branch.pk, year=year)) for branch in several]
    if len(numbers) > 1:
        together.append((f"All branches, {year}", Scope(year=year)))
    return Year(year, [(each, Scope(cohort=each.pk)) for each in cohorts], together)


@access(READERS)
@require_safe
def show(request: HttpRequest, scope: Scope) -> HttpResponse:
    found, now = _asked(request, scope), timezone.now()
    figures = report.figures(found, now)
    context = {
        "asked": found,
        "figures": charts.with_charts([each for each in figures if each.lines]),
        "to_come": [each for each in figures if not each.lines],
    }
    return render(request, "reports/report.html", context)


@access(READERS)
@require_safe
def file(request: HttpRequest, scope: Scope) -> HttpResponse:
    """To be handed on: nothing in it from which fewer than three people could be told."""
    now = timezone.now()
    made = report.file(_asked(request, scope, is_for_others=True), now)
    response = HttpResponse(made, content_type="application/pdf")
    name = f"report-{scope}-{timezone.localdate(now):%Y-%m-%d}.pdf"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


@access(READERS)
@require_safe
def table(request: HttpRequest, scope: Scope, key: str, kind: str) -> HttpResponseBase:
    """One table as the page shows it."""
    found = report.figures(_asked(request, scope), timezone.now())
    figure = next((each for each in found if each.key == key), None)
    if figure is None:
        raise Http404
    name = f"{key}-{scope}-{timezone.localdate():%Y-%m-%d}"
    made = spreadsheet.Table(name, figure.title, figure.columns, figure.rows)
    return spreadsheet.workbook(made) if kind == "xlsx" else spreadsheet.answer(made)


def _reader(request: HttpRequest) -> Reader:
    user: User = request.user  # type: ignore[assignment]
    return Reader.of(user, on=_today())


def _today() -> date:
    return timezone.localdate()


def _asked(request: HttpRequest, scope: Scope, *, is_for_others: bool = False) -> Asked:
    found = asked(scope, _reader(request), is_for_others=is_for_others)
    if found is None:
        raise Http404
    return found
