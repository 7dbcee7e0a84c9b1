"""Writing an application in a browser: it saves itself, and nothing typed is lost (A1–A6)."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from applications import drafting
from applications.models import Application
from tests import factories
from tests.applications.factories import ANSWERS, competencies, draft, submit
from tests.clock import NOW

pytestmark = pytest.mark.browser

WHY = "Why do you want to take part?"
DEVELOPMENT = "How will it help your development?"
ROLE = "Which leadership role do you aim for?"
SAVED = re.compile(r"^\s*Saved at 10:00 a.m. (\d answers? still missing.)?\s*$")


@pytest.fixture(autouse=True)
def november():
    """The clock begins at NOW, and runs: the browser waits."""
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def application(applicant, cohort) -> Application:
    return drafting.start(cohort=cohort, by=applicant, now=NOW - timedelta(hours=3))


@pytest.fixture
def at_why(page, sign_in, applicant, application):
    sign_in(page, applicant)
    page.goto(f"/applications/{application.pk}/step/why/")
    return page


def line(page):
    """What is said about saving."""
    return page.locator("#save-state")


def stored(application, name):
    application.refresh_from_db()
    return getattr(application, name)


@pytest.fixture
def refused(page_errors):
    """An answer that is not 200, or none, stands in the browser's console, as it should."""
    yield
    expected = ("Failed to load resource", "htmx:afterRequest", "htmx:sendError")
    page_errors[:] = [each for each in page_errors if not any(word in each for word in expected)]


def test_what_is_typed_saves_itself(at_why, application, check_page):
    page = at_why
    expect(line(page)).to_have_text(re.compile("Last saved at 7:00 a.m. on Monday, November 23, 2026."))
    page.get_by_label(WHY).press_sequentially("To learn.")
    expect(line(page)).to_have_text(SAVED)
    expect(page.get_by_role("heading", name="3 answers still missing")).to_be_visible()
    assert stored(application, "why") == "To learn."
    check_page(page)
    page.get_by_role("link", name="Name the leadership role you aim for.").click()
    expect(page.get_by_label(ROLE)).to_be_focused()
    for label in (DEVELOPMENT, ROLE, "Which position do you ultimately"):
        page.get_by_label(label).fill("Something")
        page.get_by_label(label).blur()
    expect(line(page)).to_have_text("Saved at 10:00 a.m. Nothing is missing on this step.")
    expect(page.locator(".lacking")).not_to_be_visible()
    page.goto("/")  # nothing is unsaved: no question on leaving
    expect(page).to_have_url(re.compile("/$"))


def test_a_note_at_a_field_goes_once_it_is_answered(at_why, application, applicant):
    page = at_why
    page.get_by_label(WHY).fill("To learn.")
    page.get_by_role("button", name="Save and leave").click()
    page.get_by_text("Saved. You can go on").wait_for()
    page.goto(f"/applications/{application.pk}/step/why/")
    expect(page.get_by_text("Before you submit:")).to_have_count(3)
    page.get_by_label(ROLE).fill("Team lead")
    page.get_by_label(ROLE).blur()
    expect(page.get_by_text("Before you submit:")).to_have_count(2)


def test_choices_and_days_save_themselves(page, sign_in, applicant, application, cohort, check_page):
    sign_in(page, applicant)
    first = competencies(cohort)[0]
    page.goto(f"/applications/{application.pk}/step/competencies/")
    group = page.get_by_role("group", name=first.name, exact=True)
    group.get_by_label("A sentence on it").fill("I would like to listen more.")
    group.get_by_label("A sentence on it").blur()
    expect(line(page)).to_have_text(SAVED)
    group.get_by_label("want to grow here").check()
    expect(page.get_by_role("heading", name="5 answers still missing")).to_be_visible()
    rows = list(application.ratings.values_list("competency", "rating", "sentence"))
    assert rows == [(first.pk, "grow", "I would like to listen more.")]
    check_page(page)
    page.goto(f"/applications/{application.pk}/step/project/")
    page.get_by_label("Discussed with your supervisor on").fill("2026-11-05")
    page.get_by_label("Building Coalitions").check()
    expect(page.get_by_role("heading", name="5 answers still missing")).to_be_visible()
    assert str(stored(application, "concept_supervisor_date")) == "2026-11-05"
    assert [each.name for each in application.project_competencies.all()] == ["Building Coalitions"]
    page.get_by_text("An example: title of the project").click()
    check_page(page)


def test_too_long_an_answer_is_named_and_the_others_are_saved(at_why, application, check_page):
    page = at_why
    page.get_by_label(WHY).fill("To learn.")
    page.get_by_label(ROLE).fill("x" * 201)
    page.get_by_label(ROLE).blur()
    expect(line(page)).to_have_text(re.compile("but not everything. .*Use at most 200 characters"))
    assert (stored(application, "why"), stored(application, "role_aimed_for")) == ("To learn.", "")
    check_page(page)


def test_a_button_waits_for_what_was_just_typed(at_why, application):
    page = at_why
    page.get_by_label(WHY).fill("Typed a moment ago.")
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("heading", name="Your competencies", level=1).wait_for()
    assert stored(application, "why") == "Typed a moment ago."


def test_a_link_waits_for_what_was_just_typed(at_why, application):
    page = at_why
    page.get_by_label(WHY).fill("Typed a moment ago.")
    page.get_by_role("link", name="Your project").click()
    page.get_by_role("heading", name="Your project", level=1).wait_for()
    assert stored(application, "why") == "Typed a moment ago."


def test_the_back_button_shows_what_is_saved(at_why, application, applicant):
    page = at_why
    page.get_by_label(WHY).fill("First.")
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("heading", name="Your competencies", level=1).wait_for()
    drafting.save_answers(application=application, by=applicant, answers={"why": "Second."}, now=NOW)
    page.go_back()
    expect(page.get_by_label(WHY)).to_have_value("Second.")
    page.wait_for_load_state()
    page.get_by_label(WHY).fill("Third.")
    expect(line(page)).to_have_text(SAVED)
    assert stored(application, "why") == "Third."


def test_a_lost_connection_is_told_and_made_good(at_why, application, check_page, refused):
    page = at_why
    page.context.set_offline(True)
    page.get_by_label(WHY).fill("Written in a tunnel.")
    expect(line(page)).to_have_text(re.compile("Not saved yet: no connection. We try again by ourselves"))
    check_page(page)
    page.get_by_role("button", name="Save and continue").click()  # stays here, with every word
    expect(page.get_by_label(WHY)).to_have_value("Written in a tunnel.")
    page.context.set_offline(False)
    expect(line(page)).to_have_text(SAVED)
    assert stored(application, "why") == "Written in a tunnel."


def test_leaving_asks_only_while_something_is_unsaved(at_why, refused):
    page = at_why
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.route(
        "**/step/why/", lambda route: route.abort() if route.request.method == "POST" else route.fallback()
    )
    page.get_by_label(WHY).press_sequentially("Unsaved.")
    expect(line(page)).to_have_text(re.compile("Not saved yet"))
    page.goto("/")
    assert asked == ["beforeunload"]


class TestTwoTabs:
    @pytest.fixture
    def tabs(self, page, sign_in, applicant, application, refused):
        sign_in(page, applicant)
        both = page, page.context.new_page()
        for each in both:
            each.goto(f"/applications/{application.pk}/step/why/")
        first, second = both
        first.get_by_label(WHY).fill("From the first tab.")
        first.get_by_label(ROLE).fill("Team lead")
        expect(line(first)).to_have_text(SAVED)
        second.get_by_label(WHY).fill("From the second tab.")
        expect(line(second)).to_have_text(
            re.compile("Not saved: this step was saved from another page at 10:00 a.m.")
        )
        return both

    def test_the_later_one_is_told_and_compares(self, tabs, application, check_page):
        _, second = tabs
        assert stored(application, "why") == "From the first tab."
        check_page(second)
        second.get_by_role("button", name="Compare both").click()
        second.get_by_role("heading", name="Two versions of this step").wait_for()
        for text in ("From the first tab.", "From the second tab.", "Team lead", "No answer"):
            expect(second.get_by_text(text, exact=True)).to_be_visible()
        check_page(second)
        why = second.get_by_role("group", name=WHY)
        why.get_by_label("Keep what is typed here").check()
        second.get_by_role("group", name=ROLE).get_by_label("Take what was saved").check()
        second.get_by_role("button", name="Save my choices").click()
        second.get_by_text("Saved. You can go on at any time").wait_for()
        second.wait_for_load_state()  # from then on it saves what is typed
        assert (stored(application, "why"), application.role_aimed_for) == (
            "From the second tab.",
            "Team lead",
        )
        second.get_by_label(WHY).fill("And on it goes.")
        expect(line(second)).to_have_text(SAVED)

    def test_taking_all_that_was_saved_changes_nothing(self, tabs, application):
        _, second = tabs
        second.get_by_role("button", name="Save and continue").click()
        second.get_by_role("button", name="Take all that was saved").click()
        second.get_by_role("heading", name="Your competencies", level=1).wait_for()
        assert (stored(application, "why"), application.role_aimed_for) == (
            "From the first tab.",
            "Team lead",
        )


def test_after_the_sign_in_ended_it_goes_on_where_it_was(at_why, application, applicant, check_page, refused):
    page = at_why
    Session.objects.all().delete()
    page.get_by_label(WHY).fill("Written without a session.")
    expect(line(page)).to_have_text(re.compile("You are signed out. Sign in again in another tab"))
    check_page(page)
    assert stored(application, "why") == ""
    applicant.set_password("only-for-this-test")
    applicant.save()
    link = page.get_by_role("link", name="Sign in again in another tab")
    expect(link).to_have_attribute("target", "_blank")
    other = page.context.new_page()
    other.goto(link.get_attribute("href"))
    other.get_by_label("Mail address").fill(applicant.email)
    other.get_by_label("Password").fill("only-for-this-test")
    other.get_by_role("button", name="Sign in").click()
    other.get_by_role("heading", name="Why you want to take part").wait_for()
    other.close()
    page.bring_to_front()
    page.evaluate(
        "window.dispatchEvent(new Event('focus'))"
    )  # no window has the focus where there is no screen
    expect(line(page)).to_have_text(SAVED)
    assert stored(application, "why") == "Written without a session."


def test_sent_meanwhile_from_another_tab(page, sign_in, applicant, cohort, check_page, refused):
    application = draft(applicant, cohort)
    sign_in(page, applicant)
    page.goto(f"/applications/{application.pk}/step/why/")
    submit(application)
    page.get_by_label(WHY).fill("Too late.")
    expect(line(page)).to_have_text(re.compile("Not saved: This application is “in review”"))
    check_page(page)
    page.get_by_role("button", name="Save and leave").click()
    page.get_by_role("heading", name="Not saved yet").wait_for()
    expect(page.get_by_text("Too late.")).to_be_visible()
    check_page(page)


class TestWithoutJavaScript:
    @pytest.fixture
    def plain(self, new_context, sign_in, applicant):
        page = new_context(java_script_enabled=False).new_page()
        sign_in(page, applicant)
        return page

    def test_a_step_sent_without_a_session_comes_back_to_be_saved(
        self, plain, application, applicant, refused
    ):
        plain.goto(f"/applications/{application.pk}/step/why/")
        Session.objects.all().delete()
        plain.get_by_label(WHY).fill("Two lines\nof it.")
        plain.get_by_role("button", name="Save and continue").click()
        plain.get_by_role("heading", name="Not saved yet").wait_for()
        applicant.set_password("only-for-this-test")
        applicant.save()
        other = plain.context.new_page()
        other.goto(f"/accounts/login/?next=/applications/{application.pk}/step/why/")
        other.get_by_label("Mail address").fill(applicant.email)
        other.get_by_label("Password").fill("only-for-this-test")
        other.get_by_role("button", name="Sign in").click()
        plain.get_by_role("button", name="Save what I typed").click()  # its token is from before the sign-in
        plain.get_by_text("You have signed in again").wait_for()
        plain.get_by_role("button", name="Save what I typed").click()
        plain.get_by_role("heading", name="Your competencies", level=1).wait_for()
        assert stored(application, "why") == "Two lines\nof it."

    def test_two_tabs_are_compared(self, plain, application):
        other = plain.context.new_page()
        for each in (plain, other):
            each.goto(f"/applications/{application.pk}/step/why/")
        plain.get_by_label(WHY).fill("From the first tab.")
        plain.get_by_role("button", name="Save and leave").click()
        other.get_by_label(WHY).fill("From the second tab.")
        other.get_by_role("button", name="Save and continue").click()
        other.get_by_role("heading", name="Two versions of this step").wait_for()
        assert stored(application, "why") == "From the first tab."
        other.get_by_role("button", name="Keep all that is typed here").click()
        other.get_by_role("heading", name="Your competencies", level=1).wait_for()
        assert stored(application, "why") == "From the second tab."


def test_a_draft_is_shared_and_read(page, sign_in, check_page, applicant, supervisor, cohort):
    """A3."""
    application = draft(applicant, cohort, specific="", why="A" * 200)
    sign_in(page, applicant)
    page.goto(f"/applications/{application.pk}/step/project/")
    page.get_by_role("link", name="share this draft").click()
    check_page(page)
    page.get_by_role("button", name="Share the draft with Sam Supervisor").click()
    page.get_by_text("Sam Supervisor can read your draft now").wait_for()
    check_page(page)
    page.get_by_role("link", name="See the draft as they see it").click()
    check_page(page)
    page.goto(f"/applications/{application.pk}/step/why/")
    expect(page.get_by_text("You, and Sam Supervisor, with whom you share this draft")).to_have_count(4)
    sign_in(page, supervisor)
    page.goto("/")
    page.get_by_role("link", name="Read the draft").click()
    expect(page.get_by_text("Not submitted; for your talk about the project concept.")).to_be_visible()
    check_page(page)


def test_a_later_application_begins_with_the_earlier_one(
    page, sign_in, check_page, applicant, cohort, program, branch
):
    draft(applicant, cohort)
    factories.cohort(program, branch, name="2028")
    sign_in(page, applicant)
    page.goto("/applications/")
    check_page(page)
    page.get_by_role("button", name=f"Start from your application to the {cohort}").click()
    page.get_by_role("link", name="Why you want to take part").click()
    expect(page.get_by_label(WHY)).to_have_value(str(ANSWERS["why"]))
