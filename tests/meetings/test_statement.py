"""One's own statement of meetings and hours (F3, M16)."""

import io
from datetime import date, time, timedelta

import page
import pikepdf
import pytest
from django.core import mail
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching import enrollment, outbox
from coaching.models import Cohort
from meetings import attendance, laying_out, ledger, scheduling, statement, waivers
from tests.certificates.content import text_of
from tests.clock import NOW
from tests.meetings.conftest import noon
from tests.meetings.test_ledger import hold

pytestmark = pytest.mark.usefixtures("plain_not_found")
DAY = noon(date(2027, 4, 12))


@pytest.fixture
def left(meetings, people, alice, branch_officer):
    """Alice was at two of the first three meetings, one of them online, and left."""
    hold(meetings[0], people, alice)
    marks = {people.alice: "remote", people.bob: "present", people.charlie: "present"}
    attendance.take_attendance(meeting=meetings[1], marks=marks, by=alice, now=noon(meetings[1].date))
    waivers.record(
        participant=people.alice, kind="leave", months=[3], reason="Secret", by=branch_officer, now=DAY
    )
    return enrollment.leave(participant=people.alice, by=alice, reason="Secret", now=DAY)


def test_it_says_what_was_attended_and_for_how_long(left, meetings):
    found = statement.of(left, today=DAY.date())
    assert [line.meeting.meeting_id for line in found.lines] == [meetings[0].pk, meetings[1].pk]
    assert (found.number, found.minutes, found.hours) == (2, 240, "4 hours")
    assert [(each.month_name, each.words) for each in found.waivers] == [("April 2027", "Leave of absence")]
    assert found.until == date(2027, 4, 12)


def test_what_was_missed_called_off_or_only_planned_is_not_on_it(
    meetings, people, alice, branch_officer, org
):
    hold(meetings[0], people, alice, absent=[people.bob])
    dora = people.dora
    waivers.plan(participant=dora, months=[1], reason="x", by=branch_officer, now=noon(date(2027, 3, 1)))
    for each in (people.bob, dora):
        found = statement.of(each, today=DAY.date())
        assert (found.lines, found.hours, found.waivers, found.until) == ((), "0 hours", (), None)


def test_it_counts_the_hours_that_the_certificate_counts(
    client, meetings, people, alice, other_team, time_machine
):
    """C2: a meeting below the quorum, and another team's where those do not count, are on it and say why they don't."""
    hold(meetings[0], people, alice)
    hold(meetings[1], people, alice, absent=[people.bob, people.charlie])
    (theirs, *_) = laying_out.lay_out_meetings(team=other_team, by=None, now=NOW)
    Cohort.objects.update(other_team_counts=True)
    marks = {people.alice: "present", people.dora: "present"}
    attendance.take_attendance(meeting=theirs, marks=marks, by=people.dora.user, now=noon(theirs.date))
    Cohort.objects.update(other_team_counts=False)
    people.alice.refresh_from_db()
    found = statement.of(people.alice, today=DAY.date())
    assert [(line.meeting.meeting_id, line.why_not) for line in found.lines] == [
        (meetings[0].pk, ""),
        (theirs.pk, "Not counted: a meeting of another team"),
        (meetings[1].pk, "Not counted: too few were there"),
    ]
    standing = ledger.standing(people.alice, today=DAY.date())
    assert (found.number, found.minutes) == (1, 120) == (1, standing.minutes)
    time_machine.move_to(DAY)
    client.force_login(alice)
    shown = client.get(reverse("statement", args=[people.alice.pk]))
    content = client.get(reverse("statement_file", args=[people.alice.pk])).content
    assertContains(shown, "1 meeting, 2 hours")
    assertContains(shown, "Not counted: too few were there", 1)
    assert "Not counted: too few were there" in " ".join(text_of(content).split())


@pytest.mark.parametrize(
    ("minutes", "words"), [(60, "1 hour"), (90, "1 hour 30 minutes"), (45, "45 minutes"), (480, "8 hours")]
)
def test_hours_in_words(meetings, team, people, alice, minutes, words):
    day = date(2027, 2, 3)
    when = scheduling.When(day, meetings[0].start_time, minutes)
    extra = scheduling.add_extra(
        team=team, when=when, where=scheduling.Where(), title="Extra", by=alice, now=noon(date(2027, 2, 1))
    )
    hold(extra, people, alice)
    assert statement.of(people.alice, today=day).hours == words


def test_whoever_left_keeps_it_and_nobody_else_reads_it(
    client, left, people, bob, branch_officer, time_machine
):
    """F3, M16"""
    time_machine.move_to(DAY)
    addresses = [reverse(name, args=[left.pk]) for name in ("statement", "statement_file")]
    client.force_login(left.user)
    shown = client.get(addresses[0])
    assertContains(shown, "2 meetings, 4 hours")
    assertContains(shown, "April 2027: Leave of absence")
    assertNotContains(shown, "Secret")
    assert "no-store" in shown["Cache-Control"]
    assertContains(client.get(reverse("meetings")), addresses[0])
    for user in (bob, branch_officer):
        client.force_login(user)
        assert [client.get(each).status_code for each in addresses] == [404, 404]


def test_the_page_of_leaving_and_the_mail_lead_to_it(client, people, team, alice):
    client.force_login(alice)
    address = reverse("statement", args=[people.alice.pk])
    assertContains(client.get(reverse("participation_leave", args=[people.alice.pk])), address)
    assertContains(client.get(reverse("meetings")), address)
    enrollment.leave(participant=people.alice, by=alice, reason="", now=DAY)
    outbox.deliver_due(now=DAY)
    letter = next(each for each in mail.outbox if each.to == [alice.email] and "You left" in each.subject)
    assert address in letter.body


def test_the_file_is_one_that_everybody_can_read(client, left, time_machine):
    """PDF/UA-1"""
    time_machine.move_to(DAY)
    client.force_login(left.user)
    answer = client.get(reverse("statement_file", args=[left.pk]))
    assert (answer["Content-Type"], answer.status_code) == ("application/pdf", 200)
    report = page.validate_pdf_bytes(answer.content, profile="ua1")
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []
    with pikepdf.open(io.BytesIO(answer.content)) as opened:
        assert len(opened.pages) == 1
    text = " ".join(text_of(answer.content).split())
    assert "Alice Example" in text
    assert "to April 12, 2027: 2 meetings, 4 hours in all." in text
    assert text.startswith("Department of Education, Services Branch")
    assert "In all: 4 hours" in text
    assert "Introduction to Program Wednesday, February 17, 2027 120" in text
    assert "April 2027: Leave of absence" in text
    assert "Secret" not in text


def test_as_many_queries_for_many_meetings_as_for_one(left, django_assert_num_queries):
    participant = type(left).objects.select_related("cohort").get(pk=left.pk)
    with django_assert_num_queries(16):
        statement.of(participant, today=DAY.date())


def test_long_names_and_many_meetings_go_on_overleaf(people, team, alice):
    alice.name = "Nguyễn Thị " + "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3
    alice.save()
    for number in range(40):
        day = date(2027, 3, 1) + timedelta(days=number)
        extra = scheduling.add_extra(
            team=team,
            when=scheduling.When(day, time(9), 60),
            where=scheduling.Where(),
            title=f"{number} " + "Extraordinarily-long-title-without-a-space" * 3,
            by=alice,
            now=noon(date(2027, 2, 1)),
        )
        marks = {people.alice: "present", people.bob: "present"}
        attendance.take_attendance(meeting=extra, marks=marks, by=alice, now=noon(day))
    participant = type(people.alice).objects.select_related("user", "cohort").get(pk=people.alice.pk)
    found = statement.of(participant, today=DAY.date())
    content = statement.statement_pdf(found, made_at=date(2027, 5, 1))
    assert page.is_pdf_compliant_bytes(content, profile="ua1")
    with pikepdf.open(io.BytesIO(content)) as opened:
        assert len(opened.pages) > 2
    text = " ".join(text_of(content).split())
    assert "Nguyễn Thị" in text
    assert "40 meetings, 40 hours in all." in text


def test_it_ends_with_a_program_that_is_over(people, left):
    """The program of the tests meets from February to September 2027."""
    bob = people.bob
    assert statement.of(bob, today=date(2027, 9, 30)).until is None
    assert statement.of(bob, today=date(2027, 10, 1)).until == date(2027, 9, 30)


def test_it_begins_with_the_program_or_with_the_team(people, left, team):
    """Not with the acceptance."""
    assert statement.of(left, today=DAY.date()).since == date(2027, 2, 1)
    left.memberships.update(joined_at=DAY - timedelta(days=20))
    assert statement.of(left, today=DAY.date()).since == (DAY - timedelta(days=20)).date()
