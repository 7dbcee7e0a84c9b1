"""A line of an approved list ends, so that its person can be put on a new one, to be approved again (C3)."""

from datetime import datetime

from django.db import transaction

from certificates.models import Batch, BatchEntry
from coaching import audit
from coaching.errors import Refused
from coaching.models import Participant, User
from coaching.permissions import require_office


class NoReason(Refused):
    pass


class NotOnAnApprovedList(Refused):
    pass


class HasACertificate(Refused):
    pass


@transaction.atomic
def end_entry(*, entry: BatchEntry, by: User | None, reason: str, now: datetime) -> BatchEntry:
    """Nothing is issued from this line any more: no certificate could be, or the one that was has been revoked.

    A second call changes nothing. Raises NotYourCohort, NoReason, NotOnAnApprovedList, HasACertificate.
    """
    require_office(cohort=entry.batch.cohort, by=by, now=now)
    if not reason.strip():
        raise NoReason("Give the reason: it stays with the list.")
    Participant.objects.select_for_update().get(pk=entry.participant_id)  # first, as where one is issued
    entry = (
        BatchEntry.objects.select_for_update(of=("self",))
        .select_related("batch", "participant")
        .get(pk=entry.pk)
    )
    if entry.ended_at:
        return entry
    if entry.batch.status != Batch.Status.APPROVED:
        raise NotOnAnApprovedList(
            "This list is not approved. Have it sent back, or take it back, and bring it up to date."
        )
    if entry.participant.certificates.valid().exists():
        raise HasACertificate(
            f"{entry.name} has a certificate that stands, and nobody has two. Revoke it first."
        )
    entry.ended_at, entry.ended_by, entry.ended_reason = now, by, reason.strip()
    entry.save(update_fields=["ended_at", "ended_by", "ended_reason"])
    audit.record("batch_entry.ended", by=by, obj=entry, now=now, data={"reason": entry.ended_reason})
    return entry
