"""A batch from the draft to the superintendent's approval (C3)."""

from datetime import date, timedelta

import pytest

from certificates.approval import (
    AlreadyApproved,
    AlreadySubmitted,
    BatchWaits,
    ListChanged,
    NobodyCanApprove,
    NobodyEligible,
    NotSubmitted,
    NotTheApprover,
    OnTheList,
    approvers,
    authority_of,
    choose_signing,
    propose_batch,
    return_batch,
    submit_for_approval,
)
from certificates.models import Batch, BatchEntry
from coaching.models import AuditEvent, Delegation, Message, SignOff
from coaching.permissions import NotYourCohort
from coaching.signing import NameDoesNotMatch
from meetings.models import EvaluationReceipt
from tests import factories
from tests.certificates.history import AFTER, approve, completed_team, delegate_to
from tests.constraints import refused_by


def test_a_proposal_lists_everybody_who_is_eligible_and_nobody_else(cohort, members, branch_officer):
    """C2"""
    short = factories.participant(cohort, factories.person("Dee Diaz"))
    batch = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    assert batch.status == Batch.Status.DRAFT
    assert [(entry.name, entry.minutes) for entry in batch.entries.all()] == [
        ("Ada Alvarez", 960),
        ("Ben Brooks", 960),
        ("Chi Chen", 960),
    ]
    assert not short.batch_entries.exists()


def test_a_missing_evaluation_keeps_somebody_off_the_list(cohort, members, branch_officer):
    """C1"""
    EvaluationReceipt.objects.filter(participant=members[1]).first().delete()
    batch = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    assert [entry.name for entry in batch.entries.all()] == ["Ada Alvarez", "Chi Chen"]


def test_proposing_again_brings_the_one_draft_up_to_date(cohort, members, draft, branch_officer):
    members[0].user.name = "Ada Alvarez-Cruz"
    members[0].user.save()
    again = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    assert again.pk == draft.pk
    assert [entry.name for entry in again.entries.all()] == ["Ada Alvarez-Cruz", "Ben Brooks", "Chi Chen"]


def test_nobody_eligible_is_refused(program, branch, branch_officer):
    cohort = factories.cohort(program, branch, by=branch_officer)
    factories.participant(cohort)
    with pytest.raises(NobodyEligible, match="Nobody can be proposed"):
        propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    assert not Batch.objects.exists()


def test_a_second_list_while_one_waits_is_refused(cohort, submitted, branch_officer):
    with pytest.raises(BatchWaits, match="awaits approval"):
        propose_batch(cohort=cohort, by=branch_officer, now=AFTER)


def test_who_is_on_an_approved_list_is_not_proposed_again(cohort, approved, branch_officer):
    with pytest.raises(NobodyEligible):
        propose_batch(cohort=cohort, by=branch_officer, now=AFTER)


def test_late_completers_come_on_a_list_of_their_own(cohort, approved, branch_officer):
    completed_team(cohort, ["Eli East", "Fay Fox", "Gus Green"], by=branch_officer)
    later = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    assert later.pk != approved.pk
    assert [entry.name for entry in later.entries.all()] == ["Eli East", "Fay Fox", "Gus Green"]


@pytest.mark.parametrize("who", ["outsider", "deputy", "superintendent", "administrator"])
def test_lists_are_the_branch_offices(request, cohort, draft, who):
    user = request.getfixturevalue(who)
    with pytest.raises(NotYourCohort):
        propose_batch(cohort=cohort, by=user, now=AFTER)
    with pytest.raises(NotYourCohort):
        submit_for_approval(batch=draft, by=user, now=AFTER)
    draft.refresh_from_db()
    assert draft.status == Batch.Status.DRAFT


def test_submitting_fixes_the_text_and_asks_the_superintendent(submitted, superintendent, branch_officer):
    assert submitted.status == Batch.Status.AWAITING
    assert submitted.text.text == (
        "Certificates of completion\n"
        "\n"
        "Program: Peer Coaching Program\n"
        f"Cohort: {submitted.cohort}\n"
        "Department: Department of Education\n"
        "Branch: Services Branch\n"
        "Dates: February 1, 2027 to September 30, 2027\n"
        "Competencies: Fostering a Team Environment; Creating Organizational Transformation; Maximizing Performance "
        "Results; Building Trust and Accountability; Promoting a High Performance Culture; Building Coalitions\n"
        "Number of certificates: 3\n"
        "\n"
        "1. Ada Alvarez, Finance Division: 16 hours\n"
        "2. Ben Brooks, Finance Division: 16 hours\n"
        "3. Chi Chen, Finance Division: 16 hours\n"
    )
    mail = Message.objects.get(kind="certificates.batch_awaiting_approval")
    assert mail.recipient == superintendent
    assert (submitted.submitted_by, submitted.submitted_at) == (branch_officer, AFTER)


def test_submitting_twice_is_once(submitted, branch_officer):
    again = submit_for_approval(batch=submitted, by=branch_officer, now=AFTER + timedelta(hours=1))
    assert again.text_id == submitted.text_id
    assert again.submitted_at == AFTER
    assert AuditEvent.objects.filter(action="batch.submitted").count() == 1


def test_without_a_head_or_acting_person_nothing_can_be_submitted(draft, org, branch_officer):
    org.department.head = None
    org.department.save()
    with pytest.raises(NobodyCanApprove, match="has no head"):
        submit_for_approval(batch=draft, by=branch_officer, now=AFTER)


def test_an_emptied_list_is_not_submitted(draft, branch_officer):
    draft.entries.all().delete()
    with pytest.raises(NobodyEligible, match="empty"):
        submit_for_approval(batch=draft, by=branch_officer, now=AFTER)


def test_the_superintendent_approves_with_a_signature(submitted, superintendent, branch_officer):
    """C3"""
    batch = approve(submitted, superintendent)
    assert batch.status == Batch.Status.APPROVED
    signature = batch.sign_off
    assert signature.text == submitted.text
    assert (signature.signer, signature.on_behalf_of, signature.delegation) == (superintendent, None, None)
    assert signature.capacity == "State Superintendent of Public Instruction"
    assert signature.statement == (
        "I have read this list and seen a sample. As State Superintendent of Public Instruction, I approve certificates "
        "of completion for the people on it, and that they carry the signature of the State Superintendent of Public "
        "Instruction."
    )
    assert signature.signed_at == AFTER
    assert Message.objects.get(kind="certificates.batch_approved").recipient == branch_officer
    assert AuditEvent.objects.filter(action="batch.approved", actor=superintendent).count() == 1


def test_approving_twice_is_once(approved, superintendent):
    again = approve(approved, superintendent)
    assert again.sign_off_id == approved.sign_off_id
    assert SignOff.objects.count() == 1
    assert AuditEvent.objects.filter(action="batch.approved").count() == 1


def test_a_delegate_approves_with_both_names(submitted, org, outsider, superintendent):
    order = delegate_to(outsider, org)
    signature = approve(submitted, outsider).sign_off
    assert (signature.signer, signature.on_behalf_of, signature.delegation) == (
        outsider,
        superintendent,
        order,
    )
    assert signature.capacity == "delegate of the State Superintendent of Public Instruction"
    event = AuditEvent.objects.get(action="batch.approved")
    assert (event.actor, event.on_behalf_of) == (outsider, superintendent)


def test_an_order_over_everything_the_superintendent_signs_is_enough(submitted, org, outsider):
    delegate_to(outsider, org, unit=None)
    assert approve(submitted, outsider).status == Batch.Status.APPROVED


def test_an_acting_superintendent_approves_while_the_post_is_vacant(submitted, org, outsider):
    org.department.head = None
    org.department.save()
    delegate_to(outsider, org, kind=Delegation.Kind.ACTING, principal=None)
    signature = approve(submitted, outsider).sign_off
    assert (signature.on_behalf_of, signature.capacity) == (
        None,
        "Acting State Superintendent of Public Instruction",
    )


def test_a_second_approver_is_told_that_it_is_done(approved, org, outsider):
    delegate_to(outsider, org)
    with pytest.raises(AlreadyApproved, match="Sofia Superintendent approved this list already"):
        approve(approved, outsider)


@pytest.mark.parametrize(
    "changes",
    [
        {"end_date": date(2027, 10, 4)},
        {"start_date": date(2027, 10, 6)},
        {"ended_at": AFTER - timedelta(days=1)},
    ],
    ids=["over", "not yet", "ended early"],
)
def test_an_order_counts_only_while_it_lasts(submitted, org, outsider, changes):
    delegate_to(outsider, org, **changes)
    with pytest.raises(NotTheApprover):
        approve(submitted, outsider)


def test_an_order_from_somebody_else_counts_for_nothing(submitted, org, outsider, deputy):
    delegate_to(outsider, org, principal=deputy, unit=None)
    with pytest.raises(NotTheApprover):
        approve(submitted, outsider)


@pytest.mark.parametrize("who", ["outsider", "deputy", "director", "branch_officer", "administrator"])
def test_nobody_else_approves(request, submitted, who):
    with pytest.raises(NotTheApprover, match="State Superintendent"):
        approve(submitted, request.getfixturevalue(who))
    assert not SignOff.objects.exists()


def test_a_delegate_on_the_list_does_not_approve_it(submitted, members, org):
    delegate_to(members[0].user, org)
    with pytest.raises(OnTheList):
        approve(submitted, members[0].user)


def test_another_name_is_no_signature(submitted, superintendent):
    with pytest.raises(NameDoesNotMatch):
        approve(submitted, superintendent, "Somebody Else")
    submitted.refresh_from_db()
    assert submitted.status == Batch.Status.AWAITING


def test_a_draft_cannot_be_approved(draft, superintendent):
    with pytest.raises(NotSubmitted):
        approve(draft, superintendent)


def test_a_list_that_no_longer_matches_its_text_is_not_approved(submitted, superintendent):
    submitted.entries.filter(name="Ada Alvarez").update(name="Eve Evil")
    with pytest.raises(ListChanged):
        approve(submitted, superintendent)


def test_sent_back_it_is_a_draft_again_with_the_reason(submitted, superintendent, branch_officer):
    batch = return_batch(batch=submitted, by=superintendent, reason="Ben’s name lacks an accent.", now=AFTER)
    assert (batch.status, batch.text, batch.submitted_at) == (Batch.Status.DRAFT, None, None)
    assert (batch.returned_reason, batch.returned_by, batch.taken_back) == (
        "Ben’s name lacks an accent.",
        superintendent,
        False,
    )
    assert Message.objects.get(kind="certificates.batch_returned").recipient == branch_officer
    again = submit_for_approval(batch=batch, by=branch_officer, now=AFTER)
    assert (again.returned_reason, again.returned_by) == ("", None)


def test_sending_back_twice_is_refused(submitted, superintendent):
    return_batch(batch=submitted, by=superintendent, reason="Wrong.", now=AFTER)
    with pytest.raises(NotSubmitted):
        return_batch(batch=submitted, by=superintendent, reason="Wrong.", now=AFTER)


def test_nobody_else_sends_it_back(submitted, deputy):
    with pytest.raises(NotTheApprover):
        return_batch(batch=submitted, by=deputy, reason="Wrong.", now=AFTER)


class TestSignedByHand:
    """C3: with a picture of the signature, or by hand on paper; it is part of what is approved."""

    def test_it_stands_in_the_text_and_in_the_statement(self, draft, branch_officer, superintendent):
        choose_signing(batch=draft, by_hand=True, by=branch_officer, now=AFTER)
        batch = submit_for_approval(batch=draft, by=branch_officer, now=AFTER)
        assert (
            "Signature: by hand, on each printed certificate\nNumber of certificates: 3\n" in batch.text.text
        )
        assert approve(batch, superintendent).sign_off.statement.endswith(
            "that they are signed by hand by the State Superintendent of Public Instruction."
        )

    def test_choosing_the_same_again_changes_nothing(self, draft, branch_officer):
        for by_hand in (True, True, False):
            choose_signing(batch=draft, by_hand=by_hand, by=branch_officer, now=AFTER)
        draft.refresh_from_db()
        assert draft.signed_by_hand is False
        events = AuditEvent.objects.filter(action="batch.signing_chosen").order_by("pk")
        assert [event.payload.data for event in events] == [{"by_hand": True}, {"by_hand": False}]

    def test_once_submitted_it_is_fixed_until_it_is_sent_back(
        self, submitted, superintendent, branch_officer
    ):
        with pytest.raises(AlreadySubmitted):
            choose_signing(batch=submitted, by_hand=True, by=branch_officer, now=AFTER)
        submitted.refresh_from_db()
        assert submitted.signed_by_hand is False
        return_batch(batch=submitted, by=superintendent, reason="By hand, please.", now=AFTER)
        assert choose_signing(batch=submitted, by_hand=True, by=branch_officer, now=AFTER).signed_by_hand

    @pytest.mark.parametrize("who", ["outsider", "deputy", "superintendent", "administrator"])
    def test_it_is_the_branch_offices_choice(self, request, draft, who):
        with pytest.raises(NotYourCohort):
            choose_signing(batch=draft, by_hand=True, by=request.getfixturevalue(who), now=AFTER)


def test_approvers_are_the_head_and_whoever_has_an_order(cohort, org, outsider, superintendent):
    assert approvers(cohort, on=AFTER.date()) == [superintendent]
    delegate_to(outsider, org)
    delegate_to(outsider, org, unit=None)
    assert approvers(cohort, on=AFTER.date()) == [superintendent, outsider]
    superintendent.is_active = False
    superintendent.save()
    cohort.refresh_from_db()
    assert approvers(cohort, on=AFTER.date()) == [outsider]
    assert authority_of(outsider, cohort, on=date(2026, 1, 1)) is None


class TestConstraints:
    def test_who_returned_a_list_gave_a_reason(self, submitted, superintendent, branch_officer):
        batch = return_batch(batch=submitted, by=superintendent, reason="x", now=AFTER)
        assert (
            refused_by(Batch.objects.filter(pk=batch.pk).update, returned_reason="")
            == "batch_returned_with_its_reason"
        )

    def test_one_open_batch_per_cohort(self, draft):
        assert refused_by(Batch.objects.create, cohort=draft.cohort) == "batch_one_open_per_cohort"

    def test_a_draft_has_no_text_and_a_submitted_one_has(self, submitted):
        assert (
            refused_by(Batch.objects.filter(pk=submitted.pk).update, status=Batch.Status.DRAFT)
            == "batch_has_its_text_once_submitted"
        )
        assert (
            refused_by(Batch.objects.filter(pk=submitted.pk).update, text=None)
            == "batch_has_its_text_once_submitted"
        )

    def test_approved_means_signed(self, submitted, approved):
        assert (
            refused_by(Batch.objects.filter(pk=approved.pk).update, sign_off=None)
            == "batch_signed_when_approved"
        )
        assert (
            refused_by(Batch.objects.filter(pk=approved.pk).update, status=Batch.Status.AWAITING)
            == "batch_signed_when_approved"
        )

    def test_a_person_stands_once_on_a_list(self, draft, members):
        assert (
            refused_by(BatchEntry.objects.create, batch=draft, participant=members[0], name="x", minutes=1)
            == "batchentry_person_once"
        )

    def test_an_entry_has_a_name(self, draft):
        assert refused_by(draft.entries.update, name="") == "batchentry_has_a_name"
