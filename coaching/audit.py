"""The audit trail: every write leaves one event, chained afterwards so that a changed row is found.

The event is inserted unchained in the write's own transaction: a lock on the chain's head would make
concurrent signing wait and deadlock. `seal()` numbers and chains what has been committed since.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction

from coaching.models import AuditEvent, AuditLink, AuditPayload, User

CHAIN_START = "0" * 64
CHUNK = 2_000  # links read at once
SEALER_LOCK = 0x50435041  # any fixed number: PostgreSQL's advisory lock of the one sealer


def record(
    action: str,
    *,
    by: User | None,
    obj: models.Model,
    now: datetime,
    on_behalf_of: User | None = None,
    data: Mapping[str, object] | None = None,
) -> AuditEvent:
    """Write one event; call it inside the transaction of the write it records. `by` None: the system."""
    event, payload = _event(action, by=by, obj=obj, now=now, on_behalf_of=on_behalf_of, data=data)
    event.save()
    if payload:
        payload.event = event
        payload.save(force_insert=True)
    return event


def record_many(
    action: str,
    *,
    by: User | None,
    objects: Iterable[tuple[models.Model, Mapping[str, object] | None]],
    now: datetime,
) -> None:
    """Like `record`, for writes in bulk: each object with its details, in a constant number of statements."""
    rows = [_event(action, by=by, obj=obj, now=now, data=data) for obj, data in objects]
    AuditEvent.objects.bulk_create([event for event, _ in rows], batch_size=500)
    payloads = []
    for event, payload in rows:
        if payload:
            payload.event = event
            payloads.append(payload)
    AuditPayload.objects.bulk_create(payloads, batch_size=500)


def _event(
    action: str,
    *,
    by: User | None,
    obj: models.Model,
    now: datetime,
    data: Mapping[str, object] | None,
    on_behalf_of: User | None = None,
) -> tuple[AuditEvent, AuditPayload | None]:
    event = AuditEvent(
        at=now,
        action=action,
        actor=by,
        on_behalf_of=on_behalf_of,
        object_type=obj._meta.label_lower,
        object_id=obj.pk,
    )
    if data is None:
        return event, None
    # What is digested is what the database gives back: plain JSON.
    plain = json.loads(json.dumps(dict(data), cls=DjangoJSONEncoder))
    salt = secrets.token_hex(16)
    event.payload_digest = _payload_digest(salt, plain)
    return event, AuditPayload(salt=salt, data=plain)


def events_of(obj: models.Model, *actions: str) -> "models.QuerySet[AuditEvent]":
    """What the trail tells about this row, in order, with who and the details; without those that were erased."""
    ours = AuditEvent.objects.filter(object_type=obj._meta.label_lower, object_id=obj.pk)
    told = ours.filter(action__in=actions, payload__isnull=False)
    return told.select_related("actor", "payload").order_by("pk")


def canonical(data: object) -> bytes:
    """The same data are the same bytes."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _payload_digest(salt: str, payload: object) -> str:
    return hashlib.sha256(salt.encode() + canonical(payload)).hexdigest()


def _link_digest(previous: str, number: int, event: AuditEvent) -> str:
    fields = [
        number,
        event.pk,
        event.at.timestamp(),
        event.action,
        event.actor_id,
        event.on_behalf_of_id,
        event.object_type,
        event.object_id,
        event.payload_digest,
    ]
    return hashlib.sha256(previous.encode() + canonical(fields)).hexdigest()


@transaction.atomic
def seal(*, limit: int = 5_000) -> int:
    """Chain the committed events that are not chained yet, oldest first; returns how many."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALER_LOCK])
    last = AuditLink.objects.order_by("-number").first()
    number, digest = (last.number, last.digest) if last else (0, CHAIN_START)
    links = []
    for event in AuditEvent.objects.filter(link=None).order_by("pk")[:limit]:
        number += 1
        digest = _link_digest(digest, number, event)
        links.append(AuditLink(number=number, event=event, digest=digest))
    AuditLink.objects.bulk_create(links, batch_size=500)
    return len(links)


def seal_all() -> None:
    """Chain everything that was committed."""
    while seal():
        pass


@dataclass(frozen=True)
class Head:
    """The last link of the chain; kept elsewhere, it proves that nothing below it was changed since."""

    number: int
    digest: str

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Raises ValueError for anything but NUMBER:DIGEST."""
        number, digest = text.strip().split(":")
        if len(digest) != 64 or int(digest, 16) < 0:
            raise ValueError(text)
        return cls(int(number), digest)


def verify(*, heads: Iterable[Head] = ()) -> tuple[Head, str | None]:
    """Walk the chain; returns its head and, in words, the first thing that is broken (None: whole).

    `heads` were exported earlier: each proves that nothing at or below it was changed, removed or reordered since.
    """
    exported: dict[int, set[str]] = {}
    for each in heads:
        exported.setdefault(each.number, set()).add(each.digest)
    digest, number = CHAIN_START, 0
    exported.pop(number, None)  # a chain that had not begun proves nothing
    for link, event in _walk():
        if link.number != number + 1:
            return Head(number, digest), f"Link {number + 1} is missing."
        if event is None:
            return Head(number, digest), f"Event {link.event_id} (link {link.number}) is missing."
        following = _link_digest(digest, link.number, event)
        if following != link.digest:
            return Head(number, digest), f"Event {event.pk} (link {link.number}) was changed or moved."
        number, digest = link.number, following
        payload = getattr(event, "payload", None)
        if payload and _payload_digest(payload.salt, payload.data) != event.payload_digest:
            return Head(number, digest), f"The details of event {event.pk} (link {number}) were changed."
        if exported.pop(number, {digest}) != {digest}:
            return Head(number, digest), f"Link {number} is not the one that was exported."
    if exported:
        return Head(number, digest), f"The chain ends at link {number}; {max(exported)} was exported."
    return Head(number, digest), None


def _walk() -> Iterator[tuple[AuditLink, AuditEvent | None]]:
    """The links in their order, with their events; a join would pass over a link whose event was removed."""
    links = list(AuditLink.objects.all()[:CHUNK])
    while links:
        events = AuditEvent.objects.select_related("payload").in_bulk([link.event_id for link in links])
        yield from ((link, events.get(link.event_id)) for link in links)
        links = list(AuditLink.objects.filter(number__gt=links[-1].number)[:CHUNK])
