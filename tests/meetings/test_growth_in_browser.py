"""Projects and growth as people use them: every page accessible and valid, at both widths, with long names."""

from datetime import date

import pytest
from django.urls import reverse

from coaching.models import User
from meetings import project
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
