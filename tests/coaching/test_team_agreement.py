"""From a published team to one that stands: T1, T4, T8, T10."""

import pytest

from coaching import enrollment, outbox, team_agreement, team_formation
from coaching.models import AuditEvent, AuditPayload, Consent, Message, RoleAssignment, Team, TeamChange
from coaching.permissions import NotYourCohort, officers_of
from coaching.site import lifecycle
from coaching.team_problem import BrokenRules
from tests import factories
from tests.clock import NOW, TODAY

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture
def team(cohort, org, branch_officer) -> Team:
    for number in range(3):
        user = factories.person(
            f"P{number} Person", unit=org.unit, classification=factories.classification(f"C{number}")
        )
        factories.participant(cohort, user)
    proposal = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
    proposal.document = {"teams": [[each.pk for each in cohort.participants.all()]]}
    proposal.save()
    return team_formation.publish(proposal=proposal, by=branch_officer, now=NOW, reasons={1: "One site."})[0]


def consents(team) -> list[Consent]:
    return list(Consent.objects.filter(change__team=team).select_related("participant__user"))


def answer(consent, agree=True, **values):
    return team_agreement.answer(
        consent=consent, agree=agree, **{"by": consent.participant.user, "now": NOW, **values}
    )


def all_agree(team):
    for consent in consents(team):
        answer(consent)


def mails(kind):
    return Message.objects.filter(kind=kind)


# Answers


def test_member_agrees_once(team):
    first = consents(team)[0]
    answer(first)
    answer(first)
    first.refresh_from_db()
    assert (first.answer, first.reason, first.answered_at) == ("agreed", "", NOW)
    assert AuditEvent.objects.filter(action="consent.agreed").count() == 1


def test_reason_of_a_decline_is_kept_and_the_office_is_told(team, branch_officer):
    """T4: the reason stays out of the audit trail and of the mail."""
    first = consents(team)[0]
    answer(first, agree=False, reason=" We share an office. ")
    first.refresh_from_db()
    assert (first.answer, first.reason) == ("declined", "We share an office.")
    message = mails("team_declined").get()
    assert message.recipient == branch_officer
    assert "share an office" not in outbox._builders["team_declined"](branch_officer, **message.ids).body
    assert not any("share" in str(payload.data) for payload in AuditPayload.objects.all())


def test_declined_answer_can_be_changed_while_open(team):
    first = consents(team)[0]
    answer(first, agree=False, reason="Not sure")
    answer(first)
    first.refresh_from_db()
    assert (first.answer, first.reason) == ("agreed", "")


def test_mail_about_a_decline_that_was_taken_back_is_not_sent(team, branch_officer):
    first = consents(team)[0]
    answer(first, agree=False)
    answer(first)
    assert outbox._builders["team_declined"](branch_officer, consent=first.pk) is None


def test_nobody_answers_for_another(team, branch_officer):
    first, second, _ = consents(team)
    for somebody in (second.participant.user, branch_officer):
        with pytest.raises(team_agreement.NotYourAnswer):
            answer(first, by=somebody)
    first.refresh_from_db()
    assert first.answer == "pending"


def test_office_hears_when_everybody_agreed(team, branch_officer):
    all_agree(team)
    assert [message.recipient for message in mails("team_agreed")] == [branch_officer]


@pytest.mark.parametrize("end", ["confirmed", "dissolved"])
def test_settled_question_takes_no_answer(team, branch_officer, end):
    all_agree(team)
    if end == "confirmed":
        team_agreement.confirm(team=team, by=branch_officer, now=NOW)
    else:
        team_agreement.dissolve(team=team, by=branch_officer, reason="", now=NOW)
    with pytest.raises(team_agreement.AlreadySettled):
        answer(consents(team)[0], agree=False)
    assert consents(team)[0].answer == "agreed"


# Confirming


def test_agreed_team_is_confirmed_once(team, branch_officer):
    all_agree(team)
    for _ in range(2):
        team_agreement.confirm(team=team, by=branch_officer, now=NOW)
    team.refresh_from_db()
    assert (team.status, team.confirmed_at, team.confirmed_by) == ("confirmed", NOW, branch_officer)
    assert team.changes.get().status == TeamChange.Status.CONFIRMED
    assert AuditEvent.objects.filter(action="team.confirmed").count() == 1
    assert mails("team_confirmed").count() == 3


@pytest.mark.parametrize("last", [None, False])
def test_team_is_not_confirmed_before_all_agreed(team, branch_officer, last):
    """T4"""
    for consent in consents(team)[:2]:
        answer(consent)
    if last is False:
        answer(consents(team)[2], agree=False)
    with pytest.raises(team_agreement.NotAgreed, match="not agreed yet: P2 Person"):
        team_agreement.confirm(team=team, by=branch_officer, now=NOW)
    team.refresh_from_db()
    assert team.status == "awaiting_agreement"


def test_only_an_officer_of_the_cohort_confirms(team, outsider, deputy, org):
    """T4, F5"""
    all_agree(team)
    foreign = factories.officer(factories.unit("branch", parent=org.department))
    for somebody in (outsider, deputy, foreign, consents(team)[0].participant.user):
        with pytest.raises(NotYourCohort):
            team_agreement.confirm(team=team, by=somebody, now=NOW)


def test_officer_who_takes_part_does_not_confirm(team, cohort, branch_officer):
    """T10"""
    all_agree(team)
    factories.participant(cohort, branch_officer)
    with pytest.raises(NotYourCohort):
        team_agreement.confirm(team=team, by=branch_officer, now=NOW)


def test_member_who_became_the_supervisor_of_another_stops_the_confirmation(team, branch_officer):
    """T8"""
    all_agree(team)
    first, second, _ = (consent.participant.user for consent in consents(team))
    first.supervisor = second
    first.save()
    with pytest.raises(BrokenRules, match="P1 Person is P0 Person’s supervisor"):
        team_agreement.confirm(team=team, by=branch_officer, now=NOW)


def test_dissolved_team_is_not_confirmed(team, branch_officer):
    team_agreement.dissolve(team=team, by=branch_officer, reason="", now=NOW)
    with pytest.raises(team_agreement.TeamEnded):
        team_agreement.confirm(team=team, by=branch_officer, now=NOW)


# Dissolving


def test_dissolved_team_gives_its_people_back(team, cohort, branch_officer):
    for _ in range(2):
        team_agreement.dissolve(team=team, by=branch_officer, reason="One declined", now=NOW)
    team.refresh_from_db()
    assert (team.status, team.changes.get().status) == ("ended", "cancelled")
    assert cohort.participants.active().without_team().count() == 3
    assert mails("team_dissolved").count() == 3
    event = AuditEvent.objects.get(action="team.dissolved")
    assert event.payload.data == {"reason": "One declined"}


def test_confirmed_team_is_not_dissolved(team, branch_officer):
    all_agree(team)
    team_agreement.confirm(team=team, by=branch_officer, now=NOW)
    with pytest.raises(team_agreement.TeamStands):
        team_agreement.dissolve(team=team, by=branch_officer, reason="", now=NOW)
    assert team.memberships.filter(ended_at=None).count() == 3


def test_stranger_does_not_dissolve(team, outsider):
    with pytest.raises(NotYourCohort):
        team_agreement.dissolve(team=team, by=outsider, reason="", now=NOW)


# Leaving


def test_leaving_ends_a_team_that_is_being_agreed_to(team, cohort):
    """F3, T4: the others are no longer asked about the team they were shown."""
    first, second, third = (consent.participant for consent in consents(team))
    lifecycle.leave(participant=first, by=first.user, reason="", now=NOW)
    team.refresh_from_db()
    assert (team.status, team.changes.get().status) == ("ended", "cancelled")
    told = mails("team_dissolved").values_list("recipient", flat=True)
    assert sorted(told) == sorted([second.user_id, third.user_id])
    assert list(cohort.participants.active().without_team()) == [second, third]


def test_office_is_warned_when_a_departure_leaves_two(team, branch_officer):
    """T1"""
    all_agree(team)
    team_agreement.confirm(team=team, by=branch_officer, now=NOW)
    first, *others = (consent.participant for consent in consents(team))
    lifecycle.leave(participant=first, by=first.user, reason="", now=NOW)
    team.refresh_from_db()
    assert team.status == "confirmed"
    warning = mails("participant_left").get()  # the only one: it says both
    assert warning.recipient == branch_officer
    body = outbox._builders["participant_left"](branch_officer, **warning.ids).body
    assert "Team 1 has 2 members now. That is fewer than a team is formed with" in body
    told = mails("teammate_left").values_list("recipient", flat=True)
    assert sorted(told) == sorted(each.user_id for each in others)


def test_departure_from_four_warns_nobody(cohort, branch_officer):
    """T1"""
    people = [factories.participant(cohort) for _ in range(4)]
    factories.confirmed_team(cohort, people, by=branch_officer)
    enrollment.leave(participant=people[0], by=people[0].user, reason="", now=NOW)
    body = outbox._builders["participant_left"](branch_officer, **mails("participant_left").get().ids).body
    assert "It goes on as it is" in body
    assert mails("teammate_left").count() == 3


# Mail


def test_every_team_mail_is_built(team, cohort, branch_officer, settings):
    first, second, third = consents(team)
    proposed = outbox._builders["team_proposed"](first.participant.user, consent=first.pk)
    assert proposed.subject == "Your team in the Peer Coaching Program: do you agree?"
    assert "- P1 Person, Nutrition Division" in proposed.body
    assert "P0 Person" not in proposed.body
    assert f"{settings.SITE_URL}/teams/mine/" in proposed.body
    all_agree(team)
    assert outbox._builders["team_proposed"](first.participant.user, consent=first.pk) is None
    agreed = outbox._builders["team_agreed"](branch_officer, change=first.change_id)
    assert agreed.subject == f"Team 1 of the {cohort}: everybody agreed"
    team_agreement.confirm(team=team, by=branch_officer, now=NOW)
    assert outbox._builders["team_agreed"](branch_officer, change=first.change_id) is None
    confirmed = outbox._builders["team_confirmed"](first.participant.user, team=team.pk)
    assert second.participant.user.email in confirmed.body
    assert first.participant.user.email not in confirmed.body
    assert outbox._builders["team_confirmed"](branch_officer, team=team.pk) is None
    lifecycle.leave(participant=third.participant, by=third.participant.user, reason="", now=NOW)
    ids = {"team": team.pk, "participant": third.participant_id}
    assert outbox._builders["teammate_left"](first.participant.user, **ids).subject == "P2 Person left Team 1"
    ids = {"participant": third.participant_id}
    assert (
        "Monday, November 23, 2026"
        in outbox._builders["participation_ended"](third.participant.user, **ids).body
    )
    assert outbox._builders["participant_left"](branch_officer, **ids).subject.startswith(
        "P2 Person left the"
    )


def test_former_officer_hears_nothing(team, branch_officer, cohort):
    first = consents(team)[0]
    answer(first, agree=False)
    RoleAssignment.objects.update(end_date=TODAY.replace(day=1))
    assert officers_of(cohort, on=TODAY) == []
    assert outbox._builders["team_declined"](branch_officer, consent=first.pk) is None
