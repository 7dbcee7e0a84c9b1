"""Two people at the same moment, on PostgreSQL: exactly one certificate each, one signature, one successor."""

import time
from collections import Counter
from threading import Event

import pytest
from django.db import connection, transaction

from certificates import eligibility, names, paper_approval, status_list
from certificates.approval import AlreadyApproved, NamesChanged, propose_batch, submit_for_approval
from certificates.claims import batch_text
from certificates.issuing import issue_batch, next_serial
from certificates.models import Batch, Certificate, HolderName, SealCertificate, StatusList
from certificates.replacing import NotTheNewest, reissue
from coaching.models import Message, SignOff
from coaching.paper import Attested
from coaching.signing import short_code
from meetings import attendance, waivers
from meetings.models import Attendance, Meeting, Waiver
from tests.applications.factories import A_SCAN
from tests.certificates.history import AFTER, approve, completed_team, delegate_to, registered
from tests.coaching.test_races import at_once

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("drawn"),
]


def test_two_issues_at_once_give_each_person_one(approved):
    outcomes = at_once(*(lambda: issue_batch(batch=approved, by=None, now=AFTER) for _ in range(2)))
    assert sum(outcome.issued for outcome in outcomes) == 3
    assert sum(outcome.already for outcome in outcomes) == 3
    assert Certificate.objects.count() == 3
    assert Message.objects.filter(kind="certificates.issued").count() == 3


def test_serial_numbers_asked_for_at_once_differ(cohort):
    assert len(set(at_once(*(lambda: next_serial(cohort) for _ in range(6))))) == 6


def test_a_list_is_not_brought_up_to_date_while_it_is_signed(
    cohort, draft, branch_officer, superintendent, monkeypatch
):
    """C3: who is on it is what the signed text says."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    completed_team(cohort, ["Eli East", "Fay Fox", "Gus Green"], by=branch_officer)
    is_read, eligible = Event(), eligibility.eligible

    def slowly(cohort, *, today):
        rows = eligible(cohort, today=today)
        is_read.set()
        time.sleep(1)
        return rows

    monkeypatch.setattr(eligibility, "eligible", slowly)

    def sign():
        is_read.wait(timeout=10)
        try:
            batch = submit_for_approval(batch=draft, by=branch_officer, now=AFTER)
        except NamesChanged:  # who is on it now was not seen before
            batch = submit_for_approval(batch=draft, by=branch_officer, now=AFTER)
        return approve(batch, superintendent)

    at_once(lambda: propose_batch(cohort=cohort, by=branch_officer, now=AFTER), sign)
    batch = Batch.objects.get()
    assert batch.status == Batch.Status.APPROVED
    assert batch_text(batch) == batch.text.text
    assert "Number of certificates: 6" in batch.text.text


def test_a_list_that_is_signed_while_another_is_proposed_stays_as_it_is(
    cohort, submitted, branch_officer, superintendent
):
    """C3: whoever proposes waits for the signature, then begins a list of its own."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    completed_team(cohort, ["Eli East", "Fay Fox", "Gus Green"], by=branch_officer)
    is_signed = Event()

    def sign():
        with transaction.atomic():
            approve(submitted, superintendent)
            is_signed.set()
            time.sleep(1)

    def propose():
        is_signed.wait(timeout=10)
        return propose_batch(cohort=cohort, by=branch_officer, now=AFTER)

    _, draft = at_once(sign, propose)
    assert draft.pk != submitted.pk
    assert [entry.name for entry in draft.entries.all()] == ["Eli East", "Fay Fox", "Gus Green"]
    assert submitted.entries.count() == 3


def test_superintendent_and_delegate_at_once_are_one_approval(submitted, org, superintendent, outsider):
    delegate_to(outsider, org)
    results = at_once(lambda: approve(submitted, superintendent), lambda: approve(submitted, outsider))
    assert Counter(type(result) for result in results) == {Batch: 1, AlreadyApproved: 1}
    assert SignOff.objects.count() == 1


def test_a_paper_and_a_delegate_at_once_are_one_approval(
    submitted, org, superintendent, outsider, branch_officer
):
    """C3, A15"""
    delegate_to(outsider, org)
    results = at_once(
        lambda: paper_approval.record(
            batch=submitted,
            signer=superintendent,
            signed_date=AFTER.date(),
            code=short_code(submitted.text.digest),
            attested=Attested(A_SCAN, branch_officer.name),
            by=branch_officer,
            now=AFTER,
        ),
        lambda: approve(submitted, outsider),
    )
    assert Counter(type(result) for result in results) == {Batch: 1, AlreadyApproved: 1}
    assert SignOff.objects.count() == 1


@pytest.mark.parametrize("there", [False, True], ids=["the first", "a newer one"])
def test_two_workers_that_make_the_status_list_at_once_make_one(approved, members, there):
    registered(approved, members[0])
    if there:
        status_list.make(now=AFTER)
    results = at_once(*(lambda: status_list.make(now=AFTER) for _ in range(3)))
    assert Counter(type(result) for result in results) == {StatusList: 3}
    assert StatusList.objects.get().counts == {"valid": 1}
    assert SealCertificate.objects.count() == 1


def test_a_list_waits_for_whoever_makes_one_and_names_what_came_meanwhile(approved, members):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    registered(approved, members[0])
    status_list.make(now=AFTER)
    is_held = Event()

    def issue_beside_a_list():
        with transaction.atomic():
            StatusList.objects.select_for_update().get()
            is_held.set()
            time.sleep(1)  # longer than a list takes
            registered(approved, members[1])

    def make():
        is_held.wait(timeout=10)
        return status_list.make(now=AFTER)

    _, made = at_once(issue_beside_a_list, make)
    assert made.counts == {"valid": 2}


def test_a_name_written_twice_at_once_is_one_row(members):
    person = members[0].user
    at_once(
        *(
            lambda said=said: names.write(person=person, name="Ada Cruz", said=said, now=AFTER)
            for said in ("AY-da", "AH-da")
        )
    )
    assert HolderName.objects.get().name == "Ada Cruz"


def test_two_reissues_at_once_leave_one_valid(approved, members, branch_officer):
    certificate = registered(approved, members[0])
    results = at_once(
        *(
            lambda: reissue(certificate=certificate, by=branch_officer, reason="Lost", now=AFTER)
            for _ in range(2)
        )
    )
    assert Counter(type(result) for result in results) == {Certificate: 1, NotTheNewest: 1}
    assert members[0].certificates.valid().count() == 1


@pytest.mark.parametrize("what", ["attendance", "waiver"])
def test_an_issue_waits_for_whoever_changes_what_counts(
    cohort, members, branch_officer, superintendent, what
):
    """C2: what is written at the moment of the issue is read before anything is registered."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    meeting = Meeting.objects.get(month=3)
    if what == "waiver":
        Attendance.objects.filter(meeting=meeting, participant=members[0]).update(status="absent")
        waivers.record(
            participant=members[0], kind="leave", months=[3], reason="x", by=branch_officer, now=AFTER
        )
    draft = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    approved = approve(submit_for_approval(batch=draft, by=branch_officer, now=AFTER), superintendent)
    is_written = Event()

    def change():
        with transaction.atomic():
            if what == "waiver":
                waivers.take_back(waiver=Waiver.objects.get(), by=branch_officer, now=AFTER)
            else:
                attendance.correct(
                    meeting=meeting,
                    participant=members[0],
                    status="absent",
                    reason="Was away",
                    by=branch_officer,
                    now=AFTER,
                )
            is_written.set()
            time.sleep(2)  # longer than a certificate takes to draw

    def issue():
        is_written.wait(timeout=10)
        return issue_batch(batch=approved, by=None, now=AFTER)

    _, outcome = at_once(change, issue)
    assert outcome.issued == 2
    assert outcome.refused == {f"Ada Alvarez ({members[0].pk})": "No meeting attended in April 2027."}
