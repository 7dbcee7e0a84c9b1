"""What is printed for a superintendent who does not sign in: a memo with lines to sign, and the list itself (C3)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.template.loader import render_to_string

from certificates import preview
from certificates.approval import approvers, authority_of, statement_of
from certificates.claims import department_of, local_date
from certificates.models import Batch
from certificates.rendering import draw_behind_the_last
from coaching import pdf, signing
from coaching.models import Cohort, OrgUnit, SignedText, User


@dataclass(frozen=True)
class Line:
    """A place to sign: one of them is enough."""

    name: str
    capacity: str
    statement: str


@dataclass(frozen=True)
class Packet:
    batch: Batch
    cohort: Cohort
    text: SignedText
    department: OrgUnit | None
    made_on: date
    names: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def code(self) -> str:
        return signing.short_code(self.text.digest)


def of(batch: Batch, *, now: datetime) -> Packet | None:
    """None where nothing waits to be signed."""
    if batch.text is None or batch.status != Batch.Status.AWAITING:
        return None
    today = local_date(batch.cohort, now)
    return Packet(
        batch=batch,
        cohort=batch.cohort,
        text=batch.text,
        department=department_of(batch.cohort),
        made_on=today,
        names=tuple(batch.entries.values_list("name", flat=True)),
        lines=tuple(_line(person, batch, today) for person in approvers(batch.cohort, on=today)),
    )


def _line(person: User, batch: Batch, today: date) -> Line:
    authority = authority_of(person, batch.cohort, on=today)
    assert authority is not None  # as of every approver
    return Line(person.name, authority.capacity, statement_of(authority, batch))


def packet_pdf(packet: Packet, *, now: datetime) -> bytes:
    """Letter portrait, the sample in the format of certificates; PDF/UA-1. Raises CannotRender."""
    html = render_to_string("certificates/packet.html", {"packet": packet})
    return pdf.whole(
        html,
        "meetings/file.css",
        "certificates/packet.css",
        annex=lambda: preview.sample_page(packet.batch, now=now),
        finish=draw_behind_the_last,
    )
