"""The whole route as people walk it, page by page, each page accessible and valid (A1–A12, F2–F4)."""

from itertools import pairwise

import pytest
import time_machine

from applications import workflow
from applications.models import Application
from tests.applications.factories import (
    ANSWERS,
    accepted,
    at_deputy,
    competencies,
    decide,
    draft,
    sign,
    submitted,
)
from tests.clock import NOW

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def november():
    """The clock begins at NOW, and runs: the browser waits."""
    with time_machine.travel(NOW, tick=True):
        yield


def fill(page, answers):
    for label, answer in answers.items():
        page.get_by_label(label, exact=False).first.fill(answer)


def test_from_an_empty_form_to_the_decision(
    page, sign_in, check_page, applicant, supervisor, director, deputy, branch_officer, cohort
):
    sign_in(page, applicant)
    page.goto("/applications/")
    check_page(page)
    page.get_by_role("button", name="Start an application").click()
    check_page(page)
    page.get_by_role("button", name="Continue").click()
    fill(
        page,
        {
            "Why do you want to take part?": str(ANSWERS["why"]),
            "How will it help your development?": str(ANSWERS["development"]),
            "Which leadership role do you aim for?": str(ANSWERS["role_aimed_for"]),
            "Which position do you ultimately see yourself in?": str(ANSWERS["ultimate_position"]),
        },
    )
    check_page(page)
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("heading", name="Your competencies", level=1).wait_for()
    for number, competency in enumerate(competencies(cohort)):
        group = page.get_by_role("group", name=competency.name, exact=True)
        group.get_by_label("want to grow here" if number < 2 else "glow here", exact=True).check()
    check_page(page)
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("heading", name="Your project", level=1).wait_for()
    fill(page, {"Title of the project": "One form for school meals"})
    check_page(page)
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("heading", name="Review and sign", level=1).wait_for()
    check_page(page)  # with what is still missing
    page.get_by_role("link", name="Describe your project.").click()
    assert page.evaluate("location.hash") == "#id_project_description"
    fill(
        page,
        {
            "Description": "Bring three paper forms together into one.",
            "Expected outcome": "One form instead of three.",
            "How will the outcome be measured?": "Minutes a school needs.",
            "Specific": "One form for all three meal programs.",
            "Discussed with your supervisor on": "2026-11-05",
            "Discussed with your division director on": "2026-11-09",
        },
    )
    page.get_by_label("Building Coalitions").check()
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("heading", name="Review and sign", level=1).wait_for()
    check_page(page)  # complete
    page.get_by_label("I have read what the program offers").check()
    page.get_by_label("I know that taking part is voluntary").check()
    page.get_by_label("I make this commitment").check()
    page.get_by_role("button", name="Sign and submit").click()
    page.get_by_role("heading", name="Please check this").wait_for()
    check_page(page)  # the name is missing
    page.get_by_label("Type your name to sign").fill("Ana Applicant")
    page.get_by_role("button", name="Sign and submit").click()
    page.get_by_role("heading", name="It is with Sam Supervisor").wait_for()
    check_page(page)

    for signer, following in ((supervisor, "Dana Director"), (director, "Derek Deputy")):
        sign_in(page, signer)
        page.goto("/approvals/")
        check_page(page)
        page.get_by_role("link", name="Ana Applicant", exact=True).click()
        check_page(page)
        page.get_by_label("Type your name to sign").fill(signer.name)
        page.get_by_role("button", name="Sign", exact=True).click()
        page.get_by_role("link", name="You have acted on").click()
        page.get_by_role("link", name="Ana Applicant", exact=True).click()
        page.get_by_text(f"It waits on {following}").wait_for()
        check_page(page)

    sign_in(page, deputy)
    page.goto("/approvals/")
    page.get_by_role("link", name="Ana Applicant", exact=True).click()
    check_page(page)
    page.get_by_label("Interest in the program").fill("Knows what it asks for.")
    page.get_by_label("Demonstrated interest in leadership").fill("Has led two groups.")
    page.get_by_label("The division project").fill("Serves the division.")
    page.get_by_label("Accepted").check()
    page.get_by_role("button", name="Record this choice").click()
    page.get_by_text("Ana Applicant: accepted, as your choice.").wait_for()
    page.goto(f"/applications/cohort/{cohort.pk}/selection/")
    check_page(page)
    page.get_by_role("link", name="Release 1 choice").click()
    check_page(page)
    page.get_by_label("Type your name to sign").fill("Derek Deputy")
    page.get_by_role("button", name="Sign and release 1 decision").click()
    page.get_by_text("Released: 1 accepted.").wait_for()
    check_page(page)

    sign_in(page, applicant)
    page.goto("/applications/")
    check_page(page)
    page.get_by_role("link", name="Open").click()
    page.get_by_role("heading", name="Welcome to the program").wait_for()
    check_page(page)
    page.get_by_role("link", name="Read the application").click()
    check_page(page)
    page.get_by_text("The same as plain text").click()
    check_page(page)
    assert Application.objects.get().status == Application.Status.ACCEPTED

    sign_in(page, branch_officer)
    page.goto(f"/applications/cohort/{cohort.pk}/")
    check_page(page)


def test_return_and_submit_again(page, sign_in, check_page, applicant, supervisor, director, cohort):
    application = sign(submitted(applicant, cohort), supervisor)
    sign_in(page, director)
    page.goto(f"/approvals/{application.pk}/")
    page.get_by_role("link", name="Return it for changes").click()
    check_page(page)
    page.get_by_role("button", name="Return it to Ana Applicant").click()
    check_page(page)  # the comment is missing
    page.get_by_label("What should be changed?").fill("Name the number you will compare.")
    page.get_by_role("button", name="Return it to Ana Applicant").click()
    page.get_by_text("Returned to Ana Applicant").wait_for()
    sign_in(page, applicant)
    page.goto(f"/applications/{application.pk}/")
    check_page(page)
    page.get_by_role("link", name="Change and submit again").click()
    check_page(page)


def test_decline_and_withdraw_ask_first(page, sign_in, check_page, applicant, supervisor, cohort):
    application = submitted(applicant, cohort)
    sign_in(page, supervisor)
    page.goto(f"/approvals/{application.pk}/")
    page.get_by_role("link", name="Decline it").click()
    check_page(page)
    sign_in(page, applicant)
    page.goto(f"/applications/{application.pk}/withdraw/")
    check_page(page)
    page.get_by_role("button", name="Withdraw the application").click()
    page.get_by_text("Your application is withdrawn.").wait_for()
    check_page(page)


def test_pages_with_problems_on_them(
    page, sign_in, check_page, org, applicant, supervisor, deputy, branch_officer, cohort
):
    """A missing signer, a deadline, an overdue step, a waitlist, an acting person, an empty list."""
    sign_in(page, branch_officer)
    page.goto(f"/applications/cohort/{cohort.pk}/")
    check_page(page)
    application = draft(applicant, cohort, timely="", project_title="")
    org.division.head = None
    org.division.save()
    sign_in(page, applicant)
    page.goto(f"/applications/{application.pk}/review/")
    check_page(page)
    page.goto(f"/applications/{application.pk}/step/about/")
    page.get_by_text("Something here is wrong").click()
    check_page(page)
    workflow.withdraw(application=application, by=applicant, now=NOW)
    org.division.head = org.director
    org.division.save()
    waitlisted = decide(at_deputy(applicant, cohort), deputy, "waitlisted")
    page.goto(f"/applications/{waitlisted.pk}/")
    check_page(page)
    sign_in(page, deputy)
    page.goto("/approvals/?show=waitlist")
    check_page(page)
    page.get_by_role("link", name="Ana Applicant").click()
    check_page(page)


def test_a_changed_project(page, sign_in, check_page, applicant, director, cohort):
    """A14."""
    accepted(applicant, cohort)
    sign_in(page, applicant)
    page.goto("/applications/")
    page.get_by_role("link", name="Open").click()
    page.get_by_role("link", name="Your project").click()
    check_page(page)
    page.get_by_label("Title of the project").fill("Two forms")
    page.get_by_role("button", name="Ask the division director").click()
    page.get_by_role("heading", name="Please check this").wait_for()
    page.get_by_label("Why do you want to change it?").fill("The pilot showed it.")
    page.get_by_role("button", name="Ask the division director").click()
    page.get_by_role("heading", name="A change waits on Dana Director").wait_for()
    check_page(page)
    sign_in(page, director)
    page.goto("/approvals/")
    check_page(page)
    page.get_by_role("link", name="Read the change of Ana Applicant").click()
    check_page(page)
    page.get_by_label("Type your name to sign").fill("Dana Director")
    page.get_by_role("button", name="Sign", exact=True).click()
    page.get_by_text("Signed. Ana Applicant is told.").wait_for()
    sign_in(page, applicant)
    page.goto(f"/applications/project/{applicant.participations.get().pk}/")
    check_page(page)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_steps_stand_side_by_side_and_the_choices_in_one_line_or_column(
    page, sign_in, applicant, cohort, width
):
    """Five circles apart from each other, inside the page; the three choices are never two and one."""
    application = draft(applicant, cohort)
    sign_in(page, applicant)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"/applications/{application.pk}/step/competencies/")
    circles = [each.bounding_box() for each in page.locator(".step-number").all()]
    assert len(circles) == 5
    for one, following in pairwise(circles):
        assert one["x"] + one["width"] < following["x"]
    assert circles[-1]["x"] + circles[-1]["width"] <= width
    choices = [each.bounding_box() for each in page.locator(".rating-choices").first.locator("> *").all()]
    assert len(choices) == 3
    rows, columns = ({round(each[axis]) for each in choices} for axis in ("y", "x"))
    assert (len(rows), len(columns)) == ((3, 1) if width == 390 else (1, 3))
