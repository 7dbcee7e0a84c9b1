"""The home page: each person sees what waits for them, with one step each, in a constant number of queries."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coaching import directory, team_agreement, team_formation
from coaching.in_words import counted
from coaching.models import Cohort, Consent, DirectoryCorrection
from coaching.site.home import cards_for
from coaching.site.waiting.cards import Urgency, day
from tests import factories
from tests.clock import NOW


def titles(user):
    return [card.title for card in cards_for(user)]


def waiting(user):
    """Without what is only good to know or to begin."""
    return [card.title for card in cards_for(user) if card.urgency in (Urgency.NOW, Urgency.SOON)]


@pytest.fixture
def html(client):
    def get(user):
        client.force_login(user)
        return client.get("/").content.decode()

    return get


def test_strangers_are_sent_to_sign_in(client, db):
    assert client.get("/").url == "/accounts/login/?next=/"


def test_person_with_nothing_reads_what_the_program_is(html, outsider):
    Cohort.objects.all().delete()
    assert titles(outsider) == []
    page = html(outsider)
    assert "Welcome, Otto" in page
    assert "What the Peer Coaching Program is" in page
    assert "does not assure advancement" in page  # F3


def test_a_day_is_said_in_full_where_the_program_runs():
    assert day(NOW) == "Monday, November 23, 2026"
    assert day(NOW.date()) == "Monday, November 23, 2026"


@pytest.mark.parametrize(("number", "expected"), [(1, "1 card"), (3, "3 cards")])
def test_counted(number, expected):
    assert counted(number, "card", "cards") == expected


def report(user, says):
    return directory.report_correction(user=user, field=DirectoryCorrection.Field.NAME, says=says, now=NOW)


def test_branch_office_sees_corrections_to_confirm(frozen, applicant, branch_officer):
    report(applicant, "Ana B. Applicant")
    card, _ = cards_for(branch_officer)  # the cohort is open, too
    assert card.title == "1 correction of the directory to confirm"
    assert card.urgency == Urgency.SOON
    assert "Monday, November 23, 2026" in card.text
    assert waiting(applicant) == []


def queries(client):
    with CaptureQueriesContext(connection) as captured:
        client.get("/")
    return len(captured)


def test_home_takes_as_many_queries_for_three_rows_as_for_one(client, org, branch_officer):
    client.force_login(branch_officer)
    client.get("/")
    counts = []
    for number in range(3):
        report(factories.person(unit=org.unit), f"New Name {number}")
        counts.append(queries(client))
    assert counts[0] == counts[2]


# Teams


@pytest.fixture
def asked_team(frozen, cohort, org, branch_officer):
    """Three people who have been asked about a team (T4)."""
    for number in range(3):
        person = factories.person(f"P{number} Person", unit=org.unit)
        factories.participant(cohort, person)
    proposal = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
    proposal.document = {"teams": [[each.pk for each in cohort.participants.all()]]}
    proposal.save()
    return team_formation.publish(proposal=proposal, by=branch_officer, now=NOW, reasons={1: "One site."})[0]


def consents(team):
    return list(Consent.objects.filter(change__team=team).select_related("participant__user"))


def answer(consent, agree):
    team_agreement.answer(consent=consent, agree=agree, by=consent.participant.user, now=NOW)


def test_member_is_asked_until_they_answer(asked_team):
    consent = consents(asked_team)[0]
    [card] = cards_for(consent.participant.user)
    assert (card.title, card.urgency) == (
        f"Do you agree to {asked_team} of the {asked_team.cohort}?",
        Urgency.NOW,
    )
    answer(consent, agree=True)
    assert waiting(consent.participant.user) == []


def test_member_who_agreed_reads_how_many_did(asked_team, html):
    """T4: calmly, and that the answer can still change."""
    team = f"{asked_team} of the {asked_team.cohort}"
    first, second, third = consents(asked_team)
    answer(first, agree=True)
    [card] = cards_for(first.participant.user)
    assert (card.title, card.urgency) == (f"You agreed to {team}", Urgency.CALM)
    assert (
        card.text
        == "1 of 3 agreed so far. You can change your answer until the team is confirmed or dissolved."
    )
    assert card.address == "/teams/mine/"
    answer(second, agree=True)
    answer(third, agree=True)
    [card] = cards_for(first.participant.user)
    assert card.text.startswith("3 of 3 agreed so far.")
    assert "What the Peer Coaching Program is" not in html(first.participant.user)


def test_member_who_declined_reads_so(asked_team):
    """T4"""
    first, second, _ = consents(asked_team)
    answer(first, agree=False)
    answer(second, agree=True)
    [card] = cards_for(first.participant.user)
    assert (card.title, card.urgency) == (
        f"You declined {asked_team} of the {asked_team.cohort}",
        Urgency.CALM,
    )
    assert card.text == (
        "The branch office looks for another team for you. "
        "You can change your answer until the team is confirmed or dissolved."
    )


def test_what_was_answered_leaves_once_the_team_is_settled(asked_team, branch_officer):
    first, *_ = consents(asked_team)
    answer(first, agree=True)
    team_agreement.dissolve(team=asked_team, by=branch_officer, reason="x", now=NOW)
    assert titles(first.participant.user) == ["Say when you can meet, before teams are formed"]


def test_home_takes_as_many_queries_for_three_answers_as_for_one(
    asked_team, program, branch, branch_officer, client
):
    first, *_ = consents(asked_team)
    user = first.participant.user
    answer(first, agree=True)
    client.force_login(user)
    client.get("/")
    with_one = queries(client)
    for _ in range(2):
        cohort = factories.cohort(program, branch)
        people = [factories.participant(cohort, user), *(factories.participant(cohort) for _ in range(2))]
        draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
        draft.document = {"teams": [[each.pk for each in people]]}
        draft.save()
        [team] = team_formation.publish(proposal=draft, by=branch_officer, now=NOW, reasons={1: "x"})
        answer(next(each for each in consents(team) if each.participant.user == user), agree=False)
    assert len(cards_for(user)) == 3
    assert queries(client) == with_one


def test_questions_stand_in_the_order_of_their_days(asked_team, program, branch, branch_officer):
    """T4"""
    user = consents(asked_team)[0].participant.user
    people = [factories.participant(factories.cohort(program, branch), user)]
    people += [factories.participant(people[0].cohort) for _ in range(2)]
    proposal = team_formation.start_by_hand(cohort=people[0].cohort, by=branch_officer, now=NOW)
    proposal.document = {"teams": [[each.pk for each in people]]}
    proposal.save()
    [team] = team_formation.publish(
        proposal=proposal, by=branch_officer, now=NOW, reasons={1: "x"}, answer_by=NOW.date()
    )
    starts = [card.text.partition(" See")[0] for card in cards_for(user) if card.title.startswith("Do you")]
    assert starts == [
        "Please answer by Monday, November 23, 2026.",
        "Please answer by Monday, November 30, 2026.",
    ]
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        card, *_ = cards_for(user)
        assert card.text.startswith(
            "You were asked to answer by Monday, November 23, 2026; your answer still"
        )
        assert f"{team} of the {team.cohort}: 3 answers are overdue" in waiting(branch_officer)


def test_overdue_answers_leave_the_office_when_all_have_answered(asked_team, branch_officer):
    with time_machine.travel(NOW + timedelta(days=8), tick=False):
        assert waiting(branch_officer) == [f"{asked_team} of the {asked_team.cohort}: 3 answers are overdue"]
        first, *others = consents(asked_team)
        for consent in others:
            answer(consent, agree=True)
        assert waiting(branch_officer) == [f"{asked_team} of the {asked_team.cohort}: 1 answer is overdue"]
        answer(first, agree=True)
        assert waiting(branch_officer) == [f"{asked_team} of the {asked_team.cohort}: everyone has agreed"]


def test_branch_office_confirms_when_everyone_has_agreed(asked_team, branch_officer, outsider):
    first, *others = consents(asked_team)
    answer(first, agree=True)
    assert waiting(branch_officer) == []
    for consent in others:
        answer(consent, agree=True)
    assert waiting(branch_officer) == [f"{asked_team} of the {asked_team.cohort}: everyone has agreed"]
    assert f"{asked_team} of the {asked_team.cohort}: everyone has agreed" not in titles(outsider)


def test_branch_office_hears_that_somebody_declined(asked_team, branch_officer):
    answer(consents(asked_team)[0], agree=False)
    assert waiting(branch_officer) == [f"{asked_team} of the {asked_team.cohort}: somebody declined"]


def test_teams_are_formed_once_applications_are_closed(cohort, org, branch_officer):
    people = [factories.participant(cohort, factories.person(unit=org.unit)) for _ in range(3)]
    with time_machine.travel(NOW, tick=False):
        assert waiting(branch_officer) == []
        assert titles(people[0].user) == ["Say when you can meet, before teams are formed"]
    with time_machine.travel(datetime(2027, 1, 4, 18, tzinfo=UTC), tick=False):
        assert waiting(branch_officer) == ["3 participants wait for a team"]


def test_a_draft_is_gone_on_with(cohort, org, branch_officer):
    """Whoever it holds does not wait for a proposal."""
    for _ in range(3):
        factories.participant(cohort, factories.person(unit=org.unit))
    with time_machine.travel(datetime(2027, 1, 4, 18, tzinfo=UTC), tick=False):
        [card] = [each for each in cards_for(branch_officer) if "wait for a team" in each.title]
        assert (card.action, card.text) == (
            "Form teams",
            f"{cohort}: begin with a proposal, or put teams together by hand.",
        )
        draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
        [card] = [each for each in cards_for(branch_officer) if each.urgency == Urgency.SOON]
        assert (card.title, card.action) == ("A draft of teams is in progress", "Go on with the draft")
        assert card.text == f"{cohort}: nobody is asked before you publish it."
        assert card.address == f"/teams/cohorts/{cohort.pk}/"
        team_formation.discard(proposal=draft, by=branch_officer, now=NOW)
        assert waiting(branch_officer) == ["3 participants wait for a team"]


def test_two_people_are_too_few_to_form_a_team(cohort, org, branch_officer):
    """T1"""
    for _ in range(2):
        factories.participant(cohort, factories.person(unit=org.unit))
    with time_machine.travel(datetime(2027, 1, 4, 18, tzinfo=UTC), tick=False):
        assert waiting(branch_officer) == []


def test_officer_who_takes_part_has_no_office_cards_of_that_cohort(asked_team, branch_officer):
    """T10"""
    for consent in consents(asked_team):
        answer(consent, agree=True)
    factories.participant(asked_team.cohort, branch_officer)
    assert titles(branch_officer) == ["Say when you can meet, before teams are formed"]


# Cohorts


def test_office_and_deputy_see_how_their_cohorts_stand(frozen, cohort, org, branch_officer, deputy):
    factories.participant(cohort, factories.person(unit=org.unit))
    for user in (branch_officer, deputy):
        [card] = cards_for(user)
        assert (card.title, card.urgency) == (str(cohort), Urgency.CALM)
        assert card.text == (
            "Open for applications until Thursday, December 31, 2026. "
            "0 applications, 1 participant on 12 seats."
        )


def test_cohort_that_is_over_is_no_news(cohort, branch_officer):
    with time_machine.travel(datetime(2027, 10, 4, 18, tzinfo=UTC), tick=False):
        assert titles(branch_officer) == []
