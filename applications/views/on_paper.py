"""To sign on paper instead: say so, and print the text with a page for the signature."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from applications import on_paper, readers, routing, workflow
from applications.models import Application, ReviewStep
from applications.routing import post_title
from coaching import permissions
from coaching.errors import refusals_told
from coaching.models import SignedText, User
from coaching.permissions import access, post_only, signed_in


@dataclass(frozen=True)
class Line:
    """One place for a signature: in what office, whose name, and what is signed."""

    office: str
    name: str
    statement: str


def _application(user: User, pk: int) -> Application:
    """Own ones, those that wait on this person, and those of the office that has the papers (F5, T10)."""
    related = ("cohort__program", "cohort__branch", "applicant", "current_text", "paper_text")
    application = get_object_or_404(Application.objects.select_related(*related), pk=pk)
    if application.applicant_id == user.pk or readers.may_read(user, application):
        return application
    ours = permissions.office_cohorts(user).filter(pk=application.cohort_id).exists()
    if ours and application.paper_text_id and application.is_editable:
        return application
    raise Http404


def _page_of(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("application_print", _application(request.user, pk).pk)  # type: ignore[arg-type]


@access(signed_in)
@post_only(_page_of)
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """As applicant, or as whoever it waits on."""
    user: User = request.user  # type: ignore[assignment]
    application = _application(user, pk)
    own = application.applicant_id == user.pk
    with refusals_told(request):
        act = on_paper.ask_to_apply if own else on_paper.ask_to_sign
        try:
            act(application=application, by=user, now=timezone.now())
        except workflow.NotComplete as refusal:
            number = len(refusal.findings)
            missing = "1 answer is" if number == 1 else f"{number} answers are"
            messages.error(request, f"Not printed yet: {missing} still missing, listed below.")
            return redirect("application_review", pk)  # which begins with them
        return redirect("application_print", pk)
    if own:
        return redirect("application_review" if application.is_editable else "application", pk)
    return redirect("approval", pk)


@access(signed_in)
@require_safe
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    """The exact text, and a page with a line for each signature that is still to come."""
    application = _application(request.user, pk)  # type: ignore[arg-type]
    text = _text(application)
    if text is None:
        raise Http404
    context = {
        "application": application,
        "cohort": application.cohort,
        "text": text,
        "lines": _lines(application, text),
        "is_own": application.applicant_id == request.user.pk,
        "void": on_paper.why_void(application, now=timezone.now()),
    }
    return render(request, "applications/print.html", context)


def _text(application: Application) -> SignedText | None:
    """What the applicant is to sign, else what its signers are."""
    return application.paper_text or application.current_text


def _lines(application: Application, text: SignedText) -> list[Line]:
    program = application.cohort.program
    if text == application.paper_text:
        route = _route(application)
        own = Line("Applicant", application.applicant.name, program.commitment_statement)
        others = [
            Line(each.post, each.signer.name, each.step.statement) for each in route if not each.step.decides
        ]
        return [own, *others]
    pending = application.route().filter(status=ReviewStep.Status.PENDING, route_step__decides=False)
    return [
        Line(post_title(step.route_step, step.unit), step.signer.name, step.route_step.statement)
        for step in pending
    ]


def _route(application: Application) -> list[routing.Signer]:
    """Empty where a post has nobody any more: then the paper has the applicant's line alone."""
    try:
        return routing.route_for(application.applicant, application.cohort, on=timezone.localdate())
    except routing.NoSigner:
        return []
