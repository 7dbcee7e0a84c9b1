"""The branch office's list: all applications of a cohort, their state, and whom each waits on."""

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from applications import closing, listing
from applications.models import Application, ProjectChange
from coaching import permissions
from coaching.models import Cohort, User
from coaching.permissions import access

PAGE_SIZE = 50
Status = Application.Status


@access(permissions.any_of(permissions.branch_office, permissions.deputy))
@require_safe
def cohort_list(request: HttpRequest, pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    of_office = permissions.office_cohorts(user).filter(pk=OuterRef("pk"))
    within = Q(is_of_office=True) | Q(pk__in=permissions.deputy_cohorts(user).values("pk"))
    cohorts = Cohort.objects.annotate(is_of_office=Exists(of_office)).filter(within)
    cohort = get_object_or_404(cohorts.select_related("branch", "program"), pk=pk)
    today = timezone.localdate()
    drafts, numbers = listing.numbers(cohort)
    narrowed = listing.Narrowed.by(request.GET)
    chosen, words = narrowed.status, narrowed.words
    paginator = Paginator(listing.with_whom(listing.found(cohort, narrowed)), PAGE_SIZE)
    if not words:
        paginator.count = numbers.get(chosen, 0) if chosen else sum(numbers.values())
    return render(
        request,
        "applications/cohort.html",
        {
            "cohort": cohort,
            "page": paginator.get_page(request.GET.get("page")),
            "counts": [(status, Status(status).label, number) for status, number in numbers.items()],
            "chosen": chosen,
            "words": words,
            "total": sum(numbers.values()),
            "drafts": drafts,
            "changes": _changes(cohort) if cohort.is_of_office and not (words or chosen) else [],  # type: ignore[attr-defined]
            "late": closing.on_their_way(cohort).count() if today > cohort.applications_close_date else 0,
            "office": cohort.is_of_office,  # type: ignore[attr-defined]
            "today": today,
        },
    )


def _changes(cohort: Cohort) -> "QuerySet[ProjectChange]":
    """A14: which changed projects wait, and on whom; what they say is the participant's and the director's."""
    waiting = ProjectChange.objects.pending().filter(participant__cohort=cohort)
    return waiting.with_people().order_by("asked_at", "pk")
