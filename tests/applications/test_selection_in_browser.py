"""Selection in Chromium, on a desk and on a phone, with long names: the board, several choices, the release, the waitlist,
the deadline."""

from datetime import timedelta

import pytest
import time_machine

from applications import choosing, workflow
from applications.models import Decision
from coaching import enrollment
from tests import factories
from tests.applications.factories import at_deputy, choose, decide, submitted
from tests.clock import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("frozen")]
LONG = "Maximiliana-Wilhelmina Featherstonehaugh-Cholmondeley the Younger"


@pytest.fixture
def another(org, supervisor):
    return lambda name: factories.person(name, unit=org.unit, supervisor=supervisor)


def test_the_deputy_chooses_several_and_releases_them(
    page, sign_in, check_page, applicant, another, deputy, branch_officer, cohort
):
    """A10, A11."""
    first, second = at_deputy(applicant, cohort), at_deputy(another(LONG), cohort)
    choosing.recommend(
        application=first, by=branch_officer, outcome="accepted", sentence="She would bring much.", now=NOW
    )
    sign_in(page, deputy)
    page.goto(f"/applications/cohort/{cohort.pk}/selection/")
    page.get_by_text("The three criteria for Ana Applicant").click()
    page.get_by_text("I want to learn from colleagues of other divisions.").first.wait_for()
    check_page(page)
    page.get_by_label("Select Ana Applicant").check()
    page.get_by_label(f"Select {LONG}").check()
    page.get_by_label("For those selected, begin with").select_option("Accepted")
    page.get_by_role("button", name="Choose for those selected").click()
    check_page(page)
    for number, application in enumerate((first, second), start=1):
        for criterion in ("interest_in_program", "interest_in_leadership", "division_project"):
            page.locator(f"#id_a{application.pk}-{criterion}").fill(f"Assessment {number}.")
    page.get_by_role("button", name="Record these 2 choices").click()
    page.get_by_text("2 choices are recorded. Nobody is told.").wait_for()
    check_page(page)
    page.get_by_role("link", name="Release 2 choices").click()
    check_page(page)
    page.get_by_label("Type your name to sign").fill("Derek Deputy")
    page.get_by_role("button", name="Sign and release 2 decisions").click()
    page.get_by_text("Released: 2 accepted. Every applicant is told.").wait_for()
    assert Decision.objects.count() == 2


def test_no_word_of_a_link_on_the_board_is_broken(page, sign_in, applicant, another, deputy, cohort):
    at_deputy(applicant, cohort)
    at_deputy(another(LONG), cohort)
    sign_in(page, deputy)
    page.goto(f"/applications/cohort/{cohort.pk}/selection/")
    links = page.get_by_role("link", name="Choose for")
    assert [round(each.bounding_box()["height"]) < 30 for each in links.all()] == [True, True]


def test_what_stands_in_the_way_of_a_release(page, sign_in, check_page, applicant, another, deputy, cohort):
    """F3."""
    gone = at_deputy(another(LONG), cohort)
    for application in (at_deputy(applicant, cohort), gone):
        choose(application, deputy)
    workflow.withdraw(application=gone, by=gone.applicant, now=NOW)
    sign_in(page, deputy)
    page.goto(f"/applications/cohort/{cohort.pk}/selection/release/")
    check_page(page)
    page.get_by_role("button", name=f"Take the choice back for {LONG}").click()
    page.get_by_role("button", name="Sign and release 1 decision").wait_for()
    check_page(page)


def test_the_branch_office_recommends_keeps_the_waitlist_and_the_deadline(
    page, sign_in, check_page, applicant, another, deputy, branch_officer, cohort
):
    for name in ("Wes Waiting", LONG):
        decide(at_deputy(another(name), cohort), deputy, "waitlisted")
    at_deputy(applicant, cohort)
    submitted(another("Lee Late"), cohort)
    taken = [factories.participant(cohort) for _ in range(cohort.seats)]
    enrollment.leave(participant=taken[0], by=taken[0].user, reason="Moved.", now=NOW)
    with time_machine.travel(NOW + timedelta(days=60), tick=False):
        sign_in(page, branch_officer)
        page.goto(f"/applications/cohort/{cohort.pk}/selection/")
        check_page(page)
        page.get_by_role("link", name="Recommend for Ana Applicant").click()
        check_page(page)
        page.get_by_label("Accepted").check()
        page.get_by_label("Why, in a sentence").fill("She would bring much.")
        page.get_by_role("button", name="Record this recommendation").click()
        page.get_by_text("1 recommendation is recorded. Nobody is told.").wait_for()
        page.get_by_role("link", name="Waitlist").click()
        check_page(page)
        page.get_by_role("button", name="Ask later for Wes Waiting").click()
        page.get_by_role("button", name=f"Record that you asked {LONG}").click()
        page.get_by_text(f"Wants the seat, {LONG}").click()
        check_page(page)
        page.get_by_role("button", name=f"Record that {LONG} wants the seat").click()
        check_page(page)
        page.goto(f"/applications/cohort/{cohort.pk}/deadline/")
        check_page(page)
        page.get_by_label("Close the application of Lee Late").check()
        page.get_by_role("button", name="Close those selected").click()
        check_page(page)
        page.get_by_label("Reason").fill("Selection has begun; please apply again.")
        page.get_by_role("button", name="Close 1 application and write to 2 people").click()
        page.get_by_text("1 application is closed without a decision.").wait_for()
        check_page(page)
