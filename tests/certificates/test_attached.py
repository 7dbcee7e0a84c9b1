"""The claims inside a certificate's file: whole, archival, and taken from a stranger's file in their own form alone."""

import io
import json
from datetime import UTC, datetime

import page
import pikepdf
import pytest

from certificates import apart, attached, issuing, sealing
from certificates.apart_child import MOST_BYTES, NAME
from certificates.attached import Attached
from certificates.rendering import render
from tests.certificates.content import CONTENT, content

pytestmark = pytest.mark.usefixtures("drawn")


@pytest.fixture(scope="module")
def file() -> bytes:
    now = datetime(2026, 11, 29, 18, 30, tzinfo=UTC)
    named = content(name="Zoë “Z.” O'Brien / 山田", approved_by="Daniel Ortiz, delegate")
    return issuing.sealed(named, seal=sealing.current(), now=now)


def read(pdf: bytes) -> Attached | None:
    return apart.look(pdf, []).says


def test_everything_printed_is_read_back(file):
    found = read(file)
    assert found is not None
    assert (found.serial, found.address) == (CONTENT.serial, CONTENT.verification_address)
    assert found.claims == {
        "name": "Zoë “Z.” O'Brien / 山田",
        "program": CONTENT.program,
        "cohort": CONTENT.cohort,
        "department": CONTENT.department,
        "branch": CONTENT.branch,
        "start_date": "2027-01-01",
        "end_date": "2027-08-31",
        "competencies": list(CONTENT.competencies),
        "hours": "16",
        "signatory_name": CONTENT.signatory_name,
        "signatory_title": CONTENT.signatory_title,
        "approved_by": "Daniel Ortiz, delegate",
        "signed_by_hand": False,
        "issued_date": "2027-09-15",
    }


def test_it_is_an_associated_file_and_the_certificate_stays_archival(file):
    for profile in ("3a", "ua1"):
        assert page.is_pdf_compliant_bytes(file, profile=profile)
    with pikepdf.open(io.BytesIO(file)) as opened:
        [associated] = opened.Root.AF
        assert (str(associated.F), str(associated.AFRelationship)) == (NAME, "/Data")
        assert str(associated.EF.F.Subtype) == "/application/json"


def test_it_can_be_read_without_a_pdf_library(file):
    assert '"name": "Zoë “Z.” O\'Brien / 山田"'.encode() in file


def test_a_sample_claims_nothing():
    assert read(render(content(sample=True))) is None


def test_it_is_read_after_another_program_saved_the_file_anew(file):
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(file)) as opened:
        opened.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    found = read(out.getvalue())
    assert found is not None
    assert found.serial == CONTENT.serial


def claiming(told: bytes) -> bytes:
    """A PDF file of a stranger that carries this as its claims."""
    out = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.attachments[NAME] = told
        made.save(out)
    return out.getvalue()


GOOD = json.loads(attached.written(CONTENT))


def test_what_is_not_known_is_left_out():
    found = attached.understood(json.dumps(GOOD | {"is_genuine": True}).encode())
    assert found is not None
    assert "is_genuine" not in found.claims


def test_letters_that_turn_the_direction_are_taken_away():
    found = attached.understood(json.dumps(GOOD | {"name": "Ada\u202egnol\x07"}).encode())
    assert found is not None
    assert found.claims["name"] == "Adagnol"


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"no JSON",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 40_000,
        b'{"serial": "1"}',
        json.dumps(GOOD | {"name": ["x"]}).encode(),
        json.dumps(GOOD | {"name": ""}).encode(),
        json.dumps(GOOD | {"name": "Ada \ud800"}).encode(),
        json.dumps(GOOD | {"competencies": ["\udfff"]}).encode(),
        json.dumps(GOOD | {"name": "x" * 501}).encode(),
        json.dumps(GOOD | {"hours": "1e9"}).encode(),
        json.dumps(GOOD | {"hours": 16}).encode(),
        json.dumps(GOOD | {"issued_date": "tomorrow"}).encode(),
        json.dumps(GOOD | {"competencies": ["x"] * 41}).encode(),
        json.dumps(GOOD | {"competencies": "x"}).encode(),
    ],
)
def test_claims_in_another_form_are_none(told):
    assert attached.understood(told) is None


def test_claims_without_end_are_none():
    good = json.dumps(GOOD).encode()
    assert read(claiming(good)) is not None
    assert read(claiming(good + b" " * MOST_BYTES)) is None
