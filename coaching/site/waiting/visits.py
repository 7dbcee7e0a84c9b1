"""What the branch deputy, or a designee, is asked to and plans to attend (M12, M13)."""

from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import time_format

from coaching import permissions
from coaching.in_words import counted
from coaching.models import User
from coaching.site.waiting.cards import Card, Urgency, day, only_for
from meetings import visits
from meetings.models import Meeting

DAYS_AHEAD = timedelta(days=60)


def _finals(user: User, today: date) -> QuerySet[Meeting]:
    return visits.finals_ahead(today).filter(cohort__in=permissions.deputy_cohorts(user, on=today))


@only_for(permissions.deputy, _finals)
def finals(user: User, now: datetime) -> list[Card]:
    """M13: the branch's final meetings of the next weeks."""
    today = timezone.localdate(now)
    ahead = _finals(user, today).filter(date__lte=today + DAYS_AHEAD)
    mine = visits.standing().filter(meeting=OuterRef("pk"), person=user)
    meetings = list(ahead.annotate(is_mine=Exists(mine)))
    if not meetings:
        return []
    first, planned = meetings[0].date, sum(each.is_mine for each in meetings)
    return [
        Card(
            title=f"{counted(len(meetings), 'final meeting', 'final meetings')} ahead",
            text=f"The first is on {day(first)}. {_said(planned, len(meetings))}",
            address=f"{reverse('branch_meetings')}?show=final",
            action="See the final meetings",
            urgency=Urgency.SOON if first <= today + visits.FINAL_DAYS else Urgency.CALM,
            icon="calendar",
        )
    ]


def _said(planned: int, number: int) -> str:
    if not planned:
        return "You have not said yet whether you attend."
    return "You plan to attend it." if number == 1 else f"You plan to attend {planned} of them."


def _visits(user: User, today: date) -> QuerySet[Meeting]:
    return Meeting.objects.upcoming(today).filter(
        cohort__in=permissions.deputy_cohorts(user, on=today),
        pk__in=visits.standing().filter(person=user).values("meeting"),
    )


@only_for(permissions.deputy, _visits)
def next_visit(user: User, now: datetime) -> list[Card]:
    """M12"""
    today = timezone.localdate(now)
    meeting = _visits(user, today).select_related("item", "cohort").prefetch_related("teams").first()
    if meeting is None:
        return []
    teams = ", ".join(str(team) for team in meeting.teams.all())
    soon = meeting.date <= today + timedelta(days=7)
    return [
        Card(
            title=f"Your next visit: {teams} of the {meeting.cohort}",
            text=f"{day(meeting.date)}, {time_format(meeting.start_time, 'g:i a')}",
            address=reverse("branch_briefing", args=[meeting.pk]),
            action="Read the briefing",
            urgency=Urgency.SOON if soon else Urgency.CALM,
            icon="calendar",
        )
    ]
