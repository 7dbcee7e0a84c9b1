"""Corrections of the directory: reported by the person, settled by the branch office."""

import pytest

from coaching import directory, people_changes
from coaching.models import AuditEvent, DirectoryCorrection, Message, User
from tests import factories
from tests.clock import NOW
from tests.constraints import refused_by

Status = DirectoryCorrection.Status

pytestmark = pytest.mark.usefixtures("frozen")


def report(user, field="name", says="Ana Reyes") -> DirectoryCorrection:
    return directory.report_correction(user=user, field=field, says=says, now=NOW)


def settle(correction, by, confirm=True, **options) -> DirectoryCorrection:
    return directory.settle_correction(correction=correction, confirm=confirm, by=by, now=NOW, **options)


def mails() -> list[tuple[str, str]]:
    return sorted(Message.objects.values_list("kind", "recipient__name"))


def test_a_report_is_open_audited_and_mailed_to_the_branch_office(applicant, branch_officer):
    correction = report(applicant, says="  Ana   Reyes ")

    assert (correction.says, correction.status) == ("Ana Reyes", Status.OPEN)
    assert mails() == [("correction_reported", "Bo Branchoffice")]
    assert AuditEvent.objects.get().action == "correction.reported"


def test_a_second_report_on_the_same_field_replaces_the_first(applicant, branch_officer):
    first = report(applicant)

    second = report(applicant, says="Ana Cole")

    assert second.pk == first.pk
    assert list(applicant.corrections.values_list("says", "status")) == [("Ana Cole", Status.OPEN)]


def test_the_same_report_twice_is_one(applicant, branch_officer):
    report(applicant)
    report(applicant)

    assert applicant.corrections.count() == Message.objects.count() == AuditEvent.objects.count() == 1


def test_reports_on_two_fields_stand_side_by_side(applicant, branch_officer):
    report(applicant)
    report(applicant, field="supervisor", says="Olga Otherdirector")

    assert applicant.corrections.filter(status=Status.OPEN).count() == 2


def test_a_name_may_be_written_with_joiners(applicant):
    assert report(applicant, field="name", says="\u0645\u0647\u062f\u06cc\u200c\u067e\u0648\u0631").says


@pytest.mark.parametrize(
    ("field", "says", "reason"),
    [
        ("name", "   ", "Say what it should be."),
        ("name", "A" * 201, "at most 200"),
        ("supervisor", "A" * 301, "at most 300"),
        ("name", "Ana\u202eReyes", "cannot be seen"),
        ("name", "Ana Applicant", "says already"),
        ("classification", "Education Programs Consultant", "says already"),
        ("supervisor", "Sam Supervisor", "says already"),
    ],
)
def test_a_report_that_says_nothing_new_is_refused(applicant, field, says, reason):
    with pytest.raises(directory.CorrectionRefused, match=reason):
        report(applicant, field=field, says=says)
    assert not DirectoryCorrection.objects.exists()


def test_an_officer_s_own_report_goes_to_somebody_else(branch_officer, administrator):
    report(branch_officer, says="Bo Bloom")

    assert mails() == [("correction_reported", "Ada Administrator")]


def test_a_report_from_outside_all_branches_goes_to_the_administrators(superintendent, administrator):
    report(superintendent, says="Sofia Sanchez")

    assert mails() == [("correction_reported", "Ada Administrator")]


def test_confirming_a_name_puts_it_in_the_directory(applicant, branch_officer):
    correction = settle(report(applicant), branch_officer)

    applicant.refresh_from_db()
    assert applicant.name == "Ana Reyes"
    assert (correction.status, correction.settled_by, correction.settled_at) == (
        Status.CONFIRMED,
        branch_officer,
        NOW,
    )
    assert ("correction_settled", "Ana Reyes") in mails()
    assert AuditEvent.objects.filter(action="correction.confirmed", actor=branch_officer).count() == 1


def test_confirming_a_classification_puts_in_the_chosen_one(applicant, branch_officer):
    chosen = factories.classification("Staff Services Manager I", is_management=True)

    settle(report(applicant, "classification", "SSM 1"), branch_officer, value=chosen)

    applicant.refresh_from_db()
    assert applicant.classification == chosen


def test_confirming_a_supervisor_puts_in_the_chosen_person(applicant, branch_officer, org):
    settle(report(applicant, "supervisor", "Olga"), branch_officer, value=org.other_director)

    applicant.refresh_from_db()
    assert applicant.supervisor == org.other_director


@pytest.mark.parametrize("field", ["classification", "supervisor"])
def test_confirming_without_a_choice_is_refused(applicant, branch_officer, field):
    correction = report(applicant, field, "Somebody")

    with pytest.raises(directory.CorrectionRefused, match="Choose the"):
        settle(correction, branch_officer)
    correction.refresh_from_db()
    assert correction.status == Status.OPEN


def test_nobody_becomes_their_own_supervisor(applicant, branch_officer):
    correction = report(applicant, "supervisor", "myself")

    with pytest.raises(people_changes.ChangeRefused, match="Nobody is their own supervisor"):
        settle(correction, branch_officer, value=applicant)


def test_a_circle_of_supervisors_is_refused(supervisor, applicant, branch_officer):
    correction = report(supervisor, "supervisor", "Ana")

    with pytest.raises(
        people_changes.ChangeRefused, match="Sam Supervisor stands above Ana Applicant already"
    ):
        settle(correction, branch_officer, value=applicant)


def test_declining_leaves_the_directory_as_it_is(applicant, branch_officer):
    correction = settle(report(applicant), branch_officer, confirm=False)

    applicant.refresh_from_db()
    assert (applicant.name, correction.status) == ("Ana Applicant", Status.DECLINED)
    assert ("correction_settled", "Ana Applicant") in mails()


def test_settling_twice_changes_nothing_and_the_other_way_is_refused(applicant, branch_officer):
    correction = settle(report(applicant), branch_officer)

    settle(correction, branch_officer)
    with pytest.raises(directory.CorrectionRefused, match="Bo Branchoffice has settled"):
        settle(correction, branch_officer, confirm=False)
    assert AuditEvent.objects.filter(action__startswith="correction.confirmed").count() == 1


def test_only_the_own_branch_office_or_an_administrator_settles(
    applicant, branch_officer, administrator, outsider, supervisor, org
):
    elsewhere = factories.officer(factories.unit("branch", parent=org.department))
    correction = report(applicant)

    for stranger in (applicant, outsider, supervisor, elsewhere):
        with pytest.raises(directory.CorrectionRefused, match="another office"):
            settle(correction, stranger)
    assert settle(correction, administrator).status == Status.CONFIRMED


def test_an_officer_does_not_settle_their_own(branch_officer):
    correction = report(branch_officer, says="Bo Bloom")

    with pytest.raises(directory.CorrectionRefused, match="another office"):
        settle(correction, branch_officer)


def test_people_are_found_by_mail_address_or_a_name_that_only_one_has(db):
    ana = factories.person("Ana Reyes", email="ana@example.org")
    factories.person("Max Moe")
    other = factories.person("Max Moe", email="max@example.org")
    factories.person("Old Hand", is_active=False)

    assert directory.find_person(" ANA@example.org ") == ana
    assert directory.find_person("ana  reyes") == ana
    assert directory.find_person("max@example.org") == other
    for text, reason in (("Max Moe", "Several people"), ("Old Hand", "Nobody"), ("Nia", "Nobody")):
        with pytest.raises(directory.PersonNotFound, match=reason):
            directory.find_person(text)


def test_one_open_correction_a_field_stands_in_the_database(applicant):
    DirectoryCorrection.objects.create(user=applicant, field="name", says="A")

    assert (
        refused_by(DirectoryCorrection.objects.create, user=applicant, field="name", says="B")
        == "correction_one_open_per_field"
    )


def test_a_settled_correction_is_dated_in_the_database(applicant):
    settled = DirectoryCorrection(user=applicant, field="name", says="A", status=Status.CONFIRMED)
    assert refused_by(settled.save) == "correction_settled_when_not_open"


@pytest.mark.parametrize(
    ("name", "fields"),
    [("user_has_a_name", {"name": ""}), ("user_email_in_lower_case", {"email": "Upper@example.org"})],
)
def test_people_have_a_name_and_an_address_in_lower_case_in_the_database(applicant, name, fields):
    assert refused_by(User.objects.filter(pk=applicant.pk).update, **fields) == name


def test_whoever_is_typed_is_found_again(outsider):
    """By name where it is enough."""
    assert directory.typed(outsider) == "Otto Outsider"
    factories.person("Otto Outsider", is_active=False)
    assert directory.typed(outsider) == "Otto Outsider"
    factories.person("OTTO Outsider")
    assert directory.typed(outsider) == outsider.email
    gone = factories.person("Gil Gone", is_active=False)
    assert directory.typed(gone) == gone.email
