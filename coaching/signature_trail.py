"""What is signed stands in the audit trail by its digest: a text or signature changed past the program is found.

The trail gets digests alone, no names. The program itself never changes or deletes what is signed, but at the end of its
term (coaching/erasing.py): then it holds nothing but ERASED where it had words, and an event says so, with its digest anew.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_address
from itertools import islice
from typing import TypeVar

from django.db import DatabaseError
from django.db.models import F, Model, QuerySet

from coaching import audit
from coaching.models import ERASED, AuditEvent, Scan, SignedText, SignOff, User

CHUNK = 500  # rows compared at once
MERGED = "person.merged"  # of the account that ended; on behalf of the one that has its signatures since
Row = TypeVar("Row", SignedText, SignOff, Scan)
TEXT_ERASED, SIGNATURE_ERASED = "text.erased", "signature.erased"
# Without their details nothing could be compared.
ACTIONS = (
    *("text.kept", "text.found", TEXT_ERASED),
    *("signature.given", "signature.found", SIGNATURE_ERASED),
)


def record_text(text: SignedText, *, by: User | None, now: datetime) -> None:
    audit.record("text.kept", by=by, obj=text, now=now, data={"digest": digest_of_text(text)})


def record_signature(sign_off: SignOff, *, by: User, now: datetime) -> None:
    """`by` is who recorded it: the signer, or whoever attests the paper (A15)."""
    audit.record(
        "signature.given",
        by=by,
        obj=sign_off,
        now=now,
        on_behalf_of=sign_off.on_behalf_of,
        data={"digest": digest_of_signature(sign_off)},
    )


def record_erased(text: SignedText, *, by: User | None, now: datetime) -> None:
    """That a text and its signatures were emptied, once they are; from here on they are compared with what is left."""
    audit.record(TEXT_ERASED, by=by, obj=text, now=now, data={"digest": digest_of_text(text)})
    for each in text.sign_offs.select_related("text", "scan"):
        audit.record(SIGNATURE_ERASED, by=by, obj=each, now=now, data={"digest": digest_of_signature(each)})


# What goes into the two digests, and in what order, stays as it is: those in the trail were made of just this.


def digest_of_text(text: SignedText) -> str:
    return _digest([text.kind, _sha256(text.text.encode()), text.digest, _seconds(text.created_at)])


def digest_of_signature(sign_off: SignOff) -> str:
    """Over everything that the signature says; a scan by its own digest."""
    return _digest(
        [
            sign_off.text_id,
            sign_off.text.digest,
            sign_off.signer_account_id or sign_off.signer_id,
            sign_off.on_behalf_account_id or sign_off.on_behalf_of_id,
            sign_off.delegation_id,
            sign_off.capacity,
            sign_off.statement,
            sign_off.typed_name,
            _seconds(sign_off.signed_at),
            sign_off.session_digest,
            ip_address(sign_off.address).packed.hex() if sign_off.address else None,
            sign_off.on_paper,
            sign_off.scan_id,
            sign_off.scan.sha256 if sign_off.scan else None,
            sign_off.attested_by_id,
            _seconds(sign_off.attested_at),
        ]
    )


def _digest_of_empty_text(text: SignedText) -> str:
    """An event that it was erased covers no other words than those."""
    return digest_of_text(text) if text.text == ERASED else ""


def _digest_of_empty_signature(sign_off: SignOff) -> str:
    return digest_of_signature(sign_off) if {sign_off.typed_name, sign_off.statement} == {ERASED} else ""


def _digest(fields: Sequence[object]) -> str:
    return _sha256(audit.canonical(fields))


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def _sha256(content: bytes) -> str:
    return sha256(content).hexdigest()


def differences() -> Iterator[str]:
    """In words: each text, signature and scan that is not what was signed, is missing, or has no event.

    What the trail itself is worth, audit.verify says; seal it before.
    """
    texts = SignedText.objects.all()
    yield from _against_the_trail("Signed text", texts, digest_of_text, _digest_of_empty_text)
    signatures = SignOff.objects.select_related("text", "scan").defer("text__text", "scan__content")
    yield from _against_the_trail("Signature", signatures, digest_of_signature, _digest_of_empty_signature)
    yield from _moved()
    yield from _scans()


def number_erased() -> int:
    """How many texts were emptied at the end of their term."""
    return AuditEvent.objects.filter(action=TEXT_ERASED).values("object_id").distinct().count()


def _against_the_trail(
    name: str, rows: "QuerySet[Row]", digest_of: Callable[[Row], str], digest_of_empty: Callable[[Row], str]
) -> Iterator[str]:
    model = rows.model
    ids = iter(model.objects.order_by("pk").values_list("pk", flat=True).iterator())
    while chunk := list(islice(ids, CHUNK)):
        events = _events(model, chunk)
        empty = [pk for pk, event in events.items() if event.action in (TEXT_ERASED, SIGNATURE_ERASED)]
        digests = _digests(rows, chunk, digest_of) | _digests(rows, empty, digest_of_empty)
        for pk in chunk:
            yield from _difference(f"{name} {pk}", digests.get(pk, ""), events.get(pk))
    ours = AuditEvent.objects.filter(object_type=model._meta.label_lower)
    gone = ours.exclude(object_id__in=model.objects.values("pk"))
    for pk in gone.order_by("object_id").values_list("object_id", flat=True).distinct():
        yield f"{name} {pk} is missing."


def _digests(rows: "QuerySet[Row]", ids: Sequence[int], digest_of: Callable[[Row], str]) -> dict[int, str]:
    """By the row; empty where it holds what the program cannot have written, and so cannot read."""
    if not ids:
        return {}
    try:
        return {row.pk: digest_of(row) for row in rows.filter(pk__in=ids)}
    except (DatabaseError, AttributeError, TypeError, ValueError):
        if len(ids) == 1:
            return {ids[0]: ""}
        return {pk: digest for each in ids for pk, digest in _digests(rows, [each], digest_of).items()}


def _events(model: type[Model], ids: Iterable[int]) -> dict[int, AuditEvent]:
    """By the row: the first in the chain counts, of those that it was erased if there are any."""
    found = AuditEvent.objects.filter(object_type=model._meta.label_lower, object_id__in=list(ids))
    latest_first = found.select_related("payload").order_by(F("link__number").desc(nulls_first=True), "-pk")
    last_erased = sorted(latest_first, key=lambda event: event.action in (TEXT_ERASED, SIGNATURE_ERASED))
    return {event.object_id: event for event in last_erased}


def _difference(name: str, digest: str, event: AuditEvent | None) -> Iterator[str]:
    if event is None:
        yield f"{name} stands without its event."
    elif not hasattr(event, "payload"):
        yield f"{name} cannot be compared: the details of event {event.pk} are missing."
    elif event.payload.data != {"digest": digest}:
        yield f"{name} was changed since event {event.pk}."


def _moved() -> Iterator[str]:
    """Signatures of accounts that were merged: each is of whom the trail says the account was merged into."""
    merges = AuditEvent.objects.filter(action=MERGED, object_type=User._meta.label_lower)
    into = dict(merges.order_by("pk").values_list("object_id", "on_behalf_of_id"))

    def leads(account: int | None, person: int | None) -> bool:
        seen: set[int] = set()
        while account is not None and account in into and account not in seen:
            seen.add(account)
            account = into[account]
        return account == person

    rows = SignOff.objects.exclude(signer_account=None, on_behalf_account=None).order_by("pk")
    names = ("pk", "signer_account", "signer", "on_behalf_account", "on_behalf_of")
    for pk, signer_account, signer, principal_account, principal in rows.values_list(*names):
        wrong = signer_account and not leads(signer_account, signer)
        if wrong or (principal_account and not leads(principal_account, principal)):
            yield f"Signature {pk} was moved to somebody else than its account was merged into."


def _scans() -> Iterator[str]:
    """One after the other: each may have megabytes."""
    signed = SignOff.objects.exclude(scan=None).order_by("scan").values_list("scan", "scan__sha256")
    for pk, digest in signed.distinct():
        if _digests(Scan.objects.all(), [pk], lambda scan: _sha256(bytes(scan.content))) != {pk: digest}:
            yield f"Scan {pk} was changed."
