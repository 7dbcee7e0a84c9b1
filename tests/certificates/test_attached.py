"""The claims inside a certificate's file: whole, archival, and taken from a stranger's file within limits."""

import io
import json
import subprocess
import sys
import time
import zlib
from datetime import UTC, datetime

import page
import pikepdf
import pytest

from certificates import attached, issuing, sealing
from certificates.attached_child import MOST_BYTES, NAME, SECONDS
from certificates.rendering import render
from tests.certificates.content import CONTENT, content

pytestmark = pytest.mark.usefixtures("drawn")


@pytest.fixture(scope="module")
def file() -> bytes:
    now = datetime(2026, 11, 29, 18, 30, tzinfo=UTC)
    named = content(name="Zoë “Z.” O'Brien / 山田", approved_by="Daniel Ortiz, delegate")
    return issuing.sealed(named, seal=sealing.current(), now=now)


def test_everything_printed_is_read_back(file):
    found = attached.read(file)
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
    assert attached.read(render(content(sample=True))) is None


def test_it_is_read_after_another_program_saved_the_file_anew(file):
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(file)) as opened:
        opened.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    found = attached.read(out.getvalue())
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
    found = attached.read(claiming(json.dumps(GOOD | {"is_genuine": True}).encode()))
    assert found is not None
    assert "is_genuine" not in found.claims


def test_letters_that_turn_the_direction_are_taken_away():
    found = attached.read(claiming(json.dumps(GOOD | {"name": "Ada\u202egnol\x07"}).encode()))
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
        json.dumps(GOOD | {"name": "x" * 501}).encode(),
        json.dumps(GOOD | {"hours": "1e9"}).encode(),
        json.dumps(GOOD | {"hours": 16}).encode(),
        json.dumps(GOOD | {"issued_date": "tomorrow"}).encode(),
        json.dumps(GOOD | {"competencies": ["x"] * 41}).encode(),
        json.dumps(GOOD | {"competencies": "x"}).encode(),
        json.dumps(GOOD).encode() + b" " * MOST_BYTES,
    ],
)
def test_claims_in_another_form_are_none(told):
    assert attached.read(claiming(told)) is None


def raw(*objects: bytes, trailer: bytes = b"") -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, thing in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, thing)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"trailer <</Size %d /Root 1 0 R %b>>\nstartxref\n%d\n%%%%EOF" % (size, trailer, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n%b%b" % (size, table, end)


CATALOG = b"<</Type /Catalog /Pages 2 0 R /Names <</EmbeddedFiles 4 0 R>>>>"
PAGES = b"<</Type /Pages /Kids [3 0 R] /Count 1>>", b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>>"


def with_stream(filters: bytes, data: bytes) -> bytes:
    """It says that it has ten bytes."""
    return raw(
        CATALOG,
        *PAGES,
        b"<</Names [(%b) 5 0 R]>>" % NAME.encode(),
        b"<</Type /Filespec /F (x) /UF (x) /EF <</F 6 0 R>>>>",
        b"<</Type /EmbeddedFile /Params <</Size 10>> /Filter %b /Length %d>>\nstream\n%b\nendstream"
        % (filters, len(data), data),
    )


def zeros(megabytes: int, times: int) -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(10**6)) for _ in range(megabytes)) + packer.flush()
    for _ in range(times - 1):
        packed = zlib.compress(packed, 9)
    return packed


PACKED_TWICE = b"[/FlateDecode /FlateDecode]"
QUICK = {
    "a bomb": lambda: with_stream(PACKED_TWICE, zeros(300, 2)),
    "deep arrays": lambda: with_stream(b"[" * 2_000_000 + b"]" * 2_000_000, b"x"),
    "a tree of names in a circle": lambda: raw(CATALOG, *PAGES, b"<</Kids [4 0 R 4 0 R] /Limits [(a) (z)]>>"),
    "pages in a circle": lambda: raw(CATALOG, b"<</Type /Pages /Kids [2 0 R] /Count 9>>", b"[]", b"<<>>"),
    "tables in a circle": lambda: raw(CATALOG, *PAGES, b"<<>>", trailer=b"/Prev 200"),
    "a length that is its own": lambda: raw(CATALOG, *PAGES, b"<</Length 4 0 R>>\nstream\nx\nendstream"),
    "rubbish": lambda: b"%PDF-1.7\n" + b"\xff" * 4_900_000,
}
LONG = {
    "objects without end": lambda: (
        b"%PDF-1.7\n" + b"".join(b"%d 0 obj[%d 0 R]endobj\n" % (n, n + 1) for n in range(150_000))
    ),
    "the same object without end": lambda: b"%PDF-1.7\n" + b"1 0 obj<</Type/Catalog>>endobj\n" * 150_000,
    "beginnings without end": lambda: b"%PDF-1.7\n" + b"startxref\n9\n%%EOF\n" * 200_000,
}


@pytest.mark.parametrize(
    "make",
    [
        *(pytest.param(make, id=name) for name, make in QUICK.items()),
        *(pytest.param(make, id=name, marks=pytest.mark.deep) for name, make in LONG.items()),
    ],
)
def test_a_hostile_file_keeps_nobody_waiting(make):
    hostile = make()
    began = time.monotonic()
    assert attached.read(hostile) is None
    assert time.monotonic() - began < 2 * SECONDS


def test_its_reader_may_not_fill_the_memory():
    bomb = QUICK["a bomb"]()
    child = subprocess.run([sys.executable, "-I", attached.CHILD], input=bomb, capture_output=True)
    assert child.returncode == 1
    assert b"bad_alloc" in child.stderr
