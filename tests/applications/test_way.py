"""The way as a picture, and when help comes: who has it, since when, what comes next."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from applications import way, workflow
from applications.way import Help, Stop
from coaching.models import Delegation
from tests import factories
from tests.applications.factories import accepted, at_deputy, decide, draft, sign, submitted
from tests.clock import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def stops(application) -> list[Stop]:
    return way.stops(application, application.route())


def states(application) -> list[tuple[str, str]]:
    return [(stop.state, stop.says) for stop in stops(application)]


def test_in_review(applicant, supervisor, cohort):
    assert stops(sign(submitted(applicant, cohort), supervisor)) == [
        Stop("Applicant", "Ana Applicant", "done", "Submitted", TODAY),
        Stop("Supervisor", "Sam Supervisor", "done", "Signed", TODAY),
        Stop("Division Director", "Dana Director", "current", "Has it since", TODAY),
        Stop("Branch Deputy", "Derek Deputy", "ahead"),
        Stop("Outcome", "To come", "ahead"),
    ]


def test_a_draft_is_with_its_applicant(applicant, cohort):
    assert states(draft(applicant, cohort)) == [("current", "Being written"), ("ahead", "")]


def test_returned_is_with_its_applicant_again(applicant, supervisor, director, cohort):
    application = workflow.return_for_changes(
        application=sign(submitted(applicant, cohort), supervisor), by=director, comment="Shorter.", now=NOW
    )
    assert states(application) == [
        ("current", "Being changed"),
        ("done", "Signed"),
        ("done", "Returned"),
        ("ahead", ""),
        ("ahead", ""),
    ]


def test_declined_stops_there(applicant, supervisor, cohort):
    application = workflow.decline(
        application=submitted(applicant, cohort), by=supervisor, reason="No.", now=NOW
    )
    assert states(application)[1] == ("stopped", "Declined")
    assert stops(application)[-1] == Stop("Outcome", "Ended", "stopped")


def test_the_outcome(applicant, deputy, cohort):
    assert stops(accepted(applicant, cohort))[-1] == Stop("Outcome", "Accepted", "done")


def test_not_selected(applicant, deputy, cohort):
    application = decide(at_deputy(applicant, cohort), deputy, "not_selected")
    assert stops(application)[-1] == Stop("Outcome", "Not selected", "stopped")


def test_the_latest_decision_stands(applicant, deputy, cohort):
    """Accepted from the waitlist: not the day, nor the person, of the waitlisting."""
    designee = factories.person("Desi Designee")
    application = decide(at_deputy(applicant, cohort), deputy, "waitlisted")
    assert stops(application)[3] == Stop("Branch Deputy", "Derek Deputy", "done", "Decided", TODAY)
    Delegation.objects.create(
        principal=deputy,
        person=designee,
        kind=Delegation.Kind.DELEGATE,
        start_date=TODAY,
        end_date=TODAY + timedelta(days=30),
        reason="Vacation.",
    )
    later = TODAY + timedelta(days=9)
    application = decide(application, designee, now=NOW + timedelta(days=9))
    assert stops(application)[3] == Stop("Branch Deputy", "Desi Designee", "done", "Decided", later)


@pytest.mark.parametrize("end", ["declined", "withdrawn"])
def test_what_has_ended_waits_for_nobody(applicant, supervisor, director, cohort, end):
    application = sign(submitted(applicant, cohort), supervisor)
    if end == "declined":
        application = workflow.decline(application=application, by=director, reason="No.", now=NOW)
        assert states(application)[2] == ("stopped", "Declined")
    else:
        application = workflow.withdraw(application=application, by=applicant, now=NOW)
        assert states(application)[2] == ("ahead", "No longer needed")
    assert states(application)[3] == ("ahead", "No longer needed")


def test_help_is_announced_before_anybody_is_late(applicant, cohort):
    step = submitted(applicant, cohort).current_step()
    assert way.help_for(step, on=TODAY) == Help(
        due=date(2026, 11, 30),
        is_late=False,
        reminded=[],
        to_come=[date(2026, 11, 28), date(2026, 12, 1), date(2026, 12, 8), date(2026, 12, 15)],
        office_told=date(2026, 12, 1),
    )


def test_late_tells_what_has_been_done(applicant, cohort):
    step = submitted(applicant, cohort).current_step()
    found = way.help_for(step, on=date(2026, 12, 2))
    assert found.is_late
    assert found.reminded == [date(2026, 11, 28), date(2026, 12, 1)]
    assert found.to_come == [date(2026, 12, 8), date(2026, 12, 15)]


class TestPage:
    def page(self, client, application, user) -> str:
        client.force_login(user)
        return " ".join(client.get(reverse("application", args=[application.pk])).content.decode().split())

    def test_says_who_has_it_what_comes_next_and_when_help_comes(self, client, applicant, cohort):
        page = self.page(client, submitted(applicant, cohort), applicant)
        assert "It goes to Dana Director, Division Director." in page
        assert "Sam Supervisor is reminded on Saturday, November 28 and Tuesday, December 1." in page
        assert "From Tuesday, December 1 the branch office knows" in page
        assert "Withdraw</a>" in page
        assert "Read and sign" not in page

    def test_late_blames_nobody(self, client, applicant, cohort):
        application = submitted(applicant, cohort)
        with time_machine.travel(NOW + timedelta(days=9), tick=False):
            page = self.page(client, application, applicant)
        assert "The branch office knows since Tuesday, December 1" in page
        assert "was written to again on Tuesday, December 1." in page
        assert "It is taking longer than planned; that happens." in page

    def test_what_has_ended_announces_nothing(self, client, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        assert "Still to come" in self.page(client, application, applicant)
        workflow.decline(application=application, by=supervisor, reason="No.", now=NOW)
        assert "Still to come" not in self.page(client, application, applicant)

    def test_offers_the_act_to_whom_it_waits_on(self, client, applicant, supervisor, director, cohort):
        application = submitted(applicant, cohort)
        assert "Read and sign" in self.page(client, application, supervisor)
        application = sign(application, supervisor)
        assert "Read and sign" not in self.page(client, application, supervisor)
        assert "Read and sign" in self.page(client, application, director)

    def test_the_deputy_decides(self, client, applicant, deputy, branch_officer, cohort):
        application = at_deputy(applicant, cohort)
        assert "Read and decide" in self.page(client, application, deputy)
        page = self.page(client, application, branch_officer)
        assert "Read and decide" not in page
        assert "The decision about the 2027-11 program: the applicant hears it by mail." in page
