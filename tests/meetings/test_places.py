"""Rooms and links for several meetings at once, by the branch office: M4."""

from datetime import date, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains

from coaching.models import AuditEvent, Message
from meetings import laying_out, mail, one_day, places, scheduling
from meetings.models import Meeting
from meetings.places import Change
from meetings.scheduling import When, Where
from meetings.team_space import NotYourMeeting
from tests.clock import NOW
from tests.meetings.conftest import BEFORE, noon

pytestmark = pytest.mark.usefixtures("plain_not_found")
ROOM = Change("Room 12", Meeting.Mode.IN_PERSON, "")


@pytest.fixture
def arrange(cohort, branch_officer):
    def arranged(*meetings, **values):
        whole = {"change": ROOM, "by": branch_officer, "now": BEFORE, **values}
        return places.set_several(cohort=cohort, meetings=[each.pk for each in meetings], **whole)

    return arranged


def test_each_member_gets_one_mail(arrange, meetings, other_team, alice):
    theirs = laying_out.lay_out_meetings(team=other_team, by=None, now=NOW)
    Message.objects.all().delete()
    assert arrange(*meetings[:3], theirs[0]) == 4
    assert Message.objects.filter(kind="meetings.places").count() == Message.objects.count() == 6
    assert arrange(*meetings[:3], theirs[0]) == 0
    assert Message.objects.count() == 6
    assert Meeting.objects.filter(place="Room 12").count() == 4
    assert AuditEvent.objects.filter(action="meeting.place_set").count() == 4
    meetings[0].refresh_from_db()
    assert meetings[0].sequence == 1
    with time_machine.travel(BEFORE, tick=False):
        letter = mail.places(alice, team=meetings[0].teams.get().pk)
    assert "9:00 a.m. to 11:00 a.m. PST, Introduction to Program: Room 12\n- Wednesday" in letter.body
    assert "Final Program Meeting: Place still open" in letter.body


def test_what_is_over_or_called_off_stays(arrange, meetings, alice):
    scheduling.cancel(meeting=meetings[2], reason="Snow.", by=alice, now=NOW)
    running = noon(meetings[1].date) - timedelta(hours=3)
    assert arrange(*meetings[:3], now=running) == 1
    assert [each.pk for each in Meeting.objects.filter(place="Room 12")] == [meetings[1].pk]


@pytest.mark.parametrize("who", ["alice", "deputy", "training_officer", "administrator"])
def test_by_the_branch_office_alone(arrange, meetings, who, request):
    """F5, T10"""
    with pytest.raises(NotYourMeeting):
        arrange(meetings[0], by=request.getfixturevalue(who))


def test_the_page(client, meetings, cohort, branch_officer):
    address = reverse("office_places", args=[cohort.pk])
    with time_machine.travel(BEFORE, tick=False):
        client.force_login(branch_officer)
        shown = client.get(address)
        assertContains(shown, "Team 1: Wednesday, February 17, 2027, 9:00 a.m., Introduction to Program")
        typed = {"mode": "mixed", "place": "Room 12", "link": "https://example.org/room"}
        refused = client.post(address, typed)
        assertContains(refused, "Choose at least one meeting.")
        assertContains(refused, "https://example.org/room")
        chosen = {**typed, "meetings": [meetings[0].pk, meetings[1].pk]}
        assertContains(
            client.post(address, chosen, follow=True), "2 meetings have another way to meet, place and link."
        )
        assertContains(client.post(address, chosen, follow=True), "Nobody was written to.")
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        few = len(queries)
        Meeting.objects.exclude(pk=meetings[0].pk).update(status="cancelled", cancelled_reason="x")
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) == few


class TestBeforeSaving:
    @pytest.fixture
    def office(self, client, branch_officer):
        with time_machine.travel(BEFORE, tick=False):
            client.force_login(branch_officer)
            yield client

    @pytest.fixture
    def address(self, cohort):
        return reverse("office_places", args=[cohort.pk])

    def where(self, meeting) -> Where:
        meeting.refresh_from_db()
        return scheduling.where_of(meeting)

    def test_what_stays_empty_stays_as_it_is(self, office, address, arrange, meetings):
        """A link alone is added, and taken away by its own mark."""
        arrange(meetings[0])
        chosen = {"meetings": [meetings[0].pk]}
        page = office.post(address, {**chosen, "link": "https://example.org/all"}, follow=True)
        assertContains(page, "1 meeting has another link. The teams are told.")
        assert (
            meetings[0].changes.first().summary
            == "In person: Room 12. The link to join online is another one."
        )
        assert self.where(meetings[0]) == Where("Room 12", "in_person", "https://example.org/all")
        office.post(address, {**chosen, "no_link": "on", "mode": "mixed"})
        assert self.where(meetings[0]) == Where("Room 12", "mixed", "")
        office.post(address, {**chosen, "no_place": "on"})
        assert self.where(meetings[0]) == Where("", "mixed", "")
        assertContains(office.post(address, chosen), "Say what changes")
        both = office.post(address, {**chosen, "place": "Hall", "no_place": "on"})
        assertContains(both, "You named a place.")

    def test_online_without_a_link_is_asked_about(self, office, address, meetings):
        typed = {"meetings": [meetings[0].pk], "mode": "remote"}
        page = office.post(address, typed)
        words = "Online without a link: Team 1, Wednesday, February 17, 2027, 9:00 a.m.</li>"
        assertContains(page, words)
        shown = page.content.decode()
        assert shown.index("Save all the same") < shown.index('name="mode"')
        assert self.where(meetings[0]).mode == "in_person"
        other = {**typed, "meetings": [meetings[1].pk], "agreed": page.context["agreed"]}
        assertContains(office.post(address, other), "Online without a link: Team 1, Wednesday, March 17")
        office.post(address, {**typed, "agreed": page.context["agreed"]})
        assert self.where(meetings[0]).mode == "remote"
        assert office.post(address, {**typed, "link": "https://example.org/all"}).status_code == 302

    @pytest.mark.parametrize("typed", ["Blue  Room", "blue room", " Blue Room.", "BLUE ROOM"])
    def test_a_room_is_the_same_however_it_is_typed(
        self, office, address, arrange, meetings, other_team, typed
    ):
        theirs = laying_out.lay_out_meetings(team=other_team, by=None, now=NOW)
        arrange(theirs[0], change=Change("Blue Room"))
        page = office.post(address, {"meetings": [meetings[0].pk], "place": typed})
        assert len(page.context["warnings"]) == 1
        page = office.post(address, {"meetings": [meetings[0].pk], "place": "Blue Room 2"})
        assert page.status_code == 302

    def test_two_teams_in_one_room_are_named(self, office, address, arrange, meetings, other_team):
        theirs = laying_out.lay_out_meetings(team=other_team, by=None, now=NOW)
        arrange(theirs[0], change=Change("room 12 "))
        page = office.post(address, {"meetings": [meetings[0].pk, meetings[1].pk], "place": "Room 12"})
        words = "would both be in Room 12 on Wednesday, February 17, 2027, both from 9:00 a.m."
        assert page.context["warnings"] == [f"Team 1 and Team 2 {words}"]
        page = office.post(address, {"meetings": [meetings[0].pk, theirs[0].pk], "place": "Room 9"})
        assertContains(page, "Team 1 and Team 2 would both be in Room 9", count=1)
        to = When(theirs[0].date, time(11), 120)
        scheduling.move(meeting=theirs[0], to=to, by=None, now=BEFORE)
        assert office.post(address, {"meetings": [meetings[0].pk], "place": "Room 12"}).status_code == 302

    def test_on_one_day_too(self, office, both, cohort, final, arrange):
        """M13: one after another they may share a room; at another's hours, all together, they are named."""
        meetings, theirs = both
        arrange(meetings[7], theirs[7])
        plan = one_day.plan_of(cohort, final, now=BEFORE)
        slots = one_day.one_after_another(plan, day=date(2027, 9, 22), start=time(9), pause=0)
        assert one_day.same_room(plan, cohort, slots) == []
        usual = one_day.on_usual_days(plan, cohort)
        (said,) = one_day.same_room(plan, cohort, usual)
        assert said.startswith("Team 1 and Team 2 would both be in Room 12 on Wednesday, September 15")
        extra = scheduling.add_extra(
            team=meetings[0].teams.get(),
            when=When(date(2027, 9, 22), time(10), 60),
            where=Where("Hall"),
            title="More",
            by=None,
            now=BEFORE,
        )
        address = reverse("office_join", args=[cohort.pk, final.pk])
        typed = {"date": "2027-09-22", "start_time": "09:00", "mode": "in_person", "place": "Hall"}
        assertContains(office.post(address, typed), "All teams and Team 1 would both be in Hall")
        assert extra.is_live

    def test_as_many_queries_for_many_as_for_one(self, office, address, both):
        numbers = []
        for chosen in (both[0][:1], both[0]):
            typed = {"meetings": [each.pk for each in chosen], "mode": "remote"}
            with CaptureQueriesContext(connection) as queries:
                assert office.post(address, typed).context["warnings"]
            numbers.append(len(queries))
        assert numbers[0] == numbers[1]


def test_a_cohort_without_meetings_says_so(client, cohort, branch_officer):
    client.force_login(branch_officer)
    assertContains(client.get(reverse("office_places", args=[cohort.pk])), "No meeting lies ahead")
