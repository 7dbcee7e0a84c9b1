"""Meetings of the curriculum that a team's calendar lacks: called off, and not planned again (M1)."""

from collections.abc import Iterable
from datetime import date

from coaching.models import Cohort, CurriculumItem, Team
from meetings import scheduling
from meetings.models import Meeting


def can_add(team: Team, *, today: date) -> bool:
    """Whether the team can plan another meeting: it stands, and its program runs."""
    return team.status == Team.Status.CONFIRMED and not scheduling.takes_no_more(team.cohort, today=today)


def of_team(team: Team, *, today: date) -> list[CurriculumItem]:
    """In the order of the curriculum; none once the program is over."""
    if not can_add(team, today=today):
        return []
    planned = Meeting.objects.of_team(team).live().exclude(item=None).values("item")
    return list(team.cohort.program.curriculum.exclude(pk__in=planned))


def among(
    team: Team, curriculum: Iterable[CurriculumItem], meetings: Iterable[Meeting]
) -> tuple[CurriculumItem, ...]:
    """The same for a team whose live meetings are known, while its program runs; without a query."""
    if team.status != Team.Status.CONFIRMED:
        return ()
    planned = {meeting.item_id for meeting in meetings}
    return tuple(each for each in curriculum if each.pk not in planned)


def without_a_meeting(cohort: Cohort, month: int, teams: Iterable[Team]) -> list[Team]:
    """Those of these teams that have no meeting in a month of the program."""
    met = (
        Meeting.objects.live()
        .filter(cohort=cohort, month=month)
        .values_list("meeting_teams__team", flat=True)
    )
    found = set(met)
    return [each for each in teams if each.pk not in found]
