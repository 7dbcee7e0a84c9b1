"""The branch office and the members decide how a small team goes on: T1, T4."""

from datetime import date

import pytest
from django.urls import reverse

from coaching import team_agreement, team_changes, team_formation
from coaching.models import Consent, Participant, Team, TeamChange
from coaching.site.home import cards_for
from coaching.site.waiting.cards import Urgency
from tests import factories
from tests.clock import NOW

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")


@pytest.fixture
def small(cohort, branch_officer) -> Team:
    return factories.small_team(cohort, "Ann", "Ben", "Cy", by=branch_officer)


@pytest.fixture
def pooled(cohort) -> Participant:
    return factories.participant(cohort, factories.person("Pia Pool"))


@pytest.fixture
def office(client, branch_officer):
    client.force_login(branch_officer)
    return client


def about_teams(user) -> list[tuple[str, str]]:
    return [(card.title, card.action) for card in cards_for(user) if card.title.startswith("Team 1")]


def room(client, cohort) -> str:
    return client.get(reverse("cohort_teams", args=[cohort.pk])).content.decode()


def agree(client, change) -> None:
    for consent in change.consents.select_related("participant__user"):
        client.force_login(consent.participant.user)
        assert "Do you agree? " in client.get(reverse("my_team")).content.decode()
        client.post(reverse("team_answer", args=[consent.pk]), {"answer": "agree", "reason": ""})


def test_office_asks_and_confirms_and_the_question_ends(client, office, small, cohort, branch_officer):
    """T1, T4: from the card on the first page to a team of two that stands."""
    assert about_teams(branch_officer) == [(f"Team 1 of the {cohort} has become small", "Decide")]
    address = reverse("team_small", args=[small.pk])
    assert address in room(office, cohort)
    assert "Go on with 2: Ann, Ben" in office.get(address).content.decode()
    refused = office.post(address, {"reason": ""})
    assert refused.status_code == 200
    assert set(refused.context["form"].errors) == {"way", "reason", "answer_by"}
    office.post(address, {"way": "go_on", "reason": "Nobody waits.", "answer_by": "2026-12-08"})
    change = TeamChange.objects.get(team=small)
    assert change.answer_by == date(2026, 12, 8)
    assert about_teams(branch_officer) == []
    assert "It can be confirmed when everybody agreed: 2 have not answered." in room(office, cohort)
    agree(client, change)
    assert about_teams(branch_officer) == [
        (f"Team 1 of the {cohort}: everyone has agreed", "Confirm the team")
    ]
    client.force_login(branch_officer)
    assert reverse("team_change_confirm", args=[change.pk]) in room(client, cohort)
    client.post(reverse("team_change_confirm", args=[change.pk]))
    assert about_teams(branch_officer) == []
    assert "Team 1 goes on with the members it has. Reason: Nobody waits." in room(client, cohort)


def test_person_without_a_team_is_asked_on_their_own_page(client, office, small, pooled, branch_officer):
    address = reverse("team_small", args=[small.pk])
    office.post(address, {"way": f"join-{pooled.pk}", "reason": "Three see more.", "answer_by": "2026-12-08"})
    card = next(iter(cards_for(pooled.user)))
    assert card.title == "Do you agree? You join Team 1."
    assert card.text.startswith("Please answer by Tuesday, December 8, 2026. This is how Team 1 of the ")
    agree(client, TeamChange.objects.get(team=small))
    client.force_login(branch_officer)
    client.post(reverse("team_change_confirm", args=[TeamChange.objects.get(team=small).pk]))
    assert small.memberships.filter(ended_at=None).count() == 3


def test_who_answered_reads_what_was_asked_and_how_many_agreed(small, pooled, cohort, branch_officer):
    """T4"""
    change = team_changes.ask(
        team=small, kind="join", joining=[pooled], reason="x", by=branch_officer, now=NOW
    )

    def answered(participant, agree):
        user, consent = participant.user, change.consents.get(participant=participant)
        team_agreement.answer(consent=consent, agree=agree, by=user, now=NOW)
        [card] = [each for each in cards_for(user) if "Team 1" in each.title]
        assert (card.urgency, card.address) == (Urgency.CALM, reverse("my_team"))
        return card.title, card.text

    ann = small.memberships.filter(ended_at=None).first().participant
    assert answered(ann, agree=True) == (
        f"You agreed to how Team 1 of the {cohort} would go on",
        "Asked: Pia Pool joins Team 1. 1 of 3 agreed so far. You can change your answer until it is settled.",
    )
    title, text = answered(pooled, agree=False)
    assert title == f"You declined how Team 1 of the {cohort} would go on"
    assert text == (
        "Asked: You join Team 1. The branch office looks for another way. "
        "You can change your answer until it is settled."
    )


def test_asked_people_read_what_the_others_of_a_new_team_would_be(client, office, small, pooled, org):
    """T4: names, divisions, classifications and project titles; neither texts, ratings nor addresses."""
    office.post(
        reverse("team_small", args=[small.pk]),
        {"way": f"join-{pooled.pk}", "reason": "Three see more.", "answer_by": "2026-12-08"},
    )
    client.force_login(pooled.user)
    text = client.get(reverse("my_team")).content.decode()
    assert text.count("Project: Faster permits") == 3
    assert "Team 1 would then be:" in text
    assert "Pia Pool (you)" in text
    assert "Please answer by Tuesday, December 8, 2026." in text
    ann = small.memberships.filter(ended_at=None).first().participant
    for words in ("Shorten the way", "Permits in ten days", "Fostering a Team", "Grow", ann.user.email):
        assert words not in text


def test_who_would_move_reads_both_teams_as_they_would_be(client, office, small, cohort, branch_officer):
    """T4"""
    four = [factories.participant(cohort, factories.person(f"Mo {n}")) for n in range(4)]
    factories.confirmed_team(cohort, four, by=branch_officer)
    values = {"kind": "join", "joining": four[:1], "reason": "x", "by": branch_officer, "now": NOW}
    team_changes.ask(team=small, **values)
    client.force_login(four[0].user)
    text = client.get(reverse("my_team")).content.decode()
    first, new, left = text.partition("Team 1 would then be:")[0], *text.split("would then be:")[1:]
    assert "Do you agree? You leave Team 2 and join Team 1." in first
    assert [name for name in ("Ann", "Ben", "Mo 0 (you)", "Mo 1") if name in new] == [
        "Ann",
        "Ben",
        "Mo 0 (you)",
    ]
    assert [name for name in ("Ann", "Mo 1", "Mo 2", "Mo 3", "(you)") if name in left] == [
        "Mo 1",
        "Mo 2",
        "Mo 3",
    ]


def test_declined_question_is_taken_back(client, office, small, cohort, branch_officer):
    office.post(
        reverse("team_small", args=[small.pk]), {"way": "go_on", "reason": "x", "answer_by": "2026-12-08"}
    )
    consent = Consent.objects.first()
    client.force_login(consent.participant.user)
    client.post(reverse("team_answer", args=[consent.pk]), {"answer": "decline", "reason": "Too few"})
    assert about_teams(branch_officer) == [(f"Team 1 of the {cohort}: somebody declined", "Look at the team")]
    client.force_login(branch_officer)
    client.post(reverse("team_change_take_back", args=[consent.change_id]))
    assert about_teams(branch_officer) == [(f"Team 1 of the {cohort} has become small", "Decide")]


def test_way_that_was_not_offered_asks_nobody(office, small):
    office.post(
        reverse("team_small", args=[small.pk]),
        {"way": "join-999999", "reason": "x", "answer_by": "2026-12-08"},
    )
    assert not TeamChange.objects.exists()


def test_team_that_is_whole_has_nothing_to_decide(office, cohort, branch_officer):
    people = [factories.participant(cohort) for _ in range(4)]
    team = factories.confirmed_team(cohort, people, by=branch_officer)
    assert office.get(reverse("team_small", args=[team.pk])).status_code == 302
    assert about_teams(branch_officer) == []


def test_program_that_is_over_asks_no_longer(office, small, cohort, branch_officer):
    cohort.first_month = NOW.date().replace(year=2025, day=1)
    cohort.applications_open_date = cohort.first_month.replace(month=1)
    cohort.applications_close_date = cohort.first_month.replace(month=2)
    cohort.save()
    assert about_teams(branch_officer) == []
    assert "has become small" not in room(office, cohort)


def test_team_that_would_join_another_has_nothing_to_decide(client, office, small, cohort, branch_officer):
    """T4: who is asked about one team is not asked about another; the card says what is asked, the page why not."""
    other = factories.small_team(cohort, "Dan", "Eve", "Fox", by=branch_officer)
    joining = [place.participant for place in other.memberships.filter(ended_at=None)]
    team_changes.ask(team=small, kind="merge", joining=joining, reason="x", by=branch_officer, now=NOW)
    assert not [card.title for card in cards_for(branch_officer) if "has become small" in card.title]
    text = room(office, cohort)
    assert "Asked about Team 1:" in text
    assert "Decide how Team 2 goes on" not in text
    response = office.get(reverse("team_small", args=[other.pk]), follow=True)
    assert "Dan, Eve are being asked already how Team 1 goes on." in response.content.decode()


def test_who_is_being_asked_is_marked_on_the_board_and_before_publishing(
    office, small, pooled, cohort, branch_officer
):
    """T4: the branch office sees what it has to settle first, and is not offered to publish."""
    people = [pooled, *(factories.participant(cohort, factories.person(name)) for name in "XYZ")]
    draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
    draft.document = {"teams": [[each.pk for each in people]]}
    draft.save()
    publishing = reverse("proposal_publish", args=[draft.pk])
    assert "being asked how" not in room(office, cohort)
    assert "Publish and ask" in office.get(publishing).content.decode()
    team_changes.ask(team=small, kind="join", joining=[pooled], reason="x", by=branch_officer, now=NOW)
    assert room(office, cohort).count("Is being asked how Team 1 goes on.") == 1
    page = office.get(publishing).content.decode()
    assert "Pia Pool is being asked already how Team 1 goes on." in page
    assert "Publish and ask" not in page


def test_question_is_not_asked_about_a_team_that_is_being_asked(small, branch_officer):
    team_changes.ask(team=small, kind="go_on", joining=(), reason="x", by=branch_officer, now=NOW)
    assert about_teams(branch_officer) == []
