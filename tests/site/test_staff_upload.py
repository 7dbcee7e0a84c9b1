"""People brought in from a file in the browser: looked at before anything is written, all of it or nothing."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching import jobs, staff_uploads
from coaching.models import AuditEvent, Job, Message, OrgUnit, StaffUpload, User
from tests import factories
from tests.clock import NOW
from tests.coaching.test_sheet_file import workbook

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")

HEADER = "E-Mail;Employee Name;Branch;Division;Manager Email"
ANA = "nia@example.org;Nia New;Services Branch;Nutrition Division;{manager}"


@pytest.fixture(autouse=True)
def department_name(settings):
    settings.DEPARTMENT_NAME = "Department of Education"


@pytest.fixture(autouse=True)
def work(monkeypatch):
    """A worker takes the job when it is told to; by hand here, so that what is at work can be seen."""
    monkeypatch.setattr(jobs, "_nudge", lambda pk: None)
    return lambda: [jobs.run(job.pk) for job in Job.objects.filter(status=Job.Status.QUEUED)]


@pytest.fixture
def office(client, branch_officer):
    client.force_login(branch_officer)
    return client


@pytest.fixture
def admin(client, administrator):
    client.force_login(administrator)
    return client


def upload(client, content: str | bytes, name: str = "staff.csv") -> StaffUpload:
    raw = content.encode() if isinstance(content, str) else content
    answer = client.post(reverse("staff_uploads"), {"file": SimpleUploadedFile(name, raw)})
    row = StaffUpload.objects.latest("pk")
    assertRedirects(answer, reverse("staff_upload", args=[row.pk]))
    return row


def look(client, row: StaffUpload, work, **changes):
    """What it would do, with the columns as they were guessed."""
    chosen = {**row.columns, "invite": "on", **changes}
    client.post(reverse("staff_upload", args=[row.pk]), chosen)
    work()
    row.refresh_from_db()
    return client.get(reverse("staff_upload", args=[row.pk]))


def begin(client, row: StaffUpload, work) -> None:
    client.post(reverse("staff_upload_start", args=[row.pk]))
    work()
    row.refresh_from_db()


def people() -> dict[str, str]:
    return dict(User.objects.values_list("email", "name"))


def test_a_file_with_other_headings_is_looked_at_and_then_imported(office, director, supervisor, work):
    row = upload(
        office,
        f"\ufeff{HEADER}\n{ANA.format(manager=director.email)}\n"
        f"{supervisor.email};Sam Newname;Services Branch;Finance Division;{director.email}\n",
    )
    assertContains(office.get(reverse("staff_upload", args=[row.pk])), "E-Mail (nia@example.org")
    before = people()
    page = look(office, row, work)
    assert people() == before
    assert not Message.objects.exists()
    assertContains(page, "Nia New")
    changed = office.get(reverse("staff_upload", args=[row.pk]), {"see": "changed"})
    assertContains(changed, "Name: Sam Supervisor → Sam Newname")
    assertContains(changed, "Place: Field Unit → Finance Division")

    begin(office, row, work)

    nia = User.objects.get(email="nia@example.org")
    assert (nia.name, nia.division.name, nia.supervisor) == ("Nia New", "Nutrition Division", director)
    assert (row.imported_at, row.imported["added"], row.imported["changed"]) == (NOW, 1, 1)
    assert (bytes(row.content), row.head, row.report) == (b"", {}, {})
    assert Message.objects.get(kind="invitation", recipient=nia)
    assertContains(office.get(reverse("staff_upload", args=[row.pk])), "The file is imported")


def test_a_workbook_is_read_like_any_other(admin, work):
    rows = [["Mail", "Name"], ["nia@example.org", "Nia New"]]
    row = upload(admin, workbook(("Staff", rows), ("Notes", [["x"]])), "staff.xlsx")
    assertContains(
        admin.get(reverse("staff_upload", args=[row.pk])), "Read from the sheet “Staff”, and not from Notes"
    )
    look(admin, row, work)
    begin(admin, row, work)
    assert User.objects.get(email="nia@example.org").unit is None


def test_every_problem_is_named_by_the_file_s_own_heading_and_nothing_can_be_imported(office, work):
    row = upload(
        office,
        f"{HEADER}\n{ANA.format(manager='gone@example.org')}\n{ANA.format(manager='')}\nx;X;Services Branch;;\n",
    )
    page = look(office, row, work)
    assertContains(page, "3 problems: nothing can be imported")
    assertContains(page, "line 2, Manager Email: gone@example.org is neither in the file nor known already.")
    assertContains(page, "line 3, E-Mail: nia@example.org is on line 2 already.")
    begin(office, row, work)
    assert not User.objects.filter(email="nia@example.org").exists()
    file = b"".join(office.get(reverse("staff_upload_problems", args=[row.pk])).streaming_content).decode()
    assert "4,E-Mail,'x' is not a mail address." in file


def test_what_changed_since_it_was_looked_at_is_looked_at_again(office, work, director, applicant):
    row = upload(office, f"{HEADER}\n{applicant.email};Ana Newname;Services Branch;Nutrition Division;\n")
    look(office, row, work)
    User.objects.filter(pk=applicant.pk).update(name="Ana Elsewhere")
    begin(office, row, work)
    applicant.refresh_from_db()
    assert (applicant.name, row.imported_at, row.report) == ("Ana Elsewhere", None, {})
    assertContains(
        office.get(reverse("staff_upload", args=[row.pk])), "the directory has changed since you looked"
    )


def test_nothing_is_imported_that_nobody_looked_at(office, work):
    row = upload(office, f"{HEADER}\n{ANA.format(manager='')}\n")
    answer = office.post(reverse("staff_upload_start", args=[row.pk]), follow=True)
    assertContains(answer, "Look at what the file would do first.")
    assert not Job.objects.exists()


def test_twice_pressed_is_imported_once(office, work):
    row = upload(office, f"{HEADER}\n{ANA.format(manager='')}\n")
    look(office, row, work)
    for _ in range(2):
        office.post(reverse("staff_upload_start", args=[row.pk]))
    assert Job.objects.filter(kind=staff_uploads.IMPORT).count() == 1
    work()
    answer = office.post(reverse("staff_upload_start", args=[row.pk]), follow=True)
    assertContains(answer, "The file is imported already.")
    assert AuditEvent.objects.filter(action="staff.imported").count() == 1


def test_while_it_is_at_work_the_page_says_so_and_looks_again(office, work):
    row = upload(office, f"{HEADER}\n{ANA.format(manager='')}\n")
    address = reverse("staff_upload", args=[row.pk])
    office.post(address, row.columns)
    assertContains(office.get(address), "The file is being looked at")
    part = office.get(address, headers={"hx-request": "true"})
    assertContains(part, "Waiting to start")
    assertNotContains(part, "<html")
    work()
    assert office.get(address, headers={"hx-request": "true"})["HX-Redirect"] == address


def test_the_branch_office_brings_in_its_own_branch_alone(office, work, org, superintendent, branch_officer):
    """F5; and gives no offices."""
    learning = factories.unit("branch", "Learning Branch", parent=org.department)
    other = factories.person("Lea Learner", unit=learning)
    head = "email,name,branch,division,role\n"
    row = upload(
        office,
        f"{head}a@example.org,A,Learning Branch,,\n{other.email},Lea,Services Branch,,\n"
        f"b@example.org,B,Services Branch,,deputy\nc@example.org,C,Services Branch,,administrator\n"
        f"{branch_officer.email},Bo,Services Branch,,\nd@example.org,D,Services Branch,Nutrition Division,director\n"
        f"e@example.org,E,,,\n{superintendent.email},Sofia,Services Branch,,\n",
    )
    page = look(office, row, work).content.decode()
    assert [each["line"] for each in row.problems] == [2, 3, 4, 5, 6, 8, 9]
    assert "You keep the people of Services Branch alone." in page
    assert "Lea Learner works elsewhere." in page
    assert "An administrator gives the role deputy." in page


@pytest.mark.parametrize(
    ("rights", "lines"),
    [
        ((), [2, 3, 4]),
        (("change_orgunit",), [2, 3, 4]),  # whoever heads a unit signs for it
        (("change_roleassignment", "add_roleassignment"), [4]),
    ],
)
def test_who_keeps_the_directory_gives_only_the_roles_they_could_give_by_hand(
    db, client, work, rights, lines
):
    keeper = factories.person("Kim Keeper", is_staff=True)
    wanted = ["add_user", "change_user", *rights]
    keeper.user_permissions.set(
        Permission.objects.filter(content_type__app_label="coaching", codename__in=wanted)
    )
    client.force_login(keeper)
    row = upload(
        client,
        "email,name,branch,role\na@example.org,A,New Branch,deputy\nb@example.org,B,New Branch,branch_office\n"
        "c@example.org,C,New Branch,administrator\nd@example.org,D,New Branch,\n",
    )
    look(client, row, work)
    assert [each["line"] for each in row.problems] == lines


def test_nobody_changes_by_a_file_who_has_more_rights(office, work, client, org, administrator):
    User.objects.filter(pk=administrator.pk).update(unit=org.unit)
    line = f"email,name,branch\n{administrator.email},Another Name,{org.branch}\n"
    row = upload(office, line)
    look(office, row, work)
    assert "has rights in the administration" in row.problems[0]["reason"]
    keeper = factories.person("Kim Keeper", is_staff=True)
    keeper.user_permissions.set(Permission.objects.filter(codename__in=["add_user", "change_user"]))
    client.force_login(keeper)
    row = upload(client, line)
    look(client, row, work)
    assert "has rights in the administration" in row.problems[0]["reason"]


def test_no_transaction_is_open_while_a_workbook_is_opened(branch_officer):
    with CaptureQueriesContext(connection) as captured:
        staff_uploads.keep(
            raw=workbook(("Staff", [["Mail"], ["ana@example.org"]])),
            file_name="staff.xlsx",
            by=branch_officer,
            now=NOW,
        )
    assert [each["sql"].split()[0] for each in captured] == ["INSERT"]  # and no savepoint around it


def test_an_administrator_without_the_right_finds_no_import(db, client):
    client.force_login(factories.person("Rae Reader", is_staff=True))
    assert client.get(reverse("staff_uploads")).status_code == 404


def test_what_is_no_table_is_refused_on_the_form(office):
    answer = office.post(reverse("staff_uploads"), {"file": SimpleUploadedFile("a.xlsx", b"PK\x03\x04no")})
    assertContains(answer, "This workbook cannot be opened.")
    assert not StaffUpload.objects.exists()


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"email": ""}, "This field is required"),
        ({"name": ""}, "Choose the column with the full name, or those with first and last name."),
        ({"name": "1", "first_name": "2", "last_name": "3"}, "not both"),
        ({"branch": ""}, "There is a division, so say which column has its branch."),
        ({"unit": "1"}, "This column is chosen twice."),
        ({"unit": "77"}, "77 is not one of the available choices"),
    ],
)
def test_columns_that_do_not_fit_are_refused(office, chosen, says):
    row = upload(office, f"{HEADER}\n{ANA.format(manager='')}\n")
    assertContains(office.post(reverse("staff_upload", args=[row.pk]), {**row.columns, **chosen}), says)
    assert not Job.objects.exists()


def test_a_file_that_is_put_away_leaves_nothing(office):
    row = upload(office, f"{HEADER}\n{ANA.format(manager='')}\n")
    assertRedirects(office.post(reverse("staff_upload_put_away", args=[row.pk])), reverse("staff_uploads"))
    assert not StaffUpload.objects.exists()


def test_a_file_that_nobody_imports_is_deleted_after_a_week(office, branch_officer):
    upload(office, f"{HEADER}\n{ANA.format(manager='')}\n")
    assert staff_uploads.forget_old(now=NOW + timedelta(days=6)) == 0
    assert staff_uploads.forget_old(now=NOW + timedelta(days=8)) == 1


def test_who_lost_the_office_meanwhile_imports_nothing(office, work, branch_officer):
    row = upload(office, f"{HEADER}\n{ANA.format(manager='')}\n")
    look(office, row, work)
    office.post(reverse("staff_upload_start", args=[row.pk]))
    branch_officer.role_assignments.all().delete()
    work()
    assert not User.objects.filter(email="nia@example.org").exists()


@pytest.mark.deep
def test_five_thousand_rows_with_a_few_mistakes_are_looked_at(admin, work):
    lines = [f"p{n}@example.org,Person {n},B,D{n % 9},p{n // 10}@example.org" for n in range(1, 5_000)]
    row = upload(
        admin, "email,name,branch,division,supervisor_email\np0@example.org,Top,B,,\n" + "\n".join(lines)
    )
    look(admin, row, work)
    assert row.report["added"] == 5_000
    begin(admin, row, work)
    assert User.objects.filter(unit__name="D3").count() == 556
    assert OrgUnit.objects.filter(name="B").count() == 1
