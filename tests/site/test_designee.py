"""The deputy's designee has the deputy's rights for the term of the order, and not a day longer (A9)."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from applications.models import Application, ReviewStep
from applications.settling import NotWaitingOnYou
from coaching import delegations
from coaching.models import Delegation
from tests.applications.factories import at_deputy, decide, submitted
from tests.clock import NOW, TODAY

FIRST, LAST = TODAY + timedelta(days=2), TODAY + timedelta(days=5)
BEFORE, DURING, AFTER = NOW + timedelta(days=1), NOW + timedelta(days=5), NOW + timedelta(days=6)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]


@pytest.fixture(params=["by the deputy", "by the office from a written order", "acting"])
def designee(request, outsider, deputy, branch, branch_officer):
    values = {"kind": "delegate", "principal": deputy, "by": deputy}
    if request.param == "acting":
        values = {"kind": "acting", "principal": None, "by": branch_officer}
    elif request.param.startswith("by the office"):
        values |= {"by": branch_officer, "order_date": TODAY, "order_reference": "DO-12"}
    delegations.record(
        person=outsider, unit=branch, reason="Leave.", start_date=FIRST, end_date=LAST, now=NOW, **values
    )
    assert Delegation.objects.count() == 1
    return outsider


@pytest.fixture
def waiting(applicant, cohort) -> Application:
    return at_deputy(applicant, cohort)


def addresses(application: Application) -> list[str]:
    cohort = application.cohort_id
    return [
        reverse("branch"),
        reverse("cohorts"),
        reverse("cohort", args=[cohort]),
        reverse("cohort_applications", args=[cohort]),
        reverse("application", args=[application.pk]),
        reverse("approval", args=[application.pk]),
        reverse("branch_meetings"),
        reverse("certificate_register"),
    ]


def test_pages_of_the_deputy_are_open_for_the_term(client, waiting, designee, deputy):
    """F5."""
    client.force_login(deputy)
    assert {client.get(address).status_code for address in addresses(waiting)} == {200}
    client.force_login(designee)
    for when, status in ((BEFORE, 404), (DURING, 200), (AFTER, 404)):
        with time_machine.travel(when, tick=False):
            codes = {address: client.get(address).status_code for address in addresses(waiting)}
            assert codes == dict.fromkeys(addresses(waiting), status)


def test_the_decision_is_theirs_for_the_term(waiting, designee, deputy):
    for when in (BEFORE, AFTER):
        with time_machine.travel(when, tick=False), pytest.raises(NotWaitingOnYou):
            decide(waiting, designee, now=when)
        assert not Application.objects.awaiting(designee, on=when.date()).exists()
    with time_machine.travel(DURING, tick=False):
        assert list(Application.objects.awaiting(designee, on=DURING.date())) == [waiting]
        sign_off = decide(waiting, designee, now=DURING).decisions.get().sign_off
    assert (sign_off.signer, sign_off.on_behalf_of) == (designee, deputy)


def test_what_they_decided_stays_and_the_rest_is_the_deputys_again(waiting, designee, deputy):
    with time_machine.travel(DURING, tick=False):
        decide(waiting, designee, "waitlisted", now=DURING)
    with time_machine.travel(AFTER, tick=False):
        assert not ReviewStep.objects.on_waitlist().signable_by(designee, on=AFTER.date()).exists()
        assert decide(waiting, deputy, now=AFTER).status == "accepted"


def test_a_designee_who_applies_decides_nothing_about_it(org, designee, deputy, supervisor, cohort):
    """A9: principal and delegate both count for “nobody signs their own”."""
    designee.unit, designee.supervisor = org.unit, supervisor
    designee.save()
    with time_machine.travel(DURING, tick=False):
        own = submitted(designee, cohort, now=DURING)
        assert designee not in [step.signer for step in own.route()]
        assert not Application.objects.routed_to(designee).filter(pk=own.pk).exists()


def test_the_deputy_who_applies_is_not_decided_on_by_the_designee(designee, deputy, superintendent, cohort):
    """A9."""
    with time_machine.travel(DURING, tick=False):
        own = submitted(deputy, cohort, now=DURING)
        assert own.route().last().signer == superintendent
        assert designee not in [step.signer for step in own.route()]
        assert not Application.objects.awaiting(designee, on=DURING.date()).filter(pk=own.pk).exists()
