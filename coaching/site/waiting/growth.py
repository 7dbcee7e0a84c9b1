"""What waits around a participant's growth and project: for them, their supervisor and their division director."""

from datetime import date, datetime

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from coaching import permissions
from coaching.in_words import counted
from coaching.models import Participant, User
from coaching.site.waiting.cards import Card, Urgency, about, day, only_for
from meetings import division as divisions
from meetings import growth, inputs, keeping
from meetings.models import ProjectText, SupervisorInput


def _taking_part(user: User, today: date) -> QuerySet[Participant]:
    return Participant.objects.filter(user=user).exclude(status=Participant.Status.LEFT)


@about(_taking_part)
def self_rating(user: User, now: datetime) -> list[Card]:
    """When it is time, and not yet done; for the person alone."""
    rows = _taking_part(user, now.date()).select_related("cohort__program")
    cards = []
    for participant in rows.prefetch_related("cohort__program__curriculum", "ratings", "self_ratings"):
        if opening := growth.waits(participant, now):
            cards.append(
                Card(
                    title="How do you see yourself now?",
                    text=f"Rate yourself in the competencies until {day(opening.last_day)}, and see what has changed. "
                    "Nobody else reads it, and it is no condition for the certificate.",
                    address=reverse("my_growth", args=[participant.pk]),
                    action="Rate myself",
                    urgency=Urgency.CALM,
                    icon="bar-chart",
                )
            )
    return cards


def _left(user: User, today: date) -> QuerySet[Participant]:
    return Participant.objects.filter(
        user=user, status=Participant.Status.LEFT, cohort__first_month__lte=today
    )


@about(_left)
def left(user: User, now: datetime) -> list[Card]:
    """F3: what stays open to whoever left a program that has begun, as long as its teams' texts are kept."""
    rows = _left(user, timezone.localdate(now)).exclude(cohort__in=keeping.over(now))
    return [
        Card(
            title=f"Your time in the {each.cohort}",
            text="You left. The statement of your meetings and hours stays yours.",
            address=reverse("statement", args=[each.pk]),
            action="See the statement",
            urgency=Urgency.CALM,
            icon="clipboard",
        )
        for each in rows.select_related("cohort__program").prefetch_related("cohort__program__curriculum")
    ]


def _asked(user: User, today: date) -> QuerySet[SupervisorInput]:
    return inputs.asked_of(user).filter(answered_at=None)


@about(_asked)
def input_asked(user: User, now: datetime) -> list[Card]:
    """M14: who waits for this supervisor's input."""
    return [
        Card(
            title=f"{row.participant} asks for your input",
            text="It is about their project. They read what you write, and their team only if they share it.",
            address=reverse("input_answer", args=[row.pk]),
            action="Give my input",
            urgency=Urgency.NOW,
            icon="chat-bubbles",
        )
        for row in _asked(user, timezone.localdate(now))
        if not inputs.why_not_answer(row, now)
    ]


def _employees(user: User, today: date) -> QuerySet[Participant]:
    return divisions.employees(user)


@about(_employees)
def employees(user: User, now: datetime) -> list[Card]:
    """Who of a supervisor's employees takes part, and who chose to share something with them."""
    shares = ProjectText.objects.filter(participant=OuterRef("pk"), supervisor=user)
    rows = _employees(user, timezone.localdate(now)).exclude(cohort__in=keeping.over(now))
    sums = rows.annotate(shares=Exists(shares)).aggregate(
        number=Count("pk"), first=Min("user__name"), sharing=Count("pk", filter=Q(shares=True))
    )
    if not sums["number"]:
        return []
    sharing = sums["sharing"]
    return [
        Card(
            title=f"{sums['first']} takes part in the program"
            if sums["number"] == 1
            else f"{sums['number']} of your employees take part in the program",
            text=f"{counted(sharing, 'person shares', 'people share')} something of the project with you."
            if sharing
            else "Nothing of the project is shared with you yet. You read it here once it is.",
            address=reverse("employees"),
            action="Read what is shared" if sharing else "See what it would be",
            urgency=Urgency.CALM,
            icon="users",
        )
    ]


@only_for(permissions.director)
def division(user: User, now: datetime) -> list[Card]:
    """C8"""
    people = divisions.participants_of(user, now=now, on=timezone.localdate(now))
    if not people:
        return []
    latest = people[0].cohort
    number = sum(each.cohort_id == latest.pk for each in people)
    return [
        Card(
            title="Who of your division takes part",
            text=f"{counted(number, 'person', 'people')} in the {latest}: their dates, and what they share of their "
            "projects.",
            address=reverse("division_participants"),
            action="See who takes part",
            urgency=Urgency.CALM,
            icon="users",
        )
    ]
