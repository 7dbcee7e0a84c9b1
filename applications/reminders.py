"""Reminders: to signers, to the branch office about what is overdue, and to applicants who are not done (A9, A11).

Each matter has its scheduled days. The latest one that has come is reminded of, once: a run that was missed is not
made up for, and a clock that steps back, a second worker or another run repeat nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from applications.models import Application, Reminder, ReviewStep
from applications.routing import expected_signers
from coaching import outbox, permissions
from coaching.models import Cohort, RouteStep, User

# Days from the day by which a signer is asked to sign: two before, the day after, then weekly; four in all.
SIGN_DAYS = (-2, 1, 8, 15)
# The branch office hears of a step the day after it was due, and of all that are overdue a week later, and so on.
OVERDUE_LIST_EVERY = timedelta(days=7)
# Days before applications close on which somebody with a draft is reminded.
DRAFT_DAYS = (7, 1)
# Days after a return on which somebody who has not submitted again is reminded.
RETURNED_DAYS = (7, 14, 28)
# Nobody is written to in the night: the day of a reminder begins at seven.
MORNING = time(7)

Kind = Reminder.Kind


def do_due(*, now: datetime) -> dict[str, int]:
    """Ask for all reminders whose day has come; safe to run at any time and twice. Returns counts for the log."""
    return {
        "signers_reminded": remind_signers(now=now),
        "offices_told_of_overdue": tell_offices(now=now),
        "applicants_reminded": remind_of_drafts(now=now) + remind_of_returned(now=now),
    }


def day_of(zone: ZoneInfo, now: datetime) -> date:
    """The day whose reminders are due: until the morning it is still the one before."""
    local = now.astimezone(zone)
    return local.date() if local.time() >= MORNING else local.date() - timedelta(days=1)


def latest(scheduled: Iterable[date], *, after: date, until: date) -> date | None:
    """The last scheduled day that has come; none that came before the matter itself began."""
    return max((day for day in scheduled if after < day <= until), default=None)


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


def waiting_steps(now: datetime, *, ahead: int) -> "models.QuerySet[ReviewStep]":
    """Steps that wait, due `ahead` days from now or earlier; by the moment, so that the days are still to be compared."""
    due = Q(pk__in=[])
    for days in RouteStep.objects.order_by("days_to_sign").values_list("days_to_sign", flat=True).distinct():
        due |= Q(route_step__days_to_sign=days, since_at__lt=now + timedelta(days=ahead + 1 - days))
    steps = ReviewStep.objects.current().filter(due, application__status=Application.Status.IN_REVIEW)
    return steps.select_related(
        "application__applicant",
        "application__cohort",
        "route_step",
        "signer",
        "holder",
        "unit__head",
        "delegation",
    ).order_by("since_at", "pk")


def remind_signers(*, now: datetime) -> int:
    """Everybody who can sign today hears what waits: delegates and acting persons too (A9), each in one mail.

    What the deciding office has chosen already waits for the release alone: nobody is reminded of it.
    """
    chosen = Q(application__choice__text=F("application__current_text"))
    steps = waiting_steps(now, ahead=-min(SIGN_DAYS)).exclude(chosen).annotate(reminded=_reminded(Kind.SIGN))
    due: dict[int, list[tuple[ReviewStep, date]]] = {}
    for step in steps:
        came = _came(step, now)
        if came and not _is_done(step, came):
            due.setdefault(step.signer_id, []).append((step, came))
    return sum(_remind_signers(found, now) for found in due.values())


def _came(step: ReviewStep, now: datetime) -> date | None:
    due, since = step.due_date, step.since_at
    assert due is not None
    assert since is not None
    day = day_of(step.application.cohort.zone, now)
    return latest(_days(due, SIGN_DAYS), after=timezone.localdate(since), until=day)


@transaction.atomic
def _remind_signers(found: list[tuple[ReviewStep, date]], now: datetime) -> int:
    """Of the steps of one signer; returns how many people are written to."""
    waiting: dict[User, list[int]] = {}
    for step, came in found:
        if _claim(Kind.SIGN, step.pk, came, now):
            for person in expected_signers(step, on=day_of(step.application.cohort.zone, now)):
                waiting.setdefault(person, []).append(step.pk)
    for person, steps in waiting.items():
        key = f"{steps[0]}:{now:%Y-%m-%d}"
        outbox.queue(kind="application_reminder", to=person, key=key, now=now, ids={"steps": steps})
    return len(waiting)


def _days(start: date, offsets: Sequence[int]) -> list[date]:
    return [start + timedelta(days=each) for each in offsets]


def _is_done(row: models.Model, came: date) -> bool:
    reminded: date | None = row.reminded  # type: ignore[attr-defined]
    return reminded is not None and reminded >= came


# To the branch office


def overdue_steps(now: datetime) -> "models.QuerySet[ReviewStep]":
    """Perhaps overdue: whether they are, the day where the cohort is says (`is_overdue`)."""
    return waiting_steps(now, ahead=0)


def is_overdue(step: ReviewStep, now: datetime) -> bool:
    return step.is_overdue(day_of(step.application.cohort.zone, now))


def tell_offices(*, now: datetime) -> int:
    """One mail to each officer with all that is overdue: when something has become so, and then every week."""
    told = overdue_steps(now).annotate(reminded=_reminded(Kind.OVERDUE)).filter(reminded=None)
    new: dict[int, list[ReviewStep]] = {}
    for step in told:
        if is_overdue(step, now):
            new.setdefault(step.application.cohort.branch_id, []).append(step)
    day = day_of(ZoneInfo(settings.TIME_ZONE), now)
    weekly = Reminder.objects.filter(kind=Kind.OVERDUE_LIST, for_date__lte=day - OVERDUE_LIST_EVERY)
    branches = {*new, *weekly.values_list("object_id", flat=True)}
    return sum(_tell_office(branch, new.get(branch, []), day, now) for branch in sorted(branches))


@transaction.atomic
def _tell_office(branch: int, new: list[ReviewStep], day: date, now: datetime) -> bool:
    """One list a day and branch at the most, and none of nothing."""
    late = overdue_steps(now).filter(application__cohort__branch=branch)
    cohorts = {step.application.cohort for step in late if is_overdue(step, now)}
    if not cohorts or not _claim(Kind.OVERDUE_LIST, branch, day, now):
        return False
    for step in new:
        _claim(Kind.OVERDUE, step.pk, day, now)
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
