"""The last day to apply: what is still on its way when it has passed; more time, or closed with notice."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from applications import closing, routing
from applications.forms.deadline import CloseForm, MoreTimeForm
from applications.models import Application, ReviewStep
from coaching.errors import Refused
from coaching.in_words import long_date
from coaching.models import Cohort, User
from coaching.permissions import access, branch_office, office_cohorts
from coaching.typed import numbers_of

PAGE_SIZE = 50


def _cohort(request: HttpRequest, pk: int) -> Cohort:
    cohorts = office_cohorts(request.user).select_related("branch", "program")  # type: ignore[arg-type]
    return get_object_or_404(cohorts, pk=pk)


def _with_steps(applications: "closing.ApplicationQuerySet") -> "closing.ApplicationQuerySet":
    current = Prefetch("review_steps", queryset=ReviewStep.objects.current().with_people(), to_attr="at")
    rows = applications.select_related("applicant__unit__parent__parent", "cohort")
    return rows.prefetch_related(current).order_by("applicant__name", "pk")


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """What is on its way and with whom; give more time here, or choose what to close."""
    cohort = _cohort(request, pk)
    form = MoreTimeForm(request.POST or None, cohort=cohort)
    if request.method == "POST" and form.is_valid() and _extended(request, cohort, form):
        return redirect("cohort_deadline", pk)
    today = timezone.localdate(timezone=cohort.zone)
    page = Paginator(_with_steps(closing.on_their_way(cohort)), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "cohort": cohort,
        "form": form,
        "page": page,
        "rows": [(each, _step(each)) for each in page.object_list],
        **closing.writing(cohort).aggregate(
            writing=Count("pk"), drafts=Count("pk", filter=Q(status=Application.Status.DRAFT))
        ),
        "passed": today > cohort.applications_close_date,
        "today": today,
    }
    return render(request, "applications/deadline.html", context)


def _extended(request: HttpRequest, cohort: Cohort, form: MoreTimeForm) -> bool:
    user: User = request.user  # type: ignore[assignment]
    last_date: date = form.cleaned_data["last_date"]
    try:
        told = closing.extend(cohort=cohort, last_date=last_date, by=user, now=timezone.now())
    except Refused as refusal:
        form.add_error("last_date", str(refusal))
        return False
    except ValidationError as refusal:
        form.add_error("last_date", refusal.messages)
        return False
    people = "1 person" if told == 1 else f"{told} people"
    written = f" We write to {people}." if told else ""
    messages.success(request, f"Applications are open until {long_date(last_date)}.{written}")
    return True


@dataclass(frozen=True)
class Closing:
    """One application that would be closed, and whom that tells."""

    application: Application
    told: list[User]


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Who would be told, then the reason and the act."""
    cohort = _cohort(request, pk)
    sent = request.POST if request.method == "POST" else request.GET
    picked = Application.objects.filter(cohort=cohort, pk__in=numbers_of(sent.getlist("application")))
    if request.method == "POST":
        form = CloseForm(request.POST)
        if form.is_valid() and _closed(request, picked.select_related("cohort", "applicant"), form):
            return redirect("cohort_deadline", pk)
    else:
        form = CloseForm()
    rows = list(_with_steps(picked.before_decision()))
    if not rows:
        messages.error(request, "Select one or more applications that are still on their way.")
        return redirect("cohort_deadline", pk)
    listed = [_closing(each, timezone.localdate()) for each in rows]
    people = {person.pk for each in listed for person in each.told}
    context = {"cohort": cohort, "listed": listed, "number": len(people), "form": form}
    return render(request, "applications/close.html", context)


def _step(application: Application) -> ReviewStep | None:
    steps: list[ReviewStep] = application.at  # type: ignore[attr-defined]
    return steps[0] if steps else None


def _closing(application: Application, today: date) -> Closing:
    step = _step(application)
    signers = routing.expected_signers(step, on=today) if step else []
    return Closing(application, [application.applicant, *signers])


def _closed(request: HttpRequest, picked: "closing.ApplicationQuerySet", form: CloseForm) -> bool:
    user: User = request.user  # type: ignore[assignment]
    try:
        closed = closing.close(
            applications=picked, reason=form.cleaned_data["reason"], by=user, now=timezone.now()
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    if not closed:
        messages.info(request, "They were closed already. Nobody is written to again.")
        return True
    what = "1 application is" if len(closed) == 1 else f"{len(closed)} applications are"
    messages.success(request, f"{what} closed without a decision. The applicants and their signers are told.")
    return True
