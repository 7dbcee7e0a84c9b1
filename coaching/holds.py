"""Legal holds: what is about a person, or of a cohort, stays whatever its term, until the hold ends."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from coaching import audit
from coaching.errors import Refused
from coaching.models import Cohort, LegalHold, Participant, RetentionRun, Team, User


class CannotHold(Refused):
    pass


def people(*, on: date) -> QuerySet:
    """Whoever is held, with each account that was merged into theirs, by their keys."""
    held = LegalHold.objects.in_force(on).exclude(person=None).values("person")
    return User.objects.filter(Q(pk__in=held) | Q(merged_into__in=held)).order_by().values("pk")


def cohorts(*, on: date) -> QuerySet:
    """Cohorts that are held whole, by their keys."""
    return LegalHold.objects.in_force(on).exclude(cohort=None).values("cohort")


def participants(*, on: date) -> "QuerySet[Participant]":
    return Participant.objects.filter(Q(user__in=people(on=on)) | Q(cohort__in=cohorts(on=on)))


def teams(*, on: date) -> "QuerySet[Team]":
    """Teams whose words are kept: somebody who is held was ever a member, or the cohort is held."""
    held = participants(on=on).values("pk")
    return Team.objects.filter(
        Q(pk__in=Team.objects.filter(memberships__participant__in=held).values("pk"))
        | Q(cohort__in=cohorts(on=on))
    )


@transaction.atomic
def set_hold(
    *,
    reason: str,
    by: User,
    now: datetime,
    person: User | None = None,
    cohort: Cohort | None = None,
    reference: str = "",
    until_date: date | None = None,
) -> LegalHold:
    """From this moment on; a run that is under way goes on without what it holds. Raises CannotHold."""
    if person:
        person = User.objects.select_related("merged_into").get(pk=person.pk)
        person = person.merged_into or person
    if (person is None) == (cohort is None):
        raise CannotHold("Choose one person or one cohort.")
    if not reason.strip():
        raise CannotHold("Say why it is held.")
    if until_date is not None and until_date < timezone.localdate(now):
        raise CannotHold("That day is over. Choose today or a day ahead, or leave it empty.")
    if (person and person.erased_at) or (cohort and cohort.erased_at):
        raise CannotHold("Its term is over and it was erased: there is nothing left to hold.")
    RetentionRun.objects.running().first()
    hold = LegalHold.objects.create(
        person=person,
        cohort=cohort,
        reason=reason.strip(),
        reference=reference.strip(),
        until_date=until_date,
        set_by=by,
        set_at=now,
    )
    audit.record("legal_hold.set", by=by, obj=hold, now=now)
    return hold


@transaction.atomic
def lift(*, hold: LegalHold, reason: str, by: User, now: datetime) -> LegalHold:
    """What it held is due again by its term. A second call changes nothing. Raises CannotHold."""
    hold = LegalHold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    if hold.lifted_at:
        return hold
    if not reason.strip():
        raise CannotHold("Say why it is lifted.")
    hold.lifted_by, hold.lifted_at, hold.lifted_reason = by, now, reason.strip()
    hold.save(update_fields=["lifted_by", "lifted_at", "lifted_reason"])
    audit.record("legal_hold.lifted", by=by, obj=hold, now=now)
    return hold
