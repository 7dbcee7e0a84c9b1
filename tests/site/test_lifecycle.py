"""What crosses the apps: confirming a team plans its meetings; leaving ends everything of the person: T4, M4, F3."""

from datetime import date, datetime

import pytest

from coaching import team_agreement, team_formation
from coaching.models import AuditEvent, Consent, Message, Team
from coaching.permissions import NotYourCohort
from coaching.site import lifecycle
from meetings import laying_out, scheduling, waivers
from meetings.models import Meeting
from tests import factories
from tests.clock import NOW
from tests.meetings.conftest import noon

pytestmark = pytest.mark.usefixtures("frozen")
MARCH, APRIL = (noon(date(2027, month, 10)) for month in (3, 4))


@pytest.fixture
def team(cohort, branch_officer) -> Team:
    """Everybody has agreed; the branch office has not."""
    people = [factories.participant(cohort) for _ in range(3)]
    draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
    draft.document = {"teams": [[each.pk for each in people]]}
    draft.save()
    [team] = team_formation.publish(proposal=draft, by=branch_officer, now=NOW)
    for consent in Consent.objects.select_related("participant__user"):
        team_agreement.answer(consent=consent, agree=True, by=consent.participant.user, now=NOW)
    return team


def test_confirmed_team_has_its_eight_meetings(team, branch_officer):
    """M4"""
    lifecycle.confirm_team(team=team, by=branch_officer, now=NOW)
    assert Meeting.objects.of_team(team).count() == 8
    assert Message.objects.filter(kind="team_confirmed").count() == 3


def in_march(team) -> datetime:
    """Everybody was asked in the second month."""
    team.changes.update(created_at=MARCH)
    return MARCH


def test_a_team_confirmed_when_the_program_runs_has_no_meeting_behind_it(team, branch_officer):
    """M4; and whoever missed a month has a plan for it, as whoever joins a team has."""
    now = in_march(team)
    members = [row.participant for row in team.memberships.select_related("participant__user")]
    for each in members:
        with pytest.raises(waivers.PlanMissing, match=r"missed February 2027\. Record first"):
            lifecycle.confirm_team(team=team, by=branch_officer, now=now)
        waivers.plan(participant=each, months=[1], reason="Reads it.", by=branch_officer, now=now)
    for _ in range(2):
        lifecycle.confirm_team(team=team, by=branch_officer, now=now)
    days = list(Meeting.objects.of_team(team).order_by("date").values_list("date", flat=True))
    assert (len(days), days[0]) == (7, date(2027, 3, 17))


def test_a_team_asked_after_the_second_month_is_refused_in_words(team, branch_officer, outsider):
    team.changes.update(created_at=APRIL)
    with pytest.raises(waivers.TooLateToJoin, match="second month of the"):
        lifecycle.confirm_team(team=team, by=branch_officer, now=APRIL)
    with pytest.raises(NotYourCohort):
        lifecycle.confirm_team(team=team, by=outsider, now=APRIL)
    team.refresh_from_db()
    assert team.status == Team.Status.AWAITING_AGREEMENT
    assert not Meeting.objects.exists()


def test_confirming_again_brings_no_meeting_back(team, branch_officer):
    lifecycle.confirm_team(team=team, by=branch_officer, now=NOW)
    first = Meeting.objects.of_team(team).order_by("date").first()
    Meeting.objects.filter(pk=first.pk).update(status=Meeting.Status.CANCELLED)
    lifecycle.confirm_team(team=team, by=branch_officer, now=NOW)
    assert Meeting.objects.of_team(team).count() == 8
    assert AuditEvent.objects.filter(action="team.confirmed").count() == 1


def test_team_without_all_answers_gets_no_meetings(team, branch_officer):
    """T4"""
    Consent.objects.filter(pk=Consent.objects.first().pk).update(answer="pending", answered_at=None)
    with pytest.raises(team_agreement.NotAgreed):
        lifecycle.confirm_team(team=team, by=branch_officer, now=NOW)
    assert not Meeting.objects.exists()


def test_team_does_not_stand_without_its_meetings(team, branch_officer, monkeypatch):
    """Both or neither."""

    def refuse(**values):
        raise scheduling.CannotPlan("No dates.")

    monkeypatch.setattr(laying_out, "lay_out_meetings", refuse)
    with pytest.raises(scheduling.CannotPlan):
        lifecycle.confirm_team(team=team, by=branch_officer, now=NOW)
    team.refresh_from_db()
    assert team.status == Team.Status.AWAITING_AGREEMENT
    assert not Message.objects.filter(kind="team_confirmed").exists()


def test_whoever_leaves_sees_no_meeting_of_the_team_any_more(team, branch_officer):
    """F3, M16"""
    lifecycle.confirm_team(team=team, by=branch_officer, now=NOW)
    first, second, _ = (
        consent.participant for consent in Consent.objects.select_related("participant__user")
    )
    lifecycle.leave(participant=first, reason="", by=first.user, now=NOW)
    assert not Meeting.objects.visible_to(first.user).exists()
    assert Meeting.objects.visible_to(second.user).count() == 8
