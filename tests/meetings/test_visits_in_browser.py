"""Visits and meetings of several teams as people use them: accessible, valid, on a phone and on paper."""

import subprocess
from datetime import date, time

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from coaching.models import Goal, Membership, TeamWishes
from meetings import laying_out, project, scheduling, visits
from meetings.models import Meeting
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
        reverse("branch_meetings") + "?show=behind",
        reverse("branch_meetings") + f"?sure={meetings[0].pk}",
        reverse("branch_briefing", args=[meetings[-1].pk]),
        reverse("calendar_feed"),
    ):
        page.goto(address)
        check_page(page)
    sign_in(page, alice)
    page.goto(meetings[-1].get_absolute_url())
    check_page(page)


def test_pages_of_the_branch_office(
    page,
    new_context,
    sign_in,
    meetings,
    other_team,
    cohort,
    people,
    branch_officer,
    deputy,
    alice,
    check_page,
):
    """M5: a day is seen before it is saved, also without JavaScript; what members and the deputy read then."""
    laying_out.lay_out_meetings(team=other_team, by=None, now=NOW)
    TeamWishes.objects.create(participant=people.dora, times=["3-0900"], answered_at=NOW)
    first, final = (meetings[place].item_id for place in (0, -1))
    sign_in(page, branch_officer)
    for address in (
        reverse("office_days", args=[cohort.pk]),
        reverse("office_join", args=[cohort.pk, first]),
        reverse("office_usual", args=[cohort.pk, final]),
        reverse("office_meeting", args=[meetings[-1].pk]),
        reverse("office_stagger", args=[cohort.pk, final]),
    ):
        page.goto(address)
        check_page(page)
    page.get_by_role("button", name="Show what this leads to").click()
    expect(page.get_by_role("region", name="This leads to")).to_be_focused()
    check_page(page)
    one_word = {"title": "W" * 120, "when": scheduling.When(date(2027, 4, 14), time(9), 60)}
    team = meetings[0].teams.get()
    scheduling.add_extra(team=team, where=scheduling.Where(), by=None, now=NOW, **one_word)
    page.goto(reverse("office_places", args=[cohort.pk]))
    check_page(page)
    page.get_by_label("Place", exact=True).fill("Room 12")
    for team in ("Team 1", "Team 2"):
        page.get_by_label(f"{team}: Wednesday, March 17, 2027").check()
    page.get_by_role("button", name="Save for these meetings").click()
    expect(page.get_by_text("Team 1 and Team 2 would both be in Room 12")).to_be_in_viewport()
    expect(page.get_by_role("alert").filter(has_text="Before you save")).to_be_focused()
    check_page(page)
    page.get_by_role("button", name="Save all the same").click()
    expect(page.get_by_text("2 meetings have another place. The teams are told.")).to_be_visible()
    plain = new_context(java_script_enabled=False).new_page()
    sign_in(plain, branch_officer)
    plain.goto(reverse("office_join", args=[cohort.pk, first]))
    plain.get_by_label("Date").fill("2027-02-24")
    plain.get_by_label("Place").fill("Auditorium")
    plain.get_by_role("button", name="Show what this leads to").click()
    expect(plain.get_by_text("Dora Example had not named Wednesday")).to_be_visible()
    plain.get_by_role("button", name="Let them meet together").click()
    expect(plain.get_by_text("Team 1, Team 2. A team that is confirmed later joins them.")).to_be_visible()
    page.goto(reverse("office_days", args=[cohort.pk]))
    check_page(page)
    joint = Meeting.objects.get(is_joint=True)
    for reader, address in (
        (deputy, reverse("branch_briefing", args=[joint.pk])),
        (alice, joint.get_absolute_url()),
        (alice, meetings[0].get_absolute_url()),
        (alice, reverse("meetings")),
    ):
        sign_in(page, reader)
        page.goto(address)
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
