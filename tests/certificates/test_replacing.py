"""How a certificate ends, and what comes in its place (C2, C3, F3)."""

from datetime import timedelta

import pytest

from certificates import issuing, lost_seals, names, sealing
from certificates.issuing import issue_batch
from certificates.models import Certificate
from certificates.replacing import (
    ChangedMeanwhile,
    NotTheNewest,
    NotValid,
    ReasonMissing,
    UnderWay,
    WasRevoked,
    reissue,
    revoke,
    start_reissue,
    under_way,
)
from certificates.seal_keys import NoSealKey
from coaching import jobs
from coaching.models import AuditEvent, Job, Message, Participant
from coaching.permissions import NotYourCohort
from tests.certificates.content import text_of
from tests.certificates.history import AFTER
from tests.certificates.seals import new_seal, put_in_place

LATER = AFTER + timedelta(days=1)


def test_a_reissue_carries_the_name_of_today_and_ends_the_old_one(drawn, issued, members, branch_officer):
    members[0].user.name = "Ada Álvarez-Cruz"
    members[0].user.save()
    new = reissue(certificate=issued, by=branch_officer, reason="Name corrected", now=LATER)
    issued.refresh_from_db()
    assert (issued.status, issued.ended_at, issued.ended_by, issued.reason) == (
        "superseded",
        LATER,
        branch_officer,
        "Name corrected",
    )
    assert (new.status, new.supersedes) == ("valid", issued)
    assert new.claims == issued.claims | {"name": "Ada Álvarez-Cruz", "issued_date": "2027-10-06"}
    assert (new.serial, new.code, new.digest) != (issued.serial, issued.code, issued.digest)
    assert "Ada Álvarez-Cruz" in text_of(bytes(new.file.pdf))
    assert "Ada Alvarez" in text_of(bytes(issued.file.pdf))


def test_a_reissue_of_the_same_certificate_twice_is_refused(certificate, branch_officer):
    reissue(certificate=certificate, by=branch_officer, reason="Lost", now=LATER)
    with pytest.raises(NotTheNewest):
        reissue(certificate=certificate, by=branch_officer, reason="Lost", now=LATER)
    assert Certificate.objects.filter(participant=certificate.participant).count() == 2


def test_issuing_again_after_a_reissue_changes_nothing(issued, approved, branch_officer):
    reissue(certificate=issued, by=branch_officer, reason="Lost", now=LATER)
    assert issue_batch(batch=approved, by=None, now=AFTER).already == 3
    assert issued.participant.certificates.valid().count() == 1


def test_a_revocation_keeps_its_reason_and_tells_the_holder(certificate, branch_officer):
    revoke(certificate=certificate, by=branch_officer, reason=" Attendance was not true ", now=LATER)
    certificate.refresh_from_db()
    assert (certificate.status, certificate.ended_at, certificate.ended_by, certificate.reason) == (
        "revoked",
        LATER,
        branch_officer,
        "Attendance was not true",
    )
    assert Message.objects.get(kind="certificates.revoked").recipient == certificate.participant.user


def test_revoking_twice_is_once(certificate, branch_officer):
    revoke(certificate=certificate, by=branch_officer, reason="First", now=AFTER)
    again = revoke(certificate=certificate, by=branch_officer, reason="Second", now=LATER)
    assert (again.reason, again.ended_at) == ("First", AFTER)
    assert AuditEvent.objects.filter(action="certificate.revoked").count() == 1


def test_issuing_again_does_not_bring_back_a_revoked_one(issued, approved, branch_officer):
    revoke(certificate=issued, by=branch_officer, reason="Not earned", now=AFTER)
    outcome = issue_batch(batch=approved, by=None, now=AFTER)
    assert (outcome.issued, outcome.already) == (0, 3)
    assert not issued.participant.certificates.valid().exists()


def test_who_held_a_revoked_one_has_not_completed(issued, branch_officer):
    """C2: completion means a certificate that stands; until then the ledger says what is missing."""
    participant = issued.participant
    revoke(certificate=issued, by=branch_officer, reason="Attendance was not true", now=LATER)
    revoke(certificate=issued, by=branch_officer, reason="Again", now=LATER)
    participant.refresh_from_db()
    assert (participant.status, participant.completed_at) == (Participant.Status.ACTIVE, None)
    event = AuditEvent.objects.get(action="participant.reopened")
    assert (event.actor, event.object_id) == (branch_officer, participant.pk)
    assert event.payload.data == {"reason": "Attendance was not true"}


def test_a_replaced_one_leaves_the_completion_as_it_is(issued, branch_officer):
    reissue(certificate=issued, by=branch_officer, reason="Lost", now=LATER)
    issued.participant.refresh_from_db()
    assert issued.participant.completed_at == AFTER
    assert not AuditEvent.objects.filter(action="participant.reopened").exists()


@pytest.mark.parametrize("write", [start_reissue, reissue])
def test_a_revoked_one_is_not_reissued_under_the_old_approval(certificate, branch_officer, write):
    """C3"""
    revoke(certificate=certificate, by=branch_officer, reason="Wrong person", now=AFTER)
    with pytest.raises(WasRevoked, match="takes a new approval"):
        write(certificate=certificate, by=branch_officer, reason="Revoked by mistake", now=LATER)
    assert not certificate.participant.certificates.valid().exists()
    assert not Job.objects.exists()


def test_one_revoked_while_its_successor_is_drawn_gets_none(certificate, branch_officer, monkeypatch):
    drawn = issuing.file_of

    def revoked_meanwhile(content, **how):
        revoke(certificate=certificate, by=branch_officer, reason="Not earned", now=LATER)
        return drawn(content, **how)

    monkeypatch.setattr(issuing, "file_of", revoked_meanwhile)
    with pytest.raises(ChangedMeanwhile):
        reissue(certificate=certificate, by=branch_officer, reason="Lost", now=LATER)
    assert not certificate.participant.certificates.valid().exists()


def test_a_superseded_one_is_not_revoked(certificate, branch_officer):
    reissue(certificate=certificate, by=branch_officer, reason="Lost", now=LATER)
    with pytest.raises(NotValid):
        revoke(certificate=certificate, by=branch_officer, reason="x", now=LATER)


@pytest.mark.parametrize("write", [start_reissue, reissue, revoke])
@pytest.mark.parametrize("who", ["outsider", "deputy", "superintendent", "administrator", "holder"])
def test_only_the_branch_office_replaces_and_revokes(request, certificate, who, write):
    user = certificate.participant.user if who == "holder" else request.getfixturevalue(who)
    with pytest.raises(NotYourCohort):
        write(certificate=certificate, by=user, reason="x", now=LATER)
    certificate.refresh_from_db()
    assert certificate.is_valid
    assert not Job.objects.exists()


@pytest.mark.parametrize("write", [start_reissue, reissue, revoke])
def test_the_reason_is_required(certificate, branch_officer, write):
    with pytest.raises(ReasonMissing):
        write(certificate=certificate, by=branch_officer, reason="  ", now=LATER)
    certificate.refresh_from_db()
    assert certificate.is_valid


class TestAsAJob:
    """The worker has the key of the seal; the pages have not."""

    def start(self, certificate, by, reason="Lost"):
        return start_reissue(certificate=certificate, by=by, reason=reason, now=LATER)

    def test_it_does_what_reissue_does(self, certificate, branch_officer):
        job = self.start(certificate, branch_officer, " Copy lost ")
        jobs.run(job.pk)
        job.refresh_from_db()
        certificate.refresh_from_db()
        new = certificate.superseded_by
        assert (job.status, job.result) == (Job.Status.DONE, {"certificate": new.pk})
        assert (certificate.status, certificate.reason) == ("superseded", "Copy lost")
        assert (new.status, new.issued_by) == ("valid", branch_officer)

    def test_nothing_is_sealed_before_it_runs(self, certificate, branch_officer, monkeypatch):
        def no_key(content, **_):
            raise AssertionError("sealed by the page")

        monkeypatch.setattr(issuing, "file_of", no_key)
        self.start(certificate, branch_officer)
        certificate.refresh_from_db()
        assert certificate.is_valid

    def test_asked_twice_it_is_one(self, certificate, branch_officer):
        first = self.start(certificate, branch_officer)
        assert self.start(certificate, branch_officer).pk == first.pk
        jobs.run(first.pk)
        jobs.run(first.pk)
        assert certificate.participant.certificates.count() == 2

    def test_another_request_meanwhile_is_told_of_the_first(
        self, certificate, members, cohort, branch_officer
    ):
        first = self.start(certificate, branch_officer, "Copy lost")
        with pytest.raises(UnderWay, match=r"reason: Copy lost\. Yours was not taken: Name corrected\."):
            self.start(certificate, branch_officer, "Name corrected")
        with pytest.raises(UnderWay, match=f"{branch_officer} asked for it"):
            self.start(certificate, None, "Copy lost")
        assert under_way(certificate) == first
        jobs.run(first.pk)
        assert under_way(certificate) is None

    @pytest.mark.parametrize("has_key", [True, False])
    def test_a_lost_key_is_told_at_once(self, certificate, superintendent, branch_officer, settings, has_key):
        """The web's processes need no key: they know the seal that was used last."""
        seal = issuing.kept(sealing.current(), AFTER)
        if not has_key:
            settings.SEAL_KEY = ""
        lost_seals.record(seals=[seal], by=superintendent, reason="A stolen laptop", now=AFTER)
        with pytest.raises(NoSealKey, match="was lost to somebody else"):
            self.start(certificate, branch_officer)
        assert not Job.objects.exists()

    def test_after_a_lost_key_the_next_one_is_asked(
        self, certificate, superintendent, branch_officer, settings, tmp_path
    ):
        seal = issuing.kept(sealing.current(), AFTER)
        lost_seals.record(seals=[seal], by=superintendent, reason="A stolen laptop", now=AFTER)
        put_in_place(new_seal(), settings=settings, folder=tmp_path)
        assert self.start(certificate, branch_officer).status == Job.Status.QUEUED

    def test_a_key_that_does_not_open_is_told_at_once_where_it_should(
        self, certificate, branch_officer, settings
    ):
        settings.SEAL_KEY_PASSWORD = "another"
        with pytest.raises(NoSealKey, match="does not open"):
            self.start(certificate, branch_officer)
        assert not Job.objects.exists()

    def test_where_there_is_no_key_the_worker_is_trusted_to_have_one(
        self, certificate, branch_officer, settings
    ):
        settings.SEAL_KEY = ""
        assert self.start(certificate, branch_officer).status == Job.Status.QUEUED

    def test_a_worker_that_died_after_it_had_done_it_makes_no_second_one(self, certificate, branch_officer):
        job = self.start(certificate, branch_officer)
        reissue(certificate=certificate, by=branch_officer, reason="Lost", now=LATER)
        jobs.run(job.pk)
        job.refresh_from_db()
        assert (job.status, job.error) == (Job.Status.DONE, "")
        assert certificate.participant.certificates.count() == 2

    def test_one_that_was_replaced_is_not_asked_for_again(self, certificate, branch_officer):
        reissue(certificate=certificate, by=branch_officer, reason="Lost", now=LATER)
        with pytest.raises(NotTheNewest):
            self.start(certificate, branch_officer)
        assert not Job.objects.exists()

    def test_what_stands_against_it_meanwhile_is_told_in_the_job(self, certificate, branch_officer):
        job = self.start(certificate, branch_officer)
        revoke(certificate=certificate, by=branch_officer, reason="Not earned", now=LATER)
        jobs.run(job.pk)
        job.refresh_from_db()
        assert job.status == Job.Status.FAILED
        assert "takes a new approval" in job.error
        assert not certificate.participant.certificates.valid().exists()

    def test_it_takes_no_name_that_nobody_has_seen(self, certificate, members, branch_officer):
        """Changed between the press of the button and the work."""
        job = self.start(certificate, branch_officer)
        names.write(person=members[0].user, name="Her Majesty", said="", now=LATER)
        jobs.run(job.pk)
        job.refresh_from_db()
        certificate.refresh_from_db()
        assert job.status == Job.Status.FAILED
        assert "Ada Alvarez was confirmed, and it would say Her Majesty now" in job.error
        assert certificate.is_valid
        jobs.run(self.start(certificate, branch_officer).pk)
        assert certificate.participant.certificates.valid().get().claims["name"] == "Her Majesty"
