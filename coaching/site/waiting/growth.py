"""What waits around a participant's own growth and project."""

from datetime import date, datetime

from django.db.models import QuerySet
from django.urls import reverse

from coaching.models import Participant, User
from coaching.site.waiting.cards import Card, Urgency, about, day
from meetings import growth


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
