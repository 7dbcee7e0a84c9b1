"""The invariants that the database keeps by itself: each is broken once, past the write functions."""

from datetime import timedelta

import pytest

from applications import choosing, waitlist, workflow
from applications.models import Application, Choice, Decision, Rating, ReviewStep
from coaching.models import AuditEvent, Delegation
from tests import factories
from tests.applications.factories import (
    at_deputy,
    choose,
    competencies,
    decide,
    draft,
    release,
    sign,
    submitted,
)
from tests.clock import NOW, TODAY
from tests.constraints import refused_by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def breaking(row, **values) -> str:
    """The constraint that refuses these values in the row."""
    return refused_by(type(row).objects.filter(pk=row.pk).update, **values)


class TestApplication:
    def test_once_per_cohort(self, applicant, cohort):
        draft(applicant, cohort)
        again = refused_by(Application.objects.create, applicant=applicant, cohort=cohort)
        assert again == "application_once_per_cohort"

    def test_submitted_has_its_text(self, applicant, cohort):
        assert breaking(draft(applicant, cohort), status="in_review") == "application_submitted_has_its_text"
        application = submitted(applicant, cohort)
        assert breaking(application, current_text=None) == "application_submitted_has_its_text"
        assert breaking(application, status="draft") == "application_submitted_has_its_text"

    @pytest.mark.parametrize("field", ["benefits_acknowledged", "voluntary_acknowledged", "commitment_made"])
    def test_submitted_is_committed(self, applicant, cohort, field):
        """F2, F3, A7."""
        assert (
            breaking(submitted(applicant, cohort), **{field: False}) == "application_submitted_is_committed"
        )

    @pytest.mark.parametrize(
        ("field", "empty"),
        [
            ("role_aimed_for", ""),
            ("project_title", ""),
            ("concept_supervisor_date", None),
            ("concept_director_date", None),
        ],
    )
    def test_in_review_is_complete(self, applicant, cohort, field, empty):
        """F4, A2, A3."""
        assert breaking(submitted(applicant, cohort), **{field: empty}) == "application_in_review_is_complete"

    def test_withdrawn_is_dated(self, applicant, cohort):
        application = draft(applicant, cohort)
        assert breaking(application, withdrawn_at=NOW) == "application_withdrawn_is_dated"
        application = workflow.withdraw(application=application, by=applicant, now=NOW)
        assert breaking(application, withdrawn_at=None) == "application_withdrawn_is_dated"

    def test_closed_says_why_who_and_when(self, applicant, branch_officer, cohort):
        """A11."""
        application = submitted(applicant, cohort)
        assert breaking(application, closed_at=NOW) == "application_closed_says_why"
        closed = {"status": "closed", "closed_at": NOW, "closed_by": branch_officer, "closed_reason": "Late."}
        for field, empty in (("closed_at", None), ("closed_by", None), ("closed_reason", "")):
            assert breaking(application, **{**closed, field: empty}) == "application_closed_says_why"
        assert breaking(application, **closed) == ""

    def test_a_place_is_one_persons_and_on_the_waitlist_only(
        self, applicant, org, supervisor, deputy, cohort
    ):
        """M17."""
        other = factories.person("Other Person", unit=org.unit, supervisor=supervisor)
        first, second = (decide(at_deputy(each, cohort), deputy, "waitlisted") for each in (applicant, other))
        assert breaking(second, waitlist_place=first.waitlist_place) == "application_one_per_waitlist_place"
        assert breaking(second, waitlist_place=0) == "application_place_on_waitlist_only"
        assert breaking(first, status="not_selected") == "application_place_on_waitlist_only"


class TestRating:
    def test_one_per_competency(self, applicant, cohort):
        """A6: nobody grows and glows in the same."""
        application = draft(applicant, cohort)
        both = Rating(application=application, competency=competencies(cohort)[0], rating=Rating.Kind.GLOW)
        assert refused_by(both.save) == "rating_one_per_competency"

    def test_one_of_three(self, applicant, cohort):
        assert (
            breaking(draft(applicant, cohort).ratings.first(), rating="brilliant") == "rating_is_one_of_three"
        )

    def test_open_only_with_a_sentence(self, applicant, cohort):
        rating = draft(applicant, cohort).ratings.first()
        assert breaking(rating, rating="", sentence="") == "rating_is_one_of_three"
        assert breaking(rating, rating="", sentence="To listen.") == ""


class TestReviewStep:
    def test_one_per_position(self, applicant, cohort):
        application = submitted(applicant, cohort)
        assert breaking(application.route().last(), position=1) == "reviewstep_one_per_position"

    def test_one_current(self, applicant, cohort):
        """A9: one place at a time."""
        application = submitted(applicant, cohort)
        assert breaking(application.route().last(), since_at=NOW) == "reviewstep_one_current"

    def test_signed_has_its_signature(self, applicant, supervisor, cohort):
        application = sign(submitted(applicant, cohort), supervisor)
        assert breaking(application.route().first(), sign_off=None) == "reviewstep_signed_has_signature"

    def test_acted_is_dated(self, applicant, supervisor, cohort):
        step = sign(submitted(applicant, cohort), supervisor).route().first()
        for field in ("acted_at", "acted_by", "since_at"):
            assert breaking(step, **{field: None}) == "reviewstep_acted_is_dated"

    def test_a_refusal_has_its_reason(self, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        workflow.return_for_changes(application=application, by=supervisor, comment="Change.", now=NOW)
        assert breaking(application.route().first(), comment="") == "reviewstep_refusal_has_reason"

    def test_a_signer_confirms_the_concept_date(self, applicant, supervisor, cohort):
        """A3."""
        step = sign(submitted(applicant, cohort), supervisor).route().first()
        assert breaking(step, concept_date=None) == "reviewstep_confirms_concept"

    def test_acting_is_another_person_and_says_why(self, applicant, supervisor, outsider, cohort):
        """A9."""
        Delegation.objects.create(
            kind="acting",
            principal=supervisor,
            person=outsider,
            reason="Leave.",
            start_date=TODAY,
            end_date=TODAY + timedelta(days=9),
        )
        step = submitted(applicant, cohort).route().first()
        assert breaking(step, holder=outsider) == "reviewstep_acting_is_another"
        assert breaking(step, reason="") == "reviewstep_acting_says_why"
        assert breaking(step, delegation=None) == "reviewstep_acting_says_why"


class TestDecision:
    @pytest.fixture
    def decision(self, applicant, deputy, cohort) -> Decision:
        return decide(at_deputy(applicant, cohort), deputy, "waitlisted").decisions.get()

    def test_weighs_three_criteria(self, decision):
        """A10."""
        for field in ("interest_in_program", "interest_in_leadership", "division_project"):
            assert breaking(decision, **{field: ""}) == "decision_weighs_three_criteria"

    def test_against_has_its_reason(self, decision):
        assert breaking(decision, reason="") == "decision_refusal_has_reason"

    def test_one_of_three(self, decision):
        assert breaking(decision, outcome="perhaps") == "decision_is_one_of_three"

    def test_one_is_final(self, decision, deputy):
        final = decide(decision.application, deputy).decisions.last()
        final.pk, final.outcome, final.reason = None, Decision.Outcome.NOT_SELECTED, "No."
        assert refused_by(final.save) == "decision_one_is_final"

    def test_once_per_outcome(self, decision):
        decision.pk = None
        assert refused_by(decision.save) == "decision_once_per_outcome"


class TestSelection:
    @pytest.fixture
    def choice(self, applicant, deputy, cohort) -> Choice:
        return choose(at_deputy(applicant, cohort), deputy, "waitlisted")

    def test_one_choice_for_an_application(self, choice):
        choice.pk = None
        assert refused_by(choice.save) == "applications_choice.application_id"

    def test_a_choice_is_judged_like_a_decision(self, choice):
        """A10."""
        for field in ("interest_in_program", "interest_in_leadership", "division_project"):
            assert breaking(choice, **{field: ""}) == "choice_weighs_three_criteria"
        assert breaking(choice, reason="") == "choice_refusal_has_reason"
        assert breaking(choice, outcome="perhaps") == "choice_is_one_of_three"

    def test_a_recommendation_is_one_of_three_and_says_why(self, choice, branch_officer):
        advice = choosing.recommend(
            application=choice.application, by=branch_officer, outcome="accepted", sentence="Yes.", now=NOW
        )
        assert breaking(advice, outcome="perhaps") == "recommendation_is_one_of_three"
        assert breaking(advice, sentence="") == "recommendation_says_why"

    def test_one_release_for_a_list(self, choice, deputy, cohort):
        made = release(cohort, deputy)
        made.pk = None
        assert refused_by(made.save) == "release_once_per_list"

    def test_one_offer_at_a_time_and_an_answer_is_dated(self, choice, deputy, branch_officer, cohort):
        release(cohort, deputy)
        offer = waitlist.ask(application=choice.application, asked_date=TODAY, by=branch_officer, now=NOW)
        assert breaking(offer, answer="yes") == "seatoffer_answered_is_dated"
        assert breaking(offer, answered_at=NOW) == "seatoffer_answered_is_dated"
        offer.pk = None
        assert refused_by(offer.save) == "seatoffer_one_at_a_time"


class TestVisible:
    """Who sees what: the table of roles, on one application in each state (F5, T10)."""

    def seen_by(self, *people) -> list[str]:
        return [person.name for person in people if Application.objects.visible_to(person).exists()]

    @pytest.fixture
    def everybody(
        self, org, applicant, supervisor, branch_officer, training_officer, outsider, administrator
    ):
        return [
            applicant,
            supervisor,
            org.director,
            org.deputy,
            branch_officer,
            org.other_director,
            org.superintendent,
            training_officer,
            outsider,
            administrator,
        ]

    def test_draft(self, everybody, applicant, cohort):
        draft(applicant, cohort)
        assert self.seen_by(*everybody) == [applicant.name]

    def test_in_review(self, everybody, applicant, cohort):
        submitted(applicant, cohort)
        assert self.seen_by(*everybody) == [
            "Ana Applicant",
            "Sam Supervisor",
            "Derek Deputy",
            "Bo Branchoffice",
        ]

    def test_at_the_director(self, everybody, applicant, supervisor, cohort):
        sign(submitted(applicant, cohort), supervisor)
        assert "Dana Director" in self.seen_by(*everybody)
        assert "Olga Otherdirector" not in self.seen_by(*everybody)

    def test_a_new_director_sees_what_the_division_signed(self, org, applicant, outsider, cohort):
        application = submitted(applicant, cohort)
        org.division.head = outsider
        org.division.save()
        assert self.seen_by(outsider) == []
        sign(sign(application, applicant.supervisor), org.director)
        assert self.seen_by(outsider) == [outsider.name]

    def test_withdrawn_draft(self, everybody, applicant, cohort):
        workflow.withdraw(application=draft(applicant, cohort), by=applicant, now=NOW)
        assert self.seen_by(*everybody) == [applicant.name]

    @pytest.mark.parametrize("signed_by", [[], ["supervisor"], ["supervisor", "director"]])
    def test_withdrawn_is_read_by_no_signer(self, request, everybody, applicant, cohort, signed_by):
        """M17: signers read for the selection only. The branch's deputy and office keep its register."""
        application = submitted(applicant, cohort)
        for signer in signed_by:
            application = sign(application, request.getfixturevalue(signer))
        workflow.withdraw(application=application, by=applicant, now=NOW)
        assert self.seen_by(*everybody) == ["Ana Applicant", "Derek Deputy", "Bo Branchoffice"]
        for signer in ("supervisor", "director", "deputy"):
            assert not Application.objects.routed_to(request.getfixturevalue(signer)).exists()

    def test_a_delegate_sees_what_waits_not_what_was(self, applicant, supervisor, outsider, cohort):
        Delegation.objects.create(
            kind="delegate",
            principal=supervisor,
            person=outsider,
            reason="Training.",
            start_date=TODAY,
            end_date=TODAY,
        )
        application = submitted(applicant, cohort)
        assert self.seen_by(outsider) == [outsider.name]
        sign(application, supervisor)
        assert self.seen_by(outsider) == []
        assert self.seen_by(supervisor) == [supervisor.name]

    def test_an_officer_who_applies_has_no_office_rights(self, applicant, branch_officer, supervisor, cohort):
        """T10, until the application is withdrawn."""
        factories.officer(cohort.branch)
        branch_officer.supervisor = supervisor
        branch_officer.save()
        submitted(applicant, cohort)
        assert Application.objects.visible_to(branch_officer).count() == 1
        own = submitted(branch_officer, cohort)
        assert list(Application.objects.visible_to(branch_officer)) == [own]
        workflow.withdraw(application=own, by=branch_officer, now=NOW)
        assert Application.objects.visible_to(branch_officer).count() == 2


def test_awaiting_is_what_can_be_acted_on(applicant, supervisor, director, cohort):
    application = submitted(applicant, cohort)
    assert list(Application.objects.awaiting(supervisor)) == [application]
    assert list(Application.objects.awaiting(director)) == []
    sign(application, supervisor)
    assert list(Application.objects.awaiting(supervisor)) == []
    assert list(Application.objects.awaiting(director)) == [application]


def test_due_date_and_overdue(applicant, cohort):
    step = submitted(applicant, cohort).current_step()
    assert step.due_date == TODAY + timedelta(days=7)
    assert not step.is_overdue(TODAY + timedelta(days=7))
    assert step.is_overdue(TODAY + timedelta(days=8))
    assert ReviewStep(status="pending").is_overdue(TODAY) is False


def test_audit_events_do_not_keep_what_was_written(applicant, supervisor, cohort):
    """Personal payload lies beside the event, where it can be erased."""
    application = submitted(applicant, cohort)
    workflow.return_for_changes(application=application, by=supervisor, comment="Private.", now=NOW)
    event = AuditEvent.objects.get(action="application.returned")
    assert event.payload.data["comment"] == "Private."
