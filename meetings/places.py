"""Rooms and links for several meetings at once, by the branch office, and two meetings in one room (M4)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import combinations

from django.db import transaction
from django.db.models import QuerySet

from coaching import outbox
from coaching.models import Cohort, OrgUnit, Team, User
from meetings import dates, invitations, scheduling, team_space
from meetings.models import Meeting
from meetings.scheduling import Where

Mode = Meeting.Mode


@dataclass(frozen=True)
class Change:
    """What several meetings are given. None: each keeps its own."""

    place: str | None = None
    mode: str | None = None
    link: str | None = None

    def of(self, meeting: Meeting) -> Where:
        kept = scheduling.where_of(meeting)
        return Where(
            kept.place if self.place is None else self.place,
            kept.mode if self.mode is None else self.mode,
            kept.link if self.link is None else self.link,
        )

    def words(self, meetings: Iterable[Meeting]) -> str:
        """What of it is new to any of these meetings: "place and link"."""
        pairs = [(scheduling.where_of(each), self.of(each)) for each in meetings]
        names = {"mode": "way to meet", "place": "place", "link": "link"}
        found = [
            name
            for key, name in names.items()
            if any(getattr(was, key) != getattr(then, key) for was, then in pairs)
        ]
        return ", ".join(found[:-1]) + " and " * (len(found) > 1) + found[-1] if found else ""


@dataclass(frozen=True)
class Use:
    """Who is in which room, and when."""

    who: str
    place: str
    day: date
    start: time
    minutes: int

    def clashes_with(self, other: "Use") -> bool:
        same = self.day == other.day and _room(self.place) == _room(other.place)
        return same and self._begins < other._ends and other._begins < self._ends

    @property
    def _begins(self) -> datetime:
        return datetime.combine(self.day, self.start)

    @property
    def _ends(self) -> datetime:
        return self._begins + timedelta(minutes=self.minutes)


def _room(name: str) -> str:
    """The same for one room, however its name was typed."""
    return " ".join(name.split()).casefold().rstrip(" .,;:!")


@transaction.atomic
def set_several(*, cohort: Cohort, meetings: Collection[int], change: Change, by: User, now: datetime) -> int:
    """The branch office gives meetings that lie ahead, by id, their room or link at once (M4); returns how many changed.

    Each member gets one mail, however many meetings of their team it is about. Raises NotYourMeeting.
    """
    team_space.require_office(by, cohort, on=now.astimezone(cohort.zone).date())
    ahead = open_to_the_office(cohort, now=now).filter(pk__in=meetings)
    changed = [
        meeting.pk
        for meeting in ahead.select_for_update(of=("self",))
        if scheduling.put(meeting, change.of(meeting), by=by, now=now)
    ]
    for team in Team.objects.filter(meeting_teams__meeting__in=changed).distinct():
        to = team_space.others(team_space.members_of(team), by)
        key, ids = f"{team.pk}.{now.isoformat()}", {"team": team.pk}
        outbox.queue_many(kind="meetings.places", to=to, key=key, now=now, ids=ids)
    invitations.queue_needed(meetings=changed, now=now)
    return len(changed)


def open_to_the_office(cohort: Cohort, *, now: datetime) -> QuerySet[Meeting]:
    """The cohort's meetings that lie ahead."""
    return cohort.meetings.not_over(now, cohort.zone).select_related("item", "cohort")


def against(meetings: Sequence[Meeting], change: Change, branch: OrgUnit) -> list[str]:
    """What speaks against a change, to be read before it is saved; in as many queries for any number of meetings."""
    wanted = [(meeting, change.of(meeting)) for meeting in meetings]
    nowhere = [each for each, where in wanted if where.mode == Mode.REMOTE and not where.link]
    found = []
    if nowhere:
        found.append(f"Online without a link: {'; '.join(_in_words(each) for each in nowhere)}")
    uses = [
        Use(_teams(each), where.place, each.date, each.start_time, each.minutes)
        for each, where in wanted
        if where.mode != Mode.REMOTE
    ]
    return [*found, *same_room(uses, branch, besides=[each.pk for each in meetings])]


def same_room(uses: Iterable[Use], branch: OrgUnit, *, besides: Collection[int]) -> list[str]:
    """Who would be in one room at once, of these and of the branch's other meetings; `besides`: not of those, by id."""
    wanted = [each for each in uses if each.place]
    rows = Meeting.objects.filter(
        cohort__branch=branch, status=Meeting.Status.PLANNED, date__in={each.day for each in wanted}
    )
    rows = rows.exclude(place="").exclude(mode=Mode.REMOTE).exclude(pk__in=besides)
    others = [
        Use(_teams(each), each.place, each.date, each.start_time, each.minutes)
        for each in rows.prefetch_related("teams")
    ]
    pairs = [*combinations(wanted, 2), *((one, other) for one in wanted for other in others)]
    return [
        f"{one.who} and {other.who} would both be in {one.place} on {dates.long_date(one.day)}, "
        f"{_from(one.start, other.start)}"
        for one, other in pairs
        if one.clashes_with(other)
    ]


def _from(one: time, other: time) -> str:
    if one == other:
        return f"both from {dates.clock(one)}"
    return f"from {dates.clock(one)} and from {dates.clock(other)}"


def _teams(meeting: Meeting) -> str:
    return ", ".join(str(each) for each in meeting.teams.all())


def _in_words(meeting: Meeting) -> str:
    """Ends in a full stop: "9:00 a.m." """
    return f"{_teams(meeting)}, {scheduling.moment_of(meeting)}"
