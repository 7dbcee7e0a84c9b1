"""The picture of a head's signature: taken in with care, drawn anew, printed on what they or their delegate approve."""

import io
import warnings
from datetime import datetime

from django.db import transaction
from PIL import Image, ImageOps

from certificates.models import SignaturePicture
from coaching import audit
from coaching.errors import Refused
from coaching.models import User

MOST_PIXELS = 16_000_000
LARGEST = (1040, 248)  # four times the place it has on the certificate
SMALLEST = (120, 30)
TALLEST, WIDEST = 1, 12  # width to height
FAINTEST = 160  # of 255: the darkest of it has to be as dark at least


class NotAPicture(Refused):
    pass


def as_png(upload: bytes) -> bytes:
    """The picture drawn anew as a small PNG: nothing but its pixels is kept of what was uploaded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(upload), formats=("PNG", "JPEG")) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise NotAPicture("The picture has too many pixels. Choose a smaller one.")
                upright = ImageOps.exif_transpose(picture)  # as phones say how they were held
                _check_shape(upright.width, upright.height)
                drawn = _in_eight_bits(upright).convert("RGBA")
    except NotAPicture:
        raise
    except Exception as error:  # Pillow raises many kinds of errors over broken files
        raise NotAPicture("This is no PNG or JPEG picture, or it is damaged. Choose another file.") from error
    _check_that_it_is_seen(drawn)
    drawn.thumbnail(LARGEST)
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    """Of grays in sixteen, Pillow would cut off the upper eight."""
    if not picture.mode.startswith("I"):
        return picture
    return picture.convert("I").point(lambda value: value / 256).convert("L")


def _check_that_it_is_seen(drawn: Image.Image) -> None:
    paper = Image.new("RGBA", drawn.size, "white")
    darkest, _ = Image.alpha_composite(paper, drawn).convert("L").getextrema()
    if darkest > FAINTEST:  # type: ignore[operator]
        raise NotAPicture(
            "Nothing can be seen in this picture on white paper. Sign in dark ink, and scan it again."
        )


def _check_shape(width: int, height: int) -> None:
    if width < SMALLEST[0] or height < SMALLEST[1]:
        raise NotAPicture(
            f"The picture is too small to be printed well: {width} by {height} pixels. It takes at least {SMALLEST[0]} by "
            f"{SMALLEST[1]}, better 600 by 150."
        )
    if not TALLEST <= width / height <= WIDEST:
        raise NotAPicture(
            f"This is not the shape of a signature: {width} by {height} pixels. Cut the picture so that it is wider than "
            f"high, and at most {WIDEST} times as wide."
        )


@transaction.atomic
def keep(*, person: User, picture: bytes, by: User, now: datetime) -> SignaturePicture:
    """Keep a picture, in place of the one before; certificates that were issued stay as they are."""
    kept, _ = SignaturePicture.objects.update_or_create(
        person=person, defaults={"picture": picture, "uploaded_at": now}
    )
    audit.record("signature_picture.kept", by=by, obj=person, now=now)
    return kept


@transaction.atomic
def remove(*, person: User, by: User, now: datetime) -> None:
    """From now on the name is printed in its place; a second call changes nothing."""
    removed, _ = SignaturePicture.objects.filter(person=person).delete()
    if removed:
        audit.record("signature_picture.removed", by=by, obj=person, now=now)
