"""Mail that did not arrive, or perhaps did: people settle it, the program repeats nothing by itself."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from coaching import audit, letters, offices
from coaching.errors import Refused
from coaching.models import Message, OrgUnit, User
from coaching.permissions import mail_keeper

UNDELIVERED = (Message.Status.FAILED, Message.Status.UNKNOWN)
LOST = "The connection to the mail server broke while the mail was handed over."
# Why, by what the outbox met; what it says in a sentence of its own stands as it is.
WHY = {
    "WorkerStopped": "The program stopped while the mail was handed over.",
    "Restored": "The database was restored from a backup, after which the mail may have been sent.",
    "SMTPServerDisconnected": LOST,
    "ConnectionResetError": LOST,
    "BrokenPipeError": LOST,
    "SSLError": LOST,
    "TimeoutError": "The mail server did not answer.",
    "ConnectionRefusedError": "The mail server could not be reached.",
    "gaierror": "The mail server could not be found.",
    "SMTPConnectError": "The mail server could not be reached.",
    "SMTPAuthenticationError": "The mail server did not let the program sign in.",
    "SMTPSenderRefused": "The mail server does not take mail from the program.",
    "SMTPRecipientsRefused": "The mail server knows no such address.",
    "SMTPDataError": "The mail server did not take the mail.",
}


class NotUndelivered(Refused):
    """It has been settled in the meantime, or was never anybody's to settle here."""


def of_people_of(user: User, *, on: date) -> QuerySet[Message]:
    """Mail to people of the branches this person's office serves; who keeps the mail sees all (F5)."""
    if mail_keeper(user):
        return Message.objects.all()
    units = OrgUnit.objects.under(*offices.office_branches(user, on=on))
    return Message.objects.filter(recipient__unit__in=units.values("pk"))


def visible_to(user: User, *, on: date) -> QuerySet[Message]:
    """What this person may settle, and somebody has to."""
    return of_people_of(user, on=on).filter(status__in=UNDELIVERED)


def why(message: Message) -> str:
    """In words for people who do not run mail servers."""
    if message.error.endswith("."):
        return message.error
    return WHY.get(message.error, f"The program could not send it ({message.error or 'no reason known'}).")


def address_problem(user: User) -> str:
    """What is wrong with the address on record now; empty: nothing that can be seen."""
    try:
        letters.check_address(user.email)
    except letters.Undeliverable as problem:
        return str(problem)
    return ""


@transaction.atomic
def send_again(*, message: Message, by: User, now: datetime) -> Message:
    """Put it back into the outbox, to be built anew from how things stand. Raises NotUndelivered."""
    return _again(_lock(message, by, now), by, now)


@transaction.atomic
def send_all_again(*, by: User, now: datetime, pks: Iterable[int]) -> int:
    """Of these, all that certainly did not leave and that this person may settle; returns how many."""
    rows = visible_to(by, on=timezone.localdate(now)).filter(pk__in=list(pks), status=Message.Status.FAILED)
    found = list(Message.objects.select_for_update(of=("self",)).filter(pk__in=rows.values("pk")))
    for message in found:
        _again(message, by, now)
    return len(found)


def _again(message: Message, by: User, now: datetime) -> Message:
    audit.record("message.sent_again", by=by, obj=message, now=now, data={"was": message.status})
    message.status, message.attempts, message.error = Message.Status.PENDING, 0, ""
    message.due_at, message.claimed_at = now, None
    message.save(update_fields=["status", "attempts", "error", "due_at", "claimed_at"])
    return message


@transaction.atomic
def settle(*, message: Message, by: User, now: datetime) -> Message:
    """Somebody has told the person in another way: nothing is sent any more. Raises NotUndelivered."""
    message = _lock(message, by, now)
    audit.record("message.settled", by=by, obj=message, now=now, data={"was": message.status})
    message.status = Message.Status.SETTLED
    message.save(update_fields=["status"])
    return message


def _lock(message: Message, by: User, now: datetime) -> Message:
    message = Message.objects.select_for_update(of=("self",)).select_related("recipient").get(pk=message.pk)
    if not visible_to(by, on=timezone.localdate(now)).filter(pk=message.pk).exists():
        raise NotUndelivered(
            f"The mail to {message.recipient} has been settled in the meantime: {message.get_status_display().lower()}."
        )
    return message
