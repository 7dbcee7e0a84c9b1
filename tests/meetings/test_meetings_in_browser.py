"""The meetings pages as people use them: every page accessible and valid, without JavaScript, on paper."""

import re
import subprocess
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from meetings import attendance, evaluations, feeds, ledger, resources, waivers
from meetings.models import EvaluationReceipt
from meetings.standing import Code
from tests.clock import NOW
from tests.meetings.conftest import noon

pytestmark = pytest.mark.browser


@pytest.fixture
def at_noon(meeting):
    """Noon of the first meeting's day; the clock goes on, as a browser expects."""
    with time_machine.travel(noon(meeting.date)):
        yield noon(meeting.date)


@pytest.fixture
def held(meeting, people, alice, at_noon):
    marks = {people.alice: "present", people.bob: "present", people.charlie: "absent"}
    attendance.take_attendance(meeting=meeting, marks=marks, by=alice, now=at_noon)
    return meeting


def test_pages_of_a_team(page, sign_in, held, meetings, team, people, alice, check_page):
    feeds.choose(way=feeds.Way.ADDRESS, by=alice, now=NOW)
    sign_in(page, alice)
    for address in (
        reverse("meetings"),
        reverse("meetings_calendar"),
        reverse("meetings_team", args=[team.pk]),
        reverse("meetings_actions", args=[team.pk]),
        reverse("meetings_rhythm", args=[team.pk]),
        reverse("meeting_add", args=[team.pk]),
        held.get_absolute_url(),
        reverse("meeting_attendance", args=[held.pk]),
        reverse("meeting_evaluation", args=[held.pk]),
        meetings[1].get_absolute_url(),
        reverse("meeting_move", args=[meetings[1].pk]),
        reverse("meeting_place", args=[meetings[1].pk]),
        reverse("meeting_cancel", args=[meetings[1].pk]),
        reverse("meeting_facilitators", args=[meetings[1].pk]),
        reverse("meeting_pack", args=[meetings[1].pk]),
        reverse("my_need", args=[people.alice.pk]),
        reverse("statement", args=[people.alice.pk]),
        reverse("meeting_prepare", args=[meetings[1].pk]),
        reverse("note_advice", args=[meetings[1].pk, people.bob.pk]),
        reverse("action_add", args=[meetings[1].pk, people.bob.pk]),
        reverse("calendar_feed"),
    ):
        page.goto(address)
        check_page(page)


def test_two_phones_at_one_table(new_context, sign_in, meetings, people, alice, bob, check_page):
    """M8, M10, M15: both write at once, nothing of either is lost, and each reads the other's."""
    table = reverse("meeting_table", args=[meetings[1].pk])
    with time_machine.travel(noon(meetings[1].date)):
        phones = []
        for user in (alice, bob):
            phone = new_context().new_page()
            phone.set_viewport_size({"width": 390, "height": 844})
            sign_in(phone, user)
            phone.goto(table)
            phones.append(phone)
        one, other = phones
        for phone in phones:
            phone.get_by_text("Note an idea or advice for Charlie Example").click()
        one.get_by_label("An idea or advice for Charlie Example").fill("Ask Dana.")
        other.get_by_label("An idea or advice for Charlie Example").fill("Try a pilot first.")
        one.get_by_role("button", name="advice for Charlie Example").click()
        expect(one.locator(".note-text", has_text="Ask Dana.")).to_be_visible()
        other.get_by_role("button", name="advice for Charlie Example").click()
        expect(other.locator(".note-text", has_text="Ask Dana.")).to_be_visible()
        expect(other.locator(".note-text", has_text="Try a pilot first.")).to_be_visible()
        other.get_by_role("link", name="Write my update").click()
        other.get_by_label("What I want to ask you").fill("Who knows the permit desk?")
        other.get_by_role("button", name="Save my update").click()
        expect(other.get_by_text("Your update is saved.")).to_be_visible()
        other.get_by_role("link", name="for Alice Example").click()
        other.get_by_label("What is to be done").fill("Call the permit desk")
        other.get_by_role("button", name="Save").click()
        expect(other.locator(".note-text", has_text="Call the permit desk")).to_be_visible()
        check_page(other)
        one.goto(table)
        expect(one.get_by_text("Who knows the permit desk?")).to_be_visible()
        one.get_by_role("button", name="Done").click()
        expect(one.get_by_role("status").filter(has_text="Done.")).to_be_visible()
        expect(one.locator(".note-text", has_text="Call the permit desk")).to_have_count(0)


def test_a_note_that_is_typed_is_not_lost(page, sign_in, meetings, alice):
    """Not by saving another one, and not by leaving without a question."""
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    sign_in(page, alice)
    page.goto(reverse("meeting_table", args=[meetings[1].pk]))
    for name in ("Bob", "Charlie"):
        page.get_by_text(f"Note an idea or advice for {name} Example").click()
        page.get_by_label(f"An idea or advice for {name} Example").fill(f"Words for {name}.")
    page.get_by_role("button", name="advice for Bob Example").click()
    expect(page.locator(".note-text", has_text="Words for Bob.")).to_be_visible()
    expect(page.get_by_label("An idea or advice for Charlie Example")).to_have_value("Words for Charlie.")
    assert asked == []
    page.get_by_role("button", name="I lead this part").first.click(no_wait_after=True)
    expect(page.get_by_label("An idea or advice for Charlie Example")).to_have_value("Words for Charlie.")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="advice for Charlie Example").click()
    expect(page.locator(".note-text", has_text="Words for Charlie.")).to_be_visible()
    page.get_by_role("link", name="Home").first.click()
    expect(page).to_have_url(re.compile("/$"))
    assert asked == ["beforeunload"]


def test_a_countdown_for_who_wants_one(page, sign_in, meetings, alice):
    sign_in(page, alice)
    page.goto(reverse("meeting_table", args=[meetings[1].pk]))
    minutes = page.get_by_label("Count down minutes")
    expect(minutes).to_have_value("25")
    minutes.fill("0")
    page.get_by_role("button", name="Start").click()
    assert minutes.evaluate("field => document.activeElement === field && !field.checkValidity()")
    minutes.fill("5")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("output")).to_have_text("5:00")
    expect(page.locator("output")).to_have_text("4:58")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("output")).to_be_empty()


def test_pages_of_the_offices(page, sign_in, held, cohort, people, branch_officer, deputy, check_page):
    waivers.record(
        participant=people.charlie,
        kind="leave",
        months=[2, 3],
        reason="Family matters.",
        by=branch_officer,
        now=NOW,
    )
    sign_in(page, branch_officer)
    for address in (
        reverse("office_meetings"),
        reverse("office_meetings_cohort", args=[cohort.pk]),
        reverse("office_places", args=[cohort.pk]),
        reverse("office_needs", args=[cohort.pk]),
        reverse("office_participant", args=[people.charlie.pk]),
        reverse("cohort_history", args=[cohort.pk]),
        reverse("office_meeting", args=[held.pk]),
        reverse("office_attendance", args=[held.pk, people.charlie.pk]),
        reverse("resources"),
        reverse("meeting_resources", args=[cohort.branch_id, held.item_id]),
        reverse("office_attention", args=[cohort.pk]),
        reverse("office_evaluations", args=[cohort.pk]),
        reverse("evaluation_reopen", args=[held.pk, people.alice.pk]),
        reverse("meetings_totals_list"),
        reverse("meetings_totals", args=[cohort.pk]),
    ):
        page.goto(address)
        check_page(page)
    sign_in(page, deputy)
    for address in (reverse("meetings"), reverse("branch_meetings")):
        page.goto(address)
        check_page(page)


def test_moving_with_a_warning_works_without_javascript(new_context, sign_in, meeting, alice, check_page):
    """M3: the warning is read before anything is saved."""
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page, alice)
    with time_machine.travel(NOW):
        page.goto(reverse("meeting_move", args=[meeting.pk]))
        page.get_by_label("Date").fill("2027-03-06")
        page.get_by_role("button", name="Move it").click()
        expect(
            page.get_by_text("Saturday, March 6, 2027 is on a weekend, when offices are closed.")
        ).to_be_visible()
        page.get_by_role("button", name="Move it anyway").click()
        expect(page.get_by_text("The meeting is on Saturday, March 6, 2027.")).to_be_visible()
    meeting.refresh_from_db()
    assert meeting.date.isoformat() == "2027-03-06"


def test_attendance_and_evaluation_on_a_phone(
    new_context, sign_in, meeting, alice, people, at_noon, check_page
):
    """C1: five taps, and it is done."""
    page = new_context().new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, alice)
    page.goto(reverse("meetings"))
    page.get_by_role("link", name=meeting.heading).first.click()
    page.get_by_role("link", name="Take attendance").click()
    for name in ("Alice Example", "Bob Example"):
        page.get_by_role("group", name=name).get_by_label("There", exact=True).check()
    page.get_by_role("group", name="Charlie Example").get_by_label("Not there").check()
    page.get_by_role("button", name="Save attendance").click()
    page.get_by_role("link", name="Evaluate this meeting").click()
    page.get_by_role("button", name="Send my evaluation").click()
    check_page(page)
    for group in page.locator(".rating-row").all():
        group.get_by_label("Mostly").check()
    page.get_by_role("button", name="Send my evaluation").click()
    expect(page.get_by_text("Thank you. Your evaluation is in")).to_be_visible()
    assert EvaluationReceipt.objects.filter(meeting=meeting, participant=people.alice).exists()


def test_an_evaluation_is_saved_while_it_is_typed_and_counted_once_it_is_sent(
    new_context, sign_in, held, alice, people, check_page, page_errors
):
    """C1: on a phone; what is typed is there after a reload, and is nothing before it is sent."""
    page = new_context().new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, alice)
    page.goto(reverse("meeting_evaluation", args=[held.pk]))
    line = page.locator("#save-state")
    page.get_by_label("What helped you most?").press_sequentially("The questions")
    expect(line).to_have_text("Saved, not sent.")
    page.locator(".rating-row").first.get_by_label("Mostly").check()
    expect(line).to_have_text("Saved, not sent.")
    check_page(page)
    page.reload()
    expect(page.get_by_label("What helped you most?")).to_have_value("The questions")
    expect(page.locator(".rating-row").first.get_by_label("Mostly")).to_be_checked()
    expect(page.get_by_text("What you wrote is saved and not sent yet.")).to_be_visible()
    assert not EvaluationReceipt.objects.exists()
    after = held.date + timedelta(days=300)
    missing = [reason.code for reason in ledger.standing(people.alice, today=after).reasons]
    assert Code.EVALUATION_CLOSED in missing
    page.context.set_offline(True)
    page.get_by_label("What should be different next time?").fill("Less noise")
    expect(line).to_contain_text("Not saved yet: no connection.")
    page.context.set_offline(False)
    expect(line).to_have_text("Saved, not sent.")
    page_errors.clear()  # the browser's own words about the lost connection
    for group in page.locator(".rating-row").all():
        group.get_by_label("Fully").check()
    page.get_by_role("button", name="Send my evaluation").click()
    expect(page.get_by_text("Thank you. Your evaluation is in")).to_be_visible()
    assert EvaluationReceipt.objects.get().participant == people.alice
    assert sorted(map(str, evaluations.own_answers(held, people.alice).values())) == [
        *["5"] * 5,
        "Less noise",
        "The questions",
    ]


def test_an_evaluation_says_that_the_sign_in_has_ended_and_is_saved_after_the_next(
    page, sign_in, held, alice, people, page_errors
):
    sign_in(page, alice)
    page.goto(reverse("meeting_evaluation", args=[held.pk]))
    Session.objects.all().delete()
    page.get_by_label("What helped you most?").fill("Written without a session")
    line = page.locator("#save-state")
    expect(line).to_contain_text("You are signed out. Sign in again in another tab")
    assert not evaluations.own_answers(held, people.alice)
    sign_in(page, alice)  # this takes the form's token away, too: the next answer brings another
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(line).to_contain_text("Not saved yet. We try again by ourselves")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(line).to_have_text("Saved, not sent.")
    page_errors.clear()  # the browser's own words about the answer 401
    assert list(evaluations.own_answers(held, people.alice).values()) == ["Written without a session"]


def test_the_calendar_prints_on_one_page(page, sign_in, meetings, alice, tmp_path):
    """M4."""
    sign_in(page, alice)
    page.goto(reverse("meetings_calendar"))
    path = tmp_path / "calendar.pdf"
    page.pdf(path=path, format="Letter")
    text = subprocess.run(
        ["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True
    ).stdout
    assert text.count("\f") == 1
    for meeting in meetings:
        assert meeting.heading in " ".join(text.split()) or meeting.heading.split()[0] in text
    assert "Subscribe" not in text


def test_the_page_for_whoever_leads_prints_on_one_page(
    page, sign_in, meetings, cohort, people, alice, branch_officer, tmp_path
):
    """M9: with what a full meeting has."""
    for number in range(4):
        resources.add(
            item=meetings[1].item,
            branch=cohort.branch,
            kind="question",
            title=f"Question {number}: when did a team of yours last change how it works, and what began the change?",
            by=branch_officer,
            now=NOW,
        )
    sign_in(page, alice)
    page.goto(reverse("meeting_pack", args=[meetings[1].pk]))
    path = tmp_path / "pack.pdf"
    page.pdf(path=path, format="Letter")
    text = subprocess.run(
        ["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True
    ).stdout
    assert text.count("\f") == 1
    words = " ".join(text.split())
    for said in (
        "For whoever leads: Fostering a Team Environment",
        "Question 3",
        "Charlie Example",
        "9:00 to",
    ):
        assert said in words
    assert "Print" not in words


def test_a_part_is_handed_over_in_one_press(new_context, sign_in, meetings, people, alice, check_page):
    """M9: on a phone at the table; another press takes it back."""
    page = new_context().new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, alice)
    page.goto(reverse("meeting_table", args=[meetings[1].pk]))
    projects = page.get_by_role("region", name="Who leads").locator("li").first
    projects.get_by_role("button", name="I lead this part").click()
    expect(projects.get_by_text("Projects: Alice Example")).to_be_visible()
    check_page(page)
    projects.get_by_text("Hand over").first.click()
    projects.get_by_role("button", name="Hand over to Bob Example").click()
    expect(projects.get_by_text("Projects: Bob Example")).to_be_visible()
    projects.get_by_text("Hand over").first.click()
    projects.get_by_role("button", name="Bob Example does not lead it").click()
    expect(projects.get_by_text("Projects: not agreed yet")).to_be_visible()
