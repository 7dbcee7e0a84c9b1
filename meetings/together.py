"""Several teams on one day (M5, M13): a meeting for all of them together, or one team after another.

A meeting for all is a row of its own at which each team has its members, agenda, facilitators and texts. The teams' own
rows are called off and name it; they stand again, as they were, when the teams are taken apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from django.db import transaction
from django.db.models import QuerySet

from coaching import audit, outbox
from coaching.errors import Refused
from coaching.meeting_times import suits
from coaching.models import Cohort, CurriculumItem, Membership, Team, User
from coaching.team_problem import wishes_of
from meetings import dates, invitations, scheduling, team_space, visits
from meetings.models import ActionItem, Attendance, Facilitator, Meeting, MeetingChange, MeetingTeam, Note
from meetings.scheduling import When, Where

Kind = CurriculumItem.Kind
# M3: the days of all others are the teams' own.
KINDS = (Kind.INTRODUCTION, Kind.FINAL)
LATEST = time(21)
MOST_PAUSE = 120  # minutes between two teams


class CannotSetDay(Refused):
    pass


@dataclass(frozen=True)
class Slot:
    """When a team would meet; of a meeting for all, the same for each."""

    team: Team
    date: date
    start: time
    minutes: int

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.date, self.start)

    @property
    def ends(self) -> datetime:
        return self.begins + timedelta(minutes=self.minutes)

    def overlaps(self, other: Meeting) -> bool:
        begins = datetime.combine(other.date, other.start_time)
        return self.begins < begins + timedelta(minutes=other.minutes) and begins < self.ends


@dataclass(frozen=True)
class Plan:
    """How the teams of a cohort have a meeting now. `own`: what lies ahead of each team by itself."""

    item: CurriculumItem
    joint: Meeting | None
    own: tuple[Slot, ...]
    others: tuple[Team, ...]

    @property
    def is_at_once(self) -> bool:
        """M13: whether the deputy cannot attend the final meetings of all these teams."""
        ordered = sorted(self.own, key=lambda slot: slot.begins)
        overlap = any(one.ends > other.begins for one, other in pairwise(ordered))
        return self.item.kind == Kind.FINAL and overlap

    @property
    def teams(self) -> list[Team]:
        """Whose day can be set, in the order of their numbers."""
        found = {slot.team for slot in self.own} | (set(self.joint.teams.all()) if self.joint else set())
        return sorted(found, key=lambda team: team.number)


def items_of(cohort: Cohort) -> QuerySet[CurriculumItem]:
    return cohort.program.curriculum.filter(kind__in=KINDS)


def plan_of(cohort: Cohort, item: CurriculumItem, *, now: datetime) -> Plan:
    joint = _joint_rows(cohort, item, now).prefetch_related("teams").first()
    own = tuple(
        Slot(team, row.date, row.start_time, row.minutes) for team, row in _own_rows(cohort, item, now)
    )
    there = {slot.team.pk for slot in own} | ({team.pk for team in joint.teams.all()} if joint else set())
    others = cohort.teams.filter(status=Team.Status.CONFIRMED).exclude(pk__in=there)
    return Plan(item, joint, own, tuple(others))


def _joint_rows(cohort: Cohort, item: CurriculumItem, now: datetime) -> QuerySet[Meeting]:
    """The meeting for all that lies ahead, as long as nobody was marked at it."""
    return scheduling.joint_ahead(cohort, now=now).filter(item=item).exclude(pk__in=_marked())


def _marked() -> QuerySet:
    """Meetings at which somebody was or was not; an excusal may be older than the meeting."""
    return Attendance.objects.exclude(status=Attendance.Status.EXCUSED).values("meeting")


def _own_rows(
    cohort: Cohort, item: CurriculumItem, now: datetime, *, lock: bool = False
) -> list[tuple[Team, Meeting]]:
    """Of each confirmed team that has this meeting ahead of it by itself: nobody was marked at it."""
    today = now.astimezone(cohort.zone).date()
    ahead = cohort.meetings.upcoming(today).filter(item=item, is_joint=False).exclude(pk__in=_marked())
    rows = ahead.select_for_update(of=("self",)) if lock else ahead
    by_id = {row.pk: row for row in rows.select_related("item", "cohort")}
    links = MeetingTeam.objects.filter(meeting__in=by_id, team__status=Team.Status.CONFIRMED)
    return [
        (link.team, by_id[link.meeting_id])
        for link in links.select_related("team").order_by("team__number", "meeting__date")
    ]


def together(plan: Plan, when: When) -> list[Slot]:
    return [Slot(team, when.date, when.start_time, when.minutes) for team in plan.teams]


def one_after_another(plan: Plan, *, day: date, start: time, pause: int) -> list[Slot]:
    """One team after another in the order of their numbers, `pause` minutes between two. Raises CannotSetDay."""
    minutes, begins, slots = plan.item.minutes, datetime.combine(day, start), []
    for team in plan.teams:
        slot = Slot(team, day, begins.time(), minutes)
        if begins.date() != day or slot.ends > datetime.combine(day, LATEST):
            raise CannotSetDay(
                "The last team would end after 9:00 p.m. Begin earlier, or leave a shorter pause between the teams."
            )
        slots.append(slot)
        begins = slot.ends + timedelta(minutes=pause)
    return slots


def why_not_on(cohort: Cohort, item: CurriculumItem, day: date, *, now: datetime) -> str:
    """Why a day cannot be set at all, in words; empty when it can. The meeting keeps its month (M2)."""
    if day < now.astimezone(cohort.zone).date():
        return f"{dates.long_date(day)} is already over. Choose a day ahead."
    if dates.program_month(cohort.first_month, day) != item.month:
        month = dates.month_name(dates.add_months(cohort.first_month, item.month - 1))
        return f"“{item.title}” counts for {month}. Choose a day in that month."
    return ""


def against(plan: Plan, cohort: Cohort, slots: Sequence[Slot], *, now: datetime) -> list[str]:
    """What speaks against these times, to be read before they are set; in as many queries for any number of teams."""
    if not slots:
        return []
    day = slots[0].date
    warnings = dates.warnings_for(
        day,
        first_month=cohort.first_month,
        months=cohort.months,
        closed_days=scheduling.closed_days_of(cohort),
        today=now.astimezone(cohort.zone).date(),
    )
    return [
        *(each.text for each in warnings),
        *_meets_already(plan, slots),
        *_unsuited(cohort, slots),
        *_at_once(plan, cohort, slots),
    ]


def _meets_already(plan: Plan, slots: Sequence[Slot]) -> list[str]:
    rows = MeetingTeam.objects.filter(
        team__in=[slot.team for slot in slots], meeting__date=slots[0].date
    ).exclude(meeting__item=plan.item)
    rows = rows.exclude(meeting__status=Meeting.Status.CANCELLED).select_related("team")
    return [f"{row.team} already meets on this day." for row in rows.order_by("team__number")]


def _unsuited(cohort: Cohort, slots: Sequence[Slot]) -> list[str]:
    """Who said, before teams were formed, that they cannot meet then."""
    places = Membership.objects.filter(team__in=[slot.team for slot in slots], ended_at=None)
    places = places.select_related("participant__user", "participant__wishes")
    members: dict[int, list[Membership]] = defaultdict(list)
    for place in places:
        members[place.team_id].append(place)
    found = []
    for slot in slots:
        names = [
            str(place.participant)
            for place in members[slot.team.pk]
            if (said := wishes_of(place.participant))
            and not suits(said.times, cohort, slot.date, slot.start, slot.minutes)
        ]
        if names:
            when = f"{slot.date:%A} at {dates.clock(slot.start)}"
            found.append(f"{slot.team}: {', '.join(names)} had not named {when} as a time to meet.")
    return found


def _at_once(plan: Plan, cohort: Cohort, slots: Sequence[Slot]) -> list[str]:
    """What else the branch deputy is asked to, or plans to attend, at that time (M13)."""
    rows = Meeting.objects.filter(
        cohort__branch=cohort.branch_id, date=slots[0].date, status=Meeting.Status.PLANNED
    )
    rows = rows.exclude(cohort=cohort, item=plan.item).select_related("item", "cohort")
    visited = set(visits.standing().filter(meeting__in=rows).values_list("meeting_id", flat=True))
    return [
        f"At {dates.clock(row.start_time)} the branch deputy is asked to another meeting as well: "
        f"{row.item.title if row.item else 'an extra meeting'} of the {row.cohort}."
        for row in rows
        if (row.pk in visited or (row.item and row.item.kind == Kind.FINAL))
        and any(slot.overlaps(row) for slot in slots)
    ]


# Writing


@transaction.atomic
def join(
    *, cohort: Cohort, item: CurriculumItem, when: When, where: Where, by: User, now: datetime
) -> Meeting:
    """One meeting for all teams that have it ahead of them; joined already, its day and place. The same twice is one.

    What members wrote for their own meeting, and who leads it, goes along. Raises NotYourMeeting, CannotSetDay.
    """
    cohort = _checked(cohort, item, when.date, by, now)
    joint = _joint_rows(cohort, item, now).select_for_update(of=("self",)).first()
    rows = _own_rows(cohort, item, now, lock=True)
    if joint is None and not rows:
        raise CannotSetDay("No team has this meeting ahead of it any more.")
    is_news = bool(rows) or joint is None
    if joint is None:
        joint = _new(cohort, item, when, where, by, now)
    else:
        is_news |= _set(joint, when, where, by=by, now=now)
    for team, row in rows:
        _lend(row, team, joint, by=by, now=now)
    if is_news:
        _tell(cohort, joint.teams.all(), item, by=by, now=now)
    return joint


@transaction.atomic
def stagger(
    *, cohort: Cohort, item: CurriculumItem, day: date, start: time, pause: int, by: User, now: datetime
) -> int:
    """The same day for all, one team after another; returns how many meetings changed. Each stays in its team's hands.

    Raises NotYourMeeting, CannotSetDay.
    """
    cohort = _checked(cohort, item, day, by, now)
    joint = _joint_rows(cohort, item, now).select_for_update(of=("self",)).first()
    if joint:
        _take_apart(joint, by=by, now=now)
    slots = {
        slot.team.pk: slot
        for slot in one_after_another(plan_of(cohort, item, now=now), day=day, start=start, pause=pause)
    }
    moved = []
    for team, row in _own_rows(cohort, item, now, lock=True):
        slot = slots[team.pk]
        if _set(row, When(slot.date, slot.start, slot.minutes), _where(row), by=by, now=now) or joint:
            moved.append(team)
    _tell(cohort, moved, item, by=by, now=now)
    return len(moved)


@transaction.atomic
def apart(*, cohort: Cohort, item: CurriculumItem, by: User, now: datetime) -> int:
    """Each team has its own meeting again, as it was; returns how many. A second call changes nothing.

    Raises NotYourMeeting.
    """
    cohort = Cohort.objects.select_for_update(of=("self",)).select_related("program").get(pk=cohort.pk)
    team_space.require_office(by, cohort, on=now.astimezone(cohort.zone).date())
    joint = _joint_rows(cohort, item, now).select_for_update(of=("self",)).first()
    if joint is None:
        return 0
    teams = _take_apart(joint, by=by, now=now)
    _tell(cohort, teams, item, by=by, now=now)
    return len(teams)


def _checked(cohort: Cohort, item: CurriculumItem, day: date, by: User, now: datetime) -> Cohort:
    cohort = Cohort.objects.select_for_update(of=("self",)).select_related("program").get(pk=cohort.pk)
    team_space.require_office(by, cohort, on=now.astimezone(cohort.zone).date())
    if item.program_id != cohort.program_id or item.kind not in KINDS:
        raise CannotSetDay("The day of this meeting is each team's own.")
    if why := why_not_on(cohort, item, day, now=now):
        raise CannotSetDay(why)
    return cohort


def _new(cohort: Cohort, item: CurriculumItem, when: When, where: Where, by: User, now: datetime) -> Meeting:
    joint = Meeting.objects.create(
        cohort=cohort,
        item=item,
        is_joint=True,
        date=when.date,
        start_time=when.start_time,
        minutes=item.minutes,
        time_zone=cohort.time_zone,
        place=where.place,
        mode=where.mode,
        link=where.link,
        month=item.month,
        created_by=by,
        created_at=now,
        changed_at=now,
    )
    summary = f"One meeting for all teams: {scheduling.moment_of(joint)}"
    MeetingChange.objects.create(meeting=joint, summary=summary, made_by=by, made_at=now)
    audit.record("meeting.joint_planned", by=by, obj=joint, now=now, data={"cohort": cohort.pk})
    return joint


def _set(meeting: Meeting, when: When, where: Where, *, by: User, now: datetime) -> bool:
    """Another time or place; False: it is so already."""
    before = scheduling.moment_of(meeting)
    is_moved = (meeting.date, meeting.start_time) != (when.date, when.start_time)
    if not is_moved and _where(meeting) == where:
        return False
    meeting.date, meeting.start_time = when.date, when.start_time
    meeting.month = scheduling.counted_month(meeting.cohort, when.date)
    meeting.place, meeting.mode, meeting.link = where.place, where.mode, where.link
    after = scheduling.moment_of(meeting)
    summary = (
        f"Moved from {before} to {after}" if is_moved else f"Another place: {where.place or 'still open'}."
    )
    action = "meeting.moved" if is_moved else "meeting.place_set"
    scheduling.save_change(meeting, summary, by=by, now=now, action=action)
    return True


def _where(meeting: Meeting) -> Where:
    return Where(meeting.place, meeting.mode, meeting.link)


def _lend(row: Meeting, team: Team, joint: Meeting, *, by: User, now: datetime) -> None:
    """The team is at the joint meeting; its own is called off until the teams are taken apart."""
    MeetingTeam.objects.get_or_create(meeting=joint, team=team)
    row.status, row.joined_into = Meeting.Status.CANCELLED, joint
    row.cancelled_reason = f"All teams meet together on {scheduling.moment_of(joint)}"
    summary = f"Called off: {scheduling.moment_of(row)}"
    reason = row.cancelled_reason
    scheduling.save_change(row, summary, by=by, now=now, reason=reason, action="meeting.cancelled")
    _take_along(team, row, joint)


def _take_apart(joint: Meeting, *, by: User, now: datetime) -> list[Team]:
    teams = list(joint.teams.filter(status=Team.Status.CONFIRMED).order_by("number"))
    for team in teams:
        row = joint.joined.filter(meeting_teams__team=team).select_related("item", "cohort").first()
        row = row or Meeting(
            cohort=joint.cohort,
            item=joint.item,
            minutes=joint.minutes,
            time_zone=joint.time_zone,
            month=joint.month,
            created_by=by,
            created_at=now,
        )
        _stand_again(row, team, joint, by=by, now=now)
    joint.status = Meeting.Status.CANCELLED
    joint.cancelled_reason = "Each team has its own meeting."
    summary = f"Called off: {scheduling.moment_of(joint)}"
    reason = joint.cancelled_reason
    scheduling.save_change(joint, summary, by=by, now=now, reason=reason, action="meeting.cancelled")
    return teams


def _stand_again(row: Meeting, team: Team, joint: Meeting, *, by: User, now: datetime) -> None:
    """The team's own row as it was; without one, or where its day is over, at the time at which all would have met."""
    if row.pk is None or row.date < row.local_today(now):
        row.date, row.start_time, row.month = joint.date, joint.start_time, joint.month
        row.place, row.mode, row.link = joint.place, joint.mode, joint.link
    row.status, row.cancelled_reason, row.joined_into = Meeting.Status.PLANNED, "", None
    summary = f"The team has its own meeting: {scheduling.moment_of(row)}"
    scheduling.save_change(row, summary, by=by, now=now, action="meeting.stands_again")
    MeetingTeam.objects.get_or_create(meeting=row, team=team)
    _take_along(team, joint, row)


def _take_along(team: Team, source: Meeting, target: Meeting) -> None:
    """What the team wrote for a meeting, who leads it, and who is excused from it."""
    for model in (Facilitator, Note, ActionItem):
        model._default_manager.filter(meeting=source, team=team).update(meeting=target)
    members = team_space.members_of(team).values("pk")
    Attendance.objects.filter(meeting=source, participant__in=members).update(meeting=target)


def _tell(cohort: Cohort, teams: Iterable[Team], item: CurriculumItem, *, by: User, now: datetime) -> None:
    """Each member once, and the calendars of those who have their meetings by mail."""
    meetings = list(cohort.meetings.filter(item=item).values_list("pk", flat=True))
    for team in teams:
        to = team_space.others(team_space.members_of(team), by)
        key, ids = f"{item.pk}.{now.isoformat()}", {"team": team.pk, "item": item.pk}
        outbox.queue_many(kind="meetings.day_set", to=to, key=key, now=now, ids=ids)
    invitations.queue_needed(meetings=meetings, now=now)
