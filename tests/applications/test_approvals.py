"""The signers' pages and the branch office's list: what waits, each act at its own address, who gets 404 (A8–A10)."""

from datetime import date, timedelta
from html import unescape

import pytest
import time_machine
from django.urls import reverse

from applications import drafting, settling, workflow
from applications.models import Application, Choice
from coaching.models import Delegation
from tests import factories
from tests.applications.counting import queries
from tests.applications.factories import (
    accepted,
    at_deputy,
    choose,
    decide,
    draft,
    release,
    sign,
    submit,
    submitted,
)
from tests.clock import NOW, TODAY

Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]


def words(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


def url(name: str, application: Application) -> str:
    return reverse(name, args=[application.pk])


def another(org, supervisor, name: str = ""):
    return factories.person(name, unit=org.unit, supervisor=supervisor)


class TestRead:
    def test_shows_text_statement_and_forms(self, client, applicant, supervisor, cohort, program):
        application = submitted(applicant, cohort)
        client.force_login(supervisor)
        response = client.get(url("approval", application))
        page = words(response)
        assert response.context["application"].current_text == application.current_text
        assert program.route.get(office="supervisor").statement in page
        assert url("approval_return", application) in page
        assert url("approval_decline", application) in page
        assert "coaching@example.org" in page

    def test_after_signing_there_is_nothing_to_do(self, client, applicant, supervisor, cohort):
        application = sign(submitted(applicant, cohort), supervisor)
        client.force_login(supervisor)
        response = client.get(url("approval", application))
        assert response.context["form"] is None
        assert "It waits on Dana Director" in words(response)

    def test_a_corrected_date_stands_beside_the_stated_one_for_the_next_signer(
        self, client, applicant, supervisor, director, cohort
    ):
        """A3."""
        dates = {"supervisor": date(2026, 11, 4)}
        application = sign(submitted(applicant, cohort), supervisor, concept_dates=dates)
        client.force_login(director)
        page = words(client.get(url("approval", application)))
        assert (
            "discussed with the supervisor on <strong>Wednesday, November 4, 2026</strong>, as Sam Supervisor says. "
            "The applicant states Thursday, November 5, 2026." in page
        )

    def test_confirmed_dates_are_not_repeated(self, client, applicant, supervisor, director, cohort):
        application = sign(submitted(applicant, cohort), supervisor)
        client.force_login(director)
        assert "Corrected since" not in words(client.get(url("approval", application)))

    def test_an_edit_in_progress_is_not_shown(self, client, applicant, supervisor, cohort):
        """Signers read what was submitted, not what the applicant is typing."""
        application = submitted(applicant, cohort)
        workflow.return_for_changes(application=application, by=supervisor, comment="Change.", now=NOW)
        drafting.save_answers(application=application, by=applicant, answers={"why": "Half a sent"}, now=NOW)
        client.force_login(supervisor)
        assert "Half a sent" not in words(client.get(url("approval", application)))

    def test_the_deputy_finds_criteria_instead_of_a_signature(self, client, applicant, deputy, cohort):
        """A10."""
        application = at_deputy(applicant, cohort)
        client.force_login(deputy)
        page = words(client.get(url("approval", application)))
        assert "Demonstrated interest in leadership" in page
        assert url("approval_decide", application) in page
        assert url("approval_decline", application) not in page


ACTS = ["approval_sign", "approval_return", "approval_decline", "approval_decide"]


class TestStrangers:
    @pytest.mark.parametrize("name", ["approval", *ACTS])
    def test_get_404(
        self, client, org, applicant, director, branch_officer, outsider, administrator, cohort, name
    ):
        application = submitted(applicant, cohort)
        for user in (applicant, director, branch_officer, outsider, administrator, org.other_director):
            client.force_login(user)
            method = client.get if name == "approval" else client.post
            assert method(url(name, application), {"comment": "x"}).status_code == 404
        application.refresh_from_db()
        assert application.status == Status.IN_REVIEW

    @pytest.mark.parametrize("name", ["approval_sign", "approval_decide"])
    def test_a_link_signs_nothing(self, client, applicant, supervisor, cohort, name):
        application = submitted(applicant, cohort)
        client.force_login(supervisor)
        assert client.get(url(name, application)).url == url("approval", application)
        assert client.get(url("approval_return", application)).status_code == 200
        assert client.get(url("approval_decline", application)).status_code == 200
        application.refresh_from_db()
        assert application.status == Status.IN_REVIEW

    def test_who_is_not_signed_in_is_asked_to(self, client, applicant, cohort):
        application = submitted(applicant, cohort)
        response = client.get(url("approval", application))
        assert response.status_code == 302
        assert response.url.startswith(reverse("account_login"))


class TestActs:
    @pytest.fixture
    def application(self, applicant, cohort) -> Application:
        return submitted(applicant, cohort)

    def send(self, client, user, name, application, **data):
        client.force_login(user)
        data = {"text_id": application.current_text_id, **data}
        return client.post(url(name, application), data)

    def test_sign_with_a_corrected_date(self, client, application, supervisor, director):
        """A3, A8."""
        response = self.send(
            client,
            supervisor,
            "approval_sign",
            application,
            typed_name="Sam Supervisor",
            concept_supervisor="2026-11-04",
        )
        assert response.url == reverse("approvals")
        first, second, _ = application.route()
        assert (first.status, first.concept_date) == ("signed", date(2026, 11, 4))
        assert second.since_at == NOW

    def test_sign_without_name_or_date_asks_again(self, client, application, supervisor):
        response = self.send(client, supervisor, "approval_sign", application)
        assert response.status_code == 200
        assert set(response.context["form"].errors) == {"typed_name", "concept_supervisor"}
        assert application.current_step().signer == supervisor

    def test_sign_sent_twice_signs_once(self, client, application, supervisor):
        data = {"typed_name": "Sam Supervisor", "concept_supervisor": "2026-11-05"}
        for _ in range(2):
            self.send(client, supervisor, "approval_sign", application, **data)
        assert application.current_text.sign_offs.count() == 2  # the applicant's and one more

    def test_sign_a_text_that_was_replaced_is_explained(self, client, application, supervisor):
        old = application.current_text_id
        workflow.return_for_changes(application=application, by=supervisor, comment="Change.", now=NOW)
        application = submit(application, now=NOW + timedelta(hours=1))
        client.force_login(supervisor)
        data = {"text_id": old, "typed_name": "Sam Supervisor", "concept_supervisor": "2026-11-05"}
        response = client.post(url("approval_sign", application), data)
        assert response.status_code == 200
        assert "Please read it again" in words(response)
        form = response.context["form"]
        assert form["text_id"].value() == application.current_text_id
        assert form["typed_name"].value() == ""
        assert application.current_step().signer == supervisor

    def test_a_mistyped_name_keeps_the_corrected_date(self, client, application, supervisor):
        """A3: the error stands at the name."""
        response = self.send(
            client,
            supervisor,
            "approval_sign",
            application,
            typed_name="Sam Supervisr",
            concept_supervisor="2026-11-04",
        )
        form = response.context["form"]
        assert response.status_code == 200
        assert form.errors == {
            "typed_name": ["To sign, type your name exactly as it is on record: Sam Supervisor."]
        }
        assert form["concept_supervisor"].value() == "2026-11-04"
        assert form["typed_name"].value() == "Sam Supervisr"
        assert 'value="2026-11-04"' in words(response)
        assert application.current_step().signer == supervisor

    def test_a_date_after_the_submission_is_told_at_the_date(self, client, application, supervisor):
        """A3."""
        response = self.send(
            client,
            supervisor,
            "approval_sign",
            application,
            typed_name="Sam Supervisor",
            concept_supervisor="2026-12-24",
        )
        assert response.status_code == 200
        assert set(response.context["form"].errors) == {"concept_supervisor"}

    def test_decide_by_the_supervisor_is_refused(self, client, application, supervisor):
        self.send(client, supervisor, "approval_decide", application, outcome="accepted")
        application.refresh_from_db()
        assert application.status == Status.IN_REVIEW

    def test_return_with_a_comment(self, client, application, supervisor):
        response = self.send(client, supervisor, "approval_return", application, comment="Name the measure.")
        assert response.url == reverse("approvals")
        application.refresh_from_db()
        assert application.status == Status.RETURNED

    @pytest.mark.parametrize("name", ["approval_return", "approval_decline"])
    def test_without_a_word_it_stays(self, client, application, supervisor, name):
        response = self.send(client, supervisor, name, application, comment=" ")
        assert response.status_code == 200
        assert "comment" in response.context["form"].errors
        application.refresh_from_db()
        assert application.status == Status.IN_REVIEW

    def test_decline_with_a_reason(self, client, application, supervisor):
        self.send(client, supervisor, "approval_decline", application, comment="No time.")
        application.refresh_from_db()
        assert application.status == Status.DECLINED

    def choice(self, **changes):
        return {
            "version": 0,
            "interest_in_program": "High.",
            "interest_in_leadership": "Shown.",
            "division_project": "Useful.",
            "outcome": "accepted",
            "reason": "",
            **changes,
        }

    def test_the_deputys_decision_is_a_choice_until_it_is_released(self, client, applicant, deputy, cohort):
        """A10; the applicant hears of it with the release (A11)."""
        application = at_deputy(applicant, cohort)
        self.send(client, deputy, "approval_decide", application, **self.choice())
        application.refresh_from_db()
        assert application.status == Status.IN_REVIEW
        assert application.choice.outcome == "accepted"
        release(cohort, deputy)
        application.refresh_from_db()
        assert application.status == Status.ACCEPTED
        assert applicant.participations.get().cohort == cohort

    def test_a_choice_without_criteria_or_reason_asks_again(self, client, applicant, deputy, cohort):
        application = at_deputy(applicant, cohort)
        data = self.choice(outcome="not_selected", division_project="")
        response = self.send(client, deputy, "approval_decide", application, **data)
        assert set(response.context["form"].errors) == {"division_project", "reason"}
        assert not Choice.objects.exists()

    def test_a_choice_that_somebody_made_meanwhile_keeps_the_whole_judgement(
        self, client, org, applicant, deputy, cohort
    ):
        """A9: a designee chooses too; the later one is told, and can go on."""
        designee = factories.person("Desi Designee")
        order = {"kind": "delegate", "principal": deputy, "unit": org.branch, "reason": "Leave."}
        Delegation.objects.create(person=designee, start_date=TODAY, end_date=TODAY, **order)
        application = at_deputy(applicant, cohort)
        choose(application, designee, "not_selected")
        data = self.choice(outcome="waitlisted", reason="Later.")
        response = self.send(client, deputy, "approval_decide", application, **data)
        form = response.context["form"]
        assert response.status_code == 200
        assert "Desi Designee chose “Not selected” for Ana Applicant" in form.errors["__all__"][0]
        assert {name: form[name].value() for name in data} == {**data, "version": 1}
        assert Choice.objects.get().outcome == "not_selected"
        self.send(client, deputy, "approval_decide", application, **{**data, "version": 1})
        assert Choice.objects.get().outcome == "waitlisted"

    def test_from_the_waitlist(self, client, applicant, deputy, cohort):
        application = decide(at_deputy(applicant, cohort), deputy, "waitlisted")
        client.force_login(deputy)
        form = client.get(url("approval", application)).context["form"]
        assert [value for value, _ in form.fields["outcome"].choices] == ["accepted", "not_selected"]
        assert form.initial["interest_in_program"] == "Knows what it asks for."
        self.send(client, deputy, "approval_decide", application, **self.choice())
        release(cohort, deputy)
        application.refresh_from_db()
        assert application.status == Status.ACCEPTED

    def test_several_posts_are_listed_and_both_wordings_stand_before_the_choice(
        self, client, org, deputy, cohort
    ):
        """A8, A9: the director of the division applies, and the deputy is all three."""
        application = submitted(org.director, cohort)
        client.force_login(deputy)
        response = client.get(url("approval", application))
        assert response.context["capacities"] == [
            "Supervisor",
            "Branch Deputy, Services Branch, in place of the Division Director",
            "Branch Deputy, Services Branch",
        ]
        page = words(response)
        assert "When you release it as accepted or waitlisted, you sign:" in page
        assert f"As Supervisor: {settling.RECEIPT}" in page

    def test_a_deputy_who_is_director_confirms_the_date_with_the_choice(
        self, client, org, applicant, supervisor, deputy, cohort
    ):
        """A3, A9."""
        org.division.head = deputy
        org.division.save()
        application = sign(submitted(applicant, cohort), supervisor)
        data = self.choice(concept_director="2026-11-10")
        self.send(client, deputy, "approval_decide", application, **data)
        assert application.route()[1].concept_date is None
        release(cohort, deputy)
        assert application.route()[1].concept_date == date(2026, 11, 10)


class TestOfficeList:
    def page(self, client, user, cohort, query=""):
        client.force_login(user)
        return client.get(reverse("cohort_applications", args=[cohort.pk]) + query)

    def test_shows_state_whom_and_since(self, client, org, applicant, supervisor, branch_officer, cohort):
        sign(submitted(applicant, cohort, now=NOW - timedelta(days=9)), supervisor)
        with time_machine.travel(NOW + timedelta(days=8), tick=False):
            page = words(self.page(client, branch_officer, cohort))
        assert "Ana Applicant" in page
        assert "Dana Director" in page
        assert "Mon, Nov 23, 2026" in page
        assert "Overdue" in page

    def test_drafts_are_counted_but_not_named(self, client, applicant, branch_officer, cohort):
        draft(applicant, cohort)
        response = self.page(client, branch_officer, cohort)
        assert list(response.context["page"]) == []
        assert "1 more is a draft" in words(response)
        assert "Ana Applicant" not in words(response)

    def test_filter_by_status(self, client, org, applicant, supervisor, branch_officer, cohort):
        first = submitted(applicant, cohort)
        second = accepted(another(org, supervisor), cohort)
        response = self.page(client, branch_officer, cohort)
        assert set(response.context["page"]) == {first, second}
        assert response.context["counts"] == [
            ("in_review", "In review", 1),
            ("accepted", "Accepted", 1),
        ]
        assert list(self.page(client, branch_officer, cohort, "?status=accepted").context["page"]) == [second]
        assert len(self.page(client, branch_officer, cohort, "?status=nonsense").context["page"]) == 2

    def test_is_searched_by_name_and_project(
        self, client, org, applicant, supervisor, branch_officer, cohort
    ):
        first = submitted(applicant, cohort, project_title="Bicycle tracks")
        second = submitted(another(org, supervisor, "Zoe Other"), cohort)
        found = {
            query: set(self.page(client, branch_officer, cohort, query).context["page"])
            for query in (
                "?q=TRACKS",
                "?q=other+zoe",
                "?q=nobody",
                "?q=%00",
                "?q=zoe&status=accepted",
                "?q=zoe&status=none",
            )
        }
        assert found == {
            "?q=TRACKS": {first},
            "?q=other+zoe": {second},
            "?q=nobody": set(),
            "?q=%00": {first, second},
            "?q=zoe&status=accepted": set(),
            "?q=zoe&status=none": {second},  # there is no such status: that asks for nothing
        }

    def test_a_page_holds_fifty(self, client, org, supervisor, branch_officer, cohort, monkeypatch):
        monkeypatch.setattr("applications.views.office.PAGE_SIZE", 2)
        for _ in range(3):
            submitted(another(org, supervisor), cohort)
        assert len(self.page(client, branch_officer, cohort).context["page"]) == 2
        assert len(self.page(client, branch_officer, cohort, "?page=2").context["page"]) == 1

    def test_three_rows_take_as_many_queries_as_one(self, client, org, supervisor, branch_officer, cohort):
        client.force_login(branch_officer)
        counts = []
        for _ in range(3):
            submitted(another(org, supervisor), cohort)
            counts.append(queries(client, reverse("cohort_applications", args=[cohort.pk])))
        assert counts[0] == counts[2]

    def test_is_for_office_and_deputy_alone(
        self, client, applicant, supervisor, director, deputy, branch_officer, outsider, administrator, cohort
    ):
        """F5."""
        for user in (branch_officer, deputy):
            assert self.page(client, user, cohort).status_code == 200
        for user in (applicant, supervisor, director, outsider, administrator):
            assert self.page(client, user, cohort).status_code == 404

    def test_of_another_branch_is_not_found(self, client, org, program, branch_officer):
        """F5."""
        branch = factories.unit("branch", "Other Branch", parent=org.department)
        assert self.page(client, branch_officer, factories.cohort(program, branch)).status_code == 404

    def test_is_closed_to_an_officer_who_applies(self, client, branch_officer, cohort):
        """T10."""
        factories.officer(cohort.branch)
        application = drafting.start(cohort=cohort, by=branch_officer, now=NOW)
        assert self.page(client, branch_officer, cohort).status_code == 404
        workflow.withdraw(application=application, by=branch_officer, now=NOW)
        assert self.page(client, branch_officer, cohort).status_code == 200


@pytest.mark.parametrize("model", ["application", "reviewstep", "decision", "rating"])
def test_admin_shows_everything_and_changes_nothing(client, applicant, administrator, cohort, model):
    accepted(applicant, cohort)
    client.force_login(administrator)
    listed = client.get(reverse(f"admin:applications_{model}_changelist"), {"q": "Ana"})
    assert "Ana Applicant" in words(listed)
    pk = listed.context["cl"].result_list[0].pk
    assert client.get(reverse(f"admin:applications_{model}_change", args=[pk])).status_code == 200
    assert client.post(reverse(f"admin:applications_{model}_change", args=[pk]), {}).status_code == 403
    assert client.post(reverse(f"admin:applications_{model}_delete", args=[pk])).status_code == 403
    assert client.get(reverse(f"admin:applications_{model}_add")).status_code == 403


class TestTooLate:
    """Whoever comes second is told who was first, and loses nothing of what they wrote (A9)."""

    WROTE = "Please say who uses the form today."

    def send_comment(self, client, user, application, act="approval_return"):
        client.force_login(user)
        return client.post(
            url(act, application), {"text_id": application.current_text_id, "comment": self.WROTE}
        )

    @pytest.mark.parametrize("act", ["approval_return", "approval_decline"])
    def test_after_a_withdrawal(self, client, applicant, supervisor, cohort, act):
        application = submitted(applicant, cohort)
        workflow.withdraw(application=application, by=applicant, now=NOW)
        response = self.send_comment(client, supervisor, application, act)
        assert response.status_code == 200
        assert "Ana Applicant has withdrawn this application." in words(response)
        assert self.WROTE in words(response)
        assert "One form for school meals" not in words(response)  # M17: nobody reads on
        assert client.get(url("approval", application)).status_code == 404

    def test_after_the_delegate(self, client, applicant, supervisor, outsider, cohort):
        application = submitted(applicant, cohort)
        Delegation.objects.create(
            kind="delegate",
            principal=supervisor,
            person=outsider,
            reason="Leave.",
            start_date=TODAY,
            end_date=TODAY,
        )
        sign(application, outsider)
        response = self.send_comment(client, supervisor, application)
        assert "Otto Outsider has signed this application. It waits on Dana Director" in words(response)
        assert self.WROTE in words(response)
        client.force_login(supervisor)
        response = client.post(url("approval_sign", application), {"typed_name": "Sam Supervisor"})
        assert "Otto Outsider has signed this application." in words(response)
        assert application.current_text.sign_offs.count() == 2

    def test_a_stranger_learns_nothing(self, client, applicant, outsider, cohort):
        application = submitted(applicant, cohort)
        workflow.withdraw(application=application, by=applicant, now=NOW)
        assert self.send_comment(client, outsider, application).status_code == 404
