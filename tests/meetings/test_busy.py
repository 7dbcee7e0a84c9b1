"""When an employee meets, in the supervisor's calendar (M14, M17): busy times, and nothing else."""

from datetime import date, time, timedelta

import icalendar
import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching.models import AuditEvent, AuditPayload, Participant
from coaching.site import lifecycle
from coaching.site.home import cards_for
from meetings import busy, due, laying_out, scheduling
from meetings.busy import NotYourEmployee
from meetings.models import BusyFeed, Meeting, MeetingTeam
from meetings.scheduling import When, Where
from tests import factories
from tests.clock import NOW
from tests.constraints import refused_by
from tests.meetings.conftest import BEFORE, noon

pytestmark = pytest.mark.usefixtures("plain_not_found", "early")
CARD = "When Alice Example will be at meetings"


@pytest.fixture
def early():
    with time_machine.travel(BEFORE, tick=False):
        yield BEFORE


@pytest.fixture
def employee(people, supervisor):
    people.alice.user.supervisor = supervisor
    people.alice.user.save()
    return people.alice


@pytest.fixture
def feed(employee, supervisor, meetings):
    return busy.create(participant=employee, by=supervisor, now=BEFORE)


def fetch(client, feed):
    return client.get(reverse("busy_file", args=[feed.token]))


def events(client, feed):
    return icalendar.Calendar.from_ical(fetch(client, feed).content).walk("VEVENT")


def days(client, feed):
    return [event.decoded("dtstart").date() for event in events(client, feed)]


def test_busy_times_and_nothing_else(client, feed, meetings, team):
    where = Where("Room 12", Meeting.Mode.MIXED, "https://meet.example.org/secret")
    scheduling.set_place(meeting=meetings[0], where=where, by=None, now=BEFORE)
    text = fetch(client, feed).content.decode().replace("\r\n ", "")
    first, *others = events(client, feed)
    assert len(others) == 7
    assert sorted(first) == [
        "CLASS",
        "DTEND",
        "DTSTAMP",
        "DTSTART",
        "ORGANIZER",
        "SEQUENCE",
        "STATUS",
        "SUMMARY",
        "TRANSP",
        "UID",
    ]
    assert first["summary"] == "Peer Coaching Program: Alice Example"
    assert first.decoded("dtstart") == meetings[0].starts_at
    assert first.decoded("dtend") == meetings[0].ends_at
    assert first["sequence"] == 1, "so that a calendar replaces what it has"
    assert first.walk("VALARM") == []
    for word in ("Room 12", "secret", meetings[0].heading, str(team), "http", str(meetings[0].uid)):
        assert word not in text, word


def test_two_employees_of_one_team_have_no_identity_in_common(client, feed, people, supervisor):
    people.bob.user.supervisor = supervisor
    people.bob.user.save()
    other = busy.create(participant=people.bob, by=supervisor, now=BEFORE)
    ours, theirs = ({str(event["uid"]) for event in events(client, each)} for each in (feed, other))
    assert len(ours) == len(theirs) == 8
    assert ours & theirs == set()
    assert ours == {str(event["uid"]) for event in events(client, feed)}


def test_dates_that_were_withdrawn_vanish(client, feed, meetings, alice):
    scheduling.cancel(meeting=meetings[0], reason="No", by=alice, now=BEFORE)
    scheduling.move(meeting=meetings[1], to=When(date(2027, 3, 24), time(9), 120), by=alice, now=BEFORE)
    assert days(client, feed) == [date(2027, 3, 24), *[meeting.date for meeting in meetings[2:]]]


def test_what_is_over_is_not_there(client, feed, meetings, people):
    """Nobody reads off it which meetings were held."""
    Meeting.objects.filter(pk=meetings[1].pk).update(status=Meeting.Status.HELD)
    with time_machine.travel(noon(meetings[1].date), tick=False):
        assert days(client, feed) == [meeting.date for meeting in meetings[1:]]
    with time_machine.travel(noon(meetings[1].date + timedelta(days=1)), tick=False):
        assert days(client, feed) == [meeting.date for meeting in meetings[2:]]


def test_a_meeting_with_another_team_is_there_once(client, feed, meetings, other_team):
    MeetingTeam.objects.create(meeting=meetings[0], team=other_team)
    assert len(events(client, feed)) == 8


def test_it_ends_with_the_supervisor(client, feed, employee, director):
    employee.user.supervisor = director
    employee.user.save()
    assert fetch(client, feed).status_code == 404


def test_it_ends_with_the_participation(client, feed, employee):
    lifecycle.leave(participant=employee, reason="", by=employee.user, now=BEFORE)
    assert fetch(client, feed).status_code == 404


def test_it_ends_when_the_program_is_completed(client, feed, employee):
    Participant.objects.filter(pk=employee.pk).update(status="completed", completed_at=NOW)
    assert fetch(client, feed).status_code == 404


def test_it_ends_with_the_account(client, feed, supervisor):
    supervisor.is_active = False
    supervisor.save()
    assert fetch(client, feed).status_code == 404


def test_whoever_changed_teams_is_busy_with_the_new_one_alone(client, feed, employee, other_team):
    employee.memberships.update(ended_at=BEFORE)
    assert days(client, feed) == []
    other_team.memberships.create(participant=employee, joined_at=BEFORE)
    theirs = laying_out.lay_out_meetings(team=other_team, by=None, now=BEFORE)
    assert days(client, feed) == [meeting.date for meeting in theirs]


@pytest.mark.parametrize("who", ["director", "deputy", "branch_officer", "administrator", "outsider"])
def test_by_the_supervisor_alone(client, who, request, employee):
    other = request.getfixturevalue(who)
    for act in (busy.create, busy.revoke):
        with pytest.raises(NotYourEmployee):
            act(participant=employee, by=other, now=BEFORE)
    client.force_login(other)
    for name in ("busy_make", "busy_withdraw"):
        assert client.post(reverse(name, args=[employee.pk])).status_code == 404


def test_made_and_withdrawn_by_a_press(client, employee, supervisor, meetings):
    client.force_login(supervisor)
    page = client.get(reverse("calendar_feed"))
    assertContains(page, "Make an address")
    assertContains(page, "Alice Example")
    for _ in range(2):
        made = client.post(reverse("busy_make", args=[employee.pk]), follow=True)
    feed = BusyFeed.objects.get()
    assertContains(made, busy.address_of(feed))
    for _ in range(2):
        gone = client.post(reverse("busy_withdraw", args=[employee.pk]), follow=True)
    assertNotContains(gone, feed.token)
    assert fetch(client, feed).status_code == 404
    events = AuditEvent.objects.filter(action__startswith="busy_feed.").order_by("pk")
    assert [event.action for event in events] == ["busy_feed.created", "busy_feed.revoked"]
    assert not AuditPayload.objects.filter(event__in=events).exists()


@pytest.mark.parametrize("page", ["calendar_feed", "meetings_team"])
def test_the_participant_sees_that_the_supervisor_has_the_dates(
    client, page, employee, supervisor, team, meetings
):
    address = reverse(page, args=[team.pk] if page == "meetings_team" else [])
    client.force_login(employee.user)
    assertContains(client.get(address), "Sam Supervisor may have a calendar address, and has none now.")
    busy.create(participant=employee, by=supervisor, now=BEFORE)
    shown = client.get(address)
    assertContains(shown, "Since January 20, 2027, Sam Supervisor has a calendar address that shows")
    assertContains(shown, "under the name of the program and yours")
    busy.revoke(participant=employee, by=supervisor, now=BEFORE)
    assertContains(client.get(address), "and has none now")


def test_teammates_are_told_nothing_of_it(client, feed, bob, team):
    client.force_login(bob)
    for address in (reverse("calendar_feed"), reverse("meetings_team", args=[team.pk])):
        assertNotContains(client.get(address), "Sam Supervisor")


def test_who_supervises_nobody_who_takes_part_is_offered_nothing(client, supervisor, people):
    client.force_login(supervisor)
    assertNotContains(client.get(reverse("calendar_feed")), "Dates of the people you supervise")
    assert CARD not in [card.title for card in cards_for(supervisor)]


def test_the_home_page_offers_it_until_it_was_had(employee, supervisor, meetings):
    def titles():
        return [card.title for card in cards_for(supervisor)]

    assert titles().count(CARD) == 1
    busy.create(participant=employee, by=supervisor, now=BEFORE)
    assert CARD not in titles()
    busy.revoke(participant=employee, by=supervisor, now=BEFORE)
    assert CARD not in titles()


def test_as_many_queries_for_any_number_of_employees(
    client, supervisor, people, employee, team, django_assert_max_num_queries
):
    client.force_login(supervisor)

    def queries() -> int:
        with django_assert_max_num_queries(40) as captured:
            client.get(reverse("calendar_feed"))
        return len(captured)

    one = queries()
    for other in (people.bob, people.charlie):
        other.user.supervisor = supervisor
        other.user.save()
        busy.create(participant=other, by=supervisor, now=BEFORE)
    assert queries() == one


def test_the_database_keeps_one_address_in_force(feed, employee, supervisor):
    def row(token):
        return BusyFeed(supervisor=supervisor, participant=employee, token=token, created_at=NOW)

    assert refused_by(row("two").save) == "busyfeed_one_in_force"
    BusyFeed.objects.update(revoked_at=NOW)
    assert refused_by(row("").save) == "busyfeed_has_a_token"


def test_the_address_ends_for_good_when_the_supervisor_changes(client, feed, employee, supervisor, outsider):
    user = employee.user
    for other in (outsider, supervisor):
        user.supervisor = other
        user.save()
        due.do_due(now=BEFORE + timedelta(hours=1))
    assert fetch(client, feed).status_code == 404
    assert busy.create(participant=employee, by=supervisor, now=BEFORE).token != feed.token
    assert due.do_due(now=BEFORE + timedelta(hours=2))["supervisors_dates_ended"] == 0


def test_who_supervises_nobody_any_more_is_offered_no_dates(client, feed, employee, supervisor, outsider):
    client.force_login(supervisor)
    assertContains(client.get(reverse("employees")), "Their dates in my calendar")
    user = employee.user
    user.supervisor = outsider
    user.save()
    still_mine = factories.person("Still Mine")
    still_mine.supervisor = supervisor
    still_mine.save()
    assertNotContains(client.get(reverse("employees")), "Their dates in my calendar")
