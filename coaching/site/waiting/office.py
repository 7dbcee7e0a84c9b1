"""What waits for the branch office."""

from datetime import datetime

from django.db.models import Count, Min
from django.urls import reverse

from coaching import directory
from coaching.models import DirectoryCorrection, User
from coaching.site.waiting.cards import Card, Urgency, counted, day


def corrections(user: User, now: datetime) -> list[Card]:
    found = directory.corrections_for(user, now=now).filter(status=DirectoryCorrection.Status.OPEN)
    sums = found.aggregate(number=Count("pk"), since=Min("created_at"))
    if not sums["number"]:
        return []
    return [
        Card(
            title=f"{counted(sums['number'], 'correction', 'corrections')} of the directory to confirm",
            text=f"Applicants say that something is wrong about them. The first has waited since {day(sums['since'])}.",
            address=reverse("people_corrections"),
            action="Review",
            urgency=Urgency.SOON,
            icon="users-check-mark",
        )
    ]
