"""What the pages share on which an application is written, and the last of them: review and sign."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from applications import answers, checks, conflicts, drafting, on_paper, readers, routing, workflow
from applications.checks import Finding, Step
from applications.forms.writing import SubmitForm
from applications.models import Application, ReviewStep
from coaching.errors import Refused
from coaching.models import User
from coaching.permissions import access, signed_in


def own(user: User, pk: int) -> Application:
    """The person's own application; anybody else's answers 404."""
    related = ("cohort__program", "cohort__branch", "cohort__competency_model", "current_text", "paper_text")
    mine = Application.objects.select_related(*related, "applicant__unit__parent", "applicant__supervisor")
    return get_object_or_404(mine, applicant=user, pk=pk)


@dataclass(frozen=True)
class Progress:
    """One step in the progress indicator."""

    label: str
    address: str
    state: str


def begun_steps(application: Application) -> set[Step]:
    """The steps on which something was saved."""
    begun = {Step.ABOUT}
    begun |= {
        Step(step)
        for step, names in answers.FIELDS.items()
        if any(getattr(application, each) for each in names)
    }
    if application.ratings.exists():
        begun.add(Step.COMPETENCIES)
    return begun


def progress(
    application: Application, current: Step, begun: set[Step], missing: list[Finding]
) -> list[Progress]:
    """All five steps: which is open, which are complete, where something is missing."""
    lacking = {finding.step for finding in missing}
    return [_place(application, step, current, step in begun, step in lacking) for step in Step]


def _place(application: Application, step: Step, current: Step, begun: bool, lacking: bool) -> Progress:
    if step == Step.REVIEW:
        address = reverse("application_review", args=[application.pk])
    else:
        address = reverse("application_step", args=[application.pk, step.value])
    if step == current:
        return Progress(step.label, address, "current")
    state = ("attention" if lacking else "done") if begun else "ahead"
    return Progress(step.label, address, state)


def own_conflict(application: Application) -> conflicts.Conflict | None:
    """T10."""
    day = drafting.today_of(application.cohort, timezone.now())
    return conflicts.conflict_of(application.applicant, application.cohort, on=day)


def still_missing(application: Application) -> list[Finding]:
    return checks.missing(application, on=drafting.today_of(application.cohort, timezone.now()))


def returned(application: Application) -> ReviewStep | None:
    """The step that gave it back, with its comment, while it is being changed."""
    if application.status != Application.Status.RETURNED:
        return None
    return application.route().filter(status="returned").first()


@access(signed_in)
@never_cache  # the back button shows what is saved now
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """What is missing, what is worth a look, the exact text, its route, and the signature (F2, F3, A7)."""
    user: User = request.user  # type: ignore[assignment]
    application = own(user, pk)
    if not application.is_editable:
        return redirect("application", pk)
    now = timezone.now()
    try:
        preview = drafting.preview(application, now=now)
        problem = ""
    except routing.NoSigner as refusal:
        preview, problem = None, str(refusal)
    if request.method == "POST":
        form = SubmitForm(request.POST, application=application, request=request)
        if form.is_valid():
            if _submit(request, application, form):
                return redirect("application", pk)
        elif _stale(form, preview):
            messages.error(request, workflow.TEXT_CHANGED)
        if problem:
            workflow.report_route_problem(application=application, by=user, now=now)
    if request.method != "POST" or _stale(form, preview):
        initial = {"digest": preview.digest if preview else ""}
        form = SubmitForm(initial=initial, application=application, request=request)
    missing = still_missing(application)
    context = {
        "application": application,
        "cohort": application.cohort,
        "steps": progress(application, Step.REVIEW, begun_steps(application), missing),
        "missing": missing,
        "warnings": checks.warnings(application),
        "void": on_paper.why_void(application, now=now),
        "preview": preview,
        "changes": preview and readers.changes_for(application, user, text=preview.text),
        "problem": problem,
        "too_late": drafting.came_too_late(application, now=now),
        "conflict": own_conflict(application),
        "closed": application.status == Application.Status.DRAFT
        and drafting.reasons_not_to_start(user, application.cohort, now=now),
        "form": form,
        "returned": returned(application),
    }
    return render(request, "applications/review.html", context)


def _stale(form: SubmitForm, preview: drafting.Preview | None) -> bool:
    """The text has changed since the page was opened: it has to be read, and signed for, again."""
    return bool(preview) and form.data.get("digest") != preview.digest  # type: ignore[union-attr]


def _submit(request: HttpRequest, application: Application, form: SubmitForm) -> bool:
    user: User = request.user  # type: ignore[assignment]
    form.keep_consent(now=timezone.now())
    try:
        workflow.submit(application=application, by=user, now=timezone.now(), **form.cleaned_data)
    except drafting.NotEditable as refusal:  # a second press was faster: its page shows where it is
        messages.info(request, str(refusal))
    except workflow.NotComplete:
        messages.error(request, "Something is still missing; see the list below.")
        return False
    except Refused as refusal:
        messages.error(request, str(refusal))
        return False
    else:
        messages.success(request, "Your application is on its way. We write to you at every step.")
    return True
