"""Mail leaves through here: queued in the write's transaction, built from the state when it is sent.

Each app registers `kind → build` in its AppConfig.ready(). A build function takes the recipient and the
ids that were queued, reads the state again and returns a Mail, or None when the mail is no longer true.
"""

import logging
import smtplib
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string

from coaching import letters
from coaching.models import Message, User

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 8
STALE_CLAIM = timedelta(minutes=10)


@dataclass(frozen=True)
class Mail:
    """`calendar`: what the recipient's calendar reads; `before_sending` writes down that this message tells it."""

    subject: str
    body: str
    calendar: letters.CalendarPart | None = None
    before_sending: Callable[[Message], object] | None = None


# What a build function takes besides the recipient: ids, so that it reads the state for itself.
Ids = Mapping[str, int | list[int] | None]
Build = Callable[..., Mail | None]
_builders: dict[str, Build] = {}


def register(kind: str, build: Build) -> None:
    """Name the function that builds this kind of mail: build(recipient, **ids)."""
    if kind in _builders:
        raise ValueError(f"Mail kind {kind!r} is registered twice.")
    _builders[kind] = build


def kinds() -> list[str]:
    return sorted(_builders)


def render_mail(template: str, context: Mapping[str, object]) -> Mail:
    """Build a mail from templates/mail/NAME.txt, whose first line is the subject."""
    text = render_to_string(template, {**context, "site_url": settings.SITE_URL})
    subject, _, body = text.strip().partition("\n")
    return Mail(subject=" ".join(subject.split()), body=body.strip() + "\n")


def queue(
    *,
    kind: str,
    to: User,
    key: str,
    now: datetime,
    ids: Ids | None = None,
    after: timedelta | None = None,
    revive: bool = False,
) -> None:
    """Ask for one mail. `key` says what it is about: the same key twice is one mail.

    `revive`: one that was no longer needed when it was its turn is needed again.
    Call it inside the write's transaction: a rollback takes the mail back with it.
    """
    if revive:
        dropped = Message.objects.filter(key=_key(kind, key, to), status=Message.Status.DROPPED)
        dropped.update(status=Message.Status.PENDING, attempts=0, due_at=now + (after or timedelta()))
    queue_many(kind=kind, to=[to], key=key, now=now, ids=ids, after=after)


def queue_many(
    *,
    kind: str,
    to: Iterable[User],
    key: str,
    now: datetime,
    ids: Ids | None = None,
    after: timedelta | None = None,
) -> None:
    """Ask for the same kind of mail for many people, each once."""
    if kind not in _builders:
        raise ValueError(f"Mail kind {kind!r} is not registered.")
    Message.objects.bulk_create(
        [
            Message(
                kind=kind,
                recipient=user,
                ids=dict(ids or {}),
                key=_key(kind, key, user),
                due_at=now + (after or timedelta()),
                created_at=now,
            )
            for user in to
        ],
        batch_size=500,
        ignore_conflicts=True,
    )


def _key(kind: str, key: str, user: User) -> str:
    return f"{kind}:{key}:{user.pk}"


def queued(*, kind: str, to: Iterable[User], key: str) -> set[User]:
    """To whom of these people this mail was asked for already."""
    people = {_key(kind, key, user): user for user in to}
    return {people[each] for each in Message.objects.filter(key__in=people).values_list("key", flat=True)}


def deliver_due(*, now: datetime, limit: int = 200) -> Counter[str]:
    """Send what is due; returns how many messages ended in each status."""
    outcome: Counter[str] = Counter()
    # A worker that died while sending leaves the outcome unknown: a person decides, nothing is sent twice.
    Message.objects.filter(status=Message.Status.SENDING, claimed_at__lt=now - STALE_CLAIM).update(
        status=Message.Status.UNKNOWN, error="WorkerStopped"
    )
    due = Message.objects.filter(status=Message.Status.PENDING, due_at__lte=now).order_by("due_at", "pk")
    started = time.monotonic()
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        # A slow mail server must not make the later claims of this run look stale to another worker.
        message = _claim(pk, now + timedelta(seconds=time.monotonic() - started))
        if message:
            outcome[_deliver(message, now)] += 1
    return outcome


@transaction.atomic
def _claim(pk: int, now: datetime) -> Message | None:
    claimed = Message.objects.filter(Q(pk=pk), status=Message.Status.PENDING).update(
        status=Message.Status.SENDING, claimed_at=now
    )
    return Message.objects.select_related("recipient").get(pk=pk) if claimed else None


class Unknown(Exception):
    """The connection broke while the mail was being handed over: perhaps it left."""


def _deliver(message: Message, now: datetime) -> str:
    message.attempts += 1
    try:
        mail = _build(message)
        if mail is None:
            return _settle(message, Message.Status.DROPPED)
        letter = _letter(message, mail)
        if mail.before_sending:
            mail.before_sending(message)
        _send(letter)
    except Unknown as unknown:
        return _settle(message, Message.Status.UNKNOWN, type(unknown.__cause__).__name__)
    except letters.Undeliverable as refusal:
        return _settle(message, Message.Status.FAILED, str(refusal))
    except Exception as error:  # one broken mail never stops the others
        logger.warning("Message %s (%s) was not sent: %s", message.pk, message.kind, type(error).__name__)
        if message.attempts >= MOST_ATTEMPTS or _is_final(error):
            return _settle(message, Message.Status.FAILED, type(error).__name__)
        message.due_at = now + timedelta(minutes=min(2**message.attempts, 240))
        return _settle(message, Message.Status.PENDING, type(error).__name__)
    message.sent_at = now
    return _settle(message, Message.Status.SENT)


def _is_final(error: Exception) -> bool:
    """The mail server knows no such address (5xx); what it puts off (4xx) is worth another try."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused) or not error.recipients:
        return False
    return all(code >= 500 for code, _ in error.recipients.values())


def _build(message: Message) -> Mail | None:
    if not message.recipient.is_active:
        return None
    return _builders[message.kind](message.recipient, **message.ids)


def _letter(message: Message, mail: Mail) -> EmailMultiAlternatives:
    host = urlsplit(settings.SITE_URL).hostname
    return letters.compose(
        subject=mail.subject,
        body=mail.body,
        name=message.recipient.name,
        email=message.recipient.email,
        headers={"Message-ID": f"<{message.message_id}@{host}>", "Auto-Submitted": "auto-generated"},
        calendar=mail.calendar,
    )


def _send(letter: EmailMultiAlternatives) -> None:
    """Raises Unknown when the connection breaks and the mail can have left."""
    letter.message()  # what cannot be built is found before a server is asked
    connection = get_connection()
    connection.open()
    try:
        connection.send_messages([letter])
    except ConnectionRefusedError:
        raise
    except (smtplib.SMTPServerDisconnected, TimeoutError, ConnectionError, ssl.SSLError) as error:
        if not getattr(connection, "can_have_left", True):
            raise
        raise Unknown from error
    finally:
        with suppress(Exception):  # it has left, or has not: saying goodbye changes neither
            connection.close()


def _settle(message: Message, status: Message.Status, error: str = "") -> str:
    message.status = status
    message.error = error[:200]
    message.save(update_fields=["status", "attempts", "due_at", "sent_at", "error"])
    return status.value
