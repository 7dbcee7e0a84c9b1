"""The applicant's pages while an application is written: the short steps, then review and sign."""

from dataclasses import dataclass

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from applications import checks, conflicts, drafting, guidance, readers, routing, workflow
from applications.checks import Finding, Step
from applications.forms import (
    CompetenciesForm,
    CorrectionForm,
    ProjectForm,
    SubmitForm,
    WhyForm,
    mark_missing,
)
from applications.models import Application, ReviewStep
from coaching import directory
from coaching.errors import Refused, refusals_told
from coaching.models import User
from coaching.permissions import access, post_only, signed_in
from coaching.signing import NameDoesNotMatch

PAGES = (Step.ABOUT, Step.WHY, Step.COMPETENCIES, Step.PROJECT)


def own(user: User, pk: int) -> Application:
    """The person's own application; anybody else's answers 404."""
    related = ("cohort__program", "cohort__branch", "cohort__competency_model", "current_text")
    mine = Application.objects.select_related(*related, "applicant__unit__parent", "applicant__supervisor")
    return get_object_or_404(mine, applicant=user, pk=pk)


@dataclass(frozen=True)
class Progress:
    """One step in the progress indicator."""

    label: str
    address: str
    state: str


def _begun(application: Application) -> set[Step]:
    """The steps on which something was saved."""
    begun = {Step.ABOUT}
    begun |= {
        Step(step)
        for step, names in drafting.ANSWERS.items()
        if any(getattr(application, each) for each in names)
    }
    if application.ratings.exists():
        begun.add(Step.COMPETENCIES)
    return begun


def _progress(
    application: Application, current: Step, begun: set[Step], missing: list[Finding]
) -> list[Progress]:
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


def _conflict(application: Application) -> conflicts.Conflict | None:
    """T10."""
    day = drafting.today_of(application.cohort, timezone.now())
    return conflicts.conflict_of(application.applicant, application.cohort, on=day)


def still_missing(application: Application) -> list[Finding]:
    return checks.missing(application, on=drafting.today_of(application.cohort, timezone.now()))


def _form(application: Application, step: Step, data: object = None) -> Form | None:
    if step == Step.WHY:
        return WhyForm(data, instance=application)  # type: ignore[return-value]
    if step == Step.PROJECT:
        return ProjectForm(data, instance=application)  # type: ignore[return-value]
    if step == Step.COMPETENCIES:
        ratings = {rating.competency_id: rating for rating in application.ratings.all()}
        return CompetenciesForm(data, competencies=checks.competencies_of(application), ratings=ratings)
    return None


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """One short step; every send saves it, whatever is still missing."""
    user: User = request.user  # type: ignore[assignment]
    application = own(user, pk)
    if step not in PAGES:
        raise Http404
    if not application.is_editable:
        return redirect("application", pk)
    here = Step(step)
    form = _form(application, here, request.POST if request.method == "POST" else None)
    if request.method == "POST" and (form is None or form.is_valid()):
        if form is not None and not _save(request, application, form):
            return redirect("application", pk)
        return _after(request, application, here)
    return _step_page(request, own(user, pk), here, form, CorrectionForm())


def _save(request: HttpRequest, application: Application, form: Form) -> bool:
    user: User = request.user  # type: ignore[assignment]
    now = timezone.now()
    try:
        if isinstance(form, CompetenciesForm):
            drafting.save_ratings(application=application, by=user, ratings=form.ratings(), now=now)
        else:
            drafting.save_answers(application=application, by=user, answers=form.cleaned_data, now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return False
    return True


def _saved(application: Application) -> str:
    if drafting.came_too_late(application, now=timezone.now()):
        return "Saved. Applications have closed, so it cannot be sent now."
    if application.status == Application.Status.RETURNED:
        return "Saved. Sign and submit it again when it is ready."
    return "Saved. You can go on at any time until applications close."


def _after(request: HttpRequest, application: Application, here: Step) -> HttpResponse:
    if request.POST.get("then") == "leave":
        messages.success(request, _saved(application))
        return redirect("application", application.pk)
    steps = list(Step)
    following = steps[steps.index(here) + 1]
    lacking = [
        each for each in still_missing(own(application.applicant, application.pk)) if each.step == here
    ]
    if lacking and following != Step.REVIEW:  # the review lists them itself
        number = "1 answer is" if len(lacking) == 1 else f"{len(lacking)} answers are"
        messages.info(
            request,
            f"Saved. {number} still missing in “{here.label}”: go back to it at any time to see which.",
        )
    if following == Step.REVIEW:
        return redirect("application_review", application.pk)
    return redirect("application_step", application.pk, following.value)


def _step_page(
    request: HttpRequest,
    application: Application,
    here: Step,
    form: Form | None,
    correction_form: CorrectionForm,
) -> HttpResponse:
    steps = list(Step)
    before = steps[steps.index(here) - 1] if here != Step.ABOUT else None
    missing, begun = still_missing(application), _begun(application)
    lacking = [finding for finding in missing if finding.step == here and here in begun]
    if form is not None and form.is_bound:  # its errors come first
        lacking = []
    elif form is not None:
        mark_missing(form, lacking)
    context = {
        "application": application,
        "cohort": application.cohort,
        "step": here,
        "steps": _progress(application, here, begun, missing),
        "lacking": lacking,
        "conflict": _conflict(application) if here == Step.ABOUT else None,
        "too_late": drafting.came_too_late(application, now=timezone.now()),
        "back": before and reverse("application_step", args=[application.pk, before.value]),
        "form": form,
        "returned": returned(application),
        "questions": guidance.PROJECT_QUESTIONS,
    }
    if here == Step.ABOUT:
        context |= _about(application, correction_form)
    return render(request, f"applications/step_{here.value}.html", context)


def _about(application: Application, correction_form: CorrectionForm) -> dict[str, object]:
    """What the directory knows (A1), what was reported as wrong, and where the application will go (A9)."""
    person = application.applicant
    route, problem = _route(application)
    return {
        "facts": [
            ("Name", person.name),
            ("Job classification", person.classification),
            ("Division", person.division),
            ("Unit", person.unit),
            ("Supervisor", person.supervisor),
        ],
        "corrections": person.corrections.filter(status="open"),
        "correction_form": correction_form,
        "route": route,
        "problem": problem,
    }


def _route(application: Application) -> tuple[list[routing.Signer], str]:
    try:
        day = drafting.today_of(application.cohort, timezone.now())
        return routing.route_for(application.applicant, application.cohort, on=day), ""
    except routing.NoSigner as problem:
        return [], str(problem)


def returned(application: Application) -> ReviewStep | None:
    """The step that gave it back, with its comment, while it is being changed."""
    if application.status != Application.Status.RETURNED:
        return None
    return application.route().filter(status="returned").first()


def _about_page(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("application_step", own(request.user, pk).pk, Step.ABOUT.value)  # type: ignore[arg-type]


@access(signed_in)
@post_only(_about_page)
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the directory has wrong; the branch office confirms."""
    application = own(request.user, pk)  # type: ignore[arg-type]
    form = CorrectionForm(request.POST)
    if not form.is_valid():
        return _step_page(request, application, Step.ABOUT, None, form)
    with refusals_told(request):
        directory.report_correction(user=application.applicant, now=timezone.now(), **form.cleaned_data)
        messages.success(request, "Thank you. The branch office will look at it and tell you.")
    return redirect("application_step", pk, Step.ABOUT.value)


@access(signed_in)
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
        if form.is_valid() and _submit(request, application, form):
            return redirect("application", pk)
        if problem:
            workflow.report_route_problem(application=application, by=user, now=now)
    if request.method != "POST" or _stale(form, preview):
        initial = {"digest": preview.digest if preview else ""}
        form = SubmitForm(initial=initial, application=application, request=request)
    missing = still_missing(application)
    context = {
        "application": application,
        "cohort": application.cohort,
        "steps": _progress(application, Step.REVIEW, _begun(application), missing),
        "missing": missing,
        "warnings": checks.warnings(application),
        "preview": preview,
        "changes": preview and readers.changes_for(application, user, text=preview.text),
        "problem": problem,
        "too_late": drafting.came_too_late(application, now=now),
        "conflict": _conflict(application),
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
    except workflow.NotComplete:
        messages.error(request, "Something is still missing; see the list below.")
        return False
    except NameDoesNotMatch as refusal:
        form.refuse(refusal)
        return False
    except Refused as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(request, "Your application is on its way. We write to you at every step.")
    return True
