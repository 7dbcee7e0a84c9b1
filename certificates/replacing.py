"""What becomes of a certificate afterwards: another in its place, or its end (C3)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from certificates import names, sealing
from certificates.claims import local_date
from certificates.issuing import Prepared, prepare, refuse_without_seal, register
from certificates.models import Certificate
from certificates.templatetags.certificate_text import full_stop
from coaching import audit, enrollment, jobs, outbox
from coaching.errors import Refused
from coaching.in_words import long_date
from coaching.models import Job, Participant, User
from coaching.permissions import require_office

JOB_KIND = "reissue_certificate"


class NotTheNewest(Refused):
    pass


class NotValid(Refused):
    pass


class ChangedMeanwhile(Refused):
    pass


class ReasonMissing(Refused):
    pass


class WasRevoked(Refused):
    """Another certificate takes another approval."""


class UnderWay(Refused):
    """Another request for the same certificate came first."""


def start_reissue(
    *, certificate: Certificate, by: User | None, reason: str, now: datetime, name: str = ""
) -> Job:
    """Ask for a certificate in the place of this one; while it is being made, the same request returns the same job.

    `name`: the one that was seen to stand on it. Raises what `reissue` does, NoSealKey as far as a page can know, and
    UnderWay for a request that says something else than the one before it.
    """
    _check(certificate, by=by, reason=reason, now=now)
    asked: dict[str, object] = {
        "certificate_id": certificate.pk,
        "by_id": by.pk if by else None,
        "reason": reason.strip(),
        "name": _name_or_refusal(certificate, name),
    }
    job = under_way(certificate)
    if job is None:
        refuse_without_seal(now=now)
        job = jobs.start(kind=JOB_KIND, key=str(certificate.pk), by=by, now=now, arguments=asked)
    if job.arguments != asked:
        raise UnderWay(
            f"{told(job, certificate)} Yours was not taken: {full_stop(reason.strip())} If it is still needed, ask for it "
            "once the new certificate is there."
        )
    return job


def under_way(certificate: Certificate) -> Job | None:
    """The making of one in its place, while that waits or runs."""
    job = jobs.latest(kind=JOB_KIND, key=str(certificate.pk))
    return job if job and job.finished_at is None else None


def told(job: Job, certificate: Certificate) -> str:
    """What is under way."""
    return (
        f"A new certificate in the place of {certificate.serial} is being made already: {job.created_by or 'a command'} "
        f"asked for it on {long_date(timezone.localdate(job.created_at))}, with this reason: "
        f"{full_stop(str(job.arguments['reason']))}"
    )


def _check(certificate: Certificate, *, by: User | None, reason: str, now: datetime) -> None:
    require_office(cohort=certificate.batch.cohort, by=by, now=now)
    _reason_or_refusal(reason)
    if _newest_or_refusal(certificate).status == Certificate.Status.REVOKED:
        raise WasRevoked(
            f"Certificate {certificate.serial} was revoked. Another one takes a new approval: have the person put on a new "
            "list."
        )


def _name_or_refusal(certificate: Certificate, seen: str) -> str:
    """That of the day, which is the one that somebody has seen, if they have seen any."""
    name = names.on_certificate(certificate.participant.user)
    if seen not in ("", name):
        raise ChangedMeanwhile(
            "The name was changed meanwhile. Look at it again, and ask for the certificate anew: "
            f"{seen} was confirmed, and it would say {name} now."
        )
    return name


def reissue(
    *, certificate: Certificate, by: User | None, reason: str, now: datetime, name: str = ""
) -> Certificate:
    """Replace a certificate, with the name as it is on record today: corrected, or lost. The old one is superseded.

    `name`: the one that was seen to stand on the new one, if any was. Raises NotTheNewest for one that was replaced before,
    WasRevoked, ChangedMeanwhile where the name is another by now.
    """
    _check(certificate, by=by, reason=reason, now=now)
    certificate = Certificate.objects.select_related(
        "participant__user", "batch__cohort", "batch__sign_off__signer", "batch__sign_off__on_behalf_of"
    ).get(pk=certificate.pk)
    # What was approved stays as it is; the name and the date are today's.
    claims = certificate.claims | {
        "name": _name_or_refusal(certificate, name),
        "issued_date": local_date(certificate.batch.cohort, now).isoformat(),
    }
    return _replace(
        certificate,
        prepare(certificate.batch, claims, seal=sealing.usable(now=now), now=now),
        by=by,
        reason=reason,
        now=now,
    )


def _newest_or_refusal(certificate: Certificate) -> Certificate:
    newest = (
        Certificate.objects.filter(participant=certificate.participant_id)
        .order_by("-issued_at", "-pk")
        .first()
    )
    if newest is None or newest.pk != certificate.pk:
        raise NotTheNewest(
            f"Certificate {certificate.serial} was replaced already. Work with the newest one."
        )
    return newest


@transaction.atomic
def _replace(
    certificate: Certificate, prepared: Prepared, *, by: User | None, reason: str, now: datetime
) -> Certificate:
    participant = Participant.objects.select_for_update().get(pk=certificate.participant_id)
    old = Certificate.objects.select_for_update().get(pk=certificate.pk)
    _newest_or_refusal(old)
    if not old.is_valid:
        raise ChangedMeanwhile(
            f"Certificate {old.serial} was revoked meanwhile. Look at it again before you go on."
        )
    _end(old, Certificate.Status.SUPERSEDED, by=by, reason=reason, now=now)
    new = register(participant, certificate.batch, prepared, by=by, now=now, supersedes=old)
    audit.record(
        "certificate.reissued",
        by=by,
        obj=new,
        now=now,
        data={"serial": new.serial, "digest": new.digest, "instead_of": old.serial, "reason": reason},
    )
    return new


@transaction.atomic
def revoke(*, certificate: Certificate, by: User | None, reason: str, now: datetime) -> Certificate:
    """End a certificate for good, with the reason; a second call changes nothing.

    Its holder no longer counts as somebody who completed the program, until one is issued from a new list.
    """
    require_office(cohort=certificate.batch.cohort, by=by, now=now)
    _reason_or_refusal(reason)
    Participant.objects.select_for_update().get(pk=certificate.participant_id)  # first, as in _replace
    certificate = Certificate.objects.select_for_update().get(pk=certificate.pk)
    if certificate.status == Certificate.Status.REVOKED:
        return certificate
    if certificate.status == Certificate.Status.SUPERSEDED:
        raise NotValid(f"Certificate {certificate.serial} was replaced already. Revoke the newest one.")
    _end(certificate, Certificate.Status.REVOKED, by=by, reason=reason, now=now)
    audit.record("certificate.revoked", by=by, obj=certificate, now=now, data={"reason": reason})
    enrollment.reopen(participant=certificate.participant, by=by, reason=reason.strip(), now=now)
    outbox.queue(
        kind="certificates.revoked",
        to=certificate.participant.user,
        key=str(certificate.pk),
        ids={"certificate_id": certificate.pk},
        now=now,
    )
    return certificate


def _reason_or_refusal(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing("Give the reason: the holder reads it, and it stays in the register.")


def _end(
    certificate: Certificate, status: Certificate.Status, *, by: User | None, reason: str, now: datetime
) -> None:
    certificate.status = status
    certificate.ended_at, certificate.ended_by, certificate.reason = now, by, reason.strip()
    certificate.save(update_fields=["status", "ended_at", "ended_by", "reason"])
