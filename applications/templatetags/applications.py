"""How a signed text is laid out on a page."""

from django import template
from django.utils import timezone

from applications import routing, text
from applications.models import Assigned
from coaching.models import User

register = template.Library()
register.filter("sections", text.sections)
register.filter("who_signs_once", routing.who_signs_once)


@register.filter
def with_whom(step: Assigned) -> User:
    return routing.with_whom(step, on=timezone.localdate())


@register.filter
def reason_now(step: Assigned) -> str:
    """Why it is this person; an acting order that has ended is none any more."""
    return "" if with_whom(step) != step.signer else step.reason


@register.filter
def without_colon(label: str) -> str:
    return label.removesuffix(":")
