"""What the pages offer is what can be done: nothing that is refused afterwards, nothing decided beforehand."""

from datetime import time, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from meetings import attendance, scheduling
from meetings.models import Attendance, Meeting
from meetings.scheduling import When, Where
from tests.meetings.conftest import BEFORE, noon

pytestmark = pytest.mark.usefixtures("plain_not_found")


@pytest.fixture
def member(client, alice):
    """Sign in after the clock was set."""

    def sign_in():
        client.force_login(alice)
        return client

    return sign_in


def at(moment):
    return time_machine.travel(moment, tick=False)


def said(response) -> list[str]:
    return [str(message) for message in response.wsgi_request._messages]


def hold(meeting, people):
    marks = dict.fromkeys((people.alice, people.bob), "present") | {people.charlie: "absent"}
    attendance.take_attendance(meeting=meeting, marks=marks, by=None, now=noon(meeting.date))


# Attendance


def test_nobody_is_marked_before_somebody_says_so(meeting, people, member):
    """C2: attendance is evidence for certificates. Who was left out is named, and the other marks stay."""
    address = reverse("meeting_attendance", args=[meeting.pk])
    names = {name: f"member_{getattr(people, name).pk}" for name in ("alice", "bob", "charlie")}
    with at(noon(meeting.date)):
        client = member()
        assertNotContains(client.get(address), "checked")
        response = client.post(address, {names["alice"]: "present", names["charlie"]: "absent"})
    form = response.context["form"]
    assert form.errors == {names["bob"]: ["Say whether Bob Example was there."]}
    assert (form[names["alice"]].value(), form[names["charlie"]].value()) == ("present", "absent")
    assertContains(response, "checked", count=2)
    assert not Attendance.objects.exists()


def test_marks_that_were_given_are_shown_again(meeting, people, member):
    hold(meeting, people)
    with at(noon(meeting.date)):
        page = member().get(reverse("meeting_attendance", args=[meeting.pk]))
    assertContains(page, "checked", count=3)


def test_attendance_of_a_meeting_ahead_has_no_form(meeting, member):
    with at(BEFORE):
        response = member().get(reverse("meeting_attendance", args=[meeting.pk]))
        assertRedirects(response, meeting.get_absolute_url())
    assert said(response) == [
        "The meeting begins on Wednesday, February 17, 2027 at 9:00 a.m. Attendance can be taken from 30 minutes before on."
    ]


def test_what_only_the_branch_office_can_correct_is_not_offered(meeting, people, member):
    hold(meeting, people)
    address = reverse("meeting_attendance", args=[meeting.pk])
    with at(noon(meeting.date + timedelta(days=7))):
        assertContains(member().get(meeting.get_absolute_url()), "Correct attendance")
    with at(noon(meeting.date + timedelta(days=8))):
        client = member()
        assertNotContains(client.get(meeting.get_absolute_url()), address)
        assertRedirects(client.get(address), meeting.get_absolute_url())


def test_who_was_left_out_can_still_be_marked_late(meeting, people, member):
    attendance.take_attendance(
        meeting=meeting, marks={people.alice: "present"}, by=None, now=noon(meeting.date)
    )
    with at(noon(meeting.date + timedelta(days=8))):
        assert member().get(reverse("meeting_attendance", args=[meeting.pk])).status_code == 200


# Moving and calling off


@pytest.mark.parametrize("name", ["meeting_move", "meeting_cancel"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_meeting_that_was_held_is_neither_moved_nor_called_off(meeting, people, member, name, method):
    hold(meeting, people)
    with at(noon(meeting.date)):
        client = member()
        response = getattr(client, method)(reverse(name, args=[meeting.pk]))
        assertRedirects(response, meeting.get_absolute_url())
        assertNotContains(client.get(meeting.get_absolute_url()), reverse(name, args=[meeting.pk]))
    assert said(response)[0].startswith("This meeting has been held: attendance was taken.")


def test_meeting_that_was_called_off_is_not_called_off_again(meeting, member):
    scheduling.cancel(meeting=meeting, reason="x", by=None, now=BEFORE)
    with at(BEFORE):
        for name in ("meeting_move", "meeting_cancel"):
            assertRedirects(member().get(reverse(name, args=[meeting.pk])), meeting.get_absolute_url())


def test_day_that_is_over_is_refused_at_once(meeting, member):
    """Nobody is asked whether to do it anyway."""
    data = {"date": "2027-01-05", "start_time": "09:00"}
    with at(BEFORE):
        response = member().post(reverse("meeting_move", args=[meeting.pk]), data)
    assertContains(response, "Tuesday, January 5, 2027 is already over. Choose a day ahead.")
    assertNotContains(response, "anyway")


# Length


def test_meeting_of_the_program_keeps_its_length(meeting, member):
    """M1: two hours each, whatever is sent."""
    address = reverse("meeting_move", args=[meeting.pk])
    with at(BEFORE):
        assertContains(member().get(address), "A meeting of the program keeps its length.")
        member().post(address, {"date": "2027-02-24", "start_time": "09:00", "minutes": "30"})
    meeting.refresh_from_db()
    assert (meeting.date.day, meeting.minutes) == (24, 120)
    to = When(meeting.date + timedelta(days=1), time(9), 30)
    with pytest.raises(scheduling.CannotChange, match="lasts 120 minutes"):
        scheduling.move(meeting=meeting, to=to, by=None, now=BEFORE)


def test_meeting_of_the_program_that_is_planned_again_lasts_as_long(meeting, team, member):
    """M1"""
    scheduling.cancel(meeting=meeting, reason="x", by=None, now=BEFORE)
    data = {"item": meeting.item_id, "date": "2027-02-24", "start_time": "09:00", "mode": "in_person"}
    address = reverse("meeting_add", args=[team.pk])
    with at(BEFORE):
        response = member().post(address, {**data, "minutes": "30"})
        assert response.context["form"].errors == {
            "minutes": ["“Introduction to Program” lasts 120 minutes."]
        }
        assert member().post(address, {**data, "minutes": "120"}).status_code == 302
    assert Meeting.objects.live().get(item=meeting.item).minutes == 120
    Meeting.objects.live().filter(item=meeting.item).delete()
    when = When(meeting.date + timedelta(days=1), time(9), 30)
    with pytest.raises(scheduling.CannotPlan, match="lasts 120 minutes"):
        scheduling.add_extra(team=team, when=when, where=Where(), item=meeting.item, by=None, now=BEFORE)


def test_extra_meeting_chooses_its_length_within_the_day(team, meetings, member):
    """M2"""
    data = {"title": "More", "date": "2027-02-24", "start_time": "20:00", "mode": "in_person"}
    address = reverse("meeting_add", args=[team.pk])
    with at(BEFORE):
        response = member().post(address, {**data, "minutes": "61"})
        assert response.context["form"].errors == {
            "start_time": ["It would end at 9:01 p.m. Choose an earlier start."]
        }
        assert member().post(address, {**data, "minutes": "60"}).status_code == 302
