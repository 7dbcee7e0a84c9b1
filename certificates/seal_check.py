"""What the seal of a file proves, whoever made the file.

A seal stands plainly in a file, around it all that it vouches for. So a file is never read as a PDF, which a stranger could
make endless: it takes a search for the seal, a digest, and a signature of bounded size.
"""

import asyncio
import unicodedata
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from asn1crypto.pem import armor, unarmor
from asn1crypto.x509 import Certificate

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
LONGEST_OWNER = 100  # letters
JOINERS = "\u200c\u200d"  # several scripts write names with them


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
    from certificates import seal_reading  # noqa: PLC0415 (loads pyHanko, which takes a while)

    try:
        return run_alone(seal_reading.of_file(pdf, list(roots), list(time_stamp_roots)))
    except Exception:  # it is a stranger’s, and its parsers were not written for that
        return ANOTHER


@dataclass(frozen=True)
class Opened:
    """What a seal was put around, which seal it is (SHA-256), whose, and when it says that it was put there."""

    content: bytes
    seal: str
    owner: str
    signed_at: datetime


def opened(signed: bytes, roots: Iterable[bytes]) -> Opened | None:
    """What Seal.around signed, if one of these roots (PEM) vouches for it; None otherwise, whatever the bytes are."""
    from certificates import seal_reading  # noqa: PLC0415 (as above)

    try:
        return run_alone(seal_reading.of_content(signed, list(roots)))
    except Exception:  # as above
        return None


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


def owner_of(certificate: Certificate) -> str:
    """In one line of bounded length and letters that are seen: a stranger’s certificate may say anything."""
    subject = certificate.subject.native
    told = subject.get("organization_name") or subject.get("common_name") or ""
    text = told if isinstance(told, str) else ", ".join(map(str, told))
    seen = (" " if unicodedata.category(each)[0] in "CZ" and each not in JOINERS else each for each in text)
    return " ".join("".join(seen).split())[:LONGEST_OWNER]
