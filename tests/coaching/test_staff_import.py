"""Staff files: all or nothing, every bad row named, safe to run again."""

import csv
import io
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from coaching import staff_file, staff_import
from coaching.csv_file import FileRefused
from coaching.models import AuditEvent, CareerTrack, JobClassification, Message, OrgUnit, RoleAssignment, User
from tests import factories
from tests.clock import NOW, TODAY

HEADER = "email,name,classification,career_track,branch,division,unit,supervisor_email,role"
TOP = "sofia@example.org,Sofia Top,,,,,,,superintendent"
DEPUTY = "derek@example.org,Derek Deputy,,,Services,,,sofia@example.org,deputy"
DIRECTOR = "dana@example.org,Dana Director,Director,Lead,Services,Nutrition,,derek@example.org,director"
ANA = "ana@example.org,Ana Reyes,Consultant,Programs,Services,Nutrition,Field,dana@example.org,"
OFFICER = "bo@example.org,Bo Office,Analyst,Programs,Services,,,derek@example.org,branch_office"
TRAINER = "tia@example.org,Tia Training,,,,,,,training_office"
ADMIN = "ada@example.org,Ada Admin,,,,,,,administrator"

pytestmark = pytest.mark.usefixtures("empty")


@pytest.fixture(autouse=True)
def department_name(settings):
    settings.DEPARTMENT_NAME = "Department of Education"


def text(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def run(*rows: str, header: str = HEADER, **options) -> staff_import.Report:
    staff = staff_file.parse(text(*rows, header=header))
    return staff_import.import_staff(staff=staff, by=None, now=NOW, **options)


def problems(*rows: str, header: str = HEADER) -> list[str]:
    with pytest.raises(FileRefused) as refusal:
        run(*rows, header=header)
    assert User.objects.count() == OrgUnit.objects.count() == Message.objects.count() == 0
    return [str(problem) for problem in refusal.value.problems]


def refused_text(content: str) -> list[str]:
    with pytest.raises(FileRefused) as refusal:
        staff_import.import_staff(staff=staff_file.parse(content), by=None, now=NOW)
    return [str(problem) for problem in refusal.value.problems]


# What an import writes


def test_a_file_becomes_people_units_heads_and_offices():
    report = run(TOP, DEPUTY, DIRECTOR, ANA, OFFICER, TRAINER, ADMIN)

    assert (report.added, report.changed, report.unchanged) == (7, 0, 0)
    assert report.units == ["Department of Education", "Services", "Nutrition", "Field"]
    ana = User.objects.get(email="ana@example.org")
    assert ana.name == "Ana Reyes"
    assert ana.unit.name == "Field"
    assert ana.division.name == "Nutrition"
    assert ana.branch.name == "Services"
    assert ana.supervisor.email == "dana@example.org"
    assert ana.career_track.name == "Programs"
    assert not ana.has_usable_password()
    assert {unit.name: unit.head and unit.head.name for unit in OrgUnit.objects.all()} == {
        "Department of Education": "Sofia Top",
        "Services": "Derek Deputy",
        "Nutrition": "Dana Director",
        "Field": None,
    }
    assert {(role.user.name, role.office, role.unit.name) for role in RoleAssignment.objects.all()} == {
        ("Bo Office", "branch_office", "Services"),
        ("Tia Training", "training_office", "Department of Education"),
    }
    assert list(User.objects.filter(is_staff=True, is_superuser=True).values_list("name", flat=True)) == [
        "Ada Admin"
    ]


def test_new_classifications_are_no_management_ones_and_are_named():
    """F4: whether a classification is a management one is an administrator's to say."""
    JobClassification.objects.create(name="Director", is_management=True)

    report = run(TOP, DEPUTY, DIRECTOR, ANA)

    assert report.classifications == ["Consultant"]
    assert dict(JobClassification.objects.values_list("name", "is_management")) == {
        "Director": True,
        "Consultant": False,
    }


def test_the_same_file_again_changes_nothing():
    run(TOP, DEPUTY, DIRECTOR, ANA, OFFICER, TRAINER, ADMIN)
    before = list(User.objects.order_by("pk").values())

    report = run(TOP, DEPUTY, DIRECTOR, ANA, OFFICER, TRAINER, ADMIN)

    assert (report.added, report.changed, report.unchanged, report.invited) == (0, 0, 7, 0)
    assert (report.units, report.heads, report.offices, report.classifications) == ([], [], [], [])
    assert list(User.objects.order_by("pk").values()) == before
    assert RoleAssignment.objects.count() == 2
    assert Message.objects.count() == 7


def test_a_changed_row_updates_that_person_alone():
    run(TOP, DEPUTY, DIRECTOR, ANA)

    report = run(
        TOP, DEPUTY, DIRECTOR, "ANA@example.org,Ana Reyes-Cole,,Programs,Services,,,derek@example.org,"
    )

    assert (report.added, report.changed, report.unchanged) == (0, 1, 3)
    ana = User.objects.get(email="ana@example.org")
    assert (ana.name, ana.classification, ana.unit.name) == ("Ana Reyes-Cole", None, "Services")
    event = AuditEvent.objects.get(action="person.changed")
    assert event.object_id == ana.pk
    assert event.payload.data == {
        "changes": [
            ["Name", "Ana Reyes", "Ana Reyes-Cole"],
            ["Place", "Field", "Services"],
            ["Supervisor", "Dana Director", "Derek Deputy"],
            ["Job classification", "Consultant", ""],
        ]
    }


def test_people_who_are_not_in_the_file_stay():
    run(TOP, DEPUTY, DIRECTOR, ANA)

    run(TOP)

    assert User.objects.filter(is_active=True).count() == 4
    assert OrgUnit.objects.get(name="Nutrition").head.name == "Dana Director"


def test_a_head_is_replaced_when_another_row_claims_the_office():
    run(TOP, DEPUTY, DIRECTOR)

    report = run("nia@example.org,Nia New,,,Services,Nutrition,,derek@example.org,director")

    assert report.heads == ["Division Director, Nutrition: Nia New, before: Dana Director"]
    assert OrgUnit.objects.get(name="Nutrition").head.name == "Nia New"


def test_a_role_that_vanished_is_kept_and_named():
    run(TOP, DEPUTY, DIRECTOR, OFFICER, ADMIN)

    report = run(
        TOP,
        DEPUTY,
        DIRECTOR.removesuffix("director"),
        OFFICER.removesuffix("branch_office"),
        ADMIN.removesuffix("administrator"),
    )

    assert report.warnings == [
        "line 4: Dana Director stays Division Director, Nutrition.",
        "line 5: Bo Office stays Branch office, Services.",
        "line 6: Ada Admin stays administrator.",
    ]
    assert OrgUnit.objects.get(name="Nutrition").head.name == "Dana Director"
    assert User.objects.get(email="ada@example.org").is_staff


def test_a_deactivated_person_stays_deactivated_and_is_named():
    run(TOP)
    User.objects.update(is_active=False)

    report = run(TOP)

    assert report.warnings == ["line 2: Sofia Top is deactivated here and stays so."]
    assert not User.objects.get().is_active


def test_names_are_found_in_any_case_and_spacing():
    run(TOP, DEPUTY, DIRECTOR, ANA)

    run("max@example.org,  Max   Moe ,CONSULTANT,programs,services,NUTRITION,field,Dana@Example.org,")

    assert OrgUnit.objects.count() == 4
    assert JobClassification.objects.count() == CareerTrack.objects.count() == 2
    person = User.objects.get(email="max@example.org")
    assert (person.name, person.supervisor.name) == ("Max Moe", "Dana Director")


def test_the_same_unit_name_in_two_divisions_is_two_units():
    run(
        "a@example.org,A,,,Services,Nutrition,Budget,,",
        "b@example.org,B,,,Services,Finance,Budget,,",
    )

    assert OrgUnit.objects.filter(name="Budget").count() == 2


def test_what_looks_like_a_formula_is_stored_as_it_is():
    run('sum@example.org,"=HYPERLINK(""http://example.org"")",,,,,,,')

    assert User.objects.get().name == '=HYPERLINK("http://example.org")'


def test_columns_in_another_order_and_unknown_ones_are_taken():
    rows = csv.DictReader(io.StringIO(text(DIRECTOR)))
    out = io.StringIO()
    writer = csv.DictWriter(out, ["Role", "phone", *reversed(HEADER.split(",")[:-1])])
    writer.writeheader()
    for row in rows:
        row["Role"] = row.pop("role")
        writer.writerow({**row, "phone": "555", "supervisor_email": ""})

    report = staff_import.import_staff(staff=staff_file.parse(out.getvalue()), by=None, now=NOW)

    assert report.warnings == ["Column not used: 'phone'."]
    assert OrgUnit.objects.get(name="Nutrition").head.name == "Dana Director"


def test_a_supervisor_may_be_known_from_before():
    run(TOP, DEPUTY)

    run(DIRECTOR)

    assert User.objects.get(email="dana@example.org").supervisor.email == "derek@example.org"


def test_each_import_and_each_person_is_audited():
    run(TOP, DEPUTY)

    assert sorted(AuditEvent.objects.values_list("action", flat=True)) == [
        *["orgunit.changed"] * 2,
        *["person.added"] * 2,
        *["person.invited"] * 2,
        "staff.imported",
    ]
    payload = AuditEvent.objects.get(action="staff.imported").payload.data
    assert (payload["added"], payload["changed"], payload["unchanged"]) == (2, 0, 0)


# Invitations


def test_new_people_are_invited_once():
    report = run(TOP, DEPUTY)

    assert report.invited == 2
    assert User.objects.filter(invited_at=NOW).count() == 2
    assert list(Message.objects.values_list("kind", flat=True)) == ["invitation"] * 2


def test_without_invitations_nobody_is_invited_until_a_later_import():
    assert run(TOP, invite=False).invited == 0
    assert not Message.objects.exists()
    assert run(TOP).invited == 1
    assert run(TOP).invited == 0


def test_who_has_a_password_is_not_invited():
    user = factories.person("Sofia Top", email="sofia@example.org")
    user.set_password("a password of her own")
    user.save()

    assert run(TOP).invited == 0


def test_a_dry_run_reports_the_same_and_writes_nothing():
    report = run(TOP, DEPUTY, DIRECTOR, ANA, dry_run=True)

    assert (report.added, report.invited) == (4, 4)
    for model in (User, OrgUnit, JobClassification, Message, AuditEvent):
        assert model.objects.count() == 0


# What is refused


def test_every_bad_row_is_named_with_line_and_reason():
    assert problems(
        "not-an-address,Ana,,,,,,,",
        "bo@example.org,,,,,,,,",
        "cy@example.org,Cy,,,,,,nobody@example.org,",
        "di@example.org,Di,,,,,,di@example.org,",
        "bo@example.org,Bo,,,,,,,",
        "ed@example.org,Ed,,,,,,,boss",
        ",Flo,,,,,,,",
    ) == [
        "line 2, email: 'not-an-address' is not a mail address.",
        "line 3, name: The name is missing.",
        "line 4, supervisor_email: nobody@example.org is neither in the file nor known already.",
        "line 5, supervisor_email: Nobody is their own supervisor.",
        "line 6, email: bo@example.org is on line 3 already.",
        (
            "line 7, role: 'boss' is no role. Possible: superintendent, deputy, director, supervisor, "
            "branch_office, training_office, administrator, or empty."
        ),
        "line 8, email: The mail address is missing.",
    ]


def test_addresses_that_differ_in_case_are_one_address():
    assert problems("Ana@example.org,Ana,,,,,,,", "ana@EXAMPLE.org,Ana,,,,,,,") == [
        "line 3, email: ana@example.org is on line 2 already."
    ]


def test_a_circle_of_supervisors_is_named():
    assert problems(
        "x@example.org,X,,,,,,a@example.org,",
        "a@example.org,A,,,,,,b@example.org,",
        "b@example.org,B,,,,,,c@example.org,",
        "c@example.org,C,,,,,,a@example.org,",
    ) == [
        (
            "line 3, supervisor_email: These supervise each other in a circle: "
            "a@example.org → b@example.org → c@example.org → a@example.org."
        )
    ]


def test_a_circle_closed_through_the_database_is_named():
    run("a@example.org,A,,,,,,,", "b@example.org,B,,,,,,a@example.org,")

    with pytest.raises(FileRefused, match=r"line 2, .*a@example.org → b@example.org → a@example.org"):
        run("a@example.org,A,,,,,,b@example.org,")


def test_roles_need_the_place_they_are_about():
    assert problems(
        "a@example.org,A,,,,,,,deputy",
        "b@example.org,B,,,Services,,,,director",
        "c@example.org,C,,,,,,,branch_office",
        "d@example.org,D,,,,Nutrition,,,",
        "e@example.org,E,,,,,Field,,",
    ) == [
        "line 2, role: The role deputy needs a branch.",
        "line 3, role: The role director needs a branch and a division.",
        "line 4, role: The role branch_office needs a branch.",
        "line 5, branch: There is a division, but no branch that it belongs to.",
        "line 6, branch: There is a unit, but no branch that it belongs to.",
    ]


def test_an_office_has_one_head():
    assert problems(
        "a@example.org,A,,,,,,,superintendent",
        "b@example.org,B,,,,,,,superintendent",
        "c@example.org,C,,,Services,,,,deputy",
        "d@example.org,D,,,SERVICES,,,,deputy",
        "e@example.org,E,,,Services,Nutrition,,,director",
        "f@example.org,F,,,Services,Nutrition,,,director",
    ) == [
        "line 3, role: Line 2 names another superintendent; there is one.",
        "line 5, role: Line 4 names another deputy of SERVICES; there is one.",
        "line 7, role: Line 6 names another director of Services › Nutrition; there is one.",
    ]


def test_a_name_cannot_be_a_division_and_a_unit_of_one_branch():
    assert problems("a@example.org,A,,,Services,Field,,,", "b@example.org,B,,,Services,,Field,,") == [
        "line 3, unit: 'Field' is a division there, no unit."
    ]


def test_control_characters_and_values_that_are_too_long_are_named():
    assert problems(
        "a@example.org,A\x07na,,,,,,,",
        "b@example.org,B\u202eo,,,,,,,",
        'c@example.org,"Cy\nSecond line",,,,,,,',
        f"d@example.org,{'D' * 201},{'E' * 121},,,,,,",
    ) == [
        "line 2, name: There is a control character (U+0007).",
        "line 3, name: There is a control character (U+202E).",
        "line 4, name: There is a control character (U+000A).",
        "line 6, classification: 121 characters; at most 120 are possible.",
        "line 6, name: 201 characters; at most 200 are possible.",
    ]


def test_a_name_may_be_written_with_joiners():
    """As Persian and several Indic scripts do; in a mail address they are no letters."""
    run("a@example.org,\u0645\u0647\u062f\u06cc\u200c\u067e\u0648\u0631,,,,,,,")
    assert User.objects.get().name == "\u0645\u0647\u062f\u06cc\u200c\u067e\u0648\u0631"
    assert refused_text(text("b\u200c@example.org,Ben,,,,,,,"))


def test_rows_with_too_few_or_too_many_values_are_named():
    assert problems("a@example.org,A", ANA + ",more", TOP, "dana@example.org,Dana,,,,,,,") == [
        "line 2: The row has 2 values, the header has 9 columns.",
        "line 3: The row has 10 values, the header has 9 columns.",
    ]


@pytest.mark.parametrize("missing", HEADER.split(","))
def test_a_missing_column_is_named(missing):
    header = ",".join(name for name in HEADER.split(",") if name != missing)

    assert refused_text(header + "\n") == [f"line 1, {missing}: This column is missing."]


def test_a_column_that_stands_twice_is_named():
    assert refused_text(HEADER + ",Name\n") == ["line 1, name: There are two columns of this name."]


def test_semicolons_are_named():
    assert refused_text(HEADER.replace(",", ";") + "\n") == [
        "line 1: The columns are to be separated by commas."
    ]


def test_quotes_that_are_not_closed_are_named_where_they_open():
    assert refused_text(text(TOP, 'bo@example.org,"Bo Bold,,,,,,,', ADMIN)) == [
        "line 3: The row that begins here cannot be read (unexpected end of data). Are its quotes closed?"
    ]


def test_text_after_a_quote_is_named():
    assert refused_text(text('bo@example.org,"Bo" Bold,,,,,,,')) == [
        "line 2: The row that begins here cannot be read (',' expected after '\"'). Are its quotes closed?"
    ]


def test_a_huge_field_is_named():
    assert refused_text(text(f"a@example.org,{'A' * 200_000},,,,,,,")) == [
        (
            "line 2: The row that begins here cannot be read (field larger than field limit (131072)). "
            "Are its quotes closed?"
        )
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "The file is empty."),
        ("\n\n", "The file is empty."),
        (HEADER, "The file has a header and no people."),
    ],
)
def test_a_file_without_people_is_refused(content, reason):
    assert refused_text(content) == [reason]


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(staff_file, "MOST_ROWS", 2)

    assert refused_text(text(TOP, DEPUTY, OFFICER)) == ["line 4: More than 2 people. Split the file."]


def test_another_department_than_the_settings_name_is_refused(settings):
    run(TOP)
    settings.DEPARTMENT_NAME = "Department of Health"

    with pytest.raises(FileRefused, match="the department on record is 'Department of Education'"):
        run(DEPUTY)


def test_blank_lines_are_no_people_and_still_count_as_lines():
    assert problems("", ",,,,,,,,", "bad,Bad,,,,,,,") == ["line 4, email: 'bad' is not a mail address."]


# The command


@pytest.fixture
def command(tmp_path):
    def call(content: bytes | str, *options: str) -> str:
        path = tmp_path / "staff.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        out = StringIO()
        call_command("import_staff", str(path), *options, stdout=out)
        return out.getvalue()

    return call


def test_the_command_prints_what_it_did(command):
    assert command(text(TOP, DEPUTY, ANA.replace("dana@", "derek@"))).splitlines() == [
        "People: 3 added, 0 changed, 0 unchanged.",
        "Invitations: 3.",
        "Added to the organization chart:",
        "  Department of Education",
        "  Services",
        "  Nutrition",
        "  Field",
        "Added classifications, none a management one until an administrator says so:",
        "  Consultant",
        "Added career tracks:",
        "  Programs",
        "Heads:",
        "  State Superintendent of Public Instruction, Department of Education: Sofia Top",
        "  Branch Deputy, Services: Derek Deputy",
    ]


def test_the_command_refuses_with_every_problem(command):
    with pytest.raises(CommandError) as error:
        command(text("bad,Bad,,,,,,,", "ana@example.org,,,,,,,,"))

    assert str(error.value).splitlines() == [
        "Nothing was imported: 2 problems.",
        "line 2, email: 'bad' is not a mail address.",
        "line 3, name: The name is missing.",
    ]
    assert not User.objects.exists()


def test_the_command_has_a_dry_run_and_can_leave_out_invitations(command):
    assert command(text(TOP), "--dry-run").startswith("A dry run: nothing was written.")
    assert not User.objects.exists()
    command(text(TOP), "--no-invite")
    assert User.objects.exists()
    assert not Message.objects.exists()


def test_a_byte_order_mark_and_windows_line_ends_are_fine(command):
    command(b"\xef\xbb\xbf" + text(TOP, DEPUTY).replace("\n", "\r\n").encode())

    assert set(User.objects.values_list("name", flat=True)) == {"Sofia Top", "Derek Deputy"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (text("a@example.org,Añá,,,,,,,").encode("latin-1"), "line 2: This is not UTF-8."),
        (text(TOP).encode("utf-16"), "The file is UTF-16."),
        (text(TOP, "b@example.org,B\x00,,,,,,,").encode(), "line 3: There is a NUL byte"),
    ],
)
def test_other_encodings_are_refused(command, content, reason):
    with pytest.raises(CommandError, match=reason):
        command(content)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(200_000_000)

    with pytest.raises(CommandError, match="200,000,000 bytes; at most 10,000,000 are read"):
        call_command("import_staff", str(path))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        call_command("import_staff", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="There is no file"):
        call_command("import_staff", str(tmp_path))


def many(count: int) -> list[str]:
    return [TOP] + [
        f"p{number}@example.org,Person {number},Class {number % 9},,Branch {number % 3},"
        f"Division {number % 7},,sofia@example.org,"
        for number in range(count - 1)
    ]


def test_the_number_of_queries_does_not_grow_with_the_rows(django_assert_max_num_queries):
    """Up to what one statement holds: a few dozen people take no more statements than one."""
    with django_assert_max_num_queries(45):
        run(*many(30))
    with django_assert_max_num_queries(12):
        assert run(*many(30)).unchanged == 30


@pytest.mark.deep
def test_five_thousand_people_are_imported_in_reasonable_time():
    assert run(*many(5_000)).added == 5_000
    assert run(*many(5_000)).unchanged == 5_000
    assert User.objects.count() == Message.objects.count() == 5_000


def test_an_office_that_ended_is_given_again():
    run(TOP, DEPUTY, OFFICER)
    RoleAssignment.objects.update(end_date=TODAY.replace(day=1), start_date=TODAY.replace(day=1))

    run(TOP, DEPUTY, OFFICER)

    assert RoleAssignment.objects.on(TODAY).count() == 1
