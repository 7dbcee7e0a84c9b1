"""Rooms and links for several meetings at once, by the branch office: M4."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains

from coaching.models import AuditEvent, Message
from meetings import mail, scheduling
from meetings.models import Meeting
from meetings.scheduling import Where
from meetings.team_space import NotYourMeeting
from tests.clock import NOW
from tests.meetings.conftest import BEFORE, noon

pytestmark = pytest.mark.usefixtures("plain_not_found")
ROOM = Where("Room 12", Meeting.Mode.IN_PERSON, "")


@pytest.fixture
def arrange(cohort, branch_officer):
    def arranged(*meetings, **values):
        whole = {"where": ROOM, "by": branch_officer, "now": BEFORE, **values}
        return scheduling.set_places(cohort=cohort, meetings=[each.pk for each in meetings], **whole)

    return arranged


def test_each_member_gets_one_mail(arrange, meetings, other_team, alice):
    theirs = scheduling.lay_out_meetings(team=other_team, by=None, now=NOW)
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
    assert "9:00 a.m., Introduction to Program: Room 12" in letter.body
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
        assertContains(client.post(address, chosen, follow=True), "2 meetings have another place.")
        assertContains(client.post(address, chosen, follow=True), "Nobody was written to.")
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        few = len(queries)
        Meeting.objects.exclude(pk=meetings[0].pk).update(status="cancelled", cancelled_reason="x")
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) == few


def test_a_cohort_without_meetings_says_so(client, cohort, branch_officer):
    client.force_login(branch_officer)
    assertContains(client.get(reverse("office_places", args=[cohort.pk])), "No meeting lies ahead")
