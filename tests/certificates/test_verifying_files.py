"""What a stranger learns from a sealed file: on the page, and by the command, with the register and without it."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pikepdf
import pytest
import time_machine
from django.conf import settings
from django.core.files import uploadhandler
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from certificates import apart, issuing, lost_seals, seal_check, sealing, status_list
from certificates.apart import Looked
from certificates.claims import content_of
from certificates.issuing import kept
from certificates.models import Certificate, SealCertificate
from certificates.replacing import reissue, revoke
from tests.certificates.content import CONTENT
from tests.certificates.history import AFTER
from tests.certificates.seals import Authority, new_seal, root_of
from tests.certificates.test_attached import GOOD, claiming
from tests.certificates.test_seal_check import cover_page, flipped, saved_anew, set_title, updated
from tests.certificates.test_status_list import forged_list

pytestmark = pytest.mark.usefixtures("drawn")
LATER = AFTER + timedelta(days=1)


@pytest.fixture(autouse=True)
def as_many_as_it_takes(settings) -> None:
    """The limit is tested in tests/site/test_limits.py."""
    settings.ACCOUNT_RATE_LIMITS = {"verify_file": ""}


@pytest.fixture(scope="module")
def file() -> bytes:
    """Sealed here, with what the register of the tests says of it later."""
    return issuing.sealed(CONTENT, seal=sealing.current(), now=AFTER)


@pytest.fixture
def sealed(certificate, file) -> Certificate:
    """Ada's, as the register knows it."""
    Certificate.objects.filter(pk=certificate.pk).update(
        digest=hashlib.sha256(file).hexdigest(), seal=kept(sealing.current(), AFTER)
    )
    certificate.refresh_from_db()
    return certificate


@pytest.fixture
def at_once(monkeypatch) -> None:
    """Files are looked at in this process, and not for their claims: a process for each takes most of a second."""
    look = seal_check.check
    monkeypatch.setattr(apart, "look", lambda *given, **roots: Looked(look(*given, **roots), None))


def shown(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def upload(client: Client, pdf: bytes):
    return client.post(
        reverse("verify"), {"file": SimpleUploadedFile("certificate.pdf", pdf, "application/pdf")}
    )


def page_of(client: Client, pdf: bytes, *, status: int = 404) -> str:
    response = upload(client, pdf)
    assert response.status_code == status
    if status != 503:
        assert response["Cache-Control"] == "no-store"
    return shown(response)


class TestPage:
    def test_an_issued_file_is_whole_ours_and_stands(self, client, sealed, file):
        text = page_of(client, file, status=200)
        for words in (
            "This certificate is valid",
            "Is its seal whole? Yes It was sealed by “Department of Education” on October 5, 2027. Nothing was changed",
            "Is it ours? Yes It is a file of our register, to the last byte.",
            "Does it stand today? Yes It was issued on October 5, 2027 and still stands.",
            "Ada Alvarez",
            sealed.digest,
        ):
            assert words in text

    def test_it_is_known_without_a_process_of_its_own(self, client, sealed, file, monkeypatch):
        monkeypatch.setattr(apart, "_told", lambda given: pytest.fail("It was looked at apart."))
        page_of(client, file, status=200)

    def test_what_its_seal_proves_is_looked_at_too(self, client, sealed, file, at_once):
        """Such as where the register came from a backup whose root certificates were changed."""
        SealCertificate.objects.update(chain=root_of(new_seal()).decode())
        text = page_of(client, file, status=200)
        assert "Is its seal whole? Yes It was sealed by “Department of Education” on October 5, 2027." in text
        other = b"%PDF-1.7 not sealed"
        Certificate.objects.filter(pk=sealed.pk).update(digest=hashlib.sha256(other).hexdigest())
        text = page_of(client, other, status=200)
        assert "Is its seal whole? No" in text
        assert "Is it ours? Yes" in text

    def test_a_revoked_one_is_whole_and_ours_and_stands_no_longer(self, client, sealed, file, branch_officer):
        revoke(certificate=sealed, by=branch_officer, reason="Not earned", now=LATER)
        text = page_of(client, file, status=200)
        assert "This certificate was revoked" in text
        assert "Is its seal whole? Yes" in text
        assert "Does it stand today? No It was revoked on October 6, 2027 and no longer stands." in text
        assert "Not earned" not in text

    @pytest.mark.parametrize(
        "change",
        [
            lambda file: file + b"\n",
            lambda file: updated(file, set_title),
            lambda file: updated(file, cover_page),
            lambda file: file.replace(b'"name": "Marisol', b'"name": "Mirasol'),
        ],
        ids=["a byte more", "an update of its title", "an update over its page", "its claims"],
    )
    def test_a_changed_one_of_ours_is_named_as_such(self, client, sealed, file, change):
        text = page_of(client, change(file))
        for words in (
            "This file was changed",
            "It bears our seal, but it is no longer as we sealed it. Do not rely on anything that it says.",
            "Is its seal whole? No",
            "Is it ours? No The seal is ours. The file that we put it on was another one.",
            "Does it stand today? No Only an unchanged file of our register stands.",
            "It says so of itself. Anybody can write that into a file: nothing of it is proven.",
            "Okafor-Reyes",
        ):
            assert words in text

    def test_no_single_bit_passes(self, client, sealed, file, at_once):
        for bit in range(8007, 8 * len(file), 8 * len(file) // 100):
            assert "Is it ours? No" in page_of(client, flipped(file, bit))

    def test_a_page_swapped(self, client, sealed, file, at_once):
        with pikepdf.open(io.BytesIO(file)) as source:
            drawn = source.pages[0].Contents.read_bytes()

        def cross_out(opened: pikepdf.Pdf) -> None:
            opened.pages[0].Contents = opened.make_stream(drawn + b" 0 0 m 9 9 l S")

        text = page_of(client, saved_anew(file, cross_out))
        assert "Is its seal whole? No" in text
        assert "Is it ours? No" in text

    def test_one_with_our_seal_that_nobody_issued(self, client, sealed, at_once):
        """Such as one whose issue was broken off, or one of a database that was lost."""
        other = issuing.sealed(CONTENT, seal=sealing.current(), now=LATER)
        text = page_of(client, other)
        for words in (
            "We did not issue this file",
            "Is its seal whole? Yes",
            "Is it ours? No The seal is ours. The file is not in our register.",
            "Does it stand today? No",
        ):
            assert words in text
        assert "was lost" not in text

    def test_one_with_a_seal_of_ours_whose_key_was_lost(self, client, sealed, file, superintendent, at_once):
        lost_seals.record(seals=[sealed.seal], by=superintendent, reason="A stolen laptop", now=LATER)
        text = page_of(client, issuing.sealed(CONTENT, seal=sealing.current(), now=AFTER))
        assert "We did not issue this file" in text
        assert "The key of the seal was lost to somebody else on October 6, 2027" in text
        assert "laptop" not in text
        assert "This certificate is valid" in page_of(client, file, status=200)  # the register knows it

    @pytest.mark.parametrize("name", ["Department of Education", "Department of Parks"])
    def test_one_of_another_site_or_key(self, client, sealed, name, at_once):
        text = page_of(client, issuing.sealed(CONTENT, seal=new_seal(name), now=AFTER))
        for words in (
            "This file is not ours",
            f"with the key of somebody else, who calls themself “{name}”",
            f"Is its seal whole? Yes It was sealed by “{name}” on October 5, 2027.",
            "Is it ours? No None of our seals is on it",
            "Does it stand today? No",
        ):
            assert words in text

    def test_one_without_a_seal(self, client, sealed, file):
        text = page_of(client, b"%PDF-1.7\nhello")
        assert "This file bears no seal" in text
        assert (
            "It says nothing in the form in which our certificates do, or nothing that could be read." in text
        )

    def test_a_certificate_of_ours_that_a_changed_file_names_is_led_to(self, client, sealed, file):
        content = content_of(sealed.claims, serial=sealed.serial, code=sealed.code)
        named = issuing.sealed(content, seal=sealing.current(), now=AFTER)
        response = upload(client, named + b" ")
        assert f'href="{reverse("verify_code", args=[sealed.code])}"' in response.content.decode()
        elsewhere = upload(client, file + b" ").content.decode()
        assert "See that certificate" not in elsewhere
        assert "coaching.example.org" not in elsewhere

    def test_code_of_a_stranger_is_text(self, client, sealed):
        name = '<script>alert("x")</script>'
        forged = issuing.sealed(
            content_of(sealed.claims | {"name": name}, serial="1", code="x"), seal=new_seal(), now=AFTER
        )
        answer = upload(client, forged).content.decode()
        assert "<script>alert" not in answer
        assert "&lt;script&gt;alert" in answer

    def test_a_name_of_a_stranger_shows_no_letters_that_are_unseen(self, client, sealed, at_once):
        forged = issuing.sealed(CONTENT, seal=new_seal("x”\u202e evil"), now=AFTER)
        assert "calls themself “x” evil”" in page_of(client, forged)

    def test_claims_with_half_a_character_are_none(self, client, db):
        pdf = claiming(json.dumps(GOOD | {"name": "Ada \ud800"}).encode())
        assert "nothing that could be read" in page_of(client, pdf)

    def test_while_others_files_are_looked_at_it_says_so(self, client, db, monkeypatch):
        with apart._one_at_a_time():
            monkeypatch.setattr(apart, "PATIENCE", 0.1)
            text = page_of(client, b"%PDF-1.7", status=503)
        assert "Other files are being looked at just now. Try again in a minute." in text

    def test_one_that_takes_too_long_is_not_called_damaged(self, client, db, monkeypatch):
        monkeypatch.setattr(apart, "_told", lambda given: b"")
        text = page_of(client, b"%PDF-1.7")
        assert "This file could not be looked at" in text
        assert "takes longer, or more memory, than any certificate does" in text

    @pytest.mark.parametrize("length", ["abc", "", "-1", "²", "9" * 30])
    def test_a_length_that_is_none_is_no_fault_of_ours(self, client, db, length):
        answer = client.generic("POST", reverse("verify"), b"x", CONTENT_LENGTH=length)
        assert answer.status_code in (200, 413)

    @pytest.mark.parametrize(
        ("pdf", "says"),
        [
            (b"", "This file is empty. Choose the PDF file you were given."),
            (b"GIF89a", "This is no PDF file. Choose the PDF file you were given."),
            (b"x" * 5_000_001, "This file is larger than any certificate."),
        ],
    )
    def test_what_is_no_file_to_look_at_is_said_beside_the_field(self, client, db, pdf, says):
        response = upload(client, pdf)
        assert response.status_code == 200
        assert says in shown(response)

    def test_a_large_upload_stays_in_memory(self, client, db, monkeypatch, at_once):
        assert settings.FILE_UPLOAD_MAX_MEMORY_SIZE < 4_900_000
        monkeypatch.setattr(uploadhandler, "TemporaryUploadedFile", lambda *_: pytest.fail("On a disk."))
        assert "This file bears no seal" in page_of(client, b"%PDF-1.7\n" + b" " * 4_900_000)

    def test_a_file_costs_the_same_queries_known_or_not(
        self, client, sealed, file, at_once, django_assert_num_queries
    ):
        with django_assert_num_queries(1):
            upload(client, file)
        for other in (b"%PDF-1.7\n", file + b"\n"):
            with django_assert_num_queries(2):
                upload(client, other)


class TestByCode:
    def test_the_page_says_who_issued_and_sealed_it_and_when(self, client, sealed):
        text = shown(client.get(reverse("verify_code", args=[sealed.code])))
        assert "Issued October 5, 2027, 11:00 a.m., by Services Branch" in text
        assert "Sealed October 5, 2027, 11:00 a.m., with the key of “Department of Education”" in text
        assert f"Root of the seal (SHA-256) {sealing.current().root_fingerprint}" in text
        assert f"Digest of the file (SHA-256) {sealed.digest}" in text

    def test_the_page_says_who_ended_it_and_when(self, client, sealed, branch_officer):
        reissue(certificate=sealed, by=branch_officer, reason="Lost", now=LATER)
        text = shown(client.get(reverse("verify_code", args=[sealed.code])))
        assert "Superseded October 6, 2027, 11:00 a.m., by Services Branch" in text
        assert branch_officer.name not in text

    def test_a_program_reads_whose_seal_it_is(self, client, sealed):
        told = client.get(reverse("verify_json", args=[sealed.code])).json()
        seal = sealing.current()
        assert told["seal"] == {
            "owner": "Department of Education",
            "sha256": seal.fingerprint,
            "root_sha256": seal.root_fingerprint,
        }


@pytest.fixture
def published(client, sealed, file, tmp_path) -> Iterator[Path]:
    """A folder with what a stranger took along: the file, the seals, and the list. It is the day of the list."""
    status_list.make(now=LATER)
    take_along(client, tmp_path)
    (tmp_path / "certificate.pdf").write_bytes(file)
    with time_machine.travel(LATER, tick=False):
        yield tmp_path


def take_along(client, folder: Path) -> None:
    for name in ("seals.pem", "status.p7m"):
        (folder / name).write_bytes(client.get(f"/verify/{name}").content)


def verify(folder: Path, *options: str, name: str = "certificate.pdf") -> tuple[int, str]:
    out = StringIO()
    paths = [str(folder / option) if "." in option else option for option in options]
    try:
        call_command("verify_certificate", str(folder / name), *paths, stdout=out)
    except CommandError as refusal:
        return refusal.returncode, str(refusal)
    return 0, out.getvalue()


ALONE = ("--seals", "seals.pem")
LISTED = (*ALONE, "--status-list", "status.p7m")


class TestCommandAlone:
    def test_with_the_list_it_says_how_the_file_stood_that_day(self, published):
        code, told = verify(published, *LISTED)
        assert code == 0
        assert told.splitlines()[:5] == [
            "Its seal is whole. It was sealed by “Department of Education” on October 5, 2027.",
            f"Seal (SHA-256): {sealing.current().fingerprint}",
            "It stands by the list that “Department of Education” signed on October 6, 2027, 11:00 PDT.",
            "Number: 2027-001-0001",
            "Name: Marisol Okafor-Reyes",
        ]

    def test_needs_no_database_at_all(self, published):
        nowhere = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}
        command = [sys.executable, "manage.py", "verify_certificate", published / "certificate.pdf"]

        def run(*options: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [*command, *options],
                cwd=settings.BASE_DIR,
                env=nowhere | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
                capture_output=True,
                text=True,
            )

        taken = ("--seals", published / "seals.pem", "--status-list", published / "status.p7m")
        alone = run(*taken, "--as-of", "2027-10-06")
        assert (alone.returncode, alone.stderr) == (0, "")
        assert "It stands by the list" in alone.stdout
        asked = run()
        assert asked.returncode == 1
        assert "The register cannot be reached. With --seals and --status-list" in asked.stderr


@pytest.mark.usefixtures("at_once")
class TestWhatTheCommandSays:
    def test_with_the_seals_alone_it_is_whole_and_no_more(self, published):
        code, told = verify(published, *ALONE)
        assert code == 2
        assert "Its seal is whole." in told
        assert "Whether it still stands is not known: name a status list with --status-list." in told

    def test_asks_no_register(self, published, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert verify(published, *LISTED)[0] == 0

    def test_what_was_revoked_stands_no_longer_by_a_newer_list(self, published, sealed, branch_officer):
        revoke(certificate=sealed, by=branch_officer, reason="Not earned", now=LATER)
        assert verify(published, *LISTED)[0] == 0  # as far as the old list goes
        (published / "status.p7m").write_bytes(bytes(status_list.make(now=LATER).signed))
        code, told = verify(published, *LISTED)
        assert code == 1
        assert "It no longer stands: by the list that “Department of Education” signed on" in told
        assert "it was revoked." in told

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda file: file + b" ", "Something was added to it after it was sealed."),
            (lambda file: flipped(file, 9999), "It was changed after it was sealed."),
            (lambda file: b"%PDF-1.7\n", "It bears no seal."),
            (
                lambda file: issuing.sealed(CONTENT, seal=new_seal(), now=AFTER),
                "it is none of these seals",
            ),
            (lambda file: b"hello", "is no PDF file"),
        ],
    )
    def test_anything_else_certifies_nothing(self, published, file, change, says):
        (published / "other.pdf").write_bytes(change(file))
        code, told = verify(published, *LISTED, name="other.pdf")
        assert code == 1
        assert says in told

    def test_a_file_that_is_not_in_the_list_does_not_stand(self, published):
        for at, says in (
            (AFTER - timedelta(days=1), "is not in the list"),
            (LATER + timedelta(days=1), "Take a newer list"),
        ):
            (published / "other.pdf").write_bytes(issuing.sealed(CONTENT, seal=sealing.current(), now=at))
            code, told = verify(published, *LISTED, name="other.pdf")
            assert code == 1
            assert says in told

    def test_a_list_of_somebody_else_is_refused(self, published):
        (published / "status.p7m").write_bytes(new_seal().around(b"{}", now=AFTER))
        code, told = verify(published, *LISTED)
        assert (code, "cannot be relied on" in told) == (1, True)

    def test_a_list_needs_the_seals(self, published):
        code, told = verify(published, "--status-list", "status.p7m")
        assert (code, told) == (1, "A status list is checked with the seals: name them with --seals.")

    @pytest.mark.parametrize("missing", ["seals.pem", "status.p7m", "certificate.pdf"])
    def test_a_file_that_is_not_there_is_named(self, published, missing):
        (published / missing).unlink()
        code, told = verify(published, *LISTED)
        assert (code, told) == (1, f"Cannot read {published / missing}: No such file or directory.")

    @pytest.mark.parametrize(
        "pem", [b"", b"# No certificate was sealed yet.\n", b"hello", b"%PDF-1.7", b"-----BEGIN"]
    )
    def test_another_file_than_that_of_the_seals_is_not_the_fault_of_the_certificate(self, published, pem):
        (published / "seals.pem").write_bytes(pem)
        for options in (ALONE, LISTED):
            code, told = verify(published, *options)
            assert code == 1
            assert told == (
                f"{published / 'seals.pem'} is another file than that of the seals, or there is no seal in it. "
                "Take it anew from /verify/seals.pem."
            )

    def test_the_file_of_the_roots_in_its_place_is_told_from_that_of_the_seals(self, client, published):
        (published / "seals.pem").write_bytes(client.get(reverse("verify_roots")).content)
        code, told = verify(published, *ALONE)
        assert (code, "Take the file of the seals, which is published at /verify/seals.pem." in told) == (
            1,
            True,
        )

    def test_where_every_seal_was_lost_it_says_what_is_left_to_do(
        self, client, published, sealed, superintendent
    ):
        lost_seals.record(seals=[sealed.seal], by=superintendent, reason="Stolen", now=LATER)
        take_along(client, published)
        code, told = verify(published, *LISTED)
        assert code == 1
        assert "names seals that were lost to somebody else, and no other one." in told
        assert "when the department has its next seal" in told

    def test_a_seal_that_was_replaced_goes_on_verifying_what_it_sealed(self, client, published):
        kept(new_seal("Department of Education"), LATER)
        take_along(client, published)
        assert seal_check.published((published / "seals.pem").read_bytes()).seals[1:]
        assert verify(published, *LISTED)[0] == 0

    def test_the_seal_of_somebody_else_does_not_vouch(self, published):
        (published / "seals.pem").write_bytes(new_seal().chain_pem)
        code, told = verify(published, *ALONE)
        assert (code, "it is none of these seals" in told) == (1, True)

    def test_another_certificate_under_the_same_root_does_not_vouch(self, published):
        """Not for a file, nor for a list."""
        authority = Authority()
        ours, other = (authority.seal("Department of Education") for _ in range(2))
        (published / "seals.pem").write_bytes(ours.chain_pem)
        for seal, code in ((ours, 2), (other, 1)):
            (published / "other.pdf").write_bytes(issuing.sealed(CONTENT, seal=seal, now=AFTER))
            assert verify(published, *ALONE, name="other.pdf")[0] == code
        (published / "status.p7m").write_bytes(forged_list(other, made_at=LATER, signed_at=LATER))
        assert "signed with none of the published seals" in verify(published, *LISTED)[1]

    def test_an_old_list_leaves_open_whether_it_stands_but_for_its_own_days(self, published):
        with time_machine.travel(LATER + timedelta(days=8), tick=False):
            code, told = verify(published, *LISTED)
            assert code == 2
            assert (
                "11:00 PDT, which is good until October 13, 2027. Whether it stands on October 14, 2027 is not known: "
                "take a newer list, or ask about a day of that list with --as-of." in told
            )
            for day, code in (
                ("2027-10-04", 2),
                ("2027-10-06", 0),
                ("2027-10-13", 0),
                ("2027-10-14", 2),
            ):
                assert verify(published, *LISTED, "--as-of", day)[0] == code, day

    def test_a_day_that_is_none_is_said(self, published):
        code, told = verify(published, *LISTED, "--as-of", "yesterday")
        assert (code, "write the day as 2027-10-05" in told) == (1, True)
        assert "name it with --status-list" in verify(published, *ALONE, "--as-of", "2027-10-06")[1]

    def test_of_a_lost_seal_that_alone_counts_which_a_list_of_another_seal_names(
        self, client, published, sealed, superintendent, monkeypatch
    ):
        lost = sealing.current()
        (published / "forged.pdf").write_bytes(issuing.sealed(CONTENT, seal=lost, now=AFTER))
        lost_seals.record(seals=[sealed.seal], by=superintendent, reason="Stolen", now=LATER)
        monkeypatch.setattr(sealing, "current", new_seal)
        status_list.make(now=LATER)
        take_along(client, published)
        assert verify(published, *LISTED)[0] == 0
        assert verify(published, *ALONE)[0] == 1
        code, told = verify(published, *LISTED, name="forged.pdf")
        assert code == 1
        assert (
            "its key was lost to somebody else on October 6, 2027, and the list does not name this file"
            in told
        )
        (published / "status.p7m").write_bytes(forged_list(lost, made_at=LATER, signed_at=LATER))
        assert "signed with none of the published seals" in verify(published, *LISTED)[1]
