"""Does a certificate stand? Answered by its code for anybody, and by its file."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from django.utils.timezone import localdate

from certificates import apart, seal_check, sealing
from certificates.attached import Attached
from certificates.claims import verification_address
from certificates.models import Certificate, SealCertificate
from certificates.seal_check import Check
from certificates.templatetags.certificate_text import month_day_year

UNKNOWN = "unknown"
# What codes look like; anything else is looked up as this, so that every unknown code costs the same.
CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
SERIAL = re.compile(r"\d{4}-\d{3,}-\d{4,}")  # as issuing.next_serial gives them out
_NO_CODE = "no-such-code"


@dataclass(frozen=True)
class Verdict:
    """`status`: valid, superseded, revoked or unknown."""

    status: str
    certificate: Certificate | None = None

    @property
    def stands(self) -> bool:
        return self.status == Certificate.Status.VALID

    def as_json(self) -> dict[str, object]:
        """The claims as printed; never why a certificate ended, nor the code of another one."""
        if self.certificate is None:
            return {"status": self.status}
        certificate = self.certificate
        return {
            "status": self.status,
            "serial": certificate.serial,
            "claims": certificate.claims,
            "sha256": certificate.digest,
            "issued_at": certificate.issued_at.isoformat(timespec="seconds"),
            "seal": _seal_as_json(certificate.seal),
            "ended_date": localdate(certificate.ended_at).isoformat() if certificate.ended_at else None,
        }


def _seal_as_json(seal: SealCertificate | None) -> dict[str, str] | None:
    if seal is None:
        return None
    return {"owner": seal.owner, "sha256": seal.fingerprint, "root_sha256": seal.root_fingerprint}


# Written out: composing it took a quarter of the time of the whole page.
_BY_CODE = "SELECT * FROM certificates_certificate WHERE code = %s"


def by_code(code: str) -> Verdict:
    """One indexed query whatever the code looks like."""
    found = Certificate.objects.raw(_BY_CODE, [code if CODE.fullmatch(code) else _NO_CODE])
    for certificate in found:
        if certificate.seal_id:
            certificate.seal = _seal(certificate.seal_id)
        return Verdict(certificate.status, certificate)
    return Verdict(UNKNOWN)


@lru_cache(maxsize=100)
def _seal(fingerprint: str) -> SealCertificate:
    """What verifying tells of it never changes."""
    return SealCertificate.objects.get(pk=fingerprint)


def by_digest(pdf: bytes) -> Verdict:
    """A file that differs from the issued one in a single byte is unknown."""
    digest = hashlib.sha256(pdf).hexdigest()
    certificate = Certificate.objects.select_related("seal").filter(digest=digest).first()
    return Verdict(certificate.status, certificate) if certificate else Verdict(UNKNOWN)


class Kind(StrEnum):
    """What a file turns out to be."""

    REGISTERED = "registered"
    CHANGED = "changed"  # it bears a seal of ours, which is broken
    UNREGISTERED = "unregistered"  # it bears a seal of ours, and nobody issued it
    ELSEWHERE = "elsewhere"  # the key of somebody else, another site of this program among them
    ANOTHER = "another"  # something like a seal, which cannot be read
    UNSEALED = "unsealed"
    UNREAD = "unread"  # looking at it takes too long


@dataclass(frozen=True)
class FileVerdict:
    """`says`: what the file says of itself, if that can be read; only of a registered one it is known to be true.
    `lost_at`: of the seal of ours that it bears and that proves nothing since."""

    kind: Kind
    verdict: Verdict
    seal: Check
    says: Attached | None
    lost_at: datetime | None = None

    @property
    def may_be_mended(self) -> bool:
        """By the file as it was: it may have begun as one of ours."""
        return self.kind in (Kind.CHANGED, Kind.ANOTHER, Kind.UNSEALED)

    @property
    def code(self) -> str:
        """Of the certificate on this site that the file names, if it names one."""
        address = self.says.address if self.says else ""
        code = address.rpartition("/")[2]
        return code if CODE.fullmatch(code) and address == verification_address(code) else ""


def by_file(pdf: bytes) -> FileVerdict:
    """The file in the register is ours, to the last byte; any other one is looked at apart. Raises apart.Busy."""
    verdict = by_digest(pdf)
    if verdict.certificate:
        return _registered(pdf, verdict, verdict.certificate)
    seals = {seal.fingerprint: seal for seal in SealCertificate.objects.all()}
    roots = {seal.root for seal in seals.values()}
    found = apart.look(pdf, roots, time_stamp_roots=sealing.time_stamp_roots())
    ours = seals.get(found.seal.seal)
    kind = _kind(found.seal, ours=ours is not None)
    return FileVerdict(kind, verdict, found.seal, found.says, ours.lost_at if ours else None)


def _registered(pdf: bytes, verdict: Verdict, certificate: Certificate) -> FileVerdict:
    says = Attached(certificate.serial, verification_address(certificate.code), certificate.claims)
    roots = [certificate.seal.root] if certificate.seal else []
    found = seal_check.check(pdf, roots, time_stamp_roots=sealing.time_stamp_roots())
    return FileVerdict(Kind.REGISTERED, verdict, found, says)


def _kind(found: Check, *, ours: bool) -> Kind:
    if ours:
        return Kind.UNREGISTERED if found.whole else Kind.CHANGED
    if found.seal:
        return Kind.ELSEWHERE
    plain = {
        seal_check.NO_SEAL: Kind.UNSEALED,
        seal_check.NOT_READ: Kind.UNSEALED,
        apart.NO_ANSWER: Kind.UNREAD,
    }
    return plain.get(found, Kind.ANOTHER)


def heading(verdict: Verdict) -> str:
    return {
        Certificate.Status.VALID.value: "This certificate is valid",
        Certificate.Status.SUPERSEDED.value: "This certificate was replaced",
        Certificate.Status.REVOKED.value: "This certificate was revoked",
        UNKNOWN: "This certificate is not known",
    }[verdict.status]


def in_words(verdict: Verdict) -> str:
    """One sentence about the certificate, the same on the page and on the command line."""
    certificate = verdict.certificate
    if certificate is None:
        return "Nothing is on record for this. It was never issued here, or it was changed."
    ended = month_day_year(localdate(certificate.ended_at)) if certificate.ended_at else ""
    return {
        Certificate.Status.VALID: f"It was issued on {month_day_year(certificate.issued_date)} and still stands.",
        Certificate.Status.SUPERSEDED: f"It was replaced by a newer one on {ended}.",
        Certificate.Status.REVOKED: f"It was revoked on {ended} and no longer stands.",
    }[Certificate.Status(certificate.status)]
