"""Who a meeting is for, in one team: its members that day, and who of them is away (M9, T7). One answer for every page."""

from dataclasses import dataclass

from coaching.models import Participant, Team
from meetings import leave, team_space
from meetings.models import Attendance, Meeting


@dataclass(frozen=True)
class Who:
    """By participant id. `away`: on leave on the day of the meeting, or excused from it; `left`: not in the team since."""

    members: tuple[Participant, ...]
    away: frozenset[int]
    left: frozenset[int]

    @property
    def present(self) -> list[Participant]:
        """Who has a turn and can lead a part."""
        return [each for each in self.members if each.pk not in self.away]


def of(meeting: Meeting, team: Team) -> Who:
    """Whoever was there was not away. A meeting that lies ahead is for the members of now."""
    on_the_day = team_space.members_on_the_day(meeting, team)
    members = tuple(on_the_day.select_related("goal", *Participant.NOW, "classification"))
    now = set(team.memberships.filter(ended_at=None).values_list("participant_id", flat=True))
    marks = list(Attendance.objects.filter(meeting=meeting))
    there = {row.participant_id for row in marks if row.was_there}
    excused = {row.participant_id for row in marks if row.status == Attendance.Status.EXCUSED}
    return Who(
        members,
        away=(frozenset(leave.away(meeting.cohort, meeting.date)) | excused) - there,
        left=frozenset(each.pk for each in members if each.pk not in now),
    )
