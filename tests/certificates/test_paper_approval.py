"""A list that was approved on paper, and what the branch office records of it (C3, A15)."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from certificates import paper_approval
from certificates.approval import (
    AlreadyApproved,
    ListChanged,
    NotSubmitted,
    NotTheApprover,
    OnTheList,
    return_batch,
    submit_for_approval,
    take_back,
)
from certificates.issuing import issue_batch
from certificates.models import Batch
from certificates.paper_approval import AnotherList, NotThatDay
from coaching import paper, signing
from coaching.models import AuditEvent, Message, RoleAssignment, Scan, SignOff
from coaching.permissions import NotYourCohort
from coaching.signature_trail import differences
from coaching.signing import NameDoesNotMatch
from tests.applications.factories import A_SCAN
from tests.certificates.history import AFTER, approve, delegate_to

pytestmark = pytest.mark.usefixtures("plain_not_found")

LATER = AFTER + timedelta(days=3)
DAY = date(2027, 10, 7)


def code_of(batch: Batch) -> str:
    return signing.short_code(batch.text.digest)


@pytest.fixture
def record(submitted, superintendent, branch_officer):
    """record(…): what stands on the paper, recorded three days after the list was submitted."""

    def do(**changes) -> Batch:
        values = {
            "batch": submitted,
            "signer": superintendent,
            "signed_date": DAY,
            "code": code_of(submitted),
            "attested": paper.Attested(A_SCAN, branch_officer.name),
            "by": branch_officer,
            "now": LATER,
        }
        return paper_approval.record(**{**values, **changes})

    return do


def test_it_is_recorded_like_a_sign_off_with_its_scan(record, submitted, superintendent, branch_officer):
    """C3, A15"""
    batch = record()
    signature = batch.sign_off
    assert batch.status == Batch.Status.APPROVED
    assert (signature.text, signature.signer, signature.on_behalf_of) == (
        submitted.text,
        superintendent,
        None,
    )
    assert signature.capacity == "State Superintendent of Public Instruction"
    assert "I have read this list and seen a sample." in signature.statement
    assert (signature.on_paper, signature.attested_by, signature.attested_at) == (True, branch_officer, LATER)
    assert signature.signed_at.date() == DAY
    assert bytes(signature.scan.content) == A_SCAN
    event = AuditEvent.objects.get(action="batch.approved")
    assert event.actor == branch_officer
    assert event.payload.data["scan"] == signature.scan.sha256
    assert list(differences()) == []


def test_the_certificates_are_issued_after_it(record):
    assert issue_batch(batch=record(), by=None, now=LATER).issued == 3


def test_a_delegate_with_an_order_for_that_day_signs_with_both_names(record, org, outsider, superintendent):
    order = delegate_to(outsider, org, start_date=DAY, end_date=DAY)
    signature = record(signer=outsider).sign_off
    assert (signature.on_behalf_of, signature.delegation) == (superintendent, order)
    assert signature.capacity == "delegate of the State Superintendent of Public Instruction"


@pytest.mark.parametrize("away", [-1, 1])
def test_an_order_counts_on_the_day_of_the_paper_and_on_no_other(record, org, outsider, away):
    other = DAY + timedelta(days=away)
    delegate_to(outsider, org, start_date=other, end_date=other)
    with pytest.raises(
        NotTheApprover, match="Otto Outsider could not approve certificates on October 7, 2027"
    ):
        record(signer=outsider)


@pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{plain}"])
def test_the_code_is_compared_however_it_is_typed(record, submitted, typed):
    code = code_of(submitted)
    written = typed.format(code, lower=code.lower(), plain=code.replace("-", ""))
    assert record(code=written).status == Batch.Status.APPROVED


def test_a_paper_of_another_list_is_refused(record, submitted):
    """Without the right code, which only the signed paper tells."""
    with pytest.raises(AnotherList, match="print it anew") as refused:
        record(code="0000-0000")
    assert code_of(submitted) not in str(refused.value)
    assert not SignOff.objects.exists()
    assert not Scan.objects.exists()


def test_one_that_was_sent_back_meanwhile_is_refused(record, submitted, superintendent):
    return_batch(batch=submitted, by=superintendent, reason="One is missing.", now=LATER)
    with pytest.raises(NotSubmitted, match="sent back after it was printed"):
        record(code="1234-5678")


def test_a_paper_from_before_it_was_sent_back_is_refused(
    record, submitted, members, branch_officer, superintendent
):
    """The list was changed and submitted anew: it has another text, and so another code."""
    printed = code_of(submitted)
    batch = return_batch(batch=submitted, by=superintendent, reason="Ada’s name.", now=AFTER)
    batch.entries.filter(participant=members[0]).update(name="Ada Álvarez")
    members[0].user.name = "Ada Álvarez"
    members[0].user.save()
    submit_for_approval(batch=batch, by=branch_officer, now=AFTER)
    with pytest.raises(AnotherList):
        record(code=printed)


def test_a_list_that_no_longer_matches_its_text_is_refused(record, submitted):
    submitted.entries.filter(name="Ada Alvarez").update(name="Eve Evil")
    with pytest.raises(ListChanged):
        record()


def test_nobody_on_the_list_signs_it(record, members, org):
    delegate_to(members[0].user, org)
    with pytest.raises(OnTheList, match="Ada Alvarez is on this list"):
        record(signer=members[0].user)


@pytest.mark.parametrize(
    "day", [date(2027, 10, 4), date(2027, 10, 9)], ids=["before it was submitted", "ahead"]
)
def test_a_day_on_which_it_cannot_have_been_signed_is_refused(record, day):
    with pytest.raises(NotThatDay):
        record(signed_date=day)


@pytest.mark.parametrize("who", ["outsider", "deputy", "superintendent", "administrator"])
def test_only_the_branch_office_records_it(request, record, who):
    by = request.getfixturevalue(who)
    with pytest.raises(NotYourCohort):
        record(by=by, attested=paper.Attested(A_SCAN, by.name))


def test_an_officer_on_the_list_does_not_record_it(record, members):
    """T10"""
    officer = members[0].user
    RoleAssignment.objects.create(
        user=officer,
        office=RoleAssignment.Office.BRANCH_OFFICE,
        unit=members[0].cohort.branch,
        start_date=date(2027, 1, 1),
    )
    with pytest.raises(NotYourCohort):
        record(by=officer, attested=paper.Attested(A_SCAN, officer.name))


def test_nobody_attests_their_own_signature(record, org, branch_officer):
    delegate_to(branch_officer, org)
    with pytest.raises(paper.NotAttested):
        record(signer=branch_officer)


@pytest.mark.parametrize(
    ("scan", "name", "refusal"),
    [(b"GIF89a", "Bo Branchoffice", paper.NotAScan), (A_SCAN, "Somebody Else", NameDoesNotMatch)],
    ids=["no scan", "another name"],
)
def test_it_takes_a_scan_and_the_officers_own_name(record, submitted, scan, name, refusal):
    with pytest.raises(refusal):
        record(attested=paper.Attested(scan, name))
    submitted.refresh_from_db()
    assert submitted.status == Batch.Status.AWAITING
    assert not Scan.objects.exists()


def test_recorded_twice_it_is_one(record):
    first = record()
    assert record().sign_off_id == first.sign_off_id
    assert (SignOff.objects.count(), Scan.objects.count()) == (1, 1)
    assert AuditEvent.objects.filter(action="batch.approved").count() == 1


def test_after_an_approval_here_the_paper_is_not_recorded(record, submitted, superintendent):
    approve(submitted, superintendent)
    with pytest.raises(AlreadyApproved):
        record()


def test_after_the_paper_a_delegate_is_told_that_it_is_done(record, org, outsider):
    delegate_to(outsider, org)
    batch = record()
    with pytest.raises(AlreadyApproved, match="Sofia Superintendent approved this list already"):
        approve(batch, outsider)


def test_whoever_submitted_it_is_told_unless_they_recorded_it(record, branch_officer):
    record()
    assert not Message.objects.filter(kind="certificates.batch_approved").exists()


class TestTakingBack:
    def test_the_branch_office_makes_it_a_draft_again(self, submitted, branch_officer):
        batch = take_back(batch=submitted, by=branch_officer, reason="Came back unsigned.", now=LATER)
        assert (batch.status, batch.text, batch.returned_reason) == (
            Batch.Status.DRAFT,
            None,
            "Came back unsigned.",
        )
        assert (batch.returned_by, batch.taken_back) == (branch_officer, True)
        take_back(batch=submitted, by=branch_officer, reason="Again.", now=LATER)
        assert AuditEvent.objects.filter(action="batch.taken_back").count() == 1

    def test_an_approved_one_stays(self, approved, branch_officer):
        with pytest.raises(AlreadyApproved):
            take_back(batch=approved, by=branch_officer, reason="x", now=LATER)

    @pytest.mark.parametrize("who", ["outsider", "deputy", "superintendent"])
    def test_it_is_the_branch_offices(self, request, submitted, who):
        with pytest.raises(NotYourCohort):
            take_back(batch=submitted, by=request.getfixturevalue(who), reason="x", now=LATER)


class TestPages:
    def send(self, client, batch, officer, **changes):
        client.force_login(officer)
        data = {
            "signer": "Sofia Superintendent",
            "signed_date": AFTER.date().isoformat(),
            "code": code_of(batch),
            "scan": SimpleUploadedFile("scan.pdf", A_SCAN),
            "attested_name": officer.name,
        }
        return client.post(reverse("certificate_signed", args=[batch.pk]), {**data, **changes})

    def test_it_is_entered_and_its_scan_is_read_back(self, client, submitted, branch_officer, superintendent):
        response = self.send(client, submitted, branch_officer)
        assert response["Location"] == reverse("certificate_batch", args=[submitted.pk])
        page = client.get(response["Location"]).content.decode()
        assert "On paper" in page
        assert f"{branch_officer}, Tuesday, October 5, 2027" in page
        for reader in (branch_officer, superintendent):
            client.force_login(reader)
            scan = client.get(reverse("certificate_scan", args=[submitted.pk]))
            assert (scan.content, scan["X-Content-Type-Options"]) == (A_SCAN, "nosniff")
            assert scan["Content-Disposition"].startswith("attachment")

    @pytest.mark.parametrize("who", ["outsider", "deputy", "administrator"])
    def test_nobody_else_reads_the_scan(self, request, client, submitted, branch_officer, who):
        self.send(client, submitted, branch_officer)
        client.force_login(request.getfixturevalue(who))
        assert client.get(reverse("certificate_scan", args=[submitted.pk])).status_code == 404

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"code": "0000-0000"}, "code"),
            ({"signed_date": "2027-10-01"}, "signed_date"),
            ({"signer": "Otto Outsider"}, "signer"),
            ({"attested_name": "Somebody Else"}, "attested_name"),
            ({"scan": SimpleUploadedFile("scan.gif", b"GIF89a")}, "scan"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(
        self, client, submitted, branch_officer, outsider, changes, field
    ):
        response = self.send(client, submitted, branch_officer, **changes)
        assert field in response.context["form"].errors
        assert response.context["form"]["signed_date"].value() == changes.get("signed_date", "2027-10-05")
        submitted.refresh_from_db()
        assert submitted.status == Batch.Status.AWAITING

    def test_where_nothing_waits_it_leads_back(self, client, approved, branch_officer):
        client.force_login(branch_officer)
        for name in ("certificate_signed", "certificate_packet"):
            response = client.get(reverse(name, args=[approved.pk]))
            assert response["Location"] == reverse("certificate_batch", args=[approved.pk])

    def test_it_is_taken_back_with_the_reason(self, client, submitted, branch_officer):
        client.force_login(branch_officer)
        address = reverse("certificate_take_back", args=[submitted.pk])
        assert "This field is required." in client.post(address, {"reason": " "}).content.decode()
        client.post(address, {"reason": "Came back unsigned."})
        submitted.refresh_from_db()
        assert (submitted.status, submitted.returned_reason) == ("draft", "Came back unsigned.")

    def test_its_page_asks_for_and_shows_the_offices_own_words(self, client, submitted, branch_officer):
        client.force_login(branch_officer)
        address = reverse("certificate_take_back", args=[submitted.pk])
        asked = client.get(address).content.decode()
        assert "Why it is taken back" in asked
        assert "put right" not in asked
        page = client.post(address, {"reason": "Came back unsigned."}, follow=True).content.decode()
        assert "Bo Branchoffice of the branch office took this list back: Came back unsigned." in page
        assert "sent back" not in page
