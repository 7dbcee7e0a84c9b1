"""Whether enough people are expected at a meeting that lies ahead for it to count (C2): a team of two can fall short."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from coaching.models import Cohort, Membership, Participant
from meetings import dates, leave
from meetings.models import Attendance, Meeting, MeetingTeam


@dataclass(frozen=True)
class Short:
    """A meeting at which too few are left for it to count."""

    meeting: Meeting
    left: tuple[str, ...]

    @property
    def words(self) -> str:
        who = f"only {' and '.join(self.left)} would be" if self.left else "nobody would be"
        return (
            f"At “{self.meeting.heading}” on {dates.long_date(self.meeting.date)} {who} there. It counts for nobody's month "
            f"with fewer than {self.meeting.cohort.quorum}: ask the team to move it, or to plan another one."
        )


def expected(cohort: Cohort, meetings: Iterable[Meeting]) -> dict[Meeting, dict[int, str]]:
    """By meeting that lies ahead, the names of who is neither away nor excused, by participant id; in three queries."""
    meetings = list(meetings)
    if not meetings:
        return {}
    places = Membership.objects.filter(ended_at=None, team__meeting_teams__meeting__in=meetings)
    rows = places.order_by("participant__user__name", "participant").values_list(
        "team__meeting_teams__meeting", "participant", "participant__user__name"
    )
    members: dict[int, dict[int, str]] = defaultdict(dict)
    for meeting, participant, name in rows:
        members[meeting][participant] = name
    excused = Attendance.objects.filter(meeting__in=meetings, status=Attendance.Status.EXCUSED)
    gone = set(excused.values_list("meeting", "participant"))
    away = leave.by_day(cohort, {each.date for each in meetings})
    return {
        each: {
            pk: name
            for pk, name in members[each.pk].items()
            if pk not in away[each.date] and (each.pk, pk) not in gone
        }
        for each in meetings
    }


def short_of(meeting: Meeting, *, now: datetime) -> Short | None:
    """None: enough are expected, or it does not lie ahead."""
    ahead = meeting.cohort.meetings.filter(pk=meeting.pk).not_over(now, meeting.cohort.zone)
    people = expected(meeting.cohort, ahead.select_related("item", "cohort"))
    return next((_short(each, left) for each, left in people.items() if len(left) < each.cohort.quorum), None)


def short_without(participant: Participant, *, now: datetime) -> list[Short]:
    """The meetings ahead that somebody is away or excused from, and at which too few are left."""
    cohort = participant.cohort
    theirs = MeetingTeam.objects.filter(
        team__memberships__participant=participant, team__memberships__ended_at=None
    )
    ahead = cohort.meetings.filter(pk__in=theirs.values("meeting")).not_over(now, cohort.zone)
    people = expected(cohort, ahead.select_related("item", "cohort").order_by("date", "start_time", "pk"))
    return [
        _short(meeting, left)
        for meeting, left in people.items()
        if len(left) < cohort.quorum and participant.pk not in left
    ]


def _short(meeting: Meeting, left: dict[int, str]) -> Short:
    return Short(meeting, tuple(left.values()))
