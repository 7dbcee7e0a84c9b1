"""Pictures in the guides, which script/pictures takes from the demo."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.template import Context
from django.urls import resolve, reverse
from django.utils.html import format_html

from coaching import permissions
from coaching.models import User

register = template.Library()
# By name: the picture's width and height, and the words that its page shows.
RECORD = Path(__file__).parents[1] / "pictures.json"


@cache
def recorded() -> dict[str, dict[str, Any]]:
    return json.loads(RECORD.read_text())


@register.inclusion_tag("help/_picture.html")
def picture(name: str, shows: str) -> dict[str, object]:
    """{% picture "approval" "What somebody would say who describes it" %}"""
    return {"name": name, "file": f"help/{name}.webp", "shows": shows, **recorded().get(name, {})}


@register.simple_block_tag(takes_context=True)
def room(context: Context, content: str, name: str) -> str:
    """{% room "my_team" %}<b>My team</b>{% endroom %}: a link for whoever has that room, else the words alone."""
    user, address = context.get("user"), reverse(name)
    if not isinstance(user, User):
        return content
    if any(link.address == address for link in context["links"]) or _has(user, address):
        return format_html('<a href="{}">{}</a>', address, content)
    return content


def _has(user: User, address: str) -> bool:
    """By the rule that the page declares. Where that lets everybody in, the page narrows down by itself: the menu tells."""
    rule: permissions.Rule = resolve(address).func.access  # type: ignore[attr-defined]
    return rule is not permissions.signed_in and rule(user)
