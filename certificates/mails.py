"""The mail about certificates. Each carries a link, never the file; each is dropped when it is no longer true."""

from django.utils import timezone

from certificates.approval import authority_of
from certificates.claims import local_date
from certificates.models import Batch, Certificate
from coaching import outbox
from coaching.models import User


def register() -> None:
    outbox.register("certificates.batch_awaiting_approval", batch_awaiting_approval)
    outbox.register("certificates.batch_returned", batch_returned)
    outbox.register("certificates.batch_approved", batch_approved)
    outbox.register("certificates.issued", certificate_issued)
    outbox.register("certificates.revoked", certificate_revoked)


def batch_awaiting_approval(recipient: User, *, batch_id: int, text_id: int) -> outbox.Mail | None:
    batch = _batch(batch_id)
    if batch is None or batch.status != Batch.Status.AWAITING or batch.text_id != text_id:
        return None
    if authority_of(recipient, batch.cohort, on=local_date(batch.cohort, timezone.now())) is None:
        return None
    return _about_batch("batch_awaiting_approval", recipient, batch)


def batch_returned(recipient: User, *, batch_id: int) -> outbox.Mail | None:
    batch = _batch(batch_id)
    if batch is None or not batch.returned_reason or batch.taken_back:
        return None
    return _about_batch("batch_returned", recipient, batch)


def batch_approved(recipient: User, *, batch_id: int) -> outbox.Mail | None:
    batch = _batch(batch_id)
    if batch is None or batch.status != Batch.Status.APPROVED:
        return None
    return _about_batch("batch_approved", recipient, batch)


def _batch(pk: int) -> Batch | None:
    return (
        Batch.objects.select_related("cohort__program", "cohort__branch__parent", "sign_off")
        .filter(pk=pk)
        .first()
    )


def _about_batch(name: str, recipient: User, batch: Batch) -> outbox.Mail:
    context = {"recipient": recipient, "batch": batch, "count": batch.entries.count()}
    return outbox.render_mail(f"mail/{name}.txt", context)


def certificate_issued(recipient: User, *, certificate_id: int) -> outbox.Mail | None:
    return _about_certificate("certificate_issued", recipient, certificate_id, Certificate.Status.VALID)


def certificate_revoked(recipient: User, *, certificate_id: int) -> outbox.Mail | None:
    return _about_certificate("certificate_revoked", recipient, certificate_id, Certificate.Status.REVOKED)


def _about_certificate(name: str, recipient: User, pk: int, status: Certificate.Status) -> outbox.Mail | None:
    certificate = (
        Certificate.objects.select_related("participant__cohort__program", "supersedes")
        .filter(pk=pk, status=status)
        .first()
    )
    if certificate is None:
        return None
    context: dict[str, object] = {
        "recipient": recipient,
        "certificate": certificate,
        "cohort": certificate.participant.cohort,
        "earlier": certificate.supersedes,
    }
    return outbox.render_mail(f"mail/{name}.txt", context)
