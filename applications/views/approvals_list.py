"""Where a signer works: what waits, what was acted on, narrowed down and read in place."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from applications import reading, waiting
from applications.forms.narrow import NarrowForm
from applications.models import Application, ProjectChange
from applications.models.review_step import ReviewStepQuerySet
from applications.reading import Reading
from applications.waiting import LONGEST, PAGE_SIZE, Narrowed, Options, Waiting
from coaching.models import User
from coaching.permissions import access, signed_in

UNREAD = [f"application__{answer}" for answer in Application.ANSWERS]
WAITING, WAITLIST, DONE = "waiting", "waitlist", "done"


@dataclass(frozen=True)
class Row:
    """One application in the list of a signer, its days in words.

    `reading` while it is open there, `toggle` the address that opens or closes it.
    """

    about: Waiting
    key: str
    since: str
    due: str
    overdue: bool
    reading: Reading | None
    toggle: str


@access(signed_in)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What waits for me, oldest first; or the waitlist, or what I have acted on."""
    user: User = request.user  # type: ignore[assignment]
    today = timezone.localdate()
    shown = request.GET.get("show", WAITING)
    narrowed = Narrowed.by(request.GET)
    everything, numbers = waiting.all_options(user, on=today), waiting.numbers(user, on=today)
    if shown == WAITLIST:
        whole = waiting.on_waitlist(user, on=today)
        context = _listed(request, whole, numbers.waitlisted, narrowed, today)
    elif shown == DONE:
        context = _listed(request, waiting.acted_on(user), numbers.acted_on, narrowed, today)
    else:
        shown, context = WAITING, _waiting(request, user, today, narrowed, everything)
        context["changes"] = _changes(user, today) if numbers.changes and not narrowed else []
    common = {"waiting": everything, "numbers": numbers, "shown": shown, "narrowed": bool(narrowed)}
    return render(request, "applications/approvals.html", common | context)


def _changes(user: User, today: date) -> list[ProjectChange]:
    return list(waiting.changes_waiting(user, on=today))


def _waiting(
    request: HttpRequest, user: User, today: date, narrowed: Narrowed, everything: Options
) -> dict[str, object]:
    rows: QuerySet | list[dict[str, Any]]
    if narrowed or "page" in request.GET:
        steps = narrowed.steps(waiting.steps_waiting(user, on=today), on=today)
        rows = waiting.shown(steps)
    else:
        rows = waiting.first_page(user, on=today)
    page = _page(request, rows, everything.number if not narrowed else None)
    found = [Waiting.for_(user, row) for row in page.object_list]
    opened = reading.of_opened(found, request.GET.getlist("open"), user, on=today)
    return {
        "page": page,
        "rows": [_row(each, today, opened, request.GET) for each in found],
        "today": today,
        "can_sign_several": any(not each.decides for each in found),
        "form": _form(request, everything) if everything.number else None,
    }


def _row(about: Waiting, today: date, opened: dict[int, Reading], query: QueryDict) -> Row:
    return Row(
        about=about,
        key=str(about.application_id),
        since=_day(about.since_date),
        due=_day(about.due_date),
        overdue=about.due_date < today,
        reading=opened.get(about.application_id),
        toggle=_toggle(query, opened, about.application_id),
    )


def _day(day: date) -> str:
    return f"{day:%a, %b %-d, %Y}"


def _toggle(query: QueryDict, opened: Collection[int], application: int) -> str:
    """The address of the list where this one is open too or, where it is, only the others are."""
    others = [("open", pk) for pk in opened if pk != application]
    own = [] if application in opened else [("open", application)]
    kept = [(name, value) for name, values in query.lists() if name != "open" for value in values]
    return f"?{urlencode([*kept, *others, *own])}"


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
        "form": _form(request, Options.among(waiting.what_occurs(whole[:LONGEST]))) if number else None,
        "is_cut": number == LONGEST and not narrowed,
    }


def _form(request: HttpRequest, options: Options) -> NarrowForm:
    return NarrowForm(request.GET, options=options)


def _page(request: HttpRequest, rows: QuerySet | list[dict[str, Any]], number: int | None) -> Page:
    """A page of the list; `number` where its length is known already."""
    paginator = Paginator(rows, PAGE_SIZE)
    if number is not None:
        paginator.count = number
    return paginator.get_page(request.GET.get("page"))
