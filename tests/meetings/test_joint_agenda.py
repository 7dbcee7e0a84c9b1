"""The agenda of a meeting for all teams: whoever reads it reads the same times (M5, M6, M7, M13)."""

from datetime import date, time

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching.models import Cohort
from meetings import briefing, laying_out, leading, leave, program, team_space, waivers
from meetings.scheduling import When
from tests import factories
from tests.clock import NOW
from tests.meetings.conftest import BEFORE

FINAL_DAY = When(date(2027, 9, 22), time(9), 120)


@pytest.fixture
def third(cohort, branch_officer, both):
    """A team of four, so that the teams differ."""
    Cohort.objects.update(seats=40)
    members = [
        factories.participant(cohort, factories.person(f"{name} Sample"))
        for name in ("Gus", "Hal", "Ida", "Jo")
    ]
    team = factories.confirmed_team(cohort, members, by=branch_officer)
    laying_out.lay_out_meetings(team=team, by=None, now=NOW)
    return team


def agenda_for(meeting, team) -> list[tuple[str, str, str, str | None]]:
    lines, _ = program.agenda_of(meeting, team, list(team_space.members_of(team)))
    return [(f"{each.starts:%H:%M}", f"{each.ends:%H:%M}", each.title, each.member) for each in lines]


class TestFinal:
    @pytest.fixture
    def joint(self, both, third, join, final):
        return join(FINAL_DAY, item=final)

    def test_all_are_heard_team_by_team(self, joint, team, other_team, third):
        """M6: ten people, nine minutes each, and thirty to look back; of another team one line."""
        outcomes, review = "Project outcomes", "Looking back over the competencies"
        assert agenda_for(joint, other_team) == [
            ("09:00", "09:27", f"{outcomes}, Team 1", None),
            ("09:27", "09:36", f"{outcomes}, Team 2", "Emil Example"),
            ("09:36", "09:45", f"{outcomes}, Team 2", "Fay Example"),
            ("09:45", "09:54", f"{outcomes}, Team 2", "Dora Example"),
            ("09:54", "10:30", f"{outcomes}, Team 3", None),
            ("10:30", "11:00", review, None),
        ]
        assert agenda_for(joint, team)[3:] == [
            ("09:27", "09:54", f"{outcomes}, Team 2", None),
            ("09:54", "10:30", f"{outcomes}, Team 3", None),
            ("10:30", "11:00", review, None),
        ]
        _, tight = program.agenda_of(joint, team, list(team_space.members_of(team)))
        (said,) = tight
        assert said.startswith("Each member has 9 minutes, less than the 20 that a project needs. All teams")

    def test_the_briefing_has_the_same_times_once(self, joint, client, deputy):
        found = [block for each in briefing.of_meeting(joint) for block in each.blocks]
        assert [(f"{each.starts:%H:%M}", each.title, each.turns, each.minutes) for each in found] == [
            ("09:00", "Project outcomes, Team 1", 3, 9),
            ("09:27", "Project outcomes, Team 2", 3, 9),
            ("09:54", "Project outcomes, Team 3", 4, 9),
            ("10:30", "Looking back over the competencies", 0, 30),
        ]
        with time_machine.travel(BEFORE, tick=False):
            client.force_login(deputy)
            page = client.get(reverse("branch_briefing", args=[joint.pk]))
        assertContains(page, "Agenda for all teams", count=1)
        assertContains(page, "10:30 to 11:00 a.m.", count=1)

    def test_page_table_and_pack_show_no_name_of_another_team(self, joint, client, alice):
        with time_machine.travel(BEFORE, tick=False):
            client.force_login(alice)
            for name in ("meeting", "meeting_table", "meeting_pack"):
                page = client.get(reverse(name, args=[joint.pk]))
                assertContains(page, "Project outcomes, Team 3")
                assertContains(page, "9:54 to 10:30 a.m.")
                assert page.content.decode().count("Before the branch deputy, schedule permitting") <= 1
                assertNotContains(page, "Dora Example")

    def test_whoever_is_away_takes_no_time(self, joint, people, team, other_team, branch_officer):
        """For the reader's team as for the others, and in the briefing."""
        waivers.record(
            participant=people.dora, kind="leave", months=[8], reason="x", by=branch_officer, now=BEFORE
        )
        assert agenda_for(joint, team)[3][:3] == ("09:30", "09:50", "Project outcomes, Team 2")
        present = leave.not_away(team_space.members_of(other_team), joint.cohort, joint.date)
        lines, _ = program.agenda_of(joint, other_team, present)
        assert [each.member for each in lines if each.member] == ["Fay Example", "Emil Example"]
        blocks = [block for each in briefing.of_meeting(joint) for block in each.blocks]
        assert [each.turns for each in blocks] == [3, 2, 4, 0]

    def test_the_office_reads_before_that_it_is_tight(self, client, both, cohort, final, branch_officer):
        """M7"""
        data = {"date": "2027-09-22", "start_time": "09:00", "mode": "in_person", "place": "Hall"}
        with time_machine.travel(BEFORE, tick=False):
            client.force_login(branch_officer)
            page = client.post(reverse("office_join", args=[cohort.pk, final.pk]), data)
        assertContains(page, "Each member has 15 minutes, less than the 20 that a project needs.")
        shared = "6 people would share 120 minutes; a meeting for all is as long as the curriculum has it."
        assertContains(page, f"{shared} One team after another leaves more for each.")

    def test_the_branch_office_leads_what_all_have_together(self, joint, client, people, team, alice):
        """M9: one for the room and nobody's to hand over; each team leads its own turns."""
        present = list(team_space.members_of(team))
        outcomes, review = program.parts_of(joint, team, present)
        assert (outcomes.is_for_all, review.is_for_all, review.suggested) == (False, True, None)
        act = {"meeting": joint, "team": team, "to": people.alice, "by": alice, "now": BEFORE}
        with pytest.raises(leading.CannotLead, match="The branch office leads"):
            leading.hand_over(**act, component="review")
        leading.hand_over(**act, component="outcomes")
        with time_machine.travel(BEFORE, tick=False):
            client.force_login(alice)
            for name in ("meeting", "meeting_table"):
                page = client.get(reverse(name, args=[joint.pk]))
                assertContains(page, "the branch office, for all teams", count=1)
                assertNotContains(page, 'name="component" value="review"')
            choice = client.get(reverse("meeting_facilitators", args=[joint.pk])).context["form"]
            pack = client.get(reverse("meeting_pack", args=[joint.pk]))
        assert [name for name in choice.fields if name.startswith("part_")] == ["part_outcomes"]
        assertContains(pack, "Looking back over the competencies: the branch office, for all teams")
        assertContains(pack, leading.SHORT_TURNS[1])

    def test_the_choice_of_a_team_stands_again_by_itself(self, both, final, join, apart, people, team, alice):
        own = team.meetings.get(item=final)
        act = {"team": team, "component": "review", "to": people.alice, "by": alice, "now": BEFORE}
        leading.hand_over(meeting=own, **act)
        joint = join(FINAL_DAY, item=final)
        present = list(team_space.members_of(team))
        assert program.parts_of(joint, team, present)[-1].facilitator is None
        apart(item=final)
        assert program.parts_of(own, team, present)[-1].facilitator == people.alice


class TestOrientation:
    def test_the_clock_times_are_those_of_the_greatest_team(self, join, both, third, team, first):
        """M5: the program together, then the introductions in teams."""
        joint = join()
        of_four, of_three = agenda_for(joint, third), agenda_for(joint, team)
        assert of_four == [
            ("10:00", "10:40", "The program: concepts and process", None),
            *[
                (*start, "Introductions and projects", name)
                for start, name in zip(
                    [("10:40", "11:00"), ("11:00", "11:20"), ("11:20", "11:40"), ("11:40", "12:00")],
                    ["Gus Sample", "Hal Sample", "Ida Sample", "Jo Sample"],
                    strict=True,
                )
            ],
        ]
        assert [each[:2] for each in of_three] == [each[:2] for each in of_four]
        assert of_three[-1] == ("11:40", "12:00", "Questions in your team", None)

    def test_a_team_by_itself_has_its_own_times(self, both, third, team, first):
        own = both[0][0]
        assert agenda_for(own, team)[-1][2] != "Questions in your team"
