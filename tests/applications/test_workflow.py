"""From draft to decision: each transition, each refusal, each second time (A3, A6–A11, F2–F4)."""

from datetime import date, timedelta

import pytest

from applications import drafting, settling, workflow
from applications.models import Application, ReviewStep
from coaching import signing
from coaching.models import AuditEvent, Message
from tests import factories
from tests.applications.factories import (
    accepted,
    at_deputy,
    competencies,
    decide,
    draft,
    sign,
    submit,
    submitted,
)
from tests.clock import NOW, TODAY

Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def mails(kind: str) -> list[str]:
    return [
        message.recipient.name
        for message in Message.objects.filter(kind=f"application_{kind}").order_by("pk")
    ]


def waits_on(application: Application) -> str | None:
    step = application.current_step()
    return step.signer.name if step else None


class TestStart:
    def test_start_twice_is_one_application(self, applicant, cohort):
        first = drafting.start(cohort=cohort, by=applicant, now=NOW)
        assert drafting.start(cohort=cohort, by=applicant, now=NOW) == first
        assert Application.objects.count() == 1

    def test_start_before_applications_open_is_refused(self, applicant, cohort):
        with pytest.raises(drafting.NotOpen, match="open on November 1, 2026"):
            drafting.start(cohort=cohort, by=applicant, now=NOW - timedelta(days=40))

    def test_start_after_the_deadline_is_refused(self, applicant, cohort):
        with pytest.raises(drafting.NotOpen, match="closed on December 31, 2026"):
            drafting.start(cohort=cohort, by=applicant, now=NOW + timedelta(days=40))

    def test_start_on_the_last_evening_counts_in_the_cohorts_zone(self, applicant, cohort):
        """At 6 p.m. in California on December 31 it is January 1 already by UTC."""
        evening = NOW.replace(year=2027, month=1, day=1, hour=2)
        assert drafting.start(cohort=cohort, by=applicant, now=evening).status == Status.DRAFT

    def test_start_from_another_branch_is_refused(self, org, cohort):
        """F5."""
        branch = factories.unit("branch", "Other Branch", parent=org.department)
        stranger = factories.person("Sten Stranger", unit=branch)
        with pytest.raises(drafting.NotOpen, match="for people of the Services Branch"):
            drafting.start(cohort=cohort, by=stranger, now=NOW)

    def test_start_by_a_participant_is_refused(self, applicant, cohort):
        factories.participant(cohort, applicant)
        with pytest.raises(drafting.NotOpen, match="already take part"):
            drafting.start(cohort=cohort, by=applicant, now=NOW)

    def test_start_after_withdrawing_is_a_new_application(self, applicant, cohort):
        first = drafting.start(cohort=cohort, by=applicant, now=NOW)
        workflow.withdraw(application=first, by=applicant, now=NOW)
        assert drafting.start(cohort=cohort, by=applicant, now=NOW) != first


class TestSave:
    def test_answers_are_kept_as_far_as_they_go(self, applicant, cohort):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        later = NOW + timedelta(hours=1)
        drafting.save_answers(application=application, by=applicant, answers={"why": "To learn."}, now=later)
        application.refresh_from_db()
        assert (application.why, application.development, application.saved_at) == ("To learn.", "", later)

    def test_save_sets_no_status(self, applicant, cohort):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        answers = {"status": Status.ACCEPTED, "applicant": None, "why": "To learn."}
        drafting.save_answers(application=application, by=applicant, answers=answers, now=NOW)
        application.refresh_from_db()
        assert (application.status, application.applicant) == (Status.DRAFT, applicant)

    def test_save_by_another_is_refused(self, applicant, cohort, outsider):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        with pytest.raises(drafting.NotYours):
            drafting.save_answers(application=application, by=outsider, answers={"why": "x"}, now=NOW)

    def test_save_while_in_review_is_refused(self, applicant, cohort):
        application = submitted(applicant, cohort)
        with pytest.raises(drafting.NotEditable, match="in review"):
            drafting.save_answers(application=application, by=applicant, answers={"why": "x"}, now=NOW)
        with pytest.raises(drafting.NotEditable):
            drafting.save_ratings(application=application, by=applicant, ratings={}, now=NOW)

    def test_a_rating_is_changed_and_taken_back(self, applicant, cohort):
        """A6: one rating a competency; nobody grows and glows in the same."""
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        first = competencies(cohort)[0]
        for rating in ("grow", "glow"):
            drafting.save_ratings(
                application=application, by=applicant, ratings={first: (rating, "Because.")}, now=NOW
            )
        assert [row.rating for row in application.ratings.all()] == ["glow"]
        drafting.save_ratings(application=application, by=applicant, ratings={first: ("", "")}, now=NOW)
        assert not application.ratings.exists()

    def test_competencies_of_another_model_are_left_out(self, applicant, cohort):
        """F1: a cohort is tied to its version."""
        other = type(cohort.competency_model).objects.create(name="Another", version="1")
        foreign = other.competencies.create(position=1, name="Foreign")
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        answers = {"project_competencies": [foreign]}
        drafting.save_answers(application=application, by=applicant, answers=answers, now=NOW)
        drafting.save_ratings(application=application, by=applicant, ratings={foreign: ("grow", "")}, now=NOW)
        assert not application.project_competencies.exists()
        assert not application.ratings.exists()

    def test_drafts_leave_no_audit_event(self, applicant, cohort):
        before = AuditEvent.objects.count()
        draft(applicant, cohort)
        assert AuditEvent.objects.count() == before


class TestSubmit:
    def test_submit_fixes_the_route_and_waits_on_the_supervisor(
        self, applicant, supervisor, director, deputy, cohort
    ):
        """A9."""
        application = submitted(applicant, cohort)
        assert application.status == Status.IN_REVIEW
        assert application.submitted_at == NOW
        steps = list(application.route())
        assert [step.signer for step in steps] == [supervisor, director, deputy]
        assert [step.since_at for step in steps] == [NOW, None, None]
        assert waits_on(application) == "Sam Supervisor"

    def test_submit_is_the_applicants_signature_over_the_commitment(self, applicant, cohort):
        """A7."""
        application = submitted(applicant, cohort)
        sign_off = application.current_text.sign_offs.get()
        assert (sign_off.signer, sign_off.capacity) == (applicant, "Applicant")
        assert sign_off.statement == cohort.program.commitment_statement
        assert "at least one meeting every month" in sign_off.statement

    def test_submit_tells_applicant_first_signer_and_branch_office(
        self, applicant, cohort, branch_officer, supervisor
    ):
        submitted(applicant, cohort)
        assert mails("submitted") == [applicant.name]
        assert mails("to_sign") == [supervisor.name]
        assert mails("received") == [branch_officer.name]

    def test_submit_twice_is_refused_and_changes_nothing(self, applicant, cohort):
        application = submitted(applicant, cohort)
        with pytest.raises(drafting.NotEditable):
            submit(application)
        assert ReviewStep.objects.count() == 3
        assert Message.objects.filter(kind="application_submitted").count() == 1

    def test_submit_by_another_is_refused(self, applicant, cohort, outsider):
        with pytest.raises(drafting.NotYours):
            submit(draft(applicant, cohort), by=outsider)

    def test_submit_incomplete_names_what_is_missing(self, applicant, cohort):
        """F4: the role aimed for is a required answer."""
        application = draft(applicant, cohort, role_aimed_for=" ", project_title="")
        with pytest.raises(workflow.NotComplete) as refusal:
            submit(application)
        assert [finding.field for finding in refusal.value.findings] == ["role_aimed_for", "project_title"]

    @pytest.mark.parametrize("field", ["benefits_acknowledged", "voluntary_acknowledged", "commitment_made"])
    def test_submit_without_acknowledging_is_refused(self, applicant, cohort, field):
        """F2, F3, A7."""
        application = draft(applicant, cohort)
        with pytest.raises(workflow.NotAcknowledged):
            submit(application, **{field: False})

    def test_submit_under_another_name_is_refused(self, applicant, cohort):
        application = draft(applicant, cohort)
        with pytest.raises(signing.NameDoesNotMatch, match="Ana Applicant"):
            submit(application, typed_name="Anna Applicant")
        application.refresh_from_db()
        assert application.status == Status.DRAFT
        assert not application.review_steps.exists()

    def test_submit_what_was_not_read_is_refused(self, applicant, cohort):
        application = draft(applicant, cohort)
        read = drafting.preview(application, now=NOW).digest
        drafting.save_answers(
            application=application, by=applicant, answers={"why": "Something else."}, now=NOW
        )
        with pytest.raises(settling.TextChanged):
            submit(application, digest=read)

    def test_first_submission_after_the_deadline_is_refused(self, applicant, cohort):
        application = draft(applicant, cohort)
        with pytest.raises(drafting.NotOpen, match="closed on December 31"):
            submit(application, now=NOW + timedelta(days=40))

    def test_returned_application_is_submitted_again_after_the_deadline(self, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        workflow.return_for_changes(application=application, by=supervisor, comment="Shorter.", now=NOW)
        late = NOW + timedelta(days=40)
        assert submit(application, now=late).status == Status.IN_REVIEW


class TestSign:
    def test_the_route_is_walked_in_order(self, applicant, supervisor, director, deputy, cohort):
        """A8, A9."""
        application = submitted(applicant, cohort)
        application = sign(application, supervisor)
        assert waits_on(application) == director.name
        application = sign(application, director)
        assert waits_on(application) == deputy.name
        assert [step.status for step in application.route()] == ["signed", "signed", "pending"]
        assert mails("signed") == [applicant.name, applicant.name]
        assert mails("to_sign") == [supervisor.name, director.name, deputy.name]

    def test_sign_records_the_statement_of_the_step(self, applicant, supervisor, cohort, program):
        application = sign(submitted(applicant, cohort), supervisor)
        sign_off = application.route().first().sign_off
        assert sign_off.capacity == "Supervisor"
        assert sign_off.statement == program.route.get(office="supervisor").statement
        assert (sign_off.on_behalf_of, sign_off.text) == (None, application.current_text)

    def test_sign_out_of_turn_is_refused(self, applicant, director, cohort):
        """A9: no step is skipped."""
        application = submitted(applicant, cohort)
        with pytest.raises(settling.NotWaitingOnYou, match="waits on Sam Supervisor"):
            sign(application, director)

    def test_sign_by_outsider_is_refused(self, applicant, outsider, cohort):
        with pytest.raises(settling.NotWaitingOnYou):
            sign(submitted(applicant, cohort), outsider)

    def test_sign_own_application_is_refused(self, applicant, cohort):
        """A9."""
        with pytest.raises(settling.NotWaitingOnYou, match="Nobody signs their own"):
            sign(submitted(applicant, cohort), applicant)

    def test_sign_twice_is_refused_and_signs_once(self, applicant, supervisor, cohort):
        application = sign(submitted(applicant, cohort), supervisor)
        with pytest.raises(settling.NotWaitingOnYou, match="waits on Dana Director"):
            sign(application, supervisor)
        assert application.current_text.sign_offs.count() == 2

    def test_sign_under_another_name_is_refused(self, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        with pytest.raises(signing.NameDoesNotMatch):
            sign(application, supervisor, typed_name="Somebody Else")
        assert waits_on(application) == supervisor.name

    def test_sign_a_text_that_was_replaced_is_refused(self, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        read = application.current_text_id
        workflow.return_for_changes(application=application, by=supervisor, comment="Change it.", now=NOW)
        application = submit(application, now=NOW + timedelta(days=1))
        with pytest.raises(settling.TextChanged):
            sign(application, supervisor, text_id=read)

    def test_sign_by_the_deciding_office_is_refused(self, applicant, deputy, cohort):
        with pytest.raises(settling.DecisionNeeded):
            sign(at_deputy(applicant, cohort), deputy)

    def test_sign_confirms_the_stated_concept_date(self, applicant, supervisor, director, cohort):
        """A3."""
        application = sign(sign(submitted(applicant, cohort), supervisor), director)
        dates = [step.concept_date for step in application.route()]
        assert dates == [date(2026, 11, 5), date(2026, 11, 9), None]

    def test_sign_corrects_the_concept_date(self, applicant, supervisor, cohort):
        """A3."""
        corrected = {"supervisor": date(2026, 11, 6)}
        application = sign(submitted(applicant, cohort), supervisor, concept_dates=corrected)
        assert application.route().first().concept_date == date(2026, 11, 6)
        assert application.concept_supervisor_date == date(2026, 11, 5)

    def test_a_concept_discussed_after_submission_is_refused(self, applicant, supervisor, cohort):
        """A3: before submission."""
        with pytest.raises(settling.ConceptNotDiscussed):
            sign(
                submitted(applicant, cohort),
                supervisor,
                now=NOW + timedelta(days=5),
                concept_dates={"supervisor": TODAY + timedelta(days=1)},
            )


class TestReturn:
    def test_return_needs_a_comment(self, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        with pytest.raises(settling.ReasonMissing):
            workflow.return_for_changes(application=application, by=supervisor, comment=" ", now=NOW)

    def test_return_gives_it_back_with_the_comment(self, applicant, supervisor, director, cohort):
        application = sign(submitted(applicant, cohort), supervisor)
        application = workflow.return_for_changes(
            application=application, by=director, comment="Name the measure.", now=NOW
        )
        assert application.status == Status.RETURNED
        steps = application.route()
        assert [step.status for step in steps] == ["signed", "returned", "superseded"]
        assert steps[1].comment == "Name the measure."
        assert waits_on(application) is None
        assert mails("returned") == [applicant.name]

    def test_return_twice_is_refused(self, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        workflow.return_for_changes(application=application, by=supervisor, comment="Change.", now=NOW)
        with pytest.raises(settling.NotWaitingOnYou, match="returned for changes"):
            workflow.return_for_changes(application=application, by=supervisor, comment="Change.", now=NOW)

    def test_return_by_outsider_is_refused(self, applicant, outsider, cohort):
        with pytest.raises(settling.NotWaitingOnYou):
            workflow.return_for_changes(
                application=submitted(applicant, cohort), by=outsider, comment="x", now=NOW
            )

    def test_a_changed_text_needs_every_signature_again(self, applicant, supervisor, director, cohort):
        """Signatures belong to one exact text; a change voids them by itself."""
        application = sign(submitted(applicant, cohort), supervisor)
        first = application.current_text
        workflow.return_for_changes(application=application, by=director, comment="Change.", now=NOW)
        drafting.save_answers(
            application=application, by=applicant, answers={"project_measure": "Days."}, now=NOW
        )
        application = submit(application, now=NOW + timedelta(days=1))
        assert application.current_text != first
        assert waits_on(application) == supervisor.name
        assert [step.status for step in application.route()] == ["pending"] * 3
        assert [each.signer for each in application.current_text.sign_offs.all()] == [applicant]
        assert first.sign_offs.count() == 2  # still on record, over the old text

    def test_the_deputy_returns_too(self, applicant, deputy, cohort):
        application = workflow.return_for_changes(
            application=at_deputy(applicant, cohort), by=deputy, comment="Change.", now=NOW
        )
        assert application.status == Status.RETURNED


class TestDecline:
    def test_decline_ends_it_with_a_reason(self, applicant, supervisor, director, cohort):
        application = sign(submitted(applicant, cohort), supervisor)
        application = workflow.decline(
            application=application, by=director, reason="No time this year.", now=NOW
        )
        assert application.status == Status.DECLINED
        assert [step.status for step in application.route()] == ["signed", "declined", "superseded"]
        assert mails("declined") == [applicant.name]

    def test_decline_without_reason_is_refused(self, applicant, supervisor, cohort):
        with pytest.raises(settling.ReasonMissing):
            workflow.decline(application=submitted(applicant, cohort), by=supervisor, reason="", now=NOW)

    def test_the_deciding_office_does_not_decline(self, applicant, deputy, cohort):
        with pytest.raises(settling.DecisionNeeded):
            workflow.decline(application=at_deputy(applicant, cohort), by=deputy, reason="No.", now=NOW)

    def test_after_declining_nothing_can_be_done(self, applicant, supervisor, director, cohort):
        application = submitted(applicant, cohort)
        workflow.decline(application=application, by=supervisor, reason="No.", now=NOW)
        with pytest.raises(settling.NotWaitingOnYou):
            sign(application, supervisor)
        with pytest.raises(drafting.NotEditable):
            submit(application)
        with pytest.raises(workflow.CannotWithdraw):
            workflow.withdraw(application=application, by=applicant, now=NOW)


class TestWithdraw:
    @pytest.mark.parametrize("state", ["draft", "in_review", "returned", "waitlisted"])
    def test_withdraw_until_the_decision(self, applicant, supervisor, deputy, cohort, state):
        """F3."""
        application = {
            "draft": lambda: draft(applicant, cohort),
            "in_review": lambda: submitted(applicant, cohort),
            "returned": lambda: workflow.return_for_changes(
                application=submitted(applicant, cohort), by=supervisor, comment="Change.", now=NOW
            ),
            "waitlisted": lambda: decide(at_deputy(applicant, cohort), deputy, "waitlisted"),
        }[state]()
        assert application.status == state
        application = workflow.withdraw(application=application, by=applicant, now=NOW)
        assert (application.status, application.withdrawn_at) == (Status.WITHDRAWN, NOW)
        assert not ReviewStep.objects.filter(status="pending").exists()

    @pytest.mark.parametrize("outcome", ["accepted", "not_selected"])
    def test_withdraw_after_the_decision_is_refused(self, applicant, deputy, cohort, outcome):
        application = decide(at_deputy(applicant, cohort), deputy, outcome)
        with pytest.raises(workflow.CannotWithdraw):
            workflow.withdraw(application=application, by=applicant, now=NOW)

    def test_withdraw_by_another_is_refused(self, applicant, supervisor, cohort):
        with pytest.raises(drafting.NotYours):
            workflow.withdraw(application=submitted(applicant, cohort), by=supervisor, now=NOW)

    def test_withdraw_twice_is_once(self, applicant, cohort):
        application = workflow.withdraw(application=submitted(applicant, cohort), by=applicant, now=NOW)
        again = workflow.withdraw(application=application, by=applicant, now=NOW + timedelta(days=1))
        assert again.withdrawn_at == NOW
        assert AuditEvent.objects.filter(action="application.withdrawn").count() == 1

    def test_withdraw_tells_those_who_had_it(self, applicant, supervisor, branch_officer, cohort):
        workflow.withdraw(application=submitted(applicant, cohort), by=applicant, now=NOW)
        assert mails("withdrawn") == [applicant.name, branch_officer.name, supervisor.name]

    def test_withdrawing_a_draft_tells_nobody_else(self, applicant, branch_officer, cohort):
        workflow.withdraw(application=draft(applicant, cohort), by=applicant, now=NOW)
        assert mails("withdrawn") == [applicant.name]

    def test_sign_after_withdrawal_is_refused(self, applicant, supervisor, cohort):
        application = workflow.withdraw(application=submitted(applicant, cohort), by=applicant, now=NOW)
        with pytest.raises(settling.NotWaitingOnYou, match="withdrawn"):
            sign(application, supervisor)


def test_every_write_leaves_one_audit_event_and_one_for_what_is_signed(
    applicant, supervisor, director, deputy, cohort
):
    before = set(AuditEvent.objects.values_list("pk", flat=True))
    accepted(applicant, cohort)
    events = AuditEvent.objects.exclude(pk__in=before).order_by("pk")
    assert [(event.action, event.actor) for event in events] == [
        ("text.kept", applicant),
        ("signature.given", applicant),
        ("application.submitted", applicant),
        ("signature.given", supervisor),
        ("application.signed", supervisor),
        ("signature.given", director),
        ("application.signed", director),
        ("signature.given", deputy),
        ("application.signed", deputy),
        ("participant.enrolled", deputy),
        ("application.decided", deputy),
    ]
