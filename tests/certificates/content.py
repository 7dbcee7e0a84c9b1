"""A made-up certificate that tests start from."""

import subprocess
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from certificates.rendering import CertificateContent

CODE = "mZ0w9hJ4n7pT2xQ5rV8yB1cD3fG"

CONTENT = CertificateContent(
    name="Marisol Okafor-Reyes",
    program="Peer Coaching Program",
    cohort="2027 program",
    department="Department of Example Education",
    branch="Curriculum and Instruction Branch",
    start_date=date(2027, 1, 1),
    end_date=date(2027, 8, 31),
    competencies=(
        "Fostering a Team Environment",
        "Creating Organizational Transformation",
        "Maximizing Performance Results",
        "Building Trust and Accountability",
        "Promoting a High Performance Culture",
        "Building Coalitions",
    ),
    hours=Decimal("16"),
    signatory_name="Eleanor Whitfield",
    signatory_title="State Superintendent of Public Instruction",
    serial="2027-001-0001",
    code=CODE,
    verification_address=f"https://coaching.example.org/verify/{CODE}",
    issued_date=date(2027, 9, 15),
)


def content(**changes: Any) -> CertificateContent:
    return replace(CONTENT, **changes)


def text_of(pdf: bytes) -> str:
    """What a reader finds when searching or copying, on one line."""
    found = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout
    return " ".join(found.decode().split())
