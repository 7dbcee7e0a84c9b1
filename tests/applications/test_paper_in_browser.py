"""Paper, steps given to somebody else, and signing for the first time, in Chromium: accessible, valid, whole on a phone."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from tests.applications.factories import A_SCAN, draft, submitted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Maximiliana-Philippa Featherstonehaugh-Cholmondeley of the Very Long Names"


@pytest.fixture
def open_now(cohort):
    today = timezone.localdate()
    month = (today.replace(day=1) + timedelta(days=62)).replace(day=1)
    cohort.applications_open_date, cohort.applications_close_date = today - timedelta(days=20), today
    cohort.first_month = month
    cohort.save()
    return cohort


@pytest.fixture
def discussed() -> dict[str, object]:
    day = timezone.localdate() - timedelta(days=3)
    return {"concept_supervisor_date": day, "concept_director_date": day}


def test_the_first_signature(page, sign_in, check_page, applicant, supervisor, open_now, discussed):
    """The consent is asked in the form that signs, once."""
    supervisor.esign_consents.all().delete()
    application = submitted(applicant, open_now, now=timezone.now(), **discussed)
    sign_in(page, supervisor)
    page.goto(reverse("approval", args=[application.pk]))
    check_page(page)
    page.get_by_label("Type your name to sign").fill(supervisor.name)
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("link", name="Agree to sign electronically")).to_be_visible()
    expect(page.get_by_label("Type your name to sign")).to_have_value(supervisor.name)
    check_page(page)
    page.get_by_label("I agree to sign electronically").check()
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("goes on to the next office")).to_be_visible()


def test_a_signature_on_paper(
    page, sign_in, check_page, applicant, supervisor, branch_officer, open_now, discussed
):
    applicant.name = LONG
    applicant.save()
    application = submitted(applicant, open_now, now=timezone.now(), **discussed)
    sign_in(page, supervisor)
    page.goto(reverse("approval", args=[application.pk]))
    page.get_by_role("button", name="I prefer to sign on paper").click()
    expect(page.get_by_text("Signature of Sam Supervisor")).to_be_visible()
    check_page(page)
    page.context.clear_cookies()
    sign_in(page, branch_officer)
    page.goto(reverse("application", args=[application.pk]))
    expect(page.get_by_text("Sam Supervisor signs on paper.")).to_be_visible()
    check_page(page)
    page.get_by_role("link", name="Record the signature with its scan").click()
    check_page(page)
    page.get_by_label("Signed on").fill(timezone.localdate().isoformat())
    page.get_by_label("Scan of the signed paper").set_input_files(
        {"name": "scan.png", "mimeType": "image/png", "buffer": A_SCAN}
    )
    page.get_by_label("Type your own name to attest it").fill("Somebody Else")
    page.get_by_role("button", name="Record this signature").click()
    expect(page.get_by_role("heading", name="Please check")).to_be_visible()
    check_page(page)
    page.get_by_label("Scan of the signed paper").set_input_files(
        {"name": "scan.png", "mimeType": "image/png", "buffer": A_SCAN}
    )
    page.get_by_label("Type your own name to attest it").fill(branch_officer.name)
    page.get_by_role("button", name="Record this signature").click()
    expect(page.get_by_text("Recorded with its scan.")).to_be_visible()
    page.goto(reverse("application_text", args=[application.pk, application.current_text_id]))
    expect(page.get_by_role("link", name="Scan of the paper")).to_be_visible()
    check_page(page)


def test_the_pages_of_the_branch_office(
    page, sign_in, check_page, applicant, outsider, branch_officer, open_now, discussed
):
    outsider.name = LONG
    outsider.save()
    application = submitted(applicant, open_now, now=timezone.now(), **discussed)
    sign_in(page, branch_officer)
    page.goto(reverse("paper_person", args=[open_now.pk]))
    check_page(page)
    page.get_by_label("Name or mail address").fill("nobody at all")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("Nobody found")).to_be_visible()
    check_page(page)
    page.get_by_label("Name or mail address").fill("Featherstonehaugh")
    page.get_by_role("button", name="Search").click()
    check_page(page)
    page.goto(reverse("application_reassign", args=[application.pk, application.current_step().pk]))
    page.get_by_role("button", name="Give it to this person").click()
    check_page(page)
    page.get_by_label("Who signs instead?").fill(outsider.email)
    page.get_by_label("Why?").fill("Long leave.")
    page.get_by_role("button", name="Give it to this person").click()
    expect(page.get_by_text("signs this step now")).to_be_visible()
    check_page(page)
    page.goto(reverse("people_written_order"))
    page.get_by_role("button", name="Record", exact=True).click()
    check_page(page)


def test_an_applicant_prints_and_the_paper_comes_back(
    page, sign_in, check_page, applicant, branch_officer, open_now, discussed
):
    application = draft(applicant, open_now, now=timezone.now(), **discussed)
    sign_in(page, applicant)
    page.goto(reverse("application_review", args=[application.pk]))
    page.get_by_role("button", name="I prefer to sign on paper").click()
    check_page(page)
    page.context.clear_cookies()
    sign_in(page, branch_officer)
    page.goto(reverse("paper_person", args=[open_now.pk]))
    check_page(page)
    page.get_by_role("link", name="Ana Applicant").click()
    check_page(page)


def test_entering_a_whole_paper(page, sign_in, check_page, applicant, branch_officer, open_now):
    sign_in(page, branch_officer)
    page.goto(reverse("paper_enter", args=[open_now.pk, applicant.pk]))
    check_page(page)
    page.get_by_role("button", name="Enter this application").click()
    check_page(page)
