"""Pages about people and the administration in Chromium: accessible, valid, whole on a phone, quiet under the CSP."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from coaching import delegations, directory
from coaching.models import JobClassification, User

pytestmark = pytest.mark.browser


@pytest.fixture
def order(deputy, director, branch):
    today = timezone.localdate()
    return delegations.record(
        kind="delegate",
        person=director,
        principal=deputy,
        unit=branch,
        reason="Annual leave",
        start_date=today,
        end_date=today + timedelta(days=9),
        by=deputy,
        now=timezone.now(),
    )


@pytest.fixture
def corrections(applicant, supervisor, org):
    now = timezone.now()
    reports = [(applicant, "name", "Ana Reyes"), (supervisor, "supervisor", "Olga Otherdirector")]
    return [
        directory.report_correction(user=user, field=field, says=says, now=now)
        for user, field, says in reports
    ]


def test_own_profile(page, sign_in, check_page, deputy, order, corrections, branch_officer):
    sign_in(page, deputy)
    page.goto(reverse("people_me"))
    check_page(page)
    page.get_by_label("What should it be?").fill("Derek Day")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("The branch office will check it")).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Please check this")).to_be_visible()
    check_page(page)


def test_corrections(page, sign_in, check_page, branch_officer, corrections):
    sign_in(page, branch_officer)
    page.goto(reverse("people_corrections"))
    check_page(page)
    page.get_by_role("link", name="Check the correction by Sam Supervisor").click()
    check_page(page)
    page.get_by_label("Supervisor to put in").fill("")
    page.get_by_role("button", name="Confirm and change the directory").click()
    expect(page.get_by_role("heading", name="Please check this")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Decline, leave it as it is").click()
    expect(page.get_by_text("Declined. Sam Supervisor gets a mail about it.")).to_be_visible()
    check_page(page)


def test_who_signs_for_whom(page, sign_in, check_page, deputy, director, order):
    sign_in(page, deputy)
    page.goto(reverse("people_delegations"))
    check_page(page)
    page.get_by_role("link", name="Name a delegate").click()
    check_page(page)
    page.get_by_role("button", name="Name this person").click()
    check_page(page)
    page.get_by_label("Who will sign?").fill(director.email)
    page.get_by_label("Reason").fill("Conference")
    page.get_by_label("Last day").fill((timezone.localdate() + timedelta(days=2)).isoformat())
    page.get_by_role("button", name="Name this person").click()
    expect(page.get_by_text("Recorded: Dana Director for Derek Deputy")).to_be_visible()
    page.get_by_role("button", name="End the order").first.click()
    expect(page.get_by_text("Ended: Dana Director for Derek Deputy")).to_be_visible()


def test_acting_person(page, sign_in, check_page, branch_officer):
    sign_in(page, branch_officer)
    page.goto(reverse("people_delegations"))
    check_page(page)
    page.goto(reverse("people_acting"))
    check_page(page)


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(model, marks=() if model in (User, JobClassification) else pytest.mark.deep)
        for model in admin.site._registry
    ],
    ids=lambda model: model._meta.model_name,
)
def test_lists_of_the_administration_are_accessible(page, sign_in, axe_problems, administrator, org, model):
    """With rows, and where a search finds none."""
    sign_in(page, administrator)
    address = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    for query in ({}, {"q": "nobody of this name"}):
        page.goto(reverse(address, query=query))
        assert axe_problems(page) == []


def test_the_administration_works_under_the_strict_policy(page, sign_in, administrator, org, applicant):
    """No script or style of the administration is refused: page_errors fails the test otherwise."""
    sign_in(page, administrator)
    page.goto(reverse("admin:index"))
    page.goto(reverse("admin:coaching_user_changelist"))
    page.get_by_role("link", name="Ana Applicant").click()
    page.locator(".field-supervisor .select2-selection").click()
    page.keyboard.type("Olga")
    page.get_by_role("option", name="Olga Otherdirector").click()
    page.locator(".add-row a").click()
    page.locator("#role_assignments-0 .field-unit .select2-selection").click()
    page.keyboard.press("Escape")
    page.locator("#role_assignments-0 .inline-deletelink").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert User.objects.get(pk=applicant.pk).supervisor == org.other_director
