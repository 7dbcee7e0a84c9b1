"""Every eligible participant exactly one certificate (C1, C2, C3, C4, F3)."""

import hashlib
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from certificates import issuing, lost_seals, names, preview, printable, seal_check, sealing, tasks
from certificates.approval import choose_signing, propose_batch, submit_for_approval
from certificates.issuing import (
    NotApproved,
    NotAsApproved,
    issue_batch,
    next_serial,
    start_issue,
)
from certificates.mails import certificate_issued
from certificates.models import Batch, Certificate, CertificateFile, SerialCounter, SignaturePicture
from certificates.rendering import CertificateContent
from certificates.replacing import reissue
from certificates.seal_keys import NoSealKey
from coaching import enrollment, jobs
from coaching.models import AuditEvent, Delegation, Job, Message, Participant, User
from coaching.permissions import NotYourCohort
from meetings import attendance
from meetings.models import Attendance, EvaluationReceipt, Meeting, ProjectText
from tests.certificates.content import text_of
from tests.certificates.history import AFTER, approve, attend, delegate_to
from tests.constraints import refused_by
from tests.remembering import remembered

LATER = AFTER + timedelta(days=1)


def issue(batch, by=None):
    return issue_batch(batch=batch, by=by, now=AFTER)


def test_everybody_on_an_approved_list_gets_one(approved, members, branch_officer):
    """C2"""
    outcome = issue(approved, branch_officer)
    assert outcome.as_json() == {"issued": 3, "already": 0, "left": 0, "refused": {}}
    year, cohort = approved.cohort.first_month.year, approved.cohort.pk
    assert list(Certificate.objects.order_by("serial").values_list("participant", "serial", "status")) == [
        (members[0].pk, f"{year}-{cohort:03d}-0001", "valid"),
        (members[1].pk, f"{year}-{cohort:03d}-0002", "valid"),
        (members[2].pk, f"{year}-{cohort:03d}-0003", "valid"),
    ]
    assert AuditEvent.objects.filter(action="certificate.issued", actor=branch_officer).count() == 3


def test_what_is_issued_is_stored_with_its_digest_and_every_claim(drawn, issued, members):
    pdf = bytes(issued.file.pdf)
    assert issued.digest == hashlib.sha256(pdf).hexdigest()
    assert issued.claims == {
        "name": "Ada Alvarez",
        "program": "Peer Coaching Program",
        "cohort": str(members[0].cohort),
        "department": "Department of Education",
        "branch": "Services Branch",
        "start_date": "2027-02-01",
        "end_date": "2027-09-30",
        "competencies": [
            "Fostering a Team Environment",
            "Creating Organizational Transformation",
            "Maximizing Performance Results",
            "Building Trust and Accountability",
            "Promoting a High Performance Culture",
            "Building Coalitions",
        ],
        "hours": "16.00",
        "signatory_name": "Sofia Superintendent",
        "signatory_title": "State Superintendent of Public Instruction",
        "approved_by": "",
        "signed_by_hand": False,
        "issued_date": "2027-10-05",
        "language": "en-US",
    }
    text = text_of(pdf)
    for printed in ("Ada Alvarez", issued.serial, issued.code, "Sofia Superintendent", "16 hours"):
        assert printed in text


def test_codes_are_secret_and_differ(issued):
    codes = set(Certificate.objects.values_list("code", flat=True))
    assert len(codes) == 3
    assert {len(code) for code in codes} == {27}


def test_the_participant_has_completed_and_gets_a_link_not_the_file(issued, members):
    members[0].refresh_from_db()
    assert (members[0].status, members[0].completed_at) == (Participant.Status.COMPLETED, AFTER)
    mail = Message.objects.get(kind="certificates.issued", recipient=members[0].user)
    assert mail.ids == {"certificate_id": issued.pk}


def test_issuing_again_gives_nobody_a_second_one(issued, approved):
    digests = sorted(Certificate.objects.values_list("digest", flat=True))
    outcome = issue(approved)
    assert outcome.as_json() == {"issued": 0, "already": 3, "left": 0, "refused": {}}
    assert sorted(Certificate.objects.values_list("digest", flat=True)) == digests
    assert Message.objects.filter(kind="certificates.issued").count() == 3


def test_an_issue_that_was_stopped_half_way_goes_on(approved):
    def stop(done, total):
        if done == 2:
            raise jobs.Cancelled

    with pytest.raises(jobs.Cancelled):
        issue_batch(batch=approved, by=None, now=AFTER, report=stop)
    assert Certificate.objects.count() == 2
    assert issue(approved).as_json() == {"issued": 1, "already": 2, "left": 0, "refused": {}}


@pytest.mark.parametrize("state", ["draft", "submitted"])
def test_nothing_is_issued_without_the_approval(request, state):
    """C3"""
    batch = request.getfixturevalue(state)
    with pytest.raises(NotApproved):
        issue(batch)
    with pytest.raises(NotApproved):
        start_issue(batch=batch, by=None, now=AFTER)
    assert not Certificate.objects.exists()


def test_who_no_longer_meets_the_commitment_is_passed_over_with_the_reason(approved, members):
    """C1, C2: attendance and evaluations can still be corrected between approval and issue."""
    EvaluationReceipt.objects.filter(participant=members[1]).first().delete()
    outcome = issue(approved)
    assert (outcome.issued, outcome.refused) == (
        2,
        {f"Ben Brooks ({members[1].pk})": "1 evaluation to fill in."},
    )
    members[1].refresh_from_db()
    assert members[1].status == Participant.Status.ACTIVE


def test_who_left_gets_none(approved, members, branch_officer):
    """F3"""
    enrollment.leave(participant=members[0], by=members[0].user, reason="Moved away", now=AFTER)
    assert issue(approved).refused == {f"Ada Alvarez ({members[0].pk})": "Left the program."}
    assert not members[0].certificates.exists()


def test_who_leaves_while_theirs_is_drawn_gets_none(approved, members, monkeypatch):
    """F3: the state is read again, under a lock, before the certificate is stored."""
    drawn = issuing.file_of

    def leaves_meanwhile(content, **how):
        enrollment.leave(participant=members[0], by=members[0].user, reason="Moved away", now=AFTER)
        return drawn(content, **how)

    monkeypatch.setattr(issuing, "file_of", leaves_meanwhile)
    assert issue(approved).refused[f"Ada Alvarez ({members[0].pk})"] == "Left the program."
    assert not members[0].certificates.exists()


def test_whose_attendance_is_corrected_while_theirs_is_drawn_gets_none(
    approved, members, branch_officer, monkeypatch
):
    """C2: where somebody stands is read again too."""
    drawn, meeting = issuing.file_of, Meeting.objects.get(month=3)

    def corrected_meanwhile(content, **how):
        attendance.correct(
            meeting=meeting,
            participant=members[0],
            status="absent",
            reason="Was away",
            by=branch_officer,
            now=AFTER,
        )
        return drawn(content, **how)

    monkeypatch.setattr(issuing, "file_of", corrected_meanwhile)
    outcome = issue(approved)
    assert outcome.issued == 2
    assert outcome.refused == {f"Ada Alvarez ({members[0].pk})": "No meeting attended in April 2027."}
    members[0].refresh_from_db()
    assert members[0].status == Participant.Status.ACTIVE


def test_the_outcome_of_the_project_is_no_condition(approved, members):
    """C4"""
    assert not ProjectText.objects.filter(kind="outcome").exists()
    assert issue(approved).issued == 3


def test_a_name_that_cannot_be_printed_stops_nobody_else(
    drawn, cohort, members, branch_officer, superintendent, monkeypatch
):
    monkeypatch.setattr(printable, "unwritable", lambda names: {})  # by a font that was taken away since
    User.objects.filter(pk=members[1].user_id).update(name="Ben \U0010fffd")
    draft = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    outcome = issue(approve(submit_for_approval(batch=draft, by=branch_officer, now=AFTER), superintendent))
    assert outcome.issued == 2
    assert list(outcome.refused) == [f"Ben \U0010fffd ({members[1].pk})"]
    assert "No installed font" in next(iter(outcome.refused.values()))


def test_a_name_with_a_word_of_pdf_stops_nobody_and_is_printed(
    drawn, cohort, members, branch_officer, superintendent
):
    names.write(person=members[0].user, name="Ada /ByteRange Alvarez", said="", now=AFTER)
    draft = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    batch = approve(submit_for_approval(batch=draft, by=branch_officer, now=AFTER), superintendent)
    assert issue(batch).issued == 3
    certificate = members[0].certificates.get()
    pdf = bytes(certificate.file.pdf)
    assert seal_check.check(pdf, [certificate.seal.root]).is_trusted
    assert "Ada /ByteRange Alvarez" in text_of(pdf)


class TestAsApproved:
    """C3: what is issued is what was signed."""

    @pytest.fixture(params=["program", "competency", "branch", "name"])
    def changed(self, request, approved, members) -> Batch:
        cohort = approved.cohort
        if request.param == "name":
            approved.entries.filter(participant=members[0]).update(name="Ada Other")
            return approved
        what = {
            "program": cohort.program,
            "competency": cohort.competency_model.competencies.order_by("position")[2],
            "branch": cohort.branch,
        }[request.param]
        what.name = "Another One"
        what.save()
        return approved

    def test_nothing_is_issued_once_what_it_says_has_changed(self, changed):
        with pytest.raises(NotAsApproved, match="propose a new list"):
            issue(changed)
        assert not Certificate.objects.exists()
        assert not SerialCounter.objects.exists()

    def test_a_job_says_so(self, changed, branch_officer):
        job = start_issue(batch=changed, by=branch_officer, now=AFTER)
        jobs.run(job.pk)
        job.refresh_from_db()
        assert (job.status, job.error) == (Job.Status.FAILED, issuing.CHANGED)

    def test_whoever_waits_is_on_the_new_list_that_is_proposed(
        self, cohort, approved, members, branch_officer, superintendent
    ):
        program = cohort.program
        program.name = "Another Program"
        program.save()
        with pytest.raises(NotAsApproved):
            issue(approved)
        draft = propose_batch(cohort=cohort, by=branch_officer, now=LATER)
        assert draft.pk != approved.pk
        anew = approve(submit_for_approval(batch=draft, by=branch_officer, now=LATER), superintendent)
        assert issue(anew).issued == 3
        assert members[0].certificates.get().claims["program"] == "Another Program"
        reasons = set(issue(approved).refused.values())
        assert reasons == {"Has a valid certificate from another list."}

    def test_a_list_that_is_done_is_not_looked_at_again(self, approved, issued):
        approved.cohort.program.name = "Another Program"
        approved.cohort.program.save()
        assert issue(approved).as_json() == {"issued": 0, "already": 3, "left": 0, "refused": {}}

    def test_a_change_while_they_are_made_is_not_printed(self, approved, members):
        """Those that are still to be made say what was signed."""
        competency = approved.cohort.competency_model.competencies.order_by("position")[0]

        def rename(done, total):
            competency.name = "Obedience"
            competency.save()

        assert issue_batch(batch=approved, by=None, now=AFTER, report=rename).issued == 3
        assert members[2].certificates.get().claims["competencies"][0] == "Fostering a Team Environment"

    def test_whose_hours_are_others_gets_none_and_can_be_proposed_anew(
        self, cohort, approved, members, branch_officer
    ):
        usual = Meeting.objects.get(month=3)
        two = members[:2]
        Attendance.objects.filter(participant__in=two, meeting=usual).update(status="absent")
        short = Meeting.objects.create(
            cohort=cohort,
            title="Short one",
            date=usual.date,
            start_time=usual.start_time,
            minutes=30,
            time_zone=usual.time_zone,
            month=3,
            status=Meeting.Status.HELD,
        )
        short.teams.add(*usual.teams.all())
        for participant in members:
            attend(short, participant, status="present" if participant in two else "absent")
        outcome = issue(approved)
        why = "Attended 14.5 hours by now; 16 hours were approved. Propose a new list with them, and have it approved."
        assert [outcome.refused[f"{each.user.name} ({each.pk})"] for each in two] == [why, why]
        draft = propose_batch(cohort=cohort, by=branch_officer, now=LATER)
        assert [(entry.name, entry.minutes) for entry in draft.entries.all()] == [
            ("Ada Alvarez", 870),
            ("Ben Brooks", 870),
        ]

    def test_whose_hours_change_while_theirs_is_drawn_gets_none(self, approved, members, monkeypatch):
        drawn = issuing.file_of

        def corrected_meanwhile(content, **how):
            Meeting.objects.filter(month=3).update(minutes=30)
            return drawn(content, **how)

        monkeypatch.setattr(issuing, "file_of", corrected_meanwhile)
        outcome = issue(approved)
        assert outcome.issued == 0
        assert outcome.refused[f"Ada Alvarez ({members[0].pk})"].startswith("Attended 14.5 hours by now")


def test_a_delegate_stands_on_the_certificate_beside_the_superintendent(
    drawn, submitted, members, org, outsider
):
    delegate_to(outsider, org)
    issue(approve(submitted, outsider))
    claims = members[0].certificates.get().claims
    assert claims["signatory_name"] == "Sofia Superintendent"
    assert (
        claims["approved_by"] == "Otto Outsider, delegate of the State Superintendent of Public Instruction"
    )
    assert "Approved by Otto Outsider" in text_of(bytes(members[0].certificates.get().file.pdf))


def test_an_acting_superintendent_signs_as_such(submitted, members, org, outsider):
    org.department.head = None
    org.department.save()
    delegate_to(outsider, org, kind=Delegation.Kind.ACTING, principal=None)
    issue(approve(submitted, outsider))
    claims = members[0].certificates.get().claims
    assert (claims["signatory_name"], claims["signatory_title"], claims["approved_by"]) == (
        "Otto Outsider",
        "Acting State Superintendent of Public Instruction",
        "",
    )


class TestSignedByHand:
    """C3: the file has an empty line; what it is is recorded, shown and kept when it is replaced."""

    @pytest.fixture
    @remembered
    def batch(self, draft, branch_officer, superintendent) -> Batch:
        picture = (settings.BASE_DIR / "docs" / "images" / "home.png").read_bytes()
        SignaturePicture.objects.create(person=superintendent, picture=picture, uploaded_at=AFTER)
        choose_signing(batch=draft, by_hand=True, by=branch_officer, now=AFTER)
        return approve(submit_for_approval(batch=draft, by=branch_officer, now=AFTER), superintendent)

    @pytest.fixture
    def drawings(self, monkeypatch) -> list[CertificateContent]:
        """What is to be drawn."""
        seen: list[CertificateContent] = []

        def draw(content, **_):
            seen.append(content)
            return f"%PDF-1.7 {content.serial}".encode()

        monkeypatch.setattr(issuing, "file_of", draw)
        return seen

    def test_no_picture_is_printed_although_there_is_one(self, batch, members, drawings):
        assert issue(batch).issued == 3
        assert [(each.signature, each.signed_by_hand) for each in drawings] == [(None, True)] * 3
        assert members[0].certificates.get().claims["signed_by_hand"] is True

    def test_what_replaces_it_is_signed_by_hand_too(self, batch, members, branch_officer, drawings):
        issue(batch)
        old = members[0].certificates.get()
        new = reissue(certificate=old, by=branch_officer, reason="Lost", now=LATER)
        assert (drawings[-1].signature, new.claims["signed_by_hand"]) == (None, True)

    def test_it_is_sealed_all_the_same_and_the_name_stands_once_below_the_line(self, drawn, batch, members):
        issue(batch)
        certificate = members[0].certificates.get()
        pdf = bytes(certificate.file.pdf)
        assert certificate.seal is not None
        assert seal_check.check(pdf, [certificate.seal.root]).is_trusted
        assert text_of(pdf).count("Sofia Superintendent") == 1

    def test_whoever_reads_about_it_is_told(self, client, batch, members, branch_officer, drawings):
        issue(batch)
        certificate = members[0].certificates.get()
        by_hand = "State Superintendent of Public Instruction, by hand on the printed certificate"
        assert by_hand in client.get(reverse("verify_code", args=[certificate.code])).content.decode()
        client.force_login(branch_officer)
        assert "(signed by hand)" in client.get(reverse("certificate_register")).content.decode()
        mail = certificate_issued(members[0].user, certificate_id=certificate.pk)
        assert "It is signed by hand on paper" in mail.body


def test_as_a_job_it_reports_and_does_the_same(approved, branch_officer, django_capture_on_commit_callbacks):
    job = start_issue(batch=approved, by=branch_officer, now=AFTER)
    assert start_issue(batch=approved, by=branch_officer, now=AFTER).pk == job.pk
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.done, job.total) == (Job.Status.DONE, 3, 3)
    assert job.result == {"issued": 3, "already": 0, "left": 0, "refused": {}}
    jobs.run(job.pk)
    assert Certificate.objects.count() == 3


def test_a_long_list_is_issued_in_parts(approved, branch_officer, monkeypatch):
    monkeypatch.setattr(tasks, "PART", 2)
    job = start_issue(batch=approved, by=branch_officer, now=AFTER)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.done, job.total) == (Job.Status.QUEUED, 2, 3)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.done, job.total) == (Job.Status.DONE, 3, 3)
    assert job.result == {"issued": 3, "already": 0, "left": 0, "refused": {}}
    assert Certificate.objects.count() == 3


def test_serial_numbers_are_never_given_twice(cohort):
    prefix = f"2027-{cohort.pk:03d}"
    assert [next_serial(cohort) for _ in range(3)] == [f"{prefix}-0001", f"{prefix}-0002", f"{prefix}-0003"]
    assert SerialCounter.objects.get(cohort=cohort).last == 3


@pytest.mark.parametrize("who", ["outsider", "deputy", "superintendent", "administrator"])
def test_only_the_branch_office_issues(request, approved, who):
    with pytest.raises(NotYourCohort):
        start_issue(batch=approved, by=request.getfixturevalue(who), now=AFTER)
    assert not Job.objects.exists()


def test_a_sample_is_marked_and_stored_nowhere(drawn, submitted):
    text = text_of(preview.sample(submitted, now=AFTER))
    assert text.startswith("Sample: not a certificate")
    assert "Ada Alvarez" in text
    assert not Certificate.objects.exists()
    assert not CertificateFile.objects.exists()
    assert not SerialCounter.objects.exists()


class TestConstraints:
    def copy(self, certificate, **changes):
        values = {
            "participant": certificate.participant,
            "batch": certificate.batch,
            "serial": "x",
            "code": "x",
            "claims": {},
            "digest": "x",
            "issued_at": AFTER,
            "supersedes": certificate,
        }
        return lambda: Certificate.objects.create(**{**values, **changes})

    def test_one_valid_certificate_per_participant(self, certificate):
        assert refused_by(self.copy(certificate)) == "certificate_one_valid_per_participant"

    def test_one_first_certificate_per_list(self, certificate):
        Certificate.objects.filter(pk=certificate.pk).update(status="revoked", ended_at=AFTER, reason="x")
        assert refused_by(self.copy(certificate, supersedes=None)) == "certificate_first_one_once_per_batch"

    def test_serial_code_and_digest_are_unique(self, certificate):
        Certificate.objects.filter(pk=certificate.pk).update(status="revoked", ended_at=AFTER, reason="x")
        for field in ("serial", "code", "digest"):
            assert (
                refused_by(self.copy(certificate, **{field: getattr(certificate, field)}))
                == f"certificates_certificate.{field}"
            )
        self.copy(certificate)()

    def test_one_successor(self, certificate, branch_officer):
        new = reissue(certificate=certificate, by=branch_officer, reason="Lost", now=LATER)
        Certificate.objects.filter(pk=new.pk).update(status="revoked", ended_at=AFTER, reason="x")
        assert refused_by(self.copy(certificate)) == "certificates_certificate.supersedes_id"

    def test_a_code_is_never_empty(self, certificate):
        assert (
            refused_by(Certificate.objects.filter(pk=certificate.pk).update, code="")
            == "certificate_has_a_code"
        )

    def test_what_ended_has_a_date_and_a_reason(self, certificate):
        row = Certificate.objects.filter(pk=certificate.pk)
        assert (
            refused_by(row.update, status="revoked", ended_at=AFTER)
            == "certificate_ended_is_dated_with_its_reason"
        )
        assert (
            refused_by(row.update, status="revoked", reason="x")
            == "certificate_ended_is_dated_with_its_reason"
        )
        assert (
            refused_by(row.update, ended_at=AFTER, reason="x") == "certificate_ended_is_dated_with_its_reason"
        )


def test_nothing_is_issued_with_a_seal_whose_key_was_lost(approved, superintendent):
    seal = issuing.kept(sealing.current(), AFTER)
    lost_seals.record(seals=[seal], by=superintendent, reason="A stolen laptop", now=AFTER)
    with pytest.raises(NoSealKey, match="was lost to somebody else"):
        issue(approved)
    assert not Certificate.objects.exists()


def test_of_a_lost_key_whoever_asks_for_certificates_is_told_at_once(
    approved, superintendent, branch_officer, settings
):
    seal = issuing.kept(sealing.current(), AFTER)
    lost_seals.record(seals=[seal], by=superintendent, reason="A stolen laptop", now=AFTER)
    settings.SEAL_KEY = ""  # as in the web's processes
    with pytest.raises(NoSealKey, match="was lost to somebody else"):
        issuing.start_issue(batch=approved, by=branch_officer, now=AFTER)
    assert not Job.objects.exists()
