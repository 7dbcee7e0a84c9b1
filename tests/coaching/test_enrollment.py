"""Becoming a participant, leaving (F3), completing."""

import pytest

from coaching import enrollment
from coaching.enrollment import CannotLeave, NoSeatLeft, Snapshot
from coaching.models import AuditEvent, CompetencyRating, Message, Participant, TeamProposal
from coaching.permissions import NotYourCohort
from tests import factories
from tests.clock import NOW
from tests.constraints import refused_by

Status = Participant.Status
pytestmark = pytest.mark.usefixtures("frozen")


def test_enrolled_participant_keeps_what_the_application_said(cohort, applicant, supervisor):
    participant = factories.participant(cohort, applicant, signers=(supervisor,))
    assert participant.status == Status.ACTIVE
    assert (participant.division, participant.classification) == (
        applicant.division,
        applicant.classification,
    )
    assert [(row.competency.position, row.rating) for row in participant.ratings.order_by("competency")] == [
        (1, "grow"),
        (2, "glow"),
    ]
    assert participant.goal.title == "Faster permits"
    assert [each.position for each in participant.goal.competencies.all()] == [1]
    assert list(participant.signers.all()) == [supervisor]


def test_later_changes_of_the_person_do_not_change_the_participant(cohort, applicant, org):
    participant = factories.participant(cohort, applicant)
    applicant.unit = org.other_unit
    applicant.save()
    participant.refresh_from_db()
    assert participant.division == org.division


def test_participant_may_lack_division_classification_and_project(cohort):
    user = factories.person()
    participant = enrollment.enroll(user=user, cohort=cohort, snapshot=Snapshot(), by=None, now=NOW)
    assert (participant.division, participant.classification) == (None, None)
    assert not hasattr(participant, "goal")


def test_enrolling_twice_gives_the_same_participant(cohort, applicant):
    first = factories.participant(cohort, applicant)
    assert factories.participant(cohort, applicant) == first
    assert AuditEvent.objects.filter(action="participant.enrolled").count() == 1
    assert CompetencyRating.objects.count() == 2


def test_last_seat_is_the_last(program, branch, applicant):
    cohort = factories.cohort(program, branch, seats=3)
    for _ in range(3):
        factories.participant(cohort)
    with pytest.raises(NoSeatLeft, match="All 3 seats"):
        factories.participant(cohort, applicant)
    assert cohort.participants.count() == 3


def test_whoever_left_gives_the_seat_back_and_can_return(program, branch, applicant):
    cohort = factories.cohort(program, branch, seats=3)
    first, *_ = [factories.participant(cohort) for _ in range(3)]
    enrollment.leave(participant=first, by=first.user, reason="", now=NOW)
    factories.participant(cohort, applicant)
    with pytest.raises(NoSeatLeft):
        factories.participant(cohort, first.user)
    cohort.participants.filter(user=applicant).update(status=Status.LEFT, left_at=NOW)
    again = factories.participant(cohort, first.user)
    assert again != first
    assert again.status == Status.ACTIVE


def test_participant_leaves_at_any_time_once(cohort, applicant, branch_officer):
    """F3"""
    participant = factories.participant(cohort, applicant)
    for _ in range(2):
        enrollment.leave(participant=participant, by=applicant, reason="A new post", now=NOW)
    participant.refresh_from_db()
    assert (participant.status, participant.left_at, participant.left_reason) == (
        Status.LEFT,
        NOW,
        "A new post",
    )
    assert AuditEvent.objects.filter(action="participant.left").count() == 1
    told = {(message.kind, message.recipient) for message in Message.objects.all()}
    assert told == {("participation_ended", applicant), ("participant_left", branch_officer)}


def test_branch_office_may_record_a_departure(cohort, applicant, branch_officer):
    participant = factories.participant(cohort, applicant)
    enrollment.leave(participant=participant, by=branch_officer, reason="", now=NOW)
    assert AuditEvent.objects.get(action="participant.left").actor == branch_officer


def test_nobody_else_ends_a_participation(cohort, applicant, supervisor, director, deputy, outsider):
    participant = factories.participant(cohort, applicant)
    for somebody in (supervisor, director, deputy, outsider):
        with pytest.raises(NotYourCohort):
            enrollment.leave(participant=participant, by=somebody, reason="", now=NOW)
    participant.refresh_from_db()
    assert participant.status == Status.ACTIVE


def test_leaving_ends_the_membership(cohort, branch_officer):
    people = [factories.participant(cohort) for _ in range(3)]
    team = factories.confirmed_team(cohort, people, by=branch_officer)
    enrollment.leave(participant=people[0], by=people[0].user, reason="", now=NOW)
    assert {row.participant for row in team.memberships.filter(ended_at=None)} == set(people[1:])
    assert team.memberships.get(participant=people[0]).ended_at == NOW


def test_leaving_takes_the_person_out_of_the_draft(cohort, branch_officer):
    people = [factories.participant(cohort) for _ in range(3)]
    draft = TeamProposal.objects.create(cohort=cohort, document={"teams": [[people[0].pk], [people[1].pk]]})
    enrollment.leave(participant=people[0], by=people[0].user, reason="", now=NOW)
    draft.refresh_from_db()
    assert (draft.document, draft.version) == ({"teams": [[people[1].pk]]}, 2)
    enrollment.leave(participant=people[2], by=people[2].user, reason="", now=NOW)
    draft.refresh_from_db()
    assert draft.version == 2


def test_leaving_keeps_who_else_is_pinned(cohort):
    people = [factories.participant(cohort) for _ in range(3)]
    ids = [each.pk for each in people]
    draft = TeamProposal.objects.create(cohort=cohort, document={"teams": [ids], "pinned": ids})
    enrollment.leave(participant=people[0], by=people[0].user, reason="", now=NOW)
    draft.refresh_from_db()
    assert draft.document == {"teams": [ids[1:]], "pinned": ids[1:]}


def test_completion_is_marked_once_and_final(cohort, applicant):
    participant = factories.participant(cohort, applicant)
    for _ in range(2):
        enrollment.complete(participant=participant, by=None, now=NOW)
    participant.refresh_from_db()
    assert (participant.status, participant.completed_at) == (Status.COMPLETED, NOW)
    assert AuditEvent.objects.filter(action="participant.completed").count() == 1
    with pytest.raises(CannotLeave):
        enrollment.leave(participant=participant, by=applicant, reason="", now=NOW)


def test_whoever_left_does_not_complete(cohort, applicant):
    participant = factories.participant(cohort, applicant)
    enrollment.leave(participant=participant, by=applicant, reason="", now=NOW)
    enrollment.complete(participant=participant, by=None, now=NOW)
    participant.refresh_from_db()
    assert participant.status == Status.LEFT


def test_database_holds_one_seat_a_person(cohort, applicant):
    factories.participant(cohort, applicant)
    assert (
        refused_by(Participant.objects.create, user=applicant, cohort=cohort) == "participant_once_per_cohort"
    )
