"""Reports as people look at them: accessible, valid and not wider than a phone, whole and as others read them."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from coaching.site.reports.scopes import Scope
from tests import factories
from tests.applications import factories as papers
from tests.certificates.history import hold_meetings

pytestmark = pytest.mark.browser


def test_a_report_from_the_menu_to_the_list_behind_a_number(
    page, sign_in, check_page, cohort, org, supervisor, branch_officer, superintendent
):
    earlier = factories.cohort(
        cohort.program,
        org.branch,
        name="The one before, with a name that is rather long",
        applications_open_date="2025-09-01",
        applications_close_date="2025-12-01",
        first_month="2026-02-01",
    )
    for each in (cohort, earlier):
        people = [factories.participant(each, factories.person(unit=org.unit)) for _ in range(7)]
        hold_meetings(factories.confirmed_team(each, people[:4], by=branch_officer))
    papers.submitted(factories.person(unit=org.unit, supervisor=supervisor), cohort)
    sign_in(page, branch_officer)
    page.goto(reverse("home"))
    page.get_by_role("link", name="Reports").click()
    check_page(page)
    page.get_by_role("link", name=str(cohort)).click()
    expect(page.get_by_role("img", name=re.compile("Attendance by meeting. Introduction"))).to_be_visible()
    for summary in page.get_by_text("As a table").all():
        summary.click()
    check_page(page)
    page.get_by_role("link", name="Supervisor: Sam Supervisor").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Applications")
    sign_in(page, superintendent)
    for scope in (Scope(cohort=cohort.pk), Scope(year=2027), Scope(branch=org.branch.pk)):
        page.goto(reverse("report", args=[scope]))
        expect(page.get_by_text(re.compile("at least (5 of 7|10 of 14)")).first).to_be_attached()
        check_page(page)
