"""Opening a cohort like an earlier one, with all its dates before it is made: F1, F5, M3, T10."""

from datetime import date

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching.models import ClosedDay, Cohort, CompetencyModel, Message, OrgUnit
from tests import factories
from tests.clock import NOW
from tests.site.test_cohorts import VALUES

pytestmark = pytest.mark.usefixtures("plain_not_found")

AUGUST = NOW.replace(year=2027, month=8, day=2)


@pytest.fixture
def office(client, branch_officer, time_machine):
    time_machine.move_to(AUGUST, tick=False)
    client.force_login(branch_officer)
    return client


def like(cohort):
    return f"{reverse('cohort_open')}?like={cohort.pk}"


def filled_in(response, **values):
    """As the browser sends the form that came."""
    form = response.context["form"]
    fields = {name: form[name].value() for name in form.fields}
    fields["meeting_start_time"] = "09:00"
    return {
        name: value for name, value in (fields | values).items() if value is not None and value is not False
    }


def test_the_form_has_last_years_settings_and_the_next_years_dates(office, cohort):
    Cohort.objects.filter(pk=cohort.pk).update(seats=33, quorum=3, meeting_place="Room 7")
    ClosedDay.objects.create(date=date(2027, 5, 5), name="Retreat", branch=cohort.branch)
    form = office.get(like(cohort)).context["form"]
    assert {name: form[name].value() for name in ("seats", "quorum", "meeting_place")} == {
        "seats": 33,
        "quorum": 3,
        "meeting_place": "Room 7",
    }
    assert form["applications_open_date"].value() == date(2027, 10, 31)
    assert form["first_month"].value() == "2028-02-01"
    assert form["closed_days"].value() == "05/03/2028 Retreat"
    assert not form["closed_days_shown"].value()
    assert {"program", "branch"}.isdisjoint(form.fields)


def test_every_date_is_shown_before_anything_is_made(office, cohort):
    ClosedDay.objects.create(date=date(2028, 5, 17), name="Moving", branch=cohort.branch)
    values = filled_in(office.get(like(cohort)), name="2028")
    counts = Cohort.objects.count(), ClosedDay.objects.count(), Message.objects.count()
    page = office.post(like(cohort), values | {"closed_days": "2028-02-16 Retreat"})
    assert (Cohort.objects.count(), ClosedDay.objects.count(), Message.objects.count()) == counts
    lines = [(line.day.what, line.day.date, line.earlier) for line in page.context["lines"]]
    assert lines == [
        ("Applications open", date(2027, 10, 31), date(2026, 11, 1)),
        ("Last day to apply", date(2027, 12, 30), date(2026, 12, 31)),
        ("All signatures before the decision", date(2028, 1, 13), date(2027, 1, 14)),
        ("Decisions released", date(2028, 1, 20), date(2027, 1, 21)),
        ("Teams proposed to their members", date(2028, 1, 24), date(2027, 1, 24)),
        ("Teams confirmed", date(2028, 1, 31), date(2027, 1, 31)),
        ("Meeting 1: Introduction to Program", date(2028, 2, 16), date(2027, 2, 17)),
        ("Meeting 2: Fostering a Team Environment", date(2028, 3, 15), date(2027, 3, 17)),
        ("Meeting 3: Creating Organizational Transformation", date(2028, 4, 19), date(2027, 4, 21)),
        ("Meeting 4: Maximizing Performance Results", date(2028, 5, 17), date(2027, 5, 19)),
        ("Meeting 5: Building Trust and Accountability", date(2028, 6, 21), date(2027, 6, 16)),
        ("Meeting 6: Promoting a High Performance Culture", date(2028, 7, 19), date(2027, 7, 21)),
        ("Meeting 7: Building Coalitions", date(2028, 8, 16), date(2027, 8, 18)),
        ("Meeting 8: Final Program Meeting", date(2028, 9, 20), date(2027, 9, 15)),
        ("Evaluations close for good", date(2028, 10, 14), date(2027, 10, 14)),
        ("Certificates proposed to the superintendent", date(2028, 10, 21), date(2027, 10, 21)),
        ("Certificates issued", date(2028, 11, 4), date(2027, 11, 4)),
        ("What teams wrote is deleted", date(2028, 12, 29), date(2027, 12, 29)),
    ]
    assertContains(page, "Wednesday, February 16, 2028 is Retreat, and offices are closed.")
    assertContains(page, "Wednesday, May 17, 2028 is Moving, and offices are closed.")
    assertContains(page, "What cannot come along")
    assertContains(page, "Monday, July 3, 2028", 0)
    assertContains(page, "Tuesday, July 4, 2028: Independence Day")


def test_what_was_shown_is_what_is_made(office, cohort, branch_officer):
    values = filled_in(office.get(like(cohort)), name="2028", seats="40")
    values["closed_days"] = "2/16/2028 Retreat"
    preview = office.post(like(cohort), values)
    hidden = {name: preview.context["form"][name].value() for name in preview.context["form"].fields}
    hidden = {name: value for name, value in hidden.items() if value is not None and value is not False}
    assertContains(preview, f'name="closed_days" value="{values["closed_days"]}"')
    response = office.post(like(cohort), hidden | {"agreed": "yes"})
    made = Cohort.objects.get(name="2028")
    assert response.url == reverse("cohort", args=[made.pk])
    assert (made.seats, made.branch, made.program) == (40, cohort.branch, cohort.program)
    assert (made.opened_by, made.competency_model) == (branch_officer, cohort.program.competency_model)
    assert ClosedDay.objects.get(date=date(2028, 2, 16)).name == "Retreat"
    assert Message.objects.count() == 0
    again = office.post(like(cohort), hidden | {"agreed": "yes"})
    assertContains(again, "Your branch has a cohort of this name already.")


def test_going_back_keeps_what_was_typed(office, cohort):
    values = filled_in(office.get(like(cohort)), seats="40", change="yes")
    form = office.post(like(cohort), values).context["form"]
    assert (form["seats"].value(), form.errors) == ("40", {})


def test_what_speaks_against_the_dates_is_said(office, cohort):
    """M3"""
    OrgUnit.objects.filter(pk=cohort.branch_id).update(head=None)
    values = filled_in(
        office.get(like(cohort)), applications_close_date="2028-01-23", contact_email="gone@example.org"
    )
    page = office.post(like(cohort), values)
    assertContains(page, "Sunday, January 23, 2028 is a weekend")
    assertContains(page, "so teams are formed in a hurry")
    assertContains(page, "has no deputy now, and nobody acts for one")
    assertContains(page, "Nobody with an account has the contact’s address gone@example.org.")


def test_another_competency_model_is_said(office, cohort):
    """F1"""
    values = filled_in(office.get(like(cohort)))
    assertNotContains(office.post(like(cohort), values), "keeps")
    newer = CompetencyModel.objects.create(name="Leadership", version="2028")
    cohort.program.competency_model = newer
    cohort.program.save()
    assertContains(office.post(like(cohort), values), f"keeps {cohort.competency_model}.")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Retreat 12/24/2027", "does not begin with a day"),
        ("12/24/2027", "Say after 12/24/2027 why"),
        ("13/40/2027 Retreat", "does not begin with a day"),
        ("12/24/2027 A\n2027-12-24 B", "is there twice"),
        (f"12/24/2027 {'x' * 121}", "longer than 120"),
        ("\n".join(f"1/1/{year} x" for year in range(2000, 2101)), "more than 100 days"),
    ],
)
def test_a_closed_day_that_cannot_be_read_is_explained(office, cohort, typed, words):
    values = filled_in(office.get(like(cohort)), closed_days=typed, agreed="yes")
    page = office.post(like(cohort), values)
    assert words in page.context["form"].errors["closed_days"][0]
    assert Cohort.objects.count() == 1


def test_own_cohorts_alone_are_offered(office, cohort, org, program, branch_officer):
    """F5, T10"""
    foreign = factories.cohort(program, factories.unit("branch", parent=org.department))
    applied = factories.cohort(program, cohort.branch)
    factories.participant(applied, branch_officer)
    assert list(office.get(reverse("cohort_open")).context["offered"]) == [cohort]
    for address in (like(foreign), like(applied), f"{reverse('cohort_open')}?like=x"):
        assert (office.get(address).status_code, office.post(address).status_code) == (404, 404)


def test_a_name_that_was_used_is_asked_for_again(office, cohort, program):
    factories.cohort(program, cohort.branch, name="2028")
    Cohort.objects.filter(pk=cohort.pk).update(name="2027")
    page = office.post(like(cohort), filled_in(office.get(like(cohort))))
    assert page.context["form"].errors == {"name": ["Your branch has a cohort of this name already."]}


def test_without_an_earlier_one_the_dates_are_shown_too(
    client, branch_officer, program, branch, time_machine
):
    time_machine.move_to(NOW, tick=False)
    client.force_login(branch_officer)
    values = VALUES | {"program": program.pk, "branch": branch.pk, "closed_days": "02/15/2027 Retreat"}
    page = client.post(reverse("cohort_open"), {k: v for k, v in values.items() if k != "agreed"})
    assertContains(page, "Monday, February 15, 2027: Retreat (added with this cohort)")
    assert not Cohort.objects.filter(name="2028").exists()


def test_the_office_changes_its_closed_days_later_and_nobody_elses_change(office, cohort):
    for day, name in (
        (date(2027, 9, 1), "Retreat"),
        (date(2027, 7, 1), "Over"),
        (date(2027, 9, 2), "Moving"),
    ):
        ClosedDay.objects.create(date=day, name=name, branch=cohort.branch)
    address = reverse("cohort_edit", args=[cohort.pk])
    values = filled_in(office.get(address))
    assert values["closed_days"] == "09/01/2027 Retreat\n09/02/2027 Moving"
    ClosedDay.objects.create(date=date(2027, 9, 9), name="By a colleague", branch=cohort.branch)
    office.post(address, values | {"closed_days": "09/02/2027 Moving\n09/03/2027 Stock-taking"})
    own = ClosedDay.objects.filter(branch=cohort.branch).order_by("date")
    assert list(own.values_list("date", "name")) == [
        (date(2027, 7, 1), "Over"),
        (date(2027, 9, 2), "Moving"),
        (date(2027, 9, 3), "Stock-taking"),
        (date(2027, 9, 9), "By a colleague"),
    ]
