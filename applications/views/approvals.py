"""A signer's pages about one application: to read it, and one address for each act."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from applications import board, choosing, drafting, readers, routing, settling, waitlist, workflow
from applications.forms.selection import ChoiceForm
from applications.forms.signing import CommentForm, SignatureForm
from applications.models import Application, ReviewStep
from coaching.errors import Refused
from coaching.models import SignOff, User
from coaching.permissions import access, post_only, signed_in
from coaching.signing_form import ActForm, SigningForm


def _routed(user: User, pk: int) -> Application:
    related = ("cohort__program", "cohort__branch", "applicant", "current_text")
    routed = Application.objects.submitted().routed_to(user).select_related(*related)
    return get_object_or_404(routed, pk=pk)


@dataclass(frozen=True)
class Acts:
    """What this person can do with an application now."""

    settled: settling.Settled
    decides: bool
    waitlisted: bool

    @property
    def steps(self) -> list[ReviewStep]:
        return [step for step, _ in self.settled]

    @property
    def rights(self) -> list[routing.Authority]:
        return [right for _, right in self.settled]

    @property
    def can_decline(self) -> bool:
        return bool(self.steps) and not self.decides

    @property
    def can_return(self) -> bool:
        return bool(self.steps) and not self.waitlisted


def _acts(application: Application, user: User) -> Acts:
    day = drafting.today_of(application.cohort, timezone.now())
    waitlisted = application.status == Application.Status.WAITLISTED
    settles = routing.steps_to_decide if waitlisted else routing.steps_to_settle
    settled = settles(application, user, on=day)
    return Acts(settled=settled, decides=routing.decides(settled), waitlisted=waitlisted)


def _signature_form(
    application: Application, acts: Acts, request: HttpRequest, data: object = None
) -> SignatureForm | ChoiceForm | None:
    if not acts.steps:
        return None
    if acts.decides:
        return ChoiceForm(data, application=application, settled=acts.settled)
    return SignatureForm(data, application=application, settled=acts.settled, request=request)


@dataclass(frozen=True)
class CorrectedDate:
    """A3: when the concept was discussed, as the applicant states it and as a signer corrected it."""

    step: ReviewStep
    stated: date
    corrected: date


def _corrected_dates(application: Application, route: list[ReviewStep]) -> list[CorrectedDate]:
    return [
        CorrectedDate(step, stated, step.concept_date)
        for step in route
        if (stated := settling.stated_concept_date(application, step))
        and step.concept_date not in (None, stated)
    ]


@access(signed_in)
@require_safe
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole text, and the act that is due from this person."""
    user: User = request.user  # type: ignore[assignment]
    application = _routed(user, pk)
    if not readers.may_read(user, application):
        return redirect("application", pk)  # M17: the text they acted on was replaced, and went to others
    acts = _acts(application, user)
    return _reading_page(request, application, acts, _signature_form(application, acts, request))


def _reading_page(
    request: HttpRequest, application: Application, acts: Acts, form: Form | None
) -> HttpResponse:
    right = acts.rights[0] if acts.rights else None
    route = list(application.route())
    context = {
        "application": application,
        "cohort": application.cohort,
        "acts": acts,
        "capacities": list(map(routing.capacity, acts.steps, acts.rights)),
        "right": right,
        "reasons": [step.reason for step in acts.steps if step.reason],
        "form": form,
        "waiting": next((step for step in route if step.is_current), None),
        "changes": readers.changes_for(
            application,
            request.user,  # type: ignore[arg-type]
            text=application.current_text.text,  # type: ignore[union-attr]
            than=application.current_text,
        ),
        "corrected_dates": _corrected_dates(application, route),
        "sign_offs": _sign_offs(application),
        **(_seats(application, request.user) if acts.decides else {}),  # type: ignore[arg-type]
    }
    return render(request, "applications/approval.html", context)


def _seats(application: Application, user: User) -> dict[str, object]:
    """Whether this person, or others whom a seat would be taken from, were asked whether they want one."""
    desk = board.desk_of(user, application.cohort_id, on=timezone.localdate())
    return {
        "asked": waitlist.entry_of(application).asked,
        "promised": board.promised(desk, [application]),
    }


def _sign_offs(application: Application) -> "QuerySet[SignOff]":
    people = ("signer", "on_behalf_of", "attested_by")
    return SignOff.objects.filter(text=application.current_text_id).select_related(*people)


# What somebody may have written at length, by the names of the fields.
WRITTEN = ("comment", "interest_in_program", "interest_in_leadership", "division_project", "reason")


def _gone(user: User, pk: int) -> Application | None:
    """One that reached this person, and was withdrawn before they acted."""
    steps = ReviewStep.objects.reached_by(user)
    withdrawn = Application.objects.filter(
        status=Application.Status.WITHDRAWN, pk__in=steps.values("application")
    )
    return withdrawn.exclude(applicant=user).select_related("applicant", "cohort").filter(pk=pk).first()


def _too_late(request: HttpRequest, application: Application) -> HttpResponse:
    """Somebody was faster: who, what now, and what this person wrote, to copy it."""
    user: User = request.user  # type: ignore[assignment]
    context = {
        "application": application,
        "cohort": application.cohort,
        "why": settling.why_not(application, user),
        "written": [text for name in WRITTEN if (text := request.POST.get(name, "").strip())],
        "readable": application.status != Application.Status.WITHDRAWN,
    }
    return render(request, "applications/approval_late.html", context)


def _read_again(application: Application) -> Application:
    return Application.objects.select_related("applicant", "cohort__program", "current_text").get(
        pk=application.pk
    )


def _page_of(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("approval", _routed(request.user, pk).pk)  # type: ignore[arg-type]


@access(signed_in)
@post_only(_page_of)
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    def act(application: Application, form: SignatureForm, user: User) -> str:
        workflow.sign(
            application=application,
            by=user,
            typed_name=form.cleaned_data["typed_name"],
            concept_dates=form.concept_dates(),
            text_id=form.cleaned_data["text_id"],
            now=timezone.now(),
        )
        return f"Signed. {application.applicant}’s application goes on to the next office."

    return _sign_or_decide(request, pk, act, decides=False)


@access(signed_in)
@post_only(_page_of)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    def act(application: Application, form: ChoiceForm, user: User) -> str:
        choice = choosing.choose(application=application, by=user, now=timezone.now(), **form.values())
        return (
            f"{application.applicant}: {choice.get_outcome_display().lower()}, as your choice. It is signed and told when "
            "you release it."
        )

    return _sign_or_decide(request, pk, act, decides=True)


def _sign_or_decide(request: HttpRequest, pk: int, act: Callable[..., str], *, decides: bool) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    if withdrawn := _gone(user, pk):
        return _too_late(request, withdrawn)
    application = _routed(user, pk)
    acts = _acts(application, user)
    if not acts.steps or acts.decides != decides:
        return _too_late(request, application)
    form = _signature_form(application, acts, request, request.POST)
    if done := _performed(request, application, form, lambda: act(application, form, user)):  # type: ignore[arg-type]
        return done
    return _reading_page(request, application, acts, form)


def _performed(
    request: HttpRequest, application: Application, form: ActForm, act: Callable[[], str]
) -> HttpResponse | None:
    """The answer to an act that went through, or has become another's; None where the form says why it did not.

    The form is shown again with all that was typed: a judgement is long to write.
    """
    if not form.is_valid():
        return None
    if isinstance(form, SigningForm):
        form.keep_consent(now=timezone.now())
    try:
        messages.success(request, act())
    except settling.NotWaitingOnYou:
        return _too_late(request, _read_again(application))
    except Refused as refusal:
        form.refuse(refusal)
        return None
    return redirect("approvals")


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Return for changes, with a comment."""

    def act(application: Application, form: Form, user: User) -> str:
        data = form.cleaned_data
        workflow.return_for_changes(
            application=application,
            by=user,
            comment=data["comment"],
            text_id=data["text_id"],
            now=timezone.now(),
        )
        return f"Returned to {application.applicant} with your comment."

    return _comment(
        request,
        pk,
        act,
        template="applications/approval_return.html",
        label="What should be changed?",
        help_text="The applicant changes it and submits again; then it is signed once more, from the first office on.",
        allowed=lambda acts: acts.can_return,
    )


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Do not support the participation, with a reason; it ends the application."""

    def act(application: Application, form: Form, user: User) -> str:
        data = form.cleaned_data
        workflow.decline(
            application=application,
            by=user,
            reason=data["comment"],
            text_id=data["text_id"],
            now=timezone.now(),
        )
        return f"Declined. {application.applicant} is told, with your reason."

    return _comment(
        request,
        pk,
        act,
        template="applications/approval_decline.html",
        label="Why do you not support the participation?",
        help_text="If something could be changed, return the application instead.",
        allowed=lambda acts: acts.can_decline,
    )


def _comment(
    request: HttpRequest,
    pk: int,
    act: Callable[..., str],
    *,
    template: str,
    label: str,
    help_text: str,
    allowed: Callable[[Acts], bool],
) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    if request.method == "POST" and (withdrawn := _gone(user, pk)):
        return _too_late(request, withdrawn)
    application = _routed(user, pk)
    if not allowed(_acts(application, user)):
        return _too_late(request, application)
    data = request.POST if request.method == "POST" else None
    form = CommentForm(data, application=application, label=label, help_text=help_text)
    if done := _performed(request, application, form, lambda: act(application, form, user)):
        return done
    context = {"application": application, "cohort": application.cohort, "form": form}
    return render(request, template, context)
