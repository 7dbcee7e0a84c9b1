"""Records, legal orders and one's own data: accessible, on two widths; the safeguards on one sheet of paper."""

import io
from datetime import date

import pikepdf
import pytest
from django.urls import reverse

from coaching import holds
from coaching.models import Cohort
from meetings import orders
from tests import factories
from tests.clock import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_pages_of_records(page, sign_in, check_page, cohort, administrator, branch_officer):
    old = factories.participant(cohort)
    Cohort.objects.filter(pk=cohort.pk).update(
        applications_open_date=date(2018, 1, 1),
        applications_close_date=date(2018, 2, 1),
        first_month=date(2018, 3, 1),
    )
    other = factories.cohort(cohort.program, cohort.branch, by=branch_officer)
    people = [factories.participant(other) for _ in range(3)]
    team = factories.confirmed_team(other, people, by=branch_officer)
    holds.set_hold(person=people[0].user, reason="A claim.", by=administrator, now=NOW)
    order = orders.ask(
        team=team,
        number="27-1034",
        issued_by="Superior Court",
        order_date=date(2026, 11, 1),
        scope="Notes of the first meeting.",
        days=7,
        by=administrator,
        now=NOW,
    )
    sign_in(page, administrator)
    for name, keys in (
        *((each, []) for each in ("records", "records_terms", "records_hold", "legal_orders")),
        *(("legal_order_ask", []), ("legal_order", [order.pk]), ("own_data", [])),
    ):
        page.goto(reverse(name, args=keys))
        check_page(page)
    page.goto(reverse("records_due"))
    assert page.get_by_text(f"{old.user}, {cohort}, {cohort.branch}").is_visible()
    check_page(page)
    page.get_by_role("button", name="Erase what is shown here").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Run of")
    check_page(page)


def test_safeguards_on_one_sheet(page, check_page, cohort):
    page.goto(reverse("safeguards"))
    check_page(page)
    with pikepdf.open(io.BytesIO(page.pdf(format="Letter"))) as printed:
        assert len(printed.pages) == 1
