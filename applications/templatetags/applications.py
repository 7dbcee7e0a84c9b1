"""How a signed text is laid out on a page."""

from django import template

from applications import text

register = template.Library()
register.filter("sections", text.sections)


@register.filter
def without_colon(label: str) -> str:
    return label.removesuffix(":")
