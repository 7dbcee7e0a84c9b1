"""Somebody on an approved list is put on a new one: after a revocation, or where no certificate could be issued (C3)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from certificates import issuing, printable
from certificates.approval import NobodyEligible, propose_batch, submit_for_approval
from certificates.eligibility import completion_list
from certificates.issuing import issue_batch, start_issue
from certificates.models import BatchEntry, Certificate, HolderName
from certificates.relisting import HasACertificate, NoReason, NotOnAnApprovedList, end_entry
from certificates.replacing import revoke
from coaching import jobs
from coaching.models import AuditEvent, Participant
from coaching.permissions import NotYourCohort
from tests.certificates.history import AFTER, approve
from tests.constraints import refused_by

pytestmark = pytest.mark.usefixtures("plain_not_found")

LATER = AFTER + timedelta(days=1)
NO_LETTER = "\u0378"


@pytest.fixture
def entry(approved, members) -> BatchEntry:
    """Ada's, of the approved list."""
    return approved.entries.get(participant=members[0])


@pytest.fixture
def revoked(issued, branch_officer) -> Certificate:
    """Ada's."""
    return revoke(certificate=issued, by=branch_officer, reason="Wrong person", now=AFTER)


def end(entry, by, reason="Revoked by mistake"):
    return end_entry(entry=entry, by=by, reason=reason, now=LATER)


class TestEnding:
    def test_it_is_recorded_with_its_reason(self, entry, branch_officer):
        ended = end(entry, branch_officer, " Name written otherwise ")
        assert (ended.ended_at, ended.ended_by, ended.ended_reason) == (
            LATER,
            branch_officer,
            "Name written otherwise",
        )
        event = AuditEvent.objects.get(action="batch_entry.ended")
        assert (event.actor, event.object_id) == (branch_officer, entry.pk)
        assert event.payload.data == {"reason": "Name written otherwise"}

    def test_twice_is_once(self, entry, branch_officer):
        end(entry, branch_officer, "First")
        assert end(entry, branch_officer, "Second").ended_reason == "First"
        assert AuditEvent.objects.filter(action="batch_entry.ended").count() == 1

    def test_the_signed_list_stays_as_it_is(self, entry, approved, branch_officer):
        end(entry, branch_officer)
        assert issue_batch(batch=approved, by=branch_officer, now=LATER).issued == 2
        assert not entry.participant.certificates.exists()

    def test_nobody_with_a_certificate_that_stands(self, issued, entry, branch_officer):
        with pytest.raises(HasACertificate, match="nobody has two"):
            end(entry, branch_officer)

    def test_a_reason_is_required(self, entry, branch_officer):
        with pytest.raises(NoReason):
            end(entry, branch_officer, "  ")

    def test_a_list_that_waits_is_taken_back_instead(self, submitted, branch_officer):
        with pytest.raises(NotOnAnApprovedList):
            end(submitted.entries.first(), branch_officer)

    @pytest.mark.parametrize("who", ["outsider", "deputy", "superintendent", "administrator"])
    def test_only_the_branch_office_does(self, request, entry, who):
        with pytest.raises(NotYourCohort):
            end(entry, request.getfixturevalue(who))

    def test_an_ended_line_has_its_reason(self, entry):
        fields = {"ended_at": AFTER, "ended_reason": ""}
        assert (
            refused_by(BatchEntry.objects.filter(pk=entry.pk).update, **fields)
            == "batchentry_ended_has_its_reason"
        )

    def test_one_that_ends_while_its_certificate_is_drawn_gives_none(
        self, entry, approved, branch_officer, monkeypatch
    ):
        made = issuing.file_of

        def ended_meanwhile(content, **how):
            end(entry, branch_officer)
            return made(content, **how)

        monkeypatch.setattr(issuing, "file_of", ended_meanwhile)
        outcome = issue_batch(batch=approved, by=branch_officer, now=LATER)
        assert list(outcome.refused.values()) == [
            "Was taken off this list meanwhile, to be put on a new one."
        ]
        assert not entry.participant.certificates.exists()


def test_after_a_revocation_a_new_certificate_takes_a_new_approval(
    revoked, entry, approved, cohort, superintendent, branch_officer
):
    with pytest.raises(NobodyEligible):
        propose_batch(cohort=cohort, by=branch_officer, now=LATER)
    end(entry, branch_officer)
    batch = propose_batch(cohort=cohort, by=branch_officer, now=LATER)
    assert [line.name for line in batch.entries.all()] == ["Ada Alvarez"]
    issue_batch(batch=approved, by=branch_officer, now=LATER)
    assert not entry.participant.certificates.valid().exists()
    batch = approve(submit_for_approval(batch=batch, by=branch_officer, now=LATER), superintendent)
    assert issue_batch(batch=batch, by=branch_officer, now=LATER).issued == 1
    new = entry.participant.certificates.valid().get()
    revoked.refresh_from_db()
    assert (new.batch, new.supersedes, revoked.status) == (batch, None, "revoked")
    participant = Participant.objects.get(pk=entry.participant_id)
    assert (participant.status, participant.completed_at) == (Participant.Status.COMPLETED, LATER)
    with pytest.raises(NobodyEligible):
        propose_batch(cohort=cohort, by=branch_officer, now=LATER)


def test_who_comes_on_a_new_list_waits_there(revoked, entry, cohort, branch_officer):
    end(entry, branch_officer)
    batch = submit_for_approval(
        batch=propose_batch(cohort=cohort, by=branch_officer, now=LATER), by=branch_officer, now=LATER
    )
    row = completion_list(cohort, today=LATER.date())[0]
    assert (row.certificate, row.waits_in, row.is_eligible) == (revoked, batch, False)


def test_a_name_that_could_not_be_printed_is_no_dead_end(
    client, drawn, cohort, members, superintendent, branch_officer, monkeypatch
):
    ada = members[0].user
    HolderName.objects.create(person=ada, name=f"Ada {NO_LETTER}", written_at=AFTER)
    with monkeypatch.context() as before:
        before.setattr(printable, "unwritable", lambda names: {})  # by a font that was taken away since
        batch = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
        batch = approve(submit_for_approval(batch=batch, by=branch_officer, now=AFTER), superintendent)
    jobs.run(start_issue(batch=batch, by=branch_officer, now=AFTER).pk)
    client.force_login(branch_officer)
    address = reverse("certificate_batch", args=[batch.pk])
    page = client.get(address).content.decode()
    assert "Done, but not for everybody" in page
    way_out = reverse("certificate_new_list", args=[batch.pk, batch.entries.get(participant=members[0]).pk])
    assert way_out in page
    assert "put on a new list" in client.get(way_out).content.decode()
    HolderName.objects.all().delete()
    answer = client.post(way_out, {"reason": "Name as on record"}, follow=True).content.decode()
    assert "1 participant can be proposed now." in answer
    page = client.get(address).content.decode()
    assert "Done, but not for everybody" not in page
    assert "Reason: Name as on record." in page
    assert "Issue the certificates" not in page
    batch = propose_batch(cohort=cohort, by=branch_officer, now=LATER)
    batch = approve(submit_for_approval(batch=batch, by=branch_officer, now=LATER), superintendent)
    assert issue_batch(batch=batch, by=branch_officer, now=LATER).issued == 1


class TestPages:
    def test_a_revoked_one_leads_to_a_new_list_and_not_to_another_certificate(
        self, client, revoked, entry, branch_officer
    ):
        client.force_login(branch_officer)
        page = client.get(reverse("certificate", args=[revoked.pk])).content.decode()
        assert "is not replaced under the old approval" in page
        assert reverse("certificate_new_list", args=[revoked.batch_id, entry.pk]) in page
        assert reverse("certificate_reissue", args=[revoked.pk]) not in page

    def test_once_that_is_done_it_says_where_to_go_on(self, client, revoked, entry, cohort, branch_officer):
        end(entry, branch_officer)
        client.force_login(branch_officer)
        page = client.get(reverse("certificate", args=[revoked.pk])).content.decode()
        assert reverse("certificate_new_list", args=[revoked.batch_id, entry.pk]) not in page
        assert reverse("certificate_completion", args=[cohort.pk]) in page

    def test_the_reason_is_asked_for(self, client, entry, branch_officer):
        client.force_login(branch_officer)
        page = client.post(reverse("certificate_new_list", args=[entry.batch_id, entry.pk]), {"reason": " "})
        assert "reason" in page.context["form"].errors
        entry.refresh_from_db()
        assert entry.ended_at is None

    def test_a_refusal_is_told_where_the_reason_stays_typed(self, client, issued, entry, branch_officer):
        client.force_login(branch_officer)
        page = client.post(
            reverse("certificate_new_list", args=[entry.batch_id, entry.pk]), {"reason": "Lost"}
        )
        assert "nobody has two" in page.content.decode()
        assert page.context["form"]["reason"].value() == "Lost"
