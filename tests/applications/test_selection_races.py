"""Selection by people at the same moment, on PostgreSQL: one outcome, and the others are told (A9, A11, F3)."""

from collections import Counter
from datetime import timedelta

import pytest

from applications import choosing, closing, releasing, settling, waitlist, workflow
from applications.models import Application, Choice, Decision, Release
from coaching.models import Delegation, Message, Participant, SignOff, User
from tests import factories
from tests.applications.factories import at_deputy, choose, decide, release, sign, submitted
from tests.clock import NOW, TODAY
from tests.coaching.test_races import at_once

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def kinds(results) -> Counter:
    return Counter(type(result) for result in results)


@pytest.fixture
def chosen(org, applicant, supervisor, deputy, cohort) -> list[Application]:
    """Two whose outcome is chosen, and nothing is released."""
    other = factories.person("Other Person", unit=org.unit, supervisor=supervisor)
    made = [at_deputy(person, cohort) for person in (applicant, other)]
    for application in made:
        choose(application, deputy)
    return made


@pytest.fixture
def designee(org, deputy) -> User:
    """A9: has the deputy's rights for the term."""
    person = factories.person("Desi Designee")
    order = {"kind": "delegate", "principal": deputy, "unit": org.branch, "reason": "Leave."}
    Delegation.objects.create(person=person, start_date=TODAY, end_date=TODAY, **order)
    return person


def releases(cohort, *people: User):
    """Each with the list as it is now."""
    read = {person: releasing.bundle(cohort, person, now=NOW).listed for person in people}
    return [lambda each=each: release(cohort, each, listed=read[each]) for each in people]


@pytest.mark.parametrize("round_", range(3))
def test_deputy_and_designee_release_at_once_and_it_is_one_release(chosen, deputy, designee, cohort, round_):
    """A9, A11: one outcome, one mail each; the second one finds it done."""
    results = at_once(*releases(cohort, deputy, designee, deputy))
    assert len({result.pk for result in results}) == 1
    assert Release.objects.count() == 1
    assert Decision.objects.count() == Participant.objects.filter(cohort=cohort).count() == 2
    assert Message.objects.filter(kind="application_outcome").count() == 2
    assert len(set(SignOff.objects.filter(signer__in=[deputy, designee]).values_list("signer"))) == 1


@pytest.mark.parametrize("round_", range(5))
def test_release_and_withdrawal_at_once_have_one_order(chosen, applicant, deputy, cohort, round_):
    """F3, A11: either it is withdrawn and nothing is released, or it is decided and cannot be withdrawn any more."""
    [released] = releases(cohort, deputy)
    results = at_once(released, lambda: workflow.withdraw(application=chosen[0], by=applicant, now=NOW))
    chosen[0].refresh_from_db()
    if chosen[0].status == Application.Status.ACCEPTED:
        assert kinds(results) == {Release: 1, workflow.CannotWithdraw: 1}
        assert Decision.objects.count() == 2
    else:
        assert kinds(results) == {releasing.CannotRelease: 1, Application: 1}
        assert not Decision.objects.exists()
        assert not Participant.objects.filter(cohort=cohort).exists()


@pytest.mark.parametrize("round_", range(5))
def test_release_and_another_choice_at_once_have_one_order(chosen, deputy, designee, cohort, round_):
    """What is released is what was read: a choice that changes first stops it, one that comes later is told."""
    [released] = releases(cohort, deputy)
    results = at_once(released, lambda: choose(chosen[0], designee, "not_selected"))
    chosen[0].refresh_from_db()
    if Decision.objects.exists():
        assert kinds(results) == {Release: 1, settling.NotWaitingOnYou: 1}
        assert chosen[0].status == Application.Status.ACCEPTED
    else:
        assert kinds(results) == {releasing.ListChanged: 1, Choice: 1}
        assert Choice.objects.get(application=chosen[0]).outcome == "not_selected"


def test_choosing_at_once_keeps_one_and_tells_the_other(applicant, deputy, designee, cohort):
    application = at_deputy(applicant, cohort)
    results = at_once(
        lambda: choose(application, deputy, version=0),
        lambda: choose(application, designee, "not_selected", version=0),
    )
    assert kinds(results) == {Choice: 1, choosing.ChosenMeanwhile: 1}
    assert Choice.objects.get().version == 1


def test_moving_on_the_waitlist_at_once_keeps_the_places_whole(
    org, supervisor, branch_officer, deputy, cohort
):
    """M17: nobody loses their place, and no two have the same."""
    people = [factories.person(f"Person {n}", unit=org.unit, supervisor=supervisor) for n in range(4)]
    made = [decide(at_deputy(person, cohort), deputy, "waitlisted") for person in people]
    at_once(
        *(
            lambda each=each, up=up: waitlist.move(application=each, up=up, by=branch_officer, now=NOW)
            for each in made
            for up in (True, False)
        )
    )
    places = Application.objects.filter(cohort=cohort).order_by("waitlist_place")
    assert list(places.values_list("waitlist_place", flat=True)) == [1, 2, 3, 4]


def test_closing_and_signing_at_once_have_one_order(applicant, supervisor, branch_officer, cohort):
    application, after = submitted(applicant, cohort), NOW + timedelta(days=60)
    results = at_once(
        lambda: closing.close(applications=[application], reason="Late.", by=branch_officer, now=after),
        lambda: sign(application, supervisor, now=after),
    )
    application.refresh_from_db()
    # With the director it is still on its way, so it is closed before or after the supervisor's signature.
    assert application.status == Application.Status.CLOSED
    assert kinds(results)[list] == 1
    assert not application.review_steps.filter(status="pending").exists()
