"""The branch office's lists as files: what the page shows, filters included, opened again by another library."""

import csv
import io
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import load_workbook

from coaching.models import User
from coaching.site.lists import LISTS
from meetings import attendance, laying_out
from meetings.models import Meeting
from tests import factories
from tests.applications import factories as papers
from tests.clock import NOW

pytestmark = pytest.mark.usefixtures("plain_not_found")

FIRST = NOW.replace(year=2027, month=2, day=17, hour=20)


@pytest.fixture
def office(client, branch_officer, time_machine):
    time_machine.move_to(FIRST, tick=False)
    client.force_login(branch_officer)
    return client


@pytest.fixture
def team(cohort, branch_officer, org):
    people = [
        factories.participant(cohort, factories.person(name, unit=org.unit)) for name in ("Ana", "Ben", "Cy")
    ]
    team = factories.confirmed_team(cohort, people, by=branch_officer)
    laying_out.lay_out_meetings(team=team, by=None, now=NOW)
    meeting = Meeting.objects.of_team(team).earliest("date")
    marks = dict.fromkeys(attendance.expected(meeting), "present") | {
        people[1]: "absent",
        people[2]: "absent",
    }
    attendance.take_attendance(meeting=meeting, marks=marks, by=None, now=FIRST)
    attendance.excuse(
        meeting=meeting, participant=people[1], reason="=Jury duty", by=branch_officer, now=FIRST
    )
    return team


def file(client, name, cohort, query=""):
    return client.get(f"{reverse(f'list_{name}', args=[cohort.pk])}?{query}")


def read_csv(response) -> list[list[str]]:
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content, newline="")))


def read_xlsx(response):
    """The sheets by name, as another library than the one that wrote them reads them."""
    book = load_workbook(io.BytesIO(response.content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def as_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@pytest.mark.parametrize("name", LISTS)
def test_both_files_say_the_same(office, cohort, team, name):
    header, *rows = read_csv(file(office, name, cohort))
    sheets = read_xlsx(file(office, name, cohort, "as=xlsx"))
    first, about = sheets
    assert first == LISTS[name].title
    assert about == "About this list"
    found = [[as_text(cell) for cell in row] for row in sheets[first]]
    assert found[0] == header
    assert found[1:] == [[cell.removeprefix("'") for cell in row] for row in rows]
    assert rows or name in ("applications", "totals")


def test_participants(office, cohort, team):
    header, *rows = read_xlsx(file(office, "participants", cohort, "as=xlsx"))["Participants"]
    assert header == ["Name", "Mail address", "Division", "Job classification", "Team", "Status", "Left"]
    ana = User.objects.get(name="Ana")
    assert rows[0] == ["Ana", ana.email, "Nutrition Division", "", 1.0, "Active", ""]
    assert [row[0] for row in rows] == ["Ana", "Ben", "Cy"]


def test_attendance_has_days_as_days_and_the_reason(office, cohort, team):
    sheet = read_xlsx(file(office, "attendance", cohort, "as=xlsx"))["Attendance"]
    assert len(sheet) == 1 + 3 * 8
    assert sheet[1] == [1.0, "Ana", 1.0, "Introduction to Program", date(2027, 2, 17), "There", ""]
    assert sheet[9] == [
        1.0,
        "Ben",
        1.0,
        "Introduction to Program",
        date(2027, 2, 17),
        "Excused",
        "=Jury duty",
    ]
    assert sheet[10][5] == "Ahead"


def test_the_filters_of_the_page_are_in_the_file_and_in_its_name(office, cohort, applicant, org):
    colleague = factories.person("Bea", unit=org.unit, supervisor=applicant.supervisor)
    for person, title in ((applicant, "Faster permits"), (colleague, "Slower permits")):
        papers.submitted(person, cohort, project_title=title)
    query = "status=in_review&q=faster"
    page = office.get(f"{reverse('cohort_applications', args=[cohort.pk])}?{query}")
    response = file(office, "applications", cohort, f"{query}&as=xlsx")
    sheets = read_xlsx(response)
    assert [row[0] for row in sheets["Applications"][1:]] == [
        each.applicant.name for each in page.context["page"]
    ]
    assert sheets["Applications"][1][2:] == [
        "In review",
        str(applicant.supervisor),
        "Supervisor",
        date(2026, 11, 23),
        date(2026, 11, 30),
    ]
    assert ["Status", "In review"] in sheets["About this list"]
    assert ["Found by", "faster"] in sheets["About this list"]
    assert f"applications-{cohort.name}-in-review-faster-2027-02-17.xlsx" in response["Content-Disposition"]
    assert len(read_csv(file(office, "applications", cohort))) == 3
    address = reverse("list_applications", args=[cohort.pk])
    assert f"{address}?status=in_review&amp;q=faster&amp;as=xlsx" in page.content.decode()


def test_what_would_be_a_formula_is_a_text(office, cohort, team):
    response = file(office, "attendance", cohort, "as=xlsx")
    assert read_xlsx(response)["Attendance"][9][6] == "=Jury duty"
    assert read_csv(file(office, "attendance", cohort))[9][6] == "'=Jury duty"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("name", LISTS)
def test_as_many_queries_for_many_teams_as_for_one(office, cohort, team, branch_officer, name, kind):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert file(office, name, cohort, f"as={kind}").getvalue()
        return len(found)

    queries()
    one = queries()
    for _ in range(3):
        people = [factories.participant(cohort) for _ in range(3)]
        papers.submitted(factories.person(supervisor=branch_officer, unit=branch_officer.unit), cohort)
        other = factories.confirmed_team(cohort, people, by=branch_officer)
        laying_out.lay_out_meetings(team=other, by=None, now=NOW)
        meeting = Meeting.objects.of_team(other).earliest("date")
        attendance.take_attendance(
            meeting=meeting, marks=dict.fromkeys(people, "present"), by=None, now=FIRST
        )
    assert queries() == one


@pytest.mark.parametrize("name", LISTS)
def test_an_officer_who_applied_gets_none(office, cohort, branch_officer, name):
    """T10"""
    factories.participant(cohort, branch_officer)
    assert file(office, name, cohort).status_code == 404
