"""Which records are at the end of their term on a day: what a run may erase (coaching/site/retention.py).

How long each series is kept is a setting; certificates, the lists they were approved by and their register are kept for
good. What a legal hold (coaching/holds.py) or an order covers is not due.
"""

from collections.abc import Iterator
from datetime import date

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from applications import erasing as applications_erasing
from applications.models import Application, ProjectChange, ReviewStep
from certificates import erasing as certificates_erasing
from coaching import holds, signature_trail
from coaching.models import (
    AuditEvent,
    AuditPayload,
    Cohort,
    Delegation,
    LegalHold,
    Message,
    OrgUnit,
    Participant,
    RetentionTerm,
    RoleAssignment,
    Series,
    SignedText,
    SignOff,
    Team,
    User,
)
from meetings import held

DEFAULT_YEARS = {Series.MAIL: 2, Series.TRAIL: 7, Series.PEOPLE: 2}
ASSIGNED = ("signer", "holder", "acted_by")  # of a step, and of a change of a project


def years_of(series: Series) -> int:
    """Of a series that belongs to no program."""
    kept = RetentionTerm.objects.filter(series=series).values_list("years", flat=True).first()
    return kept or DEFAULT_YEARS[series]


def _applications_over(on: date) -> "QuerySet[Application]":
    """By their term, whether or not they are held."""
    last = on.year - F("cohort__program__retention_years")
    return Application.objects.filter(erased_at=None, cohort__first_month__year__lt=last)


def applications(on: date) -> "QuerySet[Application]":
    """Not those that somebody sent, signed or attested who is held."""
    people = holds.people(on=on)
    signed = SignOff.objects.filter(_one_of(people, "signer", "on_behalf_of", "attested_by")).values("text")
    steps = ReviewStep.objects.filter(_one_of(people, *ASSIGNED) | Q(text__in=signed)).values("application")
    theirs = Q(applicant__in=people) | Q(pk__in=steps) | _one_of(signed, "current_text", "paper_text")
    return _applications_over(on).exclude(cohort__in=holds.cohorts(on=on)).exclude(theirs)


def _one_of(keys: QuerySet, *names: str) -> Q:
    """One of these fields is among the keys."""
    return Q(*((f"{name}__in", keys) for name in names), _connector=Q.OR)


def texts(on: date) -> "QuerySet[SignedText]":
    """Whose they were, only they say themselves: while anything is held, they stay."""
    if LegalHold.objects.in_force(on).exists():
        return SignedText.objects.none()
    found = [each.texts_of_nothing(before=on.year) for each in (applications_erasing, certificates_erasing)]
    return SignedText.objects.filter(Q(pk__in=found[0].values("pk")) | Q(pk__in=found[1].values("pk")))


def _participants_over(on: date) -> "QuerySet[Participant]":
    """By their term, but for those of whose team a legal order waits or is open."""
    last = on.year - F("cohort__program__participation_years")
    ordered = Participant.objects.filter(memberships__team__in=held.ordered_teams(timezone.now()))
    over = Participant.objects.filter(erased_at=None, cohort__first_month__year__lt=last)
    return over.exclude(pk__in=ordered.values("pk"))


def participants(on: date) -> "QuerySet[Participant]":
    """Nor those about whose project somebody was asked who is held."""
    asked = ProjectChange.objects.filter(_one_of(holds.people(on=on), *ASSIGNED))
    over = _participants_over(on).exclude(pk__in=holds.participants(on=on).values("pk"))
    return over.exclude(pk__in=asked.values("participant"))


def cohorts(on: date) -> "QuerySet[Cohort]":
    """Once nobody is left in them who is not erased."""
    over = Cohort.objects.filter(
        erased_at=None, first_month__year__lt=on.year - F("program__participation_years")
    )
    named = Participant.objects.filter(cohort=OuterRef("pk"), erased_at=None)
    waiting = named.exclude(pk__in=participants(on).values("pk"))
    ordered = Team.objects.filter(pk__in=held.ordered_teams(timezone.now())).values("cohort")
    return over.exclude(Exists(waiting)).exclude(pk__in=holds.cohorts(on=on)).exclude(pk__in=ordered)


def mail(on: date) -> "QuerySet[Message]":
    """Whatever became of it, but what is still to be sent."""
    settled = Message.objects.exclude(status__in=(Message.Status.PENDING, Message.Status.SENDING))
    old = settled.filter(created_at__date__lt=_years_before(on, years_of(Series.MAIL)))
    return old.exclude(recipient__in=holds.people(on=on))


def trail(on: date) -> "QuerySet[AuditPayload]":
    """Not what proves signatures, nor what belongs to certificates. While anything is held, all details stay: they may be
    about it."""
    if LegalHold.objects.in_force(on).exists():
        return AuditPayload.objects.none()
    old = AuditPayload.objects.filter(event__at__date__lt=_years_before(on, years_of(Series.TRAIL)))
    return old.exclude(event__action__in=signature_trail.ACTIONS).exclude(
        event__object_type__startswith="certificates."
    )


def people(on: date) -> "QuerySet[User]":
    """Whose account was closed, who holds nothing, whose records are all erased or are with this, and who did nothing for
    the term; with whichever account that was merged into theirs.

    Who approved certificates, in whose name that was done, and who attested it, is named with them for good. While anything
    is held, everybody stays: with them would go what others' records say of them.
    """
    if LegalHold.objects.in_force(on).exists():
        return User.objects.none()
    before = _years_before(on, years_of(Series.PEOPLE))
    gone = User.objects.filter(is_active=False, erased_at=None, created_at__date__lt=before)
    for rows in (*_lately(before), *_records_with(on), *_holding(on)):
        gone = gone.exclude(Exists(rows))
    return gone


def _any(*names: str) -> Q:
    """The person, or an account that was merged into theirs, is one of these."""
    found = Q()
    for name in names:
        found |= Q(**{name: OuterRef("pk")}) | Q(**{f"{name}__merged_into": OuterRef("pk")})
    return found


def _lately(since: date) -> Iterator[QuerySet]:
    """What somebody did since then."""
    events = AuditEvent.objects.filter(at__date__gte=since)
    yield events.filter(actor=OuterRef("pk"))
    yield events.filter(actor__merged_into=OuterRef("pk"))
    yield User.objects.filter(
        Q(pk=OuterRef("pk")) | Q(merged_into=OuterRef("pk")), last_login__date__gte=since
    )


def _records_with(on: date) -> Iterator[QuerySet]:
    """Records that still say who took part, signed or attested; nothing is held where these are asked for."""
    named = Application.objects.filter(erased_at=None).exclude(pk__in=_applications_over(on).values("pk"))
    taking_part = Participant.objects.filter(erased_at=None).exclude(
        pk__in=_participants_over(on).values("pk")
    )
    steps = ReviewStep.objects.filter(application__in=named.values("pk"))
    changes = ProjectChange.objects.filter(participant__in=taking_part.values("pk"))
    texts = Q(kind=SignedText.Kind.CERTIFICATE_BATCH)
    for keys in (
        *map(named.values, ("current_text", "paper_text")),
        steps.values("text"),
        changes.values("text"),
    ):
        texts |= Q(pk__in=keys)
    signatures = SignOff.objects.filter(text__in=SignedText.objects.filter(texts).values("pk"))
    yield named.filter(_any("applicant"))
    yield taking_part.filter(_any("user"))
    for rows in (steps, changes):
        yield rows.filter(_any(*ASSIGNED))
    yield signatures.filter(_any("signer", "on_behalf_of", "attested_by"))


def _holding(on: date) -> Iterator[QuerySet]:
    """What somebody holds, or is needed for."""
    yield OrgUnit.objects.filter(head=OuterRef("pk"))
    yield User.objects.filter(supervisor=OuterRef("pk"), is_active=True)
    yield User.objects.filter(pk=OuterRef("merged_into"), erased_at=None)  # it goes with the person
    yield RoleAssignment.objects.on(on).filter(user=OuterRef("pk"))
    yield Delegation.objects.on(on).filter(Q(person=OuterRef("pk")) | Q(principal=OuterRef("pk")))


def _years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years, day=28 if (day.month, day.day) == (2, 29) else day.day)
