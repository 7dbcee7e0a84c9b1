"""Legal orders that wait for the superintendent."""

from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from coaching import permissions
from coaching.models import User
from coaching.site.waiting.cards import Card, Urgency, day, only_for
from meetings import orders


@only_for(permissions.superintendent)
def to_decide(user: User, now: datetime) -> list[Card]:
    """M16: the superintendent, or who stands in."""
    return [
        Card(
            title=f"Legal order {order.number} to decide on",
            text=f"{order.asked_by} entered it on {day(order.asked_at)}. Nothing is opened before you have approved it.",
            address=reverse("legal_order", args=[order.pk]),
            action="Read and decide",
            urgency=Urgency.NOW,
            icon="clipboard",
        )
        for order in orders.awaiting(user, on=timezone.localdate(now))
    ]
