"""Samples of a list's certificates, with the names that are most likely to look wrong."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.html import format_html, format_html_join

from certificates import names
from certificates.claims import claims_of, content_of, local_date
from certificates.issuing import NotApproved
from certificates.models import Batch, BatchEntry
from certificates.rendering import CertificateContent, pages, render
from coaching import pdf
from coaching.models import Participant
from meetings.ledger import standing

if TYPE_CHECKING:
    from weasyprint import Document

MEASURED = 20  # names at most: to lay them out takes a while, and everybody else waits for the fonts
NARROW, BROAD = "fijlrtI.,’'’- ", "mwMW"


@dataclass(frozen=True)
class Pick:
    """A name to look at, and why this one."""

    entry: BatchEntry
    why: str


def sample(batch: Batch, *, now: datetime, entry: BatchEntry | None = None) -> bytes:
    """What a certificate of a list would look like, the first one's if no other is asked for: marked as a sample,
    unsigned, stored nowhere."""
    return render(_sample_of(batch, now, entry))


def sample_page(batch: Batch, *, now: datetime) -> "Document":
    """The same of the first one, as a page of another file."""
    return pages(_sample_of(batch, now))


def _sample_of(batch: Batch, now: datetime, entry: BatchEntry | None = None) -> CertificateContent:
    entries = batch.entries.select_related("batch__cohort__program", "batch__cohort__branch__parent")
    found = entries.filter(pk=entry.pk).first() if entry else entries.first()
    if found is None:
        raise NotApproved("The list is empty, so there is nothing to show.")
    return _content(found, now)


def own_sample(participant: Participant, *, now: datetime) -> bytes:
    """What somebody's own certificate would look like with their name, and their hours, as they are today."""
    cohort = participant.cohort
    today = standing(participant, today=local_date(cohort, now))
    entry = BatchEntry(
        batch=Batch(cohort=cohort),
        participant=participant,
        name=names.on_certificate(participant.user),
        minutes=today.minutes,
    )
    return render(_content(entry, now))


def _content(entry: BatchEntry, now: datetime) -> CertificateContent:
    claims = claims_of(entry, sign_off=None, issued_date=local_date(entry.batch.cohort, now))
    return content_of(claims, serial="SAMPLE", code="SAMPLE", sample=True)


def picks(batch: Batch) -> list[Pick]:
    """The name that takes the most room when it is printed, and the most unusual of the others."""
    entries = list(batch.entries.all())
    if not entries:
        return []
    wide = sorted(entries, key=lambda entry: _likely_width(entry.name), reverse=True)[:MEASURED]
    widths = dict(zip(wide, printed_widths(entry.name for entry in wide), strict=True))
    longest = max(wide, key=lambda entry: widths[entry])
    found = [Pick(longest, "The longest name when it is printed.")]
    others = [entry for entry in entries if entry != longest]
    if others:
        oddest = max(others, key=lambda entry: _oddness(entry.name))
        found.append(Pick(oddest, why_unusual(oddest.name)))
    return found


def _likely_width(name: str) -> float:
    """In letters: near enough to tell which names are worth measuring."""
    return sum(_letter_width(letter) for letter in name)


def _letter_width(letter: str) -> float:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):  # above, below or not drawn at all
        return 0
    if unicodedata.east_asian_width(letter) in "WF":
        return 2
    if letter in NARROW:
        return 0.5
    if letter in BROAD:
        return 1.6
    return 1.25 if letter.isupper() else 1


def printed_widths(texts: Iterable[str]) -> list[float]:
    """Of each name in the fonts of a certificate, all in one size."""
    listed = list(texts)
    # An anchor before and after each name: the one public measure of where the layout put something.
    lines = format_html_join(
        "",
        '<p class="name name-1" dir="auto"><span id="from-{}"></span>{}<span id="to-{}"></span></p>',
        ((number, name, number) for number, name in enumerate(listed)),
    )
    with pdf.one_at_a_time:
        document = pdf.laid_out(
            format_html('<html lang="en"><body style="white-space: nowrap">{}</body></html>', lines),
            "certificates/certificate.css",
        )
        at = {anchor: place[0] for page in document.pages for anchor, place in page.anchors.items()}
    return [abs(at[f"to-{number}"] - at[f"from-{number}"]) for number in range(len(listed))]


def why_unusual(name: str) -> str:
    foreign, marked, signs = _letters(name)
    if foreign:
        return f"Letters of another script: {' '.join(foreign)}"
    if marked:
        return f"Letters with accents, or that English does not have: {' '.join(marked)}"
    if signs:
        return f"Signs between its letters: {' '.join(signs)}"
    return "The shortest of the other names; none is unusual."


def _oddness(name: str) -> tuple[int, int, int, int]:
    foreign, marked, signs = _letters(name)
    return len(foreign), len(marked), len(signs), -len(name)


def _letters(name: str) -> tuple[list[str], list[str], list[str]]:
    """Each once, in order: those of other scripts, those of the Latin one beyond a to z, and what is no letter."""
    foreign, marked, signs = [], [], []
    for letter in dict.fromkeys(unicodedata.normalize("NFC", name)):
        if letter.isspace() or (letter.isascii() and letter.isalpha()):
            continue
        if not letter.isalpha():
            signs.append(letter)
        elif "LATIN" in unicodedata.name(letter, ""):
            marked.append(letter)
        else:
            foreign.append(letter)
    return foreign, marked, signs
