"""Whatever happens in whatever order, no team comes to be that the program's rules forbid (T1, T4, T8–T10, F3)."""

from collections.abc import Callable, Collection
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from coaching import (
    enrollment,
    pairings,
    team_agreement,
    team_alternatives,
    team_changes,
    team_dates,
    team_draft,
    team_formation,
    team_reopening,
    team_ways,
    team_wishes,
)
from coaching.errors import Refused
from coaching.formation import child, proposal
from coaching.models import (
    Cohort,
    Consent,
    Pairing,
    Participant,
    RoleAssignment,
    Team,
    TeamChange,
    TeamProposal,
    User,
)
from coaching.site import lifecycle
from tests import factories
from tests.clock import NOW, TODAY
from tests.coaching import must_hold
from tests.coaching.standing import Board, Standing, board
from tests.walking import walk

pytestmark = pytest.mark.django_db

Kind, Change, Draft = TeamChange.Kind, TeamChange.Status, TeamProposal.Status
PEOPLE = 9  # and an officer who takes part
NEWCOMERS = 3
SEATS = 14  # those who left and come again take another one
STEPS = 300  # of the solver
MORNING, NOON, EVENING = "0-0900", "2-1100", "4-1500"


@pytest.fixture(scope="module", autouse=True)
def kept_people(kept_cast, django_db_blocker) -> None:
    """Two divisions and five classifications; one is another's supervisor, one has signed another's application."""
    with django_db_blocker.unblock():
        org, cohort = kept_cast.org, kept_cast.cohort
        both = factories.person("Bea Both", unit=org.unit)
        RoleAssignment.objects.create(
            user=both, office=RoleAssignment.Office.BRANCH_OFFICE, unit=org.branch, start_date=TODAY
        )
        people = [both]
        for number in range(PEOPLE + NEWCOMERS):
            unit, job = (org.unit, org.other_unit)[number % 2], factories.classification(f"C{number % 5}")
            people.append(factories.person(f"P{number} Person", unit=unit, classification=job))
        User.objects.filter(pk=people[1].pk).update(supervisor=people[2])
        people[1].refresh_from_db()
        for each in people[: PEOPLE + 1]:
            factories.participant(cohort, each, signers=(people[4],) if each == people[3] else ())


@pytest.fixture(autouse=True)
def solver_here(monkeypatch) -> None:
    """The solver itself, without a process of its own: that one is tested elsewhere, and takes half a second to start."""

    def run(problem, *, seconds=None, seed=0, steps=None, watch=None, stop=None):
        return proposal.solve(problem, seconds=seconds, seed=seed, steps=steps)

    monkeypatch.setattr(child, "run", run)


class AnyOrder(must_hold.Teams):
    """One cohort from the first proposal to small teams that go on: an officer, one who takes part (T10), and time."""

    number = st.integers(min_value=0, max_value=99)
    who = st.sampled_from(["officer"] * 7 + ["both", "outsider"])
    back = st.sampled_from([0, 0, 0, 0, 1])  # how many versions ago the draft was looked at
    rarely = st.sampled_from([False, False, False, True])

    def __init__(self) -> None:
        self.around = transaction.atomic()
        self.around.__enter__()
        Cohort.objects.update(seats=SEATS)
        cohort = Cohort.objects.select_related("program", "branch").get()
        names = {"officer": "Bo Branchoffice", "both": "Bea Both", "outsider": "Otto Outsider"}
        super().__init__(cohort, NOW, {key: User.objects.get(name=name) for key, name in names.items()})
        self.everybody = list(
            User.objects.filter(name__startswith="P", name__endswith=" Person").order_by("pk")
        )
        self.everybody += [self.users["both"]]
        self.undoable: dict[int, list[Board]] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)

    # What people do. It may be refused; nothing else may be raised.

    def attempt(self, act: Callable[[], object], *, edits: bool = False) -> bool:
        """Whether it was done. But for an edit, a draft stays as it is: only who no longer waits is no longer there."""
        before = {each.pk: board(each) for each in self.standing.drafts}
        try:
            with transaction.atomic():
                act()
        except Refused:
            return False
        self.standing = Standing(self.cohort)
        for each in self.standing.drafts:
            if each.pk in before and not edits:
                movable = self.standing.movable(each)
                assert board(each).of(movable) == before[each.pk].of(movable)
        self.what_is_confirmed_was_agreed_to_and_keeps_the_rules()
        return True

    def in_office(self, who: str, act: Callable[[User], object], *, edits: bool = False) -> bool:
        """T10: nobody but the officer, who takes no part in it."""
        done = self.attempt(lambda: act(self.users[who]), edits=edits)
        assert not done or who == "officer"
        return done

    def quietly(self, who: str, act: Callable[[User], object], *, edits: bool = True) -> bool:
        """Who is in a draft is neither asked nor told anything."""
        before = self.standing
        told = (before.messages, before.places, list(before.teams), list(before.changes))
        done = self.in_office(who, act, edits=edits)
        after = self.standing
        assert (after.messages, after.places, list(after.teams), list(after.changes)) == told
        return done

    def pick(self, number: int, among: Collection[int] = ()) -> Participant:
        """Mostly of those, if there are any."""
        people = self.standing.people
        pks = sorted(among) if among and number % 5 else list(people)
        return people[pks[number // 5 % len(pks)]]

    def of_draft(self, number: int, *, seated: bool) -> Participant:
        """Mostly somebody who has a place in the draft, or else could have one."""
        named = {pk for each in self.standing.drafts for ids in board(each).teams for pk in ids}
        movable = {pk for each in self.standing.drafts for pk in self.standing.movable(each)}
        return self.pick(number, named if seated else movable)

    def draft(self) -> TeamProposal | None:
        """The one that is worked on, or else the last one."""
        found = self.standing.drafts or list(self.standing.proposals.values())
        return found[-1] if found else None

    @initialize(
        far=st.sampled_from([4, 5, 6, 3, 0]), no=number, gone=st.lists(number, max_size=3), way=number
    )
    def they_have_begun(self, far: int, no: int, gone: list[int], way: int) -> None:
        """Up to several teams that stand, of which some have become small."""
        for step in range(far):
            self.one_step(way + step)
        self.answer(no, "own", agree=False, late=False)
        for each in gone:
            self.leaves(self.pick(each), "own")

    @rule(times=st.integers(1, 3), way=number)
    def they_go_on_as_they_are_asked(self, times: int, way: int) -> None:
        """So that teams get far."""
        for step in range(times):
            self.one_step(way + step)

    def one_step(self, way: int) -> None:
        questions = self.standing.open_changes
        small = self.small_teams()
        if questions:
            self.all_agree(questions[way % len(questions)])
        elif small and self.ask_for_a_way(small[way % len(small)], way):
            pass
        elif self.standing.drafts:
            if way % 3:  # or somebody goes on with the draft
                self.publish("officer", 0, said=True)
        elif len(self.standing.waiting) >= 3:
            self.propose("officer", replace=False)

    def all_agree(self, change: TeamChange) -> None:
        for consent in change.consents.all():
            self.says(consent, "own", agree=True)
        self.settle("officer", change)

    def small_teams(self) -> list[int]:
        return [pk for pk in self.were if len(self.standing.members[pk]) in (1, 2)]

    # Drafts

    @rule(who=who, replace=rarely)
    def propose(self, who: str, replace: bool) -> None:
        values = {"cohort": self.cohort, "now": self.now, "steps": STEPS, "replace": replace}
        self.quietly(who, lambda by: team_formation.propose(by=by, **values))

    @rule(who=who)
    def propose_again(self, who: str) -> None:
        """The draft stays as it is until the other proposal is taken over."""
        draft = self.draft()
        if draft:
            values = {"proposal": draft, "now": self.now, "steps": STEPS}
            self.quietly(who, lambda by: team_alternatives.propose_again(by=by, **values), edits=False)

    @rule(who=who, back=back)
    def take_the_other_proposal(self, who: str, back: int) -> None:
        self.edit(who, back, team_alternatives.take)

    @rule(who=who, sure=rarely)
    def put_the_other_proposal_away(self, who: str, sure: bool) -> None:
        draft = self.draft()
        if draft and sure:
            values = {"proposal": draft, "now": self.now}
            self.quietly(who, lambda by: team_alternatives.put_away(by=by, **values), edits=False)

    @rule(who=who, apart=st.booleans())
    def form_anew_what_was_declined(self, who: str, apart: bool) -> None:
        self.formed_anew(who, apart)

    def formed_anew(self, who: str, apart: bool) -> bool:
        """With those who declined kept apart from all of their teams, or from nobody."""
        pairs = [
            (consent.participant_id, mate.participant_id)
            for consent in team_reopening.declined(self.cohort)
            for mate in consent.change.consents.exclude(pk=consent.pk)
        ]
        values = {"cohort": self.cohort, "now": self.now, "steps": STEPS, "apart": pairs if apart else []}
        return self.quietly(who, lambda by: team_reopening.reopen(by=by, **values))

    @rule(number=number, apart=st.booleans(), sure=rarely)
    def somebody_declines_and_teams_are_formed_anew(self, number: int, apart: bool, sure: bool) -> None:
        """By chance alone that would hardly ever be published."""
        asked = [change for change in self.standing.open_changes if change.kind == Kind.FORM]
        if sure and asked:
            consents = asked[number % len(asked)].consents.all()
            self.says(consents[number % len(consents)], "own", agree=False)
            for _ in self.standing.drafts:
                self.discard("officer", 0, True)
            if self.formed_anew("officer", apart):
                self.publish("officer", 0, said=True)

    @rule(who=who)
    def start_by_hand(self, who: str) -> None:
        self.quietly(who, lambda by: team_formation.start_by_hand(cohort=self.cohort, by=by, now=self.now))

    def edit(self, who: str, back: int, write: Callable[..., object]) -> bool:
        """What it was before is kept for undoing."""
        draft = self.draft()
        if draft is None:
            return False
        version = draft.version - back
        done = self.quietly(who, lambda by: write(proposal=draft, version=version, by=by, now=self.now))
        assert not done or (draft.status == Draft.DRAFT and not back)
        if self.standing.proposals[draft.pk].version > draft.version:
            self.undoable.setdefault(draft.pk, []).append(board(draft))
        return done

    @rule(who=who, number=number, team=st.none() | st.integers(0, 4), back=back)
    def move(self, who: str, number: int, team: int | None, back: int) -> None:
        person = self.of_draft(number, seated=False)
        self.edit(who, back, lambda **given: team_draft.move(participant=person, team=team, **given))

    @rule(who=who, one=number, other=number, back=back)
    def swap(self, who: str, one: int, other: int, back: int) -> None:
        first, second = self.of_draft(one, seated=True), self.of_draft(other, seated=False)
        self.edit(who, back, lambda **given: team_draft.swap(one=first, other=second, **given))

    @rule(who=who, numbers=st.lists(number, min_size=1, max_size=3), pinned=st.booleans(), back=back)
    def pin(self, who: str, numbers: list[int], pinned: bool, back: int) -> None:
        people = [self.of_draft(number, seated=True) for number in numbers]
        self.edit(who, back, lambda **given: team_draft.pin(participants=people, pinned=pinned, **given))

    @rule(who=who, back=back)
    def undo(self, who: str, back: int) -> None:
        draft = self.draft()
        if draft is None:
            return
        values = {"proposal": draft, "version": draft.version - back, "now": self.now}
        if self.quietly(who, lambda by: team_draft.undo(by=by, **values)):
            assert not back
            was = self.undoable[draft.pk].pop().of(self.standing.movable(draft))
            assert board(self.standing.proposals[draft.pk]) == was

    @rule(who=who, back=back, sure=rarely)
    def discard(self, who: str, back: int, sure: bool) -> None:
        draft = self.draft()
        if draft and sure:
            values = {"proposal": draft, "version": draft.version - back, "now": self.now}
            done = self.quietly(who, lambda by: team_formation.discard(by=by, **values))
            assert not done or draft.status == Draft.DISCARDED or not back

    @rule(who=who, back=back | st.none(), said=st.booleans())
    def publish(self, who: str, back: int | None, said: bool) -> None:
        draft, before = self.draft(), self.standing
        if draft is None:
            return
        version = None if back is None else draft.version - back
        reasons = dict.fromkeys(range(1, 9), "They asked for it.") if said else {}
        values = {"proposal": draft, "version": version, "reasons": reasons, "now": self.now}
        made: list[Team] = []
        if not self.in_office(who, lambda by: made.extend(team_formation.publish(by=by, **values))):
            return
        if draft.status == Draft.PUBLISHED:
            assert self.standing.teams.keys() == before.teams.keys()
            return
        assert draft.status == Draft.DRAFT
        assert not back
        assert not before.is_stuck(draft)
        assert all(self.standing.teams[pk].status == Team.Status.ENDED for pk in draft.reopened)
        assert [self.standing.members[each.pk] for each in made] == [set(ids) for ids in board(draft).teams]
        for each in made:
            self.is_as_published(each, draft, before)

    def is_as_published(self, team: Team, draft: TeamProposal, before: Standing) -> None:
        members = self.standing.members[team.pk]
        assert self.standing.broken_by(members) == []
        assert not any(members.issuperset(pair) for pair in draft.apart)
        for group in before.kept("together"):
            assert group <= members or not (group & members) or not group <= before.movable(draft)
        proposed = [set(ids) for ids in draft.proposed.get("teams", [])]
        if members not in proposed and self.standing.bends(members):
            assert team.bent_reason

    # Answers

    @rule(
        number=number,
        who=st.sampled_from(["own"] * 6 + ["officer", "outsider"]),
        agree=st.booleans(),
        late=rarely,
    )
    def answer(self, number: int, who: str, agree: bool, late: bool) -> None:
        asked = list(self.standing.changes.values()) if late else self.standing.open_changes
        consents = [consent for change in asked for consent in change.consents.all()]
        if consents:
            self.says(consents[number % len(consents)], who, agree=agree)

    def says(self, consent: Consent, who: str, *, agree: bool) -> None:
        own = self.standing.people[consent.participant_id].user
        by = own if who == "own" else self.users[who]
        open_now = self.standing.changes[consent.change_id].status == Change.OPEN
        done = self.attempt(
            lambda: team_agreement.answer(consent=consent, agree=agree, reason="No.", by=by, now=self.now)
        )
        assert done == (by == own and open_now)

    @rule(who=who, number=number)
    def settle_one(self, who: str, number: int) -> None:
        changes = list(self.standing.changes.values())
        if changes:
            self.settle(who, changes[number % len(changes)])

    def settle(self, who: str, change: TeamChange) -> None:
        if change.kind == Kind.FORM:
            team = self.standing.teams[change.team_id]
            self.in_office(who, lambda by: lifecycle.confirm_team(team=team, by=by, now=self.now))
        else:
            self.in_office(who, lambda by: lifecycle.confirm_change(change=change, by=by, now=self.now))

    @rule(who=who, number=number)
    def dissolve(self, who: str, number: int) -> None:
        teams = list(self.standing.teams.values())
        if teams:
            team = teams[number % len(teams)]
            values = {"team": team, "reason": "Another one is better.", "now": self.now}
            done = self.in_office(who, lambda by: team_agreement.dissolve(by=by, **values))
            assert not done or team.status != Team.Status.CONFIRMED

    @rule(who=who, number=number, days=st.integers(-3, 70))
    def another_day_to_answer(self, who: str, number: int, days: int) -> None:
        """What was answered stays; the same day again is always right."""
        changes = list(self.standing.changes.values())
        if changes:
            change = changes[number % len(changes)]
            day = self.now.astimezone(self.cohort.zone).date() + timedelta(days=days)
            values = {"change": change, "answer_by": day, "now": self.now}
            done = self.in_office(who, lambda by: team_dates.move(by=by, **values))
            right = 0 <= days <= team_dates.MOST_DAYS or day == change.answer_by
            assert not done or (right and change.status == Change.OPEN)
            after = self.standing.changes[change.pk]
            assert after.answer_by == (day if done else change.answer_by)
            assert [(each.pk, each.answer) for each in after.consents.all()] == [
                (each.pk, each.answer) for each in change.consents.all()
            ]

    # Later changes

    @rule(who=who, number=number, way=number)
    def ask(self, who: str, number: int, way: int) -> None:
        teams = [pk for pk in self.were if len(self.standing.members[pk]) < 3] or list(self.standing.teams)
        if teams:
            self.ask_for_a_way(teams[number % len(teams)], way, who)

    def ask_for_a_way(self, pk: int, number: int, who: str = "officer") -> bool:
        team = Team.objects.select_related("cohort__program").get(pk=pk)
        ways = team_ways.ways(team) if team.status == Team.Status.CONFIRMED else []
        if not ways:
            return False
        way = ways[number % len(ways)]
        return self.ask_whether(who, team, way.kind, way.joining)

    @rule(who=who, number=number, kind=st.sampled_from(Kind.values[1:]), joining=st.lists(number, max_size=3))
    def ask_anything(self, who: str, number: int, kind: str, joining: list[int]) -> None:
        teams = list(self.standing.teams.values())
        if teams:
            people = list({each.pk: each for each in map(self.pick, joining)}.values())
            self.ask_whether(who, teams[number % len(teams)], kind, people)

    def ask_whether(self, who: str, team: Team, kind: str, joining: Collection[Participant]) -> bool:
        values = {"team": team, "kind": kind, "joining": list(joining), "reason": "So we go on."}
        return self.in_office(who, lambda by: team_changes.ask(by=by, now=self.now, **values))

    @rule(number=number, other=number, sure=rarely)
    def somebody_of_a_draft_joins_a_small_team(self, number: int, other: int, sure: bool) -> None:
        if sure and self.were:
            self.somebody_is_enrolled(number)
            if not self.standing.drafts:
                self.start_by_hand("officer")
            self.move("officer", number, 1, 0)
            team = self.becomes_small(other)
            self.goes_on_with(team, Kind.JOIN, [self.of_draft(number, seated=True)])

    @rule(number=number, sure=rarely)
    def two_small_teams_become_one(self, number: int, sure: bool) -> None:
        if sure and len(self.were) > 1:
            first, second = self.becomes_small(number), self.becomes_small(number + 1)
            people = [self.standing.people[pk] for pk in self.standing.members[second.pk]]
            self.goes_on_with(first, Kind.MERGE, people)

    def becomes_small(self, number: int) -> Team:
        """Some of a team that stands leave, until two are left."""
        team = list(self.were)[number % len(self.were)]
        for pk in sorted(self.standing.members[team])[2:]:
            self.leaves(self.standing.people[pk], "own")
        return self.standing.teams[team]

    def goes_on_with(self, team: Team, kind: str, joining: Collection[Participant]) -> None:
        self.ask_whether("officer", team, kind, joining)
        for change in self.standing.open_changes:
            if change.team_id == team.pk:
                self.all_agree(change)

    @rule(who=who, number=number)
    def take_back(self, who: str, number: int) -> None:
        changes = list(self.standing.changes.values())
        if changes:
            change = changes[number % len(changes)]
            done = self.in_office(who, lambda by: team_changes.take_back(change=change, by=by, now=self.now))
            open_now = change.kind != Kind.FORM and change.status == Change.OPEN
            assert not done or open_now or change.status == Change.CANCELLED

    # What happens around them

    @rule(
        number=number, who=st.sampled_from(["own"] * 3 + ["officer", "both", "outsider"]), sure=st.booleans()
    )
    def leave(self, number: int, who: str, sure: bool) -> None:
        if sure:
            self.leaves(self.of_draft(number, seated=True), who)

    @rule(
        numbers=st.lists(number, min_size=2, max_size=3), who=st.sampled_from(["own", "officer"]), sure=rarely
    )
    def somebody_leaves_a_draft_with_pins(self, numbers: list[int], who: str, sure: bool) -> None:
        if sure and self.standing.drafts:
            self.pin("officer", numbers, True, 0)
            self.leaves(self.of_draft(numbers[0], seated=True), who)

    def leaves(self, person: Participant, who: str) -> None:
        by = person.user if who == "own" else self.users[who]
        done = self.attempt(
            lambda: lifecycle.leave(participant=person, reason="Moved on.", by=by, now=self.now)
        )
        assert done == (by in (person.user, self.users["officer"]))
        assert not done or self.standing.people[person.pk].status == Participant.Status.LEFT

    @rule(number=number)
    def somebody_is_enrolled(self, number: int) -> None:
        user = self.everybody[number % len(self.everybody)]
        shot = enrollment.Snapshot(division=user.division, classification=user.classification)
        self.attempt(
            lambda: enrollment.enroll(user=user, cohort=self.cohort, snapshot=shot, by=None, now=self.now)
        )

    @rule(
        number=number,
        who=st.sampled_from(["own"] * 4 + ["officer"]),
        times=st.sampled_from([[MORNING], [MORNING, NOON], [MORNING, NOON], [NOON, EVENING], []]),
        names=st.lists(number, max_size=4),
    )
    def somebody_says_when(self, number: int, who: str, times: list[str], names: list[int]) -> None:
        person, seated = self.pick(number), {pk for team in self.were for pk in self.standing.members[team]}
        values = {"participant": person, "times": times, "track": "none", "now": self.now}
        rather_not = [self.pick(each).user for each in names]
        by = person.user if who == "own" else self.users[who]
        if self.attempt(lambda: team_wishes.save(rather_not=rather_not, by=by, **values)):
            assert by == person.user
            assert times
            assert person.status == Participant.Status.ACTIVE
            assert person.pk not in seated

    @rule(
        who=who, kind=st.sampled_from(Pairing.Kind.values), numbers=st.lists(number, min_size=1, max_size=3)
    )
    def keep(self, who: str, kind: str, numbers: list[int]) -> None:
        values = {
            "people": [self.pick(number) for number in numbers],
            "reason": "A conflict.",
            "now": self.now,
        }
        self.in_office(who, lambda by: pairings.keep(cohort=self.cohort, kind=kind, by=by, **values))

    @rule(who=who, number=number)
    def keep_no_longer(self, who: str, number: int) -> None:
        rows = list(Pairing.objects.order_by("pk"))
        if rows:
            pairing = rows[number % len(rows)]
            self.in_office(who, lambda by: pairings.end(pairing=pairing, by=by, now=self.now))

    @rule(one=number, other=number, sure=rarely)
    def somebody_gets_another_supervisor(self, one: int, other: int, sure: bool) -> None:
        person, supervisor = self.pick(one).user, self.pick(other).user
        if sure and person != supervisor:
            User.objects.filter(pk=person.pk).update(supervisor=supervisor)
            self.standing = Standing(self.cohort)

    @rule(days=st.integers(0, 9))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days, hours=7)


def reached(walked: AnyOrder) -> set[str]:
    """What the audit trail knows, and how later questions and reopening drafts ended."""
    now = walked.standing
    reopening = [each for each in now.proposals.values() if each.reopened]
    return {
        *(action for action, _, _ in now.events),
        *(f"{each.kind} {each.status}" for each in now.changes.values()),
        *(f"reopening {each.status}" for each in reopening),
    }


FAR = {"proposal.published", "consent.declined", "team.confirmed", "team.dissolved", "participant.left"}


def test_no_order_of_acts_makes_a_team_that_the_rules_forbid():
    """Every step of it asserts what must hold; here only that it went somewhere."""
    found = walk(AnyOrder, reached, examples=5, steps=40, same=True)
    assert found.acts >= 100
    assert found.reached >= FAR


@pytest.mark.deep
def test_ten_thousand_acts_make_no_team_that_the_rules_forbid():
    found = walk(AnyOrder, reached, examples=260, steps=50, same=False)
    assert found.acts >= 10_000
    assert found.reached >= FAR | {f"{kind} confirmed" for kind in Kind.values} | {"reopening published"}
