"""Pictures in the guides, which script/pictures takes from the demo."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django import template

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
