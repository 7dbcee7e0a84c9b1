"""Meetings by mail (M4): what each change sends to the calendars of those who chose it, and to nobody else."""

import email
import smtplib
from datetime import date, time, timedelta
from email.message import EmailMessage
from email.policy import default as default_policy

import icalendar
import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from coaching import outbox, team_agreement, team_changes, undelivered
from coaching.models import Membership, Message, Team
from coaching.site import lifecycle
from meetings import due, feeds, invitations, laying_out, places, scheduling
from meetings.feeds import Way
from meetings.laying_out import Rhythm
from meetings.models import CalendarInvitation, Meeting
from meetings.scheduling import When, Where
from tests import factories
from tests.clock import NOW
from tests.constraints import refused_by
from tests.meetings.conftest import BEFORE, noon

NINE = time(9)


@pytest.fixture(autouse=True)
def early():
    with time_machine.travel(BEFORE, tick=False):
        yield BEFORE


def choose(way, user, now=BEFORE):
    return feeds.choose(way=way, by=user, now=now)


def deliver(now=BEFORE):
    """Everything that is due leaves; returns the mails of this delivery."""
    mail.outbox.clear()
    outbox.deliver_due(now=now)
    return [
        email.message_from_bytes(each.message().as_bytes(), policy=default_policy) for each in mail.outbox
    ]


def part_of(letter: EmailMessage) -> EmailMessage | None:
    return next((part for part in letter.walk() if part.get_content_type() == "text/calendar"), None)


def calendar_of(letter: EmailMessage) -> icalendar.Calendar:
    return icalendar.Calendar.from_ical(part_of(letter).get_content())


def event_of(letter: EmailMessage) -> icalendar.Event:
    (event,) = calendar_of(letter).walk("VEVENT")
    return event


def told(letters, user=None) -> list[tuple]:
    """Method, sequence and day of each calendar that was sent, to one person."""
    found = []
    for letter in letters:
        if part_of(letter) and (user is None or user.email in letter["To"]):
            event = event_of(letter)
            day = event.decoded("dtstart").date()
            found.append((str(calendar_of(letter)["method"]), event["sequence"], day))
    return found


@pytest.fixture
def by_mail(meetings, bob):
    """Bob has his meetings by mail, and the eight are in his calendar."""
    Message.objects.all().delete()
    choose(Way.MAIL, bob)
    deliver()
    return bob


def move(meeting, day, by, now=BEFORE):
    return scheduling.move(meeting=meeting, to=When(day, NINE, 120), by=by, now=now)


# What a mail is


def test_each_meeting_ahead_comes_by_mail(meetings, bob):
    Message.objects.all().delete()
    choose(Way.MAIL, bob)
    letters = deliver()
    assert told(letters, bob) == [("REQUEST", 0, meeting.date) for meeting in meetings]
    assert len(letters) == 8
    first = letters[0]
    assert first["Subject"] == "In your calendar: Introduction to Program, February 17"
    assert first.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in first.iter_parts()] == [
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    assert dict(part_of(first)["Content-Type"].params) == {
        "method": "REQUEST",
        "component": "VEVENT",
        "charset": "utf-8",
    }
    event = event_of(first)
    assert event["uid"] == str(meetings[0].uid)
    assert event["dtstart"].params["TZID"] == "America/Los_Angeles"
    assert [str(zone["tzid"]) for zone in calendar_of(first).walk("VTIMEZONE")] == ["America/Los_Angeles"]
    assert event["organizer"] == "mailto:no-reply@example.org"
    assert event["organizer"].params["CN"] == "Peer Coaching Program"
    assert event.walk("VALARM")[0].decoded("trigger") == timedelta(days=-1)
    assert event.decoded("dtstamp") == BEFORE


def test_the_mail_says_when_and_where_in_words(meetings, alice, bob):
    online = Where("Room 3", Meeting.Mode.MIXED, "https://meet.example.org/team")
    scheduling.set_place(meeting=meetings[0], where=online, by=alice, now=BEFORE)
    deliver()
    choose(Way.MAIL, bob)
    first, second, *_ = (letter.get_body(("plain",)).get_content() for letter in deliver())
    assert (
        "Wednesday, February 17, 2027, 9:00 a.m. to 11:00 a.m. PST: Introduction to Program\n"
        "Room 3 (in person and online)\n"
        "Join online: https://meet.example.org/team\n\n"
        "This mail puts the meeting into your calendar"
    ) in first
    assert "Place still open\n\nThis mail puts" in second


def test_nobody_elses_address_is_in_it(meetings, bob):
    choose(Way.MAIL, bob)
    for letter in deliver():
        if part_of(letter):
            event = event_of(letter)
            assert event["attendee"] == f"mailto:{bob.email}"
            assert event["attendee"].params["RSVP"] == "FALSE"
            assert part_of(letter).get_content().count("mailto:") == 2


def test_nothing_that_is_over_or_called_off_is_sent(meetings, alice, bob):
    scheduling.cancel(meeting=meetings[7], reason="No", by=alice, now=BEFORE)
    deliver()
    now = noon(meetings[1].date)
    with time_machine.travel(now, tick=False):
        choose(Way.MAIL, bob, now)
        assert [day for _, _, day in told(deliver(now))] == [each.date for each in meetings[2:7]]


# Choosing


def test_an_address_instead_takes_out_what_was_sent(by_mail, meetings):
    choose(Way.ADDRESS, by_mail)
    letters = deliver()
    assert told(letters) == [("CANCEL", 1, meeting.date) for meeting in meetings]
    assert event_of(letters[0])["status"] == "CANCELLED"
    assert event_of(letters[0]).walk("VALARM") == []
    assert "You chose not to get your meetings by mail any more." in letters[0].get_body().get_content()
    assert deliver() == []


def test_nothing_is_taken_out_that_never_left(meetings, bob):
    choose(Way.MAIL, bob)
    choose(None, bob)
    assert told(deliver()) == []
    choose(Way.MAIL, bob)
    assert len(told(deliver())) == 8


def test_what_is_over_stays_in_the_calendar(by_mail, meetings):
    now = noon(meetings[1].date)
    with time_machine.travel(now, tick=False):
        choose(None, by_mail, now)
        assert [day for _, _, day in told(deliver(now))] == [each.date for each in meetings[2:]]


def test_the_sequence_rises_with_all_that_is_sent(by_mail, meetings, alice):
    """RFC 5546: a calendar keeps what has the highest."""
    choose(None, by_mail)
    deliver()
    choose(Way.MAIL, by_mail)
    assert told(deliver())[0] == ("REQUEST", 2, meetings[0].date)
    moved = move(meetings[0], date(2027, 2, 24), alice)
    assert moved.sequence == 1
    assert told(deliver(), by_mail) == [("REQUEST", 3, date(2027, 2, 24))]


# What changes about a meeting


def test_a_move_is_one_mail_with_the_invitation(by_mail, meetings, alice):
    move(meetings[0], date(2027, 2, 24), alice)
    letters = deliver()
    assert sorted(letter["To"] for letter in letters if by_mail.email in letter["To"]) == [letters[0]["To"]]
    assert told(letters) == [("REQUEST", 1, date(2027, 2, 24))]
    assert letters[0]["Subject"].startswith("Introduction to Program: Moved from")
    assert event_of(letters[0])["uid"] == str(meetings[0].uid)
    assert len(letters) == 2  # the other one to Charlie, without a calendar
    due.do_due(now=BEFORE)
    assert deliver() == []


def test_who_moves_it_gets_the_invitation_alone(by_mail, meetings):
    move(meetings[0], date(2027, 2, 24), by_mail)
    letters = deliver()
    (own,) = [letter for letter in letters if by_mail.email in letter["To"]]
    assert own["Subject"] == "In your calendar: Introduction to Program, February 24"
    assert told([own]) == [("REQUEST", 1, date(2027, 2, 24))]
    assert len(letters) == 3


def test_two_moves_before_the_mail_leaves_are_one(by_mail, meetings, alice):
    move(meetings[0], date(2027, 2, 24), alice)
    move(meetings[0], date(2027, 2, 25), alice, BEFORE + timedelta(minutes=1))
    assert told(deliver(BEFORE + timedelta(minutes=1))) == [("REQUEST", 2, date(2027, 2, 25))]


def test_another_place_is_sent(by_mail, meetings, alice):
    scheduling.set_place(meeting=meetings[0], where=Where("Room 7; left, \\ 2nd"), by=alice, now=BEFORE)
    (letter,) = [each for each in deliver() if part_of(each)]
    assert event_of(letter)["location"] == "Room 7; left, \\ 2nd"
    assert event_of(letter)["sequence"] == 1


def test_calling_off_takes_it_out(by_mail, meetings, alice):
    scheduling.cancel(meeting=meetings[0], reason="Too few", by=alice, now=BEFORE)
    letters = [letter for letter in deliver() if part_of(letter)]
    assert told(letters) == [("CANCEL", 1, meetings[0].date)]
    assert "Called off" in letters[0]["Subject"]
    assert "location" not in event_of(letters[0])
    due.do_due(now=BEFORE)
    assert told(deliver()) == []


def test_what_is_taken_out_is_named_as_it_was_told(by_mail, meetings, alice):
    """Moved and called off before a mail could leave."""
    move(meetings[0], date(2027, 2, 24), alice)
    scheduling.cancel(meeting=meetings[0], reason="No", by=alice, now=BEFORE)
    assert told(deliver(), by_mail) == [("CANCEL", 2, date(2027, 2, 17))]


def test_an_added_meeting_is_sent(by_mail, team, alice):
    when = When(date(2027, 3, 3), NINE, 60)
    scheduling.add_extra(team=team, when=when, where=Where(), title="More", by=alice, now=BEFORE)
    assert told(deliver()) == [("REQUEST", 0, date(2027, 3, 3))]


def test_a_new_plan_is_sent(team, bob):
    """A confirmed team's meetings are laid out."""
    choose(Way.MAIL, bob)
    laying_out.lay_out_meetings(team=team, by=None, now=BEFORE)
    letters = deliver()
    assert len(told(letters, bob)) == len(told(letters)) == 8
    assert len([letter for letter in letters if bob.email in letter["To"]]) == 9  # the plan as a list is one


def test_another_weekday_sends_each_that_moved(by_mail, team, meetings, alice):
    laying_out.change_rhythm(team=team, rhythm=Rhythm(1, 2, NINE), by=alice, now=BEFORE)
    assert told(deliver()) == [
        ("REQUEST", 1, meeting.date) for meeting in Meeting.objects.of_team(team).order_by("date")
    ]


def test_rooms_from_the_branch_office_are_sent(by_mail, cohort, meetings, branch_officer):
    chosen = [meeting.pk for meeting in meetings[:2]]
    change = places.Change("Room 3")
    places.set_several(cohort=cohort, meetings=chosen, change=change, by=branch_officer, now=BEFORE)
    assert [sequence for _, sequence, _ in told(deliver())] == [1, 1]


# People who come and go


def test_who_leaves_has_the_meetings_taken_out(by_mail, meetings, people):
    lifecycle.leave(participant=people.bob, reason="", by=by_mail, now=BEFORE)
    letters = [letter for letter in deliver() if part_of(letter)]
    assert told(letters, by_mail) == [("CANCEL", 1, meeting.date) for meeting in meetings]
    assert "It is no longer one of your meetings." in letters[0].get_body().get_content()


def test_who_left_reads_no_date_that_was_chosen_since(by_mail, meetings, people, alice):
    """M14: also where the mail leaves late."""
    lifecycle.leave(participant=people.bob, reason="", by=by_mail, now=BEFORE)
    scheduling.set_place(meeting=meetings[0], where=Where("Secret room"), by=alice, now=BEFORE)
    move(meetings[0], date(2027, 2, 24), alice)
    letters = [letter for letter in deliver() if by_mail.email in letter["To"]]
    assert told(letters) == [
        ("CANCEL", 2, date(2027, 2, 17)),
        *[("CANCEL", 1, each.date) for each in meetings[1:]],
    ]
    for letter in letters:
        whole = letter.as_string() + "".join(
            part.get_content() for part in letter.walk() if not part.is_multipart()
        )
        assert "Secret room" not in whole
        assert "February 24" not in whole
        assert "20270224" not in whole


def test_a_team_that_ends_has_its_meetings_taken_out(by_mail, team, meetings, branch_officer):
    Team.objects.filter(pk=team.pk).update(status=Team.Status.ENDED)
    laying_out.call_off_ahead(team=team, reason="It ended.", by=branch_officer, now=BEFORE)
    assert told(deliver()) == [("CANCEL", 1, meeting.date) for meeting in meetings]


def test_two_teams_that_become_one(cohort, branch_officer):
    """T1: who joins another team has its meetings instead of the earlier ones."""
    teams = [
        factories.small_team(cohort, *names, by=branch_officer)
        for names in (("Gil", "Hal", "Ida"), ("Jo", "Kim", "Lee"))
    ]
    own, other = (laying_out.lay_out_meetings(team=team, by=None, now=BEFORE) for team in teams)
    stays, joins = (team.memberships.filter(ended_at=None).earliest("pk").participant for team in teams)
    for participant in (stays, joins):
        choose(Way.MAIL, participant.user)
    deliver()
    joining = [place.participant for place in teams[1].memberships.filter(ended_at=None)]
    change = team_changes.ask(
        team=teams[0], kind="merge", joining=joining, reason="Both are small.", by=branch_officer, now=BEFORE
    )
    for consent in change.consents.all():
        team_agreement.answer(consent=consent, agree=True, by=consent.participant.user, reason="", now=BEFORE)
    lifecycle.confirm_change(change=change, by=branch_officer, now=BEFORE)
    letters = deliver()
    assert told(letters, stays.user) == []
    assert sorted(told(letters, joins.user)) == sorted(
        [("CANCEL", 1, meeting.date) for meeting in other] + [("REQUEST", 0, meeting.date) for meeting in own]
    )
    due.do_due(now=BEFORE)
    assert told(deliver()) == []


def test_who_joins_gets_the_meetings_ahead(by_mail, team, meetings, people):
    dora = people.dora.user
    choose(Way.MAIL, dora)
    assert deliver() == []
    Membership.objects.create(team=team, participant=people.dora, joined_at=BEFORE)
    assert due.do_due(now=BEFORE)["calendars_told"] == 8
    assert told(deliver(), dora) == [("REQUEST", 0, meeting.date) for meeting in meetings]
    due.do_due(now=BEFORE)
    assert deliver() == []


def test_who_comes_back_before_the_mail_left_gets_it_all_the_same(meetings, people, bob):
    choose(Way.MAIL, bob)
    people.bob.memberships.update(ended_at=BEFORE)
    assert told(deliver()) == []
    people.bob.memberships.update(ended_at=None)
    due.do_due(now=BEFORE)
    assert len(told(deliver())) == 8


def test_a_closed_account_is_sent_nothing(by_mail, meetings, alice):
    by_mail.is_active = False
    by_mail.save()
    scheduling.cancel(meeting=meetings[0], reason="No", by=alice, now=BEFORE)
    assert due.do_due(now=BEFORE)["calendars_told"] == 0
    assert told(deliver(), by_mail) == []


def test_a_team_that_is_not_confirmed_sends_nothing(team, meetings, bob):
    Team.objects.filter(pk=team.pk).update(status="awaiting_agreement", confirmed_at=None)
    choose(Way.MAIL, bob)
    assert told(deliver()) == []


def test_attendance_takes_nothing_out(by_mail, meetings, people, alice):
    Meeting.objects.filter(pk=meetings[0].pk).update(status=Meeting.Status.HELD)
    now = meetings[0].starts_at + timedelta(minutes=5)
    with time_machine.travel(now, tick=False):
        assert invitations.needed(now=now) == []


# Mail that fails


def failing(monkeypatch, error):
    def refuse(self, messages):
        raise error

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)


def test_what_could_not_leave_is_tried_again_and_told_once(meetings, bob, monkeypatch):
    choose(Way.MAIL, bob)
    with monkeypatch.context() as patch:
        failing(patch, ConnectionRefusedError())
        assert deliver() == []
    assert not CalendarInvitation.objects.arrived().exists()
    later = BEFORE + timedelta(hours=1)
    due.do_due(now=later)
    assert told(deliver(later), bob) == [("REQUEST", 0, meeting.date) for meeting in meetings]


def test_what_never_left_is_not_taken_out(meetings, bob, monkeypatch):
    choose(Way.MAIL, bob)
    with monkeypatch.context() as patch:
        refused = smtplib.SMTPRecipientsRefused({bob.email: (550, b"No such user")})
        failing(patch, refused)
        deliver()
    for _ in range(2):
        due.do_due(now=BEFORE)  # what failed for good is the branch office's to send again
    assert told(deliver()) == []
    choose(None, bob)
    assert told(deliver()) == []


def test_what_perhaps_left_is_not_repeated_but_taken_out(meetings, bob, monkeypatch):
    choose(Way.MAIL, bob)
    with monkeypatch.context() as patch:
        failing(patch, smtplib.SMTPServerDisconnected())
        deliver()
    due.do_due(now=BEFORE)
    assert told(deliver()) == []
    choose(None, bob)
    assert told(deliver()) == [("CANCEL", 1, meeting.date) for meeting in meetings]


def test_what_perhaps_left_is_sent_again_when_somebody_asks(meetings, bob, administrator, monkeypatch):
    choose(Way.MAIL, bob)
    with monkeypatch.context() as patch:
        failing(patch, smtplib.SMTPServerDisconnected())
        deliver()
    message = Message.objects.filter(status=Message.Status.UNKNOWN, kind=invitations.KIND).earliest("pk")
    undelivered.send_again(message=message, by=administrator, now=BEFORE)
    assert told(deliver()) == [("REQUEST", 0, meetings[0].date)]
    message.refresh_from_db()
    assert message.status == Message.Status.SENT
    undelivered_rows = CalendarInvitation.objects.filter(message=message)
    assert [(row.method, row.version, row.sequence) for row in undelivered_rows] == [("REQUEST", 0, 0)]


def test_a_change_that_waits_is_not_told_twice(by_mail, meetings, alice, monkeypatch):
    """The mail about the change carries it; what time brings about asks for no second one."""
    move(meetings[0], date(2027, 2, 24), alice)
    assert due.do_due(now=BEFORE)["calendars_told"] == 0
    kinds = Message.objects.filter(recipient=by_mail, status=Message.Status.PENDING)
    assert [message.kind for message in kinds] == ["meetings.changed"]


def test_as_many_queries_for_any_number_of_people(meetings, people, django_assert_max_num_queries):
    def queries() -> int:
        with django_assert_max_num_queries(20) as captured:
            invitations.needed(now=BEFORE)
        return len(captured)

    choose(Way.MAIL, people.alice.user)
    one = queries()
    choose(Way.MAIL, people.bob.user)
    choose(Way.MAIL, people.charlie.user)
    assert queries() == one
    assert len(invitations.needed(now=BEFORE)) == 24


def test_the_database_keeps_a_sequence_that_is_at_least_the_meetings(by_mail, meetings, alice):
    outbox.queue(kind=invitations.KIND, to=alice, key="x", now=NOW, ids={"meeting": meetings[0].pk})
    message = Message.objects.get(recipient=alice)
    row = CalendarInvitation(
        message=message,
        meeting=meetings[0],
        method="REQUEST",
        version=2,
        sequence=1,
        starts_at=NOW,
        ends_at=NOW,
    )
    assert refused_by(row.save) == "calendarinvitation_sequence_rises"
