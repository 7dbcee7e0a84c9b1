"""What the guides cite: the words of the screen, and the scenes on which they are to be found."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from django.conf import settings
from django.template.loader import render_to_string

from coaching.site.guides import GUIDES

SECTION = re.compile(r'<section id="([\w-]+)" data-scenes="([\w -]+)">(.*?)</section>', re.DOTALL)


@dataclass(frozen=True)
class Cited:
    place: str
    words: str
    scenes: tuple[str, ...]


def cited() -> Iterator[Cited]:
    for guide in GUIDES:
        for anchor, scenes, text in SECTION.findall(render_to_string(guide.template)):
            for words in re.findall(r"<b>(.*?)</b>", text):
                yield Cited(f"{guide.name}#{anchor}", unescape(words), tuple(scenes.split()))


def pictured() -> list[str]:
    """The scenes of which a guide shows a picture."""
    sources = [(settings.BASE_DIR / "templates" / guide.template).read_text() for guide in GUIDES]
    return re.findall(r'{% picture "([\w-]+)"', "\n".join(sources))
