"""Filters and search of a signer's lists leave what was asked for; what makes no sense asks for nothing."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from applications.models import Application
from tests import factories
from tests.applications.factories import sign, submitted
from tests.applications.reading import another, words
from tests.clock import NOW

Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]


@pytest.fixture(scope="module")
def kept_three(kept_cast, django_db_blocker) -> dict[str, Application]:
    """Two of the own division, one of them overdue and of another cohort; one of another division."""
    org, supervisor, cohort = kept_cast.org, kept_cast.supervisor, kept_cast.cohort
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        next_year = factories.cohort(kept_cast.program, org.branch, name="2028")
        olga = another(org, supervisor, "Olga Overdue")
        otis = another(org, supervisor, "Otis Other", org.other_unit)
        return {
            "own": submitted(kept_cast.applicant, cohort, project_title="Bicycle tracks"),
            "overdue": submitted(olga, next_year, now=NOW - timedelta(days=9)),
            "other": submitted(otis, cohort),
        }


@pytest.fixture
def three(kept_three, fresh) -> dict[str, Application]:
    return fresh(kept_three)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=tracks", {"own"}),
        ("q=  OLGA   overdue ", {"overdue"}),
        ("q=nobody", set()),
        ("state=overdue", {"overdue"}),
        ("step=supervisor", {"own", "overdue", "other"}),
        ("step=director", set()),
        ("cohort={cohort}", {"own", "other"}),
        ("division={division}", {"own", "overdue"}),
        ("division={division}&cohort={cohort}&q=ana", {"own"}),
        ("division=x&cohort=-1", {"own", "overdue", "other"}),
        ("cohort=99999999999999999999", {"own", "overdue", "other"}),
        ("q=%00", {"own", "overdue", "other"}),
        ("page=99", {"own", "overdue", "other"}),
        ("page=x", {"own", "overdue", "other"}),
        ("show=nothing", {"own", "overdue", "other"}),
    ],
)
def test_leaves_what_was_asked_for(client, org, supervisor, cohort, three, asked, found):
    client.force_login(supervisor)
    query = asked.format(cohort=cohort.pk, division=org.division.pk)
    rows = client.get(f"{reverse('approvals')}?{query}").context["rows"]
    assert {row.about.application_id for row in rows} == {three[name].pk for name in found}


def test_offers_only_what_leads_to_something(client, supervisor, three):
    client.force_login(supervisor)
    form = client.get(reverse("approvals")).context["form"]
    assert {
        name: [label for _, label in field.choices] for name, field in form.fields.items() if name != "q"
    } == {
        "cohort": ["All", "2027-11 program", "2028 program"],
        "division": ["All", "Finance Division", "Nutrition Division"],
        "state": ["All", "Overdue"],
    }


def test_counts_stay_those_of_the_whole(client, supervisor, three):
    client.force_login(supervisor)
    context = client.get(reverse("approvals"), {"q": "tracks"}).context
    assert (context["waiting"].number, context["waiting"].overdue, context["numbers"].acted_on) == (3, 1, 0)


def test_nothing_found_says_what_to_do(client, supervisor, three):
    client.force_login(supervisor)
    page = words(client.get(reverse("approvals"), {"q": "nobody"}))
    assert "Nothing here matches" in page
    assert "Show all" in page


def test_done_is_narrowed_by_its_state(client, applicant, supervisor, cohort, three):
    sign(three["own"], supervisor)
    client.force_login(supervisor)
    for state, found in ((Status.IN_REVIEW, [three["own"]]), (Status.ACCEPTED, [])):
        page = client.get(reverse("approvals"), {"show": "done", "state": state}).context["page"]
        assert [step.application for step in page] == found
