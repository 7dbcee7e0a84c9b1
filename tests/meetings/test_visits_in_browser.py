"""Visits and meetings of several teams as people use them: accessible, valid, on a phone and on paper."""

import subprocess

import pytest
from django.urls import reverse

from coaching.models import Goal, Membership
from meetings import project, visits
from tests import factories
from tests.clock import NOW

pytestmark = pytest.mark.browser


def test_pages_of_the_deputy(page, sign_in, meetings, deputy, alice, check_page):
    for meeting in meetings[-2:]:
        visits.plan(meeting=meeting, by=deputy, now=NOW)
    sign_in(page, deputy)
    for address in (
        reverse("branch_meetings"),
        reverse("branch_meetings") + "?show=mine&month=2031-01",
        reverse("branch_meetings") + "?month=2027-04&show=mine",
        reverse("branch_briefing", args=[meetings[-1].pk]),
    ):
        page.goto(address)
        check_page(page)
    sign_in(page, alice)
    page.goto(meetings[-1].get_absolute_url())
    check_page(page)


def test_a_briefing_fits_on_one_page(new_context, sign_in, meetings, people, deputy, tmp_path):
    """M12: four members with long names, and outcomes that they share."""
    fourth = factories.participant(
        meetings[0].cohort, factories.person("Wilhelmina Featherstonehaugh-Cholmondeley")
    )
    Membership.objects.create(team=meetings[0].teams.get(), participant=fourth, joined_at=NOW)
    Goal.objects.update(
        title="A shorter form for the permits of after-school programs, with one place to ask"
    )
    for each in (people.alice, people.bob, people.charlie, fourth):
        outcome = "Permits take ten days instead of thirty, and fewer calls come in. " * 3
        project.save(
            participant=each, kind="outcome", text=outcome, audience="program", by=each.user, now=NOW
        )
    page = new_context().new_page()
    sign_in(page, deputy)
    page.goto(reverse("branch_briefing", args=[meetings[-1].pk]))
    file = tmp_path / "briefing.pdf"
    page.pdf(path=file, format="Letter", prefer_css_page_size=True)
    facts = subprocess.run(["pdfinfo", file], capture_output=True, text=True, check=True).stdout
    assert "Pages:           1\n" in facts
