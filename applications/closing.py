"""When the last day to apply has passed with applications still on their way: more time, or closed with notice (A11)."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from applications import drafting, notices, settling
from applications.models import Application
from applications.models.application import ApplicationQuerySet
from coaching import audit, cohorts
from coaching.errors import Refused
from coaching.in_words import long_date
from coaching.models import Cohort, User
from coaching.permissions import require_office

Status = Application.Status


class NotClosable(Refused):
    """Applications are open still, or one of those named has reached the deciding office or ended."""


class NoMoreTime(Refused):
    pass


def on_their_way(cohort: Cohort) -> ApplicationQuerySet:
    """Submitted, and not with the deciding office yet. Drafts are their authors' own: they are only counted."""
    return Application.objects.filter(cohort=cohort).before_decision()


def writing(cohort: Cohort) -> ApplicationQuerySet:
    """Those whose applicants can still send them, given the time: drafts, and what was returned."""
    return Application.objects.filter(cohort=cohort, status__in=Application.EDITABLE)


@transaction.atomic
def extend(*, cohort: Cohort, last_date: date, by: User, now: datetime) -> int:
    """Give more time to apply, and tell everybody who is still writing; returns how many.

    Raises NotYourCohort (F5, T10), NoMoreTime, and ValidationError where the program begins before.
    """
    cohort = (
        Cohort.objects.select_for_update(of=("self",)).select_related("program", "branch").get(pk=cohort.pk)
    )
    if last_date <= cohort.applications_close_date:
        raise NoMoreTime(
            f"The last day is {long_date(cohort.applications_close_date)} already. Choose a later one."
        )
    if last_date < drafting.today_of(cohort, now):
        raise NoMoreTime("That day has passed. Choose today or a later day.")
    cohorts.change_cohort(cohort=cohort, values={"applications_close_date": last_date}, by=by, now=now)
    told = list(writing(cohort).select_related("applicant"))
    for application in told:
        notices.more_time(application, last_date, now=now)
    return len(told)


@transaction.atomic
def close(*, applications: Iterable[Application], reason: str, by: User, now: datetime) -> list[Application]:
    """End what has not reached the deciding office in time; all of these or none. Applicants and signers are told.

    Those that are closed already are left as they are. Raises NotYourCohort (F5, T10), NotClosable, ReasonMissing.
    """
    reason = reason.strip()
    if not reason:
        raise settling.ReasonMissing("Give the reason; the applicants read it.")
    chosen = sorted(applications, key=lambda each: each.pk)
    locked = [drafting.lock(each) for each in chosen]
    pending = [each for each in locked if each.status != Status.CLOSED]
    _check(pending, by, now)
    for application in pending:
        _close(application, reason, by, now)
    return pending


def _check(applications: list[Application], by: User, now: datetime) -> None:
    for cohort in {each.cohort for each in applications}:
        require_office(cohort=cohort, by=by, now=now)
        if drafting.today_of(cohort, now) <= cohort.applications_close_date:
            raise NotClosable(
                f"Applications to the {cohort} are open until {cohort.applications_close_date:%B %-d, %Y}; "
                "nothing is closed before."
            )
    rows = Application.objects.filter(pk__in=[each.pk for each in applications])
    closable = set(rows.before_decision().values_list("pk", flat=True))
    moved_on = [each.applicant.name for each in applications if each.pk not in closable]
    if moved_on:
        raise NotClosable(
            f"Nothing was closed: {', '.join(moved_on)} moved on since you opened the page. Look again, then close."
        )


def _close(application: Application, reason: str, by: User, now: datetime) -> None:
    waiting = application.current_step()
    settling.supersede(application)
    application.status = Status.CLOSED
    application.closed_at, application.closed_by, application.closed_reason = now, by, reason
    application.save(update_fields=["status", "closed_at", "closed_by", "closed_reason"])
    audit.record("application.closed", by=by, obj=application, now=now, data={"reason": reason})
    notices.closed(application, waiting, now=now)
