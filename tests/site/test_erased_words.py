"""At the end of a cohort's term go the words around it, too; what stands for good is said on the page of records."""

from html import unescape

import pytest
import time_machine
from django.urls import reverse

from certificates import approval
from certificates.models import Batch, BatchEntry
from coaching import directory, holds
from coaching.models import ERASED, Cohort, LegalHold, Pairing, SignedText, TeamProposal, User
from coaching.site import records_due
from coaching.site.records import FOR_GOOD
from meetings import orders
from meetings.models import LegalOrder
from tests import factories
from tests.certificates.history import AFTER, completed_team
from tests.clock import NOW
from tests.meetings.test_orders import WHAT
from tests.site.runs import LATER, start, work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _later():
    with time_machine.travel(LATER, tick=False):
        yield


def test_how_teams_were_formed(cohort, administrator):
    """Who was kept apart from whom, too: whoever has a certificate keeps their name."""
    people = [factories.participant(cohort) for _ in range(2)]
    pairing = Pairing.objects.create(cohort=cohort, kind="apart", reason="They quarreled.", created_at=NOW)
    pairing.people.set(people)
    draft = TeamProposal.objects.create(
        cohort=cohort, document={"teams": [], "apart": [[each.pk for each in people]]}, result={"score": 1}
    )
    work(start(administrator))
    pairing.refresh_from_db()
    draft.refresh_from_db()
    assert (pairing.reason, list(pairing.people.all())) == (ERASED, [])
    assert (draft.document, draft.result) == ({}, {})


def test_why_something_was_held_and_what_was_ordered(cohort, branch_officer, administrator):
    people = [factories.participant(cohort) for _ in range(3)]
    team = factories.confirmed_team(cohort, people, by=branch_officer)
    order = orders.ask(team=team, **WHAT, silence="Section 4.", by=administrator, now=NOW)
    orders.close(order=order, by=administrator, now=NOW)
    person = factories.person("Left Long Ago", created_at=NOW, is_active=False)
    for about in ({"cohort": cohort}, {"person": person}):
        hold = holds.set_hold(**about, reason="A claim.", reference="27-1", by=administrator, now=NOW)
        holds.lift(hold=hold, reason="Settled.", by=administrator, now=NOW)
    work(start(administrator))
    said = LegalHold.objects.values_list("reason", "reference", "lifted_reason")
    assert set(said) == {(ERASED, ERASED, ERASED)}
    order = LegalOrder.objects.get()
    assert (order.scope, order.silence, order.number) == (ERASED, ERASED, "27-1034")
    assert (order.issued_by, order.asked_by) == (WHAT["issued_by"], administrator)


def test_lists_of_certificates_that_were_never_approved(
    cohort, branch_officer, superintendent, administrator
):
    ada, ben = completed_team(cohort, ["Ada", "Ben"], by=branch_officer)
    with time_machine.travel(AFTER, tick=False):
        batch = approval.propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
        batch = approval.submit_for_approval(batch=batch, by=branch_officer, now=AFTER)
        first = batch.text
        approval.return_batch(batch=batch, by=superintendent, reason="It names a stranger.", now=AFTER)
        batch.refresh_from_db()
        batch = approval.submit_for_approval(batch=batch, by=branch_officer, now=AFTER)
        approval.return_batch(batch=batch, by=superintendent, reason="Again.", now=AFTER)
    names = BatchEntry.objects.values_list("name", flat=True)
    assert set(names) == {ada.user.name, ben.user.name}
    assert first in records_due.texts(LATER.date())
    work(start(administrator))
    assert set(names.all()) == {ERASED}
    assert Batch.objects.get().returned_reason == ""
    assert set(SignedText.objects.values_list("text", flat=True)) == {ERASED}


def test_a_list_that_still_awaits_approval(cohort, branch_officer, administrator):
    completed_team(cohort, ["Ada", "Ben"], by=branch_officer)
    with time_machine.travel(AFTER, tick=False):
        batch = approval.propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
        batch = approval.submit_for_approval(batch=batch, by=branch_officer, now=AFTER)
    work(start(administrator))
    batch.text.refresh_from_db()
    assert batch.text.text == ERASED
    assert {each.name for each in batch.entries.all()} == {ERASED}


def test_the_telephone_of_whom_people_asked_and_what_they_reported_as_wrong(cohort, org, administrator):
    person = factories.person("Left Long Ago", unit=org.unit, created_at=NOW)
    Cohort.objects.filter(pk=cohort.pk).update(contact_email=person.email)
    correction = directory.report_correction(user=person, field="name", says="Left Earlier", now=NOW)
    User.objects.filter(pk=person.pk).update(is_active=False)
    work(start(administrator))
    assert Cohort.objects.values_list("contact_email", "contact_phone").get(pk=cohort.pk) == ("", "")
    assert not type(correction).objects.exists()


def test_what_stands_for_good_is_said(administrator, client):
    client.force_login(administrator)
    page = unescape(client.get(reverse("records")).content.decode())
    assert all(what in page and why in page for what, why in FOR_GOOD)
