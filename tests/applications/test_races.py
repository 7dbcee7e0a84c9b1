"""People at the same moment, on PostgreSQL: one outcome, one row, and the others are told (A9)."""

from collections import Counter
from datetime import timedelta

import pytest

from applications import answers, drafting, paper, reassigning, reminders, settling, sharing, workflow
from applications.checks import Step
from applications.models import Application, ReviewStep
from coaching import enrollment
from coaching.models import Delegation, Message, Participant, SignOff
from tests import factories
from tests.applications.factories import (
    A_SCAN,
    ANSWERS,
    at_deputy,
    competencies,
    decide,
    draft,
    sign,
    submit,
    submitted,
)
from tests.clock import NOW, TODAY
from tests.coaching.test_races import at_once

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def kinds(results) -> Counter:
    return Counter(type(result) for result in results)


def test_starting_at_once_makes_one_application(applicant, cohort):
    results = at_once(*(lambda: drafting.start(cohort=cohort, by=applicant, now=NOW) for _ in range(6)))
    assert len({result.pk for result in results}) == 1
    assert Application.objects.count() == 1


def test_saving_from_two_tabs_at_once_saves_one_and_tells_the_others(applicant, cohort):
    application = drafting.start(cohort=cohort, by=applicant, now=NOW)
    seen = answers.digest(application, Step.WHY)

    def save(text: str):
        return drafting.save_answers(
            application=application, by=applicant, answers={"why": text}, now=NOW, seen=seen
        )

    results = at_once(*(lambda text=f"Tab {number}": save(text) for number in range(6)))
    assert kinds(results) == {Application: 1, drafting.SavedElsewhere: 5}
    (saved,) = [result for result in results if isinstance(result, Application)]
    application.refresh_from_db()
    assert application.why == saved.why


def test_the_same_step_sent_at_once_is_saved_without_a_conflict(applicant, cohort):
    application = drafting.start(cohort=cohort, by=applicant, now=NOW)
    first = competencies(cohort)[0]
    seen = answers.digest(application, Step.COMPETENCIES)

    def save():
        return drafting.save_ratings(
            application=application, by=applicant, ratings={first: ("grow", "Once.")}, now=NOW, seen=seen
        )

    assert kinds(at_once(*(save for _ in range(6)))) == {Application: 6}
    assert [row.sentence for row in application.ratings.all()] == ["Once."]


def test_sharing_at_once_shares_once(applicant, supervisor, cohort):
    application = draft(applicant, cohort)
    results = at_once(
        *(
            lambda: sharing.share(application=application, by=applicant, person=supervisor, now=NOW)
            for _ in range(4)
        )
    )
    assert len({result.pk for result in results}) == 1
    assert Message.objects.filter(kind="draft_shared").count() == 1


def test_submitting_at_once_submits_once(applicant, cohort):
    application = draft(applicant, cohort)
    results = at_once(*(lambda: submit(application) for _ in range(4)))
    assert kinds(results) == {Application: 1, drafting.NotEditable: 3}
    assert application.review_steps.count() == 3
    assert SignOff.objects.count() == 1


def test_signer_and_delegate_at_once_sign_once(applicant, supervisor, outsider, cohort):
    Delegation.objects.create(
        kind="delegate",
        principal=supervisor,
        person=outsider,
        reason="Leave.",
        start_date=TODAY,
        end_date=TODAY,
    )
    application = submitted(applicant, cohort)
    results = at_once(lambda: sign(application, supervisor), lambda: sign(application, outsider))
    assert kinds(results) == {Application: 1, settling.NotWaitingOnYou: 1}
    assert application.current_text.sign_offs.count() == 2
    assert Message.objects.filter(kind="application_signed").count() == 1


def test_a_step_is_given_away_once(applicant, outsider, branch_officer, cohort):
    step = submitted(applicant, cohort).current_step()
    other = factories.person("Nora Next")

    def give(to):
        return reassigning.reassign(step=step, to=to, reason="Leave.", by=branch_officer, now=NOW)

    results = at_once(lambda: give(outsider), lambda: give(other))
    assert kinds(results) == {ReviewStep: 1, reassigning.NotReassigned: 1}
    assert ReviewStep.objects.filter(replaces=step).count() == 1


@pytest.mark.parametrize("round_", range(3))
def test_signing_while_the_step_is_given_away_has_one_outcome(
    applicant, supervisor, outsider, branch_officer, cohort, round_
):
    application = submitted(applicant, cohort)
    step = application.current_step()
    results = at_once(
        lambda: sign(application, supervisor),
        lambda: reassigning.reassign(step=step, to=outsider, reason="Leave.", by=branch_officer, now=NOW),
    )
    signed, given = kinds(results)[Application], kinds(results)[ReviewStep]
    assert (signed, given) in ((1, 0), (0, 1))
    assert SignOff.objects.filter(signer=supervisor).count() == signed
    assert ReviewStep.objects.filter(replaces=step).count() == given


@pytest.mark.parametrize("round_", range(5))
def test_signing_returning_and_withdrawing_at_once_have_one_order(applicant, supervisor, cohort, round_):
    application = submitted(applicant, cohort)
    results = at_once(
        lambda: sign(application, supervisor),
        lambda: workflow.return_for_changes(
            application=application, by=supervisor, comment="Change.", now=NOW
        ),
        lambda: workflow.withdraw(application=application, by=applicant, now=NOW),
    )
    # One signs or returns or comes too late for both; a withdrawal is possible before and after either.
    assert kinds(results)[settling.NotWaitingOnYou] in (1, 2)
    application.refresh_from_db()
    assert application.status == Application.Status.WITHDRAWN
    assert not application.review_steps.filter(status="pending").exists()


def test_the_last_seat_is_given_once(org, applicant, supervisor, deputy, cohort):
    other = factories.person("Other Person", unit=org.unit, supervisor=supervisor)
    for _ in range(cohort.seats - 1):
        factories.participant(cohort)
    waiting = [at_deputy(person, cohort) for person in (applicant, other)]
    results = at_once(*(lambda each=each: decide(each, deputy) for each in waiting))
    assert kinds(results) == {Application: 1, enrollment.NoSeatLeft: 1}
    assert Participant.objects.filter(cohort=cohort).count() == cohort.seats


def test_two_workers_remind_of_a_step_and_tell_the_office_once(applicant, cohort):
    submitted(applicant, cohort)
    late = NOW + timedelta(days=10)
    results = at_once(*(lambda: reminders.do_due(now=late) for _ in range(4)))
    assert sum(result["signers_reminded"] for result in results) == 1
    assert sum(result["offices_told_of_overdue"] for result in results) == 1
    told = Counter(Message.objects.values_list("kind", flat=True))
    assert (told["application_reminder"], told["applications_overdue"]) == (1, 1)


def test_two_workers_remind_of_a_draft_once(applicant, cohort):
    cohort.applications_close_date = TODAY + timedelta(days=7)
    cohort.save()
    draft(applicant, cohort)
    soon = NOW + timedelta(days=6)
    results = at_once(*(lambda: reminders.do_due(now=soon) for _ in range(4)))
    assert sum(result["applicants_reminded"] for result in results) == 1
    assert Message.objects.filter(kind="application_draft_reminder").count() == 1


def test_a_paper_is_entered_once(applicant, supervisor, branch_officer, cohort):
    """A15: two colleagues of the branch office have the same pile before them."""
    colleague = factories.officer(cohort.branch, "Carla Colleague")
    six = competencies(cohort)

    def enter(by):
        return paper.enter(
            cohort=cohort,
            applicant=applicant,
            answers={**ANSWERS, "project_competencies": six[:2]},
            ratings=dict.fromkeys(six, ("grow", "")),
            received_date=TODAY,
            signed_date=TODAY,
            signatures=[],
            attested=paper.Attested(A_SCAN, by.name),
            by=by,
            now=NOW,
        )

    def record(by):
        return paper.record_signature(
            application=Application.objects.get(),
            signature=paper.PaperSignature(supervisor, TODAY),
            attested=paper.Attested(A_SCAN, by.name),
            by=by,
            now=NOW,
        )

    entered = at_once(lambda: enter(branch_officer), lambda: enter(colleague))
    assert kinds(entered) == {Application: 1, paper.AlreadyApplied: 1}
    recorded = at_once(lambda: record(branch_officer), lambda: record(colleague))
    assert kinds(recorded) == {Application: 1, settling.NotWaitingOnYou: 1}
    assert SignOff.objects.filter(on_paper=True).count() == 2
