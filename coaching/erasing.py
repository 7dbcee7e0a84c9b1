"""What is left of a record at the end of its term: rows and figures, without words and without whose they were.

Rows stay, so that totals stay true and nothing leads to what is gone. Texts become ERASED where there were any. Whoever the
record is about becomes somebody without a name, made for this one record: two of them cannot be brought together.
Each function is called inside the transaction of the run (coaching/site/retention.py), which records what it did.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from coaching import holds, signature_trail
from coaching.models import (
    ERASED,
    AlumniEntry,
    AuditPayload,
    Cohort,
    Consent,
    Delegation,
    ESignConsent,
    Goal,
    Job,
    LegalHold,
    Message,
    Pairing,
    Participant,
    PersonExport,
    ProposalEdit,
    Scan,
    SignedText,
    SignOff,
    Team,
    TeamChange,
    TeamWishes,
    User,
)

NOBODY = "Name erased"


def empty_texts(rows: QuerySet, *fields: str) -> None:
    """Put ERASED wherever there is a text."""
    for name in fields:
        rows.exclude(**{name: ""}).update(**{name: ERASED})


def nameless_person(*, now: datetime) -> User:
    """Somebody without a name, in the place of whom a record was about."""
    user = User(email=_no_address(), name=NOBODY, is_active=False, erased_at=now)
    user.set_unusable_password()
    user.save()
    return user


def _no_address() -> str:
    return f"{uuid4().hex}@erased.invalid"


@transaction.atomic
def empty_signed_texts(
    texts: Iterable[int], *, was: User | None, to: User | None, by: User | None, now: datetime
) -> None:
    """Empty these texts with their signatures and scans; `to` has signed what `was` had. The trail is told."""
    for text in SignedText.objects.select_for_update().filter(pk__in=set(texts)).exclude(text=ERASED):
        text.text = ERASED
        text.save(update_fields=["text"])
        signatures = SignOff.objects.filter(text=text)
        scans = Scan.objects.filter(pk__in=signatures.exclude(scan=None).values("scan"))
        scans.update(content=b"", sha256=hashlib.sha256(b"").hexdigest())
        if was:  # with no account either that was merged into theirs
            signatures.filter(signer=was).update(signer=to, signer_account=None)
            signatures.filter(on_behalf_of=was).update(on_behalf_of=to, on_behalf_account=None)
        signatures.update(statement=ERASED, typed_name=ERASED, session_digest="", address=None)
        signature_trail.record_erased(text, by=by, now=now)


def delete_details(*rows: QuerySet) -> None:
    """Take away what the trail and the administration tell in words about these rows, but of what a held person did."""
    held = list(holds.people(on=timezone.localdate()).values_list("pk", flat=True))
    for each in rows:
        label = each.model._meta.label_lower
        pks = list(each.values_list("pk", flat=True))
        told = AuditPayload.objects.filter(event__object_type=label, event__object_id__in=pks)
        told = told.exclude(event__actor__in=held).exclude(event__on_behalf_of__in=held)
        told = told.exclude(event__action__in=signature_trail.ACTIONS)
        AuditPayload.objects.filter(pk__in=list(told.values_list("pk", flat=True))).delete()
        logged = LogEntry.objects.filter(content_type__app_label=each.model._meta.app_label)
        logged.exclude(user__in=held).filter(
            content_type__model=each.model._meta.model_name, object_id__in=[str(pk) for pk in pks]
        ).update(object_repr="", change_message="")


def participation(participant: Participant, *, now: datetime) -> None:
    """What this app keeps about one participant; grow, glow and the competencies of the project stay, for reports (C5)."""
    own = Participant.objects.filter(pk=participant.pk)
    goals, consents = (
        Goal.objects.filter(participant=participant),
        Consent.objects.filter(participant=participant),
    )
    empty_texts(own, "role_aimed_for", "left_reason")
    empty_texts(goals, "title", "description", "expected_outcome", "measure")
    empty_texts(consents, "reason")
    delete_details(own, goals, consents, TeamWishes.objects.filter(participant=participant))
    TeamWishes.objects.filter(participant=participant).delete()
    participant.signers.clear()
    own.update(erased_at=now)


def cohort(cohort: Cohort, *, now: datetime) -> None:
    """What this app keeps about a cohort whose participants are all without a name."""
    of_cohort = Cohort.objects.filter(pk=cohort.pk)
    teams, changes = Team.objects.filter(cohort=cohort), TeamChange.objects.filter(team__cohort=cohort)
    pairings, edits = (
        Pairing.objects.filter(cohort=cohort),
        ProposalEdit.objects.filter(proposal__cohort=cohort),
    )
    empty_texts(teams, "bent_reason")
    empty_texts(changes, "reason")
    empty_texts(pairings, "reason")
    empty_texts(cohort.proposals.all(), "changed_words")
    cohort.proposals.update(document={}, result={}, alternative={})
    Pairing.people.through.objects.filter(pairing__cohort=cohort).delete()
    delete_details(of_cohort, teams, changes, pairings, edits, cohort.proposals.all())
    _ended_holds(cohort.legal_holds.all())
    edits.delete()
    of_cohort.update(erased_at=now)


def _ended_holds(rows: "QuerySet[LegalHold]") -> None:
    """On what, when and by whom stays."""
    empty_texts(rows, "reason", "reference", "lifted_reason")
    delete_details(rows)


def person(user: User, *, now: datetime) -> None:
    """What this app keeps about somebody whose records are all at the end of their term. What they wrote or signed as an
    officer of the program is nobody's from now on."""
    about = Q(principal=user) | Q(person=user)
    orders = Delegation.objects.filter(about)
    empty_texts(orders, "reason", "order_reference")
    _ended_holds(user.legal_holds.all())
    own = User.objects.filter(pk=user.pk)
    delete_details(own, orders, user.corrections.all(), ESignConsent.objects.filter(person=user))
    _delete_details_naming(user)
    user.corrections.all().delete()
    Message.objects.filter(recipient=user).delete()
    PersonExport.objects.filter(person=user).delete()
    AlumniEntry.objects.filter(user=user).delete()
    Job.objects.filter(created_by=user, finished_at__isnull=False).delete()
    LogEntry.objects.filter(user=user).update(object_repr="", change_message="")
    Cohort.objects.filter(contact_email__iexact=user.email).update(contact_email="", contact_phone="")
    TeamWishes.rather_not.through.objects.filter(user=user).delete()
    user.groups.clear()
    user.user_permissions.clear()
    blank: dict[str, object] = dict.fromkeys(
        ("unit", "classification", "career_track", "supervisor", "invited_at", "last_login")
    )
    own.update(
        **blank,
        name=NOBODY,
        email=_no_address(),
        password=make_password(None),
        is_active=False,
        is_staff=False,
        is_superuser=False,
        erased_at=now,
    )


def _delete_details_naming(user: User) -> None:
    """Of the trail: what says their address, or their name where nobody else is meant by it, as words of its own; not what
    belongs to certificates."""
    named = _says(user.email, "said", before="[^a-z0-9._%+-]", after=r"[^a-z0-9.-]|[.]([^a-z0-9]|$)")
    namesakes = User.objects.filter(_says(user.name, "name"), erased_at=None)
    if not namesakes.exclude(pk__in=(user.merged_into or user).accounts.values("pk")).exists():
        named |= _says(user.name, "said")
    kept = Q(event__action__in=signature_trail.ACTIONS) | Q(event__object_type__startswith="certificates.")
    found = AuditPayload.objects.annotate(said=Cast("data", TextField())).filter(named).exclude(kept)
    AuditPayload.objects.filter(pk__in=list(found.values_list("pk", flat=True))).delete()


def _says(text: str, field: str, *, before: str = "[^a-z0-9]", after: str = "[^a-z0-9]") -> Q:
    """As it stands, or as JSON has it."""
    found = Q()
    for form in {text, json.dumps(text)[1:-1]}:
        found |= Q(**{f"{field}__iregex": rf"(^|{before}){re.escape(form)}($|{after})"})
    return found
