"""The short steps of an application: open one, save it by its buttons or while it is written, compare two tabs."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from applications import answers, checks, drafting, guidance, routing, sharing
from applications.checks import Step
from applications.forms.writing import (
    AnswersForm,
    CompetenciesForm,
    CorrectionForm,
    ProjectForm,
    WhyForm,
    mark_missing,
)
from applications.models import Application
from applications.views import keeping
from applications.views.writing import begun_steps, own, own_conflict, progress, returned, still_missing
from coaching import directory
from coaching.errors import Refused, refusals_told
from coaching.models import User
from coaching.permissions import access, post_only, signed_in

PAGES = (Step.ABOUT, Step.WHY, Step.COMPETENCIES, Step.PROJECT)
StepForm = AnswersForm | CompetenciesForm


def form_of(application: Application, step: Step, data: object = None) -> StepForm | None:
    read_by = guidance.readers(sharing.names(application))
    if step == Step.WHY:
        return WhyForm(data, instance=application, read_by=read_by)
    if step == Step.PROJECT:
        return ProjectForm(data, instance=application, read_by=read_by)
    if step == Step.COMPETENCIES:
        ratings = {rating.competency_id: rating for rating in application.ratings.all()}
        rated = checks.competencies_of(application)
        return CompetenciesForm(data, competencies=rated, ratings=ratings, read_by=read_by)
    return None


@access(signed_in)
@never_cache  # the back button shows what is saved now
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """One short step; every send saves it, whatever is still missing."""
    user: User = request.user  # type: ignore[assignment]
    application = own(user, pk)
    if step not in PAGES:
        raise Http404
    here = Step(step)
    if request.method == "POST" and here != Step.ABOUT:
        return _send(request, application, here)
    if not application.is_editable:
        return redirect("application", pk)
    if request.method == "POST":
        return _after(request, application, here)
    return _page(request, application, here, form_of(application, here), CorrectionForm())


def _send(request: HttpRequest, application: Application, here: Step) -> HttpResponse:
    """Save what was sent. What htmx sends while somebody writes is answered with a line; a button leads on."""
    user: User = request.user  # type: ignore[assignment]
    form = form_of(application, here, request.POST)
    assert form is not None
    form.is_valid()
    kept = chosen(request.POST, form.answers())
    try:
        if kept:
            _save(application, user, form, kept, seen=request.POST.get("seen"))
    except drafting.SavedElsewhere as refusal:
        return _saved_elsewhere(request, refusal, here, form)
    except Refused as refusal:
        return _not_saved(request, own(user, application.pk), here, form, refusal)
    saved = own(user, application.pk)
    if request.htmx:  # type: ignore[attr-defined]
        return _line(request, saved, here, form)
    if form.errors:
        return _page(request, saved, here, form, CorrectionForm())
    return _after(request, saved, here)


def chosen(sent: QueryDict, given: dict[str, object]) -> dict[str, object]:
    """What is to be saved: all of it, unless two tabs were compared and something of the other was chosen."""
    if sent.get("keep") == "saved":
        return {}
    if sent.get("keep") == "chosen":
        return {name: answer for name, answer in given.items() if sent.get(f"keep_{name}") != "saved"}
    return given


def _save(
    application: Application, by: User, form: StepForm, kept: Mapping[str, Any], *, seen: str | None
) -> None:
    now = timezone.now()
    if isinstance(form, CompetenciesForm):
        by_name = {answers.rating_name(each.pk): each for each in form.competencies}
        ratings = {by_name[name]: answer for name, answer in kept.items()}
        drafting.save_ratings(application=application, by=by, ratings=ratings, now=now, seen=seen)
    else:
        drafting.save_answers(application=application, by=by, answers=kept, now=now, seen=seen)


# What a save is answered with


def _line(request: HttpRequest, application: Application, here: Step, form: StepForm) -> HttpResponse:
    """For htmx: when it was saved, what the step still lacks, and the digest of what is stored now."""
    lacking = [finding for finding in still_missing(application) if finding.step == here]
    context = {
        "application": application,
        "errors": [(form[name].label, problems) for name, problems in form.errors.items()],
        "lacking": lacking,
        "seen": answers.digest(application, here),
    }
    return render(request, "applications/_saved.html", context)


def _saved_elsewhere(
    request: HttpRequest, refusal: drafting.SavedElsewhere, here: Step, form: StepForm
) -> HttpResponse:
    application = refusal.application
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "applications/_saved_elsewhere.html", {"application": application}, status=409)
    context = {
        "application": application,
        "cohort": application.cohort,
        "step": here,
        "differences": answers.differences(application, here, form.answers(), refusal.names),
        "typed": keeping.typed(request.POST, here),
        "then": request.POST.get("then", "continue"),
        "seen": answers.digest(application, here),
        "address": request.path,
    }
    return render(request, "applications/step_compare.html", context)


def _not_saved(
    request: HttpRequest, application: Application, here: Step, form: StepForm, refusal: Refused
) -> HttpResponse:
    """It was sent, or settled, in the meantime: what was typed is shown once more, to be copied."""
    if request.htmx:  # type: ignore[attr-defined]
        context = {"application": application, "refusal": refusal}
        return render(request, "applications/_not_saved.html", context, status=409)
    if keeping.typed(request.POST, here) and answers.differing(application, here, form.answers()):
        return keeping.page(
            request, here, refusal=refusal, address=reverse("application", args=[application.pk])
        )
    messages.error(request, str(refusal))
    return redirect("application", application.pk)


def _saved_message(application: Application) -> str:
    if drafting.came_too_late(application, now=timezone.now()):
        return "Saved. Applications have closed, so it cannot be sent now."
    if application.status == Application.Status.RETURNED:
        return "Saved. Sign and submit it again when it is ready."
    return "Saved. You can go on at any time until applications close."


def _after(request: HttpRequest, application: Application, here: Step) -> HttpResponse:
    then = request.POST.get("then")
    if then == "leave":
        messages.success(request, _saved_message(application))
        return redirect("application", application.pk)
    if then == "stay":
        messages.success(request, _saved_message(application))
        return redirect("application_step", application.pk, here.value)
    steps = list(Step)
    following = steps[steps.index(here) + 1]
    lacking = [each for each in still_missing(application) if each.step == here]
    if lacking and following != Step.REVIEW:  # the review lists them itself
        number = "1 answer is" if len(lacking) == 1 else f"{len(lacking)} answers are"
        messages.info(
            request,
            f"Saved. {number} still missing in “{here.label}”: go back to it at any time to see which.",
        )
    if following == Step.REVIEW:
        return redirect("application_review", application.pk)
    return redirect("application_step", application.pk, following.value)


# The page of a step


def _page(
    request: HttpRequest,
    application: Application,
    here: Step,
    form: StepForm | None,
    correction_form: CorrectionForm,
) -> HttpResponse:
    steps = list(Step)
    before = steps[steps.index(here) - 1] if here != Step.ABOUT else None
    missing, begun = still_missing(application), begun_steps(application)
    lacking = [finding for finding in missing if finding.step == here and here in begun]
    if form is not None and not form.is_bound:
        mark_missing(form, lacking)
    context = {
        "application": application,
        "cohort": application.cohort,
        "step": here,
        "steps": progress(application, here, begun, missing),
        "lacking": lacking,
        "conflict": own_conflict(application) if here == Step.ABOUT else None,
        "too_late": drafting.came_too_late(application, now=timezone.now()),
        "back": before and reverse("application_step", args=[application.pk, before.value]),
        "form": form,
        "seen": answers.digest(application, here),
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


def _about_page(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("application_step", own(request.user, pk).pk, Step.ABOUT.value)  # type: ignore[arg-type]


@access(signed_in)
@post_only(_about_page)
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the directory has wrong; the branch office confirms."""
    application = own(request.user, pk)  # type: ignore[arg-type]
    form = CorrectionForm(request.POST)
    if not form.is_valid():
        return _page(request, application, Step.ABOUT, None, form)
    with refusals_told(request):
        directory.report_correction(user=application.applicant, now=timezone.now(), **form.cleaned_data)
        messages.success(request, "Thank you. The branch office will look at it and tell you.")
    return redirect("application_step", pk, Step.ABOUT.value)
