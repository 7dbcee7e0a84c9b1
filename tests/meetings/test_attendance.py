from datetime import time, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching.models import AuditEvent, AuditPayload, Cohort, Message
from meetings import attendance, mail, scheduling
from meetings.attendance import CannotTakeAttendance, TooLateToCorrect
from meetings.models import Attendance, Meeting
from meetings.team_space import NotYourMeeting
from tests.clock import NOW
from tests.constraints import refused_by
from tests.meetings.conftest import BEFORE, noon


@pytest.fixture
def after(meeting):
    return noon(meeting.date)


def take(meeting, marks, by, now):
    return attendance.take_attendance(meeting=meeting, marks=marks, by=by, now=now)


def marks_of(meeting):
    return {row.participant.user.get_short_name(): row.status for row in meeting.attendance.all()}


def test_any_member_takes_attendance_for_the_whole_team(meeting, people, alice, after):
    """T7."""
    everybody = {people.alice: "present", people.bob: "remote", people.charlie: "absent"}
    assert take(meeting, everybody, alice, after) == 3
    meeting.refresh_from_db()
    assert marks_of(meeting) == {"Alice": "present", "Bob": "remote", "Charlie": "absent"}
    assert meeting.status == "held"
    assert {row.recorded_by for row in meeting.attendance.all()} == {alice}
    asked = Message.objects.filter(kind="meetings.evaluate").values_list("recipient__name", flat=True)
    assert set(asked) == {"Alice Example", "Bob Example"}


def test_nobody_is_asked_to_evaluate_before_the_end(meeting, people, alice):
    """C1: attendance may be taken shortly before the start."""
    take(meeting, {people.alice: "present"}, alice, meeting.starts_at - timedelta(minutes=20))
    assert Message.objects.get(kind="meetings.evaluate").due_at == meeting.ends_at


def test_the_same_form_twice_changes_nothing(meeting, people, alice, bob, after):
    everybody = {people.alice: "present", people.bob: "present"}
    assert take(meeting, everybody, alice, after) == 2
    assert take(meeting, everybody, bob, after) == 0
    assert {row.recorded_by for row in meeting.attendance.all()} == {alice}
    assert AuditEvent.objects.filter(action="attendance.taken").count() == 1
    assert Message.objects.filter(kind="meetings.evaluate").count() == 2


def test_a_meeting_nobody_came_to_was_not_held(meeting, people, alice, after):
    take(meeting, {people.alice: "absent", people.bob: "absent"}, alice, after)
    meeting.refresh_from_db()
    assert meeting.status == "planned"


@pytest.mark.parametrize("before", [timedelta(days=1), timedelta(hours=3), timedelta(minutes=31)])
def test_attendance_long_before_the_meeting_is_refused(meeting, people, alice, before):
    """Whoever is written down hours before could no longer move it."""
    now = meeting.starts_at - before
    said = (
        "begins on Wednesday, February 17, 2027 at 9:00 a.m. Attendance can be taken from 30 minutes before"
    )
    with pytest.raises(CannotTakeAttendance, match=said):
        take(meeting, {people.alice: "present"}, alice, now)
    assert attendance.why_not_take(meeting, meeting.teams.get(), now)
    assert not meeting.attendance.exists()
    assert Meeting.objects.get(pk=meeting.pk).status == "planned"


def test_attendance_from_half_an_hour_before(meeting, people, alice):
    now = meeting.starts_at - timedelta(minutes=30)
    assert take(meeting, {people.alice: "present"}, alice, now) == 1


def test_a_meeting_whose_marks_are_all_taken_back_is_planned_again(meeting, people, alice, bob, after):
    take(meeting, {people.alice: "present", people.bob: "remote"}, alice, after)
    change(meeting, {people.bob: "absent"}, bob, after, reason="A slip")
    assert Meeting.objects.get(pk=meeting.pk).status == "held"
    change(meeting, {people.alice: "absent"}, alice, after, reason="A slip")
    meeting.refresh_from_db()
    assert meeting.status == "planned"
    assert scheduling.why_not_move(meeting) == ""


def test_a_meeting_written_down_afterwards_stays_held(team, people, alice, after):
    day = after.date() - timedelta(days=1)
    when = scheduling.When(day, time(9), 120)
    found = scheduling.add_extra(
        team=team, when=when, where=scheduling.Where(), title="Catching up", by=alice, now=after
    )
    take(found, {people.alice: "absent"}, alice, after)
    assert Meeting.objects.get(pk=found.pk).status == "held"


def test_attendance_of_a_meeting_called_off_is_refused(meeting, people, alice, after):
    scheduling.cancel(meeting=meeting, reason="Fire drill", by=alice, now=BEFORE)
    with pytest.raises(CannotTakeAttendance, match="called off"):
        take(meeting, {people.alice: "present"}, alice, after)


def change(meeting, marks, by, now, reason="Came late"):
    return attendance.take_attendance(meeting=meeting, marks=marks, by=by, now=now, reason=reason)


def test_members_correct_for_a_week_and_then_no_longer(meeting, people, alice, bob, after):
    take(meeting, {people.alice: "present"}, alice, after)
    assert change(meeting, {people.alice: "absent"}, bob, after + timedelta(days=7)) == 1
    with pytest.raises(TooLateToCorrect, match="until 7 days after the meeting"):
        change(meeting, {people.alice: "present"}, bob, after + timedelta(days=8))
    assert marks_of(meeting) == {"Alice": "absent"}


def test_a_mark_that_stands_changes_only_with_a_reason(meeting, people, alice, bob, after):
    take(meeting, {people.alice: "absent", people.bob: "present"}, bob, after)
    with pytest.raises(CannotTakeAttendance, match="Say why the mark of Alice Example changes"):
        change(meeting, {people.alice: "present"}, bob, after, reason=" ")
    assert change(meeting, {people.alice: "remote"}, bob, after) == 1
    assert change(meeting, {people.alice: "remote"}, bob, after) == 0
    row = meeting.attendance.get(participant=people.alice)
    assert (row.status, row.reason, row.by_office, row.recorded_by) == ("remote", "Came late", False, bob)
    data = AuditPayload.objects.get(event__action="attendance.corrected").data
    assert data == {"participant": people.alice.pk, "before": "absent", "after": "remote"}


def test_whom_a_change_concerns_is_told_and_nobody_of_their_own(meeting, people, alice, bob, after):
    take(meeting, {people.alice: "absent", people.bob: "absent"}, bob, after)
    change(meeting, {people.alice: "present", people.bob: "present"}, bob, after)
    (message,) = Message.objects.filter(kind="meetings.attendance_corrected")
    assert message.recipient == alice
    letter = mail.attendance_corrected(alice, **message.ids)
    assert "Bob Example has written down for Wednesday, February 17, 2027: there." in letter.body
    assert "Reason: Came late" in letter.body


def test_what_a_member_changed_a_member_can_change_again(meeting, people, alice, bob, after):
    take(meeting, {people.alice: "present"}, alice, after)
    change(meeting, {people.alice: "absent"}, bob, after)
    change(meeting, {people.alice: "present"}, alice, after, reason="I was there")
    assert marks_of(meeting) == {"Alice": "present"}


def test_attendance_nobody_took_can_be_taken_late(meeting, people, alice, after):
    assert take(meeting, {people.alice: "present"}, alice, after + timedelta(days=30)) == 1


def test_a_member_cannot_excuse(meeting, people, alice, after):
    """An excusal is the branch office's decision."""
    with pytest.raises(CannotTakeAttendance, match="Only the branch office"):
        take(meeting, {people.bob: "excused"}, alice, after)


def test_somebody_of_another_team_is_refused(meeting, other_team, people, alice, after):
    with pytest.raises(CannotTakeAttendance, match="Dora Example did not belong"):
        take(meeting, {people.dora: "present"}, alice, after)


def test_a_guest_is_written_down_where_the_cohort_lets_it_count(meeting, other_team, people, alice, after):
    Cohort.objects.update(other_team_counts=True)
    assert take(meeting, {people.alice: "present", people.dora: "present"}, alice, after) == 2


@pytest.mark.parametrize(
    "who", ["supervisor", "director", "deputy", "branch_officer", "administrator", "outsider"]
)
def test_nobody_outside_the_team_takes_attendance(who, request, meeting, people, after):
    with pytest.raises(NotYourMeeting):
        take(meeting, {people.alice: "present"}, request.getfixturevalue(who), after)


def test_who_joined_later_or_left_before_is_not_expected(meeting, people, after):
    assert [str(each) for each in attendance.expected(meeting)] == [
        "Alice Example",
        "Bob Example",
        "Charlie Example",
    ]
    people.bob.memberships.update(ended_at=after - timedelta(days=3))
    people.charlie.memberships.update(joined_at=after + timedelta(days=1))
    assert [str(each) for each in attendance.expected(meeting)] == ["Alice Example"]


def test_the_branch_office_corrects_at_any_time_with_a_reason(meeting, people, alice, branch_officer, after):
    take(meeting, {people.alice: "present"}, alice, after)
    row = attendance.correct(
        meeting=meeting,
        participant=people.alice,
        status="absent",
        reason="Was on leave",
        by=branch_officer,
        now=after + timedelta(days=90),
    )
    assert (row.status, row.reason, row.recorded_by) == ("absent", "Was on leave", branch_officer)
    data = AuditPayload.objects.get(event__action="attendance.corrected").data
    assert data == {"participant": people.alice.pk, "before": "present", "after": "absent"}
    assert Message.objects.filter(kind="meetings.attendance_corrected", recipient=alice).count() == 1


def test_an_excusal_decided_in_two_tabs_is_said_and_replaced_only_by_a_second_press(
    client, meeting, people, branch_officer
):
    ahead = noon(meeting.date) - timedelta(days=7)
    address = reverse("office_attendance", args=[meeting.pk, people.alice.pk])
    with time_machine.travel(ahead, tick=False):
        client.force_login(branch_officer)
        client.post(address, {"status": "excused", "reason": "Jury duty", "seen": ""})
        page = client.post(address, {"status": "excused", "reason": "Leave", "seen": ""})
    assertContains(page, "You wrote: excused (Jury duty).")
    row = meeting.attendance.get(participant=people.alice)
    assert row.reason == "Jury duty"
    with time_machine.travel(ahead + timedelta(minutes=1), tick=False):
        client.force_login(branch_officer)
        seen = page.context["form"]["seen"].value()
        client.post(address, {"status": "excused", "reason": "Leave", "seen": seen})
    row.refresh_from_db()
    assert row.reason == "Leave"
    (message,) = Message.objects.filter(kind="meetings.attendance_corrected")
    assert "Reason: Leave" in mail.attendance_corrected(people.alice.user, **message.ids).body


def test_a_correction_sent_twice_is_one(meeting, people, branch_officer, after):
    for days in (1, 2):
        attendance.correct(
            meeting=meeting,
            participant=people.alice,
            status="absent",
            reason="Was on leave",
            by=branch_officer,
            now=after + timedelta(days=days),
        )
    assert AuditEvent.objects.filter(action="attendance.corrected").count() == 1


def test_what_the_branch_office_decided_stays_when_members_send_the_form(
    meeting, people, alice, branch_officer, after
):
    attendance.excuse(meeting=meeting, participant=people.bob, reason="Jury duty", by=branch_officer, now=NOW)
    take(meeting, {people.alice: "present", people.bob: "absent"}, alice, after)
    assert marks_of(meeting) == {"Alice": "present", "Bob": "excused"}


def test_a_correction_without_reason_is_refused(meeting, people, branch_officer, after):
    with pytest.raises(CannotTakeAttendance, match="needs a reason"):
        attendance.correct(
            meeting=meeting,
            participant=people.alice,
            status="absent",
            reason=" ",
            by=branch_officer,
            now=after,
        )


def test_only_an_excusal_can_be_decided_ahead(meeting, people, branch_officer):
    with pytest.raises(CannotTakeAttendance, match="begins on Wednesday"):
        attendance.correct(
            meeting=meeting,
            participant=people.alice,
            status="present",
            reason="Yes",
            by=branch_officer,
            now=NOW,
        )


class TestTakingAnExcusalBack:
    @pytest.fixture
    def excused(self, meeting, people, branch_officer):
        values = {"meeting": meeting, "participant": people.bob, "reason": "Jury duty"}
        return attendance.excuse(**values, by=branch_officer, now=BEFORE)

    @pytest.fixture
    def take_back(self, excused, meeting, people, branch_officer):
        def taken(by=branch_officer, now=BEFORE):
            return attendance.take_excusal_back(meeting=meeting, participant=people.bob, by=by, now=now)

        return taken

    def test_they_are_expected_again_and_told_once(self, take_back, meeting, bob):
        assert take_back() is True
        assert take_back() is False
        assert not meeting.attendance.exists()
        assert AuditEvent.objects.filter(action="attendance.excusal_taken_back").count() == 1
        (message,) = Message.objects.filter(kind="meetings.excusal_taken_back")
        assert message.recipient == bob
        with time_machine.travel(BEFORE, tick=False):
            letter = mail.excusal_taken_back(bob, **message.ids)
        assert letter.subject == "You are expected on February 17 after all"
        assert "Jury" not in letter.body

    def test_on_its_day_the_mark_is_corrected_instead(self, take_back, meeting, after):
        with pytest.raises(CannotTakeAttendance, match="Correct the mark instead"):
            take_back(now=after)
        assert meeting.attendance.get().status == "excused"

    def test_is_the_branch_offices(self, take_back, alice, deputy):
        """T10"""
        for user in (alice, deputy):
            with pytest.raises(NotYourMeeting):
                take_back(by=user)

    def test_the_page_offers_it_ahead_and_nothing_but_excused(
        self, client, excused, meeting, people, branch_officer
    ):
        page = reverse("office_attendance", args=[meeting.pk, people.bob.pk])
        back = reverse("office_excusal_back", args=[meeting.pk, people.bob.pk])
        with time_machine.travel(BEFORE, tick=False):
            client.force_login(branch_officer)
            seen = client.get(page)
            assert [value for value, _ in seen.context["form"].fields["status"].choices] == ["excused"]
            assertContains(seen, "Take the excusal back")
            assertContains(client.post(back, follow=True), "Bob Example is expected again, and is told.")
            assertContains(client.post(back, follow=True), "Bob Example is not excused from this meeting.")
            assertNotContains(client.get(page), "Take the excusal back")
            assertRedirects(client.get(back), page)
        with time_machine.travel(noon(meeting.date), tick=False):
            client.force_login(branch_officer)
            assert len(client.get(page).context["form"].fields["status"].choices) == 4


def test_a_member_cannot_correct_as_the_office_does(meeting, people, alice, after):
    with pytest.raises(NotYourMeeting):
        attendance.excuse(meeting=meeting, participant=people.alice, reason="Busy", by=alice, now=after)


def test_the_deputy_and_designees_are_the_possible_visitors(meeting, deputy, people, alice, after):
    """M12, M13: recorded, where they came."""
    assert attendance.possible_visitors(meeting) == [deputy]
    attendance.take_attendance(
        meeting=meeting, marks={people.alice: "present"}, visitors=[deputy, alice], by=alice, now=after
    )
    assert list(meeting.visitors.all()) == [deputy]


def test_the_database_keeps_one_mark_a_person_and_reasons_of_excusals(meeting, people):
    values = {"meeting": meeting, "participant": people.alice, "recorded_at": NOW}
    assert (
        refused_by(Attendance.objects.create, **values, status="excused")
        == "attendance_excused_with_a_reason"
    )
    assert (
        refused_by(Attendance.objects.create, **values, status="excused", reason="Jury duty")
        == "attendance_excused_by_the_office"
    )
    assert (
        refused_by(Attendance.objects.create, **values, status="absent", by_office=True)
        == "attendance_decided_with_a_reason"
    )
    Attendance.objects.create(**values, status="present")
    assert refused_by(Attendance.objects.create, **values, status="absent") == "attendance_once"
