"""How certificates/seal_check.py reads a signature: what pyHanko is asked, and what of a stranger's it is not even shown."""

import logging
import re
from datetime import UTC, datetime, timedelta

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
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import InvalidCertificateError

from certificates.seal_check import (
    ADDED_TO,
    ANOTHER,
    CHANGED,
    HASH,
    MOST_OF_A_SEAL,
    NO_ROOT,
    SIGNED,
    TWO_DAYS,
    Check,
    Opened,
    owner_of,
)

# What is wrong with a seal is an answer here, no news for the log.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)

# Of a seal or of a time stamp: each more multiplies the ways in which they could vouch for each other.
MOST_CERTIFICATES = 5
# What sealing writes under a signature. Others would be followed: some hold time stamps with certificates of their own.
SIGNED_OF_A_FILE = frozenset({"content_type", "message_digest", "signing_certificate_v2"})
SIGNED_OF_A_LIST = SIGNED_OF_A_FILE | {"signing_time"}
BETWEEN_CLOCKS = timedelta(days=1)  # of this site and of a time-stamp server
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


async def of_file(pdf: bytes, roots: list[bytes], time_stamp_roots: list[bytes]) -> Check:
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


async def of_content(signed: bytes, roots: list[bytes]) -> Opened | None:
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


def _context(roots: list[bytes], moment: datetime | None) -> ValidationContext:
    trusted = [each for pem in roots for each in load_certs_from_pemder_data(pem)]
    return ValidationContext(trust_roots=trusted, moment=moment, allow_fetching=False)
