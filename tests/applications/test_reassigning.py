"""A step given to somebody else: by whom, to whom, with both names and the reason (A9, T10)."""

from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications import reassigning, routing, waiting, workflow
from applications.models import Application, ReviewStep
from applications.settling import NotWaitingOnYou, ReasonMissing
from coaching import delegations, outbox
from coaching.models import AuditEvent, SignOff
from coaching.permissions import NotYourCohort
from tests import factories
from tests.applications.factories import decide, sign, submitted
from tests.clock import NOW, TODAY
from tests.constraints import refused_by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]
REASON = "Sam is on parental leave."


@pytest.fixture(scope="module", autouse=True)
def kept_application(kept_cast, django_db_blocker) -> Application:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        return submitted(kept_cast.applicant, kept_cast.cohort)


@pytest.fixture
def application(kept_application, fresh) -> Application:
    return fresh(kept_application)


@pytest.fixture
def decided_next(application, supervisor, director) -> Application:
    """Everybody before the deciding office has signed."""
    return sign(sign(application, supervisor), director)


@pytest.fixture
def give(branch_officer):
    def reassign(step: ReviewStep, to, **values):
        whole = {"reason": REASON, "by": branch_officer, "now": NOW, **values}
        return reassigning.reassign(step=step, to=to, **whole)

    return reassign


def steps(application: Application) -> list[tuple[str, str]]:
    rows = application.review_steps.order_by("position", "pk")
    return [(row.signer.get_short_name(), row.status) for row in rows]


class TestReassign:
    def test_whoever_takes_over_signs_with_both_names(self, application, supervisor, outsider, give):
        new = give(application.current_step(), outsider)
        assert steps(application) == [
            ("Sam", "reassigned"),
            ("Otto", "pending"),
            ("Dana", "pending"),
            ("Derek", "pending"),
        ]
        assert (new.assigned_by.name, new.assigned_at, new.reason) == ("Bo Branchoffice", NOW, REASON)
        signed = sign(application, outsider)
        sign_off = SignOff.objects.get(signer=outsider)
        assert sign_off.on_behalf_of == supervisor
        assert sign_off.capacity == "Supervisor, as assigned by the branch office"
        assert signed.current_step().signer.name == "Dana Director"

    def test_whoever_it_was_taken_from_neither_signs_nor_reads(self, application, supervisor, outsider, give):
        """M17: signers read for the selection only."""
        assert Application.objects.routed_to(supervisor).exists()
        give(application.current_step(), outsider)
        with pytest.raises(NotWaitingOnYou, match="waits on Otto Outsider"):
            sign(application, supervisor)
        assert not Application.objects.routed_to(supervisor).exists()
        assert not Application.objects.awaiting(supervisor).exists()
        assert list(Application.objects.awaiting(outsider)) == [application]

    def test_a_coming_step_waits_for_its_turn(self, application, supervisor, outsider, give):
        director_step = application.route()[1]
        new = give(director_step, outsider)
        assert new.since_at is None
        assert not Application.objects.awaiting(outsider).exists()
        sign(application, supervisor)
        assert application.current_step() == new
        sign(application, outsider)
        assert SignOff.objects.get(signer=outsider).on_behalf_of.name == "Dana Director"

    def test_the_days_to_sign_begin_anew(self, application, outsider, give):
        later = NOW + timedelta(days=9)
        assert give(application.current_step(), outsider, now=later).since_at == later

    def test_given_on_it_is_still_in_the_place_of_the_first(self, application, supervisor, outsider, give):
        other = factories.person("Nora Next")
        give(application.current_step(), outsider)
        last = give(application.current_step(), other)
        assert (last.holder, last.replaces.signer) == (supervisor, outsider)
        back = give(application.current_step(), supervisor)
        sign(application, supervisor)
        assert (back.holder, SignOff.objects.get(signer=supervisor).on_behalf_of) == (None, None)

    def test_each_place_is_signed_by_itself(self, application, supervisor, director, give):
        """The supervisor who is given the director's step signs twice: once as themselves, once for another."""
        give(application.route()[1], supervisor)
        sign(application, supervisor)
        assert application.current_step().signer == supervisor
        sign(application, supervisor)
        signatures = SignOff.objects.filter(signer=supervisor).order_by("pk")
        assert [each.on_behalf_of for each in signatures] == [None, director]

    def test_the_delegate_of_whoever_takes_over_signs_for_them(self, application, outsider, give, org):
        stand_in = factories.person("Dela Gate")
        give(application.current_step(), outsider)
        delegations.record(
            kind="delegate",
            person=stand_in,
            principal=outsider,
            unit=None,
            reason="Training.",
            start_date=TODAY,
            end_date=TODAY,
            by=None,
            now=NOW,
        )
        sign(application, stand_in)
        assert SignOff.objects.get(signer=stand_in).on_behalf_of == outsider

    def test_a_return_starts_the_route_of_the_directory_again(self, application, supervisor, outsider, give):
        give(application.current_step(), outsider)
        workflow.return_for_changes(application=application, by=outsider, comment="Change.", now=NOW)
        assert Application.objects.get().status == "returned"

    def test_is_in_the_audit_trail(self, application, outsider, branch_officer, give):
        new = give(application.current_step(), outsider)
        event = AuditEvent.objects.get(action="application.reassigned")
        assert event.actor == branch_officer
        assert event.payload.data == {"step": new.pk, "replaces": new.replaces_id, "reason": REASON}


class TestRefused:
    def test_the_applicant(self, application, applicant, give):
        """A9."""
        with pytest.raises(reassigning.NotReassigned, match="Nobody signs their own"):
            give(application.current_step(), applicant)

    def test_the_officer_who_does_it(self, application, branch_officer, give):
        with pytest.raises(reassigning.NotReassigned, match="to yourself"):
            give(application.current_step(), branch_officer)

    def test_somebody_who_has_gone(self, application, outsider, give):
        outsider.is_active = False
        outsider.save()
        with pytest.raises(reassigning.NotReassigned, match="no longer active"):
            give(application.current_step(), outsider)

    def test_whoever_has_it(self, application, supervisor, give):
        with pytest.raises(reassigning.NotReassigned, match="with Sam Supervisor already"):
            give(application.current_step(), supervisor)

    def test_without_a_reason(self, application, outsider, give):
        with pytest.raises(ReasonMissing):
            give(application.current_step(), outsider, reason=" ")

    def test_by_an_officer_who_applied(self, application, branch_officer, supervisor, outsider, cohort, give):
        """T10."""
        factories.officer(cohort.branch)
        branch_officer.supervisor = supervisor
        branch_officer.save()
        submitted(branch_officer, cohort)
        with pytest.raises(NotYourCohort):
            give(application.current_step(), outsider)

    @pytest.mark.parametrize("who", ["supervisor", "deputy", "outsider"])
    def test_by_anybody_else(self, request, application, who, give):
        other = factories.person("Nora Next")
        with pytest.raises(NotYourCohort):
            give(application.current_step(), other, by=request.getfixturevalue(who))

    def test_one_that_was_signed(self, application, supervisor, outsider, give):
        step = application.current_step()
        sign(application, supervisor)
        with pytest.raises(reassigning.NotReassigned, match="no longer waits: signed by Sam Supervisor"):
            give(step, outsider)

    def test_one_that_was_given_away(self, application, outsider, give):
        step = application.current_step()
        give(step, outsider)
        with pytest.raises(
            reassigning.NotReassigned, match="Bo Branchoffice has already given this step to Otto"
        ):
            give(step, factories.person("Nora Next"))

    def test_of_a_withdrawn_application(self, application, applicant, outsider, give):
        step = application.current_step()
        workflow.withdraw(application=application, by=applicant, now=NOW)
        with pytest.raises(reassigning.NotReassigned, match="no longer waits"):
            give(step, outsider)

    def test_the_decision_to_anybody_but_the_deputy_or_a_designee(
        self, decided_next, outsider, deputy, branch, give
    ):
        """A9."""
        application = decided_next
        with pytest.raises(reassigning.NotReassigned, match="stays with the branch deputy"):
            give(application.current_step(), outsider)
        delegations.record(
            kind="delegate",
            person=outsider,
            principal=deputy,
            unit=branch,
            reason="Leave.",
            start_date=TODAY,
            end_date=TODAY,
            by=deputy,
            now=NOW,
        )
        give(application.current_step(), outsider)
        decided = decide(application, outsider)
        assert decided.status == "accepted"
        assert decided.decisions.get().sign_off.on_behalf_of == deputy

    def test_the_former_decider_does_not_decide_about_the_waitlist(
        self, decided_next, outsider, branch, give
    ):
        application = decided_next
        former = application.current_step().signer
        branch.head = outsider
        branch.save()
        give(application.current_step(), outsider)
        decide(application, outsider, "waitlisted")
        assert not waiting.on_waitlist(former, on=TODAY).exists()
        with pytest.raises(NotWaitingOnYou):
            decide(application, former)
        assert routing.steps_to_decide(Application.objects.get(), outsider, on=TODAY)


class TestDatabase:
    def test_says_by_whom_and_why(self, application, outsider, give):
        new = give(application.current_step(), outsider)
        for field in ("assigned_by", "assigned_at", "replaces"):
            assert self.breaking(new, **{field: None}) == "reviewstep_reassigned_says_by_whom_and_why"
        assert self.breaking(new, reason="") == "reviewstep_reassigned_says_by_whom_and_why"
        assert self.breaking(new, replaces=application.route()[1]) == ""

    def test_a_row_is_replaced_once(self, application, outsider, give):
        new = give(application.current_step(), outsider)
        other = application.route()[1]
        values = {"assigned_by": new.assigned_by, "assigned_at": NOW, "reason": "Again."}
        assert self.breaking(other, replaces=new.replaces, **values) == "applications_reviewstep.replaces_id"

    def breaking(self, row, **values) -> str:
        return refused_by(type(row).objects.filter(pk=row.pk).update, **values)


def words(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


class TestPages:
    def test_the_office_gives_it_away_on_its_page(self, client, application, branch_officer, outsider):
        client.force_login(branch_officer)
        address = reverse("application_reassign", args=[application.pk, application.current_step().pk])
        assert address in words(client.get(reverse("application", args=[application.pk])))
        assert "It waits on" in words(client.get(address))
        response = client.post(address, {"person": outsider.email, "reason": REASON})
        assert response["Location"] == reverse("application", args=[application.pk])
        page = words(client.get(response["Location"]))
        assert "Supervisor: Otto Outsider signs in place of Sam Supervisor" in page
        assert "Given by Bo Branchoffice." in page
        assert f"“{REASON}”" in page
        assert "It is with Otto Outsider" in page

    def test_a_refusal_keeps_what_was_typed(self, client, application, branch_officer, applicant):
        client.force_login(branch_officer)
        address = reverse("application_reassign", args=[application.pk, application.current_step().pk])
        page = words(client.post(address, {"person": applicant.email, "reason": REASON}))
        assert "Nobody signs their own application." in page
        assert REASON in page

    def test_one_press_takes_over_whom_the_directory_names_now(
        self, client, application, branch_officer, org, outsider
    ):
        org.division.head = outsider
        org.division.save()
        client.force_login(branch_officer)
        response = client.get(reverse("application", args=[application.pk]))
        (offer,) = [each for each in response.context["offers"] if each.successor]
        assert (
            offer.reason == "The directory names Otto Outsider as Division Director, Nutrition Division now."
        )
        assert "Give the step to Otto Outsider" in words(response)
        address = reverse("application_reassign", args=[application.pk, offer.step.pk])
        client.post(address, {"person": outsider.email, "reason": offer.reason})
        assert [step.signer for step in application.route()][1] == outsider
        assert "The directory has changed" not in words(
            client.get(reverse("application", args=[application.pk]))
        )

    @pytest.mark.parametrize("who", ["applicant", "supervisor", "deputy"])
    def test_nobody_else_is_offered_it(self, client, request, application, who):
        client.force_login(request.getfixturevalue(who))
        page = client.get(reverse("application", args=[application.pk]))
        assert page.context["offers"] == []
        address = reverse("application_reassign", args=[application.pk, application.current_step().pk])
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404

    def test_a_step_that_no_longer_waits_leads_back(self, client, application, branch_officer, supervisor):
        address = reverse("application_reassign", args=[application.pk, application.current_step().pk])
        sign(application, supervisor)
        client.force_login(branch_officer)
        assert client.get(address)["Location"] == reverse("application", args=[application.pk])

    def test_whoever_takes_over_reads_for_whom(self, client, application, outsider, give):
        give(application.current_step(), outsider)
        client.force_login(outsider)
        page = words(client.get(reverse("approval", args=[application.pk])))
        assert "as assigned by the branch office</strong>, for <strong>Sam Supervisor</strong>" in page
        assert REASON in page

    def test_the_officers_page_has_a_constant_number_of_queries(
        self, client, application, branch_officer, outsider, give
    ):
        client.force_login(branch_officer)
        address = reverse("application", args=[application.pk])
        client.get(address)
        give(application.current_step(), factories.person("Nora Next"))
        once = self.number_of_queries(client, address)
        give(application.route()[1], outsider)
        give(application.current_step(), factories.person("Nelly Next"))
        assert self.number_of_queries(client, address) == once

    def number_of_queries(self, client, address) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)


def deliver() -> list[tuple[str, str]]:
    mail.outbox.clear()
    outbox.deliver_due(now=NOW + timedelta(days=2))
    return [(letter.to[0].split(".")[0], letter.subject) for letter in mail.outbox]


class TestMail:
    def test_goes_to_old_and_new_signer_and_applicant(self, application, outsider, give, cohort):
        deliver()
        give(application.current_step(), outsider)
        assert sorted(deliver()) == [
            ("ana", "Otto Outsider is now to sign your application"),
            ("otto", f"Ana Applicant's application to the {cohort} waits for your signature"),
            ("sam", "Otto Outsider is now to sign Ana Applicant's application"),
        ]
        assert all(REASON in letter.body for letter in mail.outbox)

    def test_of_a_coming_step_tells_the_new_signer_too(self, application, outsider, give):
        deliver()
        give(application.route()[1], outsider)
        assert [to for to, _ in sorted(deliver())] == ["ana", "dana", "otto"]

    def test_is_not_sent_once_it_was_given_on(self, application, outsider, give):
        deliver()
        give(application.current_step(), outsider)
        give(application.current_step(), factories.person("Nora Next"))
        assert [to for to, _ in sorted(deliver())] == ["ana", "nora", "otto"]
