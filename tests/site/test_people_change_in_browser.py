"""When people change, as they and the branch office use it: every page accessible and valid, forms without JavaScript."""

import re
from datetime import date
from types import SimpleNamespace

import pytest
import time_machine
from django.urls import reverse
from playwright.sync_api import expect

from coaching.enrollment import leave
from meetings import laying_out, waivers
from meetings.models import Waiver
from tests import factories
from tests.clock import NOW
from tests.meetings.conftest import noon
from tests.meetings.test_ledger import hold

pytestmark = pytest.mark.browser
MARCH = noon(date(2027, 3, 10))


@pytest.fixture
def members(cohort, branch_officer):
    """Four in a team that meets, of whom three were at the first meeting; Lea waits for a team."""
    people = SimpleNamespace(
        **{
            name: factories.participant(cohort, factories.person(f"{name.title()} Example"))
            for name in ("alice", "bob", "charlie", "dora", "lea")
        }
    )
    four = [people.alice, people.bob, people.charlie, people.dora]
    people.team = factories.confirmed_team(cohort, four, by=branch_officer)
    first, *_ = laying_out.lay_out_meetings(team=people.team, by=None, now=NOW)
    hold(first, people, people.alice.user)
    return people


def test_a_leave_and_the_way_back(new_context, sign_in, members, branch_officer):
    page = new_context(java_script_enabled=False).new_page()
    with time_machine.travel(MARCH):
        sign_in(page, branch_officer)
        page.goto(reverse("cohort", args=[members.team.cohort_id]))
        page.get_by_role("link", name="Months of Alice Example").click()
        page.get_by_label("Leave of absence").check()
        page.get_by_role("combobox", name="From").select_option(label="March 2027")
        page.get_by_role("combobox", name="To").select_option(label="April 2027")
        page.get_by_role("button", name="Save and tell").click()
        expect(page.get_by_role("combobox", name="From")).to_have_value("2")  # nothing chosen is lost
        page.get_by_label("Reason").fill("A project in another county.")
        page.get_by_role("button", name="Save and tell").click()
        expect(page.get_by_text("On leave until Friday, April 30, 2027.")).to_be_visible()
        page.get_by_role("button", name="Back earlier").click()
        expect(page.get_by_text("Alice Example is back and is told.")).to_be_visible()
        page.get_by_role("button", name="Take back").click()
        expect(page.get_by_text("March 2027 counts by its meetings again.")).to_be_visible()
    assert not Waiver.objects.in_force().exists()


def test_every_page(page, sign_in, members, branch_officer, check_page):
    """On leave, to be made up, left, taken in again, joining."""
    cohort, office = members.team.cohort, branch_officer
    waivers.record(participant=members.bob, kind="leave", months=[2, 3], reason="Away.", by=office, now=MARCH)
    waivers.plan(participant=members.lea, months=[1], reason="Reads it.", by=office, now=MARCH)
    leave(participant=members.alice, by=members.alice.user, reason="", now=MARCH)
    with time_machine.travel(MARCH):
        sign_in(page, office)
        for address in (
            reverse("cohort", args=[cohort.pk]),
            reverse("cohort_teams", args=[cohort.pk]),
            reverse("team_small", args=[members.team.pk]),
            reverse("office_participant", args=[members.bob.pk]),
            reverse("office_participant", args=[members.lea.pk]),
            reverse("participation_leave", args=[members.bob.pk]),
            reverse("office_participant", args=[members.alice.pk]),
        ):
            page.goto(address)
            check_page(page)
        page.get_by_role("button", name="Take in again").click()
        expect(page.get_by_text("What they attended counts again.")).to_be_visible()
        check_page(page)
        sign_in(page, members.alice.user)
        page.goto(reverse("meetings"))
        check_page(page)
        page.get_by_role("link", name="Statement of the").last.click()
        expect(page.get_by_text("1 meeting, 2 hours")).to_be_visible()
        check_page(page)
        sign_in(page, members.charlie.user)
        page.goto(reverse("participation_leave", args=[members.charlie.pk]))
        check_page(page)
        page.goto(reverse("meetings_team", args=[members.team.pk]))
        expect(page.get_by_text(re.compile("Bob Example is away from .* to April 30, 2027"))).to_be_visible()
        check_page(page)


HISTORY = """email,team,project,month1,date1,evaluated1
{0},7,Faster permits,P,2027-02-17,yes
{1},7,One form,R,2027-02-17,no
{2},7,,E,2027-02-17,
"""


def test_a_history_is_seen_before_it_is_entered(page, sign_in, cohort, branch_officer, check_page):
    people = [factories.person(name) for name in ("Ann", "Ben", "Cy")]
    content = HISTORY.format(*(each.email for each in people))
    with time_machine.travel(MARCH):
        sign_in(page, branch_officer)
        page.goto(reverse("cohort_history", args=[cohort.pk]))

        def upload(text):
            page.get_by_label("The CSV file").set_input_files(
                {"name": "history.csv", "mimeType": "text/csv", "buffer": text.encode()}
            )
            page.get_by_role("button", name="See what it would do").click()

        upload(content.replace("P,2027", "X,2027"))
        expect(page.get_by_text("Nothing was entered: 1 problem")).to_be_visible()
        check_page(page)
        upload(content)
        expect(page.get_by_text("3 participants and 1 team are new.")).to_be_visible()
        check_page(page)
        page.get_by_role("button", name="Enter this history").click()
        expect(page.get_by_text("The history is entered.")).to_be_visible()
        expect(page.get_by_role("heading", name="Team 7")).to_be_visible()
