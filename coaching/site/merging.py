"""Two accounts of one person become one: what is the person's moves, what was recorded stays as it was recorded.

The account that ends is closed and keeps its mail address, which says from then on who is meant: the next staff file does
not make it again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.db import models, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from applications.models import Application, ProjectChange, ReviewStep
from coaching import audit
from coaching.errors import Refused
from coaching.models import (
    Cohort,
    Delegation,
    Message,
    OrgUnit,
    Participant,
    RoleAssignment,
    SignOff,
    User,
)
from coaching.signature_trail import MERGED
from meetings.models import BusyFeed, CalendarChoice

# What the person has, by model and field, with what it is called. A test knows every other relation to a person, too.
MOVED = {
    "coaching.Participant.user": "participations, with their teams, attendance, evaluations and certificates",
    "applications.Application.applicant": "applications",
    "coaching.SignOff.signer": "signatures",
    "coaching.SignOff.on_behalf_of": "signatures that others gave in their name",
    "applications.ReviewStep.signer": "steps of applications to sign",
    "applications.ReviewStep.holder": "steps of applications where somebody signs for them",
    "applications.ReviewStep.acted_by": "steps of applications that they signed",
    "applications.ProjectChange.signer": "changes of projects to answer",
    "applications.ProjectChange.holder": "changes of projects where somebody answers for them",
    "applications.ProjectChange.acted_by": "changes of projects that they answered",
    "applications.DraftShare.person": "drafts that were shared with them",
    "coaching.OrgUnit.head": "posts",
    "coaching.RoleAssignment.user": "offices",
    "coaching.User.supervisor": "people they supervise",
    "coaching.Delegation.principal": "orders by which others sign for them",
    "coaching.Delegation.person": "orders by which they sign for others",
    "coaching.LegalHold.person": "legal holds on what is about them",
    "coaching.DirectoryCorrection.user": "corrections they reported",
    "coaching.Participant_signers.user": "participants whose application they signed",
    "coaching.TeamWishes_rather_not.user": "wishes not to be in a team with them",
    "coaching.AlumniEntry.user": "what alumni find of them",
    "coaching.ESignConsent.person": "consents to sign electronically",
    "coaching.Message.recipient": "mail that waits to be sent",
    "meetings.Meeting_visitors.user": "meetings they visited",
    "meetings.Visit.person": "visits they announced",
    "meetings.ProjectText.supervisor": "texts about projects that were shared with them",
    "meetings.SupervisorInput.supervisor": "questions to them as supervisor",
    "certificates.HolderName.person": "the name on certificates",
    "certificates.SignaturePicture.person": "the picture of the signature",
}
# Said of whoever reads it here, and nowhere else.
NOT_SAID = {"coaching.TeamWishes_rather_not.user"}


class NotMerged(Refused):
    """What stands in the way is named, with what to do first."""


@dataclass(frozen=True)
class Move:
    """What a merge would move: so many of these."""

    words: str
    count: int


@dataclass(frozen=True)
class Plan:
    keep: User
    drop: User
    moves: list[Move]
    conflicts: list[str]
    ends: list[str]


def plan(keep: User, drop: User, *, now: datetime) -> Plan:
    """What a merge would do, and what stands in its way. Writes nothing."""
    counts = [
        (words, _rows(name, keep, drop).count()) for name, words in MOVED.items() if name not in NOT_SAID
    ]
    return Plan(
        keep=keep,
        drop=drop,
        moves=[Move(words, count) for words, count in counts if count],
        conflicts=list(_conflicts(keep, drop, now)),
        ends=list(_ends(drop)),
    )


@transaction.atomic
def merge(*, keep: User, drop: User, reason: str, by: User, now: datetime) -> User:
    """Make the account `drop` end in `keep`; a second call changes nothing. The caller has checked who may.

    Raises NotMerged, with all that stands in the way.
    """
    cohorts = Participant.objects.filter(user__in=[keep, drop]).values("cohort")
    list(Cohort.objects.select_for_update(of=("self",)).filter(pk__in=cohorts).order_by("pk"))
    locked = {
        each.pk: each
        for each in User.objects.select_for_update().filter(pk__in=[keep.pk, drop.pk]).order_by("pk")
    }
    list(OrgUnit.objects.select_for_update().filter(parent=None).order_by("pk").values_list("pk"))
    keep, drop = locked[keep.pk], locked[drop.pk]
    if drop.merged_into_id == keep.pk and drop.pk != keep.pk:
        return keep
    reason = " ".join(reason.split())[:300]
    found = list(_conflicts(keep, drop, now))
    if not reason:
        found.append("Give the reason; it is kept with the history of both accounts.")
    if by.pk in (keep.pk, drop.pk):
        found.append("One of these accounts is yours. Ask a colleague to merge them.")
    if found:
        raise NotMerged(" ".join(found))
    moved = {name: _move(name, keep, drop) for name in MOVED}
    _end(drop, keep, now)
    told = {"moved": {name: count for name, count in moved.items() if count}, "reason": reason}
    audit.record(MERGED, by=by, obj=drop, on_behalf_of=keep, now=now, data={**told, "address": keep.email})
    audit.record(
        "person.merged_from",
        by=by,
        obj=keep,
        now=now,
        data={**told, "address": drop.email},
    )
    return keep


# What stands in the way


def _conflicts(keep: User, drop: User, now: datetime) -> Iterator[str]:
    if keep.pk == drop.pk:
        yield "These are one account. Name two."
        return
    if drop.merged_into_id or keep.merged_into_id:
        merged = drop if drop.merged_into_id else keep
        yield f"{merged.email} was merged into the account of {merged.merged_into} already."
        return
    if keep.erased_at or drop.erased_at:
        yield "The records of one account are erased: nobody knows any more whose it was."
        return
    if not keep.is_active:
        yield f"{keep.email} is closed. Keep the account that is in use."
    if drop.is_staff or drop.is_superuser:
        yield f"{drop.email} has rights in the administration. Take them away first, or keep this account instead."
    yield from _twice(keep, drop)
    yield from _own_signatures(keep, drop)
    yield from _for_each_other(keep, drop)
    yield from _circles(keep, drop)
    orders = Delegation.objects.on(timezone.localdate(now))
    if orders.filter(Q(principal=keep, person=drop) | Q(principal=drop, person=keep)).exists():
        yield "One of the accounts signs for the other, by an order that is in force. End it first."


def _twice(keep: User, drop: User) -> Iterator[str]:
    """T9: one person has one place, and one application."""
    places = Participant.objects.exclude(status=Participant.Status.LEFT).filter(user=drop)
    for place in places.filter(cohort__in=keep.participations.exclude(status="left").values("cohort")):
        yield f"Both accounts take part in the {place.cohort}. Let one of them leave it first."
    own = Application.objects.exclude(status=Application.Status.WITHDRAWN)
    for each in own.filter(applicant=drop, cohort__in=own.filter(applicant=keep).values("cohort")):
        yield f"Both accounts have an application to the {each.cohort}. One of them has to be withdrawn first."


def _own_signatures(keep: User, drop: User) -> Iterator[str]:
    """A9: nobody signs their own application, with whichever account."""
    steps = ReviewStep.objects.exclude(
        status__in=[ReviewStep.Status.REASSIGNED, ReviewStep.Status.SUPERSEDED]
    )
    for applicant, signer in ((keep, drop), (drop, keep)):
        named = Q(signer=signer) | Q(acted_by=signer)
        for step in steps.filter(named, application__applicant=applicant).select_related(
            "application__cohort"
        ):
            yield (
                f"One account signs the application of the other to the {step.application.cohort}. "
                "Give that step to somebody else first; where it is signed, the application has to go the way anew."
            )
        changes = ProjectChange.objects.exclude(status=ProjectChange.Status.WITHDRAWN).filter(named)
        for change in changes.filter(participant__user=applicant).select_related("participant__cohort"):
            yield f"One account concurs with the project of the other in the {change.participant.cohort}."


def _for_each_other(keep: User, drop: User) -> Iterator[str]:
    """What says that two people did something cannot say it of one."""
    pairs = (Q(holder=keep, signer=drop), Q(holder=drop, signer=keep))
    for model, what in ((ReviewStep, "a step of an application"), (ProjectChange, "a change of a project")):
        if model._base_manager.filter(pairs[0] | pairs[1]).exists():
            yield f"One account stands in for the other at {what}. These accounts cannot be merged."
    attested = Q(signer=keep, attested_by=drop) | Q(signer=drop, attested_by=keep)
    if SignOff.objects.filter(attested).exists():
        yield "One account attests what the other signed on paper. These accounts cannot be merged."


def _circles(keep: User, drop: User) -> Iterator[str]:
    """As one person, they would supervise themselves by way of others."""
    pair = {keep.pk, drop.pk}
    for start in (keep, drop):
        above = start.supervisor
        seen: set[int] = set()
        if above is not None and above.pk in pair:
            continue  # the one supervises the other: that ends
        while above is not None and above.pk not in seen | pair:
            seen.add(above.pk)
            above = above.supervisor
        if above is not None and above.pk in pair and seen:
            names = ", ".join(str(each) for each in User.objects.filter(pk__in=seen))
            yield f"One account stands above the other, by way of {names}. Give one of them another supervisor first."
            return


def _ends(drop: User) -> Iterator[str]:
    yield "Its password, its second step and its sign-ins"
    if CalendarChoice.objects.filter(user=drop, revoked_at=None).exists():
        yield "Its calendar address"
    if BusyFeed.objects.filter(supervisor=drop, revoked_at=None).exists():
        yield "Its addresses of busy times"


# Moving


def _field(name: str) -> tuple[type[models.Model], str]:
    label, _, field = name.rpartition(".")
    return apps.get_model(label), field


def _rows(name: str, keep: User, drop: User) -> QuerySet:
    """Those of the dropped account that move: what the kept one has already is not had twice."""
    model, field = _field(name)
    rows = model._base_manager.filter(**{field: drop})
    twice = _had_already(name, model, keep)
    if twice is not None:
        rows = rows.exclude(pk__in=rows.filter(twice).values("pk"))
    if model is Delegation:
        rows = rows.exclude(Q(principal=keep) | Q(person=keep))
    return rows.filter(status=Message.Status.PENDING) if model is Message else rows


def _had_already(name: str, model: type[models.Model], keep: User) -> Q | None:
    theirs = model._base_manager
    if name == "coaching.RoleAssignment.user":
        open_ones = theirs.filter(user=keep, end_date=None)
        return Q(end_date=None) & Q(
            models.Exists(open_ones.filter(office=models.OuterRef("office"), unit=models.OuterRef("unit")))
        )
    keys: dict[str, tuple[str, tuple[str, ...], dict[str, object]]] = {
        "coaching.SignOff.signer": ("signer", ("text", "capacity"), {}),
        "coaching.DirectoryCorrection.user": ("user", ("field", "status"), {"status": "open"}),
        "coaching.Participant_signers.user": ("user", ("participant",), {}),
        "coaching.TeamWishes_rather_not.user": ("user", ("teamwishes",), {}),
        "coaching.ESignConsent.person": ("person", ("version",), {}),
        "applications.DraftShare.person": ("person", ("application", "ended_at"), {"ended_at": None}),
        "meetings.Meeting_visitors.user": ("user", ("meeting",), {}),
        "meetings.Visit.person": ("person", ("meeting", "taken_back_at"), {"taken_back_at": None}),
        "coaching.AlumniEntry.user": ("user", (), {}),
        "certificates.HolderName.person": ("person", (), {}),
        "certificates.SignaturePicture.person": ("person", (), {}),
    }
    if name not in keys:
        return None
    field, same, only = keys[name]
    matching = {each: models.OuterRef(each) for each in same if each not in only}
    return Q(models.Exists(theirs.filter(**{field: keep}, **matching, **only))) & Q(**only)


def _move(name: str, keep: User, drop: User) -> int:
    model, field = _field(name)
    pks = list(_rows(name, keep, drop).values_list("pk", flat=True))
    rows = model._base_manager.filter(pk__in=pks)
    if model is SignOff:
        account = "signer_account" if field == "signer" else "on_behalf_account"
        rows.filter(**{account: None}).update(**{account: F(field)})
    if model is User:
        rows.exclude(pk=keep.pk).update(supervisor=keep)
        User.objects.filter(pk=keep.pk, supervisor=drop).update(supervisor=_above(keep, drop))
    else:
        rows.update(**{field: keep})
    return len(pks)


def _above(keep: User, drop: User) -> User | None:
    """Who supervised the other account, where it was the supervisor."""
    return drop.supervisor if drop.supervisor_id != keep.pk else None


def _end(drop: User, keep: User, now: datetime) -> None:
    CalendarChoice.objects.filter(user=drop, revoked_at=None).update(revoked_at=now)
    BusyFeed.objects.filter(supervisor=drop, revoked_at=None).update(revoked_at=now)
    RoleAssignment.objects.filter(user=drop, end_date=None).update(
        end_date=Greatest(F("start_date"), Value(timezone.localdate(now), models.DateField()))
    )
    EmailAddress.objects.filter(user=drop).delete()
    Authenticator.objects.filter(user=drop).delete()
    drop.groups.clear()
    drop.user_permissions.clear()
    drop.is_active, drop.merged_into = False, keep
    drop.password = make_password(None)  # with it end sessions, and links to a new password
    User.objects.filter(merged_into=drop).update(merged_into=keep)
    drop.supervisor = None
    drop.save(update_fields=["is_active", "merged_into", "password", "supervisor"])


def may_merge(user: User) -> bool:
    return user.is_authenticated and user.is_staff and user.has_perm("coaching.merge_people")
