"""Pages for administrators: how long each series of records is kept, what is due, what is held, and the runs."""

import json
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from applications.models import Application
from coaching import holds, jobs
from coaching.errors import Refused, refusals_told
from coaching.models import (
    AuditPayload,
    Cohort,
    LegalHold,
    Message,
    Participant,
    Program,
    RetentionRun,
    RetentionTerm,
    Series,
    User,
)
from coaching.permissions import access, confirmed_lately, post_only, records_keeper
from coaching.site import records_due, retention
from coaching.site.mail_words import about
from coaching.site.records_forms import HoldForm, LiftForm, TermsForm

PER_PAGE = 25
WHAT_HAPPENS = {
    Series.APPLICATIONS: "Answers, comments and signed texts are erased, and who applied. How many applied, what they rated "
    "and what was decided stay.",
    Series.PARTICIPATION: "Projects, reasons and places are erased, and who took part. Teams, marks and figures stay. "
    "With them go pairings, drafts of teams, lists of certificates that were never approved, and the reasons of legal "
    "holds and orders. Whoever holds a certificate stays named until they leave.",
    Series.MAIL: "The rows are deleted.",
    Series.TRAIL: "The details are deleted. The events stay, and the chain still verifies.",
    Series.PEOPLE: "Name, address, what they reported as wrong, and all that leads to the person are erased.",
}
ALWAYS = (
    (
        "What teams write for each other",
        "Until the day the cohort names (90 days after its last month)",
        "Deleted with its key.",
    ),
    ("Evaluations", "Until the evaluation of the meeting closes", "Become answers of nobody."),
    ("Jobs, with reasons and results", "30 days", "Deleted."),
    ("Files with everything about a person", "A week", "Deleted."),
    ("Staff files that nobody imported", "A week", "Deleted."),
    ("Sessions", "Two weeks", "No longer count; deleted with each run."),
)
FOR_GOOD = (
    (
        "Certificates, their register, and the lists they were approved by",
        "Whoever has one can have it verified for as long as there is this site. Where it has ended, it stands why.",
    ),
    ("Seals, and how the key of one was lost", "Files that bear it go on to be verified."),
    ("Events of the audit trail", "Who did what to which record, and when, by numbers."),
    (
        "Number, court and days of a legal order, and who asked, decided and read",
        "Reading what a team wrote is accounted for. What it ordered is erased with the cohort.",
    ),
    (
        "On whom a legal hold stood, when and by whom",
        "Why something was kept. The reason is erased with what it held.",
    ),
    (
        "Names of staff files that were imported, with how many people each changed",
        "Where the directory is from.",
    ),
    (
        "Names, days and settings of cohorts, with the office that people asked",
        "Figures of past years say of what they are. A person’s address and telephone go with the person.",
    ),
    ("Resources of meetings", "They are the branch’s, for every cohort, and about nobody."),
)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


@dataclass(frozen=True)
class SeriesRow:
    name: str
    term: str
    what: str
    number: int


def _terms(found: list[retention.Due]) -> list[SeriesRow]:
    programs = list(Program.objects.order_by("name"))
    of_program = {Series.APPLICATIONS: "retention_years", Series.PARTICIPATION: "participation_years"}
    rows = []
    for series in Series:
        if series in of_program:
            years = [(getattr(each, of_program[series]), each.name) for each in programs]
            same = {each for each, _ in years}
            term = "\n".join(
                f"{number} full year{'' if number == 1 else 's'} after the cohort’s first year"
                + ("" if len(same) == 1 else f" ({name})")
                for number, name in (years[:1] if len(same) == 1 else years)
            )
        else:
            number = records_due.years_of(series)
            term = f"{number} year{'' if number == 1 else 's'}"
        number = sum(each.number for each in found if each.step.series == series)
        rows.append(SeriesRow(str(series.label), term, WHAT_HAPPENS[series], number))
    return rows


@access(records_keeper)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    found = retention.plan(today)
    standing = LegalHold.objects.in_force(today).select_related("person", "cohort__branch", "set_by")
    ended = LegalHold.objects.exclude(pk__in=standing.values("pk"))
    context = {
        "series": _terms(found),
        "always": ALWAYS,
        "for_good": FOR_GOOD,
        "programs": Program.objects.order_by("name"),
        "due": sum(each.number for each in found),
        "holds": standing,
        "ended_page": Paginator(
            ended.select_related("person", "cohort__branch", "set_by", "lifted_by"), PER_PAGE
        ).get_page(request.GET.get("page")),
        "runs": RetentionRun.objects.select_related("started_by").defer("shown")[:10],
    }
    return render(request, "records/index.html", context)


@access(records_keeper)
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed_lately
def terms(request: HttpRequest) -> HttpResponse:
    form = TermsForm(request.POST or None)
    if form.is_valid():
        try:
            with transaction.atomic():
                for series in RetentionTerm.OF_NO_PROGRAM:
                    years = form.cleaned_data[series.value]
                    retention.set_term(series=series, years=years, by=_user(request), now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved. Nothing is erased before the next run.")
            return redirect("records")
    return render(request, "records/terms.html", {"form": form, "programs": Program.objects.order_by("name")})


# What is due


@dataclass(frozen=True)
class DueRow:
    words: str
    number: int
    sample: list[str]


def _in_words(row: Any) -> str:
    match row:
        case Application():
            return f"{row.applicant}, {row.cohort}, {row.cohort.branch}: {row.get_status_display().lower()}"
        case Participant():
            return f"{row.user}, {row.cohort}, {row.cohort.branch}"
        case Cohort():
            return f"{row}, {row.branch}"
        case Message():
            return f"{about(row.kind)}, to {row.recipient}, {timezone.localtime(row.created_at):%B %-d, %Y}"
        case AuditPayload():
            return f"{row.event.action}, {timezone.localtime(row.event.at):%B %-d, %Y}"
        case User():
            return f"{row.name}, {row.email}"
        case _:
            return f"{row.get_kind_display()} of {timezone.localtime(row.created_at):%B %-d, %Y}"


@access(records_keeper)
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed_lately
def due(request: HttpRequest) -> HttpResponse:
    """The dry run; sent, it erases what it showed."""
    if request.method == "POST":
        try:
            run = retention.start(
                seen=_seen(request.POST.get("seen", "")), by=_user(request), now=timezone.now()
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("records_due")
        return redirect("records_run", run.pk)
    today = timezone.localdate()
    found = [each for each in retention.plan(today) if each.number]
    context = {
        "rows": [
            DueRow(each.step.words, each.number, [_in_words(row) for row in each.sample()]) for each in found
        ],
        "seen": json.dumps(retention.seen_of(found)),
        "held": LegalHold.objects.in_force(today).count(),
    }
    return render(request, "records/due.html", context)


def _seen(text: str) -> retention.Seen:
    try:
        return dict(json.loads(text))
    except (TypeError, ValueError):
        return {}


@access(records_keeper)
@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a run is, and what it has erased."""
    row = get_object_or_404(RetentionRun.objects.select_related("started_by"), pk=pk)
    job = jobs.latest(kind=retention.KIND, key=str(row.pk))
    is_running = row.status == RetentionRun.Status.RUNNING
    context = {
        "run": row,
        "job": job,
        "runs": is_running and job is not None and job.finished_at is None,
        "rows": [
            (step.words, row.planned[step.key], row.done.get(step.key, 0), row.failed.get(step.key, []))
            for step in retention.STEPS
            if step.key in row.planned
        ],
    }
    if request.htmx:  # type: ignore[attr-defined]
        return (
            render(request, "records/_run.html", context) if context["runs"] else HttpResponseClientRefresh()
        )
    return render(request, "records/run.html", context)


@access(records_keeper)
@post_only(lambda request, pk: redirect("records_run", get_object_or_404(RetentionRun, pk=pk).pk))
@confirmed_lately
def go_on(request: HttpRequest, pk: int) -> HttpResponse:
    """With a run that stopped half-way."""
    row = get_object_or_404(RetentionRun, pk=pk)
    with refusals_told(request):
        retention.start(seen={}, by=_user(request), now=timezone.now())
    return redirect("records_run", row.pk)


# Legal holds


@access(records_keeper)
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed_lately
def hold(request: HttpRequest) -> HttpResponse:
    form = HoldForm(request.POST or None)
    if form.is_valid():
        try:
            made = holds.set_hold(**form.cleaned_data, by=_user(request), now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Held from now on: {made.subject}.")
            return redirect(f"{reverse('records')}#holds")
    return render(request, "records/hold.html", {"form": form})


@access(records_keeper)
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed_lately
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(LegalHold.objects.select_related("person", "cohort__branch", "set_by"), pk=pk)
    if not row.is_in_force(timezone.localdate()):
        messages.info(request, f"The hold on {row.subject} has ended already.")
        return redirect(f"{reverse('records')}#holds")
    form = LiftForm(request.POST or None)
    if form.is_valid():
        with refusals_told(request):
            holds.lift(hold=row, reason=form.cleaned_data["reason"], by=_user(request), now=timezone.now())
            messages.success(request, f"Lifted: {row.subject}. Its terms count again.")
        return redirect(f"{reverse('records')}#holds")
    return render(request, "records/lift.html", {"form": form, "hold": row})
