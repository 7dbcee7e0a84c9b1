"""A change is made by whoever has seen the last one, and told with all that came before it."""

from datetime import date, time, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from coaching import outbox
from coaching.meanwhile import ChangedMeanwhile
from coaching.models import Message
from meetings import mail, scheduling
from meetings.models import Meeting
from meetings.scheduling import When, Where
from tests.meetings.conftest import BEFORE

OTHER, THIRD = date(2027, 2, 24), date(2027, 2, 25)


@pytest.fixture(autouse=True)
def early(meetings):
    Message.objects.all().delete()
    with time_machine.travel(BEFORE, tick=False):
        yield


def move(meeting, day, by, minutes=0, **more):
    now = BEFORE + timedelta(minutes=minutes)
    return scheduling.move(meeting=meeting, to=When(day, time(9), 120), by=by, now=now, **more)


def opened(client, name, meeting, **typed):
    """A page that stays open, and what is typed there."""
    fields = client.get(reverse(name, args=[meeting.pk])).context["form"].initial
    return reverse(name, args=[meeting.pk]), {**fields, **typed}


def mails(user):
    return [
        letter
        for each in Message.objects.filter(kind="meetings.changed", recipient=user).order_by("pk")
        if (letter := mail.changed(user, **each.ids))
    ]


class TestAPageThatWasOpenMeanwhile:
    def test_moves_nothing_until_it_is_sent_again(self, client, meeting, alice, bob):
        client.force_login(alice)
        address, typed = opened(client, "meeting_move", meeting, date="2027-02-25", reason="Room 12 is free")
        move(meeting, OTHER, bob, reason="The room is being painted")
        answer = client.post(address, typed)
        assertContains(answer, "This meeting was changed while this page was open. Bob Example: Moved from")
        assertContains(answer, "February 24, 2027, 9:00 a.m. (The room is being painted).")
        assertContains(answer, "Room 12 is free")
        assert Meeting.objects.get(pk=meeting.pk).date == OTHER
        again = {**typed, "seen": answer.context["form"]["seen"].value()}
        assertRedirects(client.post(address, again), meeting.get_absolute_url())
        assert Meeting.objects.get(pk=meeting.pk).date == THIRD

    def test_sets_no_place_until_it_is_sent_again(self, client, meeting, alice, bob):
        client.force_login(alice)
        address, typed = opened(client, "meeting_place", meeting, place="Room 12")
        scheduling.set_place(meeting=meeting, where=Where("Auditorium"), by=bob, now=BEFORE)
        answer = client.post(address, typed)
        assertContains(answer, "Bob Example: In person: Auditorium.")
        assertContains(answer, "Room 12")
        assert Meeting.objects.get(pk=meeting.pk).place == "Auditorium"
        client.post(address, {**typed, "seen": answer.context["form"]["seen"].value()})
        assert Meeting.objects.get(pk=meeting.pk).place == "Room 12"

    def test_calls_nothing_off_until_it_is_sent_again(self, client, meeting, alice, bob):
        client.force_login(alice)
        address, typed = opened(client, "meeting_cancel", meeting, reason="Nobody can come")
        move(meeting, OTHER, bob)
        answer = client.post(address, typed)
        assertContains(answer, "Bob Example: Moved from")
        assert Meeting.objects.get(pk=meeting.pk).status == "planned"
        client.post(address, {**typed, "seen": answer.context["form"]["seen"].value()})
        assert Meeting.objects.get(pk=meeting.pk).status == "cancelled"

    def test_moves_no_other_meetings_until_the_dates_are_seen_again(self, client, team, meeting, alice, bob):
        client.force_login(alice)
        address = reverse("meetings_rhythm", args=[team.pk])
        asked = {"week": "2", "weekday": "1", "start_time": "13:00"}
        agreed = client.post(address, asked).context["agreed"]
        move(meeting, OTHER, bob)
        answer = client.post(address, {**asked, "agreed": agreed})
        assertContains(answer, "A meeting was changed while this page was open.")
        assert Meeting.objects.get(pk=meeting.pk).date == OTHER
        client.post(address, {**asked, "agreed": answer.context["agreed"]})
        assert Meeting.objects.get(pk=meeting.pk).date == date(2027, 2, 9)

    def test_the_write_refuses_it_too(self, meeting, alice, bob):
        move(meeting, OTHER, bob)
        with pytest.raises(ChangedMeanwhile, match="Bob Example: Moved"):
            move(meeting, THIRD, alice, seen=0)
        assert move(meeting, OTHER, alice, seen=0).date == OTHER  # where it is already


class TestWithoutAChange:
    @pytest.mark.parametrize("page", ["meeting_move", "meeting_place", "meeting_facilitators"])
    def test_nobody_is_told_and_the_page_says_so(self, client, meeting, alice, page):
        client.force_login(alice)
        address, typed = opened(client, page, meeting)
        typed = {key: value for key, value in typed.items() if value is not None}
        assertContains(client.post(address, typed, follow=True), "Nothing has changed.")
        assert not Message.objects.exists()
        assert Meeting.objects.get(pk=meeting.pk).sequence == 0


class TestMails:
    def test_two_changes_before_one_leaves_are_told_in_one(self, meeting, alice, bob, people):
        """From the date each was told last, with every reason."""
        move(meeting, OTHER, alice, reason="The room is being painted")
        move(meeting, THIRD, bob, 1, reason="I am in court that day")
        (letter,) = mails(people.charlie.user)
        assert letter.subject == "Introduction to Program: now on Thursday, February 25, 2027, 9:00 a.m."
        told = letter.body.index("Alice Example: Moved from Wednesday, February 17, 2027")
        assert told < letter.body.index("Reason: The room is being painted")
        assert "Bob Example: Moved from Wednesday, February 24, 2027" in letter.body
        assert "Reason: I am in court that day" in letter.body
        assert "It is on Thursday, February 25, 2027, 9:00 a.m. to 11:00 a.m. PST now." in letter.body

    def test_whoever_made_one_is_told_of_the_other(self, meeting, alice, bob):
        move(meeting, OTHER, alice, reason="The room is being painted")
        move(meeting, THIRD, bob, 1, reason="I am in court that day")
        (to_alice,), (to_bob,) = mails(alice), mails(bob)
        assert "I am in court that day" in to_alice.body
        assert "being painted" not in to_alice.body
        assert "The room is being painted" in to_bob.body
        assert "in court" not in to_bob.body

    def test_what_was_told_is_not_told_again(self, meeting, alice, people):
        move(meeting, OTHER, alice, reason="The room is being painted")
        outbox.deliver_due(now=BEFORE + timedelta(minutes=1))
        move(meeting, THIRD, alice, 2, reason="Room 12 is free")
        letter = mails(people.charlie.user)[-1]
        assert letter.subject.startswith("Introduction to Program: Moved from Wednesday, February 24, 2027")
        assert "Reason: Room 12 is free" in letter.body
        assert "painted" not in letter.body
