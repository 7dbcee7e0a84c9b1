"""Two accounts of one person become one: nothing that is theirs is lost, and what was signed still verifies."""

from datetime import timedelta

import pytest
from django.db import models
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from applications import project_changes
from applications.models import Application, ReviewStep
from applications.readers import signatures_of
from coaching import audit, delegations, directory, people_changes, signature_trail, staff_file, staff_import
from coaching.csv_file import FileRefused
from coaching.enrollment import Project
from coaching.models import (
    AuditEvent,
    Delegation,
    Membership,
    Message,
    OrgUnit,
    RoleAssignment,
    Scan,
    SignOff,
    User,
)
from coaching.site import merging
from coaching.site.merging import MOVED, NotMerged
from meetings import feeds
from meetings.models import CalendarChoice
from tests import factories
from tests.applications import factories as papers
from tests.clock import NOW, TODAY

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")

# Records as they were made, rights, and ways to sign in; besides these, whatever is called by who did it (`…_by`).
STAYS = {
    *("coaching.AuditEvent.actor", "coaching.AuditEvent.on_behalf_of", "coaching.User.merged_into"),
    *(
        "coaching.SignOff.signer_account",
        "coaching.SignOff.on_behalf_account",
        "coaching.PersonExport.person",
    ),
    *("coaching.User_groups.user", "coaching.User_user_permissions.user", "admin.LogEntry.user"),
    *("meetings.CalendarChoice.user", "meetings.BusyFeed.supervisor"),
    *("account.EmailAddress.user", "mfa.Authenticator.user", "socialaccount.SocialAccount.user"),
}


def test_of_every_relation_to_a_person_it_is_said_whether_it_moves():
    """Another one fails here until somebody has decided."""
    relations = [
        each for each in User._meta.get_fields(include_hidden=True) if each.auto_created and not each.concrete
    ]
    names = {
        f"{each.related_model._meta.label}.{each.field.name}"
        for each in relations
        if not isinstance(each, models.ManyToManyRel)
    }
    done = {name for name in names if name.endswith("_by")} - MOVED.keys()
    assert names - done == STAYS | MOVED.keys()
    assert not STAYS & MOVED.keys()


@pytest.fixture
def other(org, supervisor) -> User:
    """The account that Ana got when she married: who has what differs from test to test."""
    return factories.person("Ana Reyes", unit=org.unit, supervisor=supervisor, email="reyes@example.org")


def merge(keep: User, drop: User, by: User, reason: str = "Married.") -> User:
    return merging.merge(keep=keep, drop=drop, reason=reason, by=by, now=NOW)


def verifies() -> bool:
    audit.seal_all()
    return audit.verify()[1] is None and list(signature_trail.differences()) == []


def test_an_application_with_its_participation_and_team_moves(
    applicant, other, cohort, administrator, branch_officer
):
    application = papers.accepted(applicant, cohort)
    place = cohort.participants.get(user=applicant)
    team = factories.confirmed_team(cohort, [place, factories.participant(cohort)], by=branch_officer)

    merge(other, applicant, administrator)

    application.refresh_from_db()
    assert (application.applicant, cohort.participants.get(pk=place.pk).user) == (other, other)
    assert Membership.objects.filter(team=team, participant__user=other).exists()
    assert Application.objects.filter(applicant=applicant).count() == 0
    assert verifies()


def test_a_signature_moves_and_still_verifies(supervisor, applicant, cohort, administrator, org):
    """What was signed is digested with the account that signed it."""
    papers.accepted(applicant, cohort)
    given = SignOff.objects.get(signer=supervisor)
    new = factories.person(
        "Sam Supervisor", unit=org.unit, supervisor=org.director, email="sam.new@example.org"
    )
    read = list(signatures_of(supervisor))

    merge(new, supervisor, administrator)

    given.refresh_from_db()
    assert (given.signer, given.signer_account) == (new, supervisor)
    assert list(signatures_of(new)) == read != []
    assert cohort.participants.get(user=applicant).signers.filter(pk=new.pk).exists()  # T8
    assert User.objects.get(pk=applicant.pk).supervisor == new
    assert verifies()


def test_a_signature_that_is_moved_past_the_program_is_found(supervisor, applicant, cohort, outsider):
    papers.accepted(applicant, cohort)
    SignOff.objects.filter(signer=supervisor).update(signer=outsider, signer_account=supervisor)
    audit.seal_all()
    assert len(list(signature_trail.differences())) == 1


def test_an_account_that_was_merged_twice_over_still_verifies(
    supervisor, applicant, cohort, administrator, org
):
    papers.accepted(applicant, cohort)
    second, third = (factories.person("Sam Supervisor", unit=org.unit) for _ in range(2))
    merge(second, supervisor, administrator)
    merge(third, second, administrator)
    assert SignOff.objects.get(signer=third).signer_account == supervisor
    assert verifies()


def test_what_waits_to_be_signed_waits_with_the_account_that_stays(
    applicant, supervisor, cohort, administrator, org
):
    papers.submitted(applicant, cohort)
    new = factories.person("Sam Supervisor", unit=org.unit)
    merge(new, supervisor, administrator)
    assert ReviewStep.objects.current().get().signer == new
    assert not Message.objects.filter(recipient=supervisor, status=Message.Status.PENDING).exists()


def test_posts_and_offices_move_once(director, branch_officer, administrator, branch, org):
    new = factories.officer(branch, "Bo Branchoffice")
    OrgUnit.objects.filter(pk=org.unit.pk).update(head=branch_officer)
    merge(new, branch_officer, administrator)
    assert OrgUnit.objects.get(pk=org.unit.pk).head == new
    assert list(RoleAssignment.objects.on(TODAY + timedelta(days=1)).filter(unit=branch)) == [
        RoleAssignment.objects.get(user=new)
    ]


def test_the_account_is_closed_with_all_ways_into_it(applicant, other, administrator):
    feeds.choose(way=CalendarChoice.Way.ADDRESS, by=applicant, now=NOW)
    address = feeds.address_of(feeds.choice_of(applicant))
    own = Client()
    own.force_login(applicant)

    merge(other, applicant, administrator)

    assert own.get(reverse("home")).status_code == 302
    assert own.get(address).status_code == 404
    with pytest.raises(people_changes.ChangeRefused, match="was merged into"):
        people_changes.reactivate(
            person=User.objects.get(pk=applicant.pk), reason="x", by=administrator, now=NOW
        )


def test_the_old_address_leads_to_the_account_that_stays(applicant, other, administrator, settings):
    """A second import does not make it again."""
    settings.DEPARTMENT_NAME = "Department of Education"
    merge(other, applicant, administrator)
    assert directory.find_person(applicant.email) == other
    columns = staff_file.Columns({"email": 0, "name": 1})
    staff = staff_file.parse(f"mail,who\n{applicant.email},Ana Reyes-Cole\n", columns)
    report = staff_import.import_staff(staff=staff, by=None, now=NOW)
    assert (report.added, report.changed, User.objects.get(pk=other.pk).name) == (0, 1, "Ana Reyes-Cole")
    both = staff_file.parse(f"mail,who\n{applicant.email},Ana\n{other.email},Ana\n", columns)
    with pytest.raises(FileRefused, match="are both Ana Reyes-Cole"):
        staff_import.import_staff(staff=both, by=None, now=NOW)


def test_a_second_call_changes_nothing(applicant, other, administrator):
    for _ in range(2):
        merge(other, applicant, administrator)
    assert AuditEvent.objects.filter(action__startswith="person.merged").count() == 2


def test_both_histories_tell_of_it(applicant, other, administrator):
    merge(other, applicant, administrator)
    for account in (applicant, other):
        latest = people_changes.history(account)[0]
        assert (latest.by, latest.reason) == (administrator, "Married.")


# What stands in the way


def refused(keep: User, drop: User, by: User) -> str:
    with pytest.raises(NotMerged) as refusal:
        merge(keep, drop, by)
    assert not AuditEvent.objects.filter(action="person.merged").exists()
    assert User.objects.get(pk=drop.pk).is_active
    return str(refusal.value)


def test_both_in_one_cohort_is_refused(applicant, other, cohort, administrator):
    """T9"""
    for user in (applicant, other):
        factories.participant(cohort, user)
    assert "Both accounts take part in the" in refused(other, applicant, administrator)


def test_both_applied_in_one_cohort_is_refused(applicant, other, cohort, administrator):
    for user in (applicant, other):
        papers.submitted(user, cohort)
    assert "Both accounts have an application to the" in refused(other, applicant, administrator)


def test_an_application_signed_with_the_other_account_is_refused(
    applicant, supervisor, cohort, administrator
):
    """A9"""
    papers.submitted(applicant, cohort)
    for keep, drop in ((supervisor, applicant), (applicant, supervisor)):
        assert "signs the application of the other" in refused(keep, drop, administrator)


def test_a_project_that_the_other_account_is_to_concur_with_is_refused(
    applicant, supervisor, director, cohort, administrator
):
    """A14, and A9 for it"""
    papers.accepted(applicant, cohort)
    participant = applicant.participations.get()
    project = Project(
        "Another", "Shorter.", "Faster.", "Days", tuple(cohort.competency_model.competencies.all()[:1])
    )
    project_changes.ask(participant=participant, by=applicant, project=project, why="It grew.", now=NOW)
    assert "concurs with the project of the other" in refused(applicant, director, administrator)


@pytest.mark.parametrize("row", ["step", "paper"])
def test_what_two_people_did_cannot_be_said_of_one(
    row, supervisor, director, applicant, cohort, administrator, org
):
    papers.accepted(applicant, cohort)
    if row == "step":
        order = delegations.record(
            kind="acting",
            person=director,
            principal=None,
            unit=org.other_division,
            reason="On leave",
            start_date=TODAY,
            end_date=TODAY,
            by=administrator,
            now=NOW,
        )
        Delegation.objects.update(ended_at=NOW)
        ReviewStep.objects.filter(signer=director).update(
            holder=supervisor, reason="On leave", delegation=order
        )
        says = "stands in for the other at a step"
    else:
        scan = Scan.objects.create(
            kind="image/png", content=b"png", sha256="0" * 64, uploaded_by=supervisor, uploaded_at=NOW
        )
        SignOff.objects.filter(signer=director).update(
            on_paper=True, scan=scan, attested_by=supervisor, attested_at=NOW, session_digest=""
        )
        says = "attests what the other signed"
    assert says in refused(supervisor, director, administrator)


def test_an_account_whose_records_are_erased_is_nobodys(applicant, other, administrator):
    User.objects.filter(pk=applicant.pk).update(erased_at=NOW, is_active=False)
    for keep, drop in ((other, applicant), (applicant, other)):
        with pytest.raises(NotMerged, match="nobody knows any more whose it was"):
            merge(keep, drop, administrator)


def test_the_account_that_stays_is_in_use(applicant, other, administrator):
    User.objects.filter(pk=applicant.pk).update(is_active=False)
    assert "Keep the account that is in use" in refused(applicant, other, administrator)


def test_every_earlier_address_leads_to_the_account_of_today(applicant, other, administrator, org):
    merge(other, applicant, administrator)
    third = factories.person("Ana Reyes", unit=org.unit)
    merge(third, other, administrator)
    for account in (applicant, other, third):
        assert directory.find_person(account.email) == third


def test_a_circle_of_supervisors_is_refused(applicant, supervisor, director, administrator):
    assert "by way of Sam Supervisor" in refused(applicant, director, administrator)


def test_who_supervised_their_other_account_has_its_supervisor(
    applicant, supervisor, director, administrator
):
    merge(applicant, supervisor, administrator)
    assert User.objects.get(pk=applicant.pk).supervisor == director


def test_an_order_between_the_two_is_refused(deputy, other, branch, administrator):
    delegations.record(
        kind="delegate",
        person=other,
        principal=deputy,
        unit=branch,
        reason="Leave",
        start_date=TODAY,
        end_date=TODAY,
        by=deputy,
        now=NOW,
    )
    assert "End it first." in refused(other, deputy, administrator)


def test_rights_are_not_taken_along_and_nobody_merges_their_own(applicant, other, administrator):
    assert "has rights in the administration" in refused(other, administrator, administrator)
    assert "is yours" in refused(administrator, other, administrator)


# The page


def test_the_page_shows_what_would_move_and_merges(client, applicant, other, cohort, administrator):
    papers.submitted(applicant, cohort)
    client.force_login(administrator)
    address = reverse("person_merge", args=[other.pk])
    page = client.get(address, {"other": applicant.email})
    assertContains(page, "applications")
    assertContains(page, "Keep the other account instead")
    assert User.objects.get(pk=applicant.pk).is_active
    answer = client.post(f"{address}?other={applicant.email}", {"reason": "Married."})
    assertRedirects(answer, reverse("person", args=[other.pk]))
    assertContains(client.get(reverse("person", args=[other.pk])), applicant.email)


@pytest.mark.parametrize(
    ("typed", "says"),
    [("nobody@example.org", "Nobody on record"), ("own", "account that stays"), ("x", "valid")],
)
def test_an_address_that_does_not_fit_is_refused(client, applicant, administrator, typed, says):
    client.force_login(administrator)
    typed = applicant.email if typed == "own" else typed
    assertContains(client.get(reverse("person_merge", args=[applicant.pk]), {"other": typed}), says)


def test_the_right_to_keep_the_directory_is_not_the_right_to_merge(client, applicant, branch_officer):
    client.force_login(branch_officer)
    assert client.get(reverse("person_merge", args=[applicant.pk])).status_code == 404


def test_two_chosen_in_the_administration_lead_to_the_page(client, applicant, other, administrator):
    client.force_login(administrator)
    address = reverse("admin:coaching_user_changelist")
    chosen = {"action": "merge_two_accounts", "_selected_action": [applicant.pk, other.pk]}
    User.objects.filter(pk=other.pk).update(last_login=NOW)
    keep, drop = (other, applicant)
    answer = client.post(address, chosen)
    assert answer["Location"].startswith(reverse("person_merge", args=[keep.pk]) + "?other=")
    assert drop.email.split("@")[0] in answer["Location"]
    one = client.post(address, chosen | {"_selected_action": [other.pk]}, follow=True)
    assertContains(one, "Choose two")
