"""For the branch office: whose certificate is in danger, each with the act that mends it (C2, T10)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from coaching.days import today_of
from coaching.permissions import access, branch_office, office_cohorts
from meetings import attention, deadlines
from meetings.views.program import person


@access(branch_office)
@never_cache
@require_safe
def of_cohort(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = get_object_or_404(office_cohorts(person(request)).select_related("program"), pk=pk)
    today = today_of(cohort, timezone.now())
    context = {
        "cohort": cohort,
        "today": today,
        "dangers": attention.dangers(cohort, today=today),
        "days": attention.DAYS_TO_ACT,
        "is_over": today > deadlines.last_day(cohort),
    }
    return render(request, "meetings/office_attention.html", context)
