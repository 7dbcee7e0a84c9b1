"""What people type, cleaned in one place: where it arrives, before any form or view has seen it.

Taken away is what no keyboard writes and no reader sees: control characters, and those that turn the direction of
whatever follows them. What scripts need to be written stays as it was typed. Files are left alone, and so is what stands
in the database already: signed texts keep their digests.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict

LINE_ENDS = re.compile(r"\r\n?")
JOINERS = "\u200c\u200d"  # several scripts write names with them
UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)  # of controls, tab and newline stay


# Control characters, formatting that cannot be seen (but joiners), halves of characters, private use, line and page ends.
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"  # of Hangul: letters by their category, and nothing is drawn


def unseen(text: str) -> str:
    """The first character that no reader sees, as `U+200B`; empty where there is none. For what has to be in plain sight."""
    hidden = (
        each
        for each in text
        if each in BLANK_LETTERS or (unicodedata.category(each) in UNSEEN and each not in JOINERS)
    )
    return next((f"U+{ord(each):04X}" for each in hidden), "")


def clean(text: str) -> str:
    """Without control characters and changes of direction, each line ended by one newline."""
    return UNWANTED.sub("", LINE_ENDS.sub("\n", text))


def number_of(text: str | None) -> int:
    """The key or version that a page or an address sends; 0, which no row has, for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


def numbers_of(texts: Iterable[str]) -> list[int]:
    """Those among them, in their order."""
    return [number for text in texts if (number := number_of(text))]


def announced(request: HttpRequest) -> int:
    """Bytes of the body, known before any of it is read; none where no number is given, as then none is read."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


class TypedMiddleware:
    """Stands before whatever reads the fields of a form or of an address. Passwords are left as they were typed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.GET = _cleaned(request.GET)  # type: ignore[assignment]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: object, kwargs: object
    ) -> None:
        # Whatever carries a token was read for it. The rest is uploads of anybody, which their view measures first.
        if not getattr(view, "csrf_exempt", False):
            request.POST = _cleaned(request.POST)  # type: ignore[assignment]


def _cleaned(given: QueryDict) -> QueryDict:
    """The same where nothing is to be taken away, as nearly always."""
    unclean = {
        name: [clean(value) for value in values]
        for name, values in given.lists()
        if "password" not in name.lower() and any(clean(value) != value for value in values)
    }
    if not unclean:
        return given
    kept = given.copy()
    for name, values in unclean.items():
        kept.setlist(name, values)
    kept._mutable = False
    return kept
