"""What participants say before teams are formed, and what the proposal makes of it (T3)."""

from datetime import time, timedelta

import pytest
from django.core import mail

from coaching import outbox, team_wishes
from coaching.enrollment import leave
from coaching.meeting_times import times_of
from coaching.models import AuditEvent, AuditPayload, TeamWishes
from coaching.permissions import NotYourCohort
from coaching.team_problem import available, explain_members, study
from tests import factories
from tests.clock import NOW
from tests.constraints import refused_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def participant(cohort, applicant):
    return factories.participant(cohort, applicant)


def say(participant, **values):
    whole = {
        "times": ["2-0900", "0-1300"],
        "track": "none",
        "rather_not": [],
        "by": participant.user,
        "now": NOW,
    }
    return team_wishes.save(participant=participant, **{**whole, **values})


def test_the_week_has_twenty_times_and_the_cohorts_own(cohort):
    assert [str(each) for each in times_of(cohort)[:5]] == [
        "Monday, 9:00 a.m.",
        "Monday, 11:00 a.m.",
        "Monday, 1:00 p.m.",
        "Monday, 3:00 p.m.",
        "Tuesday, 9:00 a.m.",
    ]
    assert len(times_of(cohort)) == 20
    cohort.meeting_start_time = time(10, 30)
    assert "Wednesday, 10:30 a.m." in [str(each) for each in times_of(cohort)]
    assert len(times_of(cohort)) == 25


def test_what_was_said_is_kept_in_the_order_of_the_week(participant, outsider):
    wishes = say(participant, times=["2-0900", "0-1300", "6-0300"], track="same", rather_not=[outsider])
    assert (wishes.times, wishes.track, list(wishes.rather_not.all())) == (
        ["0-1300", "2-0900"],
        "same",
        [outsider],
    )


def test_a_later_answer_takes_the_place_of_the_earlier_one(participant, outsider):
    say(participant, rather_not=[outsider])
    say(participant, times=["4-1500"], now=NOW + timedelta(days=1))
    wishes = TeamWishes.objects.get()
    assert (wishes.times, list(wishes.rather_not.all())) == (["4-1500"], [])
    assert wishes.answered_at == NOW + timedelta(days=1)


def test_the_trail_says_that_and_not_what(participant, outsider):
    say(participant, rather_not=[outsider])
    event = AuditEvent.objects.get(action="team_wishes.saved")
    assert not AuditPayload.objects.filter(event=event).exists()


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"times": []}, team_wishes.NoTime),
        ({"times": ["9-9999"]}, team_wishes.NoTime),
    ],
)
def test_a_time_is_needed(participant, values, refusal):
    with pytest.raises(refusal, match="Choose at least one time"):
        say(participant, **values)
    assert not TeamWishes.objects.exists()


def test_only_the_participant_says_it(participant, branch_officer):
    with pytest.raises(team_wishes.NotYours):
        say(participant, by=branch_officer)


def test_at_most_three_names_and_never_ones_own(participant):
    others = [factories.person() for _ in range(4)]
    with pytest.raises(team_wishes.TooManyNames, match="at most 3"):
        say(participant, rather_not=others)
    wishes = say(participant, rather_not=[*others[:3], participant.user])
    assert set(wishes.rather_not.all()) == set(others[:3])


def test_once_the_team_stands_it_is_too_late(participant, cohort, branch_officer):
    mates = [factories.participant(cohort) for _ in range(2)]
    factories.confirmed_team(cohort, [participant, *mates], by=branch_officer)
    with pytest.raises(team_wishes.TooLate):
        say(participant)


def test_whoever_left_says_nothing(participant):
    leave(participant=participant, by=participant.user, reason="", now=NOW)
    with pytest.raises(team_wishes.TooLate):
        say(participant)


def test_no_row_without_a_time(participant):
    refused = refused_by(TeamWishes.objects.create, participant=participant, times=[], answered_at=NOW)
    assert refused == "wishes_name_a_time"


class TestProposal:
    def test_times_are_the_slots_and_silence_means_always(self, participant, cohort):
        other = factories.participant(cohort)
        say(participant)
        people = {each.id: each.slots for each in study(cohort, available(cohort)).problem.people}
        assert people == {participant.pk: ("0-1300", "2-0900"), other.pk: None}

    def test_a_time_for_all_is_judged_once_somebody_has_answered(self, participant, cohort):
        others = [factories.participant(cohort) for _ in range(2)]
        team = [participant, *others]
        assert {"meet", "slots"}.isdisjoint(each.label for each in explain_members(cohort, team))
        say(participant)
        say(others[0], times=["4-1500"])
        for each in team:
            each.refresh_from_db()
        meet = next(each for each in explain_members(cohort, team) if each.label == "meet")
        assert (meet.hard, meet.ok) == (True, False)


class TestAsking:
    def sent(self) -> list[str]:
        mail.outbox.clear()
        outbox.deliver_due(now=NOW)
        return [letter.to[0].split(".")[0] for letter in mail.outbox]

    def asked(self, cohort, by, now=NOW) -> tuple[int, int]:
        asked = team_wishes.ask_again(cohort=cohort, by=by, now=now)
        return asked.now, asked.before

    def test_writes_to_those_who_have_not_answered_once_a_day(
        self, participant, cohort, branch_officer, frozen
    ):
        factories.participant(cohort, factories.person("Sil Ent"))
        say(participant)
        assert self.asked(cohort, branch_officer) == (1, 0)
        assert self.asked(cohort, branch_officer) == (0, 1)
        assert AuditEvent.objects.filter(action="team_wishes.asked").count() == 1
        assert self.sent() == ["sil"]
        assert "/teams/wishes/" in mail.outbox[0].body

    def test_whoever_comes_later_is_asked_and_the_next_day_everybody(
        self, participant, cohort, branch_officer
    ):
        assert self.asked(cohort, branch_officer) == (1, 0)
        factories.participant(cohort)
        assert self.asked(cohort, branch_officer) == (1, 1)
        assert self.asked(cohort, branch_officer, now=NOW + timedelta(days=1)) == (2, 0)

    def test_whoever_answers_meanwhile_gets_no_mail(self, participant, cohort, branch_officer, frozen):
        team_wishes.ask_again(cohort=cohort, by=branch_officer, now=NOW)
        say(participant)
        assert self.sent() == []

    def test_is_the_branch_offices(self, participant, cohort, deputy):
        with pytest.raises(NotYourCohort):
            team_wishes.ask_again(cohort=cohort, by=deputy, now=NOW)
