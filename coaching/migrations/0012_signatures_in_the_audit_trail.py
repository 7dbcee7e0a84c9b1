"""What was signed before signatures stood in the audit trail is entered there as it is now."""

import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.db import migrations
from django.utils import timezone

from coaching.audit import canonical
from coaching.signature_trail import digest_of_signature, digest_of_text


def enter(apps: Any, editor: Any) -> None:
    signatures = apps.get_model("coaching", "SignOff").objects.select_related("text", "scan")
    _enter(apps, "text.found", apps.get_model("coaching", "SignedText").objects.all(), digest_of_text)
    _enter(apps, "signature.found", signatures.defer("text__text", "scan__content"), digest_of_signature)


def _enter(apps: Any, action: str, rows: Any, digest_of: Callable[[Any], str]) -> None:
    event_model = apps.get_model("coaching", "AuditEvent")
    payload_model = apps.get_model("coaching", "AuditPayload")
    now = timezone.now()
    for row in rows.order_by("pk").iterator(chunk_size=500):
        salt, data = secrets.token_hex(16), {"digest": digest_of(row)}
        event = event_model.objects.create(
            at=now,
            action=action,
            object_type=row._meta.label_lower,
            object_id=row.pk,
            payload_digest=sha256(salt.encode() + canonical(data)).hexdigest(),
        )
        payload_model.objects.create(event=event, salt=salt, data=data)


class Migration(migrations.Migration):
    dependencies = [("coaching", "0011_another_proposal")]

    operations = [migrations.RunPython(enter, migrations.RunPython.noop)]
