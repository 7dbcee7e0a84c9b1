"""After somebody declined: the change that asks the fewest people again (T1, T4, T10)."""

import pytest

from coaching import (
    pairings,
    team_agreement,
    team_alternatives,
    team_formation,
    team_mail,
    team_reopening,
)
from coaching.enrollment import leave
from coaching.models import Consent, Message, Participant, Team, TeamProposal
from coaching.permissions import NotYourCohort
from coaching.team_draft import HardRule, move, undo
from coaching.team_problem import explain_draft, study
from tests import factories
from tests.clock import NOW
from tests.coaching.test_team_formation import draft_of, enrolled

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("solver_here")]

WHY = {1: "One site.", 2: "One site.", 3: "One site."}


@pytest.fixture(scope="module", autouse=True)
def kept_people(kept_cast, django_db_blocker):
    with django_db_blocker.unblock():
        more = [
            factories.participant(
                kept_cast.cohort,
                factories.person(
                    f"P{number} Person",
                    unit=kept_cast.org.unit,
                    classification=factories.classification(f"C{number}"),
                ),
            )
            for number in range(7, 12)
        ]
        return [*enrolled(kept_cast.cohort, kept_cast.org), *more]


@pytest.fixture
def people(kept_people, fresh):
    """Twelve."""
    return fresh(kept_people)


@pytest.fixture
def teams(cohort, people, branch_officer) -> list[Team]:
    """Three of four, published; everybody has agreed but the first, who has declined."""
    draft = draft_of(cohort, people[:4], people[4:8], people[8:], by=branch_officer)
    made = team_formation.publish(proposal=draft, by=branch_officer, now=NOW, reasons=WHY)
    for consent in Consent.objects.select_related("participant__user"):
        agree = consent.participant != people[0]
        team_agreement.answer(
            consent=consent, agree=agree, by=consent.participant.user, now=NOW, reason="" if agree else "No."
        )
    return made


@pytest.fixture
def reopen(cohort, branch_officer):
    def reopened(**values):
        return team_reopening.reopen(
            cohort=cohort, **{"by": branch_officer, "now": NOW, "steps": 5000, **values}
        )

    return reopened


def from_all(people):
    """The first of them, and whom the draft keeps them apart from."""
    return [(people[0].pk, each.pk) for each in people[1:4]]


def members(team):
    return set(team.memberships.filter(ended_at=None).values_list("participant", flat=True))


def test_it_opens_only_what_it_must(cohort, people, teams, reopen, branch_officer):
    draft = reopen(apart=from_all(people))
    assert len(draft.reopened) == 2
    assert draft.result["asked"] == 8
    assert draft.result["words"] == "No other arrangement that asks so few people can score more."
    explained = explain_draft(draft)
    assert (len(explained.teams), len(explained.pool)) == (2, 0)
    assert explained.points == draft.result["score"]
    first = next(team for team in explained.teams if people[0] in team.members)
    assert not {each.pk for each in first.members} & {each.pk for each in people[1:4]}


def test_nothing_changes_before_it_is_published(cohort, people, teams, reopen, branch_officer):
    told = Message.objects.count()
    reopen(apart=from_all(people))
    assert Message.objects.count() == told
    assert set(cohort.teams.values_list("status", flat=True)) == {"awaiting_agreement"}


def test_publishing_ends_the_opened_teams_and_asks_their_people_alone(
    cohort, people, teams, reopen, branch_officer
):
    """T4: who is not touched keeps the answer that was given."""
    draft = reopen(apart=from_all(people))
    kept = next(team for team in teams if team.pk not in draft.reopened)
    made = team_formation.publish(proposal=draft, by=branch_officer, now=NOW, reasons=WHY)
    assert [team.number for team in made] == [4, 5]
    kept.refresh_from_db()
    assert kept.status == "awaiting_agreement"
    assert set(kept.changes.get().consents.values_list("answer", flat=True)) == {"agreed"}
    ended = Team.objects.filter(pk__in=draft.reopened)
    assert {team.status for team in ended} == {"ended"}
    assert not any(members(team) for team in ended)
    pending = Consent.objects.filter(answer="pending")
    assert {each.participant_id for each in pending} == set().union(*(members(team) for team in made))
    assert pending.count() == 8


def test_one_mail_says_both(cohort, people, teams, reopen, branch_officer):
    draft = reopen(apart=from_all(people))
    team_formation.publish(proposal=draft, by=branch_officer, now=NOW, reasons=WHY)
    consent = Consent.objects.filter(answer="pending", participant=people[0]).get()
    mail = team_mail.team_proposed(people[0].user, consent=consent.pk)
    assert "It takes the place of Team 1, which will not be formed." in mail.body
    assert team_mail.team_dissolved(people[0].user, team=teams[0].pk) is None


def test_who_is_taken_out_is_told_that_the_team_ends(cohort, people, teams, reopen, branch_officer):
    draft = reopen(apart=from_all(people))
    here = Participant.objects.get(pk=people[0].pk)
    move(proposal=draft, participant=here, team=None, version=draft.version, by=branch_officer, now=NOW)
    draft.refresh_from_db()
    team_formation.publish(proposal=draft, by=branch_officer, now=NOW, reasons=WHY)
    assert Message.objects.filter(kind="team_dissolved", recipient=people[0].user).count() == 1
    assert "will not be formed" in team_mail.team_dissolved(people[0].user, team=teams[0].pk).subject


def test_a_team_confirmed_meanwhile_is_not_ended(cohort, people, teams, reopen, branch_officer):
    draft = reopen(apart=from_all(people))
    opened = next(team for team in teams if team.pk in draft.reopened and team.pk != teams[0].pk)
    team_agreement.confirm(team=opened, by=branch_officer, now=NOW)
    with pytest.raises(team_agreement.TeamStands):
        team_formation.publish(proposal=draft, by=branch_officer, now=NOW, reasons=WHY)
    opened.refresh_from_db()
    assert (opened.status, len(members(opened))) == ("confirmed", 4)
    assert cohort.teams.filter(status="ended").count() == 0


def test_discarding_leaves_all_as_it_was(cohort, people, teams, reopen, branch_officer):
    draft = reopen(apart=from_all(people))
    team_formation.discard(proposal=draft, by=branch_officer, now=NOW)
    assert [len(members(team)) for team in teams] == [4, 4, 4]


def test_whoever_can_be_with_nobody_else_waits(cohort, people, branch_officer, reopen):
    """T1: four people, one declines: the others go on as three, and are asked again."""
    for each in people[4:]:
        each.status, each.left_at = "left", NOW
        each.save()
    draft = draft_of(cohort, people[:4], by=branch_officer)
    (team,) = team_formation.publish(proposal=draft, by=branch_officer, now=NOW, reasons=WHY)
    consent = team.changes.get().consents.get(participant=people[0])
    team_agreement.answer(consent=consent, agree=False, by=people[0].user, now=NOW)
    draft = reopen(apart=from_all(people))
    assert [sorted(ids) for ids in draft.teams_drawn] == [sorted(each.pk for each in people[1:4])]
    assert [each.pk for each in explain_draft(draft).pool] == [people[0].pk]


def test_they_are_kept_apart_in_this_draft_alone(cohort, people, teams, reopen, branch_officer):
    """T4: by hand, in another proposal and on publishing; nothing is left of it in later drafts of other people."""
    draft = reopen(apart=from_all(people))
    explained = explain_draft(draft)
    words = explained.case.why_apart[people[0].pk, people[1].pk]
    assert words == f"{people[0]} declined a team with {people[1]}."
    first = next(team.number for team in explained.teams if people[0] in team.members)
    away = Participant.objects.get(pk=people[1].pk)
    with pytest.raises(HardRule, match=f"{people[0]} declined a team with {people[1]}"):
        move(proposal=draft, participant=away, team=first, version=1, by=branch_officer, now=NOW)
    team_alternatives.propose_again(proposal=draft, by=branch_officer, now=NOW, steps=5000)
    draft.refresh_from_db()
    for ids in draft.alternative["result"]["teams"]:
        assert people[0].pk not in ids or not {each.pk for each in people[1:4]} & set(ids)
    team_formation.discard(proposal=draft, by=branch_officer, now=NOW)
    assert not cohort.pairings.exists()
    assert not study(cohort, people).why_apart


def test_whoever_is_not_kept_apart_is_a_caution(cohort, people, teams, reopen, branch_officer):
    """The declined team is told of wherever it could come back: on the board, and later to a small team."""
    draft = reopen(apart=from_all(people)[1:])
    case = explain_draft(draft).case
    assert case.cautions == {(people[0].pk, people[1].pk): f"{people[0]} declined a team with {people[1]}."}
    team_formation.discard(proposal=draft, by=branch_officer, now=NOW)
    assert len(study(cohort, people).cautions) == 3
    consent = Consent.objects.get(participant=people[0])
    team_agreement.answer(consent=consent, agree=True, by=people[0].user, now=NOW)
    assert study(cohort, people).cautions == {}


def test_undoing_keeps_them_apart(cohort, people, teams, reopen, branch_officer):
    draft = reopen(apart=from_all(people))
    here = Participant.objects.get(pk=people[0].pk)
    move(proposal=draft, participant=here, team=None, version=1, by=branch_officer, now=NOW)
    undo(proposal=draft, version=2, by=branch_officer, now=NOW)
    draft.refresh_from_db()
    assert draft.apart == from_all(people)


def test_the_next_change_offers_whom_the_last_one_kept_apart(cohort, people, teams, reopen, branch_officer):
    """So that another decline does not bring the first declined team back; discarded drafts leave nothing."""
    assert team_reopening.earlier(cohort) == []
    team_formation.discard(proposal=reopen(apart=from_all(people)), by=branch_officer, now=NOW)
    assert team_reopening.earlier(cohort) == []
    draft = reopen(apart=from_all(people))
    team_formation.publish(proposal=draft, by=branch_officer, now=NOW, reasons=WHY)
    found = team_reopening.earlier(cohort)
    assert [(one.pk, other.pk) for one, other in found] == from_all(people)
    here = Participant.objects.get(pk=people[1].pk)
    leave(participant=here, by=here.user, reason="", now=NOW)
    found = team_reopening.earlier(cohort)
    assert [(one.pk, other.pk) for one, other in found] == from_all(people)[1:]


def test_apart_from_whom_they_are_kept_together_with(cohort, people, teams, reopen, branch_officer):
    pairings.keep(
        cohort=cohort, kind="together", people=people[:2], reason="One car.", by=branch_officer, now=NOW
    )
    with pytest.raises(team_reopening.KeptTogether, match=f"{people[0]} and {people[1]} are kept together"):
        reopen(apart=from_all(people))
    assert not cohort.proposals.filter(status="draft").exists()
    assert reopen(apart=from_all(people)[1:]).reopened


def test_nobody_declines_any_more(cohort, people, teams, reopen):
    consent = Consent.objects.get(participant=people[0])
    team_agreement.answer(consent=consent, agree=True, by=people[0].user, now=NOW)
    with pytest.raises(team_reopening.NobodyDeclined):
        reopen()


def test_one_draft_at_a_time(cohort, people, teams, reopen, branch_officer):
    team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
    with pytest.raises(team_formation.DraftExists):
        reopen()
    assert TeamProposal.objects.filter(status="draft").count() == 1


def test_only_the_branch_office_of_the_cohort(cohort, people, teams, reopen, applicant):
    """T10"""
    with pytest.raises(NotYourCohort):
        reopen(by=applicant)
