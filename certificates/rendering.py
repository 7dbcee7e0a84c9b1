"""From a certificate's content to the bytes of its PDF."""

import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import segno
from django.conf import settings
from django.template.loader import render_to_string

from certificates import archival, attached
from certificates.archival import Paper, Place
from coaching import pdf
from coaching.errors import Refused

if TYPE_CHECKING:
    from weasyprint import Document

# Steps of size for the name, from generous to small; the style sheet gives each its size in points.
NAME_SIZES = ("name-1", "name-2", "name-3", "name-4", "name-5", "name-6")
# By the name of the paper: landscape, in CSS pixels, and the style sheets; the last one has the last word.
PAPERS = {
    "letter": (Paper(1056, 816), ("certificates/certificate.css",)),
    "a4": (Paper(1123, 794), ("certificates/certificate.css", "certificates/a4.css")),
}
# What stands above the line that is signed by hand: room, which is read out.
NOTHING_YET = b'<svg xmlns="http://www.w3.org/2000/svg" width="260" height="62"><path d="M0 0h260v62H0z" fill="none"/></svg>'
SIGNATURE_ROW = 246  # CSS pixels from the bottom: the text ends above it
# More than this and the name stands on more than two lines of its size, whatever the size.
NAME_HEIGHT = 116


class CannotRender(Refused):
    """The content does not make a proper certificate."""


@dataclass(frozen=True, kw_only=True)
class CertificateContent:
    """Everything that is printed. `hours` counts the attended ones; `signature` is a PNG or JPEG picture."""

    name: str
    program: str
    cohort: str
    department: str
    branch: str
    start_date: date
    end_date: date
    competencies: tuple[str, ...]
    hours: Decimal
    signatory_name: str
    signatory_title: str
    approved_by: str = ""
    signature: bytes | None = None
    signed_by_hand: bool = False
    serial: str
    code: str
    verification_address: str
    issued_date: date
    language: str = "en-US"
    sample: bool = False


def render(content: CertificateContent, *, place: Place | None = None, paper: str = "") -> bytes:
    """One landscape page, archival and accessible (PDF/A-3a, PDF/UA-1), with a place for a seal; without one: a sample.

    `paper`: letter or a4, otherwise that of the settings. Raises CannotRender where the content does not fit on the page,
    or has letters that no installed font can write.
    """
    _check(content)
    sheet, styles = PAPERS[paper or settings.PAPER]
    finish = archival.finisher(sheet, place, name=content.name, claims=attached.written(content))

    def finisher(document: "Document", file: Any) -> None:
        _refuse_missing_letters(document)
        finish(document, file)

    with pdf.one_at_a_time:
        document = _fitted(content, sheet, styles)
        return pdf.written(document, variant=archival.VARIANT, packed=False, finisher=finisher)


def pages(content: CertificateContent) -> "Document":
    """The page alone, to be put into another file by whoever holds `pdf.one_at_a_time`. Raises CannotRender."""
    _check(content)
    return _fitted(content, *PAPERS[settings.PAPER])


def draw_behind_the_last(file: Any) -> None:
    """The drawings of a certificate, behind the page at the end of another file."""
    sheet, _ = PAPERS[settings.PAPER]
    archival.draw_behind(file, file.page_references[-1], sheet)


def _check(content: CertificateContent) -> None:
    for field in (
        "name",
        "program",
        "cohort",
        "branch",
        "signatory_name",
        "signatory_title",
        "serial",
        "code",
    ):
        if not getattr(content, field).strip():
            raise CannotRender(f"The certificate has no {field.replace('_', ' ')}. Add it and try again.")


def _fitted(content: CertificateContent, sheet: Paper, styles: tuple[str, ...]) -> "Document":
    """The first size of the name, counted from the largest that could do, with which everything fits."""
    for size in NAME_SIZES[_likely_size(content.name) :]:
        document = _laid_out(content, size, styles)
        if len(document.pages) == 1 and _fits(document, sheet):
            return document
    raise CannotRender(
        "The name, or the names of the program and its competencies, are too long for one page. Shorten them."
    )


def _likely_size(name: str) -> int:
    """Index of the first size worth trying: spares the layouts that are sure to overflow."""
    return sum(columns(name) > limit for limit in (60, 84, 110, 140))


def columns(name: str) -> int:
    """About how wide it is, in letters."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in name)


def _fits(document: "Document", sheet: Paper) -> bool:
    # Anchors are the one public measure of where the layout put something.
    anchors = document.pages[0].anchors
    name_height = anchors["statement"][1] - anchors["name"][1]
    return name_height <= NAME_HEIGHT and anchors["end"][1] <= sheet.height - SIGNATURE_ROW


def _laid_out(content: CertificateContent, size: str, styles: tuple[str, ...]) -> "Document":
    html = render_to_string("certificates/certificate.html", {"content": content, "name_size": size})
    return pdf.laid_out(html, *styles, assets=_assets_of(content))


def _refuse_missing_letters(document: "Document") -> None:
    """A box in the place of a letter is no name."""
    missing = pdf.missing_letters(document)
    if missing:
        raise CannotRender(
            f"No installed font can write “{missing}”. Install one that can (see docs/operations.md), "
            "or have the name corrected, and try again."
        )


def _assets_of(content: CertificateContent) -> pdf.Assets:
    """What the page may ask for."""
    assets: dict[str, Any] = {
        "certificate:qr": (lambda: qr_code(content.verification_address), "image/svg+xml"),
    }
    if content.signed_by_hand:
        assets["certificate:line"] = (lambda: NOTHING_YET, "image/svg+xml")
    if content.signature is not None:
        picture = content.signature
        kind = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
        assets["certificate:signature"] = (lambda: picture, kind)
    return assets


def qr_code(address: str) -> bytes:
    """The address as an SVG square of plain paths. A fixed mask: choosing the best one costs seven times as long."""
    out = io.BytesIO()
    segno.make(address, error="m", mask=3, micro=False).save(
        out, kind="svg", border=2, dark="#000", light="#fff", xmldecl=False, svgns=True
    )
    return out.getvalue()
