"""What waits for the branch office, and how its cohorts stand."""

from datetime import date, datetime

from django.db.models import Count, Max, Min, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from applications.models import Application
from coaching import directory, permissions, undelivered
from coaching.cohorts import Phase, Standing, standing
from coaching.counting import NumberOf
from coaching.in_words import counted
from coaching.models import Cohort, DirectoryCorrection, Message, Participant, User
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
    rows = readable_cohorts(user).select_related("program").prefetch_related("program__curriculum")
    standings = [(each, standing(each, today=today)) for each in rows.order_by("-first_month", "pk")]
    shown = [(each, where) for each, where in standings if where.phase != Phase.OVER]
    numbers = _numbers([cohort.pk for cohort, _ in shown])
    return [_cohort(cohort, where, *numbers[cohort.pk]) for cohort, where in shown]


def _numbers(cohorts: list[int]) -> dict[int, tuple[int, int]]:
    """By cohort, how many applied and how many take part; those of earlier years are not counted through."""
    sent = Application.objects.filter(cohort=OuterRef("pk"), submitted_at__isnull=False)
    people = Participant.objects.filter(cohort=OuterRef("pk")).exclude(status=Participant.Status.LEFT)
    rows = Cohort.objects.filter(pk__in=cohorts).values_list("pk", NumberOf(sent), NumberOf(people))
    return {cohort: (forms, taking_part) for cohort, forms, taking_part in rows.order_by()}


def _cohort(cohort: Cohort, where: Standing, forms: int, people: int) -> Card:
    return Card(
        title=str(cohort),
        text=f"{where.words}. {counted(forms, 'application', 'applications')}, "
        f"{counted(people, 'participant', 'participants')} on {cohort.seats} seats.",
        address=reverse("cohort", args=[cohort.pk]),
        action="Open the cohort",
        urgency=Urgency.CALM,
        icon="users-alt",
    )


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
