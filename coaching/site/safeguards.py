"""The statement of safeguards, on one page, for participants and their union; anybody may read it."""

from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coaching.models import Cohort, Program, Series
from coaching.permissions import access, public
from coaching.site import records_due


@access(public)
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The terms are those of the settings; where programs differ, the longest is said."""
    years = Program.objects.aggregate(
        applications=Max("retention_years"), participation=Max("participation_years")
    )
    context = {
        "applications": years["applications"] or Program._meta.get_field("retention_years").default,
        "participation": years["participation"] or Program._meta.get_field("participation_years").default,
        "people": records_due.years_of(Series.PEOPLE),
        "notes": Cohort.objects.aggregate(fewest=Min("notes_days"), most=Max("notes_days")),
    }
    return render(request, "site/safeguards.html", context)
