"""The branch office's list: all applications of a cohort, their state, and whom each waits on."""

from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from applications import closing
from applications.models import Application, ApplicationQuerySet, ProjectChange, ReviewStep
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
    drafts, numbers = _numbers(cohort)
    chosen = request.GET.get("status", "")
    chosen = chosen if chosen in numbers else ""
    words = " ".join(request.GET.get("q", "").split())[:100]
    shown = _shown(cohort, chosen, words)
    paginator = Paginator(_with_whom(shown), PAGE_SIZE)
    if not words:
        paginator.count = numbers[chosen] if chosen else sum(numbers.values())
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


def _numbers(cohort: Cohort) -> tuple[int, dict[str, int]]:
    """How many drafts there are, and how many of the submitted stand in each status that occurs, in their order."""
    rows = Application.objects.filter(cohort=cohort).order_by().values_list("status")
    counted = {status: numbers for status, *numbers in rows.annotate(Count("pk"), Count("submitted_at"))}
    submitted = {
        status: counted[status][1] for status in Status.values if status in counted and counted[status][1]
    }
    return counted.get(Status.DRAFT, [0])[0], submitted


def _shown(cohort: Cohort, status: str, words: str) -> ApplicationQuerySet:
    found = Application.objects.submitted().filter(cohort=cohort)
    if status:
        found = found.filter(status=status)
    for word in words.split():
        found = found.filter(Q(applicant__name__icontains=word) | Q(project_title__icontains=word))
    return found


def _with_whom(applications: ApplicationQuerySet) -> ApplicationQuerySet:
    """Each with the step it waits at, in a constant number of queries."""
    current = ReviewStep.objects.current().with_people()
    related = applications.select_related("applicant__unit__parent__parent").defer(*Application.ANSWERS)
    waiting = Prefetch("review_steps", queryset=current, to_attr="waiting_at")
    return related.prefetch_related(waiting).order_by("applicant__name", "pk")
