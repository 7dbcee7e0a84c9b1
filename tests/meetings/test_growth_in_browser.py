"""Projects and growth as people use them: every page accessible and valid, at both widths, with long names."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.urls import reverse
from playwright.sync_api import expect

from coaching.models import User
from meetings import growth, inputs, project
from tests.clock import NOW

pytestmark = pytest.mark.browser
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh of the Constitution"


@pytest.fixture
def shared(people, supervisor):
    """A supervisor with a long name, and a text of each kind and audience."""
    User.objects.filter(pk=supervisor.pk).update(name=LONG)
    User.objects.filter(pk=people.alice.user_id).update(supervisor=supervisor)
    for kind, audience in (
        ("milestone", "program"),
        ("outcome", "supervisor"),
        ("update", "team"),
        ("update", "self"),
    ):
        project.save(
            participant=people.alice,
            kind=kind,
            text="The pilot runs in two offices. " * 6,
            audience=audience,
            due_date=date(2027, 3, 31) if kind == "milestone" else None,
            by=people.alice.user,
            now=NOW,
        )


def test_pages_of_a_project(page, sign_in, team, people, alice, shared, check_page):
    sign_in(page, alice)
    (milestone,) = people.alice.project_texts.filter(kind="milestone")
    for address in (
        reverse("my_project", args=[people.alice.pk]),
        reverse("project_text", args=[milestone.pk]),
        reverse("project_update", args=[people.alice.pk]),
        reverse("meetings_team_projects", args=[team.pk]),
        reverse("meetings_team", args=[team.pk]),
    ):
        page.goto(address)
        check_page(page)


def test_rating_oneself_by_keyboard_without_javascript(new_context, sign_in, people, alice, check_page):
    """Six choices by keys; then the change as a picture and a table, on a phone too."""
    address = reverse("my_growth", args=[people.alice.pk])
    with time_machine.travel(datetime(2027, 6, 10, 20, 0, tzinfo=UTC)):
        page = new_context(java_script_enabled=False).new_page()
        page.set_viewport_size({"width": 390, "height": 844})
        sign_in(page, alice)
        page.goto(address)
        for each in growth.competencies(people.alice):
            page.get_by_role("group", name=each.name).get_by_label("Grow", exact=True).focus()
            page.keyboard.press("Space")
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Saved. Nobody but you reads it.")).to_be_visible()
        page = new_context().new_page()
        sign_in(page, alice)
        page.goto(address)
        expect(page.get_by_role("img", name="Fostering a Team Environment")).to_be_visible()
        expect(page.get_by_role("row", name="Fostering a Team Environment")).to_contain_text(
            "From grow to neither"
        )
        check_page(page)


def test_pages_of_supervisor_and_director(
    page, sign_in, team, meetings, people, alice, supervisor, director, shared, check_page
):
    """M14, C8: asked, read and answered, from the home page of each."""
    during = datetime(2027, 4, 10, 20, 0, tzinfo=UTC)
    with time_machine.travel(during):
        sign_in(page, alice)
        page.goto(reverse("my_project", args=[people.alice.pk]))
        page.get_by_role("link", name=f"Ask {LONG} for input").click()
        check_page(page)
        page.get_by_label("Your question").fill("Whom should I ask?")
        page.get_by_role("button", name="Ask for input").click()
        expect(page.get_by_text("is told by mail that you ask for input")).to_be_visible()
        sign_in(page, supervisor)
        page.goto(reverse("home"))
        check_page(page)
        page.get_by_role("link", name="Give my input").click()
        page.get_by_label("Your input").fill("Ask Dana first. " * 20)
        check_page(page)
        page.get_by_role("button", name="Send my input").click()
        expect(page.get_by_text("Sent. Alice Example can read it.")).to_be_visible()
        page.goto(reverse("employees"))
        check_page(page)
        sign_in(page, director)
        page.goto(reverse("home"))
        page.get_by_role("link", name="See who takes part").click()
        expect(page.get_by_role("heading", name="Alice Example")).to_be_visible()
        check_page(page)
        (row,) = people.alice.inputs.all()
        inputs.share(row=row, shared=True, by=alice, now=during)
        sign_in(page, alice)
        for address in (
            reverse("my_project", args=[people.alice.pk]),
            reverse("meetings_team_projects", args=[team.pk]),
        ):
            page.goto(address)
            check_page(page)
