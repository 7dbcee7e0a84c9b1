"""What waits around teams: for a member to agree to, for the branch office to form and confirm (T4)."""

from datetime import datetime

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from coaching import permissions
from coaching.models import Cohort, Consent, Participant, TeamChange, User
from coaching.site.waiting.cards import Card, Urgency, counted

Answer = Consent.Answer


def to_agree(user: User, now: datetime) -> list[Card]:
    rows = Consent.objects.filter(
        participant__user=user, change__status=TeamChange.Status.OPEN, answer=Answer.PENDING
    )
    return [
        Card(
            title=f"Do you agree to {consent.change.team} of the {consent.change.team.cohort}?",
            text="See who would be in it with you. The team stands only when everyone has agreed.",
            address=reverse("my_team"),
            action="Answer",
            urgency=Urgency.NOW,
            icon="users",
        )
        for consent in rows.select_related("change__team__cohort")
    ]


def without_team(user: User, now: datetime) -> list[Card]:
    rows = user.participations.active().without_team().select_related("cohort")
    return [
        Card(
            title=f"You are in the {participant.cohort}",
            text="The branch office forms the teams now. You will be asked whether you agree to yours.",
            address=reverse("my_team"),
            action="See where you stand",
            urgency=Urgency.CALM,
            icon="users",
        )
        for participant in rows
    ]


def to_form(user: User, now: datetime) -> list[Card]:
    """People of closed cohorts who wait for a team: enough for one (T1), in cohorts this officer works for (T10)."""
    cohorts = permissions.office_cohorts(user).filter(applications_close_date__lt=timezone.localdate(now))
    people = Participant.objects.active().without_team().filter(cohort__in=cohorts)
    counts = people.values("cohort").annotate(number=Count("pk")).values_list("cohort", "number").order_by()
    waiting = dict(counts)
    found = Cohort.objects.filter(pk__in=waiting).select_related("program").order_by("first_month", "pk")
    return [
        Card(
            title=f"{counted(waiting[cohort.pk], 'participant waits', 'participants wait')} for a team",
            text=f"{cohort}: begin with a proposal, or put teams together by hand.",
            address=reverse("cohort_teams", args=[cohort.pk]),
            action="Form teams",
            urgency=Urgency.SOON,
            icon="users-interaction",
        )
        for cohort in found
        if waiting[cohort.pk] >= cohort.program.min_team_size
    ]


def to_confirm(user: User, now: datetime) -> list[Card]:
    """Teams whose members have all agreed, and teams somebody declined."""
    changes = TeamChange.objects.filter(
        status=TeamChange.Status.OPEN, team__cohort__in=permissions.office_cohorts(user)
    ).annotate(
        open_answers=Count("consents", filter=~Q(consents__answer=Answer.AGREED)),
        declined=Count("consents", filter=Q(consents__answer=Answer.DECLINED)),
    )
    settled = changes.filter(Q(open_answers=0) | Q(declined__gt=0)).select_related("team__cohort")
    return [_settled(change) for change in settled.order_by("team__cohort", "team__number")]


def _settled(change: TeamChange) -> Card:
    team, declined = change.team, bool(change.declined)  # type: ignore[attr-defined]
    return Card(
        title=f"{team} of the {team.cohort}: {'somebody declined' if declined else 'everyone has agreed'}",
        text="Look for another team for them." if declined else "Confirm it, and its meetings are laid out.",
        address=reverse("cohort_teams", args=[team.cohort_id]),
        action="Look at the team" if declined else "Confirm the team",
        urgency=Urgency.NOW,
        icon="users-check-mark",
    )
