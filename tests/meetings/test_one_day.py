"""Several teams on one day: one meeting for all, or one team after another, by the branch office (M5, M13, T10)."""

from datetime import date, time, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching.meeting_times import suits
from coaching.models import ClosedDay, Cohort, Message, TeamWishes
from coaching.outbox import deliver_due
from meetings import (
    agreement,
    attendance,
    evaluations,
    feeds,
    laying_out,
    leading,
    ledger,
    notes,
    one_day,
    places,
    program,
    scheduling,
    together,
    visits,
)
from meetings.models import CalendarInvitation, EvaluationReceipt, Meeting, Note
from meetings.one_day import CannotSetDay
from meetings.places import Change
from meetings.scheduling import CannotChange, When, Where
from meetings.team_space import NotYourMeeting
from tests import factories
from tests.clock import NOW
from tests.constraints import refused_by
from tests.meetings.conftest import BEFORE, LATER, ROOM, TEN, noon

pytestmark = pytest.mark.usefixtures("plain_not_found")


def told() -> list[str]:
    rows = Message.objects.filter(kind="meetings.day_set").order_by("recipient__name")
    return list(rows.values_list("recipient__name", flat=True))


EVERYBODY = [f"{name} Example" for name in ("Alice", "Bob", "Charlie", "Dora", "Emil", "Fay")]


class TestOneOrientation:
    def test_one_meeting_for_all_teams(self, both, join, team, other_team, people):
        """M5: with its day, room and link; each team's own is called off and names it."""
        joint = join()
        assert (joint.date, joint.start_time, joint.minutes, joint.month) == (
            TEN.date,
            TEN.start_time,
            120,
            1,
        )
        assert (joint.place, joint.mode, joint.link) == (ROOM.place, ROOM.mode, ROOM.link)
        assert set(joint.teams.all()) == {team, other_team}
        own = [meetings[0] for meetings in both]
        for row in own:
            before = row.uid, row.sequence
            row.refresh_from_db()
            assert (row.status, row.joined_into) == ("cancelled", joint)
            assert (row.uid, row.sequence) == (before[0], before[1] + 1)
            assert "All teams meet together on Wednesday, February 24, 2027" in row.cancelled_reason
        assert told() == EVERYBODY
        for each in (team, other_team):
            assert [row.number for row in program.of_team(each)] == [1, 2, 3, 4, 5, 6, 7, 8]

    def test_twice_is_once(self, both, join):
        assert join() == join(now=LATER)
        assert Meeting.objects.filter(is_joint=True).count() == 1
        assert told() == EVERYBODY

    def test_another_day_or_place_moves_it(self, both, join):
        joint = join()
        moved = join(When(date(2027, 2, 25), time(14), 120), now=LATER)
        assert (moved.pk, moved.uid, moved.sequence) == (joint.pk, joint.uid, joint.sequence + 1)
        assert moved.changes.first().summary.startswith("Moved from Wednesday, February 24, 2027, 10:00")
        join(When(date(2027, 2, 25), time(14), 120), Where("Room 1"), now=LATER + timedelta(hours=1))
        moved.refresh_from_db()
        assert moved.place == "Room 1"
        assert told() == sorted(EVERYBODY * 3)

    def test_a_team_confirmed_later_joins(self, team, join, other_team, people):
        """M4: with its other meetings laid out as ever."""
        laying_out.lay_out_meetings(team=team, by=None, now=NOW)
        joint = join()
        meetings = laying_out.lay_out_meetings(team=other_team, by=None, now=LATER)
        assert [each.item.position for each in meetings] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert meetings[0] == joint
        assert set(joint.teams.all()) == {team, other_team}
        laying_out.lay_out_meetings(team=other_team, by=None, now=LATER)
        assert Meeting.objects.of_team(other_team).count() == 8

    def test_one_that_is_over_is_not_joined(self, team, join, other_team):
        laying_out.lay_out_meetings(team=team, by=None, now=NOW)
        joint = join()
        meetings = laying_out.lay_out_meetings(team=other_team, by=None, now=noon(date(2027, 3, 1)))
        assert joint not in meetings
        assert len(meetings) == 8

    def test_a_meeting_that_was_held_stays(self, both, join, people, team, other_team):
        held = both[0][0]
        marks = dict.fromkeys((people.alice, people.bob), "present")
        attendance.take_attendance(meeting=held, marks=marks, by=None, now=noon(held.date))
        joint = join(now=noon(held.date) - timedelta(hours=3))
        held.refresh_from_db()
        assert held.status == "held"
        assert list(joint.teams.all()) == [other_team]
        now = noon(joint.date)
        attendance.take_attendance(meeting=joint, marks={people.dora: "present"}, by=None, now=now)
        with pytest.raises(CannotSetDay, match="No team"):
            join(When(date(2027, 2, 26), time(9), 120), now=now)


class TestRefused:
    def test_outside_its_month(self, both, join):
        """M2"""
        with pytest.raises(CannotSetDay, match="counts for February 2027"):
            join(When(date(2027, 3, 3), time(9), 120))

    def test_on_a_day_that_is_over(self, both, join):
        with pytest.raises(CannotSetDay, match="already over"):
            join(now=noon(date(2027, 2, 25)))

    def test_a_meeting_about_a_competency(self, both, join, cohort):
        """M3: its day is the team's."""
        item = cohort.program.curriculum.get(position=2)
        with pytest.raises(CannotSetDay, match="each team's own"):
            join(When(date(2027, 3, 3), time(9), 120), item=item)

    def test_where_no_team_is(self, cohort, join):
        with pytest.raises(CannotSetDay, match="No team"):
            join()

    @pytest.mark.parametrize("who", ["alice", "deputy", "director", "administrator"])
    def test_by_anybody_but_the_branch_office(self, both, join, stagger, apart, request, who):
        by = request.getfixturevalue(who)
        for act in (join, stagger, apart):
            with pytest.raises(NotYourMeeting):
                act(by=by)

    def test_by_an_officer_who_takes_part(self, both, join, cohort, branch_officer):
        """T10"""
        factories.participant(cohort, branch_officer)
        with pytest.raises(NotYourMeeting):
            join()

    def test_members_keep_off_its_day_and_place(self, both, join, client, alice):
        """M3: of a meeting for all teams the day is the branch office's."""
        joint = join()
        with pytest.raises(CannotChange, match="The branch office sets its day and place"):
            scheduling.move(meeting=joint, to=When(date(2027, 2, 22), time(9), 120), by=alice, now=LATER)
        with pytest.raises(CannotChange, match="The branch office"):
            scheduling.cancel(meeting=joint, reason="No", by=alice, now=LATER)
        with pytest.raises(CannotChange, match="The branch office"):
            scheduling.set_place(meeting=joint, where=Where("Room 2"), by=alice, now=LATER)
        with time_machine.travel(LATER, tick=False):
            client.force_login(alice)
            page = client.get(joint.get_absolute_url())
            assertContains(page, "The branch office sets its day and place")
            assertNotContains(page, "Call off")
            for name in ("meeting_move", "meeting_place", "meeting_cancel"):
                assertRedirects(client.get(reverse(name, args=[joint.pk])), joint.get_absolute_url())

    def test_on_a_closed_day_members_are_offered_no_other(self, both, join, client, alice):
        ClosedDay.objects.create(date=TEN.date, name="Repair Day")
        joint = join()
        with time_machine.travel(LATER, tick=False):
            client.force_login(alice)
            page = client.get(joint.get_absolute_url())
        assertContains(page, "is Repair Day")
        assertNotContains(page, "Move to ")

    def test_another_rhythm_leaves_it(self, both, join, team, alice):
        joint = join()
        rhythm = laying_out.Rhythm(1, 2, time(13))
        moved = laying_out.change_rhythm(team=team, rhythm=rhythm, by=alice, now=LATER)
        assert joint not in moved
        assert len(moved) == 7

    def test_another_rhythm_leaves_it_while_one_team_is_there(self, team, join, alice):
        """M3: the joint meeting of the only team confirmed so far is the branch office's all the same."""
        laying_out.lay_out_meetings(team=team, by=None, now=NOW)
        joint = join()
        rhythm = laying_out.Rhythm(1, 2, time(13))
        moved = laying_out.change_rhythm(team=team, rhythm=rhythm, by=alice, now=LATER)
        assert joint not in moved
        joint.refresh_from_db()
        assert (joint.date, joint.start_time) == (TEN.date, TEN.start_time)


class TestOneOfThisMorning:
    """It took place, though nobody has taken attendance yet: no write moves it or takes it away."""

    def test_is_not_joined(self, both, join):
        with pytest.raises(CannotSetDay, match="No team"):
            join(now=noon(both[0][0].date))
        assert join(now=noon(both[0][0].date) - timedelta(hours=3)).teams.count() == 2

    def test_is_not_staggered(self, both, stagger):
        assert stagger(day=date(2027, 9, 16), now=noon(both[0][7].date)) == 0
        assert stagger(day=date(2027, 9, 16), now=noon(both[0][7].date) - timedelta(hours=3)) == 2

    def test_is_not_taken_apart(self, both, join, apart):
        joint = join()
        assert apart(now=noon(joint.date)) == 0
        assert apart(now=noon(joint.date) - timedelta(hours=3)) == 2

    def test_takes_in_no_team(self, team, join, other_team):
        laying_out.lay_out_meetings(team=team, by=None, now=NOW)
        joint = join()
        assert joint not in laying_out.lay_out_meetings(team=other_team, by=None, now=noon(joint.date))

    def test_keeps_its_day_under_another_rhythm(self, both, alice, team):
        first = both[0][0]
        rhythm = laying_out.Rhythm(4, 4, time(13))
        moved = laying_out.change_rhythm(team=team, rhythm=rhythm, by=alice, now=noon(first.date))
        assert [each.number for each in moved] == [2, 3, 4, 5, 6, 7, 8]

    def test_is_not_called_off_with_its_team(self, both, team, branch_officer):
        first = both[0][0]
        now = noon(first.date)
        assert laying_out.call_off_ahead(team=team, reason="Ended", by=branch_officer, now=now) == 7
        first.refresh_from_db()
        assert first.is_live

    def test_keeps_its_room(self, both, cohort, branch_officer):
        first = both[0][0]
        asked = {"cohort": cohort, "meetings": [first.pk], "change": Change("Hall"), "by": branch_officer}
        assert places.set_several(now=noon(first.date), **asked) == 0
        assert places.set_several(now=noon(first.date) - timedelta(hours=3), **asked) == 1


class TestApartAgain:
    def test_each_team_has_its_own_as_it_was(self, both, join, apart, team, other_team):
        before = [(row.pk, row.date, row.start_time, row.place) for row in (both[0][0], both[1][0])]
        joint = join()
        assert apart() == 2
        after = [Meeting.objects.of_team(each).live().earliest("date") for each in (team, other_team)]
        assert [(row.pk, row.date, row.start_time, row.place) for row in after] == before
        assert {(row.status, row.joined_into, row.sequence) for row in after} == {("planned", None, 2)}
        joint.refresh_from_db()
        assert (joint.status, joint.cancelled_reason) == ("cancelled", "Each team has its own meeting.")
        assert [row.number for row in program.of_team(team)] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert apart() == 0
        assert told() == sorted(EVERYBODY * 2)

    def test_a_team_that_had_none_gets_one(self, team, join, apart, other_team):
        laying_out.lay_out_meetings(team=team, by=None, now=NOW)
        joint = join()
        laying_out.lay_out_meetings(team=other_team, by=None, now=LATER)
        assert apart() == 2
        own = Meeting.objects.of_team(other_team).live().earliest("date")
        assert (own.date, own.start_time, own.place, own.month) == (joint.date, time(10), ROOM.place, 1)
        assert list(own.teams.all()) == [other_team]

    def test_where_its_own_day_is_over_it_meets_when_all_would_have(self, both, join, apart, team):
        join()
        apart(now=noon(date(2027, 2, 23)))
        own = Meeting.objects.of_team(team).live().earliest("date")
        assert (own.date, own.start_time) == (TEN.date, TEN.start_time)

    def test_not_once_attendance_was_taken(self, both, join, apart, people):
        joint = join()
        marks = {people.alice: "absent"}
        attendance.take_attendance(meeting=joint, marks=marks, by=None, now=noon(joint.date))
        assert apart(now=noon(joint.date)) == 0
        joint.refresh_from_db()
        assert joint.is_live

    def test_what_was_written_goes_along_and_back(
        self, both, join, apart, team, people, alice, branch_officer
    ):
        """M9, M15, M16: nothing that a team wrote is lost, and the office learns of none of it."""
        own = both[0][0]
        notes.save_update(meeting=own, team=team, texts={"status": "Begun"}, by=alice, now=BEFORE)
        leading.choose(meeting=own, team=team, chosen={"program": people.bob}, by=alice, now=BEFORE)
        attendance.excuse(
            meeting=own, participant=people.charlie, reason="Jury duty", by=branch_officer, now=BEFORE
        )
        joint = join()
        for meeting in (joint, own):
            (turn,) = [each for each in notes.turns(meeting, team, [people.alice]) if each.update]
            assert turn.update.texts == {"status": "Begun"}
            assert [row.participant for row in meeting.facilitators.all()] == [people.bob]
            assert [row.status for row in meeting.attendance.all()] == ["excused"]
            apart()
        assert not Note.objects.filter(meeting=joint).exists()


class TestOneAfterAnother:
    def test_the_same_day_with_a_pause(self, both, stagger, team, other_team):
        """M13"""
        assert stagger() == 2
        rows = [Meeting.objects.of_team(each).live().latest("date") for each in (team, other_team)]
        assert [(row.date, row.start_time) for row in rows] == [
            (date(2027, 9, 22), time(9)),
            (date(2027, 9, 22), time(11, 15)),
        ]
        assert {(row.month, row.is_joint) for row in rows} == {(8, False)}
        assert told() == EVERYBODY

    def test_twice_moves_nobody(self, both, stagger):
        stagger()
        assert stagger(now=LATER) == 0
        assert told() == EVERYBODY

    def test_each_team_can_still_move_its_own(self, both, stagger, alice):
        stagger()
        to = When(date(2027, 9, 20), time(9), 120)
        assert scheduling.move(meeting=both[0][7], to=to, by=alice, now=LATER).date == to.date

    def test_teams_that_met_together_are_taken_apart(self, both, join, stagger, final, team, other_team):
        joint = join(When(date(2027, 9, 22), time(9), 120), item=final)
        assert stagger(now=LATER) == 2
        joint.refresh_from_db()
        assert joint.status == "cancelled"
        starts = [
            Meeting.objects.of_team(each).live().latest("date").start_time for each in (team, other_team)
        ]
        assert starts == [time(9), time(11, 15)]
        assert told() == sorted(EVERYBODY * 2)

    def test_a_team_that_ended_takes_no_time(self, both, join, stagger, final, team, other_team):
        """The others meet when the office saw it."""
        join(When(date(2027, 9, 22), time(9), 120), item=final)
        team.status = "ended"
        team.save()
        assert stagger(now=LATER) == 1
        assert Meeting.objects.of_team(other_team).live().latest("date").start_time == time(9)

    def test_not_where_the_teams_are_no_longer_those_that_were_seen(
        self, both, cohort, final, other_team, branch_officer
    ):
        plan = one_day.plan_of(cohort, final, now=BEFORE)
        slots = one_day.one_after_another(plan, day=date(2027, 9, 22), start=time(9), pause=15)
        other_team.status = "ended"
        other_team.save()
        with pytest.raises(CannotSetDay, match="no longer those that you saw"):
            together.set_times(cohort=cohort, item=final, slots=slots, by=branch_officer, now=BEFORE)

    def test_not_into_the_night(self, both, stagger):
        with pytest.raises(CannotSetDay, match="after 9:00"):
            stagger(start=time(17))
        assert stagger(start=time(16, 45)) == 2


class TestOnTheUsualDayAgain:
    def usual(self, cohort, final, by, now=LATER) -> int:
        slots = one_day.on_usual_days(one_day.plan_of(cohort, final, now=now), cohort)
        return together.set_times(cohort=cohort, item=final, slots=slots, by=by, now=now)

    def test_each_by_its_rule(self, team, people, cohort, final, other_team, stagger, branch_officer):
        """M3: Team 2 said that it can meet on Tuesdays at one alone."""
        TeamWishes.objects.create(participant=people.dora, times=["1-1300"], answered_at=NOW)
        both = [laying_out.lay_out_meetings(team=each, by=None, now=NOW) for each in (team, other_team)]
        stagger()
        assert self.usual(cohort, final, branch_officer) == 2
        rows = [meetings[7] for meetings in both]
        for row in rows:
            row.refresh_from_db()
        assert [(row.date, row.start_time, row.month) for row in rows] == [
            (date(2027, 9, 15), time(9), 8),
            (date(2027, 9, 21), time(13), 8),
        ]
        assert self.usual(cohort, final, branch_officer) == 0
        assert told() == sorted(EVERYBODY * 2)

    def test_by_the_rule_that_the_team_chose_since(
        self, both, stagger, cohort, final, other_team, people, branch_officer
    ):
        """M3, T7: and one meeting that it moved by itself is no rule."""
        rhythm = laying_out.Rhythm(3, 2, time(14))
        dora = people.dora.user
        laying_out.change_rhythm(team=other_team, rhythm=rhythm, by=dora, now=BEFORE)
        scheduling.move(meeting=both[1][3], to=When(date(2027, 5, 5), time(9), 120), by=dora, now=BEFORE)
        assert laying_out.rhythm_of(other_team) == rhythm
        stagger()
        self.usual(cohort, final, branch_officer)
        both[1][7].refresh_from_db()
        assert (both[1][7].date, both[1][7].start_time) == (date(2027, 9, 9), time(14))

    def test_what_was_agreed_to_is_what_is_saved(
        self, both, stagger, cohort, final, other_team, people, branch_officer
    ):
        """The team has chosen another rule between the office's look and its press."""
        stagger()
        slots = one_day.on_usual_days(one_day.plan_of(cohort, final, now=LATER), cohort)
        rhythm = laying_out.Rhythm(3, 2, time(14))
        laying_out.change_rhythm(team=other_team, rhythm=rhythm, by=people.dora.user, now=LATER)
        together.set_times(cohort=cohort, item=final, slots=slots, by=branch_officer, now=LATER)
        both[1][7].refresh_from_db()
        assert (both[1][7].date, both[1][7].start_time) == (date(2027, 9, 15), time(9))

    def test_not_on_a_day_that_is_over(self, both, stagger, cohort, final, branch_officer):
        stagger()
        with pytest.raises(CannotSetDay, match="already over"):
            self.usual(cohort, final, branch_officer, now=noon(date(2027, 9, 20)))

    @pytest.mark.parametrize("who", ["alice", "deputy", "administrator"])
    def test_by_the_branch_office_alone(self, both, stagger, cohort, final, request, who):
        stagger()
        with pytest.raises(NotYourMeeting):
            self.usual(cohort, final, request.getfixturevalue(who))


class TestBeforeSaving:
    def slots(self, cohort, item, when=TEN):
        plan = one_day.plan_of(cohort, item, now=BEFORE)
        return plan, one_day.all_together(plan, when)

    def against(self, cohort, item, when=TEN) -> list[str]:
        plan, slots = self.slots(cohort, item, when)
        return one_day.against(plan, cohort, slots, now=BEFORE)

    def test_nothing(self, both, cohort, first):
        assert self.against(cohort, first) == []

    def test_a_closed_day(self, both, cohort, first):
        """M3"""
        ClosedDay.objects.create(date=TEN.date, name="Repair Day")
        (text,) = self.against(cohort, first)
        assert text.startswith("Wednesday, February 24, 2027 is Repair Day")

    def test_what_members_said_before_teams_were_formed(self, both, cohort, first, people):
        for each, times in ((people.bob, ["2-0900", "2-1100"]), (people.dora, ["2-0900"])):
            TeamWishes.objects.create(participant=each, times=times, answered_at=NOW)
        assert self.against(cohort, first) == [
            "Team 2: Dora Example had not named Wednesday at 10:00 a.m. as a time to meet."
        ]

    def test_a_team_that_meets_on_that_day_already(self, both, cohort, first, team, alice):
        when = When(TEN.date, time(15), 60)
        scheduling.add_extra(team=team, when=when, where=Where(), title="More", by=alice, now=BEFORE)
        assert self.against(cohort, first) == ["Team 1 already meets on Wednesday, February 24, 2027."]

    def test_two_meetings_at_once_for_the_deputy(self, both, cohort, first, deputy, program, branch):
        """M13: only what overlaps, and what the deputy is asked to or plans to attend."""
        other = factories.cohort(program, branch, name="Other", first_month=date(2027, 2, 1))
        values = {"cohort": other, "item": program.curriculum.get(position=2), "date": TEN.date}
        values |= {"minutes": 120, "time_zone": other.time_zone}
        visited = Meeting.objects.create(start_time=time(11), **values)
        beside = Meeting.objects.create(start_time=time(12), **values)
        assert self.against(cohort, first) == []
        for meeting in (visited, beside):
            visits.plan(meeting=meeting, by=deputy, now=BEFORE)
        assert self.against(cohort, first) == [
            f"At 11:00 a.m. the branch deputy is asked to another meeting as well: {visited.heading} of the {other}."
        ]

    def test_as_many_queries_for_three_teams_as_for_two(
        self, both, cohort, first, people, branch_officer, django_assert_num_queries
    ):
        TeamWishes.objects.create(participant=people.bob, times=["3-0900"], answered_at=NOW)
        plan, slots = self.slots(cohort, first)
        Cohort.objects.update(seats=40)
        for _ in range(2):
            with django_assert_num_queries(7):
                one_day.against(plan, cohort, slots, now=BEFORE)
            members = [factories.participant(cohort) for _ in range(3)]
            third = factories.confirmed_team(cohort, members, by=branch_officer)
            laying_out.lay_out_meetings(team=third, by=None, now=NOW)
            plan, slots = self.slots(cohort, first)

    @pytest.mark.parametrize(
        ("said", "day", "start", "minutes", "suited"),
        [
            ({"2-0900"}, 24, time(9), 120, True),
            ({"2-1100"}, 24, time(9), 120, False),
            ({"2-0900", "2-1100"}, 24, time(10), 120, True),
            ({"2-0900"}, 24, time(10), 120, False),
            ({"2-0900"}, 24, time(10), 60, True),
            ({"2-0900"}, 25, time(9), 120, False),
            ({"2-0900"}, 24, time(18), 120, True),
            ({"2-0900"}, 27, time(9), 120, True),
        ],
    )
    def test_whether_a_time_suits(self, cohort, said, day, start, minutes, suited):
        """February 24, 2027 is a Wednesday; nobody was asked about evenings and weekends."""
        assert suits(said, cohort, date(2027, 2, day), start, minutes) is suited


class TestAtTheJointMeeting:
    def test_attendance_evaluation_and_the_way_to_the_certificate(
        self, both, join, team, other_team, people, alice
    ):
        """C1, C2: each team marks its own, and it counts once for each."""
        joint = join()
        now = noon(joint.date)
        for who, marked in (
            (people.alice, (people.alice, people.bob)),
            (people.dora, (people.dora, people.emil)),
        ):
            marks = dict.fromkeys(marked, "present")
            attendance.take_attendance(meeting=joint, marks=marks, by=who.user, now=now)
        assert joint.attendance.count() == 4
        questions = evaluations.questions_for(joint.cohort)
        answers = {each.pk: 5 for each in questions if each.kind == "rating"}
        evaluations.submit_evaluation(meeting=joint, answers=answers, by=alice, now=now)
        assert EvaluationReceipt.objects.get().meeting == joint
        standings = ledger.standings(joint.cohort, today=joint.date)
        months = {name: standings[getattr(people, name).pk].months[0] for name in ("alice", "dora", "fay")}
        assert {name: (month.state, month.attended) for name, month in months.items()} == {
            "alice": ("met", 1),
            "dora": ("met", 1),
            "fay": ("unrecorded", 0),
        }

    def test_calendars_get_one_and_lose_the_other(self, both, join, alice):
        """RFC 5545: the team's own is CANCELLED under its UID, the joint one stands under another."""
        joint = join()
        choice = feeds.choose(way=feeds.Way.ADDRESS, by=alice, now=BEFORE)
        text = feeds.calendar_for(choice, now=LATER).decode()
        events = {part.split("UID:")[1].split("\r\n")[0]: part for part in text.split("BEGIN:VEVENT")[1:]}
        assert "STATUS:CANCELLED" in events[str(both[0][0].uid)]
        assert "STATUS:CANCELLED" not in events[str(joint.uid)]
        assert str(both[1][0].uid) not in events
        assert len(events) == 9

    def test_calendars_by_mail_get_one_and_lose_the_other(self, both, join, apart, alice, mailoutbox):
        """RFC 5546: and the other way round when the teams are taken apart, with a higher SEQUENCE.

        What is taken out was not called off: the mail says what stands instead.
        """
        own, told = both[0][0], CalendarInvitation.objects.order_by("pk")
        with time_machine.travel(BEFORE, tick=False):
            feeds.choose(way=feeds.Way.MAIL, by=alice, now=BEFORE)
            deliver_due(now=BEFORE)
        before = set(told.values_list("pk", flat=True))
        joint = join(now=LATER)
        with time_machine.travel(LATER, tick=False):
            deliver_due(now=LATER)
        news = told.exclude(pk__in=before)
        assert {(row.meeting, row.method) for row in news} == {(own, "CANCEL"), (joint, "REQUEST")}
        (taken_out,) = [each for each in mailoutbox if each.subject.startswith("Out of your calendar")]
        assert (
            "It was replaced by the meeting of all teams on Wednesday, February 24, 2027." in taken_out.body
        )
        mailoutbox.clear()
        before |= set(news.values_list("pk", flat=True))
        cancelled = told.get(meeting=own, method="CANCEL")
        apart(now=LATER + timedelta(hours=1))
        with time_machine.travel(LATER + timedelta(hours=1), tick=False):
            deliver_due(now=LATER + timedelta(hours=1))
        news = told.exclude(pk__in=before)
        assert {(row.meeting, row.method) for row in news} == {(own, "REQUEST"), (joint, "CANCEL")}
        (taken_out,) = [each for each in mailoutbox if each.subject.startswith("Out of your calendar")]
        words = "It was replaced by your team’s own meeting on Wednesday, February 17, 2027."
        assert words in taken_out.body
        assert "called off" not in taken_out.body
        assert news.get(meeting=own).sequence > cancelled.sequence

    def test_the_mail_says_with_whom_and_where(self, both, join, alice, mailoutbox):
        with time_machine.travel(LATER, tick=False):
            join(now=LATER)
            deliver_due(now=LATER)
        (mail,) = [each for each in mailoutbox if alice.email in each.to and "set when" in each.body]
        assert mail.subject == "Introduction to Program: Wednesday, February 24, 2027, 10:00 a.m."
        for words in ("Auditorium", "https://example.org/all", "with you Team 2"):
            assert words in mail.body

    def test_what_it_replaces_is_said(self, both, join, stagger, apart, first, alice, mailoutbox):
        """M4: with the end and the zone, after joining, moving and taking apart."""
        joint = join()
        said = [
            "Instead of Wednesday, February 17, 2027, 9:00 a.m., your team by itself.",
            "Moved from Wednesday, February 24, 2027, 10:00 a.m. to Thursday, February 25, 2027, 2:00 p.m.",
            "Instead of Thursday, February 25, 2027, 2:00 p.m., all teams together.",
        ]
        acts = (
            lambda now: joint,
            lambda now: join(When(date(2027, 2, 25), time(14), 120), now=now),
            lambda now: apart(now=now),
        )
        for hours, (act, words) in enumerate(zip(acts, said, strict=True)):
            now = BEFORE + timedelta(hours=hours)
            mailoutbox.clear()
            act(now)
            with time_machine.travel(now, tick=False):
                deliver_due(now=now)
            (mail,) = [each for each in mailoutbox if alice.email in each.to and "set when" in each.body]
            assert f"{words}\n" in mail.body
        assert "9:00 a.m. to 11:00 a.m. PST" in mail.body

    def mail_to(self, person, outbox, now):
        outbox.clear()
        now += visits.GATHER
        with time_machine.travel(now, tick=False):
            deliver_due(now=now)
        (mail,) = [each for each in outbox if person.email in each.to]
        return mail.body

    def test_who_planned_to_attend_goes_along(self, both, join, apart, deputy, mailoutbox):
        """M12: to the joint meeting and, as they do not overlap, to each team's own; one mail for each change."""
        own = [meetings[0] for meetings in both]
        for meeting in own:
            visits.plan(meeting=meeting, by=deputy, now=BEFORE)
        joint = join(now=LATER)
        assert [visits.planned(each) != [] for each in (joint, *own)] == [True, False, False]
        body = self.mail_to(deputy, mailoutbox, LATER)
        assert "- Changed: Wednesday, February 24, 2027, 10:00 a.m. to 12:00 p.m. PST, Team 1, Team 2" in body
        assert "(all teams together): Auditorium" in body
        assert body.count("- ") == 1
        apart(now=LATER + timedelta(hours=1))
        assert [visits.planned(each) != [] for each in (joint, *own)] == [False, True, False]
        body = self.mail_to(deputy, mailoutbox, LATER + timedelta(hours=1))
        assert body.count("- Changed: Wednesday, February 17, 2027, 9:00 a.m.") == 1

    def test_who_planned_to_attend_all_together_attends_one_after_another(
        self, both, join, stagger, final, deputy, mailoutbox
    ):
        """M13"""
        joint = join(When(date(2027, 9, 22), time(9), 120), item=final)
        visits.plan(meeting=joint, by=deputy, now=BEFORE)
        stagger(now=LATER)
        own = [meetings[7] for meetings in both]
        assert [len(visits.planned(each)) for each in (joint, *own)] == [0, 1, 1]
        body = self.mail_to(deputy, mailoutbox, LATER)
        for words in ("9:00 a.m. to 11:00 a.m. PDT, Team 1", "11:15 a.m. to 1:15 p.m. PDT, Team 2"):
            assert f"- Changed: Wednesday, September 22, 2027, {words}" in body
        assert stagger(now=LATER) == 0
        assert [len(visits.planned(each)) for each in own] == [1, 1]

    def test_taken_back_afterwards_the_members_are_told(self, both, join, deputy):
        """Who heard of the visit hears of its end, also where it went along."""
        visits.plan(meeting=both[0][0], by=deputy, now=BEFORE)
        joint = join(now=LATER)
        later = LATER + visits.WAIT
        with time_machine.travel(later, tick=False):
            deliver_due(now=later)
            visits.take_back(meeting=joint, by=deputy, now=later)
            deliver_due(now=later + visits.WAIT)
        rows = Message.objects.filter(kind=visits.TAKEN_BACK, status=Message.Status.SENT)
        assert sorted(rows.values_list("recipient__name", flat=True)) == EVERYBODY

    def test_help_and_agreement_are_each_teams_own(self, both, join, team, other_team, alice):
        """M18"""
        join()
        agreement.accept(team=team, seen=agreement.digest(team), by=alice, now=LATER)
        assert other_team.acceptances.count() == 0


class TestTheDatabaseKeeps:
    def test_a_joint_meeting_is_of_the_curriculum(self, both, join):
        rows = Meeting.objects.filter(pk=join().pk)
        assert refused_by(rows.update, item=None, title="More") == "meeting_joint_is_of_the_curriculum"

    def test_a_joined_one_is_called_off(self, both, join):
        rows = Meeting.objects.filter(joined_into=join())
        assert (
            refused_by(rows.update, status="planned", cancelled_reason="") == "meeting_joined_is_called_off"
        )
