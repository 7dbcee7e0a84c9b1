"""The pages of dates and calendars as people use them."""

import pytest
import time_machine
from django.urls import reverse
from playwright.sync_api import expect

from coaching.models import ClosedDay
from meetings import busy, feeds
from tests.meetings.conftest import BEFORE

pytestmark = pytest.mark.browser


@pytest.fixture
def early():
    with time_machine.travel(BEFORE):
        yield BEFORE


def test_each_way_into_ones_own_calendar(page, sign_in, early, meetings, people, supervisor, check_page):
    """M4, M14: with the keyboard alone, and what the supervisor may have stands below."""
    alice = people.alice.user
    alice.supervisor = supervisor
    alice.save()
    sign_in(page, alice)
    page.goto(reverse("calendar_feed"))
    check_page(page)
    page.get_by_role("button", name="Send me invitations").press("Enter")
    expect(page.get_by_text("You get your meetings by mail from now on.")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Make my address instead").press("Enter")
    expect(page.get_by_label("Your address")).to_have_value(feeds.address_of(feeds.choice_of(alice)))
    expect(page.get_by_text("Sam Supervisor may have a calendar address, and has none now.")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Withdraw the address").click()
    expect(page.get_by_text("Your meetings no longer go to your calendar.")).to_be_visible()


def test_a_supervisor_takes_the_dates(page, sign_in, early, meetings, people, supervisor, check_page):
    """M14: one with a name that is as long as names get."""
    for participant in (people.alice, people.bob):
        participant.user.supervisor = supervisor
        participant.user.save()
    people.bob.user.name = "Bartholomew-Maximilian Featherstonehaugh-Cholmondeley of the Northern Division"
    people.bob.user.save()
    busy.create(participant=people.bob, by=supervisor, now=BEFORE)
    sign_in(page, supervisor)
    page.goto(reverse("calendar_feed"))
    page.get_by_role("button", name="Make an address with the dates of Alice Example").click()
    expect(page.get_by_label("Address with the dates of Alice Example")).to_be_visible()
    check_page(page)


def test_one_press_to_the_free_day_without_javascript(
    new_context, sign_in, early, meetings, cohort, alice, check_page
):
    """M3."""
    ClosedDay.objects.create(date=meetings[1].date, name="Inventory day", branch=cohort.branch)
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page, alice)
    page.goto(reverse("meetings"))
    page.get_by_role("button", name="Move to Wednesday, March 10").click()
    expect(
        page.get_by_text("The meeting is on Wednesday, March 10, 2027. Your team is told.")
    ).to_be_visible()
    meetings[1].refresh_from_db()
    assert meetings[1].date.isoformat() == "2027-03-10"


def test_pages_with_a_closed_day(page, sign_in, early, meetings, cohort, alice, check_page):
    ClosedDay.objects.create(date=meetings[1].date, name="Inventory day", branch=cohort.branch)
    sign_in(page, alice)
    for address in (reverse("meetings"), reverse("meetings_calendar"), meetings[1].get_absolute_url()):
        page.goto(address)
        expect(page.get_by_role("button", name="Move to Wednesday, March 10")).to_be_visible()
        check_page(page)
