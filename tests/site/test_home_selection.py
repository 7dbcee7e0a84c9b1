"""Home during selection: what is ready to be decided, what is not released, free seats, and what is late."""

from datetime import timedelta

import pytest
import time_machine

from applications import waitlist
from coaching import enrollment
from coaching.site.home import cards_for
from tests import factories
from tests.applications.factories import at_deputy, choose, decide, submitted
from tests.clock import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
AFTER = NOW + timedelta(days=50)


@pytest.fixture
def another(org, supervisor):
    return lambda name: factories.person(name, unit=org.unit, supervisor=supervisor)


def titles(user) -> list[str]:
    return [card.title for card in cards_for(user)]


def card(user, beginning: str):
    return next((each for each in cards_for(user) if each.title.startswith(beginning)), None)


def test_the_deputy_sees_what_is_ready_to_be_decided_and_what_is_not_released(
    applicant, another, deputy, branch_officer, cohort
):
    """A10, A11."""
    first = at_deputy(applicant, cohort)
    at_deputy(another("Ben Other"), cohort)
    assert card(deputy, "2 applications are ready for your decision").address == (
        f"/applications/cohort/{cohort.pk}/selection/?choice=open&place=decider"
    )
    choose(first, deputy)
    shown = titles(deputy)
    assert "1 application is ready for your decision" in shown
    assert "1 choice is not released yet" in shown
    assert not any("wait for your signature" in title or "waits for your" in title for title in shown)
    assert not any("choice" in title for title in titles(branch_officer))


def test_signers_before_the_decision_still_have_theirs(applicant, supervisor, cohort):
    submitted(applicant, cohort)
    assert "1 application waits for your signature" in titles(supervisor)


def test_office_and_deputy_see_a_free_seat_and_whom_to_ask(
    applicant, deputy, branch_officer, supervisor, cohort
):
    decide(at_deputy(applicant, cohort), deputy, "waitlisted")
    taken = [factories.participant(cohort) for _ in range(cohort.seats)]
    with time_machine.travel(AFTER, tick=False):
        assert card(branch_officer, "A seat is free") is None
        enrollment.leave(participant=taken[0], by=taken[0].user, reason="Moved.", now=AFTER)
        for person in (branch_officer, deputy):
            assert card(person, "A seat is free").text == "1 seat is free. Next to ask: Ana Applicant."
        for person in (applicant, supervisor):
            assert card(person, "A seat is free") is None
        application = applicant.applications.get()
        waitlist.ask(application=application, asked_date=AFTER.date(), by=branch_officer, now=AFTER)
        assert "has not answered" in card(deputy, "A seat is free").text


def test_while_people_still_apply_free_seats_are_no_news(applicant, deputy, branch_officer, cohort):
    decide(at_deputy(applicant, cohort), deputy, "waitlisted")
    assert card(branch_officer, "A seat is free") is None


def test_whoever_was_asked_is_named_also_while_people_still_apply_and_when_the_seat_is_gone(
    applicant, another, deputy, branch_officer, cohort
):
    decide(at_deputy(applicant, cohort), deputy, "waitlisted")
    application = applicant.applications.get()
    waitlist.ask(application=application, asked_date=NOW.date(), by=branch_officer, now=NOW)
    waitlist.answer(application=application, wants=True, by=branch_officer, now=NOW)
    wants = "Ana Applicant was asked on November 23, 2026 and wants the seat."
    for person in (branch_officer, deputy):
        assert wants in card(person, "A seat is free").text
    for _ in range(cohort.seats):
        factories.participant(cohort)
    for person in (branch_officer, deputy):
        assert card(person, "A seat that was offered is gone").text.startswith(f"No seat is free. {wants}")


def test_the_office_sees_what_is_late(applicant, another, deputy, branch_officer, cohort):
    submitted(applicant, cohort)
    at_deputy(another("Rae Ready"), cohort)
    assert card(branch_officer, "1 application is late") is None
    with time_machine.travel(AFTER, tick=False):
        assert card(branch_officer, "1 application is late").address.endswith("/deadline/")
        assert card(deputy, "1 application is late") is None
