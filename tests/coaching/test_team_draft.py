"""A draft of teams worked on by hand: T1, T2, T6, T8, T9, T10."""

from datetime import timedelta

import pytest

from coaching import pairings, team_draft, team_formation
from coaching.enrollment import leave
from coaching.models import Pairing, ProposalEdit
from coaching.permissions import NotYourCohort
from coaching.team_wishes import save as say
from tests import factories
from tests.clock import NOW
from tests.coaching.test_team_formation import draft_of, enrolled

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def kept_people(kept_cast, django_db_blocker):
    with django_db_blocker.unblock():
        return enrolled(kept_cast.cohort, kept_cast.org)


@pytest.fixture
def people(kept_people, fresh):
    """Seven: of the Nutrition Division 0, 2, 4 and 6, of the Finance Division the others."""
    return fresh(kept_people)


@pytest.fixture
def move(branch_officer):
    def moved(proposal, participant, team, **values):
        whole = {"version": proposal.version, "by": branch_officer, "now": NOW, **values}
        return team_draft.move(proposal=proposal, participant=participant, team=team, **whole)

    return moved


@pytest.fixture
def swap(branch_officer):
    def swapped(proposal, one, other):
        whole = {"version": proposal.version, "by": branch_officer, "now": NOW}
        return team_draft.swap(proposal=proposal, one=one, other=other, **whole)

    return swapped


@pytest.fixture
def pin(branch_officer):
    def pinned(proposal, *people, pinned=True):
        whole = {"version": proposal.version, "by": branch_officer, "now": NOW}
        return team_draft.pin(proposal=proposal, participants=people, pinned=pinned, **whole)

    return pinned


@pytest.fixture
def undo(branch_officer):
    def undone(proposal):
        return team_draft.undo(proposal=proposal, version=proposal.version, by=branch_officer, now=NOW)

    return undone


@pytest.fixture
def empty_draft(cohort, people, branch_officer):
    return team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)


def teams(proposal):
    proposal.refresh_from_db()
    return proposal.document["teams"]


def ids(*people):
    return [each.pk for each in people]


class TestMoving:
    def test_into_a_new_team_another_and_back(self, empty_draft, people, move):
        draft = move(empty_draft, people[0], 1).proposal
        draft = move(draft, people[1], 2).proposal
        assert teams(draft) == [ids(people[0]), ids(people[1])]
        draft = move(draft, people[0], 2).proposal
        assert teams(draft) == [ids(people[1], people[0])]
        draft = move(draft, people[0], None).proposal
        assert (teams(draft), draft.version) == ([ids(people[1])], 5)

    def test_says_what_it_does_to_the_points_and_which_rules_it_bends(
        self, cohort, people, branch_officer, move
    ):
        """T2, T6: three of one division, then one of another comes in and one leaves."""
        people[2].classification = people[0].classification
        people[2].save()
        draft = draft_of(cohort, [people[0], people[4]], people[1:4:2], by=branch_officer)
        effect = move(draft, people[2], 1)
        assert effect.words == "P2 Person was moved to draft team 1"
        [bent] = effect.bends
        assert bent == (
            "Draft team 1, different job classifications: 2 different job classifications. "
            "P0 Person and P2 Person share one."
        )
        assert f"({effect.after})" in effect.in_words()
        assert "To consider: Draft team 1, different job classifications" in effect.in_words()

    def test_says_what_is_better_now(self, cohort, people, branch_officer, move):
        """T6: one division becomes two."""
        draft = draft_of(cohort, [people[0], people[2]], by=branch_officer)
        effect = move(draft, people[1], 1)
        assert effect.after > effect.before
        assert effect.mends == ["Draft team 1, across divisions: 2 different divisions."]
        assert effect.in_words().startswith("P1 Person was moved to draft team 1: ")
        assert "points more" in effect.in_words()

    def test_says_that_every_wish_to_grow_meets_a_strength_now(self, cohort, people, branch_officer, move):
        people[1].ratings.update(rating="glow")
        draft = draft_of(cohort, [people[0], people[3]], by=branch_officer)
        effect = move(draft, people[1], 1)
        assert effect.mends == [
            "Draft team 1, grow meets glow: everybody’s wish to grow meets a teammate’s strength."
        ]
        effect = move(effect.proposal, people[1], None)
        assert effect.bends == [
            "Draft team 1, grow meets glow: not everybody’s wish to grow meets a teammate’s strength."
        ]

    def test_whoever_is_left_alone_is_not_better_off(self, cohort, people, branch_officer, move):
        draft = draft_of(cohort, [people[0], people[2]], by=branch_officer)
        assert move(draft, people[2], None).mends == []

    def test_says_what_must_be_mended(self, cohort, people, branch_officer, move):
        """T1: a team that becomes too small, or too large."""
        draft = draft_of(cohort, people[:3], people[3:7], by=branch_officer)
        effect = move(draft, people[0], 2)
        assert effect.breaks == [
            "Draft team 1, team size: 2 people; a team has 3 or 4.",
            "Draft team 2, team size: 5 people; a team has 3 or 4.",
        ]
        assert "To be mended before publishing: Draft team 1, team size: 2 people" in effect.in_words()
        assert move(effect.proposal, people[0], 1).breaks == []

    def test_says_who_would_rather_not_be_with_whom(self, cohort, people, branch_officer, move):
        """T3: their wish forbids nothing; the branch office is told."""
        say(
            participant=people[6],
            times=["2-0900"],
            track="none",
            rather_not=[people[0].user],
            by=people[6].user,
            now=NOW,
        )
        draft = draft_of(cohort, people[:2], people[3:5], by=branch_officer)
        effect = move(draft, people[6], 1)
        words = "Draft team 1, rather not together: P6 Person would rather not be with P0 Person."
        assert words in effect.bends
        assert not [each for each in move(effect.proposal, people[6], 2).bends if "rather not" in each]

    def test_points_are_those_of_the_rules(self, empty_draft, people, move):
        """One person: 10 for a classification, 8 for a division; times unknown count as always (4 × 1 × 3)."""
        effect = move(empty_draft, people[0], 1)
        assert (effect.before, effect.after) == (0, 30)

    @pytest.mark.parametrize("team", [0, -1, 3, 99])
    def test_a_team_that_is_not_there(self, cohort, people, branch_officer, move, team):
        draft = draft_of(cohort, people[:3], by=branch_officer)
        with pytest.raises(team_draft.NoTeams):
            move(draft, people[4], team)

    def test_somebody_of_another_cohort(self, program, branch, empty_draft, move):
        other = factories.participant(factories.cohort(program, branch))
        with pytest.raises(team_draft.NotInThePool):
            move(empty_draft, other, 1)

    def test_somebody_with_a_team(self, cohort, people, branch_officer, move):
        """T9"""
        factories.confirmed_team(cohort, people[:3], by=branch_officer)
        draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
        with pytest.raises(team_draft.NotInThePool):
            move(draft, people[0], 1)

    def test_a_draft_that_was_discarded(self, empty_draft, people, branch_officer, move):
        team_formation.discard(proposal=empty_draft, by=branch_officer, now=NOW)
        with pytest.raises(team_draft.NotADraft, match="discarded"):
            move(empty_draft, people[0], 1)

    def test_by_others_than_the_branch_office(self, empty_draft, people, move, deputy):
        with pytest.raises(NotYourCohort):
            move(empty_draft, people[0], 1, by=deputy)


class TestNothingChanges:
    """Neither an edit nor a version: whoever else looks at the draft is not told either."""

    @pytest.fixture
    def draft(self, cohort, people, branch_officer):
        return draft_of(cohort, people[:3], [people[3]], by=branch_officer)

    @pytest.mark.parametrize(("person", "team"), [(0, 1), (6, None), (3, 3)])
    def test_whoever_is_there_already_is_not_moved(self, draft, people, move, person, team):
        effect = move(draft, people[person], team)
        assert effect.in_words() == "Nobody was moved: the teams stay as they are."
        assert (effect.proposal.version, draft.edits.count()) == (1, 0)
        assert teams(draft) == [ids(*people[:3]), ids(people[3])]

    @pytest.mark.parametrize(("one", "other"), [(0, 1), (5, 6)])
    def test_two_of_one_team_or_of_the_pool_do_not_change_places(self, draft, people, swap, one, other):
        assert swap(draft, people[one], people[other]).is_nothing
        draft.refresh_from_db()
        assert (draft.version, draft.edits.count()) == (1, 0)


class TestHardRules:
    def test_nobody_comes_to_their_signer(self, cohort, people, branch_officer, move):
        """T8"""
        people[0].signers.add(people[1].user)
        draft = draft_of(cohort, [people[0]], by=branch_officer)
        with pytest.raises(team_draft.HardRule, match="P1 Person signed P0 Person’s application"):
            move(draft, people[1], 1)
        assert teams(draft) == [ids(people[0])]

    def test_nobody_comes_where_there_is_no_time_for_all(self, cohort, people, branch_officer, move):
        for person, time in ((people[0], "0-0900"), (people[1], "4-1500")):
            say(participant=person, times=[time], track="none", rather_not=[], by=person.user, now=NOW)
        draft = draft_of(cohort, [people[0]], by=branch_officer)
        with pytest.raises(team_draft.HardRule, match="No time when both can meet"):
            move(draft, people[1], 1)

    def test_a_rule_broken_before_does_not_hold_others_up(self, cohort, people, branch_officer, move):
        draft = draft_of(cohort, [people[0], people[1]], by=branch_officer)
        people[0].signers.add(people[1].user)
        assert teams(move(draft, people[2], 1).proposal) == [ids(people[0], people[1], people[2])]
        draft.refresh_from_db()
        assert teams(move(draft, people[0], None).proposal) == [ids(people[1], people[2])]

    def test_who_is_kept_together_moves_together(self, cohort, people, branch_officer, move):
        pairings.keep(
            cohort=cohort,
            kind=Pairing.Kind.TOGETHER,
            people=people[:2],
            reason="One project.",
            by=branch_officer,
            now=NOW,
        )
        draft = draft_of(cohort, [people[2]], by=branch_officer)
        effect = move(draft, people[0], 1)
        assert teams(effect.proposal) == [ids(people[2], people[0], people[1])]
        assert effect.words == "P0 Person and P1 Person were moved to draft team 1"

    def test_sizes_may_be_wrong_until_it_is_published(self, cohort, people, branch_officer, move):
        """T1"""
        draft = draft_of(cohort, people[:4], by=branch_officer)
        assert len(teams(move(draft, people[4], 1).proposal)[0]) == 5


class TestSwapping:
    def test_two_change_places(self, cohort, people, branch_officer, swap):
        draft = draft_of(cohort, people[:3], people[3:6], by=branch_officer)
        effect = swap(draft, people[0], people[4])
        assert [set(team) for team in teams(draft)] == [
            set(ids(people[4], people[1], people[2])),
            set(ids(people[3], people[0], people[5])),
        ]
        assert effect.words == "P0 Person and P4 Person changed places"

    def test_with_somebody_in_the_pool(self, cohort, people, branch_officer, swap):
        draft = draft_of(cohort, people[:3], by=branch_officer)
        swap(draft, people[0], people[6])
        assert [set(team) for team in teams(draft)] == [set(ids(people[1], people[2], people[6]))]

    def test_a_swap_that_breaks_a_hard_rule(self, cohort, people, branch_officer, swap):
        """T8"""
        people[1].signers.add(people[4].user)
        draft = draft_of(cohort, people[:3], people[3:6], by=branch_officer)
        with pytest.raises(team_draft.HardRule, match="Draft team 1 would break a rule"):
            swap(draft, people[0], people[4])

    def test_who_is_kept_together_does_not_swap(self, cohort, people, branch_officer, swap):
        pairings.keep(
            cohort=cohort,
            kind=Pairing.Kind.TOGETHER,
            people=people[:2],
            reason="One project.",
            by=branch_officer,
            now=NOW,
        )
        draft = draft_of(cohort, people[:3], by=branch_officer)
        with pytest.raises(team_draft.HardRule, match="do not change places"):
            swap(draft, people[0], people[1])


class TestPinning:
    def test_people_are_pinned_and_released(self, cohort, people, branch_officer, pin):
        draft = draft_of(cohort, people[:3], by=branch_officer)
        draft = pin(draft, *people[:2])
        assert draft.document["pinned"] == sorted(ids(*people[:2]))
        draft = pin(draft, people[0], pinned=False)
        assert draft.document["pinned"] == ids(people[1])

    def test_twice_is_once(self, cohort, people, branch_officer, pin):
        draft = pin(draft_of(cohort, people[:3], by=branch_officer), people[0])
        assert pin(draft, people[0]).version == draft.version
        assert ProposalEdit.objects.count() == 1

    def test_the_pool_has_nothing_to_pin(self, empty_draft, people, pin):
        with pytest.raises(team_draft.NotInThePool, match="nothing to pin"):
            pin(empty_draft, people[0])


class TestUndo:
    def test_takes_back_one_edit_after_the_other(self, empty_draft, people, move, undo):
        draft = move(empty_draft, people[0], 1).proposal
        draft = move(draft, people[1], 1).proposal
        effect = undo(draft)
        assert (effect.words, teams(effect.proposal)) == (
            "Undone: P1 Person was moved to draft team 1",
            [ids(people[0])],
        )
        assert effect.before > effect.after
        assert teams(undo(effect.proposal).proposal) == []

    def test_brings_nobody_back_who_has_left(self, cohort, people, branch_officer, move, undo):
        """F3"""
        draft = draft_of(cohort, people[:3], people[3:6], by=branch_officer)
        draft = move(draft, people[0], None).proposal
        leave(participant=people[0], by=people[0].user, reason="", now=NOW)
        assert teams(undo(draft).proposal) == [ids(*people[1:3]), ids(*people[3:6])]

    def test_to_where_it_began_and_no_further(self, empty_draft, undo):
        with pytest.raises(team_draft.NothingToUndo):
            undo(empty_draft)

    def test_whoever_looked_before_it_is_told(self, empty_draft, people, move, undo):
        draft = move(empty_draft, people[0], 1).proposal
        undo(draft)
        with pytest.raises(team_draft.Stale):
            move(draft, people[1], 1, version=2)


class TestTwoOfficers:
    @pytest.fixture
    def colleague(self, branch):
        return factories.officer(branch, "Cora Colleague")

    def test_the_second_is_told_who_did_what_and_nothing_is_overwritten(
        self, empty_draft, people, move, colleague
    ):
        move(empty_draft, people[0], 1, now=NOW + timedelta(hours=1))
        words = r"Bo Branchoffice changed the draft at 11:00 a.m.: P0 Person was moved to a new team\. Nothing of this"
        with pytest.raises(team_draft.Stale, match=words):
            move(empty_draft, people[1], 1, version=1, by=colleague)
        assert teams(empty_draft) == [ids(people[0])]

    def test_an_undo_is_told_too_and_who_did_it_themselves_reads_so(
        self, empty_draft, people, move, undo, colleague
    ):
        draft = move(empty_draft, people[0], 1).proposal
        draft = move(draft, people[1], 1).proposal
        undo(draft)
        with pytest.raises(
            team_draft.Stale,
            match=r"Bo Branchoffice changed the draft at 10:00 a\.m\.: Undone: P1 Person was moved",
        ):
            move(draft, people[2], 1, version=3, by=colleague)
        with pytest.raises(
            team_draft.Stale, match=r"You changed the draft yourself at 10:00 a\.m\.: Undone: P1"
        ):
            move(draft, people[2], 1, version=3)

    def test_who_left_meanwhile_is_told_of(self, empty_draft, people, move):
        draft = move(empty_draft, people[0], 1).proposal
        leave(participant=people[0], by=people[0].user, reason="", now=NOW)
        with pytest.raises(team_draft.Stale, match=r"The system changed the draft .*: Somebody left"):
            move(draft, people[1], 1, version=2)


class TestBentRules:
    """A rule that only warns can be bent by hand, with a reason that is kept (T2, T3, T6)."""

    @pytest.fixture
    def one_division(self, cohort, people, branch_officer):
        return draft_of(cohort, [people[0], people[2], people[4]], by=branch_officer)

    def publish(self, draft, by, **values):
        return team_formation.publish(proposal=draft, by=by, now=NOW, **values)

    @pytest.mark.parametrize("reasons", [None, {}, {1: "  "}, {2: "Near."}])
    def test_publishing_asks_for_it(self, one_division, branch_officer, reasons):
        with pytest.raises(team_formation.ReasonMissing, match="Say why a rule is bent here: Draft team 1"):
            self.publish(one_division, branch_officer, reasons=reasons)

    def test_it_is_kept_with_the_team(self, one_division, branch_officer):
        [team] = self.publish(one_division, branch_officer, reasons={1: "All work at the same site."})
        assert team.bent_reason == "All work at the same site."

    def test_what_was_proposed_needs_none(self, one_division, branch_officer):
        one_division.result = {"teams": one_division.document["teams"]}
        one_division.save()
        [team] = self.publish(one_division, branch_officer)
        assert team.bent_reason == ""
