"""Proposals as jobs: asked for, watched, stopped; another one around what is pinned; the change after somebody declined."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from coaching import jobs, team_alternatives, team_jobs, team_reopening
from coaching.errors import Refused, refusals_told
from coaching.formation.problem import percent_higher
from coaching.models import Cohort, Consent, Job, TeamProposal, User
from coaching.permissions import access, branch_office, office_cohorts, post_only
from coaching.site.forms_teams import HowLongForm, ReopenForm
from coaching.site.teams import cohort_of_office, room_of
from coaching.typed import number_of

UNFINISHED = (Job.Status.QUEUED, Job.Status.RUNNING)
WIDTH, HEIGHT = 320, 120  # of the picture, in its own units


@dataclass(frozen=True)
class Picture:
    """The best score so far and what no teams can exceed, over time, as the points of two lines."""

    scores: str
    bounds: str
    score: int
    bound: int

    @property
    def percent(self) -> str:
        """How much higher any other teams could score, at most; empty where that cannot be said."""
        return f"{percent_higher(self.score, self.bound):.1f}" if self.score > 0 else ""


def picture(job: Job) -> Picture | None:
    """None before the first teams were found."""
    points: list[tuple[float, int, int]] = job.result.get("points", [])
    if not points:
        return None
    low, high = points[0][1], max(bound for _, _, bound in points)
    last = max(points[-1][0], 1)

    def line(values: list[tuple[float, int]]) -> str:
        return " ".join(
            f"{WIDTH * seconds / last:.1f},{HEIGHT - HEIGHT * (value - low) / max(high - low, 1):.1f}"
            for seconds, value in values
        )

    return Picture(
        scores=line([(seconds, score) for seconds, score, _ in points]),
        bounds=line([(seconds, bound) for seconds, _, bound in points]),
        score=points[-1][1],
        bound=points[-1][2],
    )


def _cohort_room(request: HttpRequest, pk: int) -> HttpResponse:
    return room_of(cohort_of_office(request, pk))


def _start(request: HttpRequest, cohort: Cohort, **asked: object) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    seconds = HowLongForm.seconds_of(request.POST)
    job = team_jobs.start(cohort=cohort, by=user, now=timezone.now(), seconds=seconds, **asked)
    return redirect("teams_job", job.pk)


@access(branch_office)
@post_only(_cohort_room)
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = cohort_of_office(request, pk)
    if _has_draft(cohort):
        return _refuse_second_draft(request, cohort)
    return _start(request, cohort)


def _has_draft(cohort: Cohort) -> bool:
    return cohort.proposals.filter(status=TeamProposal.Status.DRAFT).exists()


def _refuse_second_draft(request: HttpRequest, cohort: Cohort) -> HttpResponse:
    messages.error(request, "There is a draft already. Publish or discard it before you ask for another.")
    return room_of(cohort)


def _job(request: HttpRequest, pk: int) -> tuple[Job, Cohort]:
    job = get_object_or_404(Job.objects.filter(kind=team_jobs.KIND), pk=pk)
    return job, cohort_of_office(request, int(job.arguments["cohort"]))


@access(branch_office)
@require_safe
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """Waits for the proposal; looks again by itself where scripts run, otherwise by a link."""
    work, cohort = _job(request, pk)
    htmx = bool(request.htmx)  # type: ignore[attr-defined]
    if work.status in UNFINISHED:
        template = "teams/_job.html" if htmx else "teams/job.html"
        context = {"job": work, "cohort": cohort, "picture": picture(work), "width": WIDTH, "height": HEIGHT}
        return render(request, template, context)
    if work.status == Job.Status.FAILED:
        messages.error(request, work.error)
    elif work.status == Job.Status.CANCELLED:
        messages.info(request, "The proposal was stopped. Nothing was changed.")
    address = reverse("cohort_teams", args=[cohort.pk])
    address += "#alternative" if "draft" in work.arguments and work.status == Job.Status.DONE else ""
    return HttpResponseClientRedirect(address) if htmx else redirect(address)


@access(branch_office)
@post_only(lambda request, pk: redirect("teams_job", _job(request, pk)[0].pk))
def job_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """The best so far is kept, if there is any."""
    work, _ = _job(request, pk)
    jobs.cancel(job=work, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    return redirect("teams_job", work.pk)


def _draft(request: HttpRequest, pk: int) -> TeamProposal:
    rows = TeamProposal.objects.filter(cohort__in=office_cohorts(request.user))  # type: ignore[arg-type]
    return get_object_or_404(rows.select_related("cohort__program", "cohort__branch"), pk=pk)


def _draft_room(request: HttpRequest, pk: int) -> HttpResponse:
    return room_of(_draft(request, pk).cohort)


@access(branch_office)
@post_only(_draft_room)
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Around what is pinned; the draft stays as it is beside it."""
    draft = _draft(request, pk)
    return _start(request, draft.cohort, draft=draft.pk)


@access(branch_office)
@post_only(_draft_room)
def take(request: HttpRequest, pk: int) -> HttpResponse:
    draft = _draft(request, pk)
    with refusals_told(request):
        effect = team_alternatives.take(
            proposal=draft,
            version=number_of(request.POST.get("version")),
            by=request.user,  # type: ignore[arg-type]
            now=timezone.now(),
        )
        messages.success(request, effect.in_words())
    return room_of(draft.cohort)


@access(branch_office)
@post_only(_draft_room)
def put_away(request: HttpRequest, pk: int) -> HttpResponse:
    draft = _draft(request, pk)
    with refusals_told(request):
        team_alternatives.put_away(proposal=draft, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, "The other proposal was put away. The draft is as it was.")
    return room_of(draft.cohort)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """T4: who declined, and whom to keep apart from them; then the change that asks the fewest people again."""
    cohort = cohort_of_office(request, pk)
    declined = team_reopening.declined(cohort)
    if not declined:
        messages.info(request, "Nobody declines now, so no team has to be formed anew.")
        return room_of(cohort)
    if _has_draft(cohort):
        return _refuse_second_draft(request, cohort)
    form = ReopenForm(
        request.POST or None, declined=_with_mates(declined), earlier=team_reopening.earlier(cohort)
    )
    if request.method == "POST" and form.is_valid():
        apart = form.apart()
        try:
            team_reopening.refuse_together(cohort, apart)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _start(request, cohort, what=team_jobs.REOPEN, apart=apart)
    context: dict[str, Any] = {"cohort": cohort, "declined": declined, "form": form}
    return render(request, "teams/reopen.html", context)


def _with_mates(declined: list[Consent]) -> list[tuple[Consent, list[Consent]]]:
    """Each with the others who are asked about the same team; one query."""
    everybody = Consent.objects.filter(change__in={consent.change_id for consent in declined})
    by_change: dict[int, list[Consent]] = {}
    for consent in everybody.select_related("participant__user"):
        by_change.setdefault(consent.change_id, []).append(consent)
    return [
        (consent, [each for each in by_change[consent.change_id] if each.pk != consent.pk])
        for consent in declined
    ]
