"""The mails: who gets which, what they say, and that none is sent that is no longer true (A11, A12)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from applications import workflow
from coaching import outbox
from coaching.models import Delegation, Message
from tests import factories
from tests.applications.factories import accepted, at_deputy, decide, draft, sign, submit, submitted
from tests.clock import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def deliver() -> list[tuple[str, str]]:
    """To whom, and the subject, of everything that is sent now."""
    before = len(mail.outbox)
    outbox.deliver_due(now=NOW + timedelta(days=2))
    assert not Message.objects.filter(status__in=["pending", "failed", "unknown"]).exists()
    return [(letter.to[0].split(".")[0], letter.subject) for letter in mail.outbox[before:]]


def last() -> str:
    return mail.outbox[-1].body


def test_submission_tells_applicant_signer_and_office(applicant, branch_officer, cohort):
    application = submitted(applicant, cohort)
    assert deliver() == [
        ("ana", f"We have your application to the {cohort}"),
        ("bo", f"Ana Applicant has applied to the {cohort}"),
        ("sam", f"Ana Applicant's application to the {cohort} waits for your signature"),
    ]
    first, _, to_sign = (letter.body for letter in mail.outbox)
    assert "with Sam Supervisor (Supervisor), who is asked to sign by Monday, November 30, 2026" in first
    assert f"http://127.0.0.1:8000/applications/{application.pk}/" in first
    assert "Program coordinator, coaching@example.org, (555) 555-0100" in first
    assert f"http://127.0.0.1:8000/approvals/{application.pk}/" in to_sign
    assert "nothing is signed by following it" in to_sign


def test_each_signature_tells_the_applicant_and_the_next_signer(applicant, supervisor, director, cohort):
    """A11."""
    application = submitted(applicant, cohort)
    deliver()
    sign(application, supervisor)
    assert deliver() == [
        ("ana", "Sam Supervisor has signed your application"),
        ("dana", f"Ana Applicant's application to the {cohort} waits for your signature"),
    ]


def test_every_mail_on_the_way_says_with_whom_it_waits_and_by_when(
    applicant, supervisor, director, branch_officer, cohort
):
    application = submitted(applicant, cohort)
    deliver()
    to_applicant, to_office, to_signer = (letter.body for letter in mail.outbox)
    first = "It is now with Sam Supervisor (Supervisor), who is asked to sign by Monday, November 30, 2026."
    assert first in to_applicant
    assert first in to_office
    assert "or decline it by Monday, November 30, 2026." in to_signer
    for signer, following in (
        (supervisor, "Dana Director (Division Director)"),
        (director, "Derek Deputy (Branch Deputy)"),
    ):
        sign(application, signer)
        deliver()
        told = next(letter.body for letter in mail.outbox[::-1] if "has signed" in letter.subject)
        assert f"It is now with {following}, who is asked to sign by" in told
    workflow.return_for_changes(application=application, by=cohort.branch.head, comment="Change.", now=NOW)
    deliver()
    assert "It waits with you until you do" in last()


def test_a_delegate_is_told_for_whom(applicant, supervisor, outsider, cohort):
    Delegation.objects.create(
        kind="delegate", principal=supervisor, person=outsider, reason="x", start_date=TODAY, end_date=TODAY
    )
    submitted(applicant, cohort)
    subjects = dict(deliver())
    assert subjects["otto"].endswith("waits for a signature")
    assert "It waits on Sam Supervisor." in last()


def test_returned_brings_the_comment(applicant, supervisor, cohort):
    application = submitted(applicant, cohort)
    deliver()
    workflow.return_for_changes(
        application=application, by=supervisor, comment="Name <one> number & unit.", now=NOW
    )
    assert deliver() == [("ana", f"Your application to the {cohort} needs a change")]
    assert "Name <one> number & unit." in last()


def test_declined_brings_the_reason(applicant, supervisor, cohort):
    application = submitted(applicant, cohort)
    deliver()
    workflow.decline(application=application, by=supervisor, reason="Not this year.", now=NOW)
    assert deliver() == [("ana", f"Your application to the {cohort} was not supported")]
    assert "Not this year." in last()


@pytest.mark.parametrize(
    ("outcome", "subject"),
    [
        ("accepted", "You are in: welcome to the {}"),
        ("waitlisted", "You are on the waitlist for the {}"),
        ("not_selected", "Your application to the {} was not selected"),
    ],
)
def test_every_applicant_hears_the_outcome(applicant, deputy, cohort, outcome, subject):
    """A11."""
    application = at_deputy(applicant, cohort)
    deliver()
    decide(application, deputy, outcome)
    assert deliver() == [("ana", subject.format(cohort))]
    assert "Has led two working groups" not in last()  # M17


def test_what_is_no_longer_true_is_not_sent(applicant, branch_officer, supervisor, cohort):
    application = submitted(applicant, cohort)
    workflow.withdraw(application=application, by=applicant, now=NOW)
    assert deliver() == [
        ("ana", f"Your application to the {cohort} is withdrawn"),
        ("bo", f"Ana Applicant has withdrawn the application to the {cohort}"),
        ("sam", f"Ana Applicant has withdrawn the application to the {cohort}"),
    ]
    to_applicant, to_office, to_signer = (letter.body for letter in mail.outbox[-3:])
    page = reverse("application", args=[application.pk])
    assert page in to_applicant
    assert page in to_office
    assert page not in to_signer
    assert "You can no longer read it" in to_signer  # M17


def test_mails_of_the_way_are_dropped_once_it_is_accepted(applicant, cohort):
    accepted(applicant, cohort)
    assert deliver() == [("ana", f"You are in: welcome to the {cohort}")]


def test_a_waitlisting_that_became_an_acceptance_is_not_told(applicant, deputy, cohort):
    application = decide(at_deputy(applicant, cohort), deputy, "waitlisted")
    decide(application, deputy)
    assert deliver() == [("ana", f"You are in: welcome to the {cohort}")]


def test_a_comment_that_was_answered_is_not_sent(applicant, supervisor, cohort):
    application = submitted(applicant, cohort)
    deliver()
    workflow.return_for_changes(application=application, by=supervisor, comment="Change.", now=NOW)
    submit(application, now=NOW + timedelta(minutes=1))
    assert [subject for who, subject in deliver() if who == "ana"] == [
        f"We have your application to the {cohort}"
    ]


def test_a_missing_signer_is_told_to_the_office_while_it_is_missing(applicant, org, branch_officer, cohort):
    application = draft(applicant, cohort)
    org.division.head = None
    org.division.save()
    workflow.report_route_problem(application=application, by=applicant, now=NOW)
    assert deliver() == [("bo", "Ana Applicant cannot submit an application: a signer is missing")]
    assert "Division Director, Nutrition Division, is vacant" in last()
    tomorrow = NOW + timedelta(days=1)
    workflow.report_route_problem(application=application, by=applicant, now=tomorrow)
    org.division.head = org.director
    org.division.save()
    assert deliver() == []


def test_an_officer_who_applies_gets_no_office_mail(branch_officer, supervisor, cohort):
    """T10."""
    factories.officer(cohort.branch, "Bea Branchoffice")
    branch_officer.supervisor = supervisor
    branch_officer.save()
    submitted(branch_officer, cohort)
    assert [subject for who, subject in deliver() if who == "bo"] == [
        f"We have your application to the {cohort}"
    ]


def test_a_name_cannot_start_a_header(applicant, supervisor, cohort):
    applicant.name = "Ana\r\nBcc: everybody@example.org"
    applicant.save()
    submitted(applicant, cohort)
    outbox.deliver_due(now=NOW + timedelta(days=2))
    assert all("\n" not in letter.subject for letter in mail.outbox)
    assert len(mail.outbox) == 3
