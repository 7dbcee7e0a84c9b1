"""What the seal of a file proves, whoever made the file.

A seal stands plainly in a file, around it all that it vouches for. So a file is never read as a PDF, which a stranger could
make endless: it takes a search for the seal, a digest, and a signature of bounded size.
"""

import asyncio
import logging
import re
import unicodedata
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from asn1crypto import cms
from asn1crypto.pem import armor, unarmor
from asn1crypto.x509 import Certificate
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation.generic_cms import (
    async_validate_cms_signature,
    async_validate_detached_cms,
    extract_self_reported_ts,
    extract_tst_data_iter,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import InvalidCertificateError

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
TWO_DAYS = "The day that its seal names is another one than that of its time stamp."
NO_ROOT = "No root certificate of this department vouches for its seal."

MOST_OF_A_SEAL = 32_000  # bytes
# Of a seal or of a time stamp: each more multiplies the ways in which they could vouch for each other.
MOST_CERTIFICATES = 5
# What sealing writes under a signature. Others would be followed: some hold time stamps with certificates of their own.
SIGNED_OF_A_FILE = frozenset({"content_type", "message_digest", "signing_certificate_v2"})
SIGNED_OF_A_LIST = SIGNED_OF_A_FILE | {"signing_time"}
BETWEEN_CLOCKS = timedelta(days=1)  # of this site and of a time-stamp server
LONGEST_OWNER = 100  # letters
JOINERS = "\u200c\u200d"  # several scripts write names with them
# What the certificate of a seal is for; one for a server, a person’s login or a printer seals nothing.
PURPOSES = KeyUsageConstraints(
    key_usage={"digital_signature", "non_repudiation"},
    extd_key_usage={
        "1.3.6.1.5.5.7.3.36",  # signing documents (RFC 9336)
        "microsoft_document_signing",
        "adobe_authentic_documents_trust",
        "email_protection",
    },
    explicit_extd_key_usage_required=False,
)
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
    signer = _bounded(signature, SIGNED_OF_A_FILE)
    seal = {"seal": signer.sha256.hex(), "owner": owner_of(signer)}
    made_at, stamped_at = _made_at(pdf, end), _stamped_at(signature)
    status = await async_validate_detached_cms(
        pdf[:start] + pdf[end : end + rest],
        signature,
        _context(roots, stamped_at or made_at),
        ts_validation_context=_context(time_stamp_roots, stamped_at),
    )
    stamp = status.timestamp_validity
    proven = all(each.intact and each.valid for each in (status, stamp) if each)
    if not proven or contents != _rewritten(signature, signer).ljust(len(contents), b"\0"):
        return Check(**seal, why=CHANGED)
    if end + rest != len(pdf) or pdf.count(SIGNED) != 1:
        return Check(**seal, why=ADDED_TO)
    if made_at and stamped_at and abs(stamped_at - made_at) > BETWEEN_CLOCKS:
        return Check(**seal, why=TWO_DAYS)
    path = status.validation_path if status.trusted and _is_for_sealing(signer) else None
    root = path.first if path else None
    stamped = bool(stamp and stamp.trusted)
    return Check(
        **seal,
        whole=True,
        root=root.sha256.hex() if root else "",
        sealed_at=stamp.timestamp if stamp and stamped else made_at,
        time_stamped=stamped,
        why="" if root else NO_ROOT,
    )


@dataclass(frozen=True)
class Opened:
    """What a seal was put around, which seal it is (SHA-256), whose, and when it says that it was put there."""

    content: bytes
    seal: str
    owner: str
    signed_at: datetime


def opened(signed: bytes, roots: Iterable[bytes]) -> Opened | None:
    """What Seal.around signed, if one of these roots (PEM) vouches for it; None otherwise, whatever the bytes are."""
    try:
        return run_alone(_opened(signed, list(roots)))
    except Exception:  # as above
        return None


async def _opened(signed: bytes, roots: list[bytes]) -> Opened | None:
    signature: cms.SignedData = cms.ContentInfo.load(signed, strict=True)["content"]
    signer = _bounded(signature, SIGNED_OF_A_LIST)
    signed_at = extract_self_reported_ts(signature["signer_infos"][0])
    if signed_at is None or not _is_for_sealing(signer):
        return None
    status = await async_validate_cms_signature(signature, validation_context=_context(roots, signed_at))
    if not (status.intact and status.valid and status.trusted):
        return None
    content = signature["encap_content_info"]["content"].native
    return Opened(content, signer.sha256.hex(), owner_of(signer), signed_at)


@dataclass(frozen=True)
class Published:
    """The seals of a department as it publishes them, with what vouches for them.

    `seals`: SHA-256 of the certificate of each that was not lost; the first one signs the status list. `roots`: PEM.
    """

    seals: tuple[str, ...]
    roots: tuple[bytes, ...]


def published(pem: bytes) -> Published:
    """Raises ValueError where there is no certificate of a seal."""
    given = [Certificate.load(der) for kind, _, der in unarmor(pem, multiple=True) if kind == "CERTIFICATE"]
    seals = tuple(each.sha256.hex() for each in given if not each.ca)
    roots = tuple(armor("CERTIFICATE", each.dump()) for each in given if each.ca or each.self_issued)
    if not seals:
        raise ValueError("No certificate of a seal.")
    return Published(seals, roots)


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


def _bounded(signature: cms.SignedData, known: frozenset[str]) -> Certificate:
    """The certificate of whoever signed. Raises ValueError for what would take long to check, or is nothing of a seal."""
    signer = signature["signer_infos"][0]
    said = [each["type"].native for each in signer["signed_attrs"]]
    if len(said) != len(set(said)) or not known.issuperset(said):
        raise ValueError("More is signed than sealing signs.")
    stamps = _time_stamps(signature)
    if len(signer["unsigned_attrs"] or ()) != len(stamps) or len(stamps) > 1:
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


def _is_for_sealing(certificate: Certificate) -> bool:
    try:
        PURPOSES.validate(certificate)
    except InvalidCertificateError:
        return False
    return True


def owner_of(certificate: Certificate) -> str:
    """In one line of bounded length and letters that are seen: a stranger’s certificate may say anything."""
    subject = certificate.subject.native
    told = subject.get("organization_name") or subject.get("common_name") or ""
    text = told if isinstance(told, str) else ", ".join(map(str, told))
    seen = (" " if unicodedata.category(each)[0] in "CZ" and each not in JOINERS else each for each in text)
    return " ".join("".join(seen).split())[:LONGEST_OWNER]


def _context(roots: list[bytes], moment: datetime | None) -> ValidationContext:
    trusted = [each for pem in roots for each in load_certs_from_pemder_data(pem)]
    return ValidationContext(trust_roots=trusted, moment=moment, allow_fetching=False)
