"""Several teams at one meeting: each has its own agenda, facilitators and attendance there (M5, M9, T7, M14)."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from meetings import attendance, grid, leading, program, team_space
from meetings.models import Attendance, Meeting, MeetingTeam
from tests.meetings.conftest import BEFORE, noon

pytestmark = pytest.mark.usefixtures("plain_not_found")


@pytest.fixture
def both(meeting, other_team) -> Meeting:
    """The first meeting, which the other team has come to as well."""
    MeetingTeam.objects.create(meeting=meeting, team=other_team)
    return meeting


def marks_of(*participants, status="present") -> dict:
    return dict.fromkeys(participants, status)


class TestEachTeamItsOwn:
    def test_page_and_table_show_the_readers_team(self, both, team, other_team, client, alice):
        """M5, M8: the program part is the same for all; the turns are the team's."""
        client.force_login(alice)
        page = client.get(both.get_absolute_url())
        assertContains(page, "Together with Team 2")
        table = client.get(reverse("meeting_table", args=[both.pk]))
        for response in (page, table):
            turns = [line for line in response.context["lines"] if line.member]
            assert {line.member for line in turns} == {"Alice Example", "Bob Example", "Charlie Example"}
            assertNotContains(response, "Dora Example")
        assert sum(line.minutes for line in page.context["lines"]) == 120

    def test_each_team_chooses_who_leads(self, both, team, other_team, people, client, alice):
        """M9"""
        leading.choose(
            meeting=both, team=other_team, chosen={"program": people.dora}, by=people.dora.user, now=BEFORE
        )
        client.force_login(alice)
        address = reverse("meeting_facilitators", args=[both.pk])
        client.post(address, {"part_program": people.bob.pk})
        rows = {row.team: row.participant for row in both.facilitators.filter(component="program")}
        assert rows == {team: people.bob, other_team: people.dora}
        client.post(address, {"part_program": "", "seen_program": people.bob.pk})
        assert [row.team for row in both.facilitators.all()] == [other_team]

    def test_nobody_leads_in_another_team(self, both, team, people, alice):
        with pytest.raises(team_space.NotYourMeeting, match="Only a member of the team"):
            leading.choose(meeting=both, team=team, chosen={"program": people.dora}, by=alice, now=BEFORE)


class TestAttendance:
    def test_a_member_marks_their_own_team(self, both, people, client, alice):
        """T7"""
        address = reverse("meeting_attendance", args=[both.pk])
        with time_machine.travel(noon(both.date), tick=False):
            client.force_login(alice)
            form = client.get(address).context["form"]
            assert [str(each) for each in form.people.values()] == [
                "Alice Example",
                "Bob Example",
                "Charlie Example",
            ]
            client.post(address, dict.fromkeys(form.people, "present"))
        assert Attendance.objects.filter(meeting=both).count() == 3

    def test_a_member_does_not_mark_another_team(self, both, people, alice):
        with pytest.raises(attendance.CannotTakeAttendance, match="Dora Example did not belong"):
            attendance.take_attendance(
                meeting=both, marks=marks_of(people.dora), by=alice, now=noon(both.date)
            )

    def test_the_other_team_still_can_and_is_asked(self, both, team, other_team, people, client):
        now = noon(both.date)
        attendance.take_attendance(
            meeting=both, marks=marks_of(people.alice, people.bob, people.charlie), by=None, now=now
        )
        late = now + timedelta(days=attendance.CORRECTION_DAYS + 1)
        assert attendance.why_not_take(both, team, late) == attendance.TOO_LATE
        assert attendance.why_not_take(both, other_team, late) == ""
        assert program.waiting_for_attendance([both], team) == []
        assert program.waiting_for_attendance([both], other_team) == [both]
        with time_machine.travel(now, tick=False):
            for who, asked in ((people.alice, False), (people.dora, True)):
                client.force_login(who.user)
                page = client.get(reverse("home"))
                (assertContains if asked else assertNotContains)(page, "Nobody has taken attendance")

    def test_the_office_sees_that_a_teams_is_not_taken(self, both, cohort, people):
        def waiting() -> int:
            later = both.date + timedelta(days=1)
            (line,) = grid.cohort_lines(type(cohort).objects.filter(pk=cohort.pk), today=later)
            return line.waiting

        now = noon(both.date)
        attendance.take_attendance(meeting=both, marks=marks_of(people.alice), by=None, now=now)
        assert waiting() == 1
        attendance.take_attendance(meeting=both, marks=marks_of(people.dora), by=None, now=now)
        assert waiting() == 0

    def test_no_team_reads_the_other_teams_marks(self, both, team, other_team, people):
        """M14"""
        everybody = marks_of(people.alice, people.dora)
        attendance.take_attendance(meeting=both, marks=everybody, by=None, now=noon(both.date))
        assert [row.participant for row in attendance.marks_for(both, team)] == [people.alice]
        assert [row.participant for row in attendance.marks_for(both, other_team)] == [people.dora]
