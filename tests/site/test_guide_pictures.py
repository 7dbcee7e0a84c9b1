"""The guides hold against the demo: every word they cite, and what every picture shows, is on the page today.

script/pictures runs this to take the pictures anew, and to record what their pages show.
"""

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from PIL import Image

from coaching.site import demo
from coaching.site.demo.people import address
from coaching.site.templatetags.guides import RECORD, recorded
from tests.clock import NOW
from tests.site.cited import cited, pictured
from tests.site.scenes import SCENES, Scene
from tests.site.shown import Shown

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.django_db(transaction=True),
]
TAKEN = os.environ.get("TAKE_PICTURES") == "yes"
PICTURES = Path(settings.BASE_DIR) / "static" / "help"
# So high that nothing clings to the foot of the window.
WINDOW = {"width": 1180, "height": 4000}
MOST_HEIGHT, MARGIN = 820, 12


@pytest.fixture
def loaded(empty) -> Iterator[None]:
    """On the same day each time, so that pictures change only when pages do."""
    with time_machine.travel(NOW):
        demo.load(phases=demo.PHASES, now=NOW)
        yield


class Walker:
    """One person, who opens each page once however many scenes are behind it."""

    def __init__(self, person: str) -> None:
        self.client = Client()
        answer = self.client.post("/accounts/login/", {"login": address(person), "password": demo.PASSWORD})
        assert answer.status_code == 302, person
        self.pages: dict[str, Shown] = {}

    def page(self, at: str) -> Shown:
        if at not in self.pages:
            answer = self.client.get(at, follow=True)
            assert answer.status_code == 200, at
            self.pages[at] = Shown(answer.content.decode())
        return self.pages[at]

    def scene(self, scene: Scene) -> tuple[str, Shown]:
        at = "/"
        for step in scene.way:
            at = urljoin(at, self.page(at).link(step))
        return at, self.page(at)


def by_person() -> Iterator[tuple[str, list[Scene]]]:
    for person in dict.fromkeys(scene.person for scene in SCENES):
        yield person, [scene for scene in SCENES if scene.person == person]


@pytest.mark.usefixtures("loaded")
def test_what_guides_cite_and_pictures_show_is_on_the_pages(subtests):
    for person, scenes in by_person():
        walker = Walker(person)
        for scene in scenes:
            with subtests.test(scene.name):
                _, shown = walker.scene(scene)
                missing = [words for words in recorded()[scene.name]["shows"] if not shown.has(words)]
                assert missing == [], f"{scene.name} changed: put the guides right, then run script/pictures"


@pytest.mark.usefixtures("loaded")
def test_take_pictures(new_context, live_server, settings):
    settings.DEMO = True
    words = list(cited())
    taken = pictured()
    record = {}
    for person, scenes in by_person():
        walker = Walker(person)
        page = new_context(reduced_motion="reduce").new_page()
        page.set_viewport_size(WINDOW)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies(
            [{"name": name, "value": walker.client.cookies[name].value, "url": live_server.url}]
        )
        for scene in scenes:
            at, shown = walker.scene(scene)
            found = {each.words for each in words if scene.name in each.scenes and shown.has(each.words)}
            if scene.name in taken:
                page.goto(at)
                record[scene.name] = take(page, scene)
                found |= set(shown.controls())
            record.setdefault(scene.name, {})["shows"] = sorted(found)
    RECORD.write_text(json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    for file in PICTURES.glob("*.webp"):
        if file.stem not in taken:
            file.unlink()


# One of the two runs.
test_what_guides_cite_and_pictures_show_is_on_the_pages.__test__ = not TAKEN
test_take_pictures.__test__ = TAKEN


def take(page, scene: Scene) -> dict[str, int]:
    """The main part of the page, from its heading on. Returns the picture's size."""
    main = page.locator("main").bounding_box()
    top = main["y"] + MARGIN
    if scene.at:
        heading = page.locator("main :is(h2, h3)").get_by_text(scene.at, exact=True).first
        top = heading.bounding_box()["y"] - MARGIN
    height = min(MOST_HEIGHT, main["y"] + main["height"] - top)
    clip = {"x": main["x"], "y": top, "width": main["width"], "height": height}
    image = Image.open(io.BytesIO(page.screenshot(full_page=True, clip=clip, animations="disabled")))
    image.convert("RGB").save(PICTURES / f"{scene.name}.webp", lossless=True, method=6)
    return {"width": image.width, "height": image.height}
