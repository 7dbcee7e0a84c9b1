"""How people have their meetings in their own calendar (M4): an address, or mail, or neither, and never both."""

import icalendar
import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching.models import AuditEvent, Message
from meetings import feeds
from meetings.feeds import Way
from meetings.models import CalendarChoice
from tests.clock import NOW
from tests.constraints import refused_by

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")


@pytest.fixture
def choose(client, alice):
    client.force_login(alice)

    def press(way):
        return client.post(reverse("calendar_choose"), {"way": way}, follow=True)

    return press


def fetch(client, choice):
    return client.get(reverse("calendar_file", args=[choice.token]))


def test_an_address_is_made_used_and_withdrawn(client, choose, meetings, alice):
    assertContains(client.get(reverse("calendar_feed")), "Make my address")
    for _ in range(2):
        choose("address")
    choice = CalendarChoice.objects.get()
    assertContains(client.get(reverse("calendar_feed")), feeds.address_of(choice))
    client.logout()
    response = fetch(client, choice)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    events = icalendar.Calendar.from_ical(response.content).walk("VEVENT")
    assert [str(event["uid"]) for event in events] == [str(meeting.uid) for meeting in meetings]
    client.force_login(alice)
    assertContains(choose("none"), "Your meetings no longer go to your calendar.")
    assert fetch(client, choice).status_code == 404
    choose("address")
    assert feeds.choice_of(alice).token != choice.token


def test_mail_instead_of_an_address_ends_the_address(client, choose, meetings, alice):
    """Nothing shows twice."""
    choose("address")
    choice = feeds.choice_of(alice)
    page = choose("mail")
    assertContains(page, "You get your meetings by mail from now on.")
    assertContains(page, f"They go to {alice.email}.")
    assertNotContains(page, choice.token)
    assert fetch(client, choice).status_code == 404
    assert (feeds.choice_of(alice).way, feeds.choice_of(alice).token) == ("mail", "")
    assert client.get("/calendar/.ics").status_code == 404


def test_an_address_instead_of_mail_ends_the_mail(client, choose, meetings, alice):
    choose("mail")
    assertContains(choose("address"), "Your calendar address is ready.")
    assert feeds.choice_of(alice).is_address
    assert fetch(client, feeds.choice_of(alice)).status_code == 200


def test_a_second_press_changes_nothing(choose, meetings, alice):
    for way in ("mail", "none"):
        choose(way)
        audited, mails = AuditEvent.objects.count(), Message.objects.count()
        choose(way)
        assert (AuditEvent.objects.count(), Message.objects.count()) == (audited, mails)
    assert [event.action for event in AuditEvent.objects.filter(action__startswith="calendar.")] == [
        "calendar.way_chosen",
        "calendar.way_ended",
    ]


def test_no_token_in_the_audit_trail(choose, alice):
    choose("address")
    token = feeds.choice_of(alice).token
    event = AuditEvent.objects.get(action="calendar.way_chosen")
    assert token not in str(event.payload.data)


@pytest.mark.parametrize("way", ["pigeon", ""])
def test_no_other_way(choose, alice, way):
    assertContains(choose(way), "Choose one of the ways on this page.")
    assert feeds.choice_of(alice) is None


def test_opening_the_address_of_the_act_changes_nothing(client, choose, alice):
    assert client.get(reverse("calendar_choose")).url == reverse("calendar_feed")
    assert not CalendarChoice.objects.exists()


def test_the_calendar_of_somebody_who_left_the_team_is_empty(client, meetings, people, alice):
    """M14."""
    choice = feeds.choose(way=Way.ADDRESS, by=alice, now=NOW)
    people.alice.memberships.update(ended_at=NOW)
    assert icalendar.Calendar.from_ical(fetch(client, choice).content).walk("VEVENT") == []


def test_an_unknown_address_and_one_of_a_closed_account_answer_404(client, meetings, alice):
    assert client.get("/calendar/unknown.ics").status_code == 404
    choice = feeds.choose(way=Way.ADDRESS, by=alice, now=NOW)
    alice.is_active = False
    alice.save()
    assert fetch(client, choice).status_code == 404


def test_the_database_keeps_one_way_in_force(alice, bob):
    def row(user, way, token):
        return CalendarChoice(user=user, way=way, token=token, created_at=NOW)

    row(alice, "address", "one").save()
    assert refused_by(row(alice, "mail", "").save) == "calendarchoice_one_in_force"
    assert refused_by(row(bob, "address", "one").save) == "calendarchoice_token_once"
    assert refused_by(row(bob, "address", "").save) == "calendarchoice_address_has_a_token"
    assert refused_by(row(bob, "mail", "two").save) == "calendarchoice_address_has_a_token"
    CalendarChoice.objects.update(revoked_at=NOW)
    row(alice, "mail", "").save()
    row(bob, "mail", "").save()


def test_the_page_offers_what_the_person_has(client, alice, meetings, supervisor, outsider, people):
    """M14: a supervisor without a team the dates of whom they supervise, and no meetings of their own."""
    type(alice).objects.filter(pk=alice.pk).update(supervisor=supervisor)
    dates, own = "Dates of the people you supervise", "Your meetings in your own calendar"
    for who, shown, not_shown in (
        (alice, own, dates),
        (supervisor, dates, own),
        (outsider, "Nothing to put into a calendar", own),
    ):
        client.force_login(who)
        page = client.get(reverse("calendar_feed"))
        assertContains(page, shown)
        assertNotContains(page, not_shown)
