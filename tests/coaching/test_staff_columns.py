"""A staff file from another system: its columns are guessed, its names read as they are written there."""

import pytest

from coaching import staff_columns, staff_file, staff_import
from coaching.csv_file import FileRefused
from coaching.models import User
from coaching.staff_file import Columns
from tests import factories
from tests.clock import NOW


@pytest.fixture(autouse=True)
def department_name(settings):
    settings.DEPARTMENT_NAME = "Department of Education"


HEADINGS = [
    "Employee ID",
    "Last Name",
    "First Name",
    "Work E-Mail",
    "Class Title",
    "Division",
    "Manager Email",
]


def test_columns_are_guessed_by_their_headings():
    assert staff_columns.guess(HEADINGS) == {
        "email": 3,
        "last_name": 1,
        "first_name": 2,
        "classification": 4,
        "division": 5,
        "supervisor_email": 6,
    }


def test_our_own_headings_are_known_and_a_full_name_is_enough():
    ours = [*staff_file.COLUMNS, "First name"]
    assert staff_columns.guess(ours) == {name: place for place, name in enumerate(staff_file.COLUMNS)}


def test_a_column_is_one_of_ours_only_once():
    assert staff_columns.guess(["Supervisor", "Manager Email", "Mail", "E-Mail"]) == {
        "supervisor_email": 0,
        "email": 2,
    }


def test_beside_a_heading_stands_what_its_rows_have():
    head = staff_columns.head_of("a;b\n1;\n2;x;\n")
    assert (head.cells, head.sample(0), head.sample(1), head.sample(7)) == (["a", "b"], "1, 2", "x", "")


@pytest.mark.parametrize("text", ["", "\n\n", '"never closed'])
def test_a_table_without_headings_is_refused(text):
    with pytest.raises(FileRefused):
        staff_columns.head_of(text)


def rows(text: str, **columns) -> list[staff_file.Row]:
    surname_first = columns.pop("surname_first", False)
    staff = staff_file.parse(text, Columns(columns, surname_first))
    assert staff.problems == []
    return staff.rows


def test_semicolons_and_columns_without_use_are_no_trouble():
    (row,) = rows("No;Mail;Who\n7;ANA@example.org;Ana Reyes\n", email=1, name=2)
    assert (row.line, row.email, row.name, row.branch) == (2, "ana@example.org", "Ana Reyes", "")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Reyes, Ana", "Ana Reyes"),
        ("de la Cruz , Ana Maria", "Ana Maria de la Cruz"),
        ("King, Luther, Jr.", "Luther King Jr."),
        ("Prince", "Prince"),
    ],
)
def test_names_with_the_last_name_first_are_turned(written, read):
    text = f'mail,who\na@example.org,"{written}"\n'
    assert rows(text, email=0, name=1, surname_first=True)[0].name == read


def test_a_name_in_two_columns_is_one():
    text = "mail,last,first\na@example.org,Reyes,Ana\nb@example.org,Solo,\n"
    assert [row.name for row in rows(text, email=0, last_name=1, first_name=2)] == ["Ana Reyes", "Solo"]


def test_what_the_file_has_no_column_for_stays_as_it_is(org, applicant, supervisor):
    before = (applicant.unit, applicant.supervisor, applicant.classification)
    staff = staff_file.parse(f"mail,who\n{applicant.email},Ana Reyes\n", Columns({"email": 0, "name": 1}))
    report = staff_import.import_staff(staff=staff, by=None, now=NOW)
    applicant.refresh_from_db()
    assert (report.changed, applicant.name) == (1, "Ana Reyes")
    assert (applicant.unit, applicant.supervisor, applicant.classification) == before


def placed(person: User, columns: str, values: str) -> tuple[User, list[str]]:
    """What a file with these columns of places makes of a person; and which boxes are new."""
    names = columns.split(",")
    text = f"mail,who,{columns}\n{person.email},{person.name},{values}\n"
    places = {"email": 0, "name": 1, **{name: place for place, name in enumerate(names, start=2)}}
    report = staff_import.import_staff(staff=staff_file.parse(text, Columns(places)), by=None, now=NOW)
    person.refresh_from_db()
    return person, report.units


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        ("branch", "services branch"),
        ("branch,division", "Services Branch,Nutrition Division"),
        ("branch,unit", "Services Branch,Field Unit"),
    ],
)
def test_whoever_works_in_a_box_without_a_column_stays_in_it(org, applicant, columns, values):
    person, new = placed(applicant, columns, values)
    assert (person.unit, new) == (org.unit, [])


@pytest.mark.parametrize(
    ("columns", "values", "place"),
    [
        ("branch", "Learning Branch", "Learning Branch"),
        ("branch,division", "Services Branch,Finance Division", "Finance Division"),
        ("branch,division", "Services Branch,", "Services Branch"),
        ("branch,division,unit", "Services Branch,Nutrition Division,", "Nutrition Division"),
        ("branch,unit", "Services Branch,", "Nutrition Division"),
    ],
)
def test_whoever_the_file_puts_elsewhere_moves(org, applicant, columns, values, place):
    person, _ = placed(applicant, columns, values)
    assert person.unit.name == place


def test_a_file_without_supervisors_changes_none(org):
    """It says nothing of them, so it can close none."""
    one, other = factories.person("One"), factories.person("Other")
    User.objects.filter(pk=one.pk).update(supervisor=other)
    text = f"mail,who\n{one.email},One\n{other.email},Other\n"
    staff = staff_file.parse(text, Columns({"email": 0, "name": 1}))
    assert staff_import.import_staff(staff=staff, by=None, now=NOW).unchanged == 2


def test_who_is_new_without_a_column_of_places_has_none(org):
    staff = staff_file.parse("mail,who\nnia@example.org,Nia New\n", Columns({"email": 0, "name": 1}))
    staff_import.import_staff(staff=staff, by=None, now=NOW)
    assert User.objects.get(email="nia@example.org").unit is None
