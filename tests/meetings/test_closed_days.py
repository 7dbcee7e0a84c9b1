"""A meeting on a closed day: the warning, and the one press that moves it to the nearest free day (M3)."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching.models import ClosedDay, Message
from meetings import closed, scheduling
from meetings.models import MeetingTeam
from meetings.scheduling import CannotChange, When, Where
from meetings.team_space import NotYourMeeting
from tests.meetings.conftest import BEFORE, noon

pytestmark = pytest.mark.usefixtures("plain_not_found")

CLOSED, EARLIER, LATER = date(2027, 3, 17), date(2027, 3, 10), date(2027, 3, 24)


@pytest.fixture
def early():
    with time_machine.travel(BEFORE, tick=False):
        yield BEFORE


@pytest.fixture
def second(meetings, cohort):
    """The team's second meeting, on a day that is closed since it was planned."""
    ClosedDay.objects.create(date=CLOSED, name="Inventory day", branch=cohort.branch)
    return meetings[1]


def press(client, meeting, to):
    return client.post(reverse("meeting_free_day", args=[meeting.pk]), {"to": to}, follow=True)


@pytest.mark.parametrize("page", ["meetings", "meetings_calendar", "meeting"])
def test_the_warning_and_the_free_day_stand_on_every_page_of_dates(client, page, early, second, alice):
    client.force_login(alice)
    shown = client.get(reverse(page, args=[second.pk] if page == "meeting" else []))
    assertContains(shown, "Wednesday, March 17, 2027 is Inventory day, and offices are closed.")
    assertContains(shown, "Move to Wednesday, March 10", count=1)
    assertContains(shown, 'name="to" value="2027-03-10"', count=1)


def test_one_press_moves_it_and_tells_the_others(client, early, second, alice):
    client.force_login(alice)
    Message.objects.all().delete()
    for said in (". Your team is told.", ", 9:00 a.m. already. Nothing has changed."):
        answer = press(client, second, "2027-03-10")
        assertRedirects(answer, second.get_absolute_url())
        assertContains(answer, f"The meeting is on Wednesday, March 10, 2027{said}")
        assertNotContains(answer, "Inventory day")
    second.refresh_from_db()
    assert (second.date, second.start_time.hour, second.month, second.sequence) == (EARLIER, 9, 2, 1)
    assert [change.summary for change in second.changes.all()] == [
        "Moved from Wednesday, March 17, 2027, 9:00 a.m. to Wednesday, March 10, 2027, 9:00 a.m."
    ]
    told = Message.objects.filter(kind="meetings.changed").values_list("recipient__name", flat=True)
    assert sorted(told) == ["Bob Example", "Charlie Example"]


@pytest.mark.parametrize("to", ["2027-03-24", "2027-04-14", "2027-13-45", "next week", ""])
def test_no_other_day_is_taken_by_a_press(client, early, second, alice, to):
    client.force_login(alice)
    answer = press(client, second, to)
    assertContains(answer, "Choose the day on" if to in ("2027-13-45", "next week", "") else "have changed")
    second.refresh_from_db()
    assert second.date == CLOSED


def test_a_press_that_comes_late_moves_nothing(second, alice, bob):
    """Somebody moved the meeting while the page was open."""
    scheduling.move(meeting=second, to=When(LATER, second.start_time, 120), by=bob, now=BEFORE)
    with pytest.raises(CannotChange, match="changed meanwhile"):
        closed.move_to_free_day(meeting=second, to=EARLIER, by=alice, now=BEFORE)
    second.refresh_from_db()
    assert second.date == LATER


def test_days_on_which_the_team_meets_are_not_free(second, team, alice):
    when = When(EARLIER, second.start_time, 60)
    scheduling.add_extra(team=team, when=when, where=Where(), title="More time", by=alice, now=BEFORE)
    (row,) = closed.rows_of([second], now=BEFORE)
    assert row.proposed_date == LATER


def test_days_on_which_the_other_team_meets_are_not_free(second, team, other_team, people):
    MeetingTeam.objects.create(meeting=second, team=other_team)
    when, dora = When(EARLIER, second.start_time, 60), people.dora.user
    scheduling.add_extra(team=other_team, when=when, where=Where(), title="More time", by=dora, now=BEFORE)
    (row,) = closed.rows_of([second], now=BEFORE)
    assert row.proposed_date == LATER


def test_days_that_are_over_are_not_free(second):
    (row,) = closed.rows_of([second], now=noon(EARLIER + timedelta(days=1)))
    assert row.proposed_date == LATER


def test_a_month_without_a_free_day_is_only_warned_about(second):
    (row,) = closed.rows_of([second], now=noon(LATER + timedelta(days=8)))
    assert row.proposed_date is None
    assert row.warnings[0].text.endswith("No Wednesday of that month is free.")


def test_a_meeting_that_was_called_off_is_not_warned_about(second, alice):
    second = scheduling.cancel(meeting=second, reason="No", by=alice, now=BEFORE)
    assert closed.rows_of([second], now=BEFORE) == [closed.CalendarRow(second)]


def test_by_members_alone(client, early, second, people, branch_officer, other_team):
    """T7, M14."""
    for user in (people.dora.user, branch_officer):
        with pytest.raises(NotYourMeeting):
            closed.move_to_free_day(meeting=second, to=EARLIER, by=user, now=BEFORE)
        client.force_login(user)
        assert press(client, second, "2027-03-10").status_code == 404
    client.force_login(people.alice.user)
    answer = client.get(reverse("meeting_free_day", args=[second.pk]))
    assertRedirects(answer, second.get_absolute_url())


def test_as_many_queries_for_any_number_of_closed_days(
    client, early, meetings, cohort, alice, django_assert_max_num_queries
):
    client.force_login(alice)

    def queries() -> int:
        with django_assert_max_num_queries(60) as captured:
            client.get(reverse("meetings"))
        return len(captured)

    ClosedDay.objects.create(date=meetings[1].date, name="Inventory day", branch=cohort.branch)
    one = queries()
    for meeting in meetings[2:5]:
        ClosedDay.objects.create(date=meeting.date, name="Inventory day", branch=cohort.branch)
    assert queries() == one
