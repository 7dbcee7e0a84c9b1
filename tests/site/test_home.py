"""The home page: each person sees what waits for them, with one step each, in a constant number of queries."""

import pytest

from coaching import directory
from coaching.models import DirectoryCorrection
from coaching.site.home import cards_for
from coaching.site.waiting.cards import Urgency, counted, day
from tests import factories
from tests.clock import NOW


def titles(user):
    return [card.title for card in cards_for(user)]


@pytest.fixture
def html(client):
    def get(user):
        client.force_login(user)
        return client.get("/").content.decode()

    return get


def test_strangers_are_sent_to_sign_in(client, db):
    assert client.get("/").url == "/accounts/login/?next=/"


def test_person_with_nothing_reads_what_the_program_is(html, program, outsider):
    assert titles(outsider) == []
    page = html(outsider)
    assert "Welcome, Otto" in page
    assert "What the Peer Coaching Program is" in page
    assert "does not assure advancement" in page  # F3


def test_a_day_is_said_in_full_where_the_program_runs():
    assert day(NOW) == "Monday, November 23, 2026"
    assert day(NOW.date()) == "Monday, November 23, 2026"


@pytest.mark.parametrize(("number", "expected"), [(1, "1 card"), (3, "3 cards")])
def test_counted(number, expected):
    assert counted(number, "card", "cards") == expected


def report(user, says):
    return directory.report_correction(user=user, field=DirectoryCorrection.Field.NAME, says=says, now=NOW)


def test_branch_office_sees_corrections_to_confirm(frozen, applicant, branch_officer):
    report(applicant, "Ana B. Applicant")
    [card] = cards_for(branch_officer)
    assert card.title == "1 correction of the directory to confirm"
    assert card.urgency == Urgency.SOON
    assert "Monday, November 23, 2026" in card.text
    assert titles(applicant) == []


@pytest.mark.parametrize("rows", [1, 3])
def test_home_takes_the_same_number_of_queries_for_one_and_for_three(
    rows, client, org, branch_officer, django_assert_num_queries
):
    for number in range(rows):
        report(factories.person(unit=org.unit), f"New Name {number}")
    client.force_login(branch_officer)
    client.get("/")
    with django_assert_num_queries(6):
        client.get("/")
