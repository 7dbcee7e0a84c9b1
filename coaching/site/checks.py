"""What `manage.py check --deploy` says of these settings, besides Django's own."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.utils import timezone

from certificates import sealing
from coaching.errors import Refused


@register(Tags.security, deploy=True)
def for_real_use(**_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.DEMO:
        found.append(Warning("DEMO is on.", hint="Set DEMO=False.", id="site.W001"))
    if urlsplit(settings.SITE_URL).scheme != "https":
        hint = "Set SITE_URL to the https address; it turns on secure cookies and HSTS."
        found.append(Warning("SITE_URL is no https address.", hint=hint, id="site.W002"))
    if settings.EMAIL_BACKEND.endswith(".console.EmailBackend"):
        hint = "Set EMAIL_URL, as smtp+tls://user:password@host:587."
        found.append(
            Warning("No mail leaves: it is printed, personal data and all.", hint=hint, id="site.W003")
        )
    if settings.OIDC_SERVER and urlsplit(settings.OIDC_SERVER).scheme != "https":
        hint = "Set OIDC_SERVER to the https address: who answers there says who signs in."
        found.append(Warning("OIDC_SERVER is no https address.", hint=hint, id="site.W004"))
    if settings.SEAL_CERTIFICATE:  # unset on machines without a worker
        try:
            sealing.usable(now=timezone.now())
        except Refused as refusal:
            hint = "See docs/operations.md, “The seal”."
            found.append(Warning(f"Nothing can be sealed: {refusal}", hint=hint, id="site.W005"))
    return found
