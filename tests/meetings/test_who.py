"""Who a meeting is for: one answer on every page, and for a meeting that is over the one of its day (M9, T7)."""

from datetime import date

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching import enrollment
from coaching.models import Membership
from meetings import absence, attendance, briefing, leading, leave, program, waivers, who
from meetings.leading import CannotLead
from tests.meetings.conftest import noon

pytestmark = pytest.mark.usefixtures("plain_not_found")
MARCH = noon(date(2027, 3, 1))


@pytest.fixture
def away(people, branch_officer):
    """Bob is on leave in March."""
    return waivers.record(
        participant=people.bob, kind="leave", months=[2], reason="Secret", by=branch_officer, now=MARCH
    )


@pytest.fixture
def second(meetings):
    """Projects, then the first competency: Wednesday, March 17, 2027."""
    return meetings[1]


def names(participants):
    return [str(each) for each in participants]


def test_who_left_after_a_meeting_belonged_to_it(
    client, meeting, meetings, people, alice, second, time_machine
):
    marks = {people.alice: "present", people.bob: "present", people.charlie: "present"}
    attendance.take_attendance(meeting=meeting, marks=marks, by=alice, now=noon(meeting.date))
    before = program.agenda_of(meeting, meeting.teams.get(), who.of(meeting, meeting.teams.get()).present)
    enrollment.leave(participant=people.bob, by=people.bob.user, reason="", now=MARCH)
    found = who.of(meeting, meeting.teams.get())
    assert names(found.members) == ["Alice Example", "Bob Example", "Charlie Example"]
    assert found.left == {people.bob.pk}
    assert program.agenda_of(meeting, meeting.teams.get(), found.present) == before
    time_machine.move_to(MARCH)
    client.force_login(alice)
    assertContains(client.get(meeting.get_absolute_url()), "Bob Example (left)")
    table = client.get(reverse("meeting_table", args=[meeting.pk]))
    assertContains(table, "Bob Example (left)</h2>")
    assertNotContains(client.get(second.get_absolute_url()), "Bob Example (left)")
    assert names(who.of(second, second.teams.get()).members) == ["Alice Example", "Charlie Example"]


def test_who_joins_later_does_not_belong_to_what_is_over(client, meeting, team, people, alice, time_machine):
    Membership.objects.create(team=team, participant=people.dora, joined_at=MARCH)
    assert "Dora Example" not in names(who.of(meeting, team).members)
    time_machine.move_to(MARCH)
    client.force_login(alice)
    assertNotContains(client.get(meeting.get_absolute_url()), "Dora Example")
    assertNotContains(client.get(reverse("meeting_table", args=[meeting.pk])), "Dora Example")


def test_whoever_was_there_was_not_away(client, second, team, people, alice, away, time_machine):
    marks = {people.alice: "present", people.bob: "remote", people.charlie: "absent"}
    attendance.take_attendance(meeting=second, marks=marks, by=alice, now=noon(second.date))
    assert who.of(second, team).away == set()
    time_machine.move_to(noon(second.date))
    client.force_login(alice)
    assertNotContains(client.get(second.get_absolute_url()), "(away)")


def test_back_earlier_leaves_the_days_before_as_they_were(second, team, people, cohort, away, branch_officer):
    absence.come_back(participant=people.bob, by=branch_officer, now=noon(date(2027, 3, 18)))
    assert who.of(second, team).away == {people.bob.pk}
    assert leave.away(cohort, date(2027, 3, 17)) == {people.bob.pk: date(2027, 3, 17)}
    assert leave.away(cohort, date(2027, 3, 18)) == {}


def test_every_page_skips_whoever_is_away(client, second, team, people, alice, away, time_machine):
    """One rule for whose turn it is: the meeting's page, the table, all parts at once, the pack and the briefing."""
    time_machine.move_to(MARCH)
    client.force_login(alice)
    pages = {
        name: client.get(reverse(name, args=[second.pk]))
        for name in ("meeting", "meeting_table", "meeting_facilitators", "meeting_pack")
    }
    wanted = names(part.suggested for part in program.parts_of(second, team, [people.alice, people.charlie]))
    for name in ("meeting", "meeting_table"):
        assert names(part.suggested for part in pages[name].context["parts"]) == wanted
        assertNotContains(pages[name], "Hand over to Bob Example")
    assert names(lead.part.suggested for lead in pages["meeting_pack"].context["leads"]) == wanted
    assertNotContains(pages["meeting_pack"], "Bob Example")
    assertNotContains(pages["meeting_facilitators"], "Bob Example")
    assertContains(pages["meeting_facilitators"], f"Whose turn it would be: {wanted[0]}.")
    (seen,) = briefing.of_meeting(second)
    assert names(row.participant for row in seen.people) == ["Alice Example", "Charlie Example"]
    lines = pages["meeting"].context["lines"]
    assert (seen.blocks[0].starts, seen.blocks[0].ends) == (lines[0].starts, lines[1].ends)
    assert seen.blocks[0].turns == 2


def test_nobody_who_is_away_is_chosen_to_lead(second, team, people, alice, away):
    with pytest.raises(CannotLead, match="Bob Example is away on that day"):
        leading.hand_over(meeting=second, team=team, component="projects", to=people.bob, by=alice, now=MARCH)
    with pytest.raises(CannotLead, match="Bob Example cannot lead a part: away on that day"):
        leading.choose(meeting=second, team=team, chosen={"projects": people.bob}, by=alice, now=MARCH)
    assert not second.facilitators.exists()


def test_a_part_of_somebody_who_is_away_is_free_again(second, team, people, alice, branch_officer):
    leading.hand_over(meeting=second, team=team, component="projects", to=people.bob, by=alice, now=MARCH)
    waivers.record(
        participant=people.bob, kind="leave", months=[2], reason="Secret", by=branch_officer, now=MARCH
    )
    part = leading.leads(second, team)[0].part
    assert (part.facilitator, str(part.suggested)) == (None, "Charlie Example")


def test_whoever_is_excused_ahead_has_no_turn_and_sees_it(
    client, second, team, people, alice, branch_officer, time_machine
):
    """M9, C2: on the agenda, in the strip of months, and in what is still missing."""
    leading.hand_over(meeting=second, team=team, component="projects", to=people.bob, by=alice, now=MARCH)
    attendance.excuse(
        meeting=second, participant=people.bob, reason="Jury duty", by=branch_officer, now=MARCH
    )
    assert who.of(second, team).away == {people.bob.pk}
    assert leading.leads(second, team)[0].part.facilitator is None
    time_machine.move_to(MARCH, tick=False)
    client.force_login(people.bob.user)
    (seen,) = briefing.of_meeting(second)
    assert seen.blocks[0].turns == 2
    turns = [line.member for line in client.get(second.get_absolute_url()).context["lines"] if line.member]
    page = client.get(reverse("meetings"))
    assert sorted(turns) == ["Alice Example", "Charlie Example"]
    assertContains(page, '<span class="program-month-state">Excused</span>', 1)
    assertNotContains(page, "March 2027: attend a meeting")


def test_the_day_has_one_answer_in_few_queries(second, team, away, django_assert_num_queries):
    with django_assert_num_queries(4):
        who.of(second, team)
