"""The branch office's room for teams: a draft beside the pool, answers, confirmation (T1 to T10)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from coaching import team_agreement, team_dates, team_formation, team_jobs
from coaching.cohorts import is_over
from coaching.counting import NumberOf
from coaching.days import today_of
from coaching.errors import refusals_told
from coaching.formation.rules import join_words
from coaching.meeting_times import rule_in_words, time_for_all, usual_time
from coaching.models import Cohort, Consent, Participant, Team, TeamChange, TeamProposal, User
from coaching.permissions import access, branch_office, office_cohorts, post_only, signed_in
from coaching.site import board, lifecycle
from coaching.site.cohorts import applications_by_status, in_words
from coaching.site.forms_teams import DissolveForm, HowLongForm
from coaching.team_changes import agreed_to_go_on, has_room, is_small
from coaching.team_formation import confirmed_meanwhile
from coaching.team_problem import (
    ExplainedTeam,
    available,
    explain_standing,
    wishes_of,
    with_details,
)
from coaching.team_waiting import why_waiting


@dataclass(frozen=True)
class Card:
    """A published team: its people, what the rules say, and the answers."""

    team: Team
    explained: ExplainedTeam
    question: TeamChange | None
    small: bool
    today: date
    goes_on: TeamChange | None = None
    room: bool = False
    # What its members are asked about another team, which somebody of this one, or everybody, would join.
    elsewhere: TeamChange | None = None

    @property
    def consents(self) -> list[Consent]:
        return list(self.question.consents.all()) if self.question else []

    @property
    def declined(self) -> list[Consent]:
        return [consent for consent in self.consents if consent.answer == Consent.Answer.DECLINED]

    @property
    def undecided(self) -> bool:
        """T1: too small, and neither agreed to as it is nor asked about."""
        return self.small and not (self.goes_on or self.question or self.elsewhere)

    @property
    def can_be_joined(self) -> bool:
        """T1: whole, with room for one more, and nobody of it is asked anything."""
        return self.room and not (self.question or self.elsewhere)

    @property
    def waiting_for(self) -> list[Consent]:
        return [consent for consent in self.consents if consent.answer != Consent.Answer.AGREED]

    @property
    def unanswered(self) -> list[Consent]:
        return [consent for consent in self.consents if consent.answer == Consent.Answer.PENDING]

    @property
    def overdue(self) -> bool:
        return bool(self.question and self.unanswered and self.question.is_overdue(self.today))

    @property
    def last_day(self) -> date:
        """To which the date can be moved."""
        return team_dates.last_day(self.today)

    @property
    def when_it_meets(self) -> str:
        """M3, M4: by which rule its meetings will be laid out."""
        cohort = self.team.cohort
        for_all = time_for_all(cohort, [wishes_of(each) for each in self.explained.members])
        return f"Its meetings are laid out for {rule_in_words(cohort, for_all or usual_time(cohort))}."

    @property
    def can_be_confirmed(self) -> bool:
        """T4: everybody agreed; the branch office is the last. How a small team goes on was checked by itself."""
        if not self.consents or self.waiting_for:
            return False
        return self.team.status == Team.Status.CONFIRMED or not self.explained.broken


@access(signed_in)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    if not branch_office(user):
        if user.participations.exclude(status=Participant.Status.LEFT).exists():
            return redirect("my_team")
        raise Http404
    here = {"cohort": OuterRef("pk")}
    teams = Team.objects.filter(**here)
    cohorts = (
        office_cohorts(user)
        .select_related("branch", "program")
        .annotate(
            people=NumberOf(Participant.objects.filter(**here).exclude(status=Participant.Status.LEFT)),
            asked=NumberOf(teams.filter(status=Team.Status.AWAITING_AGREEMENT)),
            confirmed=NumberOf(teams.filter(status=Team.Status.CONFIRMED)),
            has_draft=Exists(TeamProposal.objects.filter(**here, status=TeamProposal.Status.DRAFT)),
        )
    )
    return render(request, "teams/index.html", {"cohorts": cohorts.order_by("-first_month", "pk")})


def cohort_of_office(request: HttpRequest, pk: int) -> Cohort:
    """One of the officer's cohorts (F5, T10), or 404."""
    rows = office_cohorts(request.user).select_related("program", "branch")  # type: ignore[arg-type]
    return get_object_or_404(rows, pk=pk)


def _team(request: HttpRequest, pk: int) -> Team:
    rows = Team.objects.filter(cohort__in=office_cohorts(request.user))  # type: ignore[arg-type]
    return get_object_or_404(rows.select_related("cohort__program", "cohort__branch"), pk=pk)


@access(branch_office)
@never_cache
@require_safe
def room(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = cohort_of_office(request, pk)
    draft = cohort.proposals.filter(status=TeamProposal.Status.DRAFT).first()
    context: dict[str, Any] = {"cohort": cohort, "draft": draft, "cards": cards(cohort)}
    if draft:
        draft.cohort = cohort
        shown = board.shown(draft, picked=request.GET.get("picked", ""))
        context["board"], people = shown, shown.explained.people
    else:
        people = with_details(available(cohort))
        context |= {"people": people, "why_waiting": why_waiting(cohort, len(people)) if people else ""}
    opened = [card for card in context["cards"] if draft and card.team.pk in draft.reopened]
    placed = {each.pk for card in opened for each in card.explained.members}
    waiting = [each for each in people if each.pk not in placed]
    context |= {
        "reopened": join_words([card.team for card in opened]) if opened else "",
        "stands": draft and confirmed_meanwhile(draft),
        "waiting_people": len(waiting),
        "answered": sum(wishes_of(each) is not None for each in waiting),
        "kept": cohort.pairings.standing().count(),
        "backgrounds": backgrounds(people),
    }
    context["applications"] = in_words(applications_by_status(cohort))
    context["job"] = team_jobs.last(cohort)
    context["how_long"] = HowLongForm()
    context["ended"] = cohort.teams.filter(status=Team.Status.ENDED).count()
    return render(request, "teams/room.html", context)


def cards(cohort: Cohort) -> list[Card]:
    """The published teams of a cohort, the ended ones aside; the same number of queries for any number of teams."""
    asked = Consent.objects.select_related(
        "participant__user", "participant__division", "participant__classification"
    )
    changes = TeamChange.objects.exclude(status=TeamChange.Status.CANCELLED).order_by("created_at", "pk")
    changes = changes.prefetch_related(Prefetch("consents", queryset=asked), *TeamChange.SAID)
    rows = cohort.teams.exclude(status=Team.Status.ENDED).select_related("confirmed_by")
    teams = list(rows.prefetch_related(Prefetch("changes", queryset=changes, to_attr="all_changes")))
    explained = explain_standing(cohort, teams)
    today = today_of(cohort, timezone.now())
    over = is_over(cohort, today=today)
    for team in teams:
        team.cohort = cohort
        for change in team.all_changes:
            change.team = team
    questions = _asked(teams)
    return [_card(team, explained[team.pk], questions, today=today, over=over) for team in teams]


def _asked(teams: Iterable[Team]) -> dict[int, TeamChange]:
    """By participant, the open question about how a small team goes on that they are asked (T1)."""
    changes: list[TeamChange] = [change for team in teams for change in team.all_changes]  # type: ignore[attr-defined]
    questions = [
        each for each in changes if each.status == TeamChange.Status.OPEN and each.kind != each.Kind.FORM
    ]
    return {consent.participant_id: each for each in questions for consent in each.consents.all()}


def _card(
    team: Team, explained: ExplainedTeam, asked: Mapping[int, TeamChange], *, today: date, over: bool
) -> Card:
    changes: list[TeamChange] = team.all_changes  # type: ignore[attr-defined]
    theirs = (asked[each.pk] for each in explained.members if each.pk in asked)
    return Card(
        team=team,
        explained=explained,
        question=next((each for each in changes if each.status == TeamChange.Status.OPEN), None),
        small=not over and is_small(team, explained.members),
        room=not over and has_room(team, explained.members),
        today=today,
        goes_on=agreed_to_go_on(explained.members, changes),
        elsewhere=next((each for each in theirs if each.team != team), None),
    )


def backgrounds(people: Iterable[Participant]) -> list[tuple[str, list[tuple[str, int]]]]:
    """T5: how many of each division, classification and track there are, the most frequent first."""
    people = list(people)
    facts = (
        ("Divisions", "division"),
        ("Job classifications", "classification"),
        ("Career tracks", "career_track"),
    )
    counted = []
    for title, fact in facts:
        names = Counter(str(getattr(person, fact) or "Not known") for person in people)
        counted.append((title, sorted(names.items(), key=lambda item: (-item[1], item[0]))))
    return counted


def room_of(cohort: Cohort) -> HttpResponse:
    return redirect("cohort_teams", cohort.pk)


def _cohort_room(request: HttpRequest, pk: int) -> HttpResponse:
    return room_of(cohort_of_office(request, pk))


@access(branch_office)
@post_only(_cohort_room)
def by_hand(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = cohort_of_office(request, pk)
    with refusals_told(request):
        team_formation.start_by_hand(cohort=cohort, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    return room_of(cohort)


@access(branch_office)
@post_only(lambda request, pk: room_of(_team(request, pk).cohort))
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    team = _team(request, pk)
    with refusals_told(request):
        lifecycle.confirm_team(team=team, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(
            request, f"{team} stands, and its meetings are planned. Its members are told by mail."
        )
    return redirect(f"{reverse('cohort_teams', args=[team.cohort_id])}#team-{team.pk}")


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def dissolve(request: HttpRequest, pk: int) -> HttpResponse:
    team = _team(request, pk)
    if team.status != Team.Status.AWAITING_AGREEMENT:
        messages.info(request, f"{team} is {team.get_status_display().lower()}; it cannot be dissolved.")
        return room_of(team.cohort)
    form = DissolveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_told(request):
            team_agreement.dissolve(
                team=team,
                by=request.user,  # type: ignore[arg-type]
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
            messages.success(request, f"{team} was dissolved. Its members wait for another team.")
        return room_of(team.cohort)
    members = Participant.objects.filter(memberships__team=team, memberships__ended_at=None)
    context = {"team": team, "cohort": team.cohort, "form": form, "members": members.select_related("user")}
    return render(request, "teams/dissolve.html", context)
