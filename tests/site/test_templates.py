"""Every template compiles, and holds nothing that the content security policy would refuse."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

FOLDER = Path(settings.BASE_DIR) / "templates"
NAMES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file())
MAIL = "mail/mail.html"  # mail programs read style attributes alone; in the demo it has a policy of its own
PAGES = [name for name in NAMES if name.endswith(".html") and name != MAIL]

REFUSED = {
    "a style attribute": r"<[^>]*\sstyle\s*=",
    "a style element": r"<style\b",
    "an event attribute": r"<[^>]*\son[a-z]+\s*=",
    "a javascript: address": r"javascript:",
    "a script in the page": r"<script\b(?![^>]*\b(?:src=|type=.application/json))",
    "another host": r"<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)\s*=\s*.(?:https?:)?//",
}


@pytest.mark.parametrize("name", NAMES)
def test_template_compiles(name):
    assert get_template(name).template.name == name


@pytest.mark.parametrize("name", PAGES)
def test_template_keeps_the_content_security_policy(name):
    # Quoted text and template tags may hold a ">".
    html = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", (FOLDER / name).read_text(), flags=re.DOTALL)
    found = [what for what, pattern in REFUSED.items() if re.search(pattern, html, re.IGNORECASE)]
    assert found == []


BLOCK = re.compile(r"{% block (\w+) %}(.*?){% endblock %}", re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_what_one_block_names_no_other_uses(name):
    """A name that `as` gives ends with its block: a link would lead nowhere in the next one."""
    blocks = dict(BLOCK.findall((FOLDER / name).read_text()))
    given = {block: set(re.findall(r"\bas (\w+) %}", html)) for block, html in blocks.items()}
    lost = [
        (one, other)
        for block, names in given.items()
        for one in names
        for other, html in blocks.items()
        if other != block and one not in given[other] and re.search(rf"{{[{{%][^}}]*\b{one}\b", html)
    ]
    assert lost == []
