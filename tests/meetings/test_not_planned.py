"""M1: a meeting of the curriculum that was called off is missed on every page, and planned again from each."""

from datetime import date, time, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching.models import Message
from meetings import mail, not_planned, scheduling
from meetings.models import Meeting
from meetings.scheduling import When, Where
from tests.meetings.conftest import BEFORE, noon
from tests.meetings.test_pages import queries


@pytest.fixture
def off(meetings, alice):
    """The second meeting is called off, in March."""
    with time_machine.travel(BEFORE, tick=False):
        yield scheduling.cancel(meeting=meetings[1], reason="Nobody can come", by=alice, now=BEFORE)


def test_its_page_leads_to_planning_it_again(client, off, team, alice):
    client.force_login(alice)
    page = client.get(off.get_absolute_url())
    assertContains(page, "Plan meeting 2 again")
    for needless in ('<h2 id="agenda">', '<h2 id="leads">'):
        assertNotContains(page, needless)
    assertNotContains(client.get(reverse("meeting_table", args=[off.pk])), '<h2 id="agenda">')
    address = f"{reverse('meeting_add', args=[team.pk])}?item={off.item_id}"
    assertContains(page, address)
    form = client.get(address).context["form"]
    assert (form["item"].value(), form["minutes"].value()) == (off.item_id, 120)
    typed = {
        "item": off.item_id,
        "date": "2027-03-24",
        "start_time": "09:00",
        "minutes": 120,
        "mode": "remote",
    }
    client.post(address, typed)
    assert Meeting.objects.live().get(item=off.item).date == date(2027, 3, 24)
    assertNotContains(client.get(off.get_absolute_url()), "Plan meeting 2 again")


def test_each_of_its_pages_says_that_it_was_called_off(client, meetings, people, alice, bob):
    where = Where("Room 2", Meeting.Mode.MIXED, "https://example.org/join")
    scheduling.set_place(meeting=meetings[1], where=where, by=bob, now=BEFORE)
    with time_machine.travel(BEFORE, tick=False):
        client.force_login(alice)
        assertContains(client.get(meetings[1].get_absolute_url()), "Join online")
        scheduling.cancel(meeting=meetings[1], reason="Nobody can come", by=bob, now=BEFORE)
        page = client.get(meetings[1].get_absolute_url())
        assertNotContains(page, "Join online")
        assertContains(page, "</span>Called off</span>")
        assertNotContains(page, "Cancelled")
        for name in ("meeting_pack", "meeting_place", "meeting_move", "meeting_facilitators"):
            led_back = client.get(reverse(name, args=[meetings[1].pk]), follow=True)
            assert led_back.redirect_chain == [(meetings[1].get_absolute_url(), 302)]
            assertContains(led_back, "This meeting was called off", count=2)
        typed = {"mode": "in_person", "place": "Room 3", "link": ""}
        kept = client.post(reverse("meeting_place", args=[meetings[1].pk]), typed)
        assertContains(kept, "This meeting was called off.")
        assertContains(kept, 'value="Room 3"')


@pytest.fixture
def again(off, team, bob):
    """Bob plans it again, a week later."""
    when = When(date(2027, 3, 24), time(9), 120)
    return scheduling.add_extra(team=team, when=when, where=Where(), item=off.item, by=bob, now=BEFORE)


def test_planned_in_another_tab_it_is_not_planned_twice_and_what_was_typed_stays(
    client, off, team, again, alice
):
    client.force_login(alice)
    address = f"{reverse('meeting_add', args=[team.pk])}?item={off.item_id}"
    typed = {
        "item": off.item_id,
        "date": "2027-03-25",
        "start_time": "10:00",
        "minutes": 120,
        "mode": "in_person",
        "place": "Room 12",
    }
    page = client.post(address, typed)
    assertContains(page, "Bob Example planned meeting 2 on Wednesday, March 24, 2027 meanwhile.")
    assertContains(page, f'<a href="{again.get_absolute_url()}">Open meeting 2 on Wednesday, March 24, 2027')
    assertContains(page, "Room 12")
    assert list(Meeting.objects.live().filter(item=off.item)) == [again]
    opened = client.get(address, follow=True)
    assert opened.redirect_chain == [(again.get_absolute_url(), 302)]
    assertContains(opened, "Bob Example planned meeting 2")


def test_what_was_called_off_leads_to_what_takes_its_place(client, off, again, alice):
    client.force_login(alice)
    link = f'<a href="{again.get_absolute_url()}">Meeting 2 is on Wednesday, March 24, 2027</a>'
    assertContains(client.get(off.get_absolute_url()), link)
    assertNotContains(client.get(again.get_absolute_url()), "This meeting was called off")


def test_the_mail_about_it_says_whose_place_it_takes(again, alice, bob):
    said = "It takes the place of the meeting on Wednesday, March 17, 2027, 9:00 a.m., that was called off."
    added = again.changes.get()
    assert said in mail.changed(alice, meeting=again.pk, change=added.pk).body
    later = BEFORE + timedelta(minutes=1)
    Message.objects.filter(kind="meetings.changed").update(status="sent", sent_at=later)
    moved = When(date(2027, 3, 25), time(9), 120)
    scheduling.move(meeting=again, to=moved, by=bob, now=later + timedelta(minutes=1))
    assert said not in mail.changed(alice, meeting=again.pk, change=again.changes.first().pk).body


def test_the_program_the_calendar_and_the_grid_say_so(
    client, off, people, team, cohort, alice, branch_officer
):
    client.force_login(alice)
    program = client.get(reverse("meetings"))
    assertContains(program, "Meeting 2, “Fostering a Team Environment”, is not planned yet.")
    assertContains(program, f"{reverse('meeting_add', args=[team.pk])}?item={off.item_id}")
    assertContains(
        client.get(reverse("meetings_program_calendar", args=[people.alice.pk])), "Not planned yet", 1
    )
    file = client.get(reverse("meetings_program_calendar_file", args=[people.alice.pk]))
    assert file.status_code == 200
    client.force_login(branch_officer)
    grid = client.get(reverse("office_meetings_cohort", args=[cohort.pk]))
    assertContains(grid, "Not planned yet: meeting 2, Fostering a Team Environment.")


def test_nothing_is_missed_while_all_are_planned_or_once_the_program_is_over(
    client, meetings, team, off, alice
):
    last = date(2027, 9, 30) + timedelta(days=scheduling.AFTERWARDS_DAYS)
    assert [each.position for each in not_planned.of_team(team, today=last)] == [2]
    assert not_planned.of_team(team, today=last + timedelta(days=1)) == []
    with time_machine.travel(noon(last + timedelta(days=1)), tick=False):
        client.force_login(alice)
        assertNotContains(client.get(off.get_absolute_url()), "Plan meeting 2 again")
    scheduling.add_extra(
        team=team, when=When(off.date, time(9), 120), where=Where(), item=off.item, by=alice, now=BEFORE
    )
    assert not_planned.of_team(team, today=BEFORE.date()) == []


def test_the_grid_takes_as_many_queries_for_three_as_for_one(
    client, off, meetings, cohort, alice, branch_officer, django_assert_max_num_queries
):
    client.force_login(branch_officer)
    address = reverse("office_meetings_cohort", args=[cohort.pk])
    one = queries(django_assert_max_num_queries, client, address)
    for meeting in meetings[2:4]:
        scheduling.cancel(meeting=meeting, reason="No", by=alice, now=BEFORE)
    assert queries(django_assert_max_num_queries, client, address) == one


class TestMailToTheOffice:
    """M3"""

    def letter(self, user):
        message = Message.objects.filter(kind="meetings.left_month", recipient=user).latest("pk")
        return mail.left_month(user, **message.ids)

    def test_of_a_month_without_one(self, off, branch_officer):
        letter = self.letter(branch_officer)
        assert letter.subject == "A team's month may be without its meeting"
        assert "The meeting is not planned again yet." in letter.body
        assert "no other is planned in March 2027. You may want to ask the team." in letter.body

    def test_suggests_nothing_that_is_done_already(self, off, team, alice, branch_officer):
        when = When(date(2027, 3, 24), time(9), 120)
        scheduling.add_extra(team=team, when=when, where=Where(), item=off.item, by=alice, now=BEFORE)
        letter = self.letter(branch_officer)
        assert letter.subject == "A team has changed meeting 2"
        assert "The meeting is planned again: Wednesday, March 24, 2027, 9:00 a.m." in letter.body
        assert "March 2027 has a meeting of theirs" in letter.body
        assert "ask the team" not in letter.body
