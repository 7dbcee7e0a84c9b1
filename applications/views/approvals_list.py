"""Where a signer works: what waits, what was acted on, narrowed down and read in place."""

from dataclasses import dataclass
from datetime import date

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from applications import reading, routing, waiting
from applications.forms.narrow import NarrowForm
from applications.models import Application, ProjectChange, ReviewStep
from applications.models.review_step import ReviewStepQuerySet
from applications.reading import Reading
from applications.waiting import LONGEST, Narrowed, Numbers, Options
from coaching.models import User
from coaching.permissions import access, signed_in

PAGE_SIZE = 25
UNREAD = [f"application__{answer}" for answer in Application.ANSWERS]
WAITING, WAITLIST, DONE = "waiting", "waitlist", "done"


@dataclass(frozen=True)
class Row:
    """One application in the list of a signer; `reading` while it is open there."""

    step: ReviewStep
    application: Application
    post: str
    for_whom: User | None
    overdue: bool
    reading: Reading | None
    others_open: list[int]

    @property
    def also_open(self) -> list[int]:
        return [*self.others_open, self.application.pk]


@access(signed_in)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What waits for me, oldest first; or the waitlist, or what I have acted on."""
    user: User = request.user  # type: ignore[assignment]
    today = timezone.localdate()
    shown = request.GET.get("show", WAITING)
    narrowed = Narrowed.by(request.GET)
    numbers = waiting.numbers(user, on=today)
    if shown == WAITLIST:
        whole = waiting.on_waitlist(user, on=today)
        context = _listed(request, whole, numbers.waitlisted, narrowed, today)
    elif shown == DONE:
        context = _listed(request, waiting.acted_on(user), numbers.acted_on, narrowed, today)
    else:
        shown, context = WAITING, _waiting(request, user, today, narrowed, numbers)
    common = {"numbers": numbers, "shown": shown, "narrowed": bool(narrowed)}
    return render(request, "applications/approvals.html", common | context)


def _waiting(
    request: HttpRequest, user: User, today: date, narrowed: Narrowed, numbers: Numbers
) -> dict[str, object]:
    whole = waiting.steps_waiting(user, on=today)
    related = (
        "application__applicant__unit__parent__parent",
        "application__cohort",
        "application__choice",
    )
    steps = narrowed.steps(whole, on=today).with_signers().select_related(*related).defer(*UNREAD)
    page = _page(request, steps, numbers.waiting if not narrowed else None)
    rows = list(page.object_list)
    opened = reading.of_opened(rows, request.GET.getlist("open"), user, on=today)
    changes: list[ProjectChange] = []
    if numbers.changes and not narrowed:
        changes = list(waiting.changes_waiting(user, on=today))
    return {
        "page": page,
        "rows": [_row(step, user, today, opened) for step in rows],
        "changes": changes,
        "today": today,
        "can_sign_several": any(not step.route_step.decides for step in rows),
        "form": _form(request, waiting.options(whole), numbers.overdue) if numbers.waiting else None,
    }


def _row(step: ReviewStep, user: User, today: date, opened: dict[int, Reading]) -> Row:
    return Row(
        step=step,
        application=step.application,
        post=routing.post_title(step.route_step, step.unit),
        for_whom=step.signer if step.signer_id != user.pk else step.holder,
        overdue=step.is_overdue(today),
        reading=opened.get(step.application_id),
        others_open=[pk for pk in opened if pk != step.application_id],
    )


def _listed(
    request: HttpRequest, whole: ReviewStepQuerySet, number: int, narrowed: Narrowed, today: date
) -> dict[str, object]:
    related = (
        "application__applicant__unit__parent__parent",
        "application__cohort",
        "application__choice",
    )
    found = narrowed.steps(whole, on=today).select_related(*related).defer(*UNREAD)[:LONGEST]
    return {
        "page": _page(request, found, number if not narrowed else None),
        "form": _form(request, waiting.options(whole[:LONGEST])) if number else None,
        "is_cut": number == LONGEST and not narrowed,
    }


def _form(request: HttpRequest, options: Options, overdue: int = 0) -> NarrowForm:
    return NarrowForm(request.GET, options=options, with_overdue=bool(overdue))


def _page(request: HttpRequest, rows: QuerySet, number: int | None) -> Page:
    """A page of the list; `number` where its length is known already."""
    paginator = Paginator(rows, PAGE_SIZE)
    if number is not None:
        paginator.count = number
    return paginator.get_page(request.GET.get("page"))
