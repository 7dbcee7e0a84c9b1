"""Mail that did not arrive: to whom, about what, since when and why; and what the office can do about it."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from coaching import undelivered
from coaching.errors import refusals_told
from coaching.models import Message
from coaching.permissions import access, any_of, branch_office, mail_keeper, post_only, user_of
from coaching.site.mail_words import about
from coaching.typed import numbers_of

PER_PAGE = 25
OFFICE = any_of(branch_office, mail_keeper)


@dataclass(frozen=True)
class Row:
    """One mail as the list shows it."""

    message: Message
    about: str
    why: str
    address_problem: str

    @property
    def perhaps_arrived(self) -> bool:
        return self.message.status == Message.Status.UNKNOWN


def _row(message: Message) -> Row:
    problem = undelivered.address_problem(message.recipient)
    return Row(message, about(message.kind), undelivered.why(message), problem)


@access(OFFICE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The oldest first."""
    user = user_of(request)
    found = undelivered.visible_to(user, on=timezone.localdate())
    mails = found.select_related("recipient__unit").order_by("created_at", "pk")
    page = Paginator(mails, PER_PAGE).get_page(request.GET.get("page"))
    rows = [_row(message) for message in page]
    ready = [row for row in rows if not row.perhaps_arrived and not row.address_problem]
    context = {
        "page": page,
        "rows": rows,
        "ready": ready,
        "people": sorted({row.message.recipient for row in ready}, key=lambda person: person.name),
        "is_administrator": user.is_staff and user.has_perm("coaching.change_user"),
    }
    return render(request, "site/undelivered.html", context)


def _list(request: HttpRequest, pk: int = 0) -> HttpResponse:
    if pk:
        _message(request, pk)
    return redirect("undelivered")


def _message(request: HttpRequest, pk: int) -> Message:
    """Whatever has become of it, so that a second click is told what has happened."""
    found = undelivered.of_people_of(user_of(request), on=timezone.localdate())
    return get_object_or_404(found.select_related("recipient"), pk=pk)


@access(OFFICE)
@post_only(_list)
def again(request: HttpRequest, pk: int) -> HttpResponse:
    message = _message(request, pk)
    with refusals_told(request):
        undelivered.send_again(message=message, by=user_of(request), now=timezone.now())
        messages.success(request, f"The mail to {message.recipient} is sent again within a minute.")
    return redirect("undelivered")


@access(OFFICE)
@post_only(_list)
def settled(request: HttpRequest, pk: int) -> HttpResponse:
    message = _message(request, pk)
    with refusals_told(request):
        undelivered.settle(message=message, by=user_of(request), now=timezone.now())
        messages.success(request, f"Settled: the mail to {message.recipient} is not sent again.")
    return redirect("undelivered")


@access(OFFICE)
@post_only(_list)
def all_again(request: HttpRequest) -> HttpResponse:
    """Those that stood on the page, and that certainly did not leave."""
    pks = numbers_of(request.POST.getlist("mail"))
    number = undelivered.send_all_again(by=user_of(request), now=timezone.now(), pks=pks)
    if number:
        messages.success(
            request, f"{number} {'mail is' if number == 1 else 'mails are'} sent again within a minute."
        )
    else:
        messages.info(request, "Nothing was left to send again.")
    return redirect("undelivered")
