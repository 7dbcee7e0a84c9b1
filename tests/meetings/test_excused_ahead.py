"""Who is excused from a meeting, or on leave on its day: what the others do goes on, and nobody expects them."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching.site.home import cards_for
from meetings import attendance, attention, waivers
from tests.meetings.conftest import noon
from tests.site.test_home import titles


@pytest.fixture
def at_noon(meeting):
    with time_machine.travel(noon(meeting.date), tick=False):
        yield


def attendance_data(people, **marks):
    return {f"member_{getattr(people, name).pk}": mark for name, mark in marks.items()}


@pytest.fixture
def excused_ahead(meeting, people, branch_officer):
    attendance.excuse(
        meeting=meeting,
        participant=people.charlie,
        reason="Jury duty",
        by=branch_officer,
        now=noon(meeting.date - timedelta(days=3)),
    )


@pytest.mark.usefixtures("excused_ahead", "at_noon")
class TestExcusedAhead:
    """An excusal is no attendance: the others are asked, marked and evaluate as in any other team."""

    def test_the_others_are_marked_and_the_excusal_stands(self, client, meeting, people, alice):
        client.force_login(alice)
        address = reverse("meeting_attendance", args=[meeting.pk])
        for page in (meeting.get_absolute_url(), address):
            assertContains(client.get(page), "Everybody is here")
        assertContains(client.get(meeting.get_absolute_url()), "Take attendance")
        data = attendance_data(people, alice="present", bob="remote")
        assertRedirects(client.post(address, data), meeting.get_absolute_url())
        assert dict(meeting.attendance.values_list("participant", "status")) == {
            people.alice.pk: "present",
            people.bob.pk: "remote",
            people.charlie.pk: "excused",
        }
        assertContains(client.get(meeting.get_absolute_url()), "Correct attendance")
        assertNotContains(client.get(address), "Everybody is here")
        assert client.get(reverse("meeting_evaluation", args=[meeting.pk])).status_code == 200

    def test_everybody_is_here_leaves_whoever_is_excused_away(self, client, meeting, people, alice):
        client.force_login(alice)
        address = reverse("meeting_attendance", args=[meeting.pk])
        assertRedirects(client.post(address, {"everybody": "yes"}), meeting.get_absolute_url())
        marks = dict(meeting.attendance.values_list("participant", "status"))
        assert (marks[people.alice.pk], marks[people.charlie.pk]) == ("present", "excused")

    def test_home_the_program_and_the_branch_office_see_that_nobody_took_it(
        self, client, meeting, people, alice, branch_officer
    ):
        take = reverse("meeting_attendance", args=[meeting.pk])
        with time_machine.travel(noon(meeting.date + timedelta(days=1)), tick=False):
            assert "Who was at “Introduction to Program”?" in titles(alice)
            client.force_login(alice)
            assertContains(client.get(reverse("meetings")), take)
            client.force_login(branch_officer)
            (row,) = client.get(reverse("office_meetings")).context["rows"]
        assert row.waiting == 1
        in_danger = attention.dangers(meeting.cohort, today=date(2027, 2, 26))
        assert {each.participant.pk for each in in_danger if each.participant.memberships.exists()} == {
            people.alice.pk,
            people.bob.pk,
        }


def test_a_meeting_from_which_everybody_is_excused_asks_nobody(
    client, meeting, people, alice, branch_officer
):
    for each in (people.alice, people.bob, people.charlie):
        attendance.excuse(
            meeting=meeting, participant=each, reason="Snow", by=branch_officer, now=noon(meeting.date)
        )
    with time_machine.travel(noon(meeting.date + timedelta(days=1)), tick=False):
        client.force_login(alice)
        assertNotContains(client.get(reverse("meetings")), reverse("meeting_attendance", args=[meeting.pk]))
        client.force_login(branch_officer)
        (row,) = client.get(reverse("office_meetings")).context["rows"]
    assert row.waiting == 0


class TestOnTheHomePage:
    @pytest.mark.usefixtures("excused_ahead")
    def test_the_next_meeting_says_that_one_is_excused(self, meeting, people):
        with time_machine.travel(noon(meeting.date - timedelta(days=1)), tick=False):
            told = {who: cards_for(getattr(people, who).user)[0] for who in ("alice", "charlie")}
        assert told["charlie"].title == told["alice"].title == "Your next meeting: Introduction to Program"
        assert told["charlie"].text == f"{told['alice'].text} You are excused from it."

    def test_whoever_is_on_leave_reads_of_the_meeting_after_it_and_takes_no_attendance(
        self, client, meetings, people, branch_officer
    ):
        waivers.record(
            participant=people.charlie,
            kind="leave",
            months=[2, 3],
            reason="Family",
            by=branch_officer,
            now=noon(date(2027, 3, 1)),
        )
        attendance.take_attendance(
            meeting=meetings[0], marks={people.alice: "present"}, by=None, now=noon(meetings[0].date)
        )
        asked = "Who was at “Fostering a Team Environment”?"
        address = reverse("meeting_attendance", args=[meetings[1].pk])
        with time_machine.travel(noon(meetings[1].date + timedelta(days=1)), tick=False):
            assert asked in titles(people.alice.user)
            assert asked not in titles(people.charlie.user)
            assert "Your next meeting: Maximizing Performance Results" in titles(people.charlie.user)
            assert "Your next meeting: Creating Organizational Transformation" in titles(people.alice.user)
            for who, is_asked in ((people.alice, True), (people.charlie, False)):
                client.force_login(who.user)
                assert (address in client.get(reverse("meetings")).content.decode()) is is_asked
