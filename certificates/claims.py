"""What a certificate says: the claims as data, the text of a batch that is signed, and the content to print."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse

from certificates.models import Batch, BatchEntry
from certificates.rendering import CertificateContent
from certificates.templatetags.certificate_text import hours, month_day_year
from coaching.models import Cohort, OrgUnit, SignOff
from meetings.dates import end_of_program_month


def period_of(cohort: Cohort) -> tuple[date, date]:
    """First and last day of the months of meetings."""
    return cohort.first_month, end_of_program_month(cohort.first_month, cohort.months)


def department_of(cohort: Cohort) -> OrgUnit | None:
    return cohort.branch.ancestor(OrgUnit.Kind.DEPARTMENT)


def hours_of(minutes: int) -> Decimal:
    """In hours, to the hundredth."""
    return (Decimal(minutes) / 60).quantize(Decimal("0.01"))


def batch_text(batch: Batch) -> str:
    """The canonical text of a batch: the same list gives the same text, byte for byte."""
    cohort = batch.cohort
    department = department_of(cohort)
    start_date, end_date = period_of(cohort)
    entries = list(batch.entries.select_related("participant__division").order_by("name", "pk"))
    lines = [
        "Certificates of completion",
        "",
        f"Program: {cohort.program.name}",
        f"Cohort: {cohort}",
        f"Department: {department.name if department else ''}",
        f"Branch: {cohort.branch.name}",
        f"Dates: {month_day_year(start_date)} to {month_day_year(end_date)}",
        f"Competencies: {'; '.join(_competencies(cohort))}",
        *(["Signature: by hand, on each printed certificate"] if batch.signed_by_hand else []),
        f"Number of certificates: {len(entries)}",
        "",
    ]
    for number, entry in enumerate(entries, start=1):
        division = entry.participant.division
        place = f", {division.name}" if division else ""
        lines.append(f"{number}. {entry.name}{place}: {hours(hours_of(entry.minutes))}")
    return "\n".join(lines) + "\n"


def holds(batch: Batch) -> bool:
    """Whether all that the list rests on is still what its signed text says."""
    return batch.text is not None and batch_text(batch) == batch.text.text


def _competencies(cohort: Cohort) -> list[str]:
    # F1: of the version the cohort is tied to, in its order.
    return [competency.name for competency in cohort.competency_model.competencies.order_by("position")]


def claims_of(entry: BatchEntry, *, sign_off: SignOff | None, issued_date: date) -> dict[str, Any]:
    """Everything that is printed but the serial number and the code; plain JSON. Without a sign-off: a sample."""
    return shared_claims(entry.batch, sign_off=sign_off, issued_date=issued_date) | own_claims(entry)


def own_claims(entry: BatchEntry) -> dict[str, Any]:
    return {"name": entry.name, "hours": str(hours_of(entry.minutes))}


def shared_claims(batch: Batch, *, sign_off: SignOff | None, issued_date: date) -> dict[str, Any]:
    """What all certificates of a list say."""
    cohort = batch.cohort
    department = department_of(cohort)
    start_date, end_date = period_of(cohort)
    return {
        "program": cohort.program.name,
        "cohort": str(cohort),
        "department": department.name if department else settings.DEPARTMENT_NAME,
        "branch": cohort.branch.name,
        "start_date": start_date.isoformat(),
        "end_date": end_date.isoformat(),
        "competencies": _competencies(cohort),
        **_signatory(department, sign_off),
        "signed_by_hand": batch.signed_by_hand,
        "issued_date": issued_date.isoformat(),
        "language": "en-US",
    }


def _signatory(department: OrgUnit | None, sign_off: SignOff | None) -> dict[str, str]:
    """C3: the superintendent; beside them, whoever approved in their place."""
    title = department.head_title if department else OrgUnit.HEAD_TITLES[OrgUnit.Kind.DEPARTMENT]
    if sign_off is None:
        head = department.head if department else None
        return {
            "signatory_name": head.name if head else "Vacant",
            "signatory_title": title,
            "approved_by": "",
        }
    if sign_off.on_behalf_of:
        approved_by = f"{sign_off.signer.name}, {sign_off.capacity}"
        return {
            "signatory_name": sign_off.on_behalf_of.name,
            "signatory_title": title,
            "approved_by": approved_by,
        }
    return {"signatory_name": sign_off.signer.name, "signatory_title": sign_off.capacity, "approved_by": ""}


def content_of(
    claims: dict[str, Any], *, serial: str, code: str, signature: bytes | None = None, sample: bool = False
) -> CertificateContent:
    """The claims as the renderer takes them."""
    dates = {key: date.fromisoformat(claims[key]) for key in ("start_date", "end_date", "issued_date")}
    return CertificateContent(
        **{
            **claims,
            **dates,
            "competencies": tuple(claims["competencies"]),
            "hours": Decimal(claims["hours"]),
            "serial": serial,
            "code": code,
            "verification_address": verification_address(code),
            "signature": signature,
            "sample": sample,
        }
    )


def verification_address(code: str) -> str:
    return settings.SITE_URL + reverse("verify_code", args=[code])


def local_date(cohort: Cohort, now: datetime) -> date:
    return now.astimezone(cohort.zone).date()
