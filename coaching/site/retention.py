"""The run that erases records at the end of their term: what was shown as due, and nothing else.

It erases a few records in each transaction and may be stopped anywhere: it goes on with the rest of what was shown, but for
what is due no longer, as it was held meanwhile. A record that cannot be erased is named, and the run goes on without it.
What teams write, evaluations and jobs have days of their own, on which they are deleted without anybody's doing.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from applications import erasing as applications_erasing
from applications.models import Application
from certificates import erasing as certificates_erasing
from certificates.models import HolderName, SignaturePicture
from coaching import audit, erasing, jobs
from coaching.errors import Refused
from coaching.models import Cohort, Participant, RetentionRun, RetentionTerm, Series, SignedText, User
from coaching.site import records_due
from meetings import erasing as meetings_erasing

logger = logging.getLogger(__name__)

KIND = "retention"
CHUNK = 25  # records that are erased together
MANY = 2_000  # rows that are no more than deleted


class NothingDue(Refused):
    pass


class OthersAreDue(Refused):
    """Not what was shown."""


class RunUnderWay(Refused):
    pass


# How each is erased, inside the transaction of its chunk; returned are the rows of whose end the trail is told


def _erase_application(row: Application, by: User | None, now: datetime) -> Iterable[Model]:
    applications_erasing.application(row, by=by, now=now)
    return [row]


def _erase_text(row: SignedText, by: User | None, now: datetime) -> Iterable[Model]:
    erasing.empty_signed_texts([row.pk], was=None, to=None, by=by, now=now)
    return []  # what was signed has events of its own


def _erase_participant(row: Participant, by: User | None, now: datetime) -> Iterable[Model]:
    """Who holds a certificate stays named as such, as long as they are in the directory: the register is kept for good."""
    somebody = erasing.nameless_person(now=now)
    meetings_erasing.participation(row, somebody=somebody)
    applications_erasing.project_changes(row, by=by, now=now)
    erasing.participation(row, now=now)
    if not row.certificates.exists():
        Participant.objects.filter(pk=row.pk).update(user=somebody)
    return [row]


def _erase_cohort(row: Cohort, by: User | None, now: datetime) -> Iterable[Model]:
    meetings_erasing.cohort(row)
    certificates_erasing.cohort(row, by=by, now=now)
    erasing.cohort(row, now=now)
    return [row]


def _erase_person(row: User, by: User | None, now: datetime) -> Iterable[Model]:
    accounts = list(row.accounts.filter(erased_at=None))
    for each in accounts:
        for model in (EmailAddress, Authenticator, SocialAccount):
            model.objects.filter(user=each).delete()
        HolderName.objects.filter(person=each).delete()
        SignaturePicture.objects.filter(person=each).delete()
        meetings_erasing.person(each)
        erasing.person(each, now=now)
    return accounts


@dataclass(frozen=True)
class Step:
    """One kind of record. Without `erase` its rows are deleted, and the run alone says how many."""

    key: str
    series: Series
    words: str
    due: Callable[[date], QuerySet[Any]]
    related: tuple[str, ...] = ()
    erase: Callable[[Any, User | None, datetime], Iterable[Model]] | None = None
    action: str = ""  # in the trail


STEPS = (
    Step("mail", Series.MAIL, "mails", records_due.mail, ("recipient",)),
    Step("trail", Series.TRAIL, "details of events", records_due.trail, ("event",)),
    Step(
        "applications",
        Series.APPLICATIONS,
        "applications",
        records_due.applications,
        ("applicant", "cohort__branch"),
        _erase_application,
        "application.erased",
    ),
    Step(
        "texts",
        Series.APPLICATIONS,
        "texts in whose place others were drawn up",
        records_due.texts,
        (),
        _erase_text,
    ),
    Step(
        "participants",
        Series.PARTICIPATION,
        "people who took part",
        records_due.participants,
        ("user", "cohort__branch"),
        _erase_participant,
        "participant.erased",
    ),
    Step(
        "cohorts",
        Series.PARTICIPATION,
        "cohorts",
        records_due.cohorts,
        ("branch",),
        _erase_cohort,
        "cohort.erased",
    ),
    Step(
        "people",
        Series.PEOPLE,
        "people of the directory",
        records_due.people,
        (),
        _erase_person,
        "person.erased",
    ),
)
Seen = dict[str, str]


@dataclass(frozen=True)
class Due:
    step: Step
    keys: list[int]

    @property
    def number(self) -> int:
        return len(self.keys)

    def sample(self, most: int = 5) -> list[Any]:
        rows = self.step.due(timezone.localdate()).filter(pk__in=self.keys[:most])
        return list(rows.select_related(*self.step.related).order_by("pk"))


def plan(on: date) -> list[Due]:
    """What a run would erase on that day, in a constant number of queries."""
    return [Due(step, sorted(set(step.due(on).order_by().values_list("pk", flat=True)))) for step in STEPS]


def seen_of(found: Sequence[Due]) -> Seen:
    """By the step, what stands for just these records."""
    return {each.step.key: sha256(audit.canonical(each.keys)).hexdigest() for each in found if each.keys}


@transaction.atomic
def start(*, seen: Seen, by: User, now: datetime) -> RetentionRun:
    """Erase what `seen` says was shown; a run that has not ended goes on instead. Raises NothingDue, OthersAreDue."""
    run = RetentionRun.objects.running().first()
    if run is None:
        found = [each for each in plan(timezone.localdate(now)) if each.keys]
        if not found:
            raise NothingDue("Nothing is due.")
        if seen_of(found) != seen:
            raise OthersAreDue("Other records are due by now than those you were shown. Look at them again.")
        numbers = {each.step.key: each.number for each in found}
        shown = {each.step.key: each.keys for each in found}
        run = RetentionRun.objects.create(planned=numbers, shown=shown, started_by=by, started_at=now)
        audit.record("retention.started", by=by, obj=run, now=now, data=numbers)
    jobs.start(kind=KIND, key=str(run.pk), by=by, now=now, arguments={"run": run.pk})
    return run


def erase(progress: jobs.Progress, *, run: int) -> dict[str, object]:
    """What a worker runs; stopped anywhere, it goes on with what is left."""
    row = RetentionRun.objects.get(pk=run)
    gone = 0
    for step in STEPS:
        keys, at_once = row.shown.get(step.key, []), CHUNK if step.erase else MANY
        for first in range(0, len(keys), at_once):
            some = keys[first : first + at_once]
            erase_some(run=row, step=step, keys=some, now=timezone.now())
            gone += len(some)
            progress.report(gone, sum(row.planned.values()))
    finish(run=row, now=timezone.now())
    return {"run": run}


@transaction.atomic
def erase_some(*, run: RetentionRun, step: Step, keys: Sequence[int], now: datetime) -> None:
    """One chunk, under the lock of the run: whoever sets a hold waits for its end. A run that has ended erases nothing."""
    found = RetentionRun.objects.running().defer("shown").filter(pk=run.pk).first()
    if found is None:
        return
    run = found
    rows = step.due(timezone.localdate(now)).filter(pk__in=keys)
    some = list(rows.select_related(*step.related).order_by("pk"))
    erased, failed = _erase_or_name(step, some, run.started_by, now)
    audit.record_many(step.action, by=run.started_by, objects=[(each, None) for each in erased], now=now)
    run.done[step.key] = run.done.get(step.key, 0) + len(some) - len(failed)
    before = set(run.failed.get(step.key, [])) - set(keys)
    run.failed[step.key] = sorted(before | set(failed))
    run.save(update_fields=["done", "failed"])


def _erase_or_name(
    step: Step, rows: Sequence[Any], by: User | None, now: datetime
) -> tuple[list[Model], list[int]]:
    """Together, or else each by itself: of whose end the trail is told, and the keys of those that could not be erased."""
    try:
        with transaction.atomic():
            return _erase_rows(step, rows, by, now), []
    except (OperationalError, InterfaceError):  # nothing is wrong with the records
        raise
    except Exception:
        if len(rows) == 1:
            logger.exception("One of the %s, %s, could not be erased", step.words, rows[0].pk)
            return [], [rows[0].pk]
    found = [_erase_or_name(step, [each], by, now) for each in rows]
    return [row for erased, _ in found for row in erased], [pk for _, failed in found for pk in failed]


def _erase_rows(step: Step, rows: Sequence[Any], by: User | None, now: datetime) -> list[Model]:
    if step.erase:
        return [gone for each in rows for gone in step.erase(each, by, now)]
    step.due(timezone.localdate(now)).model.objects.filter(pk__in=[each.pk for each in rows]).delete()
    return []


@transaction.atomic
def finish(*, run: RetentionRun, now: datetime) -> None:
    """A second call changes nothing."""
    found = RetentionRun.objects.running().filter(pk=run.pk).first()
    if found is None:
        return
    run = found
    Session.objects.filter(expire_date__lt=now).delete()
    run.status, run.finished_at, run.shown = RetentionRun.Status.DONE, now, {}
    run.failed = {key: keys for key, keys in run.failed.items() if keys}
    run.save(update_fields=["status", "finished_at", "shown", "failed"])
    data = {**run.done, "failed": run.failed} if run.failed else run.done
    audit.record("retention.finished", by=run.started_by, obj=run, now=now, data=data)


def register() -> None:
    jobs.register(KIND, erase)


# Terms


@transaction.atomic
def set_term(*, series: Series, years: int, by: User, now: datetime) -> None:
    """Of a series that belongs to no program; the same again changes nothing. Raises RunUnderWay."""
    before = records_due.years_of(series)
    if before == years:
        return
    if RetentionRun.objects.running().exists():
        raise RunUnderWay(RetentionRun.UNDER_WAY)
    term, _ = RetentionTerm.objects.update_or_create(series=series, defaults={"years": years})
    audit.record("retention_term.set", by=by, obj=term, now=now, data={"was": before, "years": years})
