"""How a team goes on that a departure left too small: T1, T4, T8, T10."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coaching import (
    enrollment,
    outbox,
    pairings,
    team_agreement,
    team_changes,
    team_dates,
    team_draft,
    team_formation,
)
from coaching.models import AuditEvent, Consent, Membership, Message, Participant, Team, TeamChange
from coaching.permissions import NotYourCohort
from coaching.site import lifecycle
from coaching.team_problem import BrokenRules
from coaching.team_ways import ways
from meetings import laying_out
from meetings.models import Meeting
from tests import factories
from tests.clock import NOW, TODAY

pytestmark = pytest.mark.usefixtures("frozen")

GO_ON, JOIN, MERGE = TeamChange.Kind.GO_ON, TeamChange.Kind.JOIN, TeamChange.Kind.MERGE


@pytest.fixture
def small(cohort, branch_officer) -> Team:
    return factories.small_team(cohort, "Ann", "Ben", "Cy", by=branch_officer)


@pytest.fixture
def pooled(cohort) -> Participant:
    return factories.participant(cohort, factories.person("Pia Pool"))


def team_of(cohort, number, by) -> Team:
    names = [f"{name} Other" for name in ("Dot", "Eli", "Fay", "Gus")[:number]]
    people = [factories.participant(cohort, factories.person(name)) for name in names]
    return factories.confirmed_team(cohort, people, by=by)


def members(team) -> list[Participant]:
    return [each.participant for each in team.memberships.filter(ended_at=None)]


def ask(team, by, kind=GO_ON, joining=(), reason="Nobody waits."):
    return team_changes.ask(team=team, kind=kind, joining=joining, reason=reason, by=by, now=NOW)


def all_agree(change):
    for consent in change.consents.select_related("participant__user"):
        team_agreement.answer(consent=consent, agree=True, by=consent.participant.user, now=NOW)


def keep(cohort, kind, *people, by):
    pairings.keep(cohort=cohort, kind=kind, people=people, reason="They asked for it.", by=by, now=NOW)


def names(change) -> list[str]:
    return [str(consent.participant) for consent in change.consents.all()]


# What is offered


def test_only_what_the_rules_allow_is_offered(small, cohort, pooled, branch_officer):
    """T1: three and four people; nobody leaves a team behind that is too small; T8: and nobody is with a signer."""
    team_of(cohort, 4, branch_officer)
    signed = factories.participant(cohort, factories.person("Sid Signed"), signers=(members(small)[0].user,))
    found = ways(small)
    assert found[0].words == "Go on with 2: Ann, Ben"
    assert {way.words for way in found[1:]} == {
        "Pia Pool joins; has no team yet",
        "Dot Other moves here from Team 2, which keeps 3",
        "Eli Other moves here from Team 2, which keeps 3",
        "Fay Other moves here from Team 2, which keeps 3",
        "Gus Other moves here from Team 2, which keeps 3",
    }
    with pytest.raises(BrokenRules, match="Sid Signed"):
        ask(small, branch_officer, JOIN, [signed])


def test_each_way_says_what_it_does_to_the_points_and_who_is_asked(small, cohort, pooled, branch_officer):
    """T2, T4, T6: a fourth division and classification count; the best way comes first."""
    other = team_of(cohort, 4, branch_officer)
    pooled.division = factories.unit("division", parent=cohort.branch)
    pooled.classification = factories.classification("Auditor")
    pooled.save()
    go_on, best, *others = ways(small)
    assert (go_on.points, [str(each) for each in go_on.asked]) == (0, ["Ann", "Ben"])
    # One division, one classification, and a third person who can always meet (4 × 3).
    assert (best.words, best.points) == ("Pia Pool joins; has no team yet", 30)
    assert best.facts == "30 points more. Asked: Ann, Ben, Pia Pool (3 people)."
    assert [way.points for way in others] == sorted((way.points for way in others), reverse=True)
    moved = next(way for way in others if way.joining == (members(other)[0],))
    assert [str(each) for each in moved.asked] == ["Ann", "Ben", *map(str, members(other))]


def test_as_many_queries_for_any_number_of_ways(small, cohort, pooled, branch_officer):
    team_of(cohort, 4, branch_officer)
    with CaptureQueriesContext(connection) as few:
        ways(small)
    for number in range(4):
        factories.participant(cohort, factories.person(f"More {number}"))
    with CaptureQueriesContext(connection) as many:
        ways(small)
    assert len(many) == len(few)


def test_two_teams_of_two_can_become_one(small, cohort, branch_officer):
    """T1"""
    team_of(cohort, 2, branch_officer)
    assert ways(small)[-1].words == "Team 2 joins and ends as a team of its own: Dot Other, Eli Other"


def test_one_person_alone_does_not_go_on(small, branch_officer):
    first = members(small)[0]
    enrollment.leave(participant=first, by=first.user, reason="", now=NOW)
    assert ways(small) == []
    with pytest.raises(team_changes.NotPossible, match="One person alone"):
        ask(small, branch_officer)


def test_whole_team_is_asked_nothing(cohort, branch_officer):
    with pytest.raises(team_changes.NotSmall):
        ask(team_of(cohort, 3, branch_officer), branch_officer)


# Going on


def test_two_go_on_when_both_agree(small, branch_officer):
    """T1, T4: the question ends with the reason on record, and opens again with the next departure."""
    change = ask(small, branch_officer)
    assert ask(small, branch_officer) == change
    assert (names(change), change.reason) == (["Ann", "Ben"], "Nobody waits.")
    with pytest.raises(team_agreement.NotAgreed, match="not agreed yet: Ann, Ben"):
        team_changes.confirm(change=change, by=branch_officer, now=NOW)
    all_agree(change)
    for _ in range(2):
        assert team_changes.confirm(change=change, by=branch_officer, now=NOW) == []
    assert team_changes.agreed_to_go_on(members(small), small.changes.all()) == change
    assert AuditEvent.objects.filter(action="team_change.confirmed").count() == 1
    assert [str(each) for each in members(small)] == ["Ann", "Ben"]
    newcomer = factories.participant(small.cohort)
    assert team_changes.agreed_to_go_on([*members(small), newcomer], small.changes.all()) is None


# Joining


def test_person_without_a_team_joins(small, pooled, branch_officer):
    change = ask(small, branch_officer, JOIN, [pooled])
    assert names(change) == ["Ann", "Ben", "Pia Pool"]
    assert change.words == "Pia Pool joins Team 1."
    all_agree(change)
    assert members(small) == [each for each in members(small) if each != pooled]
    lifecycle.confirm_change(change=change, by=branch_officer, now=NOW)
    assert [str(each) for each in members(small)] == ["Ann", "Ben", "Pia Pool"]
    told = Message.objects.filter(kind="team_change_settled").values_list("recipient__name", flat=True)
    assert sorted(told) == ["Ann", "Ben", "Pia Pool"]


def test_draft_no_longer_names_who_joins(small, pooled, cohort, branch_officer):
    """T9: who looked at it before does not publish what they did not see."""
    others = [factories.participant(cohort, factories.person(name)) for name in ("Quinn", "Rae", "Sol")]
    draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
    ids = [each.pk for each in others]
    draft.document = {"teams": [[pooled.pk, *ids]]}
    draft.save()
    change = ask(small, branch_officer, JOIN, [pooled])
    all_agree(change)
    lifecycle.confirm_change(change=change, by=branch_officer, now=NOW)
    with pytest.raises(team_draft.Stale):
        team_formation.publish(proposal=draft, by=branch_officer, now=NOW, version=draft.version)
    draft.refresh_from_db()
    assert draft.document == {"teams": [ids]}


def test_who_moves_leaves_the_other_team_and_its_people_agree_too(small, cohort, branch_officer):
    """T4, T9"""
    other = team_of(cohort, 4, branch_officer)
    moving = members(other)[0]
    change = ask(small, branch_officer, JOIN, [moving])
    assert names(change) == ["Ann", "Ben", "Dot Other", "Eli Other", "Fay Other", "Gus Other"]
    all_agree(change)
    lifecycle.confirm_change(change=change, by=branch_officer, now=NOW)
    assert TeamChange.objects.get(pk=change.pk).words == "Dot Other leaves Team 2 and joins Team 1."
    assert [str(each) for each in members(small)] == ["Ann", "Ben", "Dot Other"]
    assert moving not in members(other)
    other.refresh_from_db()
    assert other.status == "confirmed"


def test_nobody_is_taken_from_a_team_of_three(small, cohort, branch_officer):
    """T1"""
    other = team_of(cohort, 3, branch_officer)
    with pytest.raises(team_changes.NotPossible, match="Team 2 would become too small itself"):
        ask(small, branch_officer, JOIN, members(other)[:1])


def test_nobody_leaves_behind_whom_they_are_kept_together_with(small, cohort, branch_officer):
    moving, staying, *_ = members(team_of(cohort, 4, branch_officer))
    keep(cohort, "together", moving, staying, by=branch_officer)
    for one in (moving, staying):
        with pytest.raises(BrokenRules, match="is kept together with"):
            ask(small, branch_officer, JOIN, [one])
    assert not {"Dot Other", "Eli Other"} & {str(way.joining[0]) for way in ways(small) if way.kind == JOIN}


def test_two_who_are_kept_apart_do_not_go_on(small, cohort, branch_officer):
    """T8"""
    keep(cohort, "apart", *members(small), by=branch_officer)
    assert ways(small) == []
    with pytest.raises(BrokenRules, match="keeps Ann and Ben apart: They asked for it"):
        ask(small, branch_officer, GO_ON)


@pytest.mark.parametrize("who", ["a member", "who left", "another cohort", "nobody"])
def test_only_others_of_the_program_can_join(small, program, branch, branch_officer, who):
    left = Participant.objects.get(status="left")
    joining = {
        "a member": members(small)[:1],
        "who left": [left],
        "another cohort": [factories.participant(factories.cohort(program, branch))],
        "nobody": [],
    }[who]
    with pytest.raises(team_changes.NotPossible):
        ask(small, branch_officer, JOIN, joining)


def test_change_of_the_teams_voids_the_question(small, cohort, pooled, branch_officer):
    """T4: what everybody agreed to is not what it would be now."""
    change = ask(small, branch_officer, JOIN, [pooled])
    all_agree(change)
    another = factories.participant(cohort, factories.person("Late Comer"))
    small.memberships.create(participant=another, joined_at=NOW)
    with pytest.raises(team_changes.NotPossible, match="not what they were when everybody was asked"):
        team_changes.confirm(change=change, by=branch_officer, now=NOW)
    assert not Membership.objects.filter(participant=pooled).exists()


def test_mail_says_who_would_be_in_which_team(small, cohort, branch_officer):
    """T4: also what stays of the team that somebody leaves, and which team ends."""
    four = team_of(cohort, 4, branch_officer)

    def read(kind, joining):
        change = ask(small, branch_officer, kind, joining)
        consent = change.consents.get(participant=joining[0])
        body = outbox._builders["team_change_asked"](joining[0].user, consent=consent.pk).body
        team_changes.take_back(change=change, by=branch_officer, now=NOW)
        lines = body.partition("Why:")[2].partition("Nothing changes")[0].splitlines()
        return [line.split(", division")[0] for line in lines[1:] if line]

    assert read(JOIN, members(four)[:1]) == [
        *("Team 1 would then be:", "- Ann", "- Ben", "- Dot Other (you)"),
        *("Team 2 would then be:", "- Eli Other", "- Fay Other", "- Gus Other"),
    ]
    for each in members(four)[2:]:
        enrollment.leave(participant=each, by=each.user, reason="", now=NOW)
    assert read(MERGE, members(four)) == [
        *("Team 1 would then be:", "- Ann", "- Ben", "- Dot Other (you)", "- Eli Other"),
        "Team 2 would end.",
    ]


# Merging


def test_merged_teams_meet_as_one(small, cohort, branch_officer):
    """T1, T4: the other team ends, and what it had planned is called off."""
    other = team_of(cohort, 2, branch_officer)
    laying_out.lay_out_meetings(team=other, by=None, now=NOW)
    laying_out.lay_out_meetings(team=small, by=None, now=NOW)
    change = ask(small, branch_officer, MERGE, members(other))
    assert change.words == "Dot Other and Eli Other join Team 1, and Team 2 ends."
    all_agree(change)
    for _ in range(2):
        lifecycle.confirm_change(change=change, by=branch_officer, now=NOW)
    assert [str(each) for each in members(small)] == ["Ann", "Ben", "Dot Other", "Eli Other"]
    other.refresh_from_db()
    assert (other.status, members(other)) == ("ended", [])
    assert {each.status for each in Meeting.objects.of_team(other)} == {"cancelled"}
    assert {each.status for each in Meeting.objects.of_team(small)} == {"planned"}


def test_half_a_team_does_not_merge(small, cohort, branch_officer):
    other = team_of(cohort, 2, branch_officer)
    with pytest.raises(team_changes.NotPossible, match="everybody of the other one joins"):
        ask(small, branch_officer, MERGE, members(other)[:1])


def test_five_are_no_team(small, cohort, branch_officer):
    """T1"""
    other = team_of(cohort, 3, branch_officer)
    with pytest.raises(BrokenRules, match="5 people; a team has 3 or 4"):
        ask(small, branch_officer, MERGE, members(other))


# Asking


def test_one_question_at_a_time(small, pooled, branch_officer):
    change = ask(small, branch_officer)
    with pytest.raises(team_changes.AskedAlready):
        ask(small, branch_officer, JOIN, [pooled])
    for _ in range(2):
        team_changes.take_back(change=change, by=branch_officer, now=NOW)
    ask(small, branch_officer, JOIN, [pooled])
    with pytest.raises(team_changes.NotOpen):
        team_changes.confirm(change=change, by=branch_officer, now=NOW)


class TestTwoSmallTeams:
    """T4: nobody is asked two things at once, and nobody agrees in vain."""

    @pytest.fixture
    def other(self, small, cohort, branch_officer) -> Team:
        return factories.small_team(cohort, "Dan", "Eve", "Fox", by=branch_officer)

    @pytest.fixture
    def four(self, other, cohort, branch_officer) -> Team:
        return team_of(cohort, 4, branch_officer)

    def test_who_is_asked_and_their_team_are_not_offered_to_another(
        self, small, other, four, pooled, branch_officer
    ):
        change = ask(small, branch_officer, JOIN, members(four)[:1])
        assert [way.words for way in ways(other)] == [
            "Go on with 2: Dan, Eve",
            "Pia Pool joins; has no team yet",
        ]
        for asked in members(four):
            words = (
                "Dot Other, Eli Other, Fay Other, Gus Other are being asked already how Team 1 goes on. "
                "Confirm that question or take it back first."
            )
            with pytest.raises(team_changes.AskedAlready, match=words):
                ask(other, branch_officer, JOIN, [asked])
        team_changes.take_back(change=change, by=branch_officer, now=NOW)
        ask(other, branch_officer, JOIN, members(four)[:1])

    def test_who_waits_is_asked_by_one_team(self, small, other, pooled, branch_officer):
        ask(small, branch_officer, JOIN, [pooled])
        with pytest.raises(team_changes.AskedAlready, match="Pia Pool is being asked already how Team 1"):
            ask(other, branch_officer, JOIN, [pooled])

    def test_team_that_would_end_is_asked_nothing_else(self, small, other, pooled, branch_officer):
        ask(small, branch_officer, MERGE, members(other))
        assert ways(other) == []
        for kind, joining in ((GO_ON, []), (JOIN, [pooled])):
            with pytest.raises(team_changes.AskedAlready, match="Dan, Eve are being asked already"):
                ask(other, branch_officer, kind, joining)

    def test_who_is_asked_is_not_published_in_another_team(self, small, cohort, pooled, branch_officer):
        """As long as they are: they would be asked about two teams."""
        people = [pooled, *(factories.participant(cohort, factories.person(name)) for name in "XYZ")]
        draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
        draft.document = {"teams": [[each.pk for each in people]]}
        draft.save()
        change = ask(small, branch_officer, JOIN, [pooled])
        publish = {"proposal": draft, "by": branch_officer, "now": NOW, "reasons": {1: "One site."}}
        with pytest.raises(team_changes.AskedAlready, match="Pia Pool is being asked already"):
            team_formation.publish(**publish)
        team_changes.take_back(change=change, by=branch_officer, now=NOW)
        assert len(team_formation.publish(**publish)) == 1

    def asked_before(self, team, kind, joining, people, by):
        """As it could be asked when nothing refused it."""
        change = TeamChange.objects.create(
            team=team, kind=kind, answer_by=TODAY, created_by=by, created_at=NOW
        )
        change.joining.set(joining)
        for each in people:
            change.consents.create(participant=each, answer="agreed", answered_at=NOW)
        return change

    def test_confirming_one_ends_the_other_that_has_become_impossible(
        self, small, other, four, pooled, branch_officer
    ):
        moving = members(four)[0]
        change = ask(small, branch_officer, JOIN, [moving])
        dead = self.asked_before(other, JOIN, [moving], [*members(other), *members(four)], branch_officer)
        all_agree(change)
        team_changes.confirm(change=change, by=branch_officer, now=NOW)
        dead.refresh_from_db()
        assert (dead.status, dead.settled_at) == ("cancelled", NOW)
        told = Message.objects.filter(kind="team_change_settled", ids={"change": dead.pk})
        assert sorted(told.values_list("recipient__name", flat=True)) == sorted(
            ["Dan", "Eve", *map(str, members(four)), str(moving)]
        )

    def test_confirming_one_leaves_another_that_still_can_be(self, small, other, pooled, branch_officer):
        change = ask(small, branch_officer, JOIN, [pooled])
        unrelated = ask(other, branch_officer)
        all_agree(change)
        team_changes.confirm(change=change, by=branch_officer, now=NOW)
        unrelated.refresh_from_db()
        assert unrelated.status == "open"


def test_two_are_not_taken_from_two_whole_teams_of_three(small, cohort, branch_officer):
    """T1: each team that somebody leaves stays whole."""
    first = team_of(cohort, 3, branch_officer)
    second = factories.confirmed_team(
        cohort, [factories.participant(cohort, factories.person(name)) for name in "XYZ"], by=branch_officer
    )
    with pytest.raises(team_changes.NotPossible, match="Team 2 would become too small itself"):
        ask(small, branch_officer, JOIN, [members(first)[0], members(second)[0]])


def test_departure_ends_the_question(small, pooled, branch_officer):
    """F3: who leaves is asked no longer, and the others neither."""
    change = ask(small, branch_officer, JOIN, [pooled])
    enrollment.leave(participant=pooled, by=pooled.user, reason="", now=NOW)
    change.refresh_from_db()
    assert change.status == "cancelled"


def test_only_the_branch_office_asks_and_confirms(small, outsider, branch_officer):
    """T10: nor an officer who takes part."""
    with pytest.raises(NotYourCohort):
        ask(small, outsider)
    change = ask(small, branch_officer)
    all_agree(change)
    factories.participant(small.cohort, branch_officer)
    for write in (team_changes.confirm, team_changes.take_back):
        with pytest.raises(NotYourCohort):
            write(change=change, by=branch_officer, now=NOW)


def test_forming_a_team_is_no_such_question(small, branch_officer):
    change = TeamChange.objects.create(team=small, answer_by=TODAY, created_at=NOW)
    for write in (team_changes.confirm, team_changes.take_back):
        with pytest.raises(team_changes.NotOpen):
            write(change=change, by=branch_officer, now=NOW)


def test_mail_says_what_is_asked_and_how_it_ended(small, pooled, branch_officer):
    change = ask(small, branch_officer, JOIN, [pooled], reason="Three see more.")
    consent = Consent.objects.get(change=change, participant=pooled)
    build = outbox._builders
    asked = build["team_change_asked"](pooled.user, consent=consent.pk).body
    assert "You join Team 1.\nWhy: Three see more." in asked
    facts = "division not known, classification not known. Project: Faster permits"
    assert (
        f"Team 1 would then be:\n\n- Ann, {facts}\n- Ben, {facts}\n- Pia Pool (you), {facts}\n\nNothing"
        in asked
    )
    team_agreement.answer(consent=consent, agree=False, by=pooled.user, now=NOW)
    assert build["team_change_asked"](pooled.user, consent=consent.pk) is None
    declined = build["team_declined"](branch_officer, consent=consent.pk).body
    assert "Asked: Pia Pool joins Team 1. Pia Pool does not agree." in declined
    all_agree(change)
    assert "Pia Pool joins Team 1." in build["team_agreed"](branch_officer, change=change.pk).body
    team_changes.take_back(change=change, by=branch_officer, now=NOW)
    settled = build["team_change_settled"](pooled.user, change=change.pk)
    assert "taken back" in settled.subject
    assert "You were asked about this: You join Team 1." in settled.body


def test_whoever_joins_reads_you(small, cohort, branch_officer):
    """T4"""
    dot, *others = members(team_of(cohort, 4, branch_officer))
    ann = members(small)[0].user
    joins = ask(small, branch_officer, JOIN, [dot])
    assert joins.words_for(dot.user) == "You leave Team 2 and join Team 1."
    assert joins.words_for(ann) == joins.words == "Dot Other leaves Team 2 and joins Team 1."
    team_changes.take_back(change=joins, by=branch_officer, now=NOW)
    for each in others[1:]:
        enrollment.leave(participant=each, by=each.user, reason="", now=NOW)
    eli = others[0]
    merge = ask(small, branch_officer, MERGE, [dot, eli])
    assert merge.words_for(eli.user) == "You and Dot Other join Team 1, and Team 2 ends."
    assert merge.words_for(ann) == "Dot Other and Eli Other join Team 1, and Team 2 ends."


def test_mail_about_the_day_is_to_whoever_joins(small, pooled, branch_officer):
    change = ask(small, branch_officer, JOIN, [pooled])
    day = TODAY + timedelta(days=8)
    team_dates.move(change=change, answer_by=day, by=branch_officer, now=NOW)
    moved = outbox._builders["team_date_moved"](pooled.user, change=change.pk, day=day.toordinal())
    with time_machine.travel(NOW + timedelta(days=6), tick=False):
        reminder = outbox._builders["team_answer_reminder"](pooled.user, change=change.pk)
    for each in (moved, reminder):
        assert "You were asked whether you agree: You join Team 1." in each.body


def test_an_officer_who_did_not_ask_is_not_told_so(small, cohort, pooled, branch_officer):
    change = ask(small, branch_officer, JOIN, [pooled])
    new = TeamChange.objects.create(team=team_of(cohort, 3, branch_officer), answer_by=TODAY, created_at=NOW)
    new.consents.create(participant=factories.participant(cohort))
    colleague = factories.officer(cohort.branch)

    def missing(change):
        day = change.answer_by.toordinal()
        return outbox._builders["team_answers_missing"](colleague, change=change.pk, day=day).body

    assert "\nAsked: Pia Pool joins Team 1. The answers were due by" in missing(change)
    assert "\nThe members of Team 2 were asked whether they agree to it. The answers" in missing(new)
