"""What must hold of a cohort's teams at any time, whatever people do (T1, T4, T8–T10, F3)."""

from collections import Counter
from datetime import datetime

from hypothesis.stateful import RuleBasedStateMachine, invariant

from coaching.models import Cohort, Consent, Participant, Team, TeamChange, TeamProposal, User
from meetings.models import Meeting
from tests.coaching.standing import ASKING, Board, Standing, agreed, board

Kind, Change, Draft = TeamChange.Kind, TeamChange.Status, TeamProposal.Status
TO_THE_OFFICE = ("team_declined", "team_agreed", "participant_left")


class Teams(RuleBasedStateMachine):
    """Whoever walks keeps `standing` up to date, and says when something may have been confirmed."""

    def __init__(self, cohort: Cohort, now: datetime, users: dict[str, User]) -> None:
        super().__init__()
        self.cohort, self.now, self.users = cohort, now, users
        self.standing = Standing(cohort)
        self.versions: dict[int, int] = {}
        self.shown: dict[tuple[int, int], Board] = {}
        self.settled: set[int] = set()
        self.were: dict[int, set[int]] = {}  # the members of each confirmed team

    # What must hold at the moment of each confirmation.

    def what_is_confirmed_was_agreed_to_and_keeps_the_rules(self) -> None:
        now = self.standing
        new = [
            each
            for each in now.changes.values()
            if each.status == Change.CONFIRMED and each.pk not in self.settled
        ]
        self.settled |= {each.pk for each in new}
        for change in new:
            self.was_agreed_to(change)
            members = now.members[change.team_id]
            assert members <= agreed(change)
            if change.kind == Kind.GO_ON:
                assert len(members) == 2
            else:
                assert now.broken_by(members) == []
        for team, were in self.were.items():
            self.changed_only_as_agreed(team, were, new)
        stands = [pk for pk, each in now.teams.items() if each.confirmed_at]
        self.were = {pk: set(now.members[pk]) for pk in stands}

    def was_agreed_to(self, change: TeamChange) -> None:
        """T4: by everybody who was asked, and last by the branch office."""
        assert all(each.answer == Consent.Answer.AGREED for each in change.consents.all())
        assert max(each.answered_at for each in change.consents.all()) <= change.settled_at
        forms = change.kind == Kind.FORM
        trace = ("team.confirmed", change.team_id) if forms else ("team_change.confirmed", change.pk)
        [by] = [actor for action, obj, actor in self.standing.events if (action, obj) == trace]
        assert by == self.users["officer"].pk
        if forms:
            assert self.standing.teams[change.team_id].confirmed_by_id == by

    def changed_only_as_agreed(self, team: int, were: set[int], new: list[TeamChange]) -> None:
        """T4: but for whoever left (F3), all who were, stay or come agreed; T1: who stays behind is a whole team."""
        now = self.standing
        stayed = {pk for pk in were if now.people[pk].status != Participant.Status.LEFT}
        are = now.members[team]
        if are != stayed:
            assert any(are | stayed <= agreed(change) for change in new)
            assert len(are) in (0, 3, 4)
            assert are or now.teams[team].status == Team.Status.ENDED

    # What must hold at any time.

    @invariant()
    def a_cohort_has_one_draft_of_people_who_wait_and_each_once(self) -> None:
        assert len(self.standing.drafts) <= 1
        for each in self.standing.drafts:
            seated = Counter(pk for ids in each.document["teams"] for pk in ids)
            assert set(seated.values()) <= {1}
            assert all(each.document["teams"])
            named = set(seated) | board(each).pinned
            assert named <= self.standing.movable(each) or self.standing.is_stuck(each)

    @invariant()
    def a_version_only_grows_and_shows_the_same_to_everybody(self) -> None:
        for pk, each in self.standing.proposals.items():
            assert each.version >= self.versions.get(pk, 1)
            self.versions[pk] = each.version
            if each.status == Draft.DRAFT:
                assert self.shown.setdefault((pk, each.version), board(each)) == board(each)

    @invariant()
    def nobody_is_in_two_teams(self) -> None:
        """T9, F3."""
        now = self.standing
        assert set(Counter(participant for _, participant in now.places).values()) <= {1}
        for team, participant in now.places:
            assert now.people[participant].status == Participant.Status.ACTIVE
            assert now.teams[team].status != Team.Status.ENDED

    @invariant()
    def a_team_is_asked_one_thing_at_a_time(self) -> None:
        now = self.standing
        asked = {each.team_id: each for each in now.open_changes}
        assert len(asked) == len(now.open_changes)
        for pk, team in now.teams.items():
            forming = pk in asked and asked[pk].kind == Kind.FORM
            assert forming == (team.status == Team.Status.AWAITING_AGREEMENT)
            assert pk not in asked or team.status != Team.Status.ENDED
            if forming:
                assert {each.participant_id for each in asked[pk].consents.all()} == now.members[pk]

    @invariant()
    def nobody_is_asked_two_things_at_once(self) -> None:
        """T4"""
        asked = [
            each.participant_id for change in self.standing.open_changes for each in change.consents.all()
        ]
        assert len(set(asked)) == len(asked)

    @invariant()
    def nobody_who_left_is_asked(self) -> None:
        """F3."""
        for change in self.standing.open_changes:
            for each in change.consents.all():
                assert self.standing.people[each.participant_id].status == Participant.Status.ACTIVE

    @invariant()
    def everybody_is_asked_once(self) -> None:
        now = self.standing
        asked = [(ids["consent"], to) for kind, ids, to in now.messages if kind in ASKING]
        consents = [each for change in now.changes.values() for each in change.consents.all()]
        assert sorted(asked) == sorted(
            (each.pk, now.people[each.participant_id].user_id) for each in consents
        )
        assert len({(each.change_id, each.participant_id) for each in consents}) == len(consents)

    @invariant()
    def the_office_that_takes_no_part_is_told(self) -> None:
        """T10."""
        told = {to for kind, _, to in self.standing.messages if kind in TO_THE_OFFICE}
        assert told <= {self.users["officer"].pk}

    @invariant()
    def meetings_are_those_of_teams_that_stand(self) -> None:
        """T4, M4."""
        now, today = self.standing, self.now.astimezone(self.cohort.zone).date()
        assert {team for team, _, _ in now.meetings} == set(self.were)
        ahead = {
            team for team, status, day in now.meetings if status == Meeting.Status.PLANNED and day >= today
        }
        assert not ahead & {pk for pk, each in now.teams.items() if each.status == Team.Status.ENDED}

    @invariant()
    def nobody_is_kept_apart_and_together(self) -> None:
        tied: list[set[int]] = []
        for group in self.standing.kept("together"):
            touching = [each for each in tied if each & group]
            tied = [*(each for each in tied if not each & group), group.union(*touching)]
        for group in tied:
            assert len(group) <= 4
            assert all(len(group & apart) < 2 for apart in self.standing.kept("apart"))

    @invariant()
    def each_act_left_its_trace(self) -> None:
        now = self.standing
        teams, later = now.teams.values(), [each for each in now.changes.values() if each.kind != Kind.FORM]
        acts: dict[str, list[int]] = {
            "proposal.drafted": list(now.proposals),
            "proposal.published": [
                pk for pk, each in now.proposals.items() if each.status == Draft.PUBLISHED
            ],
            "proposal.discarded": [
                pk for pk, each in now.proposals.items() if each.status == Draft.DISCARDED
            ],
            "team.proposed": list(now.teams),
            "team.confirmed": [each.pk for each in teams if each.confirmed_at],
            "team.dissolved": [each.pk for each in teams if each.status == "ended" and not each.confirmed_at],
            "team_change.asked": [each.pk for each in later],
            "team_change.confirmed": [each.pk for each in later if each.status == Change.CONFIRMED],
            "team_change.cancelled": [each.pk for each in later if each.status == Change.CANCELLED],
            "participant.left": [pk for pk, each in now.people.items() if each.status == "left"],
        }
        for action, done in acts.items():
            assert now.traced(action) == Counter(done), action
