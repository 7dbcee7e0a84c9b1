"""Signatures on paper: the scan, checked by its content, and the branch officer who attests it by name (A15)."""

import hashlib
import io
import subprocess
import warnings
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from django.db import transaction

from coaching import paper_child, sandbox, signature_trail
from coaching.errors import Refused
from coaching.models import Cohort, Delegation, Scan, SignedText, SignOff, User
from coaching.signing import NameDoesNotMatch, is_name_of

CHILD = Path(paper_child.__file__)
MOST_BYTES = 10_000_000
MOST_PIXELS = 100_000_000
STARTS = ((b"%PDF-", Scan.Kind.PDF), (b"\xff\xd8\xff", Scan.Kind.JPEG), (b"\x89PNG\r\n\x1a\n", Scan.Kind.PNG))


class NotAScan(Refused):
    pass


class NotAttested(Refused):
    pass


@dataclass(frozen=True)
class Attested:
    """The paper as it is at hand: its scan, and the name that the branch officer types to attest it."""

    scan: bytes
    name: str


def moment(cohort: Cohort, day: date, now: datetime) -> datetime:
    """A paper has a day, not an hour: noon stands for it, or now where that is still to come."""
    return min(datetime.combine(day, time(12), tzinfo=cohort.zone), now)


def kind_of(content: bytes) -> Scan.Kind:
    """By the content, whatever the file was called. Raises NotAScan."""
    if len(content) > MOST_BYTES:
        raise NotAScan("This file is larger than 10 MB. Scan it in gray, or with fewer dots per inch.")
    kind = next((kind for start, kind in STARTS if content.startswith(start)), None)
    if kind is None:
        raise NotAScan("This is no PDF, JPEG or PNG file. Scan the paper as one of these.")
    (_open_pdf if kind == Scan.Kind.PDF else _open_picture)(content)
    return kind


def _open_pdf(content: bytes) -> None:
    try:
        child = sandbox.run(CHILD, content, seconds=2 * paper_child.SECONDS)
        child.check_returncode()
    except (OSError, subprocess.SubprocessError) as error:
        raise NotAScan("This PDF file is damaged or locked with a password. Scan the paper again.") from error
    if child.stdout == b"0":
        raise NotAScan("This PDF file has no pages. Scan the paper again.")


def _open_picture(content: bytes) -> None:
    from PIL import Image  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
                small_enough = picture.width * picture.height <= MOST_PIXELS
                picture.verify()
    except Exception as error:
        raise NotAScan("This picture is damaged. Scan the paper again.") from error
    if not small_enough:
        raise NotAScan("This picture has too many pixels. Scan it with fewer dots per inch.")


def check_attesting_name(officer: User, typed_name: str) -> None:
    """Raises NameDoesNotMatch unless it is the officer's own."""
    if not is_name_of(officer, typed_name):
        raise NameDoesNotMatch(
            f"To attest it, type your own name exactly as it is on record: {officer.name}."
        )


def keep_scan(*, content: bytes, by: User, now: datetime) -> Scan:
    """Raises NotAScan."""
    return Scan.objects.create(
        kind=kind_of(content),
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=by,
        uploaded_at=now,
    )


@transaction.atomic
def sign_on_paper(
    *,
    text: SignedText,
    signer: User,
    capacity: str,
    statement: str,
    signed_at: datetime,
    scan: Scan,
    by: User,
    attested_name: str,
    now: datetime,
    on_behalf_of: User | None = None,
    delegation: Delegation | None = None,
) -> SignOff:
    """Record a signature that stands on paper; `by` attests it with their own typed name, `signed_at` is the paper's day.

    The caller has locked the matter and checked both rights. Raises NameDoesNotMatch, NotAttested.
    """
    check_attesting_name(by, attested_name)
    if by.pk == signer.pk:
        raise NotAttested("Nobody attests their own signature. Ask a colleague of the branch office.")
    sign_off, is_new = SignOff.objects.get_or_create(
        text=text,
        signer=signer,
        capacity=capacity,
        defaults={
            "statement": statement,
            "typed_name": signer.name,
            "signed_at": signed_at,
            "on_behalf_of": on_behalf_of,
            "delegation": delegation,
            "on_paper": True,
            "scan": scan,
            "attested_by": by,
            "attested_at": now,
        },
    )
    if is_new:
        signature_trail.record_signature(sign_off, by=by, now=now)
    return sign_off
