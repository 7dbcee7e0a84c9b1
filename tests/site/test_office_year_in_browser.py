"""The branch office's year in Chromium: opening a cohort like last year's, its checklist, lists, and attendance."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from python_calamine import load_workbook

from coaching.models import ClosedDay, Cohort
from meetings import attendance, laying_out
from meetings.models import Meeting
from tests import factories
from tests.clock import NOW

pytestmark = pytest.mark.browser

AUGUST = NOW.replace(year=2027, month=8, day=2)
FEBRUARY = NOW.replace(year=2027, month=2, day=18)


def test_a_cohort_like_last_years_in_a_few_steps(
    page, sign_in, check_page, cohort, branch_officer, time_machine
):
    time_machine.move_to(AUGUST)
    Cohort.objects.filter(pk=cohort.pk).update(name="2027")
    ClosedDay.objects.create(date="2028-02-16", name="Moving", branch=cohort.branch)
    sign_in(page, branch_officer)
    page.goto(reverse("cohorts"))
    page.get_by_role("link", name="Open a cohort").click()
    check_page(page)
    page.get_by_role("link", name="Like the 2027 program").click()
    expect(page.get_by_label("Name of the cohort")).to_have_value("2028")
    page.get_by_label("Closed days of your office").fill("12/23/2027 Office retreat")
    check_page(page)
    page.get_by_role("button", name="Show all its dates").click()
    expect(page.get_by_text("Wednesday, February 16, 2028 is Moving")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Change something").click()
    expect(page.get_by_label("Closed days of your office")).to_have_value("12/23/2027 Office retreat")
    page.get_by_label("Number of seats").fill("30")
    page.get_by_role("button", name="Show all its dates").click()
    page.get_by_role("button", name="Open the cohort").click()
    expect(page.get_by_text("The 2028 program is open.")).to_be_visible()
    assert Cohort.objects.get(name="2028").seats == 30
    assert ClosedDay.objects.get(date="2027-12-23").name == "Office retreat"


def test_what_is_late_leads_to_where_it_is_seen_to(
    page, sign_in, check_page, cohort, branch_officer, time_machine
):
    factories.participant(cohort)
    time_machine.move_to(NOW.replace(year=2027, month=2, day=1))
    sign_in(page, branch_officer)
    page.goto(reverse("cohort", args=[cohort.pk]))
    page.get_by_role("link", name="Checklist of the year").click()
    expect(page.get_by_role("heading", name="What is late")).to_be_visible()
    check_page(page)
    page.get_by_role("link", name=re.compile("^Form the teams ?: Teams proposed")).first.click()
    expect(page).to_have_url(re.compile(reverse("cohort_teams", args=[cohort.pk])))


@pytest.fixture
def meetings(cohort, branch_officer, time_machine):
    people = [factories.participant(cohort, factories.person(name)) for name in ("Ana", "Ben", "Cy")]
    team = factories.confirmed_team(cohort, people, by=branch_officer)
    laying_out.lay_out_meetings(team=team, by=None, now=NOW)
    time_machine.move_to(FEBRUARY)
    found = list(Meeting.objects.of_team(team).order_by("date"))
    attendance.take_attendance(
        meeting=found[0], marks=dict.fromkeys(people, "present"), by=None, now=FEBRUARY
    )
    return found


def test_attendance_by_keys(page, sign_in, check_page, cohort, meetings, branch_officer):
    sign_in(page, branch_officer)
    page.goto(reverse("office_meetings_cohort", args=[cohort.pk]))
    page.get_by_role("link", name="Change several marks").click()
    check_page(page)
    ana, ben = (page.get_by_label(f"{name}, February 17") for name in ("Ana", "Ben"))
    ana.focus()
    page.keyboard.press("n")
    page.keyboard.press("ArrowDown")
    expect(ben).to_be_focused()
    page.keyboard.press("n")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Ben, March 17")).to_be_focused()
    page.keyboard.press("t")  # nobody was there yet
    page.keyboard.press("e")
    expect(page.get_by_text("3 marks changed, not saved yet.")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.get_by_label("Ben, March 17")).to_have_value("")
    expect(ben).to_have_value("absent")
    page.keyboard.press("Control+z")
    expect(ben).to_have_value("present")
    expect(page.get_by_text("1 mark changed, not saved yet.")).to_be_visible()
    page.get_by_role("button", name="Say why, then save").click()
    check_page(page)
    page.get_by_role("button", name="Save and tell them").click()
    expect(page.get_by_text("Say why this mark changes.")).to_be_visible()
    check_page(page)
    page.get_by_label("Reason: Ana, February 17").fill("By the paper list")
    page.get_by_role("button", name="Save and tell them").click()
    expect(page.get_by_text("1 mark is saved.")).to_be_visible()
    expect(page.get_by_text("Reason: By the paper list")).to_be_visible()
    check_page(page)


def test_attendance_without_scripts_on_a_phone(new_context, sign_in, cohort, meetings, branch_officer):
    phone = new_context(java_script_enabled=False).new_page()
    phone.set_viewport_size({"width": 390, "height": 844})
    sign_in(phone, branch_officer)
    phone.goto(reverse("office_grid", args=[cohort.pk]))
    phone.get_by_label("Cy, February 17").select_option("Excused")
    phone.get_by_role("button", name="Say why, then save").click()
    phone.get_by_label("One reason for all of them").fill("Jury duty")
    phone.get_by_role("button", name="Save and tell them").click()
    expect(phone.get_by_text("1 mark is saved.")).to_be_visible()
    assert set(meetings[0].attendance.values_list("status", flat=True)) == {"present", "excused"}


def test_a_list_is_taken_as_it_is_on_the_screen(
    page, sign_in, check_page, cohort, meetings, branch_officer, tmp_path
):
    sign_in(page, branch_officer)
    page.goto(reverse("office_meetings_cohort", args=[cohort.pk]))
    check_page(page)
    with page.expect_download() as event:
        page.get_by_role("link", name="Excel file of this list").click()
    event.value.save_as(tmp_path / "list.xlsx")
    assert event.value.suggested_filename == f"attendance-{cohort.name}-2027-02-18.xlsx"
    rows = load_workbook(tmp_path / "list.xlsx").get_sheet_by_name("Attendance").to_python()
    assert [row[1] for row in rows if row[4] == meetings[0].date] == ["Ana", "Ben", "Cy"]
