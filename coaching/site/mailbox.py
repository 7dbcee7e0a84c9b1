"""In the demo no mail leaves the machine: it lies in a folder, and everybody can read it in the browser."""

import email
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage as ParsedMessage
from email.policy import default as default_policy
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coaching.permissions import access, public


class MailboxBackend(BaseEmailBackend):
    """Writes every mail into a file of its own, named so that the newest sorts last."""

    def send_messages(self, email_messages: Iterable[EmailMessage]) -> int:
        folder = Path(settings.MAILBOX_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        sent = 0
        for sent, message in enumerate(email_messages, start=1):
            name = f"{time.time_ns()}-{sent}.eml"
            partial = folder / f".{name}"
            partial.write_bytes(message.message().as_bytes())
            partial.rename(folder / name)
        return sent


@dataclass(frozen=True)
class Letter:
    name: str
    sender: str
    sender_name: str
    to: str
    to_address: str
    subject: str
    sent_at: datetime
    body: str
    html: str


def _read(path: Path) -> Letter:
    parsed = email.message_from_bytes(path.read_bytes(), policy=default_policy)
    assert isinstance(parsed, ParsedMessage)
    return Letter(
        name=path.stem,
        sender=str(parsed["From"]),
        sender_name=parseaddr(str(parsed["From"]))[0] or str(parsed["From"]),
        to=str(parsed["To"]),
        to_address=parseaddr(str(parsed["To"]))[1],
        subject=str(parsed["Subject"]),
        sent_at=_moment(str(parsed["Date"])),
        body=_part(parsed, "plain"),
        html=_part(parsed, "html"),
    )


def _part(parsed: ParsedMessage, kind: str) -> str:
    part = parsed.get_body(preferencelist=(kind,))
    return part.get_content() if part else ""


def _moment(date: str) -> datetime:
    """A mail that names no zone ("-0000") means UTC."""
    moment = parsedate_to_datetime(date)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _newest_first() -> list[Path]:
    return sorted(Path(settings.MAILBOX_DIR).glob("[0-9]*.eml"), reverse=True)


def _only_in_the_demo() -> None:
    if not settings.DEMO:
        raise Http404


@access(public)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    _only_in_the_demo()
    recipient = request.GET.get("to", "").strip().lower()
    paths = _newest_first()
    if recipient:
        paths = [path for path in paths if recipient in _read(path).to.lower()]
    page = Paginator(paths, 25).get_page(request.GET.get("page"))
    letters = [_read(path) for path in page]
    return render(request, "site/mailbox.html", {"page": page, "letters": letters, "recipient": recipient})


def _letter(name: str) -> Letter:
    paths = {path.stem: path for path in _newest_first()}
    if name not in paths:
        raise Http404
    return _read(paths[name])


@access(public)
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    _only_in_the_demo()
    return render(request, "site/mailbox_mail.html", {"letter": _letter(name)})


# A mail program would not let a mail do more either: no script, no form, nothing from elsewhere, no cookie of ours.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox allow-top-navigation-by-user-activation"
)


@access(public)
@require_safe
def show_html(request: HttpRequest, name: str) -> HttpResponse:
    """The mail's HTML part as a page of its own."""
    _only_in_the_demo()
    letter = _letter(name)
    if not letter.html:
        raise Http404
    return HttpResponse(letter.html, headers={"Content-Security-Policy": MAIL_POLICY})
