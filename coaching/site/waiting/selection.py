"""What waits around selection: decisions, their release, free seats, and what is late."""

from datetime import date, datetime

from django.db.models import Count, F, Min, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from applications import waitlist
from applications.models import Application, Choice, ReviewStep, SeatOffer
from applications.waiting import steps_waiting
from coaching import permissions
from coaching.in_words import counted
from coaching.models import Cohort, User
from coaching.permissions import office_cohorts
from coaching.site.cohorts import readable_cohorts
from coaching.site.waiting.cards import Card, Urgency, about, day, only_for


def _to_decide(user: User, today: date) -> QuerySet[ReviewStep]:
    steps = steps_waiting(user, on=today).filter(route_step__decides=True)
    return steps.exclude(application__choice__text=F("text"))  # one about an earlier text counts no more


@about(_to_decide)
def to_decide(user: User, now: datetime) -> list[Card]:
    """A9, A10: what waits for the deciding office, cohort by cohort, as long as nothing is chosen."""
    open_ones = _to_decide(user, timezone.localdate(now))
    of_cohorts = open_ones.order_by().values_list("application__cohort", "application__cohort__name")
    return [
        Card(
            title=f"{counted(number, 'application is', 'applications are')} ready for your decision",
            text=f"{Cohort.called(name)}. Waiting since {day(since)}. See them side by side, then choose.",
            address=reverse("selection", args=[cohort]) + "?choice=open&place=decider",
            action="See them side by side",
            urgency=Urgency.NOW,
            icon="pencil-edit",
        )
        for cohort, name, number, since in of_cohorts.annotate(Count("pk"), Min("since_at"))
    ]


def _chosen(user: User, today: date) -> QuerySet[Choice]:
    """The open choices that this person could release."""
    steps = ReviewStep.objects.to_settle().filter(route_step__decides=True).signable_by(user, on=today)
    return Choice.objects.filter(application__in=steps.values("application"))


@about(_chosen)
def to_release(user: User, now: datetime) -> list[Card]:
    """A11: chosen, and told to nobody yet."""
    chosen = _chosen(user, timezone.localdate(now)).order_by()
    of_cohorts = chosen.values_list("application__cohort", "application__cohort__name")
    return [
        Card(
            title=f"{counted(number, 'choice is', 'choices are')} not released yet",
            text=f"{Cohort.called(name)}. Nothing is signed, and no applicant has been told.",
            address=reverse("selection_release", args=[cohort]),
            action="Look at them together",
            urgency=Urgency.SOON,
            icon="clipboard",
        )
        for cohort, name, number in of_cohorts.annotate(Count("pk"))
    ]


def _waited_for(user: User, today: date) -> QuerySet[Cohort]:
    """While people still apply, who waits was told to wait for the others, unless they were asked already."""
    waiting = Application.objects.filter(status=Application.Status.WAITLISTED).exclude(applicant=user)
    asked = waiting.filter(pk__in=SeatOffer.objects.standing().values("application"))
    closed = Q(applications_close_date__lt=today)
    due = closed & Q(pk__in=waiting.values("cohort")) | Q(pk__in=asked.values("cohort"))
    return readable_cohorts(user).filter(due)


@only_for(permissions.any_of(permissions.branch_office, permissions.deputy), _waited_for)
def free_seats(user: User, now: datetime) -> list[Card]:
    """A seat is free and somebody waits for it, or was asked: for the branch office, and for the deputy who reads."""
    cohorts = _waited_for(user, timezone.localdate(now))
    found = waitlist.waitlists(cohorts, without=user)
    return [
        Card(
            title=f"A seat {'is free' if each.free else 'that was offered is gone'} in the {each.cohort}",
            text=each.in_words(),
            address=reverse("cohort_waitlist", args=[each.cohort.pk]),
            action="Open the waitlist",
            urgency=Urgency.SOON,
            icon="users-alt",
        )
        for each in found
        if each.in_words()
    ]


def _late(user: User, today: date) -> QuerySet[Application]:
    closed = office_cohorts(user, on=today).filter(applications_close_date__lt=today)
    return Application.objects.filter(cohort__in=closed).before_decision()


@only_for(permissions.branch_office, _late)
def late(user: User, now: datetime) -> list[Card]:
    """Applications have closed, and some have not reached the deciding office."""
    of_cohorts = _late(user, timezone.localdate(now)).order_by().values_list("cohort", "cohort__name")
    return [
        Card(
            title=f"{counted(number, 'application is', 'applications are')} late for the {Cohort.called(name)}",
            text="Applications have closed, and these are still on their way. Give more time, or close them with notice.",
            address=reverse("cohort_deadline", args=[cohort]),
            action="See with whom they are",
            urgency=Urgency.SOON,
            icon="clock",
        )
        for cohort, name, number in of_cohorts.annotate(Count("pk"))
    ]
