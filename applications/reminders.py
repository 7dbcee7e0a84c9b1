"""Reminders: to signers, to the branch office about what is overdue, and to applicants who are not done (A9, A11).

Each matter has its scheduled days. The latest one that has come is reminded of, once: a run that was missed is not
made up for, and a clock that steps back, a second worker or another run repeat nothing.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from applications.models import Application, Assigned, ProjectChange, Reminder, ReviewStep
from applications.models.review_step import ReviewStepQuerySet
from applications.routing import expected_signers
from applications.waiting import changes_waiting, steps_waiting
from coaching import outbox, permissions
from coaching.days import day_of, latest
from coaching.models import Cohort, Delegation, RouteStep, User

# Days from the day by which a signer is asked to sign: two before, the day after, then weekly; four in all.
SIGN_DAYS = (-2, 1, 8, 15)
# Whoever takes a place is told what waits there when the order begins; after so many days it is no news.
STAND_IN_TOLD_WITHIN = timedelta(days=7)
# The branch office hears of a step the day after it was due, and of all that are overdue a week later, and so on.
OVERDUE_LIST_EVERY = timedelta(days=7)
# Days before applications close on which somebody with a draft is reminded.
DRAFT_DAYS = (7, 1)
# Days after a return on which somebody who has not submitted again is reminded.
RETURNED_DAYS = (7, 14, 28)

Kind = Reminder.Kind


def do_due(*, now: datetime) -> dict[str, int]:
    """Ask for all reminders whose day has come; safe to run at any time and twice. Returns counts for the log."""
    return {
        "stand_ins_told": len(told := tell_stand_ins(now=now)),
        "signers_reminded": remind_signers(now=now, told=told) + remind_of_changes(now=now, told=told),
        "offices_told_of_overdue": tell_offices(now=now),
        "applicants_reminded": remind_of_drafts(now=now) + remind_of_returned(now=now),
    }


def _claim(kind: str, object_id: int, for_date: date, now: datetime) -> bool:
    """Whether this reminder is ours to send: nobody has sent it, nor a later one of the same matter."""
    first = Reminder(kind=kind, object_id=object_id, for_date=for_date - timedelta(days=1), at=now)
    Reminder.objects.bulk_create([first], ignore_conflicts=True)
    row = Reminder.objects.filter(kind=kind, object_id=object_id, for_date__lt=for_date)
    return row.update(for_date=for_date, at=now) == 1


def _reminded(kind: str, object_id: str = "pk") -> Subquery:
    """For which day a row of a query was reminded of last."""
    rows = Reminder.objects.filter(kind=kind, object_id=OuterRef(object_id))
    return Subquery(rows.values("for_date")[:1])


# To signers


# What the deciding office has chosen already waits for the release alone: nobody is reminded of it.
CHOSEN = Q(application__choice__text=F("application__current_text"))


def in_review() -> ReviewStepQuerySet:
    return ReviewStep.objects.current().filter(application__status=Application.Status.IN_REVIEW)


def waiting_steps(now: datetime, *, ahead: int) -> "models.QuerySet[ReviewStep]":
    """Steps that wait, due `ahead` days from now or earlier; by the moment, so that the days are still to be compared."""
    due = Q(pk__in=[])
    for days in RouteStep.objects.order_by("days_to_sign").values_list("days_to_sign", flat=True).distinct():
        due |= Q(route_step__days_to_sign=days, since_at__lt=now + timedelta(days=ahead + 1 - days))
    return (
        in_review()
        .filter(due)
        .select_related(
            "application__applicant",
            "application__cohort",
            "route_step",
            "signer",
            "holder",
            "unit__head",
            "delegation",
        )
        .order_by("since_at", "pk")
    )


Told = dict[User, set[ReviewStep | ProjectChange]]  # what each person was told of in this very run


@transaction.atomic
def remind_signers(*, now: datetime, told: Told | None = None) -> int:
    """Everybody who can sign today hears what waits: delegates and acting persons too (A9), each in one mail.

    Returns how many people are written to.
    """
    steps = waiting_steps(now, ahead=-min(SIGN_DAYS)).exclude(CHOSEN).annotate(reminded=_reminded(Kind.SIGN))
    waiting: dict[User, list[int]] = {}
    for step in steps:
        came = _came(step, now)
        if came and not _is_done(step, came) and _claim(Kind.SIGN, step.pk, came, now):
            for person in expected_signers(step, on=day_of(step.cohort.zone, now)):
                if step not in (told or {}).get(person, ()):
                    waiting.setdefault(person, []).append(step.pk)
    for person, found in waiting.items():
        key = f"{found[0]}:{now:%Y-%m-%d}"
        outbox.queue(kind="application_reminder", to=person, key=key, now=now, ids={"steps": found})
    return len(waiting)


def _came(asked: Assigned, now: datetime) -> date | None:
    due, since = asked.due_date, asked.asked_since
    assert due is not None
    assert since is not None
    day = day_of(asked.cohort.zone, now)
    return latest(_days(due, SIGN_DAYS), after=timezone.localdate(since), until=day)


def still_to_come(asked: ReviewStep | ProjectChange, *, on: date) -> list[date]:
    """On which days, from this one on, whoever it waits on is reminded of it, as things stand."""
    if isinstance(asked, ProjectChange):
        served = _served(pending_changes(), Kind.CHANGE, asked)
    else:
        served = _served(in_review().exclude(CHOSEN), Kind.SIGN, asked)
    if not served:
        return []
    due, since = asked.due_date, asked.asked_since
    assert due is not None
    assert since is not None
    after = max(timezone.localdate(since), served[0] or date.min)
    days = _days(due, SIGN_DAYS)
    today = [on] if latest(days, after=after, until=on) else []
    return today + [day for day in days if day > max(after, on)]


def _served(rows: "models.QuerySet", kind: str, asked: Assigned) -> list[date | None]:
    """For which day it was reminded of last; empty where it is not among those that are."""
    found = rows.filter(pk=asked.pk).annotate(reminded=_reminded(kind))
    return list(found.values_list("reminded", flat=True))


def pending_changes() -> "models.QuerySet[ProjectChange]":
    return ProjectChange.objects.pending().with_people().order_by("asked_at", "pk")


def remind_of_changes(*, now: datetime, told: Told | None = None) -> int:
    """A14: who is to concur with a changed project, on the same days as the signer of an application."""
    found = pending_changes().annotate(reminded=_reminded(Kind.CHANGE))
    due = ((change, _came(change, now)) for change in found)
    return sum(
        _remind_of_change(change, came, now, told or {})
        for change, came in due
        if came and not _is_done(change, came)
    )


@transaction.atomic
def _remind_of_change(change: ProjectChange, came: date, now: datetime, told: Told) -> int:
    if not _claim(Kind.CHANGE, change.pk, came, now):
        return 0
    expected = expected_signers(change, on=day_of(change.cohort.zone, now))
    people = [person for person in expected if change not in told.get(person, ())]
    key, ids = f"{change.pk}:{came}", {"change": change.pk}
    outbox.queue_many(kind="project_change_reminder", to=people, key=key, now=now, ids=ids)
    return len(people)


def tell_stand_ins(*, now: datetime) -> Told:
    """A9: whoever signs in somebody's place from now on hears once what waited there before.

    What comes later they are told as it comes. Returns who was told of what.
    """
    today = day_of(ZoneInfo(settings.TIME_ZONE), now)
    orders = Delegation.objects.on(today).filter(start_date__gt=today - STAND_IN_TOLD_WITHIN)
    new = orders.annotate(reminded=_reminded(Kind.STAND_IN)).filter(reminded=None)
    told: Told = {}
    for order in new.select_related("person"):
        found = _tell_stand_in(order, today, now)
        if found:
            told.setdefault(order.person, set()).update(found)
    return told


@transaction.atomic
def _tell_stand_in(order: Delegation, today: date, now: datetime) -> set[ReviewStep | ProjectChange]:
    if not _claim(Kind.STAND_IN, order.pk, order.start_date, now):
        return set()
    begins = datetime.combine(order.start_date, time(), tzinfo=ZoneInfo(settings.TIME_ZONE))
    since, place = max(order.recorded_at, begins), Q(pk__in=[])
    if order.principal_id:
        place |= Q(signer=order.principal_id) | Q(holder=order.principal_id)
    if order.unit_id:
        place |= Q(unit=order.unit_id)
    steps = list(steps_waiting(order.person, on=today).filter(place, since_at__lt=since))
    changes = list(changes_waiting(order.person, on=today).filter(place, asked_at__lt=since))
    if not steps and not changes:
        return set()
    ids: dict[str, int | list[int] | None] = {
        "order": order.pk,
        "steps": [step.pk for step in steps],
        "changes": [change.pk for change in changes],
    }
    outbox.queue(kind="application_stand_in", to=order.person, key=str(order.pk), now=now, ids=ids)
    return {*steps, *changes}


def _days(start: date, offsets: Sequence[int]) -> list[date]:
    return [start + timedelta(days=each) for each in offsets]


def _is_done(row: models.Model, came: date) -> bool:
    reminded: date | None = row.reminded  # type: ignore[attr-defined]
    return reminded is not None and reminded >= came


# To the branch office


def is_overdue(asked: ReviewStep | ProjectChange, now: datetime) -> bool:
    return asked.is_overdue(day_of(asked.cohort.zone, now))


def overdue(cohorts: "models.QuerySet[Cohort]", now: datetime) -> Iterator[ReviewStep | ProjectChange]:
    """All that waits too long in these cohorts; `reminded` says whether the branch office was told."""
    steps = waiting_steps(now, ahead=0).filter(application__cohort__in=cohorts.values("pk"))
    changes = pending_changes().filter(participant__cohort__in=cohorts.values("pk"))
    for row in steps.annotate(reminded=_reminded(Kind.OVERDUE)):
        if is_overdue(row, now):
            yield row
    for change in changes.annotate(reminded=_reminded(Kind.OVERDUE_CHANGE)):
        if is_overdue(change, now):
            yield change


def tell_offices(*, now: datetime) -> int:
    """One mail to each officer with all that is overdue: when something has become so, and then every week."""
    new: dict[int, list[ReviewStep | ProjectChange]] = {}
    for asked in overdue(Cohort.objects.all(), now):
        if asked.reminded is None:  # type: ignore[union-attr]
            new.setdefault(asked.cohort.branch_id, []).append(asked)
    day = day_of(ZoneInfo(settings.TIME_ZONE), now)
    weekly = Reminder.objects.filter(kind=Kind.OVERDUE_LIST, for_date__lte=day - OVERDUE_LIST_EVERY)
    branches = {*new, *weekly.values_list("object_id", flat=True)}
    return sum(_tell_office(branch, new.get(branch, []), day, now) for branch in sorted(branches))


@transaction.atomic
def _tell_office(branch: int, new: list[ReviewStep | ProjectChange], day: date, now: datetime) -> bool:
    """One list a day and branch at the most, and none of nothing."""
    cohorts = {asked.cohort for asked in overdue(Cohort.objects.filter(branch=branch), now)}
    if not cohorts or not _claim(Kind.OVERDUE_LIST, branch, day, now):
        return False
    for asked in new:
        kind = Kind.OVERDUE if isinstance(asked, ReviewStep) else Kind.OVERDUE_CHANGE
        _claim(kind, asked.pk, day, now)
    people = {each for cohort in cohorts for each in permissions.officers_of(cohort, on=day)}
    ids = {"branch": branch}
    outbox.queue_many(kind="applications_overdue", to=people, key=f"{branch}:{day}", now=now, ids=ids)
    return bool(people)


# To applicants


def remind_of_drafts(*, now: datetime) -> int:
    """A draft that was not sent, a week and a day before applications close."""
    around = timezone.localdate(now)
    closing = Cohort.objects.filter(
        applications_close_date__gte=around - timedelta(days=1),
        applications_close_date__lte=around + timedelta(days=max(DRAFT_DAYS) + 1),
    )
    drafts = Application.objects.filter(status=Application.Status.DRAFT, cohort__in=closing)
    rows = drafts.select_related("applicant", "cohort").annotate(reminded=_reminded(Kind.DRAFT))
    return sum(_remind_of_draft(each, now) for each in rows)


def _remind_of_draft(application: Application, now: datetime) -> bool:
    cohort = application.cohort
    day, begun = day_of(cohort.zone, now), application.created_at.astimezone(cohort.zone).date()
    if day > cohort.applications_close_date:
        return False
    days = _days(cohort.applications_close_date, [-each for each in DRAFT_DAYS])
    came = latest(days, after=begun, until=day)
    if came is None or _is_done(application, came):
        return False
    return _remind_applicant(application, Kind.DRAFT, application.pk, came, now)


def remind_of_returned(*, now: datetime) -> int:
    """An application that was returned and not submitted again."""
    steps = ReviewStep.objects.current_round().filter(
        status=ReviewStep.Status.RETURNED,
        application__status=Application.Status.RETURNED,
        application__cohort__first_month__gt=timezone.localdate(now),
        acted_at__lt=now - timedelta(days=min(RETURNED_DAYS) - 2),
    )
    rows = steps.select_related("application__applicant", "application__cohort")
    return sum(_remind_of_returned(step, now) for step in rows.annotate(reminded=_reminded(Kind.RETURNED)))


def _remind_of_returned(step: ReviewStep, now: datetime) -> bool:
    zone = step.application.cohort.zone
    assert step.acted_at is not None
    returned = step.acted_at.astimezone(zone).date()
    came = latest(_days(returned, RETURNED_DAYS), after=returned, until=day_of(zone, now))
    if came is None or _is_done(step, came):
        return False
    return _remind_applicant(step.application, Kind.RETURNED, step.pk, came, now)


@transaction.atomic
def _remind_applicant(
    application: Application, kind: Reminder.Kind, object_id: int, came: date, now: datetime
) -> bool:
    if not _claim(kind, object_id, came, now):
        return False
    ids = {"step": object_id} if kind == Kind.RETURNED else {"application": object_id}
    outbox.queue(
        kind=f"application_{kind.value}_reminder",
        to=application.applicant,
        key=f"{object_id}:{came}",
        now=now,
        ids=ids,
    )
    return True
