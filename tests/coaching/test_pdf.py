"""What a document may load: its own assets, and nothing else."""

import pytest
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError

from coaching import pdf


def test_only_its_own_assets_are_served(tmp_path):
    canary = tmp_path / "canary.svg"
    canary.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    fetch = pdf.fetcher({"certificate:frame": (lambda: b"<svg/>", "image/svg+xml")})
    assert fetch("certificate:frame").read() == b"<svg/>"
    for address in (
        canary.as_uri(),
        "http://127.0.0.1:1/",
        "data:text/plain,x",
        "certificate:other",
        "certificate:../x",
    ):
        with pytest.raises(ValueError, match="nothing but its own assets"):
            fetch(address)


def test_a_page_that_asks_for_a_file_stops_the_rendering(tmp_path):
    """Even if markup ever got through, nothing is read: the rendering fails as a whole."""
    canary = tmp_path / "canary.css"
    canary.write_text("body { color: red }")
    fetcher = pdf.fetcher({})
    with pytest.raises(FatalURLFetchingError):
        HTML(string=f'<link rel="stylesheet" href="{canary.as_uri()}">', url_fetcher=fetcher).write_pdf()
    with pytest.raises(FatalURLFetchingError):
        HTML(string=f'<img src="{canary.as_uri()}">', url_fetcher=fetcher).write_pdf()
