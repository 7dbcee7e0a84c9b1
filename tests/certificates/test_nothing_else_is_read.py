"""The renderer reads no file and asks no server, whatever stands in a name or in a template."""

import base64
import contextlib
import http.server
import io
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from weasyprint.urls import FatalURLFetchingError

from certificates.rendering import CannotRender, render
from coaching import pdf
from tests.certificates.content import content, text_of

SECRET = "canary-0451"
DRAWN = "45.10451"  # a place in the canary: found where its letters are not, as in a pattern
CANARY = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="99" height="20">'
    f'<path d="M1 1L{DRAWN} 9"/><text y="15">{SECRET}</text></svg>'
)
SHEET = "certificates/certificate.css"

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'
    "INSIDE</svg>"
)
# Everything in HTML, CSS and SVG that can name an address; ADDRESS is one.
WAYS = (
    '<img src="ADDRESS">',
    '<img srcset="ADDRESS 2x" src="ADDRESS">',
    '<img src="x" longdesc="ADDRESS" usemap="ADDRESS">',
    '<picture><source srcset="ADDRESS"><img src="ADDRESS"></picture>',
    '<object data="ADDRESS"></object>',
    '<embed src="ADDRESS">',
    '<iframe src="ADDRESS"></iframe>',
    '<frameset><frame src="ADDRESS"></frameset>',
    '<video src="ADDRESS" poster="ADDRESS"><track src="ADDRESS"></video>',
    '<audio src="ADDRESS"><source src="ADDRESS"></audio>',
    '<input type="image" src="ADDRESS">',
    '<body background="ADDRESS">',
    '<table background="ADDRESS"><tr><td background="ADDRESS">x</td></tr></table>',
    '<link rel="stylesheet" href="ADDRESS">',
    '<link rel="attachment" href="ADDRESS">',
    '<a rel="attachment" href="ADDRESS">x</a>',
    '<link rel="icon" href="ADDRESS"><link rel="preload" as="font" href="ADDRESS">',
    '<meta http-equiv="refresh" content="0; url=ADDRESS">',
    '<base href="ADDRESS"><img src="seal.png"><link rel="stylesheet" href="sheet.css">',
    '<script src="ADDRESS"></script>',
    '<form action="ADDRESS"><button formaction="ADDRESS">x</button></form>',
    '<blockquote cite="ADDRESS">x</blockquote>',
    '<style>@import "ADDRESS";</style>',
    "<style>@import url(ADDRESS) print;</style>",
    '<style>@font-face { font-family: "Hers"; src: url(ADDRESS) } p { font-family: "Hers" }</style><p>x</p>',
    (
        '<style>@font-face { font-family: "Hers"; src: local("ADDRESS"), url("ADDRESS") format("woff2") }'
        'p { font-family: "Hers" }</style><p>x</p>'
    ),
    "<style>@page { background: url(ADDRESS); @top-left { content: url(ADDRESS) } }</style>",
    "<style>@color-profile --hers { src: url(ADDRESS) } p { color: color(--hers 1 0 0) }</style><p>x</p>",
    *(
        f'<p style="{rule}">x</p>'
        for rule in (
            "background: url(ADDRESS)",
            "background-image: image-set('ADDRESS' 1x)",
            "background-image: cross-fade(url(ADDRESS), url(ADDRESS))",
            "list-style: url(ADDRESS); display: list-item",
            "border-image: url(ADDRESS) 30",
            "mask: url(ADDRESS)",
            "clip-path: url(ADDRESS)",
            "filter: url(ADDRESS)",
            "cursor: url(ADDRESS), auto",
            "shape-outside: url(ADDRESS)",
            "content: url(ADDRESS)",
            "color: attr(href url)",
            "--hers: url(ADDRESS); background: var(--hers)",
            "footnote-display: url(ADDRESS)",
        )
    ),
    "<style>p::before { content: url(ADDRESS) } p::marker { content: url(ADDRESS) }</style><p>x</p>",
    '<style>a { content: target-text("ADDRESS") target-counter(url(ADDRESS), page) }</style><a href="ADDRESS">x</a>',
    *(
        SVG.replace("INSIDE", inside)
        for inside in (
            '<image href="ADDRESS" width="9" height="9"/>',
            '<image xlink:href="ADDRESS" width="9" height="9"/>',
            '<use href="ADDRESS#a"/>',
            '<use xlink:href="ADDRESS#a"/>',
            '<style>@import url(ADDRESS);</style><rect width="9" height="9"/>',
            '<style>rect { fill: url(ADDRESS#a) }</style><rect width="9" height="9"/>',
            '<rect width="9" height="9" fill="url(ADDRESS#a)" mask="url(ADDRESS#a)"/>',
            '<rect width="9" height="9" clip-path="url(ADDRESS#a)" filter="url(ADDRESS#a)"/>',
            '<filter id="a"><feImage href="ADDRESS"/></filter><rect width="9" height="9" filter="url(#a)"/>',
            '<filter id="a"><feImage xlink:href="ADDRESS"/></filter><rect width="9" height="9" filter="url(#a)"/>',
            '<linearGradient id="a" href="ADDRESS#b" xlink:href="ADDRESS#b"/><rect width="9" height="9" fill="url(#a)"/>',
            '<text><textPath href="ADDRESS#a">x</textPath><tref xlink:href="ADDRESS#a"/></text>',
            '<path d="M0 0L9 9" marker-end="url(ADDRESS#a)"/>',
            '<foreignObject><img src="ADDRESS"/></foreignObject>',
            '<a href="ADDRESS"><rect width="9" height="9"/></a>',
        )
    ),
    '<?xml-stylesheet href="ADDRESS"?><p>x</p>',
    '<!DOCTYPE html [<!ENTITY hers SYSTEM "ADDRESS">]><p>&hers;</p>',
    '<math><annotation src="ADDRESS">x</annotation></math>',
)


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[list[str], str]]:
    """What a server was asked for, and its address."""
    paths: list[str] = []

    class Canary(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/svg+xml")
            self.end_headers()
            self.wfile.write(CANARY.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield paths, f"http://127.0.0.1:{server.server_port}/canary"
    server.shutdown()
    server.server_close()


opened: list[str] = []


@pytest.fixture(scope="module", autouse=True)
def watched() -> None:
    """Every file that this process opens; a watch cannot be taken away again."""
    sys.addaudithook(lambda event, given: event == "open" and opened.append(str(given[0])))


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("canary") / "canary.svg"
    path.write_text(CANARY)
    return str(path)


def written(html: str, assets: pdf.Assets | None = None) -> bytes:
    """Nothing, where it was refused."""
    with contextlib.suppress(FatalURLFetchingError):
        return pdf.written(
            pdf.laid_out(f'<html lang="en"><title>x</title>{html}</html>', SHEET, assets=assets)
        )
    return b""


def shows_the_canary(made: bytes) -> bool:
    """In letters or lines as they are drawn, or in whatever is packed or attached, unpacked."""
    if not made:
        return False
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(made)) as opened:
        level = pikepdf.StreamDecodeLevel.all
        opened.save(out, compress_streams=False, stream_decode_level=level)
    unpacked = out.getvalue()
    return SECRET in text_of(made) or SECRET.encode() in unpacked or DRAWN.encode() in unpacked


def pictures_in(made: bytes) -> int:
    with pikepdf.open(io.BytesIO(made)) as opened:
        streams = [each for each in opened.objects if isinstance(each, pikepdf.Stream)]
        return sum(1 for each in streams if each.get("/Subtype") == "/Image")


@pytest.mark.parametrize("way", WAYS)
def test_a_template_reaches_nothing(way, asked, file):
    paths, address = asked
    opened.clear()
    for canary in (address, address.removeprefix("http:"), f"file://{file}", file):
        made = written(way.replace("ADDRESS", canary))
        assert not shows_the_canary(made)
        assert not made or pictures_in(made) == 0
    assert paths == []
    assert file not in opened


@pytest.mark.parametrize(
    "way",
    [
        '<img src="ADDRESS">',
        '<p style="background: url(ADDRESS); height: 40px">x</p>',
        "<style>p::before { content: url(ADDRESS) }</style><p>x</p>",
        '<link rel="attachment" href="ADDRESS">',
    ],
)
def test_what_is_reached_is_seen(way, file):
    """Where the canary is an asset of the document, it is there, packed."""
    read = {f"file://{file}": (Path(file).read_bytes, "image/svg+xml")}
    made = written(way.replace("ADDRESS", f"file://{file}"), read)
    assert SECRET.encode() not in made
    assert shows_the_canary(made)


def test_a_picture_that_is_reached_is_seen():
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    read = {"file:///dot.png": (lambda: base64.b64decode(dot), "image/png")}
    assert pictures_in(written('<img src="file:///dot.png">', read)) > 0


def test_the_watch_sees_a_file_that_is_read(file):
    opened.clear()
    with open(file, encoding="utf-8") as canary:  # noqa: PTH123
        assert SECRET in canary.read()
    assert file in opened


@pytest.mark.parametrize(
    "field", ["name", "program", "cohort", "department", "branch", "signatory_name", "serial"]
)
def test_what_people_typed_is_text(field, asked, file):
    paths, address = asked
    opened.clear()
    typed = f"</p><img src={address}><p style='background:url({file})'>"
    with contextlib.suppress(CannotRender):  # as too long
        assert "<imgsrc=" in "".join(text_of(render(content(**{field: typed}))).split()).lower()
    assert paths == []
    assert file not in opened
