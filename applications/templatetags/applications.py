"""How a signed text is laid out on a page."""

from django import template

from applications import routing, text

register = template.Library()
register.filter("sections", text.sections)
register.filter("who_signs_once", routing.who_signs_once)


@register.filter
def without_colon(label: str) -> str:
    return label.removesuffix(":")
