"""Projects and growth as people use them: every page accessible and valid, at both widths, with long names."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.urls import reverse
from playwright.sync_api import expect

from coaching.models import User
from meetings import growth, project
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
            page.get_by_role("group", name=each.name).get_by_label("I want to grow here").focus()
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
