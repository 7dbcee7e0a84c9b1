"""Months that the branch office excuses somebody from (C2, T10)."""

from datetime import date

import pytest
from django.core import mail
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from certificates.eligibility import completion_list
from coaching import outbox
from coaching.enrollment import leave
from coaching.models import AuditEvent, AuditPayload, Message
from meetings import attendance, ledger, scheduling, waivers
from meetings.models import Waiver
from meetings.standing import Code, MonthState
from meetings.team_space import NotYourMeeting
from tests import factories
from tests.clock import NOW
from tests.constraints import refused_by
from tests.meetings.conftest import noon
from tests.meetings.test_ledger import codes, evaluate, hold

pytestmark = pytest.mark.usefixtures("plain_not_found")
MARCH = noon(date(2027, 3, 10))  # in the second month
REASON = "Family matters."


@pytest.fixture
def waive(people, branch_officer):
    def waived(months=(1,), *, kind="leave", reason=REASON, by=None, now=MARCH, who=people.alice):
        return waivers.record(
            participant=who, kind=kind, months=months, reason=reason, by=by or branch_officer, now=now
        )

    return waived


@pytest.fixture
def plan(people, branch_officer):
    def planned(months=(1,), *, by=None, now=MARCH, who=people.dora):
        return waivers.plan(
            participant=who,
            months=months,
            reason="Reads the material with Bob by March 31.",
            by=by or branch_officer,
            now=now,
        )

    return planned


def states(participant, day=None):
    return [month.state for month in ledger.standing(participant, today=day or MARCH.date()).months]


def test_a_month_that_is_waived_counts_as_excused(meetings, people, alice, waive):
    """C2"""
    hold(meetings[0], people, alice, absent=[people.alice])
    assert states(people.alice)[0] is MonthState.MISSED
    waive()
    assert states(people.alice)[0] is MonthState.EXCUSED
    assert states(people.bob)[0] is MonthState.MET


def test_with_a_month_of_leave_the_certificate_is_earned(meetings, people, alice, cohort, waive):
    """C2: seven meetings attended and evaluated, and a month of leave; without it a month is missing."""
    for meeting in meetings:
        away = meeting.month == 3
        hold(meeting, people, alice, absent=[people.alice] if away else [])
        if not away:
            evaluate(meeting, alice, cohort)
    after = date(2027, 10, 1)
    assert codes(ledger.standing(people.alice, today=after)) == [Code.MONTH_MISSED]
    waive([3])
    standing = ledger.standing(people.alice, today=after)
    assert (standing.complete, standing.minutes) == (True, 7 * 120)
    rows = {row.participant: row for row in completion_list(cohort, today=after)}
    assert rows[people.alice].is_eligible
    assert not rows[people.bob].is_eligible  # who evaluated nothing


def test_a_month_ahead_is_excused_once_it_begins(meetings, people, waive):
    waive([3])
    standing = ledger.standing(people.alice, today=date(2027, 3, 31))
    assert standing.months[2].state is MonthState.OPEN
    assert "April 2027 lies ahead; the branch office has excused you from it." in [
        reason.text for reason in standing.reasons
    ]
    assert states(people.alice, date(2027, 4, 1))[2] is MonthState.EXCUSED


def test_whoever_is_there_all_the_same_was_there(meetings, people, alice, waive):
    waive()
    hold(meetings[0], people, alice)
    assert states(people.alice)[0] is MonthState.MET


def test_the_same_twice_is_once_and_another_is_refused(people, waive, branch_officer):
    assert waive([1, 2]) == waive([2, 1])
    assert AuditEvent.objects.filter(action="waiver.recorded").count() == 2
    assert Message.objects.filter(kind="meetings.waivers").count() == 1
    with pytest.raises(waivers.CannotWaive, match=r"February 2027 \(leave of absence\), March 2027"):
        waive([1, 2], reason="Another.")
    with pytest.raises(waivers.CannotWaive, match="Recorded already: March 2027"):
        waive([2, 3])
    assert Waiver.objects.count() == 2


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"reason": "  "}, "it needs a reason"),
        ({"months": []}, "Choose months"),
        ({"months": [0]}, "Choose months"),
        ({"months": [9]}, "Choose months"),
        ({"months": [3], "kind": "made_up"}, "April 2027 lies ahead"),
        ({"months": [2, 3], "kind": "credit"}, "April 2027 lies ahead"),
    ],
)
def test_what_cannot_be_waived(waive, values, says):
    with pytest.raises(waivers.CannotWaive, match=says):
        waive(**values)
    assert not Waiver.objects.exists()


def test_by_the_branch_office_alone(waive, plan, people, deputy, training_officer, administrator, branch):
    """T10: and not by an officer who takes part."""
    officer = factories.officer(branch, "Olive Officer")
    factories.participant(people.alice.cohort, officer)
    (row,) = waive()
    for user in (people.alice.user, people.bob.user, deputy, training_officer, administrator, officer):
        for act in (
            lambda by: waive([2], by=by),
            lambda by: plan(by=by),
            lambda by: waivers.count(waiver=row, by=by, now=MARCH),
            lambda by: waivers.take_back(waiver=row, by=by, now=MARCH),
        ):
            with pytest.raises(NotYourMeeting):
                act(user)
    assert Waiver.objects.in_force().get() == row


def test_for_nobody_who_takes_part_no_longer(waive, people):
    leave(participant=people.alice, by=people.alice.user, reason="", now=NOW)
    with pytest.raises(waivers.CannotWaive, match="takes part no longer"):
        waive()


def test_taken_back_the_month_counts_by_its_meetings(meetings, people, alice, waive, branch_officer):
    hold(meetings[0], people, alice, absent=[people.alice])
    (row,) = waive()
    for _ in range(2):
        waivers.take_back(waiver=row, by=branch_officer, now=MARCH)
    assert states(people.alice)[0] is MonthState.MISSED
    assert AuditEvent.objects.filter(action="waiver.taken_back").count() == 1
    with pytest.raises(waivers.CannotWaive, match="was taken back"):
        waivers.count(waiver=row, by=branch_officer, now=MARCH)
    assert waive() != [row]


def test_a_plan_keeps_the_month_from_being_missed_for_good(people, plan, branch_officer):
    assert Code.MONTH_MISSED in codes(ledger.standing(people.dora, today=MARCH.date()))
    (row,) = plan()
    assert plan() == [row]
    standing = ledger.standing(people.dora, today=MARCH.date())
    assert (standing.reachable, standing.months[0].state) == (True, MonthState.TO_MAKE_UP)
    assert not standing.on_track
    assert standing.reasons[0].text == ("February 2027: to be made up, as planned with the branch office.")
    for _ in range(2):
        waivers.count(waiver=row, by=branch_officer, now=MARCH)
    assert states(people.dora)[0] is MonthState.EXCUSED
    assert AuditEvent.objects.filter(action="waiver.counted").count() == 1
    assert Message.objects.filter(kind="meetings.waivers").count() == 1  # the same moment


def test_a_meeting_that_counts_for_the_month_carries_the_plan_out(
    meetings, people, alice, plan, branch_officer
):
    plan()
    people.alice.cohort.teams.get().memberships.create(participant=people.dora, joined_at=MARCH)
    marks = {people.dora: "present", people.alice: "present"}
    attendance.take_attendance(meeting=meetings[1], marks=marks, by=alice, now=noon(meetings[1].date))
    now = noon(meetings[1].date)
    scheduling.count_for(meeting=meetings[1], month=1, reason="Both at once", by=branch_officer, now=now)
    assert states(people.dora, now.date())[0] is MonthState.MET


def test_no_plan_after_the_second_month(plan):
    with pytest.raises(waivers.TooLateToJoin, match=r"second month of the .* is over"):
        plan(now=noon(date(2027, 4, 1)))
    assert plan(now=noon(date(2027, 3, 31)))


def test_a_plan_is_for_the_months_before_somebody_joined(meetings, people, plan):
    with pytest.raises(waivers.CannotWaive, match="was in a team then"):
        plan(who=people.alice)
    with pytest.raises(waivers.CannotWaive, match="April 2027 lies ahead"):
        plan([3])


def test_the_mail_says_what_without_the_reason(people, waive, branch_officer):
    waive()
    outbox.deliver_due(now=MARCH + waivers.WAIT)
    letter = next(each for each in mail.outbox if "recorded for your months" in each.subject)
    assert "February 2027: leave of absence" in letter.body
    assert REASON not in letter.body
    assert letter.to == [people.alice.user.email]
    assert not any(REASON in str(each.data) for each in AuditPayload.objects.all())


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"month": 0}, "waiver_month_from_one"),
        ({"reason": ""}, "waiver_has_a_reason"),
        ({"counted_at": None}, "waiver_only_a_plan_waits"),
        ({"kind": "credit", "back_at": MARCH}, "waiver_back_from_leave_only"),
        ({"month": 2}, "waiver_one_per_month"),
    ],
)
def test_the_database_holds_it_too(waive, values, constraint):
    first, _ = waive([1, 2])
    assert refused_by(Waiver.objects.filter(pk=first.pk).update, **values) == constraint


def test_all_standings_read_the_waivers_at_once(waive, people, cohort, django_assert_num_queries):
    waive()
    with django_assert_num_queries(11):
        ledger.standings(cohort, today=MARCH.date())
    for each in (people.bob, people.charlie):
        waive(who=each)
    with django_assert_num_queries(11):
        ledger.standings(cohort, today=MARCH.date())


def test_the_page_of_the_branch_office(
    client, people, team, meetings, branch_officer, alice, bob, time_machine
):
    time_machine.move_to(MARCH)
    client.force_login(branch_officer)
    address = reverse("office_participant", args=[people.alice.pk])
    assertContains(client.get(reverse("office_meetings_cohort", args=[team.cohort_id])), address)
    assertContains(client.get(address), "None. Each month counts by its meetings.")
    sent = {"kind": "leave", "first_month": 2, "last_month": 1, "reason": REASON}
    answer = client.post(address, sent)
    assertContains(answer, "This month lies before the first one.")
    assertContains(answer, REASON)
    sent["last_month"] = 3
    assertContains(client.post(address, sent, follow=True), "Alice Example is told.")
    assertContains(client.post(address, {**sent, "reason": "Other"}), "Recorded already: March 2027")
    page = client.get(address)
    assertContains(page, REASON, 2)
    assert "no-store" in page["Cache-Control"]
    row = Waiver.objects.get(month=3)
    back = reverse("waiver_take_back", args=[row.pk])
    assertContains(client.post(back, follow=True), "April 2027 counts by its meetings again.")
    client.force_login(alice)
    assertContains(client.get(reverse("meetings")), f"March 2027: Leave of absence. {REASON}")
    client.force_login(bob)
    for page in (reverse("meetings"), reverse("meetings_team", args=[team.pk])):
        assertNotContains(client.get(page), REASON)


def test_a_plan_by_the_page(client, people, branch_officer, time_machine):
    time_machine.move_to(MARCH)
    client.force_login(branch_officer)
    address = reverse("office_participant", args=[people.dora.pk])
    sent = {"kind": "plan", "first_month": 1, "last_month": "", "reason": "Reads it by March 31."}
    assertContains(client.post(address, sent, follow=True), "To be made up, as planned")
    row = Waiver.objects.get()
    client.force_login(people.dora.user)  # without a team so far
    assertContains(client.get(reverse("meetings")), "February 2027: To be made up, as planned. Reads it by")
    client.force_login(branch_officer)
    count = reverse("waiver_count", args=[row.pk])
    assertContains(client.post(count, follow=True), "February 2027 counts as made up.")
    assertNotContains(client.get(address), "Made up now")


@pytest.mark.parametrize("kind", ["credit", "made_up"])
def test_what_was_attended_is_not_credited(meetings, people, alice, waive, kind):
    hold(meetings[0], people, alice)
    with pytest.raises(waivers.CannotWaive, match="attended in February 2027, so there is nothing to credit"):
        waive(kind=kind)
    assert waive(kind="leave")


def test_each_month_says_how_it_came_to_be_excused(client, people, waive, branch_officer, time_machine):
    waive([1], kind="credit")
    waive([2], kind="made_up")
    waive([3], now=noon(date(2027, 4, 2)))
    time_machine.move_to(noon(date(2027, 4, 2)))
    client.force_login(branch_officer)
    page = client.get(reverse("office_participant", args=[people.alice.pk]))
    assert [words for _, words in page.context["months"]][:3] == ["Credited", "Made up", "Excused"]
    assertContains(page, '<span class="program-month-state">Credited</span>')
    assertContains(page, '<span class="program-month-state">Made up</span>')
