"""The alumni network, offered to those who have just completed a program (C6)."""

from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from coaching.models import Participant, User
from coaching.site.waiting.cards import Card, Urgency, about

OFFERED_FOR = timedelta(days=90)


def _not_listed(user: User, today: date) -> QuerySet[Participant]:
    completed = Participant.objects.filter(status=Participant.Status.COMPLETED)
    return completed.filter(user=user, user__alumni_entry=None)


@about(_not_listed)
def to_join(user: User, now: datetime) -> list[Card]:
    lately = _not_listed(user, timezone.localdate(now)).filter(completed_at__gt=now - OFFERED_FOR)
    if not lately.exists():
        return []
    return [
        Card(
            title="Stay in touch",
            text="Those who completed a program find each other by division, competency and role. You are not listed unless "
            "you agree.",
            address=reverse("alumni"),
            action="See the alumni",
            urgency=Urgency.OFFER,
            icon="users",
        )
    ]
