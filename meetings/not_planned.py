"""Meetings of the curriculum that a team's calendar lacks: called off, and not planned again (M1)."""

from collections.abc import Iterable
from datetime import date

from coaching.models import Cohort, CurriculumItem, Team
from coaching.typed import number_of
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


def planned(team: Team, item: str) -> Meeting | None:
    """The meeting for a topic (its id, as a page sends it) that the team has planned or held."""
    live = Meeting.objects.of_team(team).live().filter(item=number_of(item))
    return live.select_related("item", "created_by").first()


def instead_of(meeting: Meeting, team: Team) -> Meeting | None:
    """Where the team meets for what this meeting was for, which was called off."""
    return None if meeting.is_live or not meeting.item_id else planned(team, str(meeting.item_id))


def replaced_by(meeting: Meeting) -> Meeting | None:
    """The latest of the same teams and topic that was called off, and was no meeting of theirs under another roof."""
    off = Meeting.objects.own().filter(status=Meeting.Status.CANCELLED, teams__in=meeting.teams.all())
    found = off.filter(item=meeting.item_id).exclude(pk=meeting.pk) if meeting.item_id else off.none()
    return found.order_by("-changed_at", "-pk").first()


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
