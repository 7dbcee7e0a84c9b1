"""From HTML to the bytes of an accessible PDF (PDF/UA-1). The only module that knows WeasyPrint, and what it may load."""

import atexit
import logging
import re
import threading
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from weasyprint import CSS, Document
    from weasyprint.text.fonts import FontConfiguration

# WeasyPrint tells its log about every font and property; what matters here is raised as an error instead.
logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
logging.getLogger("fontTools").setLevel(logging.ERROR)

# Pango's font maps are not safe to share between threads: whoever lays out and writes holds this.
one_at_a_time = threading.Lock()

# By address: how to read it, and its media type.
Assets = Mapping[str, tuple[Callable[[], bytes], str]]


@cache
def _weasyprint() -> ModuleType:
    # It takes two seconds to import: only who renders pays for it.
    import weasyprint.text.fonts  # noqa: PLC0415
    import weasyprint.urls  # noqa: PLC0415

    return weasyprint


def laid_out(html: str, *sheets: str, assets: Assets | None = None) -> "Document":
    """The pages of this HTML, styled by sheets under static/, of which the last one has the last word.

    It loads the given assets and nothing else: no files, no network, no data addresses.
    """
    fonts, style = _style(*sheets)
    source = _weasyprint().HTML(string=html, base_url="pdf:", url_fetcher=fetcher(assets or {}))
    return source.render(stylesheets=[style], font_config=fonts)


def written(
    document: "Document",
    *,
    variant: str = "pdf/ua-1",
    packed: bool = True,
    finisher: "Callable[[Document, Any], None] | None" = None,
) -> bytes:
    """`variant`: the standard that the file keeps, by its name in WeasyPrint. `finisher`: has the last word, with the
    document and the pydyf.PDF that is about to be written. Not `packed`: it has to pack the streams."""

    def finish(document: "Document", file: Any) -> None:
        _map_every_glyph(file)
        if finisher:
            finisher(document, file)

    return document.write_pdf(pdf_variant=variant, uncompressed_pdf=not packed, finisher=finish)


def _map_every_glyph(file: Any) -> None:
    """In some scripts one letter is drawn by several glyphs, of which WeasyPrint maps only the first to a letter, and PDF
    wants all. `file`: the pydyf.PDF."""
    for thing in file.objects:
        if isinstance(thing, dict) and "ToUnicode" in thing:
            letters = file.objects[int(thing["ToUnicode"].split()[0])]
            letters.stream = [_NO_LETTER.sub(rb"\1 <200b>", line) for line in letters.stream]


_NO_LETTER = re.compile(rb"^(<[0-9a-f]+>) <>$")


def missing_letters(document: "Document") -> str:
    """The letters that no installed font can write; known once the document is being written."""
    return "".join(sorted({chr(point) for font in document.fonts.values() for point in font.missing}))


def whole(
    html: str,
    *sheets: str,
    annex: "Callable[[], Document] | None" = None,
    finish: "Callable[[Any], None] | None" = None,
) -> bytes:
    """An accessible file that leaves nothing out: what no installed font can write stands as its number.

    `annex`: lays out pages that follow at the end. `finish`: has the last word, with the pydyf.PDF.
    """
    html = _in_numbers(html, {letter for letter in html if _is_control(letter)})
    missing: list[str] = []

    def note(document: "Document", file: Any) -> None:
        missing.extend(missing_letters(document))
        if finish:
            finish(file)

    def laid_out_with_annex(html: str) -> "Document":
        document = laid_out(html, *sheets)
        return document.copy([*document.pages, *annex().pages]) if annex else document

    with one_at_a_time:
        made = written(laid_out_with_annex(html), finisher=note)
        if not missing:
            return made
        return written(laid_out_with_annex(_in_numbers(html, set(missing))), finisher=note)


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") and letter not in "\n\t"


def _in_numbers(html: str, letters: set[str]) -> str:
    return html.translate({ord(letter): f"[U+{ord(letter):04X}]" for letter in letters})


def fetcher(assets: Assets) -> Any:
    """Serves the given assets; any other address stops the rendering."""
    return _fetcher_class()(assets)


@cache
def _fetcher_class() -> type:
    urls = _weasyprint().urls

    class AssetFetcher(urls.URLFetcher):  # type: ignore[name-defined]
        def __init__(self, assets: Assets) -> None:
            super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
            self._assets = assets

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if url not in self._assets:
                raise ValueError("A document may load nothing but its own assets.")
            read, kind = self._assets[url]
            return urls.URLFetcherResponse(url, read(), {"Content-Type": kind})

    return AssetFetcher


# Public Sans comes with the site's front-end packages, cut into three character sets.
_FONT_FILES = settings.BASE_DIR / "node_modules" / "@fontsource" / "public-sans" / "files"
_FONT_SETS = ("latin", "latin-ext", "vietnamese")
_FONT_WEIGHTS = (400, 600)


def _font_assets() -> Assets:
    def reader(name: str) -> Callable[[], bytes]:
        return lambda: (_FONT_FILES / name).read_bytes()

    names = [f"public-sans-{part}-{weight}-normal.woff" for part in _FONT_SETS for weight in _FONT_WEIGHTS]
    return {f"pdf:{name}": (reader(name), "font/woff") for name in names}


def _font_faces() -> str:
    return "\n".join(
        f'@font-face {{ font-family: "Public Sans {part}"; font-weight: {weight}; '
        f'src: url("pdf:public-sans-{part}-{weight}-normal.woff") }}'
        for part in _FONT_SETS
        for weight in _FONT_WEIGHTS
    )


@cache
def _style(*sheets: str) -> "tuple[FontConfiguration, CSS]":
    """Fonts and style sheets, read once for each process: that is two thirds of the time of a short rendering."""
    fonts = _weasyprint().text.fonts.FontConfiguration()
    # It removes its folder of fonts when it goes, and can no longer do so while the interpreter shuts down.
    atexit.register(_style.cache_clear)
    rules = [(settings.BASE_DIR / "static" / sheet).read_text(encoding="utf-8") for sheet in sheets]
    style = _weasyprint().CSS(
        string="\n".join([_font_faces(), *rules]),
        base_url="pdf:",
        font_config=fonts,
        url_fetcher=fetcher(_font_assets()),
    )
    return fonts, style
