"""The way as a picture, and when help comes: who has it, since when, what comes next."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications import reminders, way, workflow
from applications.models import ProjectChange, ReviewStep
from applications.way import Help, Stop
from coaching import enrollment, outbox
from coaching.models import Message, RoleAssignment, User
from coaching.site import due
from tests import factories
from tests.applications.counting import queries
from tests.applications.factories import accepted, at_deputy, choose, decide, delegate, draft, sign, submitted
from tests.applications.reading import another
from tests.applications.test_timeline import ask_for_change
from tests.clock import NOW, TODAY

# On which whoever was asked today is reminded: two days before the day by which to sign, the day after, then weekly.
DAYS = [date(2026, 11, 28), date(2026, 12, 1), date(2026, 12, 8), date(2026, 12, 15)]

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
    delegate(deputy, designee, days=30)
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


class TestHelp:
    """What has been done is mail that left; what is promised, the program does."""

    @pytest.fixture
    def step(self, applicant, supervisor, branch_officer, cohort):
        """Asked on November 23, due on November 30; nobody has run what is due since."""
        step = submitted(applicant, cohort).current_step()
        outbox.deliver_due(now=NOW)
        return step

    def run(self, *days: date) -> None:
        for day in days:
            now = NOW + (day - TODAY)
            with time_machine.travel(now, tick=False):
                due.send_due(now=now)

    def help_on(self, asked, day: date) -> Help:
        with time_machine.travel(NOW + (day - TODAY), tick=False):
            return way.help_for(asked, on=day)

    def test_is_announced_before_anybody_is_late(self, step):
        assert self.help_on(step, TODAY) == Help(
            due=date(2026, 11, 30),
            is_late=False,
            reminded=None,
            is_reachable=True,
            to_come=DAYS,
            office_told=None,
            office_from=date(2026, 12, 1),
        )

    def test_nothing_was_done_while_no_mail_left(self, step):
        """Missed days are not made up: one reminder is still to go out, today."""
        found = self.help_on(step, date(2026, 12, 9))
        assert (found.is_late, found.reminded, found.office_told) == (True, None, None)
        assert found.to_come == [date(2026, 12, 9), date(2026, 12, 15)]
        self.run(date(2026, 12, 9))
        assert self.help_on(step, date(2026, 12, 9)).to_come == [date(2026, 12, 15)]

    def test_queued_is_not_sent(self, step):
        reminders.do_due(now=NOW + timedelta(days=8))
        found = self.help_on(step, date(2026, 12, 1))
        assert (found.reminded, found.office_told) == (None, None)
        assert found.to_come == [date(2026, 12, 8), date(2026, 12, 15)]

    def test_what_left_is_told_with_its_day(self, step):
        self.run(date(2026, 11, 29))
        found = self.help_on(step, date(2026, 11, 30))
        assert (found.reminded, found.to_come, found.office_told) == (date(2026, 11, 29), DAYS[1:], None)
        self.run(date(2026, 12, 2), date(2026, 12, 9))
        found = self.help_on(step, date(2026, 12, 10))
        assert found.reminded == date(2026, 12, 9)
        assert found.to_come == [date(2026, 12, 15)]
        assert found.office_told == date(2026, 12, 2)
        self.run(date(2026, 12, 15))
        assert self.help_on(step, date(2026, 12, 20)).to_come == []

    def test_every_promise_is_kept(self, step):
        for day in DAYS:
            assert self.help_on(step, day - timedelta(days=1)).to_come[0] == day
            self.run(day)
            assert self.help_on(step, day).reminded == day

    def test_a_mail_about_something_else_is_no_reminder_of_this(
        self, step, applicant, supervisor, org, cohort
    ):
        self.run(date(2026, 11, 28))
        with time_machine.travel(NOW + timedelta(days=6), tick=False):
            newer = submitted(another(org, supervisor, "Nina Newer"), cohort, now=NOW + timedelta(days=6))
        self.run(date(2026, 12, 1))
        later = self.help_on(newer.current_step(), date(2026, 12, 1))
        assert later.reminded is None
        assert later.office_told is None

    def test_the_list_of_before_does_not_name_what_became_late_after(
        self, step, supervisor, org, cohort, branch_officer
    ):
        with time_machine.travel(NOW + timedelta(days=6), tick=False):
            newer = submitted(another(org, supervisor, "Nina Newer"), cohort, now=NOW + timedelta(days=6))
        self.run(date(2026, 12, 1), date(2026, 12, 7))
        assert self.help_on(newer.current_step(), date(2026, 12, 7)).office_told == date(2026, 12, 7)
        assert self.help_on(step, date(2026, 12, 7)).office_told == date(2026, 12, 1)

    @pytest.mark.parametrize("how", ["bad address", "failed"])
    def test_an_address_that_does_not_work_is_promised_nothing(self, step, supervisor, how):
        if how == "bad address":
            User.objects.filter(pk=supervisor.pk).update(email="sam@")
        else:
            self.run(date(2026, 11, 28))
            Message.objects.filter(kind="application_reminder").update(status="failed", sent_at=None)
        found = self.help_on(ReviewStep.objects.with_people().get(pk=step.pk), date(2026, 11, 29))
        assert (found.is_reachable, found.reminded, found.to_come) == (False, None, [])

    def test_whoever_cannot_sign_any_more_is_promised_nothing(self, step, supervisor):
        User.objects.filter(pk=supervisor.pk).update(is_active=False)
        found = self.help_on(ReviewStep.objects.with_people().get(pk=step.pk), TODAY)
        assert found.to_come == []

    def test_without_a_branch_office_nobody_is_told(self, step, branch_officer):
        RoleAssignment.objects.all().delete()
        assert self.help_on(step, TODAY).office_from is None

    def test_of_whoever_decides_no_reminder_is_promised(self, applicant, deputy, branch_officer, cohort):
        """Reminders end with a choice, and nobody can tell from the page whether there is one."""
        application = at_deputy(applicant, cohort)
        before = self.help_on(application.current_step(), TODAY)
        assert (before.to_come, before.office_from) == ([], date(2026, 12, 1))
        choose(application, deputy)
        assert self.help_on(application.current_step(), TODAY) == before

    def test_who_signs_before_deciding_is_not_reminded_of_what_is_chosen(
        self, applicant, deputy, supervisor, org, cohort
    ):
        org.division.head = deputy
        org.division.save()
        application = sign(submitted(applicant, cohort), supervisor)
        assert self.help_on(application.current_step(), TODAY).to_come == DAYS
        choose(application, deputy)
        assert self.help_on(application.current_step(), TODAY).to_come == []

    @pytest.mark.parametrize("left", [False, True])
    def test_a_changed_project(self, applicant, director, branch_officer, cohort, left):
        """A14"""
        accepted(applicant, cohort)
        participant = applicant.participations.get()
        change = ask_for_change(participant, title="Another")
        outbox.deliver_due(now=NOW)
        self.run(date(2026, 11, 28), date(2026, 12, 2))
        if left:
            enrollment.leave(participant=participant, by=applicant, reason="Moved.", now=NOW)
        found = self.help_on(ProjectChange.objects.with_people().get(pk=change.pk), date(2026, 12, 2))
        assert found.reminded == date(2026, 12, 2)
        assert found.to_come == ([] if left else DAYS[2:])
        assert found.office_told == (None if left else date(2026, 12, 2))

    def test_takes_as_many_queries_for_many_mails(self, step, supervisor, org, cohort):
        self.run(date(2026, 12, 1))
        with CaptureQueriesContext(connection) as one:
            self.help_on(step, date(2026, 12, 15))
        for name in ("Nina Newer", "Nora Newer", "Nils Newer"):
            submitted(another(org, supervisor, name), cohort)
        self.run(date(2026, 12, 2), date(2026, 12, 8), date(2026, 12, 15))
        with CaptureQueriesContext(connection) as many:
            assert self.help_on(step, date(2026, 12, 15)).reminded == date(2026, 12, 15)
        assert len(many) == len(one)


class TestPage:
    def page(self, client, application, user) -> str:
        client.force_login(user)
        return " ".join(client.get(reverse("application", args=[application.pk])).content.decode().split())

    def test_says_who_has_it_what_comes_next_and_when_help_comes(self, client, applicant, cohort):
        page = self.page(client, submitted(applicant, cohort), applicant)
        assert "It goes to Dana Director, Division Director." in page
        assert "Sam Supervisor is reminded on Saturday, November 28 and Tuesday, December 1." in page
        assert (
            "From Tuesday, December 1 the branch office is told, and can ask somebody else to sign." in page
        )
        assert "Withdraw</a>" in page
        assert "Read and sign" not in page

    def test_late_blames_nobody(self, client, applicant, cohort):
        application = submitted(applicant, cohort)
        for days in (8, 9):
            with time_machine.travel(NOW + timedelta(days=days), tick=False):
                due.send_due(now=NOW + timedelta(days=days))
                page = self.page(client, application, applicant)
        assert "The branch office knows since Tuesday, December 1," in page
        assert "was written to again on Tuesday, December 1." in page
        assert "The next reminder goes out on Tuesday, December 8." in page
        assert "It is taking longer than planned; that happens." in page

    def test_the_office_asks_twelve_queries_also_about_what_is_late(
        self, client, applicant, supervisor, branch_officer, cohort
    ):
        application = sign(submitted(applicant, cohort), supervisor)
        ReviewStep.objects.current().update(since_at=NOW - timedelta(days=20))
        client.force_login(branch_officer)
        assert queries(client, reverse("application", args=[application.pk])) <= 12

    def test_late_without_mail_says_nothing_of_mail(self, client, applicant, cohort):
        application = submitted(applicant, cohort)
        with time_machine.travel(NOW + timedelta(days=9), tick=False):
            page = self.page(client, application, applicant)
        assert "was written to again" not in page
        assert "The branch office knows" not in page
        assert "The branch office sees that it is late, and can ask somebody else to sign." in page

    def test_mail_that_does_not_arrive(self, client, applicant, supervisor, cohort):
        User.objects.filter(pk=supervisor.pk).update(email="sam@")
        page = self.page(client, submitted(applicant, cohort), applicant)
        assert "Mail to Sam Supervisor does not arrive at present." in page
        assert "is reminded on" not in page

    def test_a_choice_does_not_show(self, client, applicant, deputy, cohort):
        application = at_deputy(applicant, cohort)
        before = self.page(client, application, applicant)
        choose(application, deputy)
        assert self.facts(self.page(client, application, applicant)) == self.facts(before)
        assert "reminded" not in self.facts(before)
        assert "is told, and can ask somebody else to decide." in self.facts(before)

    def facts(self, page: str) -> str:
        """Who has it, until when, and when help comes."""
        return page[page.index("It is with") : page.index("</dl>")]

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
