"""What a stranger learns about a certificate: by its code, and by its file."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from certificates import verifying
from certificates.approval import propose_batch, submit_for_approval
from certificates.models import Certificate
from certificates.replacing import reissue, revoke
from tests.certificates.history import AFTER, approve, registered

LATER = AFTER + timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def kept_certificate(kept_cast, kept_members, django_db_blocker) -> Certificate:
    """Ada's; it stands there also where nobody asks for it."""
    office, head = kept_cast.branch_officer, kept_cast.org.superintendent
    with django_db_blocker.unblock(), time_machine.travel(AFTER, tick=False):
        batch = propose_batch(cohort=kept_cast.cohort, by=office, now=AFTER)
        batch = approve(submit_for_approval(batch=batch, by=office, now=AFTER), head)
        return registered(batch, kept_members[0])


@pytest.fixture
def certificate(kept_certificate, fresh) -> Certificate:
    return fresh(kept_certificate)


def page(client, code):
    return client.get(reverse("verify_code", args=[code]))


def shown(response) -> str:
    return " ".join(response.content.decode().split())


def upload(client, pdf, name="certificate.pdf"):
    return client.post(reverse("verify"), {"file": SimpleUploadedFile(name, pdf, "application/pdf")})


def test_a_stranger_sees_every_printed_claim_and_that_it_stands(client, certificate):
    response = page(client, certificate.code)
    assert response.status_code == 200
    text = shown(response)
    assert "It was issued on October 5, 2027 and still stands." in text
    for claim in (
        "Ada Alvarez",
        "Peer Coaching Program",
        "Department of Education, Services Branch",
        "February 1, 2027 to September 30, 2027",
        "16 hours",
        *certificate.claims["competencies"],
        "Sofia Superintendent, State Superintendent of Public Instruction",
        "October 5, 2027",
        certificate.serial,
    ):
        assert claim in text


def test_a_superseded_one_says_so_without_leading_to_the_new_one(client, certificate, branch_officer):
    new = reissue(certificate=certificate, by=branch_officer, reason="Name after a divorce", now=LATER)
    response = page(client, certificate.code)
    assert response.status_code == 200
    text = shown(response)
    assert "It was replaced by a newer one on October 6, 2027." in text
    assert "is valid" not in text
    assert "divorce" not in text
    assert new.code not in text
    assert new.serial not in text


def test_a_revoked_one_says_so_and_when_but_not_why(client, certificate, branch_officer):
    revoke(certificate=certificate, by=branch_officer, reason="Attendance was made up", now=LATER)
    text = shown(page(client, certificate.code))
    assert "It was revoked on October 6, 2027 and no longer stands." in text
    assert "made up" not in text


UNKNOWN = [
    "a",
    "mZ0w9hJ4n7pT2xQ5rV8yB1cD3fG",
    "x" * 500,
    "%00",
    "%F0%9F%98%80",
    "a b",
    "..",
    "'--",
    "2027-001-0001",
]


@pytest.mark.parametrize("code", UNKNOWN)
def test_every_unknown_code_looks_the_same(client, certificate, code, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = client.get(f"/verify/{code}")
    assert response.status_code == 404
    assert response.content == page(client, "nothing").content
    assert "This certificate is not known" in shown(response)


@pytest.mark.parametrize("code", UNKNOWN)
def test_every_unknown_code_looks_the_same_to_a_program(client, db, code):
    response = client.get(f"/verify/{code}.json")
    assert (response.status_code, response.json()) == (404, {"status": "unknown"})


def test_a_known_code_costs_one_query_too(client, certificate, django_assert_num_queries):
    with django_assert_num_queries(1):
        page(client, certificate.code)


def test_the_code_counts_to_the_letter(client, certificate):
    assert page(client, certificate.code.swapcase()).status_code == 404
    assert page(client, certificate.code[:-1]).status_code == 404


def test_a_program_reads_the_same_as_json(client, certificate, branch_officer):
    url = reverse("verify_json", args=[certificate.code])
    assert client.get(url).json() == {
        "status": "valid",
        "serial": certificate.serial,
        "claims": certificate.claims,
        "sha256": certificate.digest,
        "issued_at": "2027-10-05T18:00:00+00:00",
        "seal": None,
        "ended_date": None,
    }
    revoke(certificate=certificate, by=branch_officer, reason="Secret", now=LATER)
    answer = client.get(url)
    assert (answer.json()["status"], answer.json()["ended_date"]) == ("revoked", "2027-10-06")
    assert "Secret" not in answer.content.decode()


def test_the_answer_is_neither_listed_nor_cached_nor_passed_on(client, certificate):
    for url in (
        reverse("verify_code", args=[certificate.code]),
        reverse("verify_json", args=[certificate.code]),
    ):
        response = client.get(url)
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "typed",
    [
        "{code}",
        "  {code} ",
        "https://example.org/verify/{code}",
        "/verify/{code}/",
        "example.org/verify/ {code}",
        "https://example.org/verify/{code}.json",
        "{start} {rest}",
    ],
)
def test_a_typed_code_or_pasted_address_leads_to_its_page(client, certificate, typed):
    response = client.get(
        reverse("verify"),
        {"code": typed.format(code=certificate.code, start=certificate.code[:9], rest=certificate.code[9:])},
    )
    assert response.status_code == 302
    assert response["Location"] == reverse("verify_code", args=[certificate.code])


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("über ?#", "letters, digits, - and _ only"),
        ("AB/CD", "letters, digits, - and _ only"),
        ("x/../", "letters, digits, - and _ only"),
        ("2027-001-0005", "This is the number of the certificate"),
    ],
)
def test_what_is_no_code_is_said_beside_the_field(client, db, typed, words):
    text = shown(client.get(reverse("verify"), {"code": typed}))
    assert words in text
    assert "csrfmiddlewaretoken" not in text.partition("By its file")[0]


def test_a_changed_file_gets_advice_about_files(client, certificate):
    text = shown(upload(client, bytes(certificate.file.pdf) + b" "))
    assert "opened and saved again" in text
    assert "capital and small letters" not in text


def test_a_serial_number_is_known_as_one(certificate):
    assert verifying.SERIAL.fullmatch(certificate.serial)


def test_no_code_asks_for_one(client, db):
    response = client.get(reverse("verify"), {"code": ""})
    assert response.status_code == 200
    assert "This field is required." in shown(response)


def test_an_uploaded_file_is_recognized(client, certificate):
    response = upload(client, bytes(certificate.file.pdf))
    assert response.status_code == 200
    assert "It was issued on October 5, 2027 and still stands." in shown(response)


def test_a_single_changed_byte_is_not_recognized(client, certificate):
    pdf = bytes(certificate.file.pdf)
    for place in (0, len(pdf) // 2, len(pdf) - 1):
        changed = bytearray(pdf)
        changed[place] ^= 1
        assert verifying.by_digest(bytes(changed)).status == "unknown"
    assert upload(client, pdf + b"\n").status_code == 404
    assert verifying.by_digest(pdf[:-1]).status == "unknown"


def test_a_file_too_large_is_refused_unread(client, db):
    response = upload(client, b"x" * 5_020_000)
    assert response.status_code == 413
    assert "larger than any certificate" in shown(response)
    assert response.wsgi_request._read_started is False


def test_a_file_just_too_large_is_refused(client, db):
    response = upload(client, b"x" * 5_000_001)
    assert "larger than any certificate" in shown(response)


def test_an_upload_needs_no_token(certificate):
    """It changes nothing, and a token would be checked only after reading everything."""
    client = Client(enforce_csrf_checks=True)
    assert upload(client, bytes(certificate.file.pdf)).status_code == 200


def test_the_command_says_what_a_file_certifies(certificate, tmp_path):
    path = tmp_path / "mine.pdf"
    path.write_bytes(bytes(certificate.file.pdf))
    out = StringIO()
    call_command("verify_certificate", path, stdout=out)
    assert out.getvalue() == (
        "This certificate is valid. It was issued on October 5, 2027 and still stands.\n"
        "Is its seal whole? No. It bears none: it was issued before certificates were sealed.\n"
        "Is it ours? Yes. It is a file of our register, to the last byte.\n"
        "Does it stand today? Yes. It was issued on October 5, 2027 and still stands.\n"
        f"Number: {certificate.serial}\n"
        "Name: Ada Alvarez\n"
        f"Program: Peer Coaching Program, {certificate.claims['cohort']}\n"
        "Given by: Department of Education, Services Branch\n"
        "Dates: February 1, 2027 to September 30, 2027\n"
        "Meetings: 16 hours\n"
        f"Competencies: {'; '.join(certificate.claims['competencies'])}\n"
        "Signed: Sofia Superintendent, State Superintendent of Public Instruction\n"
        "Issued: October 5, 2027\n"
    )


def refused_by_command(path) -> str:
    with pytest.raises(CommandError) as refusal:
        call_command("verify_certificate", path)
    assert refusal.value.returncode == 1
    return str(refusal.value)


def test_the_command_refuses_a_changed_byte(certificate, tmp_path):
    path = tmp_path / "changed.pdf"
    pdf = bytearray(certificate.file.pdf)
    pdf[len(pdf) // 2] ^= 1
    path.write_bytes(pdf)
    assert refused_by_command(path) == (
        "This file bears no seal. Nothing in it shows who made it. A certificate as we issue it bears our seal.\n"
        "Is its seal whole? No. It bears no seal.\n"
        "Is it ours? No. None of our seals is on it, and it is not in our register.\n"
        "Does it stand today? No. Only an unchanged file of our register stands.\n"
        "The file says nothing of itself that could be read."
    )


def test_the_command_refuses_what_no_longer_stands(certificate, branch_officer, tmp_path):
    path = tmp_path / "old.pdf"
    path.write_bytes(bytes(certificate.file.pdf))
    new = reissue(certificate=certificate, by=branch_officer, reason="Lost", now=LATER)
    assert refused_by_command(path).startswith(
        "This certificate was replaced. It was replaced by a newer one on October 6, 2027.\n"
    )
    path.write_bytes(bytes(new.file.pdf))
    revoke(certificate=new, by=branch_officer, reason="Not earned", now=LATER)
    assert refused_by_command(path).startswith(
        "This certificate was revoked. It was revoked on October 6, 2027 and no longer stands.\n"
    )


def test_the_command_refuses_what_is_no_certificate(db, tmp_path):
    assert "Cannot read" in refused_by_command(tmp_path / "missing.pdf")
    assert "Cannot read" in refused_by_command(tmp_path)
    path = tmp_path / "text.pdf"
    path.write_bytes(b"hello")
    assert "is no PDF file" in refused_by_command(path)
    path.write_bytes(b"%PDF-" + b"x" * 5_000_000)
    assert "larger than any certificate" in refused_by_command(path)
