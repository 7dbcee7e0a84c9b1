"""Consent to sign electronically: asked before somebody's first signature, and again when its wording changes."""

from datetime import datetime

from django.db import transaction

from coaching import audit
from coaching.models import ESignConsent, User

# Whoever changes a word of TEXT gives it a new version, so that everybody is asked again.
VERSION = "2026-11"
TEXT = """\
I agree to sign in this program electronically. I type my name under the text that I have read, and that counts like my \
signature on paper.
I may sign on paper instead, each time I am asked, without any disadvantage. The branch office gives me the text and takes \
the signed paper.
I can read and print whatever I have signed for as long as it is kept. A browser and my mail address at work are all I need.
This consent counts for everything I sign here, until its wording changes."""


def has_consented(person: User) -> bool:
    """To the wording that counts now."""
    return ESignConsent.objects.filter(person=person, version=VERSION).exists()


@transaction.atomic
def consent(*, by: User, now: datetime) -> ESignConsent:
    """Record that this person agrees to the wording that counts now; a second time changes nothing."""
    given, is_new = ESignConsent.objects.get_or_create(
        person=by, version=VERSION, defaults={"text": TEXT, "given_at": now}
    )
    if is_new:
        audit.record("esign.consented", by=by, obj=given, now=now, data={"version": VERSION})
    return given
