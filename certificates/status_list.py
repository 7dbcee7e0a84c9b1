"""A signed list of how all certificates stand: with the root certificate it is all that verifying takes, without this site.

It names files by their digests, in the order of the digests: never a code, a name, a number or an order of issue.
"""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count

from certificates import issuing, seal_check, sealing
from certificates.models import Certificate, StatusList
from certificates.seal_keys import NoSealKey
from certificates.sealing import CannotSeal
from coaching.errors import Refused

logger = logging.getLogger(__name__)

FORM = "certificate status list, version 1"
MADE_ANEW = timedelta(days=1)


class NotThisList(Refused):
    """It cannot be relied on."""


def do_due(*, now: datetime) -> int:
    """Make the list anew where a certificate was issued or has ended since, and each day; returns how many were made.

    For the worker, which has the key. What two of them write at once, the next run puts right.
    """
    if not settings.SEAL_CERTIFICATE:
        return 0
    counts = _counts()
    newest = StatusList.objects.defer("signed").first()
    if newest and newest.counts == counts and now - newest.made_at < MADE_ANEW:
        return 0
    try:
        make(now=now)
    except (NoSealKey, CannotSeal) as refusal:
        logger.warning("No status list: %s", refusal)
        return 0
    return 1


def _counts() -> dict[str, int]:
    return dict(Certificate.objects.order_by().values_list("status").annotate(Count("pk")))


def make(*, now: datetime) -> StatusList:
    """Raises NoSealKey, CannotSeal."""
    seal = sealing.usable(now=now)
    issuing.kept(seal, now)  # its root is published, also before the first certificate with this seal
    states = dict(Certificate.objects.order_by("digest").values_list("digest", "status"))
    told = {
        "form": FORM,
        "publisher": settings.DEPARTMENT_NAME,
        "site": settings.SITE_URL,
        "made_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "certificates": states,
    }
    made, _ = StatusList.objects.update_or_create(
        pk=1,
        defaults={
            "made_at": now,
            "counts": Counter(states.values()),
            "signed": seal.around(json.dumps(told, indent=0).encode(), now=now),
        },
    )
    return made


@dataclass(frozen=True)
class Read:
    """A list whose signature is whole. `states`: by the SHA-256 of the file."""

    publisher: str
    made_at: datetime
    states: Mapping[str, str]


def read(signed: bytes, roots: Iterable[bytes]) -> Read:
    """Raises NotThisList."""
    opened = seal_check.opened(signed, roots)
    if opened is None:
        raise NotThisList(
            "The status list cannot be relied on: it is another file, it was changed, or none of these root certificates "
            "vouches for it."
        )
    try:
        return _understood(json.loads(opened.content), opened.owner)
    except (ValueError, KeyError, TypeError) as problem:
        raise NotThisList("This is signed, but it is no status list of certificates.") from problem


def _understood(told: dict[str, Any], publisher: str) -> Read:
    if told["form"] != FORM:
        raise ValueError("Another form.")
    return Read(publisher, datetime.fromisoformat(told["made_at"]), dict(told["certificates"]))
