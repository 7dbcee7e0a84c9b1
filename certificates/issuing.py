"""Certificates come into being here, one at a time (C2, C3)."""

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from certificates import eligibility, seal_check, sealing
from certificates.claims import content_of, holds, hours_of, local_date, own_claims, shared_claims
from certificates.models import (
    Batch,
    BatchEntry,
    Certificate,
    CertificateFile,
    SealCertificate,
    SerialCounter,
    SignaturePicture,
)
from certificates.rendering import CannotRender, CertificateContent, render
from certificates.seal_keys import NoSealKey
from certificates.sealing import CannotSeal, Seal
from certificates.templatetags.certificate_text import hours
from coaching import audit, enrollment, jobs, outbox
from coaching.errors import Refused
from coaching.models import Cohort, Job, Participant, SignOff, User
from coaching.permissions import require_office
from meetings.ledger import standing, standings
from meetings.models import Meeting
from meetings.standing import Standing

JOB_KIND = "issue_certificates"


class NotApproved(Refused):
    pass


class NotAsApproved(Refused):
    """What the certificates would say is not what was signed."""


@dataclass
class Outcome:
    """What an issue did. `refused`: name → why, for those on the list who get none for now; `left`: whose turn is later."""

    issued: int = 0
    already: int = 0
    left: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    @property
    def refused_by_reason(self) -> Counter[str]:
        return Counter(self.refused.values())


def start_issue(*, batch: Batch, by: User | None, now: datetime) -> Job:
    """Ask for the certificates of an approved batch; while that runs, asking again returns the same job.

    Raises NoSealKey where none could be sealed.
    """
    require_office(cohort=batch.cohort, by=by, now=now)
    _approved_or_refusal(batch)
    refuse_without_seal(now=now)
    return jobs.start(
        kind=JOB_KIND,
        key=str(batch.pk),
        by=by,
        now=now,
        arguments={"batch_id": batch.pk, "by_id": by.pk if by else None},
    )


def issue_batch(
    *,
    batch: Batch,
    by: User | None,
    now: datetime,
    report: Callable[[int, int], None] | None = None,
    most: int | None = None,
    seal: Seal | None = None,
) -> Outcome:
    """Give everybody on an approved list exactly one certificate, each in a transaction of its own.

    Sealed with what the settings name, or with `seal`.

    Stopped half-way, after `most` of them, or run again, it goes on with those who have none. Who no longer meets the
    commitment is passed over with the reason (C2).
    """
    batch = Batch.objects.select_related(
        "cohort__program", "cohort__branch__parent", "text", "sign_off__signer", "sign_off__on_behalf_of"
    ).get(pk=batch.pk)
    sign_off = _approved_or_refusal(batch)
    seal = seal or sealing.usable(now=now)  # or nobody's is made
    outcome = Outcome()
    today = local_date(batch.cohort, now)
    found = standings(batch.cohort, today=today)
    entries = list(batch.entries.in_force().select_related("participant__user"))
    have_one = set(batch.certificates.values_list("participant_id", flat=True))
    shared = shared_claims(batch, sign_off=sign_off, issued_date=today)
    if not holds(batch) and batch.entries.waiting().exists():
        raise NotAsApproved(CHANGED)
    for number, entry in enumerate(entries):
        entry.batch = batch
        participant = entry.participant
        if participant.pk in have_one:
            outcome.already += 1
        elif lacks := _lacking(entry, participant, found[participant.pk]):
            outcome.refused[key_of(entry)] = lacks
        elif most is not None and outcome.issued >= most:
            outcome.left += 1
        else:
            if report:
                report(number, len(entries))
            _issue_one(entry, shared | own_claims(entry), seal, by, now, outcome)
    if report:
        report(len(entries) - outcome.left, len(entries))
    return outcome


CHANGED = (
    "Something on this list has changed since it was approved: the program's name, its cohort, its competencies, the "
    "branch, the department or a division. Put it back, or propose a new list of those who still wait and have it approved."
)


def _lacking(entry: BatchEntry, participant: Participant, standing: Standing) -> str:
    """Why this person gets none for now; empty where they get one."""
    if missing := eligibility.missing(participant, standing):
        return " ".join(missing)
    if participant.certificates.valid().exclude(batch=entry.batch_id).exists():
        return "Has a valid certificate from another list."
    if standing.minutes != entry.minutes:  # C3
        was, now = hours(hours_of(entry.minutes)), hours(hours_of(standing.minutes))
        return (
            f"Attended {now} by now; {was} were approved. Propose a new list with them, and have it approved."
        )
    return ""


def _approved_or_refusal(batch: Batch) -> SignOff:
    if batch.sign_off is None:
        raise NotApproved(
            "The superintendent has not approved this list. Certificates are issued after that."
        )
    return batch.sign_off


def key_of(entry: BatchEntry) -> str:
    return f"{entry.name} ({entry.participant_id})"


def _issue_one(
    entry: BatchEntry, claims: dict[str, Any], seal: Seal, by: User | None, now: datetime, outcome: Outcome
) -> None:
    try:
        prepared = prepare(entry.batch, claims, seal=seal, now=now)
    except CannotRender as refusal:  # one name that cannot be printed stops nobody else's certificate
        outcome.refused[key_of(entry)] = str(refusal)
        return
    certificate, reason = _store_first(entry, prepared, by, now)
    if certificate:
        outcome.issued += 1
    elif reason:
        outcome.refused[key_of(entry)] = reason
    else:
        outcome.already += 1


@dataclass(frozen=True)
class Prepared:
    """A sealed certificate that is not in the register yet."""

    serial: str
    code: str
    claims: dict[str, Any]
    pdf: bytes
    seal: Seal


def prepare(batch: Batch, claims: dict[str, Any], *, seal: Seal, now: datetime) -> Prepared:
    """Number, render and seal, in no transaction: it takes a while. A number that is not used in the end is lost."""
    sign_off = _approved_or_refusal(batch)
    serial, code = next_serial(batch.cohort), secrets.token_urlsafe(20)
    signature = None if claims.get("signed_by_hand") else _picture(sign_off)
    content = content_of(claims, serial=serial, code=code, signature=signature)
    return Prepared(serial, code, claims, file_of(content, seal=seal, now=now), seal)


def _picture(sign_off: SignOff) -> bytes | None:
    found = SignaturePicture.objects.filter(person=sign_off.on_behalf_of or sign_off.signer).first()
    return bytes(found.picture) if found else None


def file_of(content: CertificateContent, *, seal: Seal, now: datetime) -> bytes:
    """Sealed, and checked as whoever verifies it will. Raises CannotRender, CannotSeal."""
    pdf = sealed(content, seal=seal, now=now)
    found = seal_check.check(pdf, [seal.root])
    if not found.is_trusted:
        raise CannotSeal(
            f"A seal was put on, and nobody would trust it, so nothing was issued: {found.why} Ask whoever runs this "
            "program to look at SEAL_CERTIFICATE and SEAL_TIME_STAMP_SERVER (docs/operations.md, “The seal”)."
        )
    return pdf


def sealed(content: CertificateContent, *, seal: Seal, now: datetime) -> bytes:
    place = seal.place(made_at=now, reason="Issues this certificate")
    return seal.put_on(render(content, place=place), place)


@transaction.atomic
def next_serial(cohort: Cohort) -> str:
    """`2027-003-0012`: first year of the program, number of the cohort, number within it."""
    SerialCounter.objects.get_or_create(cohort=cohort)
    counter = SerialCounter.objects.select_for_update().get(cohort=cohort)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"{cohort.first_month.year}-{cohort.pk:03d}-{counter.last:04d}"


@transaction.atomic
def _store_first(
    entry: BatchEntry, prepared: Prepared, by: User | None, now: datetime
) -> tuple[Certificate | None, str]:
    """Returns the certificate, or None and the reason (no reason: somebody else issued it meanwhile)."""
    participant = _held_still(entry)
    if participant.certificates.filter(batch_id=entry.batch_id).exists():
        return None, ""
    if not BatchEntry.objects.in_force().filter(pk=entry.pk).exists():
        return None, "Was taken off this list meanwhile, to be put on a new one."
    now_stands = standing(participant, today=local_date(entry.batch.cohort, now))
    if lacks := _lacking(entry, participant, now_stands):  # C2: it changed while it was being drawn
        return None, lacks
    certificate = register(participant, entry.batch, prepared, by=by, now=now)
    enrollment.complete(participant=participant, by=by, now=now)
    audit.record(
        "certificate.issued",
        by=by,
        obj=certificate,
        now=now,
        data={"serial": certificate.serial, "digest": certificate.digest},
    )
    return certificate, ""


def _held_still(entry: BatchEntry) -> Participant:
    """Nothing that the ledger reads of somebody changes until the transaction ends.

    Attendance is written under the lock of its meeting, a waiver under that of its participant. Meetings come first, in
    their usual order: whoever writes attendance holds the meeting when the participant's row is asked for.
    """
    list(Meeting.objects.select_for_update(of=("self",)).filter(cohort=entry.batch.cohort_id))
    return (
        Participant.objects.select_for_update(of=("self",))
        .select_related("cohort__program")
        .get(pk=entry.participant_id)
    )


def register(
    participant: Participant,
    batch: Batch,
    prepared: Prepared,
    *,
    by: User | None,
    now: datetime,
    supersedes: Certificate | None = None,
) -> Certificate:
    certificate = Certificate.objects.create(
        participant=participant,
        batch=batch,
        serial=prepared.serial,
        code=prepared.code,
        claims=prepared.claims,
        digest=hashlib.sha256(prepared.pdf).hexdigest(),
        seal=kept(prepared.seal, now),
        issued_at=now,
        issued_by=by,
        supersedes=supersedes,
    )
    CertificateFile.objects.create(certificate=certificate, pdf=prepared.pdf)
    outbox.queue(
        kind="certificates.issued",
        to=participant.user,
        key=str(certificate.pk),
        ids={"certificate_id": certificate.pk},
        now=now,
    )
    return certificate


def kept(seal: Seal, now: datetime) -> SealCertificate:
    """So that whoever verifies the file in ten years finds the root of its seal, after any number of newer keys.

    Raises NoSealKey where the key was lost: nothing that it seals is kept.
    """
    valid_from, valid_until = seal.valid
    found, _ = SealCertificate.objects.get_or_create(
        fingerprint=seal.fingerprint,
        defaults={
            "root_fingerprint": seal.root_fingerprint,
            "owner": seal.owner,
            "chain": seal.chain_pem.decode("ascii"),
            "valid_from": valid_from,
            "valid_until": valid_until,
            "first_used_at": now,
        },
    )
    _refuse_lost(found)
    return found


def refuse_without_seal(*, now: datetime) -> None:
    """Raises NoSealKey where nothing could be sealed, as far as this process can know.

    The web's need no key: those go by what is on record of the seal that was used last.
    """
    if settings.SEAL_KEY or settings.SEAL_TOKEN_MODULE:
        seals = SealCertificate.objects.filter(fingerprint=sealing.usable(now=now).fingerprint)
    else:
        seals = SealCertificate.objects.all()
    if newest := seals.first():
        _refuse_lost(newest)


def _refuse_lost(seal: SealCertificate) -> None:
    if seal.lost_at:
        raise NoSealKey(
            "The key of the seal was lost to somebody else, so nothing more is sealed with it. "
            "Ask whoever runs this program for a new one (docs/operations.md, “The seal”)."
        )
