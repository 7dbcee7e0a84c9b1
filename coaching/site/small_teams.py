"""The branch office decides how a team goes on that a departure left too small (T1), or who joins a whole one, with
everybody's consent (T4)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coaching import team_changes, team_dates
from coaching.days import today_of
from coaching.errors import Refused, refusals_told
from coaching.models import Membership, Participant, Team, TeamChange
from coaching.permissions import access, branch_office, office_cohorts, post_only
from coaching.site import lifecycle
from coaching.site.forms_teams import AskingForm, SmallTeamForm
from coaching.site.waiting.cards import day
from coaching.team_ways import refuse_asked, ways
from meetings import waivers


def _room(team: Team) -> HttpResponse:
    return redirect(f"{reverse('cohort_teams', args=[team.cohort_id])}#team-{team.pk}")


def _change(request: HttpRequest, pk: int) -> TeamChange:
    rows = TeamChange.objects.filter(team__cohort__in=office_cohorts(request.user))  # type: ignore[arg-type]
    return get_object_or_404(rows.select_related("team__cohort__program", "team__cohort__branch"), pk=pk)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Team.objects.filter(cohort__in=office_cohorts(request.user))  # type: ignore[arg-type]
    team = get_object_or_404(rows.select_related("cohort__program", "cohort__branch"), pk=pk)
    places = Membership.objects.filter(team=team, ended_at=None).select_related("participant__user")
    members: list[Participant] = [place.participant for place in places]
    small = team_changes.is_small(team, members)
    if not small and not team_changes.has_room(team, members):
        messages.info(request, f"{team} is not too small, so there is nothing to decide.")
        return _room(team)
    try:
        refuse_asked(team.cohort, [each.pk for each in members])
    except Refused as refusal:
        messages.info(request, str(refusal))
        return _room(team)
    data = request.POST if request.method == "POST" else None
    offered = ways(team)
    today = today_of(team.cohort, timezone.now())
    could = {each.pk: each for way in offered for each in way.joining}
    missed = waivers.to_make_up(list(could.values()), on=today)
    too_late = [] if waivers.takes_plans(team.cohort, on=today) else [could[pk] for pk in missed]
    offered = [way for way in offered if not set(way.joining) & set(too_late)]
    names = {pk: " and ".join(month.label for month in months) for pk, months in missed.items()}
    form = SmallTeamForm(data, cohort=team.cohort, ways=offered, missed=names)
    if request.method == "POST" and form.is_valid():
        try:
            change = lifecycle.ask_about_team(
                team=team,
                kind=form.chosen.kind,
                joining=form.chosen.joining,
                reason=form.cleaned_data["reason"],
                answer_by=form.cleaned_data["answer_by"],
                plan=form.cleaned_data.get("plan", ""),
                by=request.user,  # type: ignore[arg-type]
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            asked = change.consents.count()
            people = "1 person is" if asked == 1 else f"{asked} people are"
            messages.success(request, f"{people} asked by mail. You confirm when everybody has agreed.")
            return _room(team)
    context = {
        "team": team,
        "cohort": team.cohort,
        "members": members,
        "form": form,
        "small": small,
        "too_late": too_late,
        "takes_plans": waivers.takes_plans(team.cohort, on=today),
    }
    return render(request, "teams/small.html", context)


def _room_of(request: HttpRequest, pk: int) -> HttpResponse:
    return _room(_change(request, pk).team)


@access(branch_office)
@post_only(_room_of)
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    change = _change(request, pk)
    with refusals_told(request):
        lifecycle.confirm_change(change=change, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, f"Confirmed: {change.words} Everybody who was asked is told by mail.")
    return _room(change.team)


@access(branch_office)
@post_only(_room_of)
def move_date(request: HttpRequest, pk: int) -> HttpResponse:
    """Of any open question about a team, a new one's too."""
    change = _change(request, pk)
    form = AskingForm(request.POST, cohort=change.team.cohort)
    if not form.is_valid():
        messages.error(request, f"The day was not moved. {form.errors['answer_by'][0]}")
        return _room(change.team)
    answer_by = form.cleaned_data["answer_by"]
    with refusals_told(request):
        team_dates.move(change=change, answer_by=answer_by, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        if change.answer_by == answer_by:
            messages.info(request, f"{day(answer_by)} is the day already. Nobody was written to.")
        else:
            words = f"{change.team}: the answers are asked for by {day(answer_by)}."
            messages.success(request, f"{words} Whoever has not answered is told by mail.")
    return _room(change.team)


@access(branch_office)
@post_only(_room_of)
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    change = _change(request, pk)
    with refusals_told(request):
        team_changes.take_back(change=change, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, "The question is taken back. Nothing has changed.")
    return _room(change.team)
