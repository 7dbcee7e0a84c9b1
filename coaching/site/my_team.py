"""The member's page: with whom they are, or would be, and their answer (T4, T7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from coaching import team_agreement, team_wishes
from coaching.days import today_of
from coaching.errors import refusals_told
from coaching.models import Consent, Membership, Participant, Team, TeamChange, User
from coaching.permissions import access, post_only, signed_in
from coaching.site.forms_teams import AnswerForm
from coaching.team_afterwards import Afterwards, afterwards


def _asked(user: User) -> Q:
    """Questions about teams that this person can still answer."""
    return Q(participant__user=user, change__status=TeamChange.Status.OPEN)


def open_questions(user: User) -> "QuerySet[Consent]":
    """What teams wait for this person's answer to."""
    return Consent.objects.filter(_asked(user), answer=Consent.Answer.PENDING)


Typed = Mapping[int, QueryDict]  # by consent: an answer that could not be saved


@dataclass(frozen=True)
class Question:
    """How a small team could go on (T1), and this person's answer."""

    consent: Consent
    words: str
    form: AnswerForm
    afterwards: list[Afterwards]
    overdue: bool


@dataclass(frozen=True)
class Place:
    """One participation: its team and teammates, if there is one, and the question that is open."""

    participant: Participant
    team: Team | None
    mates: list[Participant]
    consent: Consent | None
    form: AnswerForm | None
    agreed: int
    questions: list[Question]
    may_say_wishes: bool
    overdue: bool = False


@access(signed_in)
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    return _page(request, {})


def _page(request: HttpRequest, typed: Typed) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    rows = user.participations.exclude(status=Participant.Status.LEFT).select_related("cohort__program")
    participations = list(rows.order_by("-cohort__first_month", "pk"))
    if not participations:
        raise Http404
    places = [_place(participant, typed) for participant in participations]
    return render(request, "teams/mine.html", {"places": places})


def _place(participant: Participant, typed: Typed) -> Place:
    membership = participant.memberships.filter(ended_at=None).select_related("team").first()
    today = today_of(participant.cohort, timezone.now())
    questions = _questions(participant, today, typed)
    may_say_wishes = team_wishes.may_say(participant)
    if membership is None:
        return Place(participant, None, [], None, None, 0, questions, may_say_wishes)
    team = membership.team
    people = Participant.objects.select_related("user", "division", "classification", "goal")
    others = Membership.objects.filter(team=team, ended_at=None).exclude(participant=participant)
    others = others.order_by("participant__user__name", "pk")
    mates = [row.participant for row in others.prefetch_related(Prefetch("participant", queryset=people))]
    consents = Consent.objects.filter(
        change__team=team, change__status=TeamChange.Status.OPEN, change__kind=TeamChange.Kind.FORM
    )
    own = consents.filter(participant=participant).select_related("change").first()
    agreed = consents.filter(answer=Consent.Answer.AGREED).count()
    form, overdue = (_form(own, typed), own.change.is_overdue(today)) if own else (None, False)
    return Place(participant, team, mates, own, form, agreed, questions, may_say_wishes, overdue)


def _form(consent: Consent, typed: Typed) -> AnswerForm:
    return AnswerForm(
        typed.get(consent.pk), initial={"reason": consent.reason}, auto_id=f"id_{consent.pk}_%s"
    )


def _questions(participant: Participant, today: date, typed: Typed) -> list[Question]:
    rows = participant.consents.filter(change__status=TeamChange.Status.OPEN)
    rows = rows.exclude(change__kind=TeamChange.Kind.FORM).select_related("change__team")
    return [
        Question(
            consent=row,
            words=row.change.words_for(participant.user),
            form=_form(row, typed),
            overdue=row.change.is_overdue(today),
            afterwards=afterwards(row.change),
        )
        for row in rows.order_by("pk")
    ]


def _own_consent(request: HttpRequest, pk: int) -> Consent:
    user: User = request.user  # type: ignore[assignment]
    return get_object_or_404(Consent.objects.filter(participant__user=user).select_related("change"), pk=pk)


def _own_page(request: HttpRequest, pk: int) -> HttpResponse:
    _own_consent(request, pk)
    return redirect("my_team")


@access(signed_in)
@post_only(_own_page)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    consent = _own_consent(request, pk)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(
            request, "Your answer was not saved: choose Agree or Decline, with at most 500 characters."
        )
        return _page(request, {consent.pk: request.POST})
    agree = form.cleaned_data["answer"] == AnswerForm.AGREE
    with refusals_told(request):
        team_agreement.answer(
            consent=consent, agree=agree, reason=form.cleaned_data["reason"], by=user, now=timezone.now()
        )
        messages.success(request, _said(consent.change, agree))
    return redirect("my_team")


def _said(change: TeamChange, agree: bool) -> str:
    if change.kind == TeamChange.Kind.FORM:
        return (
            "You agreed to this team." if agree else "You declined. The branch office looks for another team."
        )
    return "You agreed." if agree else "You declined. The branch office looks for another way."
