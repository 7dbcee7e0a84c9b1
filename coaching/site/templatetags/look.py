"""What the shared templates need beyond Django's own tags: tones of a status, targets of form errors, pages, the demo."""

from collections.abc import Iterable
from itertools import zip_longest

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.forms.boundfield import BoundField
from django.urls import reverse

from coaching.models import User
from coaching.site import demo

register = template.Library()

# A status says in words what it is; the tone adds a color and an icon. Unknown words are neutral.
TONES = {
    "draft": "neutral",
    "not_open": "neutral",
    "cancelled": "neutral",
    "discarded": "neutral",
    "ended": "neutral",
    "withdrawn": "neutral",
    "closed": "neutral",
    "left": "neutral",
    "planned": "neutral",
    "pending": "waiting",
    "open": "waiting",
    "queued": "waiting",
    "in_review": "waiting",
    "waiting": "waiting",
    "awaiting_agreement": "waiting",
    "waitlisted": "waiting",
    "running": "waiting",
    "returned": "attention",
    "warning": "attention",
    "missing": "attention",
    "unknown": "attention",
    "accepted": "good",
    "approved": "good",
    "agreed": "good",
    "active": "good",
    "confirmed": "good",
    "completed": "good",
    "done": "good",
    "held": "good",
    "issued": "good",
    "published": "good",
    "sent": "good",
    "signed": "good",
    "valid": "good",
    "declined": "bad",
    "not_selected": "bad",
    "failed": "bad",
    "revoked": "bad",
}
ICONS = {
    "neutral": "minus-fill",
    "waiting": "clock",
    "attention": "warning-fill",
    "good": "check-fill",
    "bad": "close-fill",
}
MESSAGE_ICONS = {"success": "check-fill", "warning": "warning-fill", "danger": "warning-fill"}


@register.filter
def tone(status: object) -> str:
    """The tone of a status value: neutral, waiting, attention, good or bad. A tone stays itself."""
    word = str(status)
    return word if word in ICONS else TONES.get(word, "neutral")


@register.filter
def tone_icon(status: object) -> str:
    return ICONS[tone(status)]


@register.filter
def message_icon(tags: str) -> str:
    return MESSAGE_ICONS.get(tags.split()[-1] if tags else "", "info-bubble")


@register.filter
def error_target(field: BoundField) -> str:
    """The id of the control an error belongs to; in a group of choices, the first one."""
    return field.id_for_label or f"{field.auto_id}_0"


@register.filter
def error_label(field: BoundField) -> str:
    """What a form's summary calls the control an error belongs to: its label, unless the field says otherwise.

    A colon follows, so a sentence loses its period.
    """
    return str(getattr(field.field, "in_summary", "") or field.label).rstrip(".")


@register.filter
def page_numbers(page: Page) -> Iterable[int | str]:
    """Numbers of the neighboring pages, with an ellipsis where some are left out."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)


@register.filter
def initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.inclusion_tag("_crumbs.html")
def crumbs(*parts: str) -> dict[str, object]:
    """The way to this page, from Home: text and address in turn; the page itself comes last, without one."""
    texts, addresses = parts[0::2], parts[1::2]
    return {"crumbs": [("Home", reverse("home")), *zip_longest(texts, addresses, fillvalue="")]}


@register.simple_tag
def demo_people() -> list[demo.DemoPerson]:
    """In the demo: those to sign in as; outside it, nobody."""
    if not settings.DEMO:
        return []
    addresses = [person.email for person in demo.people()]
    found = set(User.objects.filter(email__in=addresses).values_list("email", flat=True))
    return [person for person in demo.people() if person.email in found]


@register.simple_tag
def single_sign_on() -> str:
    """What people call the account they sign in with by OpenID Connect; empty where that is off."""
    return settings.OIDC_NAME if settings.OIDC_SERVER else ""


@register.simple_tag
def demo_password() -> str:
    return demo.PASSWORD
