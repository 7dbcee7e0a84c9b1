"""What the seal of a file proves, whoever made the file.

A seal stands plainly in a file, around it all that it vouches for. So a file is never read as a PDF, which a stranger could
make endless: it takes a search for the seal, a digest, and a signature of bounded size.
"""

import asyncio
import logging
import re
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from asn1crypto import cms
from asn1crypto.x509 import Certificate
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation.generic_cms import (
    async_validate_cms_signature,
    async_validate_detached_cms,
    extract_self_reported_ts,
    extract_tst_data_iter,
)
from pyhanko_certvalidator import ValidationContext

# What is wrong with a seal is an answer here, no news for the log.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)

HASH = "sha256"
SIGNED = b"/ByteRange"  # stands in a file once for each signature


T = TypeVar("T")


def run_alone(making: Coroutine[Any, Any, T]) -> T:
    """To its end; also where this thread has an event loop that runs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(making)
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, making).result()


@dataclass(frozen=True)
class Check:
    """What a file's seal proves.

    `whole`: nothing was changed or added since; `seal`: SHA-256 of the certificate of the key that sealed, also where the
    file was changed; `root`: SHA-256 of the root that vouches for it, if one that was given does; `why`: what is wrong, in
    words.
    """

    whole: bool = False
    seal: str = ""
    root: str = ""
    sealed_at: datetime | None = None
    time_stamped: bool = False
    owner: str = ""
    why: str = ""

    @property
    def is_trusted(self) -> bool:
        return self.whole and bool(self.root)


NOT_READ = Check(why="It is no PDF file.")
NO_SEAL = Check(why="It bears no seal.")
ANOTHER = Check(why="It bears a signature of another kind than a seal, or a seal that was damaged.")
CHANGED = "It was changed after it was sealed."
ADDED_TO = "Something was added to it after it was sealed."

MOST_OF_A_SEAL = 32_000  # bytes
# Of a seal or of a time stamp: each more multiplies the ways in which they could vouch for each other.
MOST_CERTIFICATES = 5
_RANGE = re.compile(rb"\s{0,99}\[\s{0,99}0\s{1,99}(\d{1,10})\s{1,99}(\d{1,10})\s{1,99}(\d{1,10})\s{0,99}\]")
_GAP = re.compile(rb"<((?:[0-9a-f]{2})+)>")
_MADE_AT = re.compile(rb"\s{0,9}/M\s{0,9}\(D:(\d{14})Z\)")


def is_pdf(file: bytes) -> bool:
    return b"%PDF-" in file[:1024]


def check(pdf: bytes, roots: Iterable[bytes], *, time_stamp_roots: Iterable[bytes] = ()) -> Check:
    """Of the one seal of a file, against root certificates (PEM); asks nobody else. Raises nothing, whatever the bytes are.

    A seal is valid for good: its certificate has to have been valid on the day of the seal, not today.
    """
    if not is_pdf(pdf):
        return NOT_READ
    if SIGNED not in pdf:
        return NO_SEAL
    try:
        return run_alone(_check(pdf, list(roots), list(time_stamp_roots)))
    except Exception:  # it is a stranger’s, and its parsers were not written for that
        return ANOTHER


async def _check(pdf: bytes, roots: list[bytes], time_stamp_roots: list[bytes]) -> Check:
    found = _RANGE.match(pdf, pdf.index(SIGNED) + len(SIGNED))
    if found is None:
        return ANOTHER
    start, end, rest = (int(number) for number in found.groups())
    contents = _contents(pdf[start:end])
    signature: cms.SignedData = cms.ContentInfo.load(contents)["content"]
    signer = _bounded(signature)
    seal = {"seal": signer.sha256.hex(), "owner": owner_of(signer)}
    made_at = _made_at(pdf, end)
    status = await async_validate_detached_cms(
        pdf[:start] + pdf[end : end + rest],
        signature,
        _context(roots, made_at),
        ts_validation_context=_context(time_stamp_roots, _stamped_at(signature)),
    )
    stamp = status.timestamp_validity
    proven = all(each.intact and each.valid for each in (status, stamp) if each)
    if not proven or contents != _rewritten(signature, signer).ljust(len(contents), b"\0"):
        return Check(**seal, why=CHANGED)
    if end + rest != len(pdf) or pdf.count(SIGNED) != 1:
        return Check(**seal, why=ADDED_TO)
    root = status.validation_path.first if status.trusted and status.validation_path else None
    stamped = bool(stamp and stamp.trusted)
    return Check(
        **seal,
        whole=True,
        root=root.sha256.hex() if root else "",
        sealed_at=stamp.timestamp if stamp and stamped else made_at,
        time_stamped=stamped,
        why="" if root else "No root certificate of this department vouches for its seal.",
    )


@dataclass(frozen=True)
class Opened:
    """What a seal was put around, and whose it is."""

    content: bytes
    owner: str


def opened(signed: bytes, roots: Iterable[bytes]) -> Opened | None:
    """What Seal.around signed, if one of these roots (PEM) vouches for it; None otherwise, whatever the bytes are."""
    try:
        return run_alone(_opened(signed, list(roots)))
    except Exception:  # as above
        return None


async def _opened(signed: bytes, roots: list[bytes]) -> Opened | None:
    signature: cms.SignedData = cms.ContentInfo.load(signed, strict=True)["content"]
    signer = _bounded(signature)
    signed_at = extract_self_reported_ts(signature["signer_infos"][0])
    status = await async_validate_cms_signature(signature, validation_context=_context(roots, signed_at))
    if not (status.intact and status.valid and status.trusted):
        return None
    return Opened(signature["encap_content_info"]["content"].native, owner_of(signer))


def _contents(gap: bytes) -> bytes:
    """Raises ValueError."""
    found = _GAP.fullmatch(gap) if len(gap) <= 2 * MOST_OF_A_SEAL else None
    if found is None:
        raise ValueError("No signature in the form of a seal.")
    return bytes.fromhex(found[1].decode())


def _rewritten(signature: cms.SignedData, signer: Certificate) -> bytes:
    """The same signature as sealing writes it: shows a change also where no signature covers it."""
    digest = cms.DigestAlgorithm({"algorithm": HASH})
    given = signature["signer_infos"][0]
    kept = ("signed_attrs", "signature_algorithm", "signature", "unsigned_attrs")
    by = {"issuer": signer.issuer, "serial_number": signer.serial_number}
    one = {
        "version": "v1",
        "sid": cms.SignerIdentifier("issuer_and_serial_number", by),
        "digest_algorithm": digest,
        **{part: given[part] for part in kept if given[part].contents},
    }
    whole = {
        "version": "v1",
        "digest_algorithms": [digest],
        "encap_content_info": {"content_type": "data"},
        "certificates": signature["certificates"],
        "signer_infos": [one],
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(whole)}).dump()


def _bounded(signature: cms.SignedData) -> Certificate:
    """The certificate of whoever signed. Raises ValueError for what would take long to check, or is nothing of a seal."""
    stamps = _time_stamps(signature)
    if len(signature["signer_infos"][0]["unsigned_attrs"] or ()) != len(stamps) or len(stamps) > 1:
        raise ValueError("More than a time stamp.")
    for each in (signature, *stamps):
        if len(each["certificates"]) > MOST_CERTIFICATES:
            raise ValueError("More certificates than a seal needs.")
    return extract_certificate_info(signature).signer_cert


def _time_stamps(signature: cms.SignedData) -> list[cms.SignedData]:
    return list(extract_tst_data_iter(signature["signer_infos"][0], signed=False))


def _stamped_at(signature: cms.SignedData) -> datetime | None:
    """As the one time stamp says, of which nothing is known yet."""
    stamps = _time_stamps(signature)
    return stamps[0]["encap_content_info"]["content"].parsed["gen_time"].native if stamps else None


def _made_at(pdf: bytes, end: int) -> datetime | None:
    """As the file says, right after the signature that covers it."""
    said = _MADE_AT.match(pdf, end)
    return datetime.strptime(said[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC) if said else None


def owner_of(certificate: Certificate) -> str:
    subject = certificate.subject.native
    return subject.get("organization_name") or subject.get("common_name") or ""


def _context(roots: list[bytes], moment: datetime | None) -> ValidationContext:
    trusted = [each for pem in roots for each in load_certs_from_pemder_data(pem)]
    return ValidationContext(trust_roots=trusted, moment=moment, allow_fetching=False)
