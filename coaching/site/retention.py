"""Records at the end of their term: what is due, and the run that erases it.

How long each series is kept is a setting; certificates, the lists they were approved by and their register are kept for
good. A run erases what was due on its day and nothing else, a few records in each transaction, and may be stopped anywhere:
what is erased is no longer due, so it goes on with the rest. What a legal hold covers (coaching/holds.py) is passed over.
What teams write, evaluations and jobs have days of their own, on which they are deleted without anybody's doing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from applications import erasing as applications_erasing
from applications.models import Application, ReviewStep
from certificates.models import Batch, HolderName, SignaturePicture
from coaching import audit, erasing, holds, jobs, signature_trail
from coaching.errors import Refused
from coaching.models import (
    AlumniEntry,
    AuditEvent,
    AuditPayload,
    Cohort,
    Delegation,
    LegalHold,
    Message,
    OrgUnit,
    Participant,
    RetentionRun,
    RetentionTerm,
    RoleAssignment,
    Series,
    SignedText,
    User,
)
from meetings import erasing as meetings_erasing
from meetings.models import LegalOrder

KIND = "retention"
CHUNK = 25  # records that are erased together
MANY = 2_000  # rows that are no more than deleted
DEFAULT_YEARS = {Series.MAIL: 2, Series.TRAIL: 7, Series.PEOPLE: 2}


class NothingDue(Refused):
    pass


class OthersAreDue(Refused):
    """Not what was shown."""


def years_of(series: Series) -> int:
    """Of a series that belongs to no program."""
    kept = RetentionTerm.objects.filter(series=series).values_list("years", flat=True).first()
    return kept or DEFAULT_YEARS[series]


# What is due, in the order in which it is erased


def _applications(on: date) -> "QuerySet[Application]":
    over = Application.objects.filter(
        erased_at=None, cohort__first_month__year__lt=on.year - F("cohort__program__retention_years")
    )
    return over.exclude(applicant__in=holds.people(on=on)).exclude(cohort__in=holds.cohorts(on=on))


def _texts(on: date) -> "QuerySet[SignedText]":
    """Whose they were, only they say themselves: while anything is held, they stay."""
    if LegalHold.objects.in_force(on).exists():
        return SignedText.objects.none()
    return applications_erasing.texts_of_nothing(before=on.year)


def _participants(on: date) -> "QuerySet[Participant]":
    over = Participant.objects.filter(
        erased_at=None, cohort__first_month__year__lt=on.year - F("cohort__program__participation_years")
    )
    ordered = Participant.objects.filter(memberships__team__in=_ordered())
    return over.exclude(pk__in=holds.participants(on=on).values("pk")).exclude(pk__in=ordered.values("pk"))


def _ordered() -> QuerySet:
    """Teams whose words a legal order may open, by their keys."""
    return LegalOrder.objects.standing(timezone.now()).values("team")


def _cohorts(on: date) -> "QuerySet[Cohort]":
    """Once nobody is left in them who is not erased."""
    over = Cohort.objects.filter(
        erased_at=None, first_month__year__lt=on.year - F("program__participation_years")
    )
    named = Participant.objects.filter(cohort=OuterRef("pk"), erased_at=None)
    waiting = named.exclude(pk__in=_participants(on).values("pk"))
    return over.exclude(Exists(waiting)).exclude(pk__in=holds.cohorts(on=on))


def _mail(on: date) -> "QuerySet[Message]":
    """Whatever became of it, but what is still to be sent."""
    settled = Message.objects.exclude(status__in=(Message.Status.PENDING, Message.Status.SENDING))
    old = settled.filter(created_at__date__lt=_years_before(on, years_of(Series.MAIL)))
    return old.exclude(recipient__in=holds.people(on=on))


def _trail(on: date) -> "QuerySet[AuditPayload]":
    """Not what proves signatures, nor what belongs to certificates. While anything is held, all details stay: they may be
    about it."""
    if LegalHold.objects.in_force(on).exists():
        return AuditPayload.objects.none()
    old = AuditPayload.objects.filter(event__at__date__lt=_years_before(on, years_of(Series.TRAIL)))
    return old.exclude(event__action__in=signature_trail.ACTIONS).exclude(
        event__object_type__startswith="certificates."
    )


def _people(on: date) -> "QuerySet[User]":
    """Whose account was closed, who holds nothing, whose records are all erased or are with this, and who did nothing for
    the term.

    Who approved certificates, or in whose name that was done, is named with them for good.
    """
    before = _years_before(on, years_of(Series.PEOPLE))
    acted = AuditEvent.objects.filter(actor=OuterRef("pk")).order_by().values("actor")
    gone = User.objects.filter(is_active=False, erased_at=None, created_at__date__lt=before).filter(
        Q(last_login=None) | Q(last_login__date__lt=before)
    )
    gone = gone.alias(acted_at=Subquery(acted.annotate(last=Max("at")).values("last")))
    gone = gone.filter(Q(acted_at=None) | Q(acted_at__date__lt=before))
    named = Application.objects.filter(erased_at=None).exclude(pk__in=_applications(on).values("pk"))
    taking_part = Participant.objects.filter(erased_at=None).exclude(pk__in=_participants(on).values("pk"))
    steps = ReviewStep.objects.filter(application__in=named.values("pk"))
    approved = Batch.objects.exclude(sign_off=None)
    ties: list[QuerySet] = [
        named.filter(applicant=OuterRef("pk")),
        steps.filter(Q(signer=OuterRef("pk")) | Q(holder=OuterRef("pk")) | Q(acted_by=OuterRef("pk"))),
        taking_part.filter(user=OuterRef("pk")),
        OrgUnit.objects.filter(head=OuterRef("pk")),
        User.objects.filter(supervisor=OuterRef("pk"), is_active=True),
        User.objects.filter(pk=OuterRef("merged_into"), erased_at=None),  # it goes with the person
        RoleAssignment.objects.on(on).filter(user=OuterRef("pk")),
        Delegation.objects.on(on).filter(Q(person=OuterRef("pk")) | Q(principal=OuterRef("pk"))),
        approved.filter(Q(sign_off__signer=OuterRef("pk")) | Q(sign_off__on_behalf_of=OuterRef("pk"))),
    ]
    for rows in ties:
        gone = gone.exclude(Exists(rows))
    return gone.exclude(pk__in=holds.people(on=on))


def _years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years, day=28 if (day.month, day.day) == (2, 29) else day.day)


# How each is erased; inside the transaction of its chunk


@transaction.atomic
def _erase_application(row: Application, by: User | None, now: datetime) -> None:
    applications_erasing.application(row, by=by, now=now)
    audit.record("application.erased", by=by, obj=row, now=now)


def _erase_text(row: SignedText, by: User | None, now: datetime) -> None:
    erasing.signed([row.pk], was=None, to=None, by=by, now=now)


@transaction.atomic
def _erase_participant(row: Participant, by: User | None, now: datetime) -> None:
    """Who holds a certificate stays named as such, as long as they are in the directory: the register is kept for good."""
    somebody = erasing.nobody(now=now)
    meetings_erasing.participation(row, somebody=somebody)
    applications_erasing.project_changes(row, by=by, now=now)
    erasing.participation(row, now=now)
    if not row.certificates.exists():
        Participant.objects.filter(pk=row.pk).update(user=somebody)
    audit.record("participant.erased", by=by, obj=row, now=now)


@transaction.atomic
def _erase_cohort(row: Cohort, by: User | None, now: datetime) -> None:
    meetings_erasing.cohort(row)
    erasing.cohort(row, now=now)
    audit.record("cohort.erased", by=by, obj=row, now=now)


def _erase_person(row: User, by: User | None, now: datetime) -> None:
    for model in (EmailAddress, Authenticator, SocialAccount):
        model.objects.filter(user=row).delete()
    AlumniEntry.objects.filter(user=row).delete()
    HolderName.objects.filter(person=row).delete()
    SignaturePicture.objects.filter(person=row).delete()
    meetings_erasing.person(row)
    erasing.person(row, now=now)
    audit.record("person.erased", by=by, obj=row, now=now)
    for other in row.merged_from.filter(erased_at=None):
        _erase_person(other, by, now)


@dataclass(frozen=True)
class Step:
    """One kind of record. Without `erase` its rows are deleted, and the run alone says how many."""

    key: str
    series: Series
    words: str
    due: Callable[[date], QuerySet[Any]]
    related: tuple[str, ...] = ()
    erase: Callable[[Any, User | None, datetime], None] | None = None


STEPS = (
    Step("mail", Series.MAIL, "mails", _mail, ("recipient",)),
    Step("trail", Series.TRAIL, "details of events", _trail, ("event",)),
    Step(
        "applications",
        Series.APPLICATIONS,
        "applications",
        _applications,
        ("applicant", "cohort__branch"),
        _erase_application,
    ),
    Step("texts", Series.APPLICATIONS, "texts in whose place another was drawn up", _texts, (), _erase_text),
    Step(
        "participants",
        Series.PARTICIPATION,
        "people who took part",
        _participants,
        ("user", "cohort__branch"),
        _erase_participant,
    ),
    Step("cohorts", Series.PARTICIPATION, "cohorts", _cohorts, ("branch",), _erase_cohort),
    Step("people", Series.PEOPLE, "people of the directory", _people, (), _erase_person),
)
Seen = dict[str, list[int]]


@dataclass(frozen=True)
class Due:
    step: Step
    number: int
    check: int  # the sum of the keys: others in the same number are others

    def sample(self, on: date, most: int = 5) -> list[Any]:
        return list(self.step.due(on).select_related(*self.step.related).order_by("pk")[:most])


def plan(on: date) -> list[Due]:
    """What a run would erase, in a constant number of queries."""
    found = []
    for step in STEPS:
        counts = step.due(on).order_by().aggregate(number=Count("pk", distinct=True), check=Sum("pk"))
        found.append(Due(step, counts["number"], int(counts["check"] or 0)))
    return found


def seen_of(found: Sequence[Due]) -> Seen:
    return {each.step.key: [each.number, each.check] for each in found if each.number}


@transaction.atomic
def start(*, on: date, seen: Seen, by: User, now: datetime) -> RetentionRun:
    """Erase what `seen` says was shown; a run that has not ended goes on instead. Raises NothingDue, OthersAreDue."""
    run = RetentionRun.objects.select_for_update().filter(status=RetentionRun.Status.RUNNING).first()
    if run is None:
        planned = seen_of(plan(min(on, timezone.localdate(now))))
        if not planned:
            raise NothingDue("Nothing is due.")
        if planned != seen:
            raise OthersAreDue("Other records are due by now than those you were shown. Look at them again.")
        numbers = {key: number for key, (number, _) in planned.items()}
        run = RetentionRun.objects.create(as_of=on, planned=numbers, started_by=by, started_at=now)
        audit.record("retention.started", by=by, obj=run, now=now, data=numbers)
    jobs.start(kind=KIND, key=str(run.pk), by=by, now=now, arguments={"run": run.pk})
    return run


def erase(progress: jobs.Progress, *, run: int) -> dict[str, object]:
    """What a worker runs; stopped anywhere, it goes on with what is left."""
    row = RetentionRun.objects.select_related("started_by").get(pk=run)
    total = sum(row.planned.values())
    for step in STEPS:
        while step.key in row.planned and _erase_some(row, step, timezone.now()):
            progress.report(min(sum(row.done.values()), total), total)
    _finish(row, timezone.now())
    return {"run": row.pk}


@transaction.atomic
def _erase_some(run: RetentionRun, step: Step, now: datetime) -> int:
    """One chunk, under the lock of the run: whoever sets a hold waits for its end."""
    RetentionRun.objects.select_for_update().get(pk=run.pk)
    rows = step.due(run.as_of).order_by("pk")
    if step.erase:
        some = list(rows.select_related(*step.related)[:CHUNK])
        for each in some:
            step.erase(each, run.started_by, now)
        number = len(some)
    else:
        keys = list(rows.values_list("pk", flat=True)[:MANY])
        rows.model.objects.filter(pk__in=keys).delete()
        number = len(keys)
    if number:
        run.done[step.key] = run.done.get(step.key, 0) + number
        run.save(update_fields=["done"])
    return number


@transaction.atomic
def _finish(run: RetentionRun, now: datetime) -> None:
    Session.objects.filter(expire_date__lt=now).delete()
    run.status, run.finished_at = RetentionRun.Status.DONE, now
    run.save(update_fields=["status", "finished_at"])
    audit.record("retention.finished", by=run.started_by, obj=run, now=now, data=run.done)


def register() -> None:
    jobs.register(KIND, erase)


# Terms


@transaction.atomic
def set_term(*, series: Series, years: int, by: User, now: datetime) -> None:
    """Of a series that belongs to no program; the same again changes nothing."""
    before = years_of(series)
    if before == years:
        return
    term, _ = RetentionTerm.objects.update_or_create(series=series, defaults={"years": years})
    audit.record("retention_term.set", by=by, obj=term, now=now, data={"was": before, "years": years})
