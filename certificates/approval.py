"""A batch from the branch office's draft to the superintendent's approval (C3). The only code that sets its status."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from certificates import eligibility, names
from certificates.claims import batch_text, department_of, holds, local_date
from certificates.models import Batch, BatchEntry
from certificates.printable import refuse_unprintable
from coaching import audit, offices, outbox, signing
from coaching.errors import Refused
from coaching.models import Cohort, Delegation, SignedText, SignOff, User
from coaching.permissions import require_office


class NobodyEligible(Refused):
    pass


class BatchWaits(Refused):
    pass


class NotSubmitted(Refused):
    pass


class AlreadyApproved(Refused):
    pass


class NobodyCanApprove(Refused):
    pass


class NotTheApprover(Refused):
    pass


class OnTheList(Refused):
    pass


class ListChanged(Refused):
    pass


class AlreadySubmitted(Refused):
    pass


class NamesChanged(Refused):
    """Somebody wrote their name anew since the list was made."""


@dataclass(frozen=True)
class Authority:
    """In what capacity somebody approves, and for whom if not in their own right."""

    capacity: str
    on_behalf_of: User | None = None
    delegation: Delegation | None = None


def statement_of(authority: Authority, batch: Batch) -> str:
    """The sentence that is signed."""
    way = "are signed by hand by" if batch.signed_by_hand else "carry the signature of"
    return (
        f"I have read this list and seen a sample. As {authority.capacity}, I approve certificates of completion for the "
        f"people on it, and that they {way} the State Superintendent of Public Instruction."
    )


def authority_of(user: User, cohort: Cohort, *, on: date) -> Authority | None:
    """The head of the department above the cohort's branch; or whom a recorded order of that day names."""
    department = department_of(cohort)
    if department is None:
        return None
    title = department.head_title
    if department.head_id == user.pk:
        return Authority(title)
    order = offices.orders_for(department, on=on).filter(person=user).order_by("-start_date", "-pk").first()
    if order is None:
        return None
    acting = order.kind == Delegation.Kind.ACTING
    capacity = f"Acting {title}" if acting else f"delegate of the {title}"
    return Authority(capacity, department.head, order)


def approvers(cohort: Cohort, *, on: date) -> list[User]:
    """Everybody who could approve on that day, the head first."""
    department = department_of(cohort)
    return offices.who_leads(department, on=on) if department else []


@transaction.atomic
def propose_batch(*, cohort: Cohort, by: User | None, now: datetime) -> Batch:
    """Draft the list of everybody who is eligible; an existing draft is brought up to date.

    Raises BatchWaits while one awaits approval, NobodyEligible when the list would be empty.
    """
    cohort = Cohort.objects.select_for_update().get(pk=cohort.pk)
    require_office(cohort=cohort, by=by, now=now)
    open_batch = _locked_draft(cohort)
    rows = eligibility.eligible(cohort, today=local_date(cohort, now))
    if not rows:
        raise NobodyEligible(
            "Nobody can be proposed: each participant still lacks something, or has a certificate, or is on an "
            "approved list. The list below says what."
        )
    batch = open_batch or Batch.objects.create(cohort=cohort, created_by=by, created_at=now)
    batch.entries.all().delete()
    BatchEntry.objects.bulk_create(
        BatchEntry(
            batch=batch,
            participant=row.participant,
            name=names.on_certificate(row.participant.user),
            minutes=row.standing.minutes,
        )
        for row in rows
    )
    audit.record("batch.proposed", by=by, obj=batch, now=now, data={"certificates": len(rows)})
    return batch


def _locked_draft(cohort: Cohort) -> Batch | None:
    """The open list as it stands once whoever submits or approves it is done; none where it was approved meanwhile."""
    found = cohort.certificate_batches.exclude(status=Batch.Status.APPROVED).first()
    batch = locked(found) if found else None
    if batch and batch.status == Batch.Status.AWAITING:
        raise BatchWaits("A list of this program awaits approval. Propose the next one when that is done.")
    return batch if batch and batch.status == Batch.Status.DRAFT else None


@transaction.atomic
def choose_signing(*, batch: Batch, by_hand: bool, by: User | None, now: datetime) -> Batch:
    """Whether a picture of the signature is printed, or an empty line to be signed by hand; part of what is approved.

    The same choice twice changes nothing. Raises AlreadySubmitted once the text is fixed.
    """
    batch = locked(batch)
    require_office(cohort=batch.cohort, by=by, now=now)
    if batch.signed_by_hand == by_hand:
        return batch
    if batch.status != Batch.Status.DRAFT:
        raise AlreadySubmitted(
            "How the certificates are signed is part of the list that was submitted. It can be chosen again if the list "
            "is sent back."
        )
    batch.signed_by_hand = by_hand
    batch.save(update_fields=["signed_by_hand"])
    audit.record("batch.signing_chosen", by=by, obj=batch, now=now, data={"by_hand": by_hand})
    return batch


def submit_for_approval(*, batch: Batch, by: User | None, now: datetime) -> Batch:
    """Fix the text of the list and ask for approval; a second call changes nothing.

    Raises NobodyEligible, CannotPrint, NamesChanged, NobodyCanApprove.
    """
    require_office(cohort=batch.cohort, by=by, now=now)
    # In no transaction: names are drawn for it, which takes a while.
    return _submit(batch, refuse_unprintable(batch, now=now), by=by, now=now)


@transaction.atomic
def _submit(batch: Batch, printable: frozenset[str], *, by: User | None, now: datetime) -> Batch:
    batch = locked(batch)
    require_office(cohort=batch.cohort, by=by, now=now)
    if batch.status != Batch.Status.DRAFT:
        return batch
    if not batch.entries.exists():
        raise NobodyEligible("The list is empty. Bring it up to date before you submit it.")
    if not printable.issuperset(batch.entries.values_list("name", flat=True)):
        raise NamesChanged("The list was brought up to date meanwhile. Look at it once more, and submit it.")
    if renamed := _renamed(batch):
        raise NamesChanged(
            f"{eligibility.listed(renamed)} changed how the name is written since the list was made. Bring the list up to "
            "date, and look at it once more before you submit it."
        )
    people = approvers(batch.cohort, on=local_date(batch.cohort, now))
    if not people:
        raise NobodyCanApprove(
            "The department has no head, and nobody is recorded as acting for one. Ask an administrator to enter them."
        )
    text = signing.signed_text(kind=SignedText.Kind.CERTIFICATE_BATCH, text=batch_text(batch), by=by, now=now)
    batch.text = text
    batch.status = Batch.Status.AWAITING
    batch.submitted_by, batch.submitted_at = by, now
    batch.returned_reason, batch.returned_by, batch.taken_back = "", None, False
    batch.save()
    audit.record("batch.submitted", by=by, obj=batch, now=now, data={"digest": text.digest})
    for person in people:
        outbox.queue(
            kind="certificates.batch_awaiting_approval",
            to=person,
            key=str(text.pk),
            ids={"batch_id": batch.pk, "text_id": text.pk},
            now=now,
        )
    return batch


def _renamed(batch: Batch) -> list[str]:
    """Whose line no longer has the name that is to stand on their certificate."""
    entries = batch.entries.select_related("participant__user__holder_name")
    return [entry.name for entry in entries if entry.name != names.on_certificate(entry.participant.user)]


@transaction.atomic
def return_batch(*, batch: Batch, by: User, reason: str, now: datetime) -> Batch:
    """Send a submitted list back to the branch office with a reason: it is a draft again."""
    batch = locked(batch)
    if batch.status != Batch.Status.AWAITING:
        raise NotSubmitted("Only a list that awaits approval can be sent back.")
    authority = _authority_or_refusal(batch, by, now)
    _reopen(batch, reason, by=by, taken_back=False)
    audit.record(
        "batch.returned",
        by=by,
        on_behalf_of=authority.on_behalf_of,
        obj=batch,
        now=now,
        data={"reason": reason},
    )
    if batch.submitted_by:
        outbox.queue(
            kind="certificates.batch_returned",
            to=batch.submitted_by,
            key=f"{batch.pk}:{now.isoformat()}",
            ids={"batch_id": batch.pk},
            now=now,
        )
    return batch


@transaction.atomic
def take_back(*, batch: Batch, by: User | None, reason: str, now: datetime) -> Batch:
    """The branch office makes a submitted list a draft again: its paper came back unsigned, or something was forgotten.

    A second call changes nothing. Raises AlreadyApproved.
    """
    batch = locked(batch)
    require_office(cohort=batch.cohort, by=by, now=now)
    if batch.sign_off is not None:
        raise AlreadyApproved(f"{batch.sign_off.signer} approved this list meanwhile. It stays as it is.")
    if batch.status == Batch.Status.DRAFT:
        return batch
    _reopen(batch, reason, by=by, taken_back=True)
    audit.record("batch.taken_back", by=by, obj=batch, now=now, data={"reason": reason})
    return batch


def _reopen(batch: Batch, reason: str, *, by: User | None, taken_back: bool) -> None:
    batch.status = Batch.Status.DRAFT
    batch.text = batch.submitted_at = None
    batch.returned_reason, batch.returned_by, batch.taken_back = reason, by, taken_back
    batch.save()


@transaction.atomic
def approve_batch(*, batch: Batch, by: User, typed_name: str, now: datetime) -> Batch:
    """The superintendent's act, or that of a delegate with a recorded order: signed, dated, once (C3).

    A second call by the same person changes nothing; anybody else's is refused.
    """
    batch = locked(batch)
    if batch.sign_off is not None:
        if batch.sign_off.signer_id == by.pk:
            return batch
        raise AlreadyApproved(f"{batch.sign_off.signer} approved this list already. Nothing is left to do.")
    authority = _authority_or_refusal(batch, by, now)
    sign_off = signing.sign(
        text=checked_text(batch, by),
        by=by,
        capacity=authority.capacity,
        statement=statement_of(authority, batch),
        typed_name=typed_name,
        now=now,
        on_behalf_of=authority.on_behalf_of,
        delegation=authority.delegation,
    )
    return settle(batch, sign_off, by=by, now=now)


def checked_text(batch: Batch, signer: User) -> SignedText:
    """The text that this person may sign. Raises NotSubmitted, OnTheList, ListChanged."""
    if batch.text is None:
        raise NotSubmitted("The branch office has not submitted this list. Wait until it does.")
    if batch.entries.filter(participant__user=signer).exists():
        raise OnTheList(
            f"{signer} is on this list. It is approved by the person they stand in for, or by another delegate."
        )
    if not holds(batch):
        raise ListChanged(
            "What the list rests on has changed since it was submitted. Send it back to be renewed."
        )
    return batch.text


def settle(batch: Batch, sign_off: SignOff, *, by: User, now: datetime) -> Batch:
    """The list is approved by this signature; for whoever has locked and checked it."""
    batch.status, batch.sign_off = Batch.Status.APPROVED, sign_off
    batch.save()
    data = {"digest": sign_off.text.digest, "capacity": sign_off.capacity}
    if sign_off.scan:
        data["scan"] = sign_off.scan.sha256
    audit.record("batch.approved", by=by, on_behalf_of=sign_off.on_behalf_of, obj=batch, now=now, data=data)
    if batch.submitted_by and batch.submitted_by != by:
        outbox.queue(
            kind="certificates.batch_approved",
            to=batch.submitted_by,
            key=str(batch.pk),
            ids={"batch_id": batch.pk},
            now=now,
        )
    return batch


def _authority_or_refusal(batch: Batch, by: User, now: datetime) -> Authority:
    authority = authority_of(by, batch.cohort, on=local_date(batch.cohort, now))
    if authority is None:
        raise NotTheApprover(
            "Certificates are approved by the State Superintendent of Public Instruction, or by somebody with a "
            "recorded order to do it. Ask an administrator if yours is missing."
        )
    return authority


def locked(batch: Batch) -> Batch:
    # Locked alone, then read: a join in the locking query would show what hung on the row before the wait.
    Batch.objects.select_for_update().get(pk=batch.pk)
    return Batch.objects.select_related(
        "cohort__program", "cohort__branch__parent", "text", "sign_off__signer", "submitted_by"
    ).get(pk=batch.pk)
