"""From a certificate's content to the bytes of its PDF. The only module that knows WeasyPrint."""

import atexit
import io
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import segno
from django.conf import settings
from django.template.loader import render_to_string

from certificates import artwork
from coaching.errors import Refused

if TYPE_CHECKING:
    from weasyprint import CSS, Document
    from weasyprint.text.fonts import FontConfiguration

# WeasyPrint tells its log about every font and property; what matters here is raised as an error instead.
logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
logging.getLogger("fontTools").setLevel(logging.ERROR)

# Pango's font maps are not safe to share between threads.
_one_at_a_time = threading.Lock()

# Steps of size for the name, from generous to small; the style sheet gives each its size in points.
NAME_SIZES = ("name-1", "name-2", "name-3", "name-4", "name-5", "name-6")
# The lowest place, in CSS pixels from the top, where the text may end: the signature row begins below it.
TEXT_ENDS_ABOVE = 586
# More than this and the name stands on more than two lines of its size, whatever the size.
NAME_HEIGHT = 116


@cache
def _weasyprint() -> ModuleType:
    # It takes two seconds to import: only who renders pays for it.
    import weasyprint.text.fonts  # noqa: PLC0415
    import weasyprint.urls  # noqa: PLC0415

    return weasyprint


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
    serial: str
    code: str
    verification_address: str
    issued_date: date
    language: str = "en-US"
    sample: bool = False


def render(content: CertificateContent) -> bytes:
    """One page, Letter landscape, tagged (PDF/UA-1). Raises CannotRender where the content does not fit on it,
    or has letters that no installed font can write."""
    _check(content)
    with _one_at_a_time:
        document = _fitted(content)
        return document.write_pdf(pdf_variant="pdf/ua-1", finisher=_refuse_missing_letters)


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


def _fitted(content: CertificateContent) -> "Document":
    """The first size of the name, counted from the largest that could do, with which everything fits."""
    for size in NAME_SIZES[_likely_size(content.name) :]:
        document = _laid_out(content, size)
        if len(document.pages) == 1 and _fits(document):
            return document
    raise CannotRender(
        "The name, or the names of the program and its competencies, are too long for one page. Shorten them."
    )


def _likely_size(name: str) -> int:
    """Index of the first size worth trying: spares the layouts that are sure to overflow."""
    width = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in name)
    return sum(width > limit for limit in (60, 84, 110, 140))


def _fits(document: "Document") -> bool:
    # Anchors are the one public measure of where the layout put something.
    anchors = document.pages[0].anchors
    name_height = anchors["statement"][1] - anchors["name"][1]
    return name_height <= NAME_HEIGHT and anchors["end"][1] <= TEXT_ENDS_ABOVE


def _laid_out(content: CertificateContent, size: str) -> "Document":
    fonts, style = _style()
    html = render_to_string("certificates/certificate.html", {"content": content, "name_size": size})
    fetcher = _fetcher_class()(_assets_of(content))
    return (
        _weasyprint()
        .HTML(string=html, base_url="certificate:", url_fetcher=fetcher)
        .render(stylesheets=[style], font_config=fonts)
    )


def _refuse_missing_letters(document: "Document", pdf: Any) -> None:
    """A box in the place of a letter is no name."""
    missing = sorted({chr(point) for font in document.fonts.values() for point in font.missing})
    if missing:
        raise CannotRender(
            f"No installed font can write “{''.join(missing)}”. Install one that can (see docs/operations.md), "
            "or have the name corrected, and try again."
        )


# What the page may ask for, and nothing else: no files, no network, no data addresses.

_SHARED: dict[str, tuple[Callable[[], bytes], str]] = {
    "certificate:frame": (lambda: artwork.frame().encode(), "image/svg+xml"),
    "certificate:seal": (lambda: artwork.seal().encode(), "image/svg+xml"),
}


def _assets_of(content: CertificateContent) -> dict[str, tuple[Callable[[], bytes], str]]:
    assets = dict(_SHARED)
    assets["certificate:qr"] = (lambda: qr_code(content.verification_address), "image/svg+xml")
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


@cache
def _fetcher_class() -> type:
    urls = _weasyprint().urls

    class AssetFetcher(urls.URLFetcher):  # type: ignore[name-defined]
        """Serves the given assets; any other address stops the rendering."""

        def __init__(self, assets: dict[str, tuple[Callable[[], bytes], str]]) -> None:
            super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
            self._assets = assets

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if url not in self._assets:
                raise ValueError("The certificate may load nothing but its own assets.")
            read, kind = self._assets[url]
            return urls.URLFetcherResponse(url, read(), {"Content-Type": kind})

    return AssetFetcher


# Public Sans comes with the site's front-end packages, cut into three character sets.
_FONT_FILES = settings.BASE_DIR / "node_modules" / "@fontsource" / "public-sans" / "files"
_FONT_SETS = ("latin", "latin-ext", "vietnamese")
_FONT_WEIGHTS = (400, 600)


def _font_assets() -> dict[str, tuple[Callable[[], bytes], str]]:
    def reader(name: str) -> Callable[[], bytes]:
        return lambda: (_FONT_FILES / name).read_bytes()

    names = [f"public-sans-{part}-{weight}-normal.woff" for part in _FONT_SETS for weight in _FONT_WEIGHTS]
    return {f"certificate:{name}": (reader(name), "font/woff") for name in names}


def _font_faces() -> str:
    return "\n".join(
        f'@font-face {{ font-family: "Public Sans {part}"; font-weight: {weight}; '
        f'src: url("certificate:public-sans-{part}-{weight}-normal.woff") }}'
        for part in _FONT_SETS
        for weight in _FONT_WEIGHTS
    )


@cache
def _style() -> "tuple[FontConfiguration, CSS]":
    """Fonts and style sheet, read once for each process: that is two thirds of the time of a rendering."""
    fonts = _weasyprint().text.fonts.FontConfiguration()
    # It removes its folder of fonts when it goes, and can no longer do so while the interpreter shuts down.
    atexit.register(_style.cache_clear)
    sheet = (settings.BASE_DIR / "static" / "certificates" / "certificate.css").read_text(encoding="utf-8")
    style = _weasyprint().CSS(
        string=_font_faces() + sheet,
        base_url="certificate:",
        font_config=fonts,
        url_fetcher=_fetcher_class()(_font_assets()),
    )
    return fonts, style
