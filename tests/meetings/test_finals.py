"""The branch deputy is reminded of the final meetings, and who came is written down (M12, M13)."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching.models import Delegation, Message, OrgUnit
from coaching.outbox import deliver_due
from meetings import attendance, due, laying_out, scheduling, together, visits
from meetings.scheduling import When, Where
from tests import factories
from tests.clock import NOW
from tests.meetings.conftest import BEFORE, noon

pytestmark = pytest.mark.usefixtures("plain_not_found")
# The final meetings are on September 15, 2027.
DAY = date(2027, 9, 15)
EARLY = noon(DAY - timedelta(days=15))
TWO_WEEKS = noon(DAY - timedelta(days=14))


@pytest.fixture
def finals(team, other_team):
    return [laying_out.lay_out_meetings(team=each, by=None, now=NOW)[-1] for each in (team, other_team)]


def designee(org, **fields):
    values = {"kind": "delegate", "principal": org.deputy, "unit": org.branch, "reason": "Leave"}
    person = factories.person("Dee Designee", unit=org.unit)
    term = {"start_date": date(2027, 1, 1), "end_date": date(2027, 12, 31)}
    Delegation.objects.create(person=person, **values | term | fields)
    return person


def reminded() -> list[str]:
    rows = Message.objects.filter(kind=visits.FINALS).order_by("recipient__name")
    return list(rows.values_list("recipient__name", flat=True))


class TestTheMail:
    def test_two_weeks_before_once(self, finals, deputy):
        """M13"""
        visits.queue_finals(now=EARLY)
        assert reminded() == []
        for days in range(14):
            visits.queue_finals(now=TWO_WEEKS + timedelta(days=days))
        assert reminded() == [deputy.name]

    def test_with_all_that_recurs(self, finals):
        assert due.do_due(now=TWO_WEEKS)["finals_reminded"] == 1

    def test_lists_all_finals_of_the_branch(self, finals, deputy, alice, mailoutbox):
        scheduling.set_place(meeting=finals[0], where=Where("Room 12"), by=alice, now=BEFORE)
        visits.plan(meeting=finals[1], by=deputy, now=BEFORE)
        with time_machine.travel(TWO_WEEKS, tick=False):
            visits.queue_finals(now=TWO_WEEKS)
            deliver_due(now=TWO_WEEKS)
        (mail,) = [each for each in mailoutbox if each.subject == "2 final meetings ahead"]
        assert mail.to == [deputy.email]
        line = "- Wednesday, September 15, 2027, 9:00 a.m., Team"
        assert f"{line} 1, {finals[0].cohort}: Room 12\n" in mail.body
        assert f"{line} 2, {finals[1].cohort}: you plan to attend, Place still open" in mail.body

    def test_to_designees_who_said_that_they_come(self, finals, org, deputy):
        person = designee(org)
        visits.queue_finals(now=TWO_WEEKS)
        assert reminded() == [deputy.name]
        visits.plan(meeting=finals[0], by=person, now=TWO_WEEKS)
        visits.queue_finals(now=TWO_WEEKS + timedelta(days=1))
        assert reminded() == ["Dee Designee", deputy.name]

    def test_to_whoever_acts_in_a_vacant_post(self, finals, org):
        designee(org, kind="acting", principal=None)
        OrgUnit.objects.filter(pk=org.branch.pk).update(head=None)
        visits.queue_finals(now=TWO_WEEKS)
        assert reminded() == ["Dee Designee"]

    def test_not_when_it_is_no_longer_true(self, finals, alice, people):
        """Called off, or held, before it is sent."""
        visits.queue_finals(now=TWO_WEEKS)
        for meeting, by in zip(finals, (alice, people.dora.user), strict=True):
            scheduling.cancel(meeting=meeting, reason="No", by=by, now=TWO_WEEKS)
        with time_machine.travel(TWO_WEEKS, tick=False):
            deliver_due(now=TWO_WEEKS)
        assert Message.objects.get(kind=visits.FINALS).status == Message.Status.DROPPED
        Message.objects.all().delete()
        assert visits.queue_finals(now=TWO_WEEKS) == 0

    def test_of_no_other_meeting(self, finals):
        assert visits.queue_finals(now=noon(date(2027, 3, 10))) == 0


class TestHome:
    @pytest.mark.parametrize("days", [59, 13])
    def test_the_deputy_finds_them(self, client, finals, deputy, days):
        visits.plan(meeting=finals[1], by=deputy, now=BEFORE)
        with time_machine.travel(noon(DAY - timedelta(days=days)), tick=False):
            client.force_login(deputy)
            page = client.get(reverse("home"))
        assertContains(page, "2 final meetings ahead")
        assertContains(page, "You plan to attend 1 of them.")
        assertContains(page, f"{reverse('branch_meetings')}?show=final")
        assertContains(page, "Your next visit: Team 2")
        assertContains(page, reverse("branch_briefing", args=[finals[1].pk]))

    def test_not_before_and_not_after(self, client, finals, deputy):
        for day in (DAY - timedelta(days=61), DAY + timedelta(days=1)):
            with time_machine.travel(noon(day), tick=False):
                client.force_login(deputy)
                assertNotContains(client.get(reverse("home")), "final meetings ahead")

    @pytest.mark.parametrize("who", ["alice", "director", "branch_officer"])
    def test_nobody_else(self, client, finals, request, who):
        with time_machine.travel(noon(DAY - timedelta(days=13)), tick=False):
            client.force_login(request.getfixturevalue(who))
            assertNotContains(client.get(reverse("home")), "final meetings ahead")


class TestWhoCame:
    def test_is_written_down_at_a_joint_meeting_by_any_team(
        self, finals, cohort, deputy, org, people, branch_officer, client
    ):
        """M12: the second team's form shows whom the first has written down."""
        person = designee(org)
        joint = together.join(
            cohort=cohort,
            item=finals[0].item,
            when=When(DAY, scheduling.time(9), 120),
            where=Where("Hall"),
            by=branch_officer,
            now=BEFORE,
        )
        address = reverse("meeting_attendance", args=[joint.pk])
        for member, visitors in ((people.alice, [deputy]), (people.dora, [deputy, person])):
            with time_machine.travel(noon(DAY), tick=False):
                client.force_login(member.user)
                form = client.get(address).context["form"]
                marks = dict.fromkeys(form.people, "present")
                client.post(address, marks | {"visitors": [each.pk for each in visitors]})
        assert set(joint.visitors.all()) == {deputy, person}
        assert joint.attendance.count() == 6

    def test_a_plan_is_no_attendance(self, finals, deputy, people):
        visits.plan(meeting=finals[0], by=deputy, now=BEFORE)
        marks = {people.alice: "present"}
        attendance.take_attendance(meeting=finals[0], marks=marks, by=None, now=noon(DAY), visitors=[])
        assert not finals[0].visitors.exists()
