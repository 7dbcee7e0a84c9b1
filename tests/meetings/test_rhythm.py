"""By which rule a team meets: as its members can, and as they choose (M3, M4, T7)."""

from datetime import date, time

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from coaching import team_wishes
from coaching.meeting_times import MeetingTime, rule_in_words, time_for_all
from coaching.models import ClosedDay, Message, Team, TeamWishes
from meetings import attendance, laying_out, scheduling
from meetings.laying_out import Rhythm
from meetings.models import Meeting, MeetingChange, MeetingTeam
from meetings.team_space import NotYourMeeting
from tests.clock import NOW
from tests.meetings.conftest import BEFORE, noon

pytestmark = pytest.mark.usefixtures("plain_not_found")
SECOND_TUESDAY = Rhythm(weekday=1, week=2, start_time=time(13))


def said(*times: str) -> TeamWishes:
    return TeamWishes(times=list(times))


class TestTimeForAll:
    @pytest.mark.parametrize(
        ("wishes", "when"),
        [
            ([None, None], "Wednesday, 9:00 a.m."),
            ([said("2-0900", "3-0900"), None], "Wednesday, 9:00 a.m."),
            ([said("2-1500", "3-0900"), said("3-0900", "2-1500", "2-1100")], "Wednesday, 3:00 p.m."),
            ([said("3-0900", "4-0900"), said("4-0900", "3-0900")], "Thursday, 9:00 a.m."),
            ([said("1-0900", "3-0900")], "Tuesday, 9:00 a.m."),
            ([said("2-0900"), said("3-0900")], "None"),
        ],
    )
    def test_the_usual_one_or_the_nearest(self, cohort, wishes, when):
        """M3, M4"""
        assert str(time_for_all(cohort, wishes)) == when

    def test_in_words(self, cohort):
        words = rule_in_words(cohort, MeetingTime(1, time(13)))
        assert words == "1:00 p.m. on the third Tuesday of the month"


class TestLayingOut:
    def test_at_a_time_that_suits_all(self, team, people):
        for each, times in ((people.alice, ["1-1300", "2-0900"]), (people.bob, ["1-1300", "4-0900"])):
            TeamWishes.objects.create(participant=each, times=times, answered_at=NOW)
        meetings = laying_out.lay_out_meetings(team=team, by=None, now=NOW)
        assert {(each.date.weekday(), each.start_time) for each in meetings} == {(1, time(13))}
        assert [each.date for each in meetings][:2] == [date(2027, 2, 16), date(2027, 3, 16)]

    def test_at_the_usual_time_where_none_suits_all(self, team, people):
        for each, times in ((people.alice, ["1-1300"]), (people.bob, ["4-0900"])):
            TeamWishes.objects.create(participant=each, times=times, answered_at=NOW)
        meetings = laying_out.lay_out_meetings(team=team, by=None, now=NOW)
        assert {(each.date.weekday(), each.start_time) for each in meetings} == {(2, time(9))}


class TestAnotherRhythm:
    def test_all_that_lies_ahead_moves_within_its_month(self, team, meetings, people, alice):
        """M3: held meetings, extra ones and those of other teams too stay."""
        now = noon(meetings[0].date)
        marks = dict.fromkeys((people.alice, people.bob), "present")
        attendance.take_attendance(meeting=meetings[0], marks=marks, by=alice, now=now)
        extra = scheduling.add_extra(
            team=team,
            when=scheduling.When(date(2027, 4, 1), time(9), 60),
            where=scheduling.Where(),
            title="Catching up",
            by=alice,
            now=now,
        )
        Message.objects.all().delete()
        moved = laying_out.change_rhythm(team=team, rhythm=SECOND_TUESDAY, by=alice, now=now)
        assert [each.pk for each in moved] == [each.pk for each in meetings[1:]]
        assert [each.date for each in moved][:2] == [date(2027, 3, 9), date(2027, 4, 13)]
        assert [each.month for each in moved] == [2, 3, 4, 5, 6, 7, 8]
        assert {each.start_time for each in moved} == {time(13)}
        extra.refresh_from_db()
        meetings[0].refresh_from_db()
        assert (extra.date, meetings[0].date) == (date(2027, 4, 1), date(2027, 2, 17))
        assert sorted(str(each.recipient) for each in Message.objects.all()) == [
            "Bob Example",
            "Charlie Example",
        ]
        assert laying_out.change_rhythm(team=team, rhythm=SECOND_TUESDAY, by=alice, now=now) == []
        assert Message.objects.count() == 2
        assert MeetingChange.objects.filter(summary__startswith="Moved from").count() == 7

    def test_a_closed_day_is_kept_or_its_nearest_free_day_taken(self, team, meetings, cohort, alice):
        """M3: as the team chose, never silently."""
        ClosedDay.objects.create(date=date(2027, 3, 9), name="Inventory day", branch=cohort.branch)
        laying_out.change_rhythm(
            team=team, rhythm=SECOND_TUESDAY, instead=[meetings[1].pk], by=alice, now=BEFORE
        )
        assert Meeting.objects.get(pk=meetings[1].pk).date == date(2027, 3, 2)
        laying_out.change_rhythm(team=team, rhythm=SECOND_TUESDAY, by=alice, now=BEFORE)
        assert Meeting.objects.get(pk=meetings[1].pk).date == date(2027, 3, 9)

    def test_a_day_that_is_over_is_not_chosen(self, team, meetings, alice):
        moved = laying_out.change_rhythm(
            team=team,
            rhythm=Rhythm(weekday=0, week=1, start_time=time(9)),
            by=alice,
            now=noon(date(2027, 2, 10)),
        )
        assert meetings[0] not in moved
        assert len(moved) == 7

    def test_a_meeting_with_another_team_stays(self, team, other_team, meetings, alice):
        MeetingTeam.objects.create(meeting=meetings[7], team=other_team)
        moved = laying_out.change_rhythm(team=team, rhythm=SECOND_TUESDAY, by=alice, now=BEFORE)
        assert meetings[7] not in moved

    def test_a_day_that_the_team_meets_on_already_is_named(self, team, meetings, alice):
        """As where a meeting is added by hand."""
        when = scheduling.When(date(2027, 3, 9), time(13), 60)
        where = scheduling.Where()
        scheduling.add_extra(team=team, when=when, where=where, title="Catching up", by=alice, now=BEFORE)
        seen = laying_out.preview(team, SECOND_TUESDAY, now=BEFORE)
        warned = {meeting.number: [each.text for each in day.warnings] for meeting, day in seen.days}
        assert warned.pop(2) == ["Your team already meets on Tuesday, March 9, 2027: “Catching up”."]
        assert set(map(tuple, warned.values())) == {()}

    def test_what_stays_is_named_with_why(self, client, team, other_team, meetings, alice):
        now = noon(date(2027, 2, 10))
        when = scheduling.When(date(2027, 4, 1), time(13), 60)
        where = scheduling.Where()
        scheduling.add_extra(team=team, when=when, where=where, title="Catching up", by=alice, now=now)
        MeetingTeam.objects.create(meeting=meetings[7], team=other_team)
        Meeting.objects.filter(pk=meetings[6].pk).update(is_joint=True)
        seen = laying_out.preview(team, SECOND_TUESDAY, now=now)
        assert [(meeting.heading, why) for meeting, why in seen.stay] == [
            ("Introduction to Program", "the day of the rule in its month is over"),
            ("Catching up", "an extra meeting"),
            ("Building Coalitions", "the branch office sets the day of a meeting for all teams"),
            ("Final Program Meeting", "another team is at it too"),
        ]
        with time_machine.travel(now, tick=False):
            client.force_login(alice)
            values = {"week": 2, "weekday": 1, "start_time": "13:00"}
            page = client.post(reverse("meetings_rhythm", args=[team.pk]), values)
        assertContains(
            page, "Wednesday, September 15, 2027: Final Program Meeting, another team is at it too"
        )

    def test_by_members_alone_and_while_the_team_stands(self, team, meetings, branch_officer, alice):
        """T7, M14"""
        with pytest.raises(NotYourMeeting):
            laying_out.change_rhythm(team=team, rhythm=SECOND_TUESDAY, by=branch_officer, now=BEFORE)
        Team.objects.filter(pk=team.pk).update(status="ended")
        with pytest.raises(scheduling.CannotPlan):
            laying_out.change_rhythm(team=team, rhythm=SECOND_TUESDAY, by=alice, now=BEFORE)

    def test_the_dates_are_seen_before_they_are_chosen(self, client, team, meetings, cohort, alice):
        ClosedDay.objects.create(date=date(2027, 3, 9), name="Inventory day", branch=cohort.branch)
        with time_machine.travel(BEFORE, tick=False):
            client.force_login(alice)
            address = reverse("meetings_rhythm", args=[team.pk])
            asked = {"week": "2", "weekday": "1", "start_time": "13:00"}
            shown = client.post(address, asked)
            assertContains(shown, "Tuesday, April 13, 2027: Creating Organizational Transformation")
            assertContains(shown, "Meet on Tuesday, March 2 instead")
            assert Meeting.objects.filter(date=date(2027, 4, 13)).count() == 0
            other = client.post(address, {**asked, "week": "1", "agreed": "2-1-1300-0"})
            assertContains(other, "Tuesday, April 6, 2027")
            agreed = {**asked, "agreed": "2-1-1300-0", "instead": [meetings[1].pk, "x", "9" * 5000]}
            done = client.post(address, agreed, follow=True)
            assertRedirects(done, reverse("meetings"))
            assertContains(done, "8 meetings were moved. Your team is told.")
            assert Meeting.objects.get(pk=meetings[1].pk).date == date(2027, 3, 2)
            assertContains(client.post(address, agreed, follow=True), "on these dates already")
            assertContains(client.post(address, {**asked, "start_time": "23:00"}), "Choose a time between")


def test_what_members_say_reaches_the_dates(team, people, alice):
    """A whole way: what was said before the team was formed."""
    Team.objects.filter(pk=team.pk).update(status="awaiting_agreement", confirmed_at=None)
    team_wishes.save(
        participant=people.alice, times=["4-1500"], track="none", rather_not=[], by=alice, now=NOW
    )
    assert laying_out.rhythm_of(team) == Rhythm(weekday=4, week=3, start_time=time(15))
