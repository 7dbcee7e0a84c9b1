"""Is every file in the register the one that was issued? By its digest and by its seal."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from certificates import seal_check, sealing
from certificates.models import Certificate, CertificateFile, SealCertificate


@dataclass(frozen=True)
class Looked:
    """At one certificate. `problem`: in words; empty where its file is whole."""

    serial: str
    sealed: bool
    problem: str = ""


def each() -> Iterator[Looked]:
    """Every certificate, by its number, those included that no longer stand."""
    roots = {seal.root for seal in SealCertificate.objects.all()}
    stamps = sealing.time_stamp_roots()
    certificates = Certificate.objects.order_by("serial").select_related("file")
    for certificate in certificates.iterator(chunk_size=50):
        problem = _problem(certificate, roots, stamps)
        yield Looked(certificate.serial, certificate.seal_id is not None, problem)


def _problem(certificate: Certificate, roots: set[bytes], stamps: list[bytes]) -> str:
    try:
        pdf = bytes(certificate.file.pdf)
    except CertificateFile.DoesNotExist:
        return "Its file is missing."
    if hashlib.sha256(pdf).hexdigest() != certificate.digest:
        return "Its file is not the one that was issued: the digest differs."
    if certificate.seal_id is None:
        return ""  # issued before certificates were sealed
    found = seal_check.check(pdf, roots, time_stamp_roots=stamps)
    if not found.is_trusted:
        return f"Its seal does not hold. {found.why}"
    return "" if found.seal == certificate.seal_id else "Its seal is another one than the register names."
