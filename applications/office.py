"""The branch office's list: all applications of a cohort, their state, and whom each waits on."""

from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from applications import closing
from applications.models import Application, ApplicationQuerySet, ReviewStep
from coaching import permissions
from coaching.models import Cohort, User
from coaching.permissions import access

PAGE_SIZE = 50
Status = Application.Status


@access(permissions.any_of(permissions.branch_office, permissions.deputy))
@require_safe
def cohort_list(request: HttpRequest, pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    within = Q(pk__in=permissions.office_cohorts(user).values("pk")) | Q(
        pk__in=permissions.deputy_cohorts(user).values("pk")
    )
    cohort = get_object_or_404(Cohort.objects.filter(within).select_related("branch", "program"), pk=pk)
    today = timezone.localdate()
    passed = today > cohort.applications_close_date
    submitted = Application.objects.submitted().filter(cohort=cohort)
    chosen = request.GET.get("status", "")
    shown = submitted.filter(status=chosen) if chosen in Status.values else submitted
    page = Paginator(_with_whom(shown), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "applications/cohort.html",
        {
            "cohort": cohort,
            "page": page,
            "counts": _counts(submitted),
            "chosen": chosen if chosen in Status.values else "",
            "total": submitted.count(),
            "drafts": Application.objects.filter(cohort=cohort, status=Status.DRAFT).count(),
            "late": closing.on_their_way(cohort).count() if passed else 0,
            "office": permissions.office_cohorts(user).filter(pk=pk).exists(),
            "today": today,
        },
    )


def _with_whom(applications: ApplicationQuerySet) -> ApplicationQuerySet:
    """Each with the step it waits at, in a constant number of queries."""
    current = ReviewStep.objects.current().with_people()
    related = applications.select_related("applicant__unit__parent__parent")
    waiting = Prefetch("review_steps", queryset=current, to_attr="waiting_at")
    return related.prefetch_related(waiting).order_by("applicant__name", "pk")


def _counts(applications: ApplicationQuerySet) -> list[tuple[str, str, int]]:
    """Each status that occurs with its label and number, in the order of the workflow."""
    rows = applications.order_by().values_list("status").annotate(Count("pk"))
    numbers = dict(rows)
    return [(status, Status(status).label, numbers[status]) for status in Status.values if status in numbers]
