"""The picture of a signature as it is taken in: upright, and to be seen."""

import io

import pytest
from PIL import Image, ImageDraw

from certificates import signatures

SIDEWAYS, UPSIDE_DOWN = 6, 3  # values of the orientation in EXIF


def signed(size=(800, 200), *, mode="RGB", paper="white", ink="black") -> Image.Image:
    picture = Image.new(mode, size, paper)
    ImageDraw.Draw(picture).line([(0, size[1] // 4), (size[0] // 2, size[1] // 4)], fill=ink, width=12)
    return picture


def file(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def held(picture: Image.Image, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return file(picture, "JPEG", exif=exif)


def taken_in(upload: bytes) -> Image.Image:
    return Image.open(io.BytesIO(signatures.as_png(upload))).convert("L")


def is_upright(picture: Image.Image) -> bool:
    """The line lies in the left upper quarter."""
    return picture.getpixel((picture.width // 4, picture.height // 4)) < 60


def test_a_photograph_stands_as_the_telephone_was_held():
    assert is_upright(taken_in(held(signed().rotate(180), UPSIDE_DOWN)))
    assert is_upright(taken_in(held(signed().rotate(90, expand=True), SIDEWAYS)))


def test_grays_of_sixteen_bits_stay_what_they_are():
    fine = signed(mode="I", paper=65535, ink=0).convert("I;16")
    picture = taken_in(file(fine))
    assert picture.getextrema() == (0, 255)
    assert is_upright(picture)


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGBA", (800, 200), (0, 0, 0, 0)),
        signed(mode="RGBA", paper=(0, 0, 0, 0), ink="white"),
        signed(ink="#eeeeee"),
    ],
    ids=["transparent", "white ink", "nearly white"],
)
def test_what_cannot_be_seen_on_paper_is_refused(picture):
    with pytest.raises(signatures.NotAPicture, match="Nothing can be seen"):
        signatures.as_png(file(picture))


def test_blue_ink_on_nothing_is_a_signature():
    assert is_upright(taken_in(file(signed(mode="RGBA", paper=(0, 0, 0, 0), ink="navy")))) is True
