"""A signed list of how all certificates stand: with the published seals it is all that verifying takes, without this site.

It names files by their digests, in the order of the digests: never a code, a name, a number or an order of issue. It is made
anew each day, so that one that is old is known as such.
"""

import json
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils.timezone import localdate

from certificates import issuing, seal_check, sealing
from certificates.models import Certificate, SealCertificate, StatusList
from certificates.seal_check import Published
from certificates.seal_keys import NoSealKey
from certificates.sealing import CannotSeal
from coaching.errors import Refused

logger = logging.getLogger(__name__)

FORM = "certificate status list, version 2"
MADE_ANEW = timedelta(days=1)
GOOD_FOR = timedelta(days=7)  # a worker may be away for some days
BETWEEN_CLOCKS = timedelta(days=1)  # and between zones


class NotThisList(Refused):
    """It cannot be relied on."""


def do_due(*, now: datetime) -> int:
    """Make the list anew where a certificate was issued or has ended since, a seal was lost or replaced, or a day is over.

    For the worker, which has the key. Returns how many were made.
    """
    if not settings.SEAL_CERTIFICATE:
        return 0
    newest = StatusList.objects.defer("signed").first()
    try:
        if newest and _is_of_today(newest, now) and newest.seal_id == sealing.current().fingerprint:
            return 0
        make(now=now)
    except (NoSealKey, CannotSeal) as refusal:
        logger.warning("No new status list: %s", refusal)
        return 0
    return 1


def _is_of_today(listed: StatusList, now: datetime) -> bool:
    return listed.counts == _counts() and timedelta(0) <= now - listed.made_at < MADE_ANEW


def _counts() -> dict[str, int]:
    certificates = dict(Certificate.objects.order_by().values_list("status").annotate(Count("pk")))
    return _counted(certificates, lost=SealCertificate.objects.exclude(lost_at=None).count())


def _counted(certificates: Mapping[str, int], *, lost: int) -> dict[str, int]:
    return {**certificates, "lost seals": lost} if lost else dict(certificates)


@transaction.atomic
def make(*, now: datetime) -> StatusList:
    """Raises NoSealKey, CannotSeal."""
    seal = sealing.usable(now=now)
    StatusList.objects.select_for_update().first()  # two workers take turns
    signer = issuing.kept(
        seal, now
    )  # its certificate is published, also before the first file with this seal
    states = dict(Certificate.objects.order_by("digest").values_list("digest", "status"))
    seals = SealCertificate.objects.order_by("first_used_at", "pk")
    told = {
        "form": FORM,
        "publisher": settings.DEPARTMENT_NAME,
        "site": settings.SITE_URL,
        "made_at": _written(now),
        "good_until": _written(now + GOOD_FOR),
        "seals": {
            each.fingerprint: {
                "in_use_since": _written(each.first_used_at),
                "lost_at": _written(each.lost_at) if each.lost_at else None,
            }
            for each in seals
        },
        "certificates": states,
    }
    made, _ = StatusList.objects.update_or_create(
        pk=1,
        defaults={
            "made_at": now,
            "counts": _counted(Counter(states.values()), lost=sum(1 for each in seals if each.lost_at)),
            "signed": seal.around(json.dumps(told, indent=0).encode(), now=now),
            "seal": signer,
        },
    )
    return made


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Read:
    """A list that can be relied on. `states`: by the SHA-256 of the file; `lost`: since when which seals are, by theirs."""

    publisher: str
    made_at: datetime
    good_until: datetime
    states: Mapping[str, str]
    lost: Mapping[str, datetime]

    def speaks_of(self, day: date) -> bool:
        return localdate(self.made_at - BETWEEN_CLOCKS) <= day <= localdate(self.good_until)


def read(signed: bytes, ours: Published) -> Read:
    """Raises NotThisList.

    Only the seal that is in use makes lists: one that was replaced may be in anybody’s hands by now.
    """
    opened = seal_check.opened(signed, ours.roots)
    if opened is None or opened.seal not in ours.seals:
        raise NotThisList(
            "The status list cannot be relied on: it is another file, it was changed, or it is signed with none of the "
            "published seals."
        )
    if opened.seal != ours.seals[0]:
        raise NotThisList(
            "The status list cannot be relied on: it is signed with a seal that was in use before. Take the list and the "
            "seals of the same day."
        )
    try:
        return _understood(json.loads(opened.content), opened)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise NotThisList("This is signed, but it is no status list of certificates.") from problem


def _understood(told: dict[str, Any], opened: seal_check.Opened) -> Read:
    made_at, good_until = (datetime.fromisoformat(told[when]) for when in ("made_at", "good_until"))
    if told["form"] != FORM or made_at != opened.signed_at:
        raise ValueError("Another form, or a day that its signature does not vouch for.")
    lost = {
        seal: datetime.fromisoformat(each["lost_at"])
        for seal, each in told["seals"].items()
        if each["lost_at"]
    }
    return Read(opened.owner, made_at, good_until, dict(told["certificates"]), lost)
