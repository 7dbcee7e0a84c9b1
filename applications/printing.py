"""An application as a form to file: its exact text and every signature, as an accessible PDF (A1, A8)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import QuerySet
from django.template.loader import render_to_string

from applications import drafting, routing
from applications.models import Application, ReviewStep
from applications.routing import Signer
from applications.text import Block, Section, sections
from coaching import pdf
from coaching.models import Cohort, Delegation, OrgUnit, RouteStep, SignedText, SignOff

SHEET = "applications/form.css"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One place on the signatures page: signed, or with empty lines to sign on paper."""

    capacity: str
    name: str
    statement: str
    for_whom: str = ""
    order: str = ""
    signed_at: datetime | None = None
    attested: str = ""  # on paper (A15)
    asks_concept_date: bool = False  # A3
    concept_date: date | None = None
    decides: bool = False


@dataclass(frozen=True, kw_only=True)
class Form:
    applicant: str
    cohort: Cohort
    department: str
    text: str
    digest: str
    state: str
    made_at: datetime
    signatures: Sequence[Signature] = field(default_factory=tuple)
    is_signed: bool = True

    @property
    def head(self) -> Block:
        """Program and cohort, as the text names them."""
        return sections(self.text)[0].blocks[0]

    @property
    def sections(self) -> list[Section]:
        first, *rest = sections(self.text)
        return [Section("APPLICANT", first.blocks[1:]), *rest]


def of_text(application: Application, signed: SignedText, *, now: datetime) -> Form:
    """A submitted text with the signatures it has, and empty lines for those that are still asked for."""
    steps = list(signed.review_steps.with_people().filter(application=application).order_by("position", "pk"))
    is_current = application.current_text_id == signed.pk
    waiting = application.status in (Application.Status.IN_REVIEW, Application.Status.WAITLISTED)
    pending = [step for step in steps if step.status == ReviewStep.Status.PENDING]
    return Form(
        applicant=application.applicant.name,
        cohort=application.cohort,
        department=_department(application.cohort),
        text=signed.text,
        digest=signed.digest,
        state=_state(application, is_current=is_current),
        made_at=now,
        signatures=[
            *(_signed(sign_off, steps) for sign_off in _sign_offs(signed)),
            *(_to_sign(step) for step in pending if is_current and waiting),
        ],
    )


def of_draft(application: Application, preview: drafting.Preview, *, now: datetime) -> Form:
    """What would be submitted now: nothing of it is signed, and every signature has its empty line."""
    commitment = application.cohort.program.commitment_statement  # A7
    applicant = Signature(capacity="Applicant", name=application.applicant.name, statement=commitment)
    return Form(
        applicant=application.applicant.name,
        cohort=application.cohort,
        department=_department(application.cohort),
        text=preview.text,
        digest=preview.digest,
        state="Not signed and not submitted: a draft to read, or to sign on paper.",
        made_at=now,
        signatures=[applicant, *map(_expected, preview.route)],
        is_signed=False,
    )


def _department(cohort: Cohort) -> str:
    department = cohort.branch.ancestor(OrgUnit.Kind.DEPARTMENT)
    return department.name if department else ""


def _state(application: Application, *, is_current: bool) -> str:
    if application.status == Application.Status.WITHDRAWN:
        return "Withdrawn by the applicant."
    if not is_current:
        return "No longer current: changed after it was returned. Its signatures no longer hold."
    return f"{application.get_status_display()}."


def _sign_offs(signed: SignedText) -> "QuerySet[SignOff]":
    return signed.sign_offs.select_related(
        "signer", "on_behalf_of", "delegation", "attested_by", "scan"
    ).defer("scan__content")


def _signed(sign_off: SignOff, steps: list[ReviewStep]) -> Signature:
    dates = [step.concept_date for step in steps if step.sign_off_id == sign_off.pk and step.concept_date]
    return Signature(
        capacity=sign_off.capacity,
        name=sign_off.signer.name,
        for_whom=sign_off.on_behalf_of.name if sign_off.on_behalf_of else "",
        order=_order(sign_off.delegation) if sign_off.delegation else "",
        statement=sign_off.statement,
        signed_at=sign_off.signed_at,
        concept_date=dates[0] if dates else None,
        attested=_attested(sign_off) if sign_off.on_paper else "",
    )


def _order(order: Delegation) -> str:
    written = f" ({order.written_order})" if order.written_order else ""
    return f"From {order.start_date:%B %-d, %Y} to {order.end_date:%B %-d, %Y}: {order.reason}{written}"


def _attested(sign_off: SignOff) -> str:
    """A15: the scan is kept with the application; its digest tells it from any other."""
    scan = sign_off.scan.sha256 if sign_off.scan else ""
    return f"{sign_off.attested_by}, {sign_off.attested_at:%B %-d, %Y}. SHA-256 of the scan: {scan}"


def _to_sign(step: ReviewStep) -> Signature:
    return _line(
        step.route_step, routing.post_title(step.route_step, step.unit), step.signer.name, step.holder
    )


def _expected(signer: Signer) -> Signature:
    return _line(signer.step, signer.post, signer.signer.name, signer.holder)


def _line(step: RouteStep, capacity: str, name: str, holder: object) -> Signature:
    return Signature(
        capacity=capacity,
        name=name,
        for_whom=str(holder or ""),
        statement=step.statement,
        asks_concept_date=step.office in (RouteStep.Office.SUPERVISOR, RouteStep.Office.DIRECTOR),
        decides=step.decides,
    )


def render(form: Form) -> bytes:
    """Letter portrait, tagged (PDF/UA-1). What no installed font can write stands as its number: an answer is
    printed whole or not at all."""
    return pdf.whole(render_to_string("applications/form.html", {"form": form}), SHEET)


def file_name(form: Form) -> str:
    """`application-2027-program-ana-applicant-1a2b3c4d.pdf`; the end tells one text from another."""
    words = f"{form.cohort} {form.applicant}".lower()
    kept = "".join(letter if letter.isalnum() else "-" for letter in words)
    slug = "-".join(part for part in kept.split("-") if part)[:100]
    kind = "application" if form.is_signed else "draft-application"
    return f"{kind}-{slug}-{form.digest[:8]}.pdf"
