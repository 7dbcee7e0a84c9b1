"""A mail as it leaves: headers that no name can break, its plain text, and the HTML made from that text."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from itertools import groupby

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string

from coaching.errors import Refused
from coaching.typed import JOINERS

LONGEST_ADDRESS, LONGEST_LOCAL_PART = 254, 64  # RFC 5321
LONGEST_NAME = 100
LONGEST_SUBJECT = 150
LONGEST_LABEL = 70  # of a button

ITEM = "- "


@dataclass(frozen=True)
class CalendarPart:
    """What the recipient's calendar reads in the mail (RFC 6047); `method` as in the file itself."""

    method: str
    content: str


class Undeliverable(Refused):
    """No mail can go to this address; the message says why, to the branch office."""


def check_address(email: str) -> str:
    """The address, if a mail server could take it. Raises Undeliverable."""
    if not email.strip():
        raise Undeliverable("There is no mail address on record.")
    if "@" not in email:
        raise Undeliverable("The mail address has no @.")
    if email.count("@") > 1:
        raise Undeliverable("There is more than one address where one mail address belongs.")
    if any(character.isspace() or not character.isprintable() for character in email):
        raise Undeliverable("The mail address holds a space, a line break or an invisible character.")
    if len(email) > LONGEST_ADDRESS or len(email.split("@")[0]) > LONGEST_LOCAL_PART:
        raise Undeliverable("The mail address is longer than mail servers accept.")
    if not email.isascii():
        raise Undeliverable("The mail address has letters that mail servers do not accept.")
    try:
        validate_email(email)
    except ValidationError:
        raise Undeliverable("The mail address is not written like one.") from None
    return email


def one_line(text: str, *, longest: int) -> str:
    """People's words for a header: in one line, without control characters or marks of direction, and not endless."""
    kept = (" " if unicodedata.category(each) in ("Cc", "Zl", "Zp") else each for each in text)
    line = " ".join("".join(each for each in kept if _is_written(each)).split())
    line = line.replace("=?", "= ?")  # else it would be read as an encoded word
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _is_written(character: str) -> bool:
    return character in JOINERS or unicodedata.category(character) not in ("Cf", "Cs")


def _clean_body(text: str) -> str:
    return "".join(each for each in text if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cs"))


def compose(
    *,
    subject: str,
    body: str,
    name: str,
    email: str,
    headers: Mapping[str, str] | None = None,
    calendar: CalendarPart | None = None,
) -> EmailMultiAlternatives:
    """The mail to one person, in plain text, in HTML, and for their calendar. Raises Undeliverable."""
    address = check_address(email)
    subject, body = one_line(subject, longest=LONGEST_SUBJECT), _clean_body(body)
    # The envelope has the address alone; the name stands in the header, for people.
    shown = str(Address(one_line(name, longest=LONGEST_NAME), addr_spec=address))
    letter = EmailMultiAlternatives(
        subject=subject, body=body, to=[address], headers={**(headers or {}), "To": shown}
    )
    letter.attach_alternative(html_of(subject, body), "text/html")
    if calendar:
        kind = f"text/calendar; method={calendar.method}; component=VEVENT"
        letter.attach_alternative(calendar.content, kind)
    return letter


@dataclass
class Block:
    """A part of a mail: lines of a paragraph, items of a list, or one link of the site with what it leads to."""

    lines: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    address: str = ""
    label: str = ""


def html_of(subject: str, body: str) -> str:
    """The HTML part: the plain text has the words, the template the look."""
    context = {
        "subject": subject,
        "blocks": blocks_of(body),
        "site_name": settings.SITE_NAME,
        "department_name": settings.DEPARTMENT_NAME,
        "site_url": settings.SITE_URL,
    }
    return render_to_string("mail/mail.html", context)


def blocks_of(body: str) -> list[Block]:
    """Paragraphs and lists; a line that is only a link of the site becomes a button.

    It is named by the line before, where that ends with a colon and is short; by itself otherwise.
    """
    blocks: list[Block] = []
    for paragraph in re.split(r"\n\s*\n", body.strip()):
        for block in _parts(paragraph):
            if block.address:
                block.label = _take_label(blocks) or block.address
            blocks.append(block)
    return [block for block in blocks if block.lines or block.items or block.address]


def _parts(paragraph: str) -> Iterator[Block]:
    lines = (line.strip() for line in paragraph.splitlines())
    for kind, group in groupby((line for line in lines if line), key=_kind):
        if kind == "item":
            yield Block(items=[line.removeprefix(ITEM) for line in group])
        elif kind == "link":
            yield from (Block(address=line) for line in group)
        else:
            yield Block(lines=list(group))


def _kind(line: str) -> str:
    if line.startswith(ITEM):
        return "item"
    return "link" if line.startswith(f"{settings.SITE_URL}/") and " " not in line else "line"


def _take_label(blocks: list[Block]) -> str:
    lines = blocks[-1].lines if blocks else []
    if not lines or not lines[-1].endswith(":") or len(lines[-1]) > LONGEST_LABEL:
        return ""
    return lines.pop().removesuffix(":")
