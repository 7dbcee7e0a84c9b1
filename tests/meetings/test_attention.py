"""C2: the branch office sees danger while it can be mended, and before the participant reads that it is too late."""

from datetime import date, time, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching.models import Message, Participant
from coaching.site.home import cards_for
from meetings import attendance, attention, deadlines, due, evaluations, mail, scheduling, waivers
from meetings.models import Finding
from meetings.standing import Code, MonthState
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
    bob = attention.ways(cohort, today=date(2027, 4, 1))[people.bob.pk]
    assert bob.in_danger == ("an evaluation of March 2027",)
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


def add_extra(team, day, marks, alice):
    """An extra meeting of an hour that took place."""
    extra = scheduling.add_extra(
        team=team,
        when=scheduling.When(day, time(14), 60),
        where=scheduling.Where(),
        title=f"On {day}",
        by=alice,
        now=noon(day - timedelta(days=1)),
    )
    attendance.take_attendance(meeting=extra, marks=marks, by=alice, now=noon(day) + timedelta(hours=5))
    return extra


def missed_by(participant, cohort, day):
    rows = attention.dangers(cohort, today=day)
    (one,) = [each for each in rows if each.participant == participant and each.code is Code.MONTH_MISSED]
    return one


def test_no_meeting_is_offered_that_a_teammates_month_needs(held, cohort, team, meetings, people, alice):
    """Charlie was at two meetings in March; bob only at the extra one, and would lose his month by it."""
    everybody = (people.alice, people.bob, people.charlie)
    add_extra(team, date(2027, 3, 10), dict.fromkeys(everybody, "present"), alice)
    marks = {people.alice: "present", people.bob: "absent", people.charlie: "present"}
    attendance.take_attendance(meeting=meetings[1], marks=marks, by=alice, now=noon(meetings[1].date))
    offered = missed_by(people.charlie, cohort, date(2027, 3, 20)).spare
    assert offered.meeting_id == meetings[1].pk
    marks = dict.fromkeys(everybody, "present") | {people.alice: "absent"}
    april = add_extra(team, date(2027, 4, 7), marks, alice)
    marks = dict.fromkeys(everybody, "present") | {people.bob: "absent"}
    attendance.take_attendance(meeting=meetings[2], marks=marks, by=alice, now=noon(meetings[2].date))
    today = date(2027, 5, 3)
    offered = attention._everybody(cohort, today=today)
    assert not offered._mends(people.charlie, april.pk, 1), "bob's April hangs on it"
    assert not offered._mends(people.charlie, meetings[2].pk, 1), "alice's April hangs on it"


def test_no_meeting_below_the_quorum_is_offered(held, cohort, team, meetings, people, alice):
    everybody = (people.alice, people.bob, people.charlie)
    alone = dict.fromkeys(everybody, "absent") | {people.charlie: "present"}
    add_extra(team, date(2027, 3, 10), alone, alice)
    attendance.take_attendance(
        meeting=meetings[1],
        marks=dict.fromkeys(everybody, "present"),
        by=alice,
        now=noon(meetings[1].date),
    )
    assert missed_by(people.charlie, cohort, date(2027, 3, 20)).spare is None


def test_no_meeting_is_offered_that_its_own_month_needs(held, cohort, team, meetings, people, alice):
    """Two a month: of two meetings in March none is to spare, and one alone would not mend February."""
    cohort.program.requirements.filter(kind="attendance").update(least=2)
    everybody = dict.fromkeys((people.alice, people.bob, people.charlie), "present")
    add_extra(team, date(2027, 3, 10), everybody, alice)
    attendance.take_attendance(meeting=meetings[1], marks=everybody, by=alice, now=noon(meetings[1].date))
    assert missed_by(people.charlie, cohort, date(2027, 3, 20)).spare is None


def test_an_open_plan_is_in_danger_near_the_end_and_lost_after_the_last_closing(
    held, cohort, people, branch_officer
):
    """The participant reads until the last closing that it is to be made up."""
    Participant.objects.filter(pk=people.dora.pk).update(status="active", left_at=None)
    waivers.plan(
        participant=people.dora, months=[1], reason="With Bob.", by=branch_officer, now=noon(MARCH_1)
    )
    theirs = [each for each in found(cohort, date(2027, 9, 23)) if each[0] == "Dora Example"]
    assert ("Dora Example", "month_to_make_up") not in theirs
    rows = attention.dangers(cohort, today=date(2027, 9, 24))
    (plan,) = [each for each in rows if each.code is Code.MONTH_TO_MAKE_UP]
    last = deadlines.last_day(cohort)
    assert plan.words == "February 2027: the plan to make it up is still open."
    assert plan.final_on == last + timedelta(days=1)
    states = {
        day: attention.as_read_by(people.dora, today=day).months[0].state
        for day in (last, last + timedelta(days=1))
    }
    assert list(states.values()) == [MonthState.TO_MAKE_UP, MonthState.MISSED]
    assert "was not until the program ended" in str(
        attention.as_read_by(people.dora, today=last + timedelta(days=1)).reasons
    )


def test_the_card_counts_what_the_page_lists(held, cohort, people, branch_officer):
    """Also within the hour after a look, when all is mended or something is new."""
    look(MARCH_1)
    attendance.excuse(
        meeting=held, participant=people.charlie, reason="Jury", by=branch_officer, now=noon(MARCH_1)
    )
    with time_machine.travel(noon(MARCH_1), tick=False):
        assert attention.dangers(cohort, today=MARCH_1) == []
        assert not [card for card in cards_for(branch_officer) if "danger" in card.title]
        attendance.correct(
            meeting=held,
            participant=people.bob,
            status="absent",
            reason="x",
            by=branch_officer,
            now=noon(MARCH_1),
        )
        assert attention.in_danger(cohort, today=MARCH_1) == 2
        assert [card.title for card in cards_for(branch_officer) if "danger" in card.title] == [
            "2 certificates are in danger"
        ]


def test_the_attendance_table_says_what_the_page_of_dangers_says(
    held, client, cohort, people, branch_officer
):
    with time_machine.travel(noon(MARCH_1), tick=False):
        client.force_login(branch_officer)
        page = client.get(reverse("office_meetings_cohort", args=[cohort.pk]))
        assertContains(page, "In danger, and you can still mend it: February 2027, 0 of 8 months")
        assertNotContains(page, "Out of reach")
    after = deadlines.last_day(cohort) + timedelta(days=1)
    with time_machine.travel(noon(after), tick=False):
        client.force_login(branch_officer)
        page = client.get(reverse("office_meetings_cohort", args=[cohort.pk]))
        assertContains(page, "Out of reach: no meeting in February 2027")
        page = client.get(reverse("office_attention", args=[cohort.pk]))
        assertContains(page, "The program is over")


def test_nobody_is_on_track_whom_the_offices_mail_lists(held, client, cohort, people):
    """Attendance that nobody took, a week before the month ends."""
    day = date(2027, 3, 25)
    assert ("Alice Example", "month_unrecorded") in found(cohort, day)
    with time_machine.travel(noon(day), tick=False):
        client.force_login(people.alice.user)
        assertNotContains(client.get("/meetings/"), "you are on track")
        assert "on track" not in str(cards_for(people.alice.user))


def test_who_waits_without_a_team_is_not_told_of_their_team(held, cohort, people, branch_officer):
    Participant.objects.filter(pk=people.dora.pk).update(status="active", left_at=None)
    (one,) = [
        each for each in attention.dangers(cohort, today=date(2027, 2, 20)) if each.participant == people.dora
    ]
    assert "They are in no team: let them join one, or excuse the month." in one.words
    waivers.plan(
        participant=people.dora,
        months=[1],
        reason="With Bob.",
        by=branch_officer,
        now=noon(date(2027, 2, 20)),
    )
    assert "Dora Example" not in dict(found(cohort, date(2027, 2, 20)))
    standing = attention.as_read_by(people.dora, today=date(2027, 2, 20))
    assert standing.months[0].state is MonthState.TO_MAKE_UP


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


def test_the_day_on_which_it_is_lost_is_said_before_and_after(held, client, cohort, branch_officer):
    told = MARCH_1 + timedelta(days=2)
    look(told)
    for days, words in ((6, "reads on"), (7, "reads since"), (17, "reads since")):
        with time_machine.travel(noon(told + timedelta(days=days)), tick=False):
            client.force_login(branch_officer)
            page = client.get(reverse("office_attention", args=[cohort.pk]))
        assertContains(page, f"Charlie Example {words} Wednesday, March 10, 2027 that it is lost.")


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
