"""Does a certificate stand? Answered by its code for anybody, and by its file, byte for byte."""

import hashlib
import re
from dataclasses import dataclass

from django.utils.timezone import localdate

from certificates.models import Certificate
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
            "ended_date": localdate(certificate.ended_at).isoformat() if certificate.ended_at else None,
        }


def by_code(code: str) -> Verdict:
    """One indexed query whatever the code looks like."""
    wanted = code if CODE.fullmatch(code) else _NO_CODE
    return _verdict(Certificate.objects.filter(code=wanted).first())


def by_file(pdf: bytes) -> Verdict:
    """A file that differs from the issued one in a single byte is unknown."""
    return _verdict(Certificate.objects.filter(digest=hashlib.sha256(pdf).hexdigest()).first())


def _verdict(certificate: Certificate | None) -> Verdict:
    return Verdict(certificate.status, certificate) if certificate else Verdict(UNKNOWN)


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
