"""Leave of absence, and coming back after having left (C2, T10, F3)."""

from datetime import date, time, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains
from time_machine import travel

from coaching import enrollment, outbox
from coaching.models import AuditEvent, Cohort, Membership, Message, Participant, Requirement
from meetings import absence, attendance, due, leave, ledger, scheduling, statement, waivers
from meetings import mail as mails
from meetings.models import EvaluationReceipt, Waiver
from meetings.standing import MonthState
from meetings.team_space import NotYourMeeting
from tests import factories
from tests.clock import NOW
from tests.meetings.conftest import noon
from tests.meetings.test_ledger import evaluate, hold

pytestmark = pytest.mark.usefixtures("plain_not_found")
MARCH = noon(date(2027, 3, 10))  # in the second month


@pytest.fixture
def grant(people, branch_officer):
    """Alice is on leave; March and April unless said otherwise."""

    def granted(months=(2, 3), *, who=people.alice):
        return waivers.record(
            participant=who, kind="leave", months=months, reason="Secret", by=branch_officer, now=MARCH
        )

    return granted


@pytest.fixture
def come_back(people, branch_officer):
    def back(by=None, now=MARCH):
        return absence.come_back(participant=people.alice, by=by or branch_officer, now=now)

    return back


def states(participant, day):
    return [month.state for month in ledger.standing(participant, today=day).months]


def test_a_leave_is_its_months_and_ends_by_itself(people, grant, cohort):
    grant()
    until = {people.alice.pk: date(2027, 4, 30)}
    assert leave.away(cohort, date(2027, 2, 28)) == {}
    assert leave.away(cohort, date(2027, 3, 1)) == until
    assert leave.away(cohort, date(2027, 4, 30)) == until
    assert leave.away(cohort, date(2027, 5, 1)) == {}
    assert leave.away(cohort, date(2027, 2, 28), date(2027, 3, 2)) == until


def test_two_leaves_do_not_overlap(grant):
    grant()
    with pytest.raises(waivers.CannotWaive, match="Recorded already: April 2027"):
        grant((3, 4))


def test_who_is_away_is_reminded_of_no_meeting(meetings, people, grant, time_machine):
    grant()
    now = noon(meetings[1].date - timedelta(days=2))
    assert due.do_due(now=now)["meetings_reminded"] == 1
    told = {each.recipient for each in Message.objects.filter(kind="meetings.reminder")}
    assert told == {people.bob.user, people.charlie.user}
    time_machine.move_to(now)
    assert mails.reminder(people.alice.user, meeting=meetings[1].pk) is None
    assert mails.reminder(people.bob.user, meeting=meetings[1].pk)
    after = noon(meetings[3].date - timedelta(days=2))  # May: back by themselves
    due.do_due(now=after)
    assert Message.objects.filter(kind="meetings.reminder", recipient=people.alice.user).exists()


def test_the_first_meeting_after_a_leave_is_reminded_of(meetings, people, cohort, grant, time_machine):
    """Only the day of the meeting decides: the reminder leaves while the leave still runs."""
    grant((2,))
    april = meetings[2]
    scheduling.move(
        meeting=april,
        to=scheduling.When(date(2027, 4, 1), time(9), 120),
        by=people.bob.user,
        now=MARCH,
    )
    now = noon(date(2027, 3, 30))
    assert people.alice.pk in leave.away(cohort, now.date())
    due.do_due(now=now)
    told = Message.objects.filter(kind="meetings.reminder", recipient=people.alice.user)
    assert told.count() == 1
    time_machine.move_to(now)
    assert mails.reminder(people.alice.user, meeting=april.pk)


def test_who_is_away_is_reminded_of_no_evaluation(meetings, people, alice, grant, time_machine):
    hold(meetings[0], people, alice)
    grant()
    now = noon(date(2027, 3, 1))  # three days before it is counted
    assert due.do_due(now=now)["evaluations_reminded"] == 2
    told = {each.recipient for each in Message.objects.filter(kind="meetings.evaluate_reminder")}
    assert told == {people.bob.user, people.charlie.user}
    time_machine.move_to(now)
    ids = {"meeting": meetings[0].pk, "participant": people.alice.pk}
    assert mails.evaluate_reminder(alice, **ids) is None


def test_back_earlier_by_one_press(people, grant, come_back, cohort):
    grant((2, 3, 4, 6))
    assert come_back() is True
    assert come_back() is False
    assert leave.away(cohort, MARCH.date()) == {}
    in_force = Waiver.objects.in_force().values_list("month", flat=True)
    assert list(in_force) == [2, 6]  # the month that runs, and a later leave
    assert states(people.alice, date(2027, 4, 1))[1] is MonthState.EXCUSED
    assert AuditEvent.objects.filter(action="waiver.came_back").count() == 1
    assert AuditEvent.objects.filter(action="waiver.taken_back").count() == 2


def test_back_is_recorded_by_the_branch_office_alone(grant, come_back, people, deputy):
    """T10"""
    grant()
    for user in (people.alice.user, people.bob.user, deputy):
        with pytest.raises(NotYourMeeting):
            come_back(by=user)


def test_the_place_in_the_team_stays_and_the_reason_is_not_said(
    client, meetings, team, people, alice, bob, grant, time_machine
):
    time_machine.move_to(MARCH)
    grant()
    client.force_login(bob)
    page = client.get(reverse("meetings_team", args=[team.pk]))
    assertContains(page, "Alice Example is away from March 1 to April 30, 2027")
    assertNotContains(page, "Secret")
    page = client.get(meetings[1].get_absolute_url())
    assertContains(page, "Alice Example (away), Bob Example")
    assertNotContains(page, "Secret")
    assert "Alice Example" not in [line.member for line in page.context["lines"]]
    time_machine.move_to(noon(meetings[1].date))
    page = client.get(reverse("meeting_attendance", args=[meetings[1].pk]))
    assertContains(page, "Away until Friday, April 30, 2027.")
    client.force_login(alice)
    assert client.get(reverse("meeting_table", args=[meetings[1].pk])).status_code == 200


def letters(kind, now):
    """Who got which mails of this kind until now, the subjects by first name."""
    with travel(now, tick=False):
        outbox.deliver_due(now=now)
    sent = Message.objects.filter(kind=kind, status=Message.Status.SENT).select_related("recipient")
    return sorted(each.recipient.get_short_name() for each in sent)


def test_the_team_hears_once_that_somebody_is_away_and_not_why(meetings, people, grant, come_back, cohort):
    grant((2, 3))
    assert letters("meetings.away", MARCH) == [], "not before some minutes"
    assert letters("meetings.away", MARCH + waivers.WAIT) == ["Bob", "Charlie"]
    letter = mail.outbox[-1]
    assert letter.subject == "Alice Example is away from March 1 to April 30, 2027"
    assert not any(
        "Secret" in each.body or "eave of" in each.body for each in mail.outbox if "away" in each.subject
    )
    come_back(now=MARCH + timedelta(days=2))
    later = MARCH + timedelta(days=2) + waivers.WAIT
    assert letters("meetings.away", later) == ["Bob", "Bob", "Charlie", "Charlie"]
    assert mail.outbox[-1].subject == "Alice Example is with your team again"


def test_nobody_hears_of_a_leave_that_was_taken_back_at_once(meetings, people, grant, branch_officer):
    (row,) = grant((2,))
    waivers.take_back(waiver=row, by=branch_officer, now=MARCH + timedelta(minutes=2))
    assert letters("meetings.away", MARCH + waivers.WAIT) == []
    assert letters("meetings.waivers", MARCH + 2 * waivers.WAIT) == ["Alice"]


def test_two_acts_within_minutes_are_one_mail_with_what_is_so(people, grant):
    grant((2,))
    grant((4,))
    assert letters("meetings.waivers", MARCH + waivers.WAIT) == ["Alice"]
    (letter,) = [each for each in mail.outbox if "recorded for your months" in each.subject]
    assert "- March 2027: leave of absence\n- May 2027: leave of absence\n" in letter.body


def test_a_leave_of_the_past_is_no_news_for_the_team(meetings, grant):
    grant((1,))
    assert not Message.objects.filter(kind="meetings.away").exists()


def test_back_earlier_is_told_with_the_next_meeting(meetings, people, grant, come_back):
    grant((2, 3))
    come_back()
    assert letters("meetings.came_back", MARCH) == ["Alice"]
    letter = mail.outbox[-1]
    assert letter.subject == "You are back from your leave"
    assert (
        "back in the 2027-11 program since March 10, 2027. March 2027 stays excused"
        in letter.body.replace(str(people.alice.cohort), "2027-11 program")
    )
    assert "Your next meeting is on Wednesday, March 17, 2027 at 9:00 a.m." in letter.body


def test_a_leave_shows_in_the_strip_the_table_and_the_list(
    client, meetings, team, people, grant, alice, branch_officer, time_machine
):
    """Also of months ahead, which are not missing."""
    time_machine.move_to(MARCH)
    before = len(ledger.standing(people.alice, today=MARCH.date()).missing)
    grant((2, 3))
    assert len(ledger.standing(people.alice, today=MARCH.date()).missing) == before - 2
    client.force_login(alice)
    assertContains(client.get(reverse("meetings")), "On leave</span>", 2)
    assertContains(client.get(reverse("meetings")), f"What is still missing ({before - 2})")
    client.force_login(branch_officer)
    assertContains(client.get(reverse("office_meeting", args=[meetings[1].pk])), "On leave</td>", 1)
    for name in ("office_meetings_cohort", "cohort"):
        assertContains(client.get(reverse(name, args=[team.cohort_id])), "On leave until April 30, 2027", 1)


def test_the_pages_of_the_branch_office(client, people, grant, branch_officer, time_machine):
    time_machine.move_to(MARCH)
    grant()
    client.force_login(branch_officer)
    page = reverse("office_participant", args=[people.alice.pk])
    assertContains(client.get(page), "On leave until Friday, April 30, 2027.")
    back = reverse("participant_back", args=[people.alice.pk])
    assertContains(client.post(back, follow=True), "Alice Example is back and is told.")
    assertContains(client.post(back, follow=True), "Alice Example is not on leave now.")
    assertContains(client.get(page), "back since March 10, 2027")


class TestComingBack:
    """F3: whoever left takes part again, with credit for what they attended."""

    @pytest.fixture
    def left(self, meetings, people, alice, cohort):
        """Alice was at the first two meetings and evaluated them, then left."""
        for each in meetings[:2]:
            hold(each, people, alice)
            evaluate(each, alice, cohort)
        return enrollment.leave(participant=people.alice, by=alice, reason="", now=noon(date(2027, 3, 20)))

    @pytest.fixture
    def later(self, program, branch, branch_officer) -> Cohort:
        return factories.cohort(
            program, branch, by=branch_officer, name="Later", first_month=date(2028, 2, 1)
        )

    @pytest.fixture
    def again(self, left, branch_officer):
        def taken_in(cohort, *, by=None, now=noon(date(2027, 4, 12))):  # noqa: B008
            return enrollment.take_in_again(participant=left, cohort=cohort, by=by or branch_officer, now=now)

        return taken_in

    def test_in_the_same_cohort_it_goes_on_as_it_stood(
        self, client, left, again, cohort, people, team, branch_officer, time_machine
    ):
        """The meetings attended are theirs, without credit, and nobody stands twice in the attendance."""
        now = noon(date(2027, 4, 12))
        new = again(cohort)
        assert again(cohort) == new == left
        assert (new.status, new.left_at, new.left_reason) == ("active", None, "")
        assert cohort.participants.filter(user=people.alice.user).count() == 1
        assert states(new, now.date())[:3] == [MonthState.MET, MonthState.MET, MonthState.AT_RISK]
        assert absence.to_credit(new, today=now.date()) == []
        found = statement.of(new, today=now.date())
        assert (found.number, found.until) == (2, None)
        waivers.check_joining(new, on=now.date())  # they had a team, so no plan is asked for
        Membership.objects.create(team=team, participant=new, joined_at=now)
        assert states(new, date(2027, 5, 1))[2] is MonthState.UNRECORDED  # April 21: they belong to it again
        assert AuditEvent.objects.filter(action="participant.taken_in_again").count() == 1
        assert Message.objects.filter(kind="participation_again").count() == 1
        outbox.deliver_due(now=noon(date(2027, 4, 12)))
        assert any("Your participation goes on where it ended" in each.body for each in mail.outbox)

    def test_without_a_team_they_read_what_is_missing_and_have_what_the_office_reads(
        self, client, meetings, left, again, people, team, cohort, branch_officer, time_machine
    ):
        writing = reverse("meetings_own_writing", args=[left.pk])
        time_machine.move_to(noon(date(2027, 4, 12)))
        client.force_login(left.user)
        assert client.get(writing).status_code == 404
        again(cohort)
        EvaluationReceipt.objects.filter(participant=left, meeting=meetings[1]).delete()
        page = client.get(reverse("meetings"))
        assertContains(page, "April 2027 is still open, and you are in no team now.")
        assertContains(page, "Ask for it")
        assertContains(page, reverse("meeting_evaluation", args=[meetings[1].pk]))
        for name in ("my_project", "my_growth"):
            assert client.get(reverse(name, args=[left.pk])).status_code == 200
        assert client.get(writing).status_code == 404  # M16: as long as they are in no team
        Membership.objects.create(team=team, participant=left, joined_at=noon(date(2027, 4, 12)))
        assert client.get(writing).status_code == 200

    def test_the_table_of_the_former_team_expects_nothing_of_them(
        self, client, left, again, cohort, people, branch_officer, time_machine
    ):
        time_machine.move_to(noon(date(2027, 4, 12)))
        client.force_login(branch_officer)
        table = reverse("office_meetings_cohort", args=[cohort.pk])

        def row():
            (grid,) = client.get(table).context["grids"]
            return next(each for each in grid.rows if each.participant == left)

        nothing_ahead = ["There"] * 2 + ["not in the team"] * 6
        assert (row().gone, [cell.words for cell in row().cells]) == ("left", nothing_ahead)
        again(cohort)
        assert (row().gone, [cell.words for cell in row().cells]) == ("in no team now", nothing_ahead)
        page = client.get(table)
        assertContains(page, "(in no team now)")
        assertContains(page, "In danger, and you can still mend it: April 2027")
        factories.confirmed_team(cohort, [left, people.dora, people.emil], by=branch_officer)
        grids = client.get(table).context["grids"]
        rows = [
            (grid.team.number, each.gone) for grid in grids for each in grid.rows if each.participant == left
        ]
        assert rows == [(1, "now in Team 2"), (2, "")]

    def test_whoever_leaves_a_second_time_is_told_again(self, left, again, cohort, alice):
        later = noon(date(2027, 4, 13))
        enrollment.leave(participant=again(cohort), by=alice, reason="", now=later)
        again(cohort, now=noon(date(2027, 4, 14)))
        told = Message.objects.filter(recipient=alice).values_list("kind", flat=True)
        assert sorted(told).count("participation_ended") == 2
        assert sorted(told).count("participation_again") == 2

    def test_a_later_one_begins_with_the_division_of_today(self, left, again, later, org):
        user = left.user
        user.unit = org.other_unit
        user.save()
        new = again(later)
        assert (new.division, new.goal.title) == (org.other_division, left.goal.title)
        ratings = set(left.ratings.values_list("competency", "rating"))
        assert set(new.ratings.values_list("competency", "rating")) == ratings != set()
        left.refresh_from_db()
        assert left.division == org.division

    def test_what_they_attended_is_credited_where_it_is_chosen(self, again, later, branch_officer):
        new = again(later)
        now = noon(date(2027, 4, 12))
        one, two = absence.to_credit(new, today=now.date())
        assert (one.month, two.month) == (1, 2)
        assert one.words.startswith("February 2027 of the ")
        for _ in range(2):
            absence.credit(participant=new, chosen=[one.key, "7-9"], by=branch_officer, now=now)
        row = Waiver.objects.get()
        assert (row.month, row.kind, row.participant) == (1, "credit", new)
        assert row.reason == f"Attended in the {one.participant.cohort}, before they left."
        assert absence.to_credit(new, today=now.date()) == [two]
        assert states(new, date(2028, 2, 1))[0] is MonthState.EXCUSED

    def test_a_month_that_was_not_evaluated_is_shown_and_not_credited(
        self, client, again, later, branch_officer, time_machine
    ):
        """C2: an evaluation for each meeting attended, also of those attended before."""
        EvaluationReceipt.objects.filter(meeting__month=1).delete()
        new, now = again(later), noon(date(2027, 4, 12))
        one, two = absence.to_credit(new, today=now.date())
        assert (one.unanswered, two.unanswered) == (1, 0)
        absence.credit(participant=new, chosen=[one.key, two.key], by=branch_officer, now=now)
        assert [row.month for row in Waiver.objects.all()] == [2]
        time_machine.move_to(now)
        client.force_login(branch_officer)
        page = client.get(reverse("office_participant", args=[new.pk]))
        assertContains(page, f"{one.words}: 1 evaluation missing")
        assertNotContains(page, f'value="{one.key}"')
        Requirement.objects.filter(kind="evaluation").delete()
        assert [each.unanswered for each in absence.to_credit(new, today=now.date())] == [0]

    def test_credit_is_the_branch_offices_decision(self, again, cohort, people, deputy):
        """T10"""
        new = again(cohort)
        for user in (people.alice.user, deputy):
            with pytest.raises(NotYourMeeting):
                absence.credit(participant=new, chosen=["1-1"], by=user, now=MARCH)

    def test_refusals(self, left, again, cohort, later, people, program, branch, branch_officer, outsider):
        earlier = factories.cohort(program, branch, name="Earlier", first_month=date(2027, 1, 1))
        with pytest.raises(enrollment.CannotReturn, match="same cohort or a later one"):
            again(earlier)
        with pytest.raises(enrollment.CannotReturn, match="is over"):
            again(cohort, now=noon(date(2027, 10, 1)))
        with pytest.raises(enrollment.CannotReturn, match="has not left"):
            enrollment.take_in_again(participant=people.bob, cohort=later, by=branch_officer, now=MARCH)
        Cohort.objects.filter(pk=later.pk).update(seats=3)
        for _ in range(3):
            factories.participant(later)
        with pytest.raises(enrollment.NoSeatLeft):
            again(later)
        Cohort.objects.filter(pk=cohort.pk).update(seats=5)
        with pytest.raises(enrollment.NoSeatLeft):
            again(cohort)
        for user in (people.alice.user, outsider):
            with pytest.raises(Exception, match="is not one you work for"):
                again(cohort, by=user)

    def test_the_pages(self, client, left, cohort, later, branch_officer, time_machine):
        time_machine.move_to(noon(date(2027, 4, 12)))
        client.force_login(branch_officer)
        page = reverse("office_participant", args=[left.pk])
        assertContains(client.get(page), "Take in again")
        again = reverse("participant_again", args=[left.pk])
        assertContains(client.post(again, {"cohort": "0"}, follow=True), "Choose a cohort")
        answer = client.post(again, {"cohort": cohort.pk}, follow=True)
        assertContains(answer, "What they attended counts again.")
        assert answer.redirect_chain[-1][0] == page
        assertNotContains(answer, "Attended before")
        assertNotContains(answer, "Take in again")

    def test_the_pages_of_a_later_cohort(self, client, left, later, branch_officer, time_machine):
        time_machine.move_to(noon(date(2027, 4, 12)))
        client.force_login(branch_officer)
        page = reverse("office_participant", args=[left.pk])
        again = reverse("participant_again", args=[left.pk])
        answer = client.post(again, {"cohort": later.pk}, follow=True)
        assertContains(answer, "Now credit what they attended before.")
        new = Participant.objects.get(user=left.user, cohort=later)
        assert answer.redirect_chain[-1][0] == reverse("office_participant", args=[new.pk])
        assertContains(answer, "March 2027 of the")
        credit = reverse("participant_credit", args=[new.pk])
        assertContains(client.post(credit, follow=True), "Nothing was chosen")
        sent = {"months": [f"{left.pk}-1", f"{left.pk}-2"]}
        assertContains(client.post(credit, sent, follow=True), "Credited: February 2028, March 2028.")
        assertNotContains(client.get(page), f'<option value="{later.pk}">')
        assertContains(client.get(page), f"{later}: they take part in it already")
        time_machine.move_to(noon(date(2030, 1, 10)))
        client.force_login(branch_officer)
        assertContains(client.get(page), "They can take part again in a later cohort")


def test_attendance_of_a_leave_is_no_excusal_by_the_team(meetings, people, bob, grant):
    """Whoever is marked absent while on leave has the month excused all the same."""
    grant()
    hold(meetings[1], people, bob, absent=[people.alice])
    assert states(people.alice, meetings[1].date)[1] is MonthState.EXCUSED
    assert attendance.expected(meetings[1])[0] == people.alice


def test_as_many_queries_for_many_as_for_one(people, grant, cohort, django_assert_num_queries):
    grant()
    with django_assert_num_queries(1):
        leave.away(cohort, NOW.date())
    for each in (people.bob, people.charlie):
        grant(who=each)
    with django_assert_num_queries(1):
        leave.away(cohort, NOW.date())
