"""The key of a seal may get into the hands of somebody else, who can seal whatever they like from then on, under any date.

So nothing more is sealed with it here, no status list of it counts, and a file that bears its seal is relied on only where
the register, or a list of another seal, names the file.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from certificates.models import SealCertificate
from coaching import audit
from coaching.errors import Refused
from coaching.models import User


class NoReason(Refused):
    pass


@transaction.atomic
def record(
    *, seals: Iterable[SealCertificate], by: User, reason: str, now: datetime
) -> list[SealCertificate]:
    """All or none, for good: a key that was out of our hands is never relied on again. Raises NoReason.

    Returns those that were not recorded before; what was written of the others stays.
    """
    reason = " ".join(reason.split())
    longest = SealCertificate._meta.get_field("lost_reason").max_length or 0
    if not 0 < len(reason) <= longest:
        raise NoReason(f"Say how the key was lost, in at most {longest} letters; it is kept on record.")
    chosen = SealCertificate.objects.select_for_update().filter(pk__in=[seal.pk for seal in seals])
    lost = [seal for seal in chosen.order_by("pk") if not seal.lost_at]
    for seal in lost:
        seal.lost_at, seal.lost_by, seal.lost_reason = now, by, reason
        seal.save(update_fields=["lost_at", "lost_by", "lost_reason"])
        audit.record("seal.lost", by=by, obj=by, now=now, data={"seal": seal.fingerprint, "reason": reason})
    return lost
