"""C2: a meeting that lies ahead and at which too few are expected is seen while it can still be moved."""

from datetime import date

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching.site.home import cards_for
from meetings import absence, attendance, attention, ledger, quorum, scheduling, waivers
from meetings.standing import Code
from tests.meetings.conftest import noon

DAY = date(2027, 3, 1)  # meeting 3 is on April 21
MARCH = noon(DAY)


@pytest.fixture
def two(team, people, meetings):
    """Charlie left the team: alice and bob are two."""
    team.memberships.filter(participant=people.charlie).update(ended_at=noon(date(2027, 2, 1)))
    return meetings[2]


@pytest.fixture
def excused(two, people, branch_officer):
    attendance.excuse(meeting=two, participant=people.bob, reason="Jury duty", by=branch_officer, now=MARCH)
    return two


def at_risk(participant, day=DAY):
    return [each.text for each in attention.as_read_by(participant, today=day).at_risk]


def test_whoever_is_left_alone_reads_that_it_will_not_count(excused, people):
    (text,) = at_risk(people.alice)
    assert text == (
        "April 2027: too few of you will be there on Wednesday, April 21, 2027 for the meeting to count. Move it with your "
        "team to a day until Friday, April 30, 2027 when others can be there, or ask the branch office what else can count "
        "for you."
    )
    assert at_risk(people.bob) == [], "excused is excused"


def test_the_office_sees_it_in_danger_while_it_can_be_moved(client, excused, cohort, people, branch_officer):
    found = [each for each in attention.dangers(cohort, today=DAY) if each.too_few]
    assert [(each.participant, each.code, each.month) for each in found] == [
        (people.alice, Code.MONTH_AT_RISK, "April 2027")
    ]
    with time_machine.travel(MARCH, tick=False):
        client.force_login(branch_officer)
        page = client.get(reverse("office_attention", args=[cohort.pk]))
    assertContains(
        page, "too few will be at “Creating Organizational Transformation” on Wednesday, April 21, 2027"
    )
    assertContains(page, reverse("office_meeting", args=[excused.pk]))


def test_moved_to_a_day_when_both_can_it_counts_again(excused, people, branch_officer, alice):
    attendance.take_excusal_back(meeting=excused, participant=people.bob, by=branch_officer, now=MARCH)
    assert at_risk(people.alice) == []
    waivers.record(
        participant=people.bob, kind="leave", months=[3], reason="Away", by=branch_officer, now=MARCH
    )
    assert len(at_risk(people.alice)) == 1
    assert at_risk(people.bob) == []
    back = noon(date(2027, 4, 15))
    absence.come_back(participant=people.bob, by=branch_officer, now=back)
    assert at_risk(people.alice, back.date()) == []


def test_another_meeting_that_both_can_be_at_is_enough(excused, people, team, alice):
    when = scheduling.When(date(2027, 4, 28), excused.start_time, 60)
    scheduling.add_extra(team=team, when=when, where=scheduling.Where(), title="Instead", by=alice, now=MARCH)
    assert at_risk(people.alice) == []
    texts = [each.text for each in ledger.standing(people.alice, today=DAY).reasons]
    assert "April 2027: attend a meeting; the next one is on Wednesday, April 28, 2027." in texts


def test_excusing_says_who_is_left(client, two, people, branch_officer):
    with time_machine.travel(MARCH, tick=False):
        client.force_login(branch_officer)
        address = reverse("office_attendance", args=[two.pk, people.bob.pk])
        page = client.post(address, {"status": "excused", "reason": "Jury duty"}, follow=True)
    assertContains(
        page,
        "At “Creating Organizational Transformation” on Wednesday, April 21, 2027 only Alice Example would be there. "
        "It counts for nobody&#x27;s month with fewer than 2",
    )


def test_granting_a_leave_says_for_each_meeting_who_is_left(client, two, people, branch_officer):
    with time_machine.travel(MARCH, tick=False):
        client.force_login(branch_officer)
        address = reverse("office_participant", args=[people.bob.pk])
        values = {"kind": "leave", "first_month": 3, "last_month": 4, "reason": "Away"}
        page = client.post(address, values, follow=True)
    assertContains(page, "only Alice Example would be there", 2)


def test_where_enough_are_left_nothing_is_said(client, meetings, people, branch_officer):
    attendance.excuse(
        meeting=meetings[2], participant=people.bob, reason="Jury duty", by=branch_officer, now=MARCH
    )
    assert quorum.short_without(people.bob, now=MARCH) == []
    assert at_risk(people.alice) == []
    with time_machine.travel(MARCH, tick=False):
        client.force_login(branch_officer)
        assertNotContains(client.get(reverse("office_meeting", args=[meetings[2].pk])), "would be there")


def test_nobody_left_is_said_too(excused, people, branch_officer):
    attendance.excuse(meeting=excused, participant=people.alice, reason="Ill", by=branch_officer, now=MARCH)
    (short,) = quorum.short_without(people.alice, now=MARCH)
    assert short.left == ()
    assert "nobody would be there" in short.words


def test_the_team_reads_it_on_the_meetings_page_and_at_home(client, excused, people, alice):
    with time_machine.travel(MARCH, tick=False):
        client.force_login(alice)
        page = client.get(excused.get_absolute_url())
        titles = [card.title for card in cards_for(alice)]
    assertContains(page, "Fewer than 2 of you will be there")
    assertContains(page, reverse("meeting_move", args=[excused.pk]))
    assert "A month is still open" in titles


def test_at_a_meeting_for_all_teams_everybody_is_counted(join, both, people, branch_officer):
    joint = join()
    for each in (people.alice, people.bob, people.charlie, people.dora):
        attendance.excuse(
            meeting=joint, participant=each, reason="Ill", by=branch_officer, now=noon(date(2027, 2, 1))
        )
    assert quorum.short_of(joint, now=noon(date(2027, 2, 1))) is None
