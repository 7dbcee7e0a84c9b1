"""What is due with whom: accounts of one person go together, and nobody whose name a record still needs."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db.models import Q

from applications import paper, project_changes
from coaching import audit, holds
from coaching.enrollment import Project
from coaching.models import (
    AuditPayload,
    Cohort,
    Message,
    Participant,
    Program,
    RoleAssignment,
    Scan,
    SignOff,
    User,
)
from coaching.site import merging, records_due
from meetings import attendance, laying_out
from meetings.models import Attendance
from tests import factories
from tests.applications import factories as papers
from tests.clock import NOW, TODAY
from tests.site.runs import LATER, start, work

pytestmark = pytest.mark.django_db
A_YEAR_AGO = LATER - timedelta(days=365)


@pytest.fixture(autouse=True)
def _later():
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def other(org, administrator) -> User:
    return factories.person("Ana Reyes", unit=org.unit, email="reyes@example.org", created_at=NOW)


def merge(keep: User, drop: User, by: User) -> None:
    merging.merge(keep=keep, drop=drop, reason="Married.", by=by, now=NOW)


def close(*people: User) -> None:
    User.objects.filter(pk__in=[each.pk for each in people]).update(is_active=False)


def are_due(*people: User) -> set[User]:
    return set(records_due.people(LATER.date()).filter(pk__in=[each.pk for each in people]))


def test_of_somebody_with_two_accounts_nothing_leads_to_either(
    applicant, other, cohort, administrator, branch_officer
):
    with time_machine.travel(NOW, tick=False):
        papers.accepted(applicant, cohort)
        people = [cohort.participants.get(user=applicant), factories.participant(cohort)]
        team = factories.confirmed_team(cohort, people, by=branch_officer)
        meeting = laying_out.lay_out_meetings(team=team, by=None, now=NOW)[0]
        then = meeting.ends_at + timedelta(hours=1)
    marks = dict.fromkeys(people, "present")
    attendance.take_attendance(meeting=meeting, marks=marks, by=applicant, now=then)
    merge(other, applicant, administrator)
    both = [applicant, other]
    entered = Attendance.objects.filter(recorded_by__in=both)
    accounts = Q(signer__in=both) | Q(signer_account__in=both)
    assert (entered.count(), SignOff.objects.filter(accounts).count()) == (2, 1)

    work(start(administrator))

    assert (entered.count(), SignOff.objects.filter(accounts).count()) == (0, 0)
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "What was signed is as it was." in out.getvalue()


def test_somebody_stays_as_long_as_one_of_their_accounts_did_something(applicant, other, administrator):
    merge(other, applicant, administrator)
    close(other)
    assert are_due(applicant, other) == {other}  # the other account goes with it
    User.objects.filter(pk=applicant.pk).update(last_login=A_YEAR_AGO)
    assert are_due(applicant, other) == set()
    User.objects.filter(pk=applicant.pk).update(last_login=None)
    audit.record("person_export.asked", by=applicant, obj=applicant, now=A_YEAR_AGO)
    assert are_due(applicant, other) == set()


def test_both_accounts_go_together(applicant, other, administrator):
    merge(other, applicant, administrator)
    close(other)
    run = work(start(administrator))
    assert not User.objects.filter(pk__in=[applicant.pk, other.pk], erased_at=None).exists()
    assert run.done["people"] == 1


def test_what_somebody_signed_or_attested_is_held_with_them(
    applicant, cohort, supervisor, director, administrator, branch_officer
):
    with time_machine.travel(NOW, tick=False):
        signed = papers.accepted(applicant, cohort)
        sent = papers.submitted(factories.person(supervisor=supervisor, unit=supervisor.unit), cohort)
    assert set(records_due.applications(LATER.date())) == {signed, sent}
    for person, kept in ((director, {signed, sent}), (applicant, {signed}), (branch_officer, set())):
        hold = holds.set_hold(person=person, reason="A claim.", by=administrator, now=LATER)
        assert set(records_due.applications(LATER.date())) == {signed, sent} - kept, person
        holds.lift(hold=hold, reason="Settled.", by=administrator, now=LATER)
    SignOff.objects.filter(text=sent.current_text, signer=sent.applicant).update(
        on_paper=True,
        attested_by=branch_officer,
        attested_at=NOW,
        scan=Scan.objects.create(
            kind="image/png", content=b"", sha256="0", uploaded_by=branch_officer, uploaded_at=NOW
        ),
        session_digest="",
        address=None,
    )
    holds.set_hold(person=branch_officer, reason="A claim.", by=administrator, now=LATER)
    assert set(records_due.applications(LATER.date())) == {signed}


def test_whose_project_somebody_answered_is_held_with_them(applicant, cohort, director, administrator):
    place = asked_to_change(applicant, cohort, director)
    assert place in records_due.participants(LATER.date())
    holds.set_hold(person=director, reason="A claim.", by=administrator, now=LATER)
    assert place not in records_due.participants(LATER.date())


def test_nobody_of_the_directory_is_due_while_anybody_is_held(other, outsider, administrator):
    close(other)
    assert are_due(other) == {other}
    hold = holds.set_hold(person=outsider, reason="A claim.", by=administrator, now=LATER)
    assert are_due(other) == set()
    holds.lift(hold=hold, reason="Settled.", by=administrator, now=LATER)
    assert are_due(other) == {other}


def test_a_hold_on_one_account_is_one_on_the_person(applicant, other, cohort, administrator):
    mine = factories.participant(cohort, applicant)
    merge(other, applicant, administrator)
    hold = holds.set_hold(person=applicant, reason="A claim.", by=administrator, now=LATER)
    assert hold.person == other
    assert mine not in records_due.participants(LATER.date())
    Message.objects.all().delete()
    for to in (applicant, other):
        Message.objects.create(
            recipient=to, kind="x", key=to.email, created_at=NOW, due_at=NOW, sent_at=NOW, status="sent"
        )
    assert not records_due.mail(LATER.date()).exists()


def test_details_of_what_somebody_did_stay_while_they_are_held(
    applicant, other, cohort, administrator, outsider
):
    """The others about an erased record go with it."""
    mine = factories.participant(cohort, applicant)
    kept, gone = (
        audit.record("participant.changed", by=by, obj=mine, now=NOW, data={"why": "Asked."})
        for by in (outsider, other)
    )
    holds.set_hold(person=outsider, reason="A claim.", by=administrator, now=LATER)
    work(start(administrator))
    told = AuditPayload.objects.filter(event__in=[kept, gone])
    assert [each.event for each in told] == [kept]


@pytest.mark.parametrize(
    ("name", "email", "others", "left"),
    [
        ("Ana Lee", "lee@example.org", (), set()),
        ("Ana Lee", "lee@example.org", ("Ana Lee",), {"name"}),
        ("Ana Lee", "lee@example.org", ("Mary Ana Lee",), {"name"}),
    ],
)
def test_details_naming_somebody_else_stay(org, administrator, name, email, others, left):
    person = factories.person(name, unit=org.unit, email=email, created_at=NOW)
    for each in others:
        factories.person(each, unit=org.unit)
    said = {
        "name": f"Asked of {name}.",
        "address": f"Sent to {email}.",
        "another address": f"Sent to mary.{email} and {email}.au",
    }
    for words in said.values():
        audit.record("x", by=administrator, obj=org.unit, now=LATER, data={"said": words})
    close(person)
    work(start(administrator))
    told = {each.data["said"] for each in AuditPayload.objects.filter(event__action="x")}
    assert told == {said[each] for each in left | {"another address"}}


def asked_to_change(applicant: User, cohort: Cohort, director: User) -> Participant:
    """A participant whose change of the project was declined."""
    with time_machine.travel(NOW, tick=False):
        papers.accepted(applicant, cohort)
        place = cohort.participants.get(user=applicant)
        competencies = tuple(papers.competencies(cohort)[:1])
        project = Project("Two forms", "One was too long.", "Two short forms.", "Minutes.", competencies)
        change = project_changes.ask(
            participant=place, project=project, why="The pilot showed it.", by=applicant, now=NOW
        )
        project_changes.decline(change=change, by=director, comment="Stay with it.", now=NOW)
    return place


def test_who_was_asked_about_a_project_stays_with_the_participant(applicant, cohort, director, org):
    """Who signs it, and who answered."""
    signer, acting = (factories.person(unit=org.unit, created_at=NOW) for _ in range(2))
    Program.objects.update(participation_years=30)
    place = asked_to_change(applicant, cohort, director)
    close(signer, acting)
    assert are_due(signer, acting) == {signer, acting}
    place.project_changes.update(signer=signer, acted_by=acting)
    assert are_due(signer, acting) == set()


def test_who_attested_a_paper_stays_with_what_is_signed_on_it(
    applicant, cohort, branch, supervisor, administrator
):
    officer = factories.officer(branch, "Olga Officer")
    Program.objects.update(retention_years=30)
    with time_machine.travel(NOW, tick=False):
        paper.enter(
            cohort=cohort,
            applicant=applicant,
            answers={**papers.ANSWERS, "project_competencies": papers.competencies(cohort)[:1]},
            ratings=dict.fromkeys(papers.competencies(cohort), ("grow", "")),
            received_date=TODAY,
            signed_date=TODAY,
            signatures=[paper.PaperSignature(supervisor, TODAY)],
            attested=paper.Attested(papers.A_SCAN, officer.name),
            by=officer,
            now=NOW,
        )
    RoleAssignment.objects.filter(user=officer).delete()
    User.objects.filter(pk=officer.pk).update(created_at=NOW, is_active=False)
    assert are_due(officer) == set()
    Program.objects.update(retention_years=5)
    assert are_due(officer) == {officer}
