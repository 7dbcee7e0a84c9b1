"""Whether names can be printed: asked before anybody approves them, for an approved list stays as it is."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.html import format_html, format_html_join

from certificates import preview
from certificates.eligibility import listed
from certificates.models import Batch, BatchEntry
from certificates.rendering import CannotRender, columns
from coaching import pdf
from coaching.errors import Refused


class CannotPrint(Refused):
    """A name on the list makes no certificate."""


def refuse_unprintable(batch: Batch, *, now: datetime) -> frozenset[str]:
    """The names of a list, each of which can be printed. Raises CannotPrint, with whose name it is and why."""
    entries = list(batch.entries.all())
    if found := unwritable(entry.name for entry in entries):
        whose = listed(f"“{letters}” in the name of {name}" for name, letters in found.items())
        raise CannotPrint(
            f"No installed font can write {whose}. Ask whoever it is to write their name otherwise, on their own page of "
            "certificates, and bring the list up to date; or ask an administrator to install a font that can."
        )
    if entries:
        _refuse_too_long(batch, max(entries, key=lambda entry: columns(entry.name)), now)
    return frozenset(entry.name for entry in entries)


def unwritable(names: Iterable[str]) -> dict[str, str]:
    """Of these names those with letters that no installed font can write, with these letters."""
    unusual = [name for name in names if not name.isascii()]  # the fonts that come along have all of ASCII
    missing = _missing(unusual) if unusual else ""
    found = {name: "".join(letter for letter in missing if letter in name) for name in unusual}
    return {name: letters for name, letters in found.items() if letters}


def _missing(names: list[str]) -> str:
    """The letters, out of one drawing of all the names in the fonts of a certificate."""
    lines = format_html_join("", '<p class="name name-6" dir="auto">{}</p>', ((name,) for name in names))
    found: list[str] = []
    with pdf.one_at_a_time:
        document = pdf.laid_out(
            format_html('<html lang="en"><title>Names</title><body>{}</body></html>', lines),
            "certificates/certificate.css",
        )
        pdf.written(document, finisher=lambda document, file: found.append(pdf.missing_letters(document)))
    return "".join(found)


def _refuse_too_long(batch: Batch, entry: BatchEntry, now: datetime) -> None:
    """Where the longest fits, the others do."""
    try:
        preview.sample(batch, now=now, entry=entry)
    except CannotRender as refusal:
        raise CannotPrint(f"{entry.name}: {refusal}") from refusal
