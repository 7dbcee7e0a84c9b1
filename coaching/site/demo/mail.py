"""Mail of the demo that did not arrive, so that the page about it has something to show."""

from coaching.models import Message

LEFT = (
    ("application_signed", Message.Status.UNKNOWN, "WorkerStopped"),
    ("application_to_sign", Message.Status.FAILED, "SMTPRecipientsRefused"),
)


def leave_undelivered(branch: str) -> None:
    """One mail that perhaps arrived and one that did not leave, to people of this branch."""
    waiting = Message.objects.filter(
        status=Message.Status.PENDING, recipient__unit__parent__parent__name=branch
    ).order_by("-due_at", "-pk")
    for kind, status, error in LEFT:
        message = waiting.filter(kind=kind).first()
        if message:
            message.status, message.error, message.attempts = status, error, 1
            message.save(update_fields=["status", "error", "attempts"])
