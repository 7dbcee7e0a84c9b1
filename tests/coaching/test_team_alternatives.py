"""Another proposal around what is pinned, and the change after somebody declined: T1, T4, T8, T10."""

import pytest

from coaching import pairings, team_alternatives, team_draft, team_formation
from coaching.models import Pairing, TeamProposal
from coaching.permissions import NotYourCohort
from coaching.team_problem import explain_draft
from tests.clock import NOW
from tests.coaching.test_team_formation import draft_of, enrolled

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("solver_here")]


@pytest.fixture(scope="module", autouse=True)
def kept_people(kept_cast, django_db_blocker):
    with django_db_blocker.unblock():
        return enrolled(kept_cast.cohort, kept_cast.org)


@pytest.fixture
def people(kept_people, fresh):
    """Seven: of the Nutrition Division 0, 2, 4 and 6, of the Finance Division the others."""
    return fresh(kept_people)


@pytest.fixture
def poor(cohort, people, branch_officer):
    """Four of one division, and three of the other."""
    draft = draft_of(cohort, people[0::2], people[1::2], by=branch_officer)
    return TeamProposal.objects.get(pk=draft.pk)


@pytest.fixture
def again(branch_officer):
    def proposed(draft, **values):
        return team_alternatives.propose_again(
            proposal=draft, **{"by": branch_officer, "now": NOW, "steps": 2000, **values}
        )

    return proposed


@pytest.fixture
def take(branch_officer):
    def taken(draft, **values):
        whole = {"version": draft.version, "by": branch_officer, "now": NOW, **values}
        return team_alternatives.take(proposal=draft, **whole)

    return taken


def pin(draft, *people, by):
    return team_draft.pin(
        proposal=draft, participants=people, pinned=True, version=draft.version, by=by, now=NOW
    )


def compared(draft):
    draft.refresh_from_db()
    return team_alternatives.compare(draft, explain_draft(draft))


def test_it_waits_beside_the_draft(poor, again):
    before = poor.document
    again(poor)
    other = compared(poor)
    assert (poor.document, poor.version) == (before, 1)
    assert other.more > 0
    assert sorted(len(team.members) for team in other.new) == [3, 4]
    assert (other.same, other.waiting, other.changed_since) == (0, 0, False)
    assert other.words == "No other arrangement can score more."


def test_only_those_count_who_come_to_others(poor):
    """Of two who change places, neither the others of their teams nor those of a team that keeps its people."""
    first, second = poor.document["teams"]
    swapped = [[second[0], *first[1:]], [first[0], *second[1:]]]
    poor.alternative = {"result": {"teams": swapped, "words": ""}, "version": poor.version}
    poor.save()
    assert compared(poor).moving == 2


def test_it_is_taken_over_and_undone(poor, again, take, branch_officer):
    again(poor)
    other = compared(poor)
    effect = take(poor)
    assert (effect.before, effect.after) == (other.points_now, other.points)
    poor.refresh_from_db()
    assert poor.alternative == {}
    assert poor.proposed["score"] == other.points
    assert explain_draft(poor).points == other.points
    team_draft.undo(proposal=poor, version=poor.version, by=branch_officer, now=NOW)
    poor.refresh_from_db()
    assert explain_draft(poor).points == other.points_now
    assert poor.proposed == {}


def test_people_pinned_in_one_team_stay_together(poor, people, again, branch_officer):
    pin(poor, people[0], people[2], by=branch_officer)
    again(poor)
    teams = [{each.pk for each in team.members} for team in compared(poor).new]
    assert any({people[0].pk, people[2].pk} <= team for team in teams)


def test_a_team_that_is_pinned_whole_stays_as_it_is(poor, people, again, branch_officer):
    pin(poor, *people[1::2], by=branch_officer)
    again(poor)
    assert compared(poor).same >= 1
    assert poor.alternative["result"]["around"]


def test_nobody_can_be_moved(poor, people, again, branch_officer):
    pin(poor, *people, by=branch_officer)
    with pytest.raises(team_alternatives.NothingToPropose):
        again(poor)


def test_pinned_together_and_kept_apart_is_refused_in_words(poor, people, again, cohort, branch_officer):
    pin(poor, people[0], people[2], by=branch_officer)
    pairings.keep(
        cohort=cohort,
        kind=Pairing.Kind.APART,
        people=[people[0], people[2]],
        reason="They share an office.",
        by=branch_officer,
        now=NOW,
    )
    with pytest.raises(team_alternatives.PinsContradict, match="P0 Person and P2 Person are pinned"):
        again(poor)


def test_a_pinned_team_without_one_who_is_kept_with_it(poor, people, again, cohort, branch_officer):
    """T8's counterpart: who is kept together is not parted by pins."""
    pin(poor, *people[1::2], by=branch_officer)
    pairings.keep(
        cohort=cohort,
        kind=Pairing.Kind.TOGETHER,
        people=[people[0], people[1]],
        reason="They share a project.",
        by=branch_officer,
        now=NOW,
    )
    again(poor)
    teams = [{each.pk for each in team.members} for team in compared(poor).new]
    assert {each.pk for each in (people[0], *people[1::2])} in teams


def test_an_edit_meanwhile_is_said_and_does_not_hinder(poor, people, again, take, branch_officer):
    again(poor)
    team_draft.move(
        proposal=poor, participant=people[0], team=None, version=poor.version, by=branch_officer, now=NOW
    )
    assert compared(poor).changed_since
    with pytest.raises(team_draft.Stale):
        take(poor, version=1)
    take(poor)
    poor.refresh_from_db()
    assert len(explain_draft(poor).pool) == 0


def test_a_pin_meanwhile_is_not_parted(poor, people, again, take, branch_officer):
    again(poor)
    pin(poor, *people[0::2], by=branch_officer)
    poor.refresh_from_db()
    with pytest.raises(team_draft.HardRule, match="pinned since"):
        take(poor)


def test_a_rule_meanwhile_is_not_broken(poor, again, take, cohort, branch_officer):
    """T8"""
    again(poor)
    new = compared(poor).new[0].members
    pairings.keep(
        cohort=cohort,
        kind=Pairing.Kind.APART,
        people=new[:2],
        reason="One signed for the other.",
        by=branch_officer,
        now=NOW,
    )
    with pytest.raises(team_draft.HardRule):
        take(poor)
    poor.refresh_from_db()
    assert poor.alternative


def test_put_away_twice(poor, again, take, branch_officer):
    again(poor)
    for _ in range(2):
        team_alternatives.put_away(proposal=poor, by=branch_officer, now=NOW)
    assert compared(poor) is None
    with pytest.raises(team_alternatives.NoAlternative):
        take(poor)


def test_only_drafts_of_the_own_branch(poor, again, take, applicant, branch_officer):
    """T10"""
    with pytest.raises(NotYourCohort):
        again(poor, by=applicant)
    with pytest.raises(NotYourCohort):
        take(poor, by=applicant)
    with pytest.raises(NotYourCohort):
        team_alternatives.put_away(proposal=poor, by=applicant, now=NOW)
    team_formation.discard(proposal=poor, by=branch_officer, now=NOW)
    poor.refresh_from_db()
    with pytest.raises(team_draft.NotADraft):
        again(poor)
