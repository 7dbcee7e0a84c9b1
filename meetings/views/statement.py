"""One's own statement of meetings and hours, on the screen and as a file."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from coaching.days import today_of
from coaching.errors import refusals_told
from coaching.models import Participant
from coaching.permissions import access, post_only, signed_in
from meetings import statement
from meetings.views.program import person


def _participant(request: HttpRequest, pk: int) -> Participant:
    """Of a participation that is over, too."""
    own = Participant.objects.filter(user=person(request))
    own = own.select_related("user", "division", "classification", "cohort__program", "cohort__branch")
    return get_object_or_404(own, pk=pk)


def _own(request: HttpRequest, pk: int) -> statement.Statement:
    found = _participant(request, pk)
    return statement.of(found, today=today_of(found.cohort, timezone.now()))


@access(signed_in)
@never_cache
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    return render(request, "meetings/statement.html", {"statement": found, "cohort": found.cohort})


@access(signed_in)
@never_cache
@require_safe
def file(request: HttpRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    content = statement.statement_pdf(found, made_at=today_of(found.cohort, timezone.now()))
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="statement.pdf"'
    return response


@access(signed_in)
@post_only(lambda request, pk: redirect("statement", _participant(request, pk).pk))
def pass_on(request: HttpRequest, pk: int) -> HttpResponse:
    found, passed_on = _participant(request, pk), request.POST.get("passed_on") != "no"
    with refusals_told(request):
        statement.pass_on(participant=found, passed_on=passed_on, by=person(request), now=timezone.now())
        words = (
            "The training office can take your hours now."
            if passed_on
            else "Your hours are yours alone again."
        )
        messages.success(request, words)
    return redirect("statement", found.pk)
