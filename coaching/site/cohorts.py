"""Cohorts for the branch office: its list, its settings, and the page that leads to every room."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from applications.models import Application
from certificates.models import Certificate
from coaching.cohorts import (
    DaysChanged,
    Phase,
    Standing,
    change_closed_days,
    change_cohort,
    standing,
)
from coaching.counting import NumberOf
from coaching.days import today_of
from coaching.errors import Refused, refusals_told
from coaching.in_words import long_date
from coaching.meanwhile import BothChanged
from coaching.meeting_times import week_choices
from coaching.models import ClosedDay, Cohort, Membership, Participant, Team, User
from coaching.permissions import (
    access,
    any_of,
    branch_office,
    deputy,
    deputy_cohorts,
    office_cohorts,
    signed_in,
)
from coaching.site import lifecycle
from coaching.site.checklist.step import State
from coaching.site.checklist.whole_year import steps_of
from coaching.site.forms_cohorts import CohortForm, LeaveForm
from coaching.site.reports.scopes import Scope
from meetings import attention, leave, notes
from meetings.dates import clock

PARTICIPANTS_ON_A_PAGE = 50
COHORTS_ON_A_PAGE = 20


def readable_cohorts(user: User) -> "QuerySet[Cohort]":
    """The branch office's own (F5, T10), and for reading those of the branches this person heads."""
    today = timezone.localdate()
    mine = office_cohorts(user, on=today).values("pk")
    return Cohort.objects.filter(Q(pk__in=mine) | Q(pk__in=deputy_cohorts(user, on=today).values("pk")))


@dataclass(frozen=True)
class Row:
    cohort: Cohort
    standing: Standing


@access(any_of(branch_office, deputy))
@require_safe
def cohort_list(request: HttpRequest) -> HttpResponse:
    rows = readable_cohorts(request.user).select_related("branch", "program")  # type: ignore[arg-type]
    here = Participant.objects.exclude(status=Participant.Status.LEFT)
    teams = Team.objects.exclude(status=Team.Status.ENDED)
    rows = rows.prefetch_related("program__curriculum").annotate(
        participant_count=NumberOf(here.filter(cohort=OuterRef("pk"))),
        team_count=NumberOf(teams.filter(cohort=OuterRef("pk"))),
    )
    rows = rows.order_by("-first_month", "pk")
    page = Paginator(rows, COHORTS_ON_A_PAGE).get_page(request.GET.get("page"))
    today = timezone.localdate()
    listed = [Row(cohort, standing(cohort, today=today)) for cohort in page.object_list]
    context = {"page": page, "rows": listed, "may_open": branch_office(request.user)}  # type: ignore[arg-type]
    return render(request, "cohorts/list.html", context)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def cohort_edit(request: HttpRequest, pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    cohort = get_object_or_404(office_cohorts(user).select_related("program", "branch"), pk=pk)
    name, today = str(cohort), timezone.localdate()
    ahead = ClosedDay.objects.filter(branch=cohort.branch, date__gte=today)
    closed = {day.date: day.name for day in ahead}
    form = CohortForm(request.POST or None, instance=cohort, today=today, closed=closed)
    if request.method == "POST" and form.is_valid():
        try:
            is_new = _save(form, by=user)
        except DaysChanged as refusal:
            form.days_shown_again(refusal)
        except BothChanged as refusal:
            form.shown_again(refusal)
        except (Refused, ValidationError) as refusal:
            form.add_error(None, in_words_of(refusal))
        else:
            messages.success(request, "Saved." if is_new else "Nothing was changed.")
            return redirect("cohort", cohort.pk)
    return render(request, "cohorts/form.html", {"form": form, "cohort": cohort, "name": name})


@transaction.atomic
def _save(form: CohortForm, *, by: User) -> bool:
    """Whether anything became another."""
    now, cohort, add, remove = timezone.now(), form.instance, form.newly_closed, form.open_again
    changed = change_cohort(cohort=cohort, values=form.values, by=by, now=now, seen=form.seen)
    seen = form.cleaned_data["closed_days_shown"]
    change_closed_days(branch=cohort.branch, add=add, remove=remove, by=by, now=now, seen=seen)
    return bool(changed or add or remove)


def in_words_of(refusal: Exception) -> str | list[str]:
    return refusal.messages if isinstance(refusal, ValidationError) else str(refusal)


@access(any_of(branch_office, deputy))
@require_safe
def cohort_page(request: HttpRequest, pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    cohorts = readable_cohorts(user).select_related("branch", "program", "competency_model", "opened_by")
    cohort = get_object_or_404(cohorts.prefetch_related("program__curriculum__competencies"), pk=pk)
    office = office_cohorts(user).filter(pk=pk).exists()
    where = standing(cohort, today=timezone.localdate())
    page = Paginator(_participants(cohort), PARTICIPANTS_ON_A_PAGE).get_page(request.GET.get("page"))
    if office:
        away = leave.away(cohort, today_of(cohort, timezone.now()))
        for participant in page.object_list:
            participant.away_until = away.get(participant.pk)  # type: ignore[attr-defined]
    context = {
        "cohort": cohort,
        "office": office,
        "standing": where,
        "runs": where.phase == Phase.MEETINGS,
        "facts": _facts(cohort),
        "numbers": _numbers(cohort, office=office),
        "report": Scope(cohort=cohort.pk),
        "curriculum": cohort.program.curriculum.all(),
        "route": cohort.program.route.all(),
        "requirements": cohort.program.requirements.all(),
        "page": page,
    }
    return render(request, "cohorts/cohort.html", context)


@access(branch_office)
@require_safe
def cohort_checklist(request: HttpRequest, pk: int) -> HttpResponse:
    """The year step by step: what is late first."""
    user: User = request.user  # type: ignore[assignment]
    cohorts = office_cohorts(user).select_related("branch__head", "program")
    cohort = get_object_or_404(cohorts.prefetch_related("program__curriculum", "program__route"), pk=pk)
    now = timezone.now()
    steps = steps_of(cohort, now=now)
    context = {
        "cohort": cohort,
        "standing": standing(cohort, today=today_of(cohort, now)),
        "late": [step for step in steps if step.state is State.LATE],
        "steps": steps,
        "in_danger": attention.in_danger(cohort, today=today_of(cohort, now)),
    }
    return render(request, "cohorts/checklist.html", context)


def _participants(cohort: Cohort) -> "QuerySet[Participant]":
    standing_teams = Membership.objects.filter(ended_at=None).select_related("team")
    rows = cohort.participants.select_related(*Participant.NOW, "classification")
    return rows.prefetch_related(Prefetch("memberships", queryset=standing_teams, to_attr="places"))


def _facts(cohort: Cohort) -> list[tuple[str, str]]:
    week = dict(week_choices())[cohort.meeting_week]
    return [
        (
            "Applications",
            f"{long_date(cohort.applications_open_date)} to {long_date(cohort.applications_close_date)}",
        ),
        ("Meetings", f"From {cohort.first_month:%B %Y}, {cohort.months} months"),
        (
            "Usual day",
            f"{week} {cohort.get_meeting_weekday_display()} of the month, {clock(cohort.meeting_start_time)}",
        ),
        ("Usual place", cohort.meeting_place),
        ("Seats", str(cohort.seats)),
        ("Career tracks", cohort.get_track_preference_display()),
        (
            "Supervisors and signers",
            "Kept apart from those they sign for" if cohort.keep_signers_apart else "May share a team",
        ),
        ("Whether one agrees to a team", f"Asked for within {cohort.agreement_days} days"),
        ("A meeting counts with", f"{cohort.quorum} members or more"),
        ("Months that may be missed", str(cohort.missed_months_allowed or "None")),
        (
            "Another team’s meeting",
            "Makes a missed month good" if cohort.other_team_counts else "Does not count",
        ),
        ("Evaluations stay open", f"{cohort.evaluation_days} days"),
        ("What teams wrote", f"Deleted {cohort.notes_days} days after the last month"),
        (
            "Contact",
            ", ".join(filter(None, (cohort.contact_role, cohort.contact_email, cohort.contact_phone))),
        ),
        ("Competency model", str(cohort.competency_model)),
    ]


def applications_by_status(cohort: Cohort) -> list[tuple[str, int]]:
    """T5: submitted applications, counted; drafts are their authors' own. In the order of their way."""
    rows = Application.objects.filter(cohort=cohort).submitted().values_list("status").annotate(Count("pk"))
    counts = dict(rows.order_by())
    return [(str(status.label), counts[status]) for status in Application.Status if counts.get(status)]


def in_words(counts: list[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {label.lower()}" for label, count in counts) or "none yet"


@dataclass(frozen=True)
class Number:
    """One figure of the overview, what it is made of, and the room it leads to, if the reader has it."""

    label: str
    count: int
    details: str
    address: str = ""


def _numbers(cohort: Cohort, *, office: bool) -> list[Number]:
    people = dict(cohort.participants.values_list("status").annotate(Count("pk")).order_by())
    teams = dict(cohort.teams.values_list("status").annotate(Count("pk")).order_by())
    here = people.get("active", 0) + people.get("completed", 0)
    meetings = dict(cohort.meetings.values_list("status").annotate(Count("pk")).order_by())
    applications = applications_by_status(cohort)
    return [
        Number(
            "Applications",
            sum(count for _, count in applications),
            in_words(applications),
            reverse("cohort_applications", args=[cohort.pk]),
        ),
        Number(
            "Participants",
            here,
            f"of {cohort.seats} seats; {people.get('completed', 0)} completed, {people.get('left', 0)} left",
        ),
        Number(
            "Teams",
            teams.get("awaiting_agreement", 0) + teams.get("confirmed", 0),
            f"{teams.get('confirmed', 0)} confirmed, {teams.get('awaiting_agreement', 0)} being agreed to",
            reverse("cohort_teams", args=[cohort.pk]) if office else "",
        ),
        Number(
            "Meetings",
            meetings.get("held", 0),
            f"held; {meetings.get('planned', 0)} ahead",
            reverse("office_meetings_cohort", args=[cohort.pk]) if office else reverse("branch_meetings"),
        ),
        Number(
            "Certificates",
            Certificate.objects.filter(participant__cohort=cohort, status=Certificate.Status.VALID).count(),
            "issued and standing",
            reverse("certificate_completion", args=[cohort.pk]) if office else "",
        ),
    ]


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def participation_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """F3: the participant leaves at any time; the branch office may record it for them."""
    user: User = request.user  # type: ignore[assignment]
    within = Participant.objects.filter(Q(user=user) | Q(cohort__in=office_cohorts(user)))
    rows = within.select_related("user", "cohort__program")
    participant = get_object_or_404(rows.exclude(status=Participant.Status.LEFT), pk=pk)
    own = participant.user_id == user.pk
    form = LeaveForm(request.POST or None, own=own)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"].strip()
        with refusals_told(request):
            lifecycle.leave(participant=participant, reason=reason, by=user, now=timezone.now())
            who = "You have" if own else f"{participant} has"
            messages.success(request, f"{who} left the {participant.cohort}.")
        return redirect("home") if own else redirect("cohort", participant.cohort_id)
    context = {"form": form, "participant": participant, "own": own, "cohort": participant.cohort}
    context["deleted_on"] = notes.deleted_on(participant.cohort)
    return render(request, "cohorts/leave.html", context)
