"""The last day has passed with applications on their way: more time, or closed with notice (A11, F3, T10)."""

from datetime import date, timedelta
from html import unescape

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from applications import closing, drafting, settling, workflow
from applications.models import Application
from coaching import outbox
from coaching.models import AuditEvent, Delegation, Message
from coaching.permissions import NotYourCohort
from tests import factories
from tests.applications.counting import queries
from tests.applications.factories import at_deputy, decide, draft, sign, submit, submitted
from tests.clock import NOW

Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
AFTER = NOW + timedelta(days=60)  # applications have closed on December 31
NEW_DAY = date(2027, 1, 25)


@pytest.fixture
def another(org, supervisor):
    return lambda name, **fields: factories.person(
        name, **{"unit": org.unit, "supervisor": supervisor, **fields}
    )


@pytest.fixture
def late(applicant, cohort) -> Application:
    return submitted(applicant, cohort)


@pytest.fixture
def returned(another, supervisor, cohort) -> Application:
    application = submitted(another("Rob Returned"), cohort)
    return workflow.return_for_changes(application=application, by=supervisor, comment="Shorter.", now=NOW)


def close(*applications, by, **fields):
    return closing.close(applications=applications, by=by, **{"reason": "Too late.", "now": AFTER, **fields})


def told(kind: str) -> list[str]:
    rows = Message.objects.filter(kind=f"application_{kind}").order_by("recipient__name")
    return [row.recipient.name for row in rows]


class TestOnTheirWay:
    def test_names_what_has_not_reached_the_deciding_office(
        self, late, returned, another, supervisor, deputy, cohort
    ):
        with_director = sign(submitted(another("Dee Director"), cohort), supervisor)
        draft(another("Dora Draft"), cohort)
        ready = at_deputy(another("Rae Ready"), cohort)
        decide(at_deputy(another("Amy Accepted"), cohort), deputy)
        found = set(closing.on_their_way(cohort))
        assert found == {late, returned, with_director}
        assert ready not in found

    def test_with_a_deputy_who_is_also_the_director_it_has_arrived(
        self, org, late, supervisor, deputy, cohort, another
    ):
        org.division.head = deputy
        org.division.save()
        arrived = sign(submitted(another("Ada Arrived"), cohort), supervisor)
        assert arrived not in closing.on_their_way(cohort)


class TestClose:
    def test_ends_it_with_a_reason_and_tells_all_it_waited_on(
        self, late, applicant, supervisor, outsider, branch_officer
    ):
        """A11: a delegate of the signer hears it too."""
        order = {"kind": "delegate", "principal": supervisor, "reason": "Leave.", "person": outsider}
        Delegation.objects.create(
            start_date=AFTER.date() - timedelta(days=5), end_date=AFTER.date() + timedelta(days=5), **order
        )
        assert close(late, by=branch_officer) == [late]
        late.refresh_from_db()
        assert late.status == Status.CLOSED
        assert (late.closed_at, late.closed_by, late.closed_reason) == (AFTER, branch_officer, "Too late.")
        assert not late.review_steps.filter(status="pending").exists()
        assert told("closed") == ["Ana Applicant", "Otto Outsider", "Sam Supervisor"]

    def test_a_returned_one_tells_its_applicant(self, returned, branch_officer):
        close(returned, by=branch_officer)
        assert told("closed") == ["Rob Returned"]

    def test_mails_say_why_and_what_next(self, late, applicant, supervisor, branch_officer, mailoutbox):
        close(late, by=branch_officer)
        Message.objects.exclude(kind="application_closed").delete()
        with time_machine.travel(AFTER, tick=False):
            outbox.deliver_due(now=AFTER)
        to_applicant, to_signer = sorted(mailoutbox, key=lambda mail: mail.to)
        assert to_applicant.subject == f"Your application to the {late.cohort} is closed without a decision"
        assert "Too late." in to_applicant.body
        assert "welcome to apply again" in to_applicant.body
        assert "no longer waits on you" in to_signer.body
        assert reverse("application", args=[late.pk]) not in to_signer.body

    def test_some_are_kept_open(self, late, returned, branch_officer):
        close(late, by=branch_officer)
        returned.refresh_from_db()
        assert returned.status == Status.RETURNED

    def test_twice_is_once(self, late, branch_officer):
        close(late, by=branch_officer)
        assert close(late, by=branch_officer, reason="Other.") == []
        late.refresh_from_db()
        assert late.closed_reason == "Too late."
        assert AuditEvent.objects.filter(action="application.closed").count() == 1
        assert len(told("closed")) == 2

    def test_while_applications_are_open_is_refused(self, late, branch_officer):
        with pytest.raises(closing.NotClosable, match="open until December 31, 2026"):
            close(late, by=branch_officer, now=NOW)

    def test_one_that_reached_the_deciding_office_stops_all_and_is_named(
        self, late, another, branch_officer, cohort
    ):
        ready = at_deputy(another("Rae Ready"), cohort)
        with pytest.raises(closing.NotClosable, match="Nothing was closed: Rae Ready moved on"):
            close(late, ready, by=branch_officer)
        late.refresh_from_db()
        assert late.status == Status.IN_REVIEW

    def test_one_that_was_withdrawn_stops_all(self, late, returned, applicant, branch_officer):
        workflow.withdraw(application=late, by=applicant, now=NOW)
        with pytest.raises(closing.NotClosable, match="Ana Applicant moved on"):
            close(late, returned, by=branch_officer)

    def test_a_draft_is_its_writers_own(self, another, branch_officer, cohort):
        with pytest.raises(closing.NotClosable):
            close(draft(another("Dora Draft"), cohort), by=branch_officer)

    def test_without_a_reason_is_refused(self, late, branch_officer):
        with pytest.raises(settling.ReasonMissing):
            close(late, by=branch_officer, reason=" ")

    def test_by_others_is_refused(self, late, deputy, supervisor, applicant):
        for person in (deputy, supervisor, applicant):
            with pytest.raises(NotYourCohort):
                close(late, by=person)

    def test_by_an_officer_who_applied_is_refused(self, late, branch_officer, org, supervisor, cohort):
        """T10."""
        factories.officer(org.branch, "Another Officer")
        branch_officer.unit, branch_officer.supervisor = org.unit, supervisor
        branch_officer.save()
        drafting.start(cohort=cohort, by=branch_officer, now=NOW)
        with pytest.raises(NotYourCohort):
            close(late, by=branch_officer)

    def test_what_is_closed_is_final(self, late, applicant, supervisor, branch_officer):
        close(late, by=branch_officer)
        with pytest.raises(workflow.CannotWithdraw, match="closed without a decision"):
            workflow.withdraw(application=late, by=applicant, now=AFTER)
        with pytest.raises(settling.NotWaitingOnYou, match="closed without a decision"):
            sign(late, supervisor, now=AFTER)
        with pytest.raises(drafting.NotEditable):
            submit(late, now=AFTER)

    def test_a_signer_who_had_not_acted_reads_it_no_longer(
        self, late, applicant, supervisor, director, another, cohort, branch_officer
    ):
        """M17: signers read for the selection only."""
        signed = sign(submitted(another("Sal Signed"), cohort), supervisor)
        close(late, signed, by=branch_officer)
        seen = Application.objects.visible_to(supervisor)
        assert signed in seen
        assert late not in seen
        assert not Application.objects.visible_to(director).exists()
        assert late in Application.objects.visible_to(applicant)


class TestExtend:
    def extend(self, cohort, by, last_date=NEW_DAY, **fields):
        return closing.extend(cohort=cohort, last_date=last_date, by=by, **{"now": AFTER, **fields})

    def test_gives_time_and_tells_whoever_is_still_writing(
        self, late, returned, another, branch_officer, cohort
    ):
        writer = draft(another("Dora Draft"), cohort)
        assert self.extend(cohort, branch_officer) == 2
        cohort.refresh_from_db()
        assert cohort.applications_close_date == NEW_DAY
        assert told("more_time") == ["Dora Draft", "Rob Returned"]
        assert submit(writer, now=AFTER).status == Status.IN_REVIEW

    def test_the_mail_names_the_day_and_is_not_sent_to_who_has_sent(
        self, another, branch_officer, cohort, mailoutbox
    ):
        writer = draft(another("Dora Draft"), cohort)
        sender = draft(another("Sid Sender"), cohort)
        self.extend(cohort, branch_officer)
        Message.objects.exclude(kind="application_more_time").delete()
        submit(sender, now=AFTER)
        Message.objects.exclude(kind="application_more_time").delete()
        with time_machine.travel(AFTER, tick=False):
            outbox.deliver_due(now=AFTER)
        [mail] = mailoutbox
        assert mail.to == [writer.applicant.email]
        assert "Monday, January 25, 2027" in mail.body

    def test_twice_tells_once(self, returned, branch_officer, cohort):
        self.extend(cohort, branch_officer)
        with pytest.raises(closing.NoMoreTime, match="already"):
            self.extend(cohort, branch_officer)
        assert told("more_time") == ["Rob Returned"]

    def test_to_an_earlier_or_past_day_is_refused(self, branch_officer, cohort):
        for day in (date(2026, 12, 31), date(2026, 12, 1)):
            with pytest.raises(closing.NoMoreTime, match="Choose a later one"):
                self.extend(cohort, branch_officer, day)
        with pytest.raises(closing.NoMoreTime, match="has passed"):
            self.extend(cohort, branch_officer, date(2027, 1, 2))

    def test_beyond_the_first_month_is_refused(self, branch_officer, cohort):
        with pytest.raises(ValidationError):
            self.extend(cohort, branch_officer, date(2027, 2, 5))
        cohort.refresh_from_db()
        assert cohort.applications_close_date == date(2026, 12, 31)

    def test_by_others_is_refused(self, deputy, applicant, cohort):
        for person in (deputy, applicant):
            with pytest.raises(NotYourCohort):
                self.extend(cohort, person)


class TestPages:
    @pytest.fixture(autouse=True)
    def later(self, frozen):
        with time_machine.travel(AFTER, tick=False):
            yield

    def address(self, cohort, name="cohort_deadline") -> str:
        return reverse(name, args=[cohort.pk])

    def open(self, client, user, address: str) -> str:
        client.force_login(user)
        return " ".join(unescape(client.get(address).content.decode()).split())

    def test_lists_what_is_late_with_whom_and_counts_drafts(
        self, client, late, returned, another, branch_officer, cohort
    ):
        draft(another("Dora Draft"), cohort, now=NOW)
        shown = self.open(client, branch_officer, self.address(cohort))
        for words in (
            "Ana Applicant",
            "Sam Supervisor",
            "Overdue",
            "Rob Returned",
            "1 draft that only its writer sees",
        ):
            assert words in shown, words
        assert "Dora Draft" not in shown
        assert "This writes to <strong>2 people</strong>" in shown
        listed = self.open(client, branch_officer, self.address(cohort, "cohort_applications"))
        assert "2 are still on the way to the deciding office." in listed

    def test_nothing_is_late(self, client, branch_officer, cohort):
        shown = self.open(client, branch_officer, self.address(cohort))
        assert "Nothing is on its way" in shown
        assert "this writes to nobody" in shown

    def test_more_time_from_the_page(self, client, returned, branch_officer, cohort):
        client.force_login(branch_officer)
        answer = client.post(self.address(cohort), {"last_date": "2027-01-25"}, follow=True)
        shown = unescape(answer.content.decode())
        assert "Applications are open until Monday, January 25, 2027. We write to 1 person." in shown
        for day in ("2027-01-25", "2027-02-20", ""):
            answer = client.post(self.address(cohort), {"last_date": day})
            assert answer.context["form"].errors["last_date"], day
            assert "Monday, January 25, 2027" in answer.content.decode()

    def test_more_time_than_there_is_says_which_day_to_choose(self, client, branch_officer, cohort):
        client.force_login(branch_officer)
        response = client.post(self.address(cohort), {"last_date": "2027-02-01"})
        assert response.context["form"].errors["last_date"] == [
            "Choose a day before meetings begin in February 2027."
        ]

    def test_closing_again_says_that_it_is_done(self, client, late, branch_officer, cohort):
        closing.close(applications=[late], reason="No time.", by=branch_officer, now=AFTER)
        client.force_login(branch_officer)
        values = {"application": [late.pk], "reason": "No time."}
        response = client.post(self.address(cohort, "cohort_close"), values, follow=True)
        assert "They were closed already. Nobody is written to again." in response.content.decode()

    def test_closing_names_whom_it_tells_before_it_does(self, client, late, returned, branch_officer, cohort):
        query = f"?application={late.pk}&application={returned.pk}"
        shown = self.open(client, branch_officer, self.address(cohort, "cohort_close") + query)
        assert "Told: Ana Applicant, Sam Supervisor" in shown
        assert "This writes to <strong>3 people</strong>" in shown
        data = {"application": [late.pk, returned.pk], "reason": ""}
        answer = client.post(self.address(cohort, "cohort_close"), data)
        assert "Give the reason; the applicants read it." in answer.content.decode()
        answer = client.post(self.address(cohort, "cohort_close"), {**data, "reason": "Late."}, follow=True)
        assert "2 applications are closed without a decision." in answer.content.decode()
        assert set(Application.objects.values_list("status", flat=True)) == {Status.CLOSED}

    def test_closing_nothing_says_what_to_do(self, client, branch_officer, cohort):
        client.force_login(branch_officer)
        answer = client.get(self.address(cohort, "cohort_close"), follow=True)
        assert "Select one or more applications" in answer.content.decode()

    def test_the_applicant_reads_why(self, client, late, applicant, branch_officer):
        close(late, by=branch_officer)
        shown = self.open(client, applicant, reverse("application", args=[late.pk]))
        assert "Closed without a decision" in shown
        assert "Too late." in shown
        assert "Closed without a decision by Bo Branchoffice" in shown

    def test_the_deputy_and_applicants_do_not_open_it(self, client, deputy, applicant, cohort):
        for person in (deputy, applicant):
            client.force_login(person)
            for name in ("cohort_deadline", "cohort_close"):
                assert client.get(self.address(cohort, name)).status_code == 404

    def test_queries_do_not_grow_with_rows(self, client, late, another, branch_officer, cohort):
        client.force_login(branch_officer)
        client.get(self.address(cohort))
        one = queries(client, self.address(cohort))
        for number in range(2):
            submitted(another(f"More {number}"), cohort, now=NOW)
        assert queries(client, self.address(cohort)) == one
        assert one <= 12
