"""What the home page says about meetings: the next one, attendance, evaluations. Here, where the team is that meets."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from coaching.site.home import cards_for
from coaching.site.waiting.cards import Urgency
from meetings import attendance, evaluations
from tests.meetings.conftest import noon
from tests.site.test_home import queries, titles, waiting


def at(moment):
    return time_machine.travel(moment, tick=False)


def hold(meeting, people, now=None):
    marks = dict.fromkeys((people.alice, people.bob), "present") | {people.charlie: "absent"}
    attendance.take_attendance(
        meeting=meeting, marks=marks, by=people.alice.user, now=now or noon(meeting.date)
    )


def test_next_meeting_is_good_to_know_and_comes_closer(meeting, alice):
    with at(noon(meeting.date - timedelta(days=8))):
        card = cards_for(alice)[0]
    assert (card.title, card.urgency) == ("Your next meeting: Introduction to Program", Urgency.CALM)
    assert card.text == "Wednesday, February 17, 2027, 9:00 a.m. to 11:00 a.m., place still open."
    with at(noon(meeting.date - timedelta(days=7))):
        card = cards_for(alice)[0]
    assert card.urgency == Urgency.SOON


def test_next_meeting_of_another_team_is_not_shown(meetings, other_team, people):
    with at(noon(meetings[0].date - timedelta(days=1))):
        assert titles(people.dora.user) == ["A month is still open", "Your way to the certificate"]


def test_meeting_that_is_over_waits_for_its_attendance(meetings, alice):
    """T7: any member takes it."""
    during = datetime(2027, 2, 17, 18, tzinfo=UTC)  # ten in the morning
    with at(during):
        assert waiting(alice) == ["Your next meeting: Introduction to Program"]
    with at(noon(meetings[0].date)):
        assert titles(alice)[:2] == [
            "Who was at “Introduction to Program”?",
            "Your next meeting: Fostering a Team Environment",
        ]


def test_who_was_there_evaluates(meetings, people):
    """C1"""
    hold(meetings[0], people)
    with at(noon(meetings[0].date)):
        assert "Evaluate “Introduction to Program”" in titles(people.alice.user)
        assert "Evaluate “Introduction to Program”" not in titles(people.charlie.user)
        questions = evaluations.questions_for(meetings[0].cohort)
        answers = {each.pk: 4 if each.kind == "rating" else "" for each in questions}
        evaluations.submit_evaluation(
            meeting=meetings[0], answers=answers, by=people.alice.user, now=noon(meetings[0].date)
        )
        assert "Evaluate “Introduction to Program”" not in titles(people.alice.user)


def test_several_evaluations_are_one_card(meetings, people):
    for meeting in meetings[:2]:
        hold(meeting, people, now=noon(meetings[1].date))
    with at(noon(meetings[1].date)):
        assert "2 evaluations to write" in titles(people.alice.user)


def test_home_of_a_member_takes_as_many_queries_for_three_as_for_one(meetings, people, client):
    counts = []
    for meeting in meetings[:3]:
        hold(meeting, people)
        with at(noon(meeting.date)):
            client.force_login(people.alice.user)
            client.get("/")
            counts.append(queries(client))
    assert counts[0] == counts[2]


@pytest.mark.usefixtures("meetings")
def test_branch_office_is_not_asked_to_take_a_teams_attendance(meeting, branch_officer):
    with at(noon(meeting.date)):
        assert "Who was at “Introduction to Program”?" not in titles(branch_officer)


def test_member_sees_how_far_the_certificate_is(meetings, people):
    """C2"""
    hold(meetings[0], people)
    with at(noon(meetings[0].date)):
        cards = {card.title: card.text for card in cards_for(people.alice.user)}
        assert cards["Your way to the certificate"] == "1 of 8 months are done, and you are on track."


def test_the_training_office_finds_the_totals(training_officer, supervisor):
    assert titles(training_officer) == ["How the meetings were evaluated"]
    assert "How the meetings were evaluated" not in titles(supervisor)


def test_month_that_only_another_meeting_can_save_waits_for_the_member(meetings, people, team, client):
    """C2: the truth leads, on the first page and on that of the program."""
    hold(meetings[0], people)
    open_text = "February 2027 is still open: you were not at the meeting on Wednesday, February 17, 2027."
    with at(noon(meetings[0].date + timedelta(days=2))):
        cards = {card.title: card for card in cards_for(people.charlie.user)}
        assert cards["Your way to the certificate"].text == "0 of 8 months are done."
        waits = cards["A month is still open"]
        assert waits.text.startswith(open_text)
        assert (waits.urgency, waits.address) == (Urgency.NOW, f"/meetings/teams/{team.pk}/add/")
        assert "A month is still open" not in titles(people.alice.user)
        client.force_login(people.charlie.user)
        page = client.get("/meetings/").content.decode()
    assert page.index(open_text) < page.index("My way to the certificate")
    assert "on track" not in page
    assert "Still open" in page
