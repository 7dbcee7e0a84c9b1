"""What waits for the branch office, and how its cohorts stand."""

from datetime import date, datetime

from django.db.models import Count, Max, Min, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from coaching import directory, permissions, undelivered
from coaching.cohorts import Phase, standing
from coaching.in_words import counted
from coaching.models import DirectoryCorrection, Message, Participant, User
from coaching.site.cohorts import readable_cohorts
from coaching.site.reports.scopes import Scope
from coaching.site.waiting.cards import Card, Urgency, day, only_for

DIRECTORY = permissions.any_of(permissions.branch_office, permissions.directory_keeper)
MAIL = permissions.any_of(permissions.branch_office, permissions.mail_keeper)
READERS = permissions.any_of(permissions.branch_office, permissions.deputy)


def _corrections(user: User, today: date) -> QuerySet[DirectoryCorrection]:
    return directory.corrections_for(user, on=today).filter(status=DirectoryCorrection.Status.OPEN)


@only_for(DIRECTORY, _corrections)
def corrections(user: User, now: datetime) -> list[Card]:
    sums = _corrections(user, timezone.localdate(now)).aggregate(number=Count("pk"), since=Min("created_at"))
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


def _mail(user: User, today: date) -> QuerySet[Message]:
    return undelivered.visible_to(user, on=today)


@only_for(MAIL, _mail)
def mail(user: User, now: datetime) -> list[Card]:
    """For the branch office and administrators: somebody has not heard what they were to hear."""
    sums = _mail(user, timezone.localdate(now)).aggregate(number=Count("pk"), since=Min("created_at"))
    if not sums["number"]:
        return []
    return [
        Card(
            title=f"{counted(sums['number'], 'mail', 'mails')} did not arrive",
            text=f"The first has waited since {day(sums['since'])}. Nothing is sent again by itself.",
            address=reverse("undelivered"),
            action="Look at them",
            urgency=Urgency.SOON,
            icon="email",
        )
    ]


@only_for(READERS)
def cohorts(user: User, now: datetime) -> list[Card]:
    """Those that are not over, for the branch office and for the deputy who reads."""
    today = timezone.localdate(now)
    rows = (
        readable_cohorts(user)
        .select_related("program")
        .prefetch_related("program__curriculum")
        .annotate(
            people=Count(
                "participants", filter=~Q(participants__status=Participant.Status.LEFT), distinct=True
            ),
            forms=Count("applications", filter=Q(applications__submitted_at__isnull=False), distinct=True),
        )
        .order_by("-first_month", "pk")
    )
    standings = [(cohort, standing(cohort, today=today)) for cohort in rows]
    return [
        Card(
            title=str(cohort),
            text=f"{where.words}. {counted(cohort.forms, 'application', 'applications')}, "
            f"{counted(cohort.people, 'participant', 'participants')} on {cohort.seats} seats.",
            address=reverse("cohort", args=[cohort.pk]),
            action="Open the cohort",
            urgency=Urgency.CALM,
            icon="users-alt",
        )
        for cohort, where in standings
        if where.phase != Phase.OVER
    ]


@only_for(permissions.superintendent)
def report(user: User, now: datetime) -> list[Card]:
    """C5: of the latest year in which meetings begin, once anybody takes part."""
    begun = Participant.objects.filter(cohort__first_month__lte=timezone.localdate(now))
    year = begun.aggregate(last=Max("cohort__first_month__year"))["last"]
    if year is None:
        return []
    return [
        Card(
            title=f"Report of the programs of {year}",
            text="Applications, teams, attendance, growth and projects, in pictures. It can be printed and handed on.",
            address=reverse("report", args=[Scope(year=year)]),
            action="Read the report",
            urgency=Urgency.CALM,
            icon="bar-chart",
        )
    ]
