"""The certificates' pages as people use them: accessible, valid, on a desktop and on a phone."""

import pytest
import time_machine
from django.urls import reverse

from certificates import issuing, sealing
from certificates.issuing import kept
from certificates.models import Batch, HolderName
from certificates.replacing import reissue, revoke, start_reissue
from certificates.sealing import Seal
from coaching import jobs
from coaching.signing import short_code
from meetings.models import EvaluationReceipt
from tests.applications.factories import A_SCAN
from tests.certificates.content import CONTENT
from tests.certificates.history import AFTER
from tests.certificates.seals import new_seal

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def after_the_program():
    """After the eight months; the clock goes on, as a browser expects."""
    with time_machine.travel(AFTER):
        yield AFTER


def test_pages_of_a_holder(page, sign_in, members, certificate, branch_officer, check_page):
    EvaluationReceipt.objects.filter(participant=members[1]).delete()
    for user, address in (
        (members[0].user, reverse("certificates")),
        (members[0].user, reverse("certificate", args=[certificate.pk])),
        (members[0].user, reverse("certificate_name")),
        (members[1].user, reverse("certificates")),
    ):
        sign_in(page, user)
        page.goto(address)
        check_page(page)


def test_pages_of_the_branch_office(
    page, sign_in, certificates, cohort, approved, branch_officer, check_page
):
    HolderName.objects.create(person=certificates[0].participant.user, name="Ada Cruz", written_at=AFTER)
    new = reissue(certificate=certificates[0], by=branch_officer, reason="Lost", now=AFTER)
    revoke(certificate=certificates[1], by=branch_officer, reason="Not earned", now=AFTER)
    sign_in(page, branch_officer)
    for address in (
        reverse("certificates"),
        reverse("certificate_completion", args=[cohort.pk]),
        reverse("certificate_ceremony", args=[cohort.pk]),
        reverse("certificate_batch", args=[approved.pk]),
        reverse("certificate_samples", args=[approved.pk]),
        reverse("certificate_register"),
        reverse("certificate_register") + "?q=nobody",
        reverse("certificate_register") + "?issued_from=2027-10-06&issued_to=2027-10-05",
        reverse("certificate", args=[certificates[0].pk]),
        reverse("certificate", args=[certificates[1].pk]),
        reverse("certificate_new_list", args=[approved.pk, approved.entries.first().pk]),
        reverse("certificate_reissue", args=[new.pk]),
        reverse("certificate_revoke", args=[new.pk]),
    ):
        page.goto(address)
        check_page(page)


def test_the_branch_office_has_them_signed_by_hand(page, sign_in, draft, branch_officer, check_page):
    """C3"""
    sign_in(page, branch_officer)
    page.goto(reverse("certificate_batch", args=[draft.pk]))
    check_page(page)
    page.get_by_label("By hand: an empty line is printed").check()
    page.get_by_role("button", name="Submit for approval").click()
    page.get_by_text("Signature: by hand, on each printed certificate").wait_for()
    draft.refresh_from_db()
    assert (draft.signed_by_hand, draft.status) == (True, Batch.Status.AWAITING)


def test_an_approval_on_paper_is_entered(
    page, sign_in, submitted, branch_officer, superintendent, tmp_path, check_page
):
    """C3, A15"""
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(A_SCAN)
    sign_in(page, branch_officer)
    page.goto(reverse("certificate_take_back", args=[submitted.pk]))
    check_page(page)
    page.goto(reverse("certificate_batch", args=[submitted.pk]))
    check_page(page)
    page.get_by_role("link", name="Record the signature").click()
    page.get_by_role("button", name="Record the approval").click()
    check_page(page)
    page.get_by_label("Who signed?").fill(superintendent.name)
    page.get_by_label("Signed on").fill("2027-10-05")
    page.get_by_label("Code of the list").fill(short_code(submitted.text.digest))
    page.get_by_label("Scan of the signed paper").set_input_files(scan)
    page.get_by_label("Type your own name to attest it").fill(branch_officer.name)
    page.get_by_role("button", name="Record the approval").click()
    page.get_by_text("Recorded with its scan.").wait_for()
    check_page(page)
    submitted.refresh_from_db()
    assert submitted.sign_off.on_paper


def test_the_page_looks_again_by_itself_until_the_new_one_is_there(
    page, sign_in, certificate, branch_officer, check_page
):
    job = start_reissue(certificate=certificate, by=branch_officer, reason="Lost", now=AFTER)
    sign_in(page, branch_officer)
    page.goto(reverse("certificate", args=[certificate.pk]))
    page.get_by_role("progressbar", name="Certificates done").wait_for()
    check_page(page)
    jobs.run(job.pk)
    page.get_by_role("link", name="See certificate").click()
    check_page(page)


def test_the_superintendent_reads_errs_and_signs(page, sign_in, submitted, superintendent, check_page):
    sign_in(page, superintendent)
    page.goto(reverse("certificate_signature"))
    check_page(page)
    page.goto(reverse("certificates"))
    check_page(page)
    page.get_by_role("link", name=str(submitted.cohort)).first.click()
    check_page(page)
    page.get_by_role("button", name="Sign and approve").click()
    check_page(page)
    page.context.request.get(reverse("certificate_sample", args=[submitted.pk]))
    page.get_by_label("Type your name to sign").fill(superintendent.name)
    page.get_by_role("button", name="Sign and approve").click()
    page.get_by_text("You approved the list.").wait_for()
    check_page(page)
    submitted.refresh_from_db()
    assert submitted.status == Batch.Status.APPROVED


def test_a_holder_downloads_and_a_stranger_verifies(
    page, sign_in, drawn, issued, members, tmp_path, check_page, page_errors
):
    sign_in(page, members[0].user)
    page.goto(reverse("certificate", args=[issued.pk]))
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the certificate").click()
    path = tmp_path / "certificate.pdf"
    download.value.save_as(path)
    assert path.read_bytes() == bytes(issued.file.pdf)

    page.context.clear_cookies()
    page.goto(reverse("verify"))
    check_page(page)
    page.get_by_label("Code on the certificate").fill(issued.code)
    page.get_by_role("button", name="Verify the code").click()
    page.get_by_role("heading", name="This certificate is valid").wait_for()
    check_page(page)
    page.goto(reverse("verify"))
    page.get_by_label("The certificate as a PDF file").set_input_files(path)
    page.get_by_role("button", name="Verify the file").click()
    page.get_by_role("heading", name="This certificate is valid").wait_for()
    page.goto(reverse("verify_code", args=["nobody-knows-this"]))
    check_page(page)
    assert "status of 404" in page_errors.pop()


def test_a_stranger_tries_files_that_are_no_certificate(page, check_page, page_errors, tmp_path, drawn):
    strange = issuing.sealed(CONTENT, seal=new_seal("Department of Parks"), now=AFTER)
    for pdf, heading in (
        (strange, "This file is not ours"),
        (issuing.sealed(CONTENT, seal=kept_seal(), now=AFTER) + b" ", "This file was changed"),
        (b"%PDF-1.7", "This file bears no seal"),
    ):
        (tmp_path / "file.pdf").write_bytes(pdf)
        page.goto(reverse("verify"))
        page.get_by_label("The certificate as a PDF file").set_input_files(tmp_path / "file.pdf")
        page.get_by_role("button", name="Verify the file").click()
        page.get_by_role("heading", name=heading).wait_for()
        check_page(page)
        assert "status of 404" in page_errors.pop()
    (tmp_path / "file.pdf").write_bytes(b"hello")
    page.goto(reverse("verify"))
    page.get_by_label("The certificate as a PDF file").set_input_files(tmp_path / "file.pdf")
    page.get_by_role("button", name="Verify the file").click()
    page.get_by_text("This is no PDF file.").first.wait_for()
    check_page(page)


def kept_seal() -> Seal:
    """The current one, as the register knows it."""
    seal = sealing.current()
    kept(seal, AFTER)
    return seal
