"""Choices and recommendations: changed freely, weighed against three criteria, told to nobody (A3, A9, A10, T10)."""

from datetime import date, timedelta

import pytest
import time_machine

from applications import choosing, deciding, drafting, settling, workflow
from applications.models import Application, Choice, Recommendation
from coaching.models import AuditEvent, Delegation, Message, SignOff
from coaching.permissions import NotYourCohort
from tests import factories
from tests.applications.factories import CRITERIA, accepted, at_deputy, choose, decide, sign, submitted
from tests.clock import NOW, TODAY

Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
LATER = NOW + timedelta(hours=1)


@pytest.fixture(scope="class")
def kept_waiting(cast_of_class, django_db_blocker) -> Application:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        return at_deputy(cast_of_class.applicant, cast_of_class.cohort)


@pytest.fixture
def waiting(kept_waiting, fresh) -> Application:
    return fresh(kept_waiting)


@pytest.fixture
def designee(org, deputy):
    """A9: has the deputy's rights for the term."""
    person = factories.person("Desi Designee")
    order = {"kind": "delegate", "principal": deputy, "unit": org.branch, "reason": "Leave."}
    Delegation.objects.create(person=person, start_date=TODAY, end_date=TODAY, **order)
    return person


def advise(application, by, outcome="accepted", sentence="Do it.", **fields):
    return choosing.recommend(
        application=application, by=by, outcome=outcome, sentence=sentence, **{"now": NOW, **fields}
    )


class TestChoose:
    def test_a_choice_is_neither_signed_nor_told(self, waiting, deputy):
        before = (SignOff.objects.count(), Message.objects.count())
        choice = choose(waiting, deputy, "not_selected", reason="Full.")
        waiting.refresh_from_db()
        assert waiting.status == Status.IN_REVIEW
        assert not waiting.decisions.exists()
        assert (SignOff.objects.count(), Message.objects.count()) == before
        assert (choice.outcome, choice.reason, choice.version) == ("not_selected", "Full.", 1)
        assert choice.text == waiting.current_text

    def test_it_changes_until_it_is_released(self, waiting, deputy):
        choose(waiting, deputy)
        choice = choose(waiting, deputy, "waitlisted", now=LATER)
        assert Choice.objects.count() == 1
        assert (choice.outcome, choice.version, choice.chosen_at) == ("waitlisted", 2, LATER)

    def test_the_same_choice_twice_is_one(self, waiting, deputy):
        """A second press of the same button also carries the first one's version."""
        choose(waiting, deputy, version=0)
        again = choose(waiting, deputy, version=0, now=LATER)
        assert (again.version, again.chosen_at) == (1, NOW)
        assert AuditEvent.objects.filter(action="application.chosen").count() == 1

    def test_somebody_elses_choice_is_not_overwritten_unseen(self, waiting, deputy, designee):
        choose(waiting, designee, "not_selected")
        with pytest.raises(choosing.ChosenMeanwhile, match="Desi Designee chose “Not selected”"):
            choose(waiting, deputy, version=0)
        assert choose(waiting, deputy, version=1).chosen_by == deputy

    def test_a_choice_that_was_taken_back_meanwhile_is_told(self, waiting, deputy):
        choose(waiting, deputy)
        choosing.take_back(application=waiting, by=deputy, now=NOW)
        with pytest.raises(choosing.ChosenMeanwhile, match="was taken back"):
            choose(waiting, deputy, "waitlisted", version=1)

    @pytest.mark.parametrize("criterion", list(vars(CRITERIA)))
    def test_without_a_criterion_is_refused(self, waiting, deputy, criterion):
        """A10."""
        criteria = deciding.Criteria(**{**vars(CRITERIA), criterion: " "})
        with pytest.raises(settling.ReasonMissing, match="three criteria"):
            choose(waiting, deputy, criteria=criteria)

    @pytest.mark.parametrize("outcome", ["waitlisted", "not_selected"])
    def test_against_without_a_reason_is_refused(self, waiting, deputy, outcome):
        with pytest.raises(settling.ReasonMissing, match="Give the reason"):
            choose(waiting, deputy, outcome, reason=" ")

    def test_by_anybody_else_is_refused(self, waiting, supervisor, director, branch_officer, outsider):
        for person in (supervisor, director, branch_officer, outsider):
            with pytest.raises(settling.NotWaitingOnYou):
                choose(waiting, person)

    def test_a_text_that_was_not_read_is_refused(self, waiting, deputy):
        with pytest.raises(settling.TextChanged):
            choose(waiting, deputy, text_id=0)

    def test_from_the_waitlist(self, waiting, deputy):
        application = decide(waiting, deputy, "waitlisted")
        with pytest.raises(settling.DecisionNeeded, match="already"):
            choose(application, deputy, "waitlisted")
        assert choose(application, deputy).outcome == "accepted"
        application.refresh_from_db()
        assert application.status == Status.WAITLISTED

    def test_withdrawing_is_still_possible(self, waiting, applicant, deputy):
        """F3: until the decision is released."""
        choose(waiting, deputy)
        workflow.withdraw(application=waiting, by=applicant, now=NOW)
        assert Choice.objects.exists()


class TestTakeBack:
    def test_leaves_it_open_again(self, waiting, deputy):
        choose(waiting, deputy)
        for _ in range(2):
            choosing.take_back(application=waiting, by=deputy, now=NOW)
        assert not Choice.objects.exists()
        assert AuditEvent.objects.filter(action="application.choice_taken_back").count() == 1

    def test_by_another_of_the_deciding_office(self, waiting, deputy, designee):
        choose(waiting, deputy)
        choosing.take_back(application=waiting, by=designee, now=NOW)
        assert not Choice.objects.exists()

    def test_also_when_the_application_has_gone(self, waiting, applicant, deputy):
        choose(waiting, deputy)
        workflow.withdraw(application=waiting, by=applicant, now=NOW)
        choosing.take_back(application=waiting, by=deputy, now=NOW)
        assert not Choice.objects.exists()

    def test_by_others_is_refused(self, waiting, applicant, director, branch_officer, deputy):
        choose(waiting, deputy)
        for person in (applicant, director, branch_officer):
            with pytest.raises(settling.NotWaitingOnYou):
                choosing.take_back(application=waiting, by=person, now=NOW)
        assert Choice.objects.exists()


class TestRecommend:
    def test_it_is_changed_until_the_decision(self, waiting, branch_officer, deputy):
        advise(waiting, branch_officer)
        advise(waiting, branch_officer, "waitlisted", "Later.")
        advice = Recommendation.objects.get()
        assert (advice.outcome, advice.sentence, advice.recommended_by) == (
            "waitlisted",
            "Later.",
            branch_officer,
        )
        decide(waiting, deputy)
        with pytest.raises(choosing.NotOpenForAdvice, match="accepted"):
            advise(waiting, branch_officer)

    def test_the_same_twice_is_one(self, waiting, branch_officer):
        advise(waiting, branch_officer)
        advise(waiting, branch_officer, now=LATER)
        assert Recommendation.objects.get().recommended_at == NOW
        assert AuditEvent.objects.filter(action="application.recommended").count() == 1

    def test_without_a_sentence_is_refused(self, waiting, branch_officer):
        with pytest.raises(settling.ReasonMissing):
            advise(waiting, branch_officer, sentence=" ")

    def test_by_others_is_refused(self, waiting, applicant, director, deputy):
        for person in (applicant, director, deputy):
            with pytest.raises(NotYourCohort):
                advise(waiting, person)

    def test_by_an_officer_who_applied_is_refused(self, waiting, branch_officer, supervisor, org, cohort):
        """T10."""
        factories.officer(org.branch, "Another Officer")
        branch_officer.unit, branch_officer.supervisor = org.unit, supervisor
        branch_officer.save()
        drafting.start(cohort=cohort, by=branch_officer, now=NOW)
        with pytest.raises(NotYourCohort):
            advise(waiting, branch_officer)


class TestAnother:
    """About applications that do not wait at the deputy, or are not the applicant's."""

    def test_before_the_director_has_signed_is_refused(self, applicant, supervisor, deputy, cohort):
        with pytest.raises(settling.NotWaitingOnYou, match="waits on Dana Director"):
            choose(sign(submitted(applicant, cohort), supervisor), deputy)

    def test_a_deputy_does_not_choose_about_their_own(self, deputy, superintendent, designee, cohort):
        """A9: nor does anybody on their behalf; the next higher office does."""
        application = submitted(deputy, cohort)
        with pytest.raises(settling.NotWaitingOnYou, match="Nobody signs their own"):
            choose(application, deputy)
        with pytest.raises(settling.NotWaitingOnYou):
            choose(application, designee)
        assert choose(application, superintendent).outcome == "accepted"

    def test_a_deputy_who_is_director_confirms_the_date(self, org, applicant, supervisor, deputy, cohort):
        """A3: kept with the choice, written with the release."""
        org.division.head = deputy
        org.division.save()
        application = sign(submitted(applicant, cohort), supervisor)
        choice = choose(application, deputy, concept_dates={"director": date(2026, 11, 10)})
        assert choosing.concept_dates(choice) == {"director": date(2026, 11, 10)}
        with pytest.raises(settling.ConceptNotDiscussed):
            choose(application, deputy, concept_dates={"director": TODAY + timedelta(days=9)})
        assert choosing.concept_dates(choose(application, deputy, now=LATER)) == {}

    def test_of_a_decided_one_is_refused(self, applicant, deputy, cohort):
        with pytest.raises(settling.NotWaitingOnYou, match="accepted"):
            choose(accepted(applicant, cohort), deputy)

    def test_a_recommendation_may_come_while_it_is_with_a_signer(self, applicant, branch_officer, cohort):
        assert advise(submitted(applicant, cohort), branch_officer).outcome == "accepted"
