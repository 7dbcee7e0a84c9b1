"""C2: the branch office sees danger while it can be mended, and before the participant reads that it is too late."""

from datetime import date, time, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching.models import Message
from coaching.site.home import cards_for
from meetings import attendance, attention, due, evaluations, mail, scheduling
from meetings.completion import Code, MonthState
from meetings.models import Finding
from tests import factories
from tests.constraints import refused_by
from tests.meetings.conftest import noon
from tests.meetings.test_evaluations import answers

MARCH_1 = date(2027, 3, 1)  # charlie missed February


@pytest.fixture
def held(meetings, people, alice):
    """The first meeting, without charlie; alice and bob evaluated it."""
    marks = {people.alice: "present", people.bob: "present", people.charlie: "absent"}
    attendance.take_attendance(meeting=meetings[0], marks=marks, by=alice, now=noon(meetings[0].date))
    given = answers(evaluations.questions_for(meetings[0].cohort))
    for each in (people.alice, people.bob):
        evaluations.submit_evaluation(
            meeting=meetings[0], answers=given, by=each.user, now=noon(meetings[0].date)
        )
    people.dora.cohort.participants.exclude(
        pk__in=[people.alice.pk, people.bob.pk, people.charlie.pk]
    ).update(status="left", left_at=noon(meetings[0].date))
    return meetings[0]


def found(cohort, day):
    return [(str(each.participant), each.code.value) for each in attention.dangers(cohort, today=day)]


def look(day, hour=0):
    return attention.look(now=noon(day) + timedelta(hours=hour))


def letters(officer):
    return list(Message.objects.filter(kind="meetings.attention", recipient=officer).order_by("pk"))


def test_each_danger_is_seen_with_what_mends_it(held, meetings, cohort, people, alice):
    assert found(cohort, date(2027, 2, 18)) == [("Charlie Example", "month_at_risk")]
    assert found(cohort, MARCH_1) == [("Charlie Example", "month_missed")]
    # The next meeting was, and nobody says who was there: a week before the month ends.
    assert ("Alice Example", "month_unrecorded") not in found(cohort, date(2027, 3, 24))
    assert ("Alice Example", "month_unrecorded") in found(cohort, date(2027, 3, 25))
    marks = dict.fromkeys((people.alice, people.bob, people.charlie), "present")
    attendance.take_attendance(meeting=meetings[1], marks=marks, by=alice, now=noon(meetings[1].date))
    assert ("Bob Example", "evaluation_open") not in found(cohort, date(2027, 3, 24))
    assert ("Bob Example", "evaluation_open") in found(cohort, date(2027, 3, 25))
    assert ("Bob Example", "evaluation_late") in found(cohort, date(2027, 4, 1))
    (missed,) = [each for each in attention.dangers(cohort, today=MARCH_1) if each.code is Code.MONTH_MISSED]
    assert (missed.meeting_id, missed.month, missed.spare) == (held.pk, "February 2027", None)


def test_a_meeting_that_its_own_month_does_not_need_could_count(held, meetings, cohort, team, people, alice):
    marks = dict.fromkeys((people.alice, people.bob, people.charlie), "present")
    extra = scheduling.add_extra(
        team=team,
        when=scheduling.When(date(2027, 3, 10), time(9), 60),
        where=scheduling.Where(),
        title="Again",
        by=alice,
        now=noon(MARCH_1),
    )
    for meeting in (extra, meetings[1]):
        attendance.take_attendance(meeting=meeting, marks=marks, by=alice, now=noon(meeting.date))
    today = date(2027, 3, 20)
    (missed,) = [each for each in attention.dangers(cohort, today=today) if each.code is Code.MONTH_MISSED]
    assert missed.spare.meeting_id == extra.pk


def test_the_office_hears_once_a_day_names_and_months_only(held, cohort, people, alice, branch_officer):
    due.do_due(now=noon(MARCH_1))
    look(MARCH_1, hour=2)
    (message,) = letters(branch_officer)
    assert message.ids == {"cohort": cohort.pk, "day": MARCH_1.toordinal()}
    with time_machine.travel(noon(MARCH_1), tick=False):
        letter = mail.attention_needed(branch_officer, **message.ids)
    assert "- Charlie Example: February 2027\n" in letter.body
    assert "Alice" not in letter.body
    look(MARCH_1 + timedelta(days=1))
    assert len(letters(branch_officer)) == 1, "nothing is new"


def test_what_is_found_after_the_days_mail_waits_for_the_next(held, cohort, people, alice, branch_officer):
    look(MARCH_1)
    attendance.correct(
        meeting=held,
        participant=people.bob,
        status="absent",
        reason="x",
        by=branch_officer,
        now=noon(MARCH_1),
    )
    look(MARCH_1, hour=2)
    assert Finding.objects.count() == 1
    look(MARCH_1 + timedelta(days=1))
    # Without bob the meeting is below the quorum: alice's month is missed, too.
    assert Finding.objects.filter(told_date=MARCH_1 + timedelta(days=1)).count() == 2
    assert len(letters(branch_officer)) == 2


def test_what_was_mended_meanwhile_is_in_no_mail(held, people, branch_officer):
    look(MARCH_1)
    (message,) = letters(branch_officer)
    now = noon(MARCH_1)
    attendance.excuse(
        meeting=held, participant=people.charlie, reason="Jury duty", by=branch_officer, now=now
    )
    with time_machine.travel(now, tick=False):
        assert mail.attention_needed(branch_officer, **message.ids) is None
    look(MARCH_1, hour=1)
    assert not Finding.objects.exists()


def test_an_officer_who_takes_part_hears_nothing(held, cohort, branch, branch_officer):
    """T10"""
    officer = factories.officer(branch)
    factories.participant(cohort, officer)
    look(MARCH_1)
    assert [message.recipient for message in Message.objects.filter(kind="meetings.attention")] == [
        branch_officer
    ]
    with time_machine.travel(noon(MARCH_1), tick=False):
        ids = letters(branch_officer)[0].ids
        assert mail.attention_needed(officer, **ids) is None


def test_a_missed_month_is_lost_for_the_participant_a_week_after_the_office_was_told(held, people, client):
    told = MARCH_1 + timedelta(days=2)

    def february(day):
        standing = attention.as_read_by(people.charlie, today=day)
        return standing.months[0].state, standing.reachable

    assert february(MARCH_1) == (MonthState.WITH_THE_OFFICE, True), "nobody was told yet"
    look(told)
    assert february(told + timedelta(days=6)) == (MonthState.WITH_THE_OFFICE, True)
    assert february(told + timedelta(days=7)) == (MonthState.MISSED, False)
    client.force_login(people.charlie.user)
    for day, words, other in (
        (told, "February 2027: open with the branch office.", "you attended no meeting"),
        (told + timedelta(days=7), "February 2027: you attended no meeting.", "open with the branch office"),
    ):
        with time_machine.travel(noon(day), tick=False):
            client.force_login(people.charlie.user)
            for address in ("/meetings/", "/certificates/"):
                page = client.get(address)
                assertContains(page, words)
                assertNotContains(page, other)


def test_after_the_last_closing_nothing_is_open_with_the_office(held, people, cohort):
    after = date(2027, 10, 15)
    standing = attention.as_read_by(people.charlie, today=after)
    assert not standing.reachable
    assert standing.months[0].state is MonthState.MISSED
    look(MARCH_1)
    look(after)
    assert not Finding.objects.exists()


def test_a_month_that_is_missed_again_begins_anew(held, people, branch_officer):
    look(MARCH_1)
    now = noon(MARCH_1 + timedelta(days=3))
    attendance.excuse(
        meeting=held, participant=people.charlie, reason="Jury duty", by=branch_officer, now=now
    )
    look(MARCH_1 + timedelta(days=3))
    attendance.correct(
        meeting=held, participant=people.charlie, status="absent", reason="No", by=branch_officer, now=now
    )
    look(MARCH_1 + timedelta(days=5))
    day = MARCH_1 + timedelta(days=11)
    assert attention.as_read_by(people.charlie, today=day).months[0].state is MonthState.WITH_THE_OFFICE


def test_a_cohort_is_looked_at_once_an_hour(held):
    assert look(MARCH_1) == 1
    assert attention.look(now=noon(MARCH_1) + timedelta(minutes=59)) == 0
    assert look(MARCH_1, hour=1) == 1


def test_the_card_and_the_page_lead_to_the_acts(held, client, cohort, people, branch_officer, alice):
    look(MARCH_1)
    with time_machine.travel(noon(MARCH_1), tick=False):
        (card,) = [each for each in cards_for(branch_officer) if "danger" in each.title]
        assert card.title == "1 certificate is in danger"
        assert not [each for each in cards_for(alice) if "danger" in each.title]
        client.force_login(branch_officer)
        page = client.get(card.address)
        assertContains(page, "Charlie Example reads on Monday, March 8, 2027 that it is lost.")
        assertContains(page, reverse("office_attendance", args=[held.pk, people.charlie.pk]))
        assertContains(page, reverse("office_participant", args=[people.charlie.pk]))
        assertNotContains(page, "Alice")


@pytest.mark.usefixtures("meetings")
def test_the_page_is_empty_when_nothing_is_in_danger(client, cohort, people, branch_officer):
    with time_machine.travel(noon(date(2027, 1, 25)), tick=False):
        client.force_login(branch_officer)
        assertContains(client.get(reverse("office_attention", args=[cohort.pk])), "Nothing is in danger")


def test_the_page_takes_as_many_queries_for_three_as_for_one(
    client, held, cohort, people, branch_officer, django_assert_max_num_queries
):
    numbers = []
    client.force_login(branch_officer)
    for day in (date(2027, 2, 20), date(2027, 4, 1)):
        with time_machine.travel(noon(day), tick=False):
            client.force_login(branch_officer)
            with django_assert_max_num_queries(40) as captured:
                page = client.get(reverse("office_attention", args=[cohort.pk]))
            numbers.append((len(page.context["dangers"]), len(captured)))
    (few, first), (many, last) = numbers
    assert (few, many > 2) == (1, True)
    assert first == last


def test_the_database_keeps_one_finding_of_a_kind(people):
    values = {"participant": people.alice, "told_date": MARCH_1}
    assert refused_by(Finding.objects.create, **values, key="") == "finding_says_what"
    Finding.objects.create(**values, key="month_missed.1.0")
    assert refused_by(Finding.objects.create, **values, key="month_missed.1.0") == "finding_once"
