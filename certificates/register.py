"""The register of certificates, narrowed down: the same for the page and for the file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from certificates.models import Certificate, CertificateQuerySet
from coaching.models import Cohort, User

HEADER = (
    "Number",
    "Name",
    "Program",
    "Cohort",
    "Branch",
    "Issued",
    "Status",
    "Ended",
    "Why it no longer stands",
    "In the place of",
    "Signed",
    "SHA-256 of the file",
)


@dataclass(frozen=True)
class Filters:
    """What is asked for; what is empty narrows nothing. The days are those that are printed, both included."""

    words: str = ""
    cohort: Cohort | None = None
    status: str = ""
    issued_from: date | None = None
    issued_to: date | None = None

    def __bool__(self) -> bool:
        return self != Filters()


def found(user: User, filters: Filters) -> CertificateQuerySet:
    """Of what this person may see, newest first."""
    rows = Certificate.objects.visible_to(user).search(filters.words)
    if filters.cohort:
        rows = rows.filter(participant__cohort=filters.cohort)
    if filters.status:
        rows = rows.filter(status=filters.status)
    if filters.issued_from:
        rows = rows.filter(claims__issued_date__gte=filters.issued_from.isoformat())
    if filters.issued_to:
        rows = rows.filter(claims__issued_date__lte=filters.issued_to.isoformat())
    return rows.select_related("participant__cohort").order_by("-issued_at", "-pk")


def file_rows(rows: CertificateQuerySet) -> Iterator[tuple[object, ...]]:
    """As under HEADER, read in parts."""
    for certificate in rows.select_related("supersedes").iterator(chunk_size=500):
        claims = certificate.claims
        yield (
            certificate.serial,
            claims["name"],
            claims["program"],
            claims["cohort"],
            claims["branch"],
            certificate.issued_date,
            certificate.get_status_display(),
            certificate.ended_date or "",
            certificate.reason,
            certificate.supersedes.serial if certificate.supersedes else "",
            "By hand" if claims.get("signed_by_hand") else "Printed",
            certificate.digest,
        )
