"""The register: narrowed down, and taken as a file that says exactly what the page shows."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from certificates import register
from certificates.models import Certificate
from certificates.register import HEADER, Filters
from certificates.replacing import reissue, revoke
from tests import factories
from tests.certificates.history import AFTER
from tests.coaching.test_spreadsheet import read
from tests.remembering import remembered

pytestmark = pytest.mark.usefixtures("plain_not_found")

LATER = AFTER + timedelta(days=2)
PAGE, FILE = "/certificates/register/", "/certificates/register.csv"


@pytest.fixture
@remembered
def rows(certificates, branch_officer) -> list[Certificate]:
    """Ada’s was replaced two days later, Ben’s was revoked, Chi’s stands."""
    ada, ben, chi = certificates
    new = reissue(certificate=ada, by=branch_officer, reason="=HYPERLINK(1)", now=LATER)
    revoke(certificate=ben, by=branch_officer, reason="Not earned", now=LATER)
    return [ada, new, ben, chi]


@pytest.fixture
def found(rows, branch_officer):
    def names_and_states(**asked):
        return sorted(
            (row.claims["name"], row.status) for row in register.found(branch_officer, Filters(**asked))
        )

    return names_and_states


ADA_OLD, ADA, BEN, CHI = (
    ("Ada Alvarez", "superseded"),
    ("Ada Alvarez", "valid"),
    ("Ben Brooks", "revoked"),
    ("Chi Chen", "valid"),
)


def test_without_filters_it_is_everything(found):
    assert found() == [ADA_OLD, ADA, BEN, CHI]


@pytest.mark.parametrize(
    ("status", "expected"),
    [("valid", [ADA, CHI]), ("superseded", [ADA_OLD]), ("revoked", [BEN])],
)
def test_by_how_it_stands(found, status, expected):
    assert found(status=status) == expected


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (date(2027, 10, 6), None, [ADA]),
        (None, date(2027, 10, 5), [ADA_OLD, BEN, CHI]),
        (date(2027, 10, 5), date(2027, 10, 7), [ADA_OLD, ADA, BEN, CHI]),
        (date(2027, 10, 7), date(2027, 10, 7), [ADA]),
        (date(2027, 10, 8), None, []),
    ],
)
def test_by_the_day_that_is_printed_both_included(found, since, until, expected):
    assert found(issued_from=since, issued_to=until) == expected


@pytest.mark.parametrize("words", ["{}", "{} Chi", "-{}"])
def test_by_any_part_of_the_number(found, rows, words):
    number = Certificate.objects.get(claims__name="Chi Chen").serial.rpartition("-")[2]
    assert found(words=words.format(number)) == [CHI]


def test_by_cohort(found, rows, cohort):
    assert len(found(cohort=cohort)) == 4
    assert found(cohort=type(cohort)(pk=0)) == []


def test_all_filters_hold_together(found, cohort):
    assert found(words="a", status="valid", cohort=cohort, issued_from=date(2027, 10, 6)) == [ADA]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": "ada"},
        {"status": "valid"},
        {"issued_to": "2027-10-05"},
        {"status": "revoked", "issued_from": "2027-10-01", "q": "ben"},
        {"q": "nobody"},
    ],
)
def test_the_file_says_exactly_what_the_page_shows(client, rows, branch_officer, query):
    client.force_login(branch_officer)
    page = client.get(PAGE, query)
    header, *lines = read(client.get(FILE, query))
    assert tuple(header) == HEADER
    assert [line[0] for line in lines] == [row.serial for row in page.context["page"]]
    if lines:
        address = f"{FILE}?{page.wsgi_request.GET.urlencode()}" if query else FILE
        assert address.replace("&", "&amp;") in page.content.decode()


def test_a_line_of_the_file(client, rows, branch_officer):
    _, new, ben, _ = rows
    client.force_login(branch_officer)
    by_serial = {line[0]: line for line in read(client.get(FILE))[1:]}
    assert by_serial[ben.serial] == [
        ben.serial,
        "Ben Brooks",
        "Peer Coaching Program",
        str(ben.participant.cohort),
        "Services Branch",
        "2027-10-05",
        "Revoked",
        "2027-10-07",
        "Not earned",
        "",
        "Printed",
        ben.digest,
    ]
    assert by_serial[rows[0].serial][8] == "'=HYPERLINK(1)"
    assert by_serial[new.serial][9] == rows[0].serial


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"issued_from": "2027-10-05", "issued_to": "2027-10-04"}, "This day lies before the first one."),
        ({"issued_from": "soon"}, "Enter a valid date."),
        ({"status": "lost"}, "Select a valid choice."),
        ({"cohort": "0"}, "Select a valid choice."),
    ],
)
def test_a_filter_that_is_not_understood_shows_nothing_and_says_why(
    client, rows, branch_officer, query, error
):
    client.force_login(branch_officer)
    page = client.get(PAGE, query)
    assert error in page.content.decode()
    assert list(page.context["page"]) == []
    response = client.get(FILE, query)
    assert response["Location"].startswith(f"{reverse('certificate_register')}?")


def test_the_cohorts_offered_are_those_with_a_certificate(
    client, program, branch, certificate, branch_officer
):
    factories.cohort(program, branch, by=branch_officer)
    client.force_login(branch_officer)
    offered = client.get(PAGE).context["form"].fields["cohort"].queryset
    assert list(offered) == [certificate.participant.cohort]


@pytest.mark.parametrize("who", ["outsider", "superintendent", "training_officer", "administrator"])
def test_it_is_for_branch_office_and_deputy(request, client, rows, who):
    client.force_login(request.getfixturevalue(who))
    assert [client.get(address).status_code for address in (PAGE, FILE)] == [404, 404]


def test_the_deputy_takes_the_branchs(client, rows, deputy):
    client.force_login(deputy)
    assert len(read(client.get(FILE))) == 5


def test_an_office_of_another_branch_takes_nothing_of_it(client, rows, org):
    """F5"""
    other = factories.unit("branch", "Other Branch", parent=org.department)
    client.force_login(factories.officer(other))
    assert read(client.get(FILE)) == [list(HEADER)]


def test_by_a_name_in_capital_letters_of_any_script(found, rows):
    rows[3].claims["name"] = "Nguyễn Thị Ánh"
    rows[3].save()
    assert found(words="ánh nguyỄn") == [("Nguyễn Thị Ánh", "valid")]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("abc", '<input type="text" name="issued_from" value="abc"'),
        ("10/05/2027", '<input type="text" name="issued_from" value="10/05/2027"'),
        ("20271005", '<input type="text" name="issued_from" value="20271005"'),
        ("2027-10-05", '<input type="date" name="issued_from" value="2027-10-05"'),
        ("", '<input type="date" name="issued_from" '),
    ],
)
def test_what_was_typed_as_a_day_stays(client, rows, branch_officer, typed, shown):
    """A browser shows nothing in a field of days that has no day, and complains of it."""
    client.force_login(branch_officer)
    assert shown in client.get(PAGE, {"issued_from": typed}).content.decode()
