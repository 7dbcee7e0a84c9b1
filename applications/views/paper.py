"""The branch office's pages for paper: whose it is, what it says, a single signature, and the scan (A15)."""

from datetime import date

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from applications import checks, drafting, on_paper, paper, readers, routing
from applications.forms.paper import FindPersonForm, PaperForm, PaperSignatureForm, ReceiveForm
from applications.forms.paper_answers import (
    PaperCompetenciesForm,
    PaperProjectForm,
    PaperWhyForm,
    said_to_the_office,
)
from applications.models import Application
from coaching import permissions
from coaching.errors import Refused
from coaching.models import Cohort, Competency, OrgUnit, Scan, User
from coaching.paper_form import scan_file
from coaching.permissions import access, branch_office, signed_in

MOST_FOUND = 20
READ_BY = "The applicant, those who sign the application, the branch office, and the administrators."


def _cohort(request: HttpRequest, pk: int) -> Cohort:
    cohorts = permissions.office_cohorts(request.user)  # type: ignore[arg-type]
    return get_object_or_404(cohorts.select_related("program", "branch", "competency_model"), pk=pk)


def _people(cohort: Cohort) -> "QuerySet[User]":
    """The people of the branch (F5)."""
    units = OrgUnit.objects.under(cohort.branch)
    return User.objects.filter(is_active=True, unit__in=units).select_related("unit", "supervisor")


@access(branch_office)
@require_safe
def find_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Whose application it is: searched for, since a branch may have thousands of people."""
    cohort = _cohort(request, pk)
    words = request.GET.get("q", "")[:100].split()
    found = _people(cohort).exclude(pk=request.user.pk or 0)
    for word in words:
        found = found.filter(Q(name__icontains=word) | Q(email__icontains=word))
    people = list(found.order_by("name", "pk")[: MOST_FOUND + 1]) if words else []
    context = {
        "cohort": cohort,
        "form": FindPersonForm(initial={"q": " ".join(words)}),
        "words": " ".join(words),
        "people": people[:MOST_FOUND],
        "more": len(people) > MOST_FOUND,
        "printed": Application.objects.filter(
            cohort=cohort, paper_text__isnull=False, status__in=Application.EDITABLE
        )
        .select_related("applicant", "paper_text")
        .order_by("paper_text__created_at"),
    }
    return render(request, "applications/paper_person.html", context)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, pk: int, person_pk: int) -> HttpResponse:
    """The whole paper on one page: the answers of each step, then dates, signatures and scan."""
    cohort = _cohort(request, pk)
    person = get_object_or_404(_people(cohort), pk=person_pk)
    try:
        today = drafting.today_of(cohort, timezone.now())
        paper.check_applicant(cohort, person, request.user)  # type: ignore[arg-type]
        route = routing.route_for(person, cohort, on=today)
    except Refused as problem:
        messages.error(request, str(problem))
        return redirect("paper_person", pk)
    forms = _forms(request, cohort, person, route)
    missing: list[checks.Finding] = []
    if request.method == "POST":
        wrong = {name for form in forms.values() for name in form.errors}
        missing = [finding for finding in _missing(forms, today) if finding.field not in wrong]
        if not wrong and not missing:
            try:
                application = _enter(request, cohort, person, forms)
            except Refused as refusal:
                forms["paper"].refuse(refusal)  # type: ignore[attr-defined]
            else:
                messages.success(request, f"Entered. {person} gets a mail, and so does whoever signs next.")
                return redirect("application", application.pk)
        forms["paper"].ask_again_for_the_scan()  # type: ignore[attr-defined]
    has_errors = bool(missing) or any(form.errors for form in forms.values())
    context = {"cohort": cohort, "person": person, "missing": missing, "has_errors": has_errors, **forms}
    return render(request, "applications/paper_enter.html", context)


def _missing(forms: dict[str, BaseForm], today: date) -> list[checks.Finding]:
    """What the program asks for and the paper does not say; a field in error counts as not said."""
    answers = {**forms["why"].cleaned_data, **forms["project"].cleaned_data}
    data = forms["competencies"].cleaned_data
    rated: list[Competency] = forms["competencies"].competencies  # type: ignore[attr-defined]
    ratings = {each.pk: data.get(drafting.rating_name(each.pk), "") for each in rated}
    # A3: the concept was discussed before the applicant signed.
    signed_date = forms["paper"].cleaned_data.get("signed_date", today)
    return [
        said_to_the_office(finding, answered=bool(answers.get(finding.field)))
        for finding in checks.lacking(answers, ratings, rated, on=signed_date)
    ]


def _forms(
    request: HttpRequest, cohort: Cohort, person: User, route: list[routing.Signer]
) -> dict[str, BaseForm]:
    data = request.POST if request.method == "POST" else None
    blank = Application(cohort=cohort, applicant=person)
    competencies = list(cohort.competency_model.competencies.prefetch_related("skills"))
    return {
        "why": PaperWhyForm(data, instance=blank, read_by=READ_BY),
        "competencies": PaperCompetenciesForm(data, competencies=competencies, ratings={}, read_by=READ_BY),
        "project": PaperProjectForm(data, instance=blank, read_by=READ_BY),
        "paper": PaperForm(data, request.FILES or None, route=route, officer=request.user),
    }


def _enter(request: HttpRequest, cohort: Cohort, person: User, forms: dict[str, BaseForm]) -> Application:
    form: PaperForm = forms["paper"]  # type: ignore[assignment]
    ratings = forms["competencies"].answers()  # type: ignore[attr-defined]
    by_name = {drafting.rating_name(each.pk): each for each in forms["competencies"].competencies}  # type: ignore[attr-defined]
    return paper.enter(
        cohort=cohort,
        applicant=person,
        answers={**forms["why"].cleaned_data, **forms["project"].cleaned_data},
        ratings={by_name[name]: answer for name, answer in ratings.items()},
        received_date=form.cleaned_data["received_date"],
        signed_date=form.cleaned_data["signed_date"],
        signatures=form.signatures(),
        attested=form.attested(),
        by=request.user,  # type: ignore[arg-type]
        now=timezone.now(),
    )


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def signature(request: HttpRequest, pk: int) -> HttpResponse:
    """Whoever it waits on has signed on paper."""
    user: User = request.user  # type: ignore[assignment]
    related = ("cohort__program", "cohort__branch", "applicant", "current_text")
    ours = Application.objects.submitted().filter(cohort__in=permissions.office_cohorts(user).values("pk"))
    application = get_object_or_404(ours.select_related(*related), pk=pk)
    step = application.current_step()
    if step is None or application.status != Application.Status.IN_REVIEW or step.route_step.decides:
        messages.info(request, "Nothing waits here that can be signed on paper.")
        return redirect("application", pk)
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    form = PaperSignatureForm(*data, application=application, step=step, officer=user)
    if form.is_valid():
        try:
            paper.record_signature(
                application=application,
                signature=form.signature(),
                attested=form.attested(),
                by=user,
                now=timezone.now(),
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, "Recorded with its scan. The application goes on to the next office.")
            return redirect("application", pk)
    if form.is_bound:
        form.ask_again_for_the_scan()
    context = {"application": application, "cohort": application.cohort, "step": step, "form": form}
    return render(request, "applications/paper_signature.html", context)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest, pk: int) -> HttpResponse:
    """The text that an applicant printed came back signed, perhaps by others as well."""
    user: User = request.user  # type: ignore[assignment]
    ours = Application.objects.filter(cohort__in=permissions.office_cohorts(user).values("pk"))
    printed = ours.filter(paper_text__isnull=False, status__in=Application.EDITABLE)
    related = ("cohort__program", "cohort__branch", "applicant", "paper_text")
    application = get_object_or_404(printed.select_related(*related), pk=pk)
    try:
        today = drafting.today_of(application.cohort, timezone.now())
        route = routing.route_for(application.applicant, application.cohort, on=today)
    except Refused as problem:
        messages.error(request, str(problem))
        return redirect("paper_person", application.cohort_id)
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ReceiveForm(*data, route=route, officer=user)
    if form.is_valid():
        days = {name: form.cleaned_data[name] for name in ("received_date", "signed_date")}
        try:
            paper.receive(
                application=application,
                signatures=form.signatures(),
                attested=form.attested(),
                by=user,
                now=timezone.now(),
                **days,
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(
                request, f"Entered. {application.applicant} gets a mail, and so does whoever signs next."
            )
            return redirect("application", pk)
    if form.is_bound:
        form.ask_again_for_the_scan()
    context = {
        "application": application,
        "cohort": application.cohort,
        "void": on_paper.why_void(application, now=timezone.now()),
        "form": form,
    }
    return render(request, "applications/paper_receive.html", context)


@access(signed_in)
@require_safe
def scan(request: HttpRequest, pk: int, scan_pk: int) -> HttpResponse:
    """For whoever may read the text that is signed on it."""
    texts = readers.texts_visible_to(request.user, of=pk)  # type: ignore[arg-type]
    found = get_object_or_404(
        Scan.objects.filter(sign_offs__text__in=texts.values("pk")).distinct(), pk=scan_pk
    )
    return scan_file(found, name=f"signed-application-{pk}-{found.pk}")
