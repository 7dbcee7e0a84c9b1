"""The deciding office's part: A10, A11."""

import pytest

from applications import deciding, settling
from applications.models import Application, Decision
from coaching import enrollment
from coaching.models import Message, Participant
from tests import factories
from tests.applications.factories import CRITERIA, accepted, at_deputy, competencies, decide, sign, submitted

Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def mails(kind: str) -> list[str]:
    return [
        message.recipient.name
        for message in Message.objects.filter(kind=f"application_{kind}").order_by("pk")
    ]


def test_accept_enrolls_with_everything_teams_need(applicant, supervisor, director, deputy, cohort):
    """A10, A11; the one intended copy."""
    application = accepted(applicant, cohort)
    assert application.status == Status.ACCEPTED
    participant = Participant.objects.get(user=applicant, cohort=cohort)
    six = competencies(cohort)
    assert set(participant.signers.all()) == {supervisor, director, deputy}
    assert participant.role_aimed_for == "Section manager"
    assert participant.division == applicant.division
    assert {(row.competency, row.rating) for row in participant.ratings.all()} == {
        (six[0], "grow"),
        (six[1], "grow"),
        (six[2], "glow"),
    }
    assert participant.goal.title == "One form for school meals"
    assert set(participant.goal.competencies.all()) == set(six[:2])
    assert mails("outcome") == [applicant.name]


def test_decision_is_signed_and_names_the_outcome(applicant, deputy, cohort):
    application = accepted(applicant, cohort)
    decision = application.decisions.get()
    assert decision.sign_off.signer == deputy
    assert decision.sign_off.capacity == "Branch Deputy, Services Branch"
    assert decision.sign_off.statement.endswith("Decision: Accepted.")
    assert decision.interest_in_leadership == CRITERIA.interest_in_leadership
    assert application.route().last().sign_off == decision.sign_off


@pytest.mark.parametrize("criterion", ["interest_in_program", "interest_in_leadership", "division_project"])
def test_decide_without_a_criterion_is_refused(applicant, deputy, cohort, criterion):
    """A10."""
    values = {**vars(CRITERIA), criterion: " "}
    with pytest.raises(settling.ReasonMissing, match="three criteria"):
        decide(at_deputy(applicant, cohort), deputy, criteria=deciding.Criteria(**values))


@pytest.mark.parametrize("outcome", ["waitlisted", "not_selected"])
def test_decide_against_without_reason_is_refused(applicant, deputy, cohort, outcome):
    with pytest.raises(settling.ReasonMissing):
        decide(at_deputy(applicant, cohort), deputy, outcome, reason="")


def test_not_selected_enrolls_nobody(applicant, deputy, cohort):
    application = decide(at_deputy(applicant, cohort), deputy, "not_selected")
    assert application.status == Status.NOT_SELECTED
    assert not Participant.objects.exists()
    assert mails("outcome") == [applicant.name]


def test_waitlisted_is_accepted_later(applicant, deputy, cohort):
    application = decide(at_deputy(applicant, cohort), deputy, "waitlisted")
    assert application.status == Status.WAITLISTED
    application = decide(application, deputy)
    assert application.status == Status.ACCEPTED
    assert [row.outcome for row in application.decisions.all()] == ["waitlisted", "accepted"]
    first, second = application.decisions.all()
    assert first.sign_off != second.sign_off
    assert mails("outcome") == [applicant.name] * 2


def test_waitlisted_is_not_selected_later(applicant, deputy, cohort):
    application = decide(at_deputy(applicant, cohort), deputy, "waitlisted")
    assert decide(application, deputy, "not_selected").status == Status.NOT_SELECTED


def test_waitlisting_twice_is_refused(applicant, deputy, cohort):
    application = decide(at_deputy(applicant, cohort), deputy, "waitlisted")
    with pytest.raises(settling.DecisionNeeded, match="already"):
        decide(application, deputy, "waitlisted")


def test_deciding_twice_is_refused(applicant, deputy, cohort):
    application = accepted(applicant, cohort)
    with pytest.raises(settling.NotWaitingOnYou, match="accepted"):
        decide(application, deputy, "not_selected")
    assert Decision.objects.count() == 1


def test_decide_by_the_director_is_refused(applicant, supervisor, director, cohort):
    application = sign(submitted(applicant, cohort), supervisor)
    with pytest.raises(settling.DecisionNeeded, match="for your signature as Division Director"):
        decide(application, director)


def test_decide_before_the_director_has_signed_is_refused(applicant, deputy, cohort):
    with pytest.raises(settling.NotWaitingOnYou):
        decide(submitted(applicant, cohort), deputy)


def test_decide_on_the_waitlist_by_outsider_is_refused(applicant, deputy, director, cohort):
    application = decide(at_deputy(applicant, cohort), deputy, "waitlisted")
    with pytest.raises(settling.NotWaitingOnYou):
        decide(application, director)


def test_accept_without_a_seat_is_refused_and_undone(org, applicant, deputy, cohort):
    for _ in range(cohort.seats):
        factories.participant(cohort)
    application = at_deputy(applicant, cohort)
    with pytest.raises(enrollment.NoSeatLeft):
        decide(application, deputy)
    application.refresh_from_db()
    assert application.status == Status.IN_REVIEW
    assert not Decision.objects.exists()
    assert application.current_step().signer == deputy
