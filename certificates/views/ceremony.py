"""The list of names for the ceremony, to print and as a file."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from certificates import ceremony
from certificates.claims import local_date
from certificates.views.batches import office_cohort
from coaching import spreadsheet
from coaching.permissions import access, branch_office, confirmed_lately

HEADER = ("Name", "How it is said", "Division", "Certificate")


@access(branch_office)
@never_cache
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = office_cohort(request, pk)
    lines = ceremony.lines(cohort, today=local_date(cohort, timezone.now()))
    return render(request, "certificates/ceremony.html", {"cohort": cohort, "lines": lines})


@access(branch_office)
@require_safe
@confirmed_lately
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    cohort = office_cohort(request, pk)
    lines = ceremony.lines(cohort, today=local_date(cohort, timezone.now()))
    rows = [(line.name, line.said, line.division, line.serial) for line in lines]
    name = f"ceremony-{cohort.first_month.year}-{cohort.pk}"
    return spreadsheet.asked_for(request, spreadsheet.Table(name, "Names for the ceremony", HEADER, rows))
