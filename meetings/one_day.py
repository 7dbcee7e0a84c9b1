"""Before the branch office sets one day for several teams (M5, M13): who meets when, and what speaks against it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from django.db.models import Prefetch, Q, QuerySet

from coaching.errors import Refused
from coaching.meeting_times import suits
from coaching.models import Cohort, CurriculumItem, Membership, Team
from coaching.team_problem import wishes_of
from meetings import dates, laying_out, leave, places, program, visits
from meetings.models import Attendance, Meeting, MeetingTeam
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
    standing = Team.objects.filter(status=Team.Status.CONFIRMED)
    joint = joint_rows(cohort, item, now).prefetch_related(Prefetch("teams", standing)).first()
    own = tuple(
        Slot(team, row.date, row.start_time, row.minutes) for team, row in own_rows(cohort, item, now)
    )
    there = {slot.team.pk for slot in own} | ({team.pk for team in joint.teams.all()} if joint else set())
    others = cohort.teams.filter(status=Team.Status.CONFIRMED).exclude(pk__in=there)
    return Plan(item, joint, own, tuple(others))


def joint_rows(cohort: Cohort, item: CurriculumItem, now: datetime) -> QuerySet[Meeting]:
    """The meeting for all that lies ahead, as long as nobody was marked at it."""
    return laying_out.joint_ahead(cohort, now=now).filter(item=item).exclude(pk__in=_marked())


def _marked() -> QuerySet:
    """Meetings at which somebody was or was not; an excusal may be older than the meeting."""
    return Attendance.objects.exclude(status=Attendance.Status.EXCUSED).values("meeting")


def own_rows(
    cohort: Cohort, item: CurriculumItem, now: datetime, *, lock: bool = False
) -> list[tuple[Team, Meeting]]:
    """Of each confirmed team that has this meeting ahead of it by itself: nobody was marked at it."""
    ahead = cohort.meetings.filter(item=item, is_joint=False).not_over(now, cohort.zone)
    ahead = ahead.exclude(pk__in=_marked())
    rows = ahead.select_for_update(of=("self",)) if lock else ahead
    by_id = {row.pk: row for row in rows.select_related("item", "cohort")}
    links = MeetingTeam.objects.filter(meeting__in=by_id, team__status=Team.Status.CONFIRMED)
    return [
        (link.team, by_id[link.meeting_id])
        for link in links.select_related("team").order_by("team__number", "meeting__date")
    ]


def all_together(plan: Plan, when: When) -> list[Slot]:
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


def on_usual_days(plan: Plan, cohort: Cohort) -> list[Slot]:
    """Each team by the rule of its other meetings (M3), in the month of the meeting."""
    rhythms, slots = laying_out.rhythms_of(cohort, [slot.team for slot in plan.own]), []
    month = dates.add_months(cohort.first_month, plan.item.month - 1)
    for own in plan.own:
        rule = rhythms[own.team.pk]
        day = dates.nth_weekday(month.year, month.month, rule.weekday, rule.week)
        slots.append(Slot(own.team, day, rule.start_time, own.minutes))
    return slots


def key_of(slots: Sequence[Slot]) -> str:
    """What was seen before it was agreed to: which team, and when."""
    return ",".join(f"{slot.team.pk}:{slot.begins:%Y%m%d%H%M}" for slot in slots)


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
    closed, today = laying_out.closed_days_of(cohort), now.astimezone(cohort.zone).date()
    days = sorted({slot.date for slot in slots})
    warnings = [
        each
        for day in days
        for each in dates.warnings_for(
            day, first_month=cohort.first_month, months=cohort.months, closed_days=closed, today=today
        )
    ]
    return [
        *(each.text for each in warnings),
        *_meets_already(plan, slots),
        *_unsuited(cohort, slots),
        *_at_once(plan, cohort, slots),
    ]


def tight_together(plan: Plan, cohort: Cohort, when: When) -> list[str]:
    """M7: whether each has time enough for the outcome of their project when all teams are heard in one meeting."""
    if plan.item.kind != Kind.FINAL:
        return []  # the introductions are in teams
    people = [place.participant for place in laying_out.members_of_teams(plan.teams)]
    present = leave.not_away(people, cohort, when.date)
    return list(program.tight_together(plan.item, len(present)))


def same_room(plan: Plan, cohort: Cohort, slots: Sequence[Slot]) -> list[str]:
    """M4: who would share a room at these times; each team keeps the place of its own meeting."""
    own = MeetingTeam.objects.filter(team__in=[slot.team for slot in slots], meeting__item=plan.item)
    stands = Q(meeting__status=Meeting.Status.PLANNED)
    own = own.filter(stands | Q(meeting__joined_into=plan.joint) if plan.joint else stands)
    rows = {
        each.team_id: each.meeting for each in own.filter(meeting__is_joint=False).select_related("meeting")
    }
    uses = [
        places.Use(str(slot.team), rows[slot.team.pk].place, slot.date, slot.start, slot.minutes)
        for slot in slots
        if slot.team.pk in rows and rows[slot.team.pk].mode != Meeting.Mode.REMOTE
    ]
    return places.same_room(uses, cohort.branch, besides=_of_item(plan, cohort))


def same_room_together(plan: Plan, cohort: Cohort, when: When, where: Where) -> list[str]:
    if where.mode == Meeting.Mode.REMOTE:
        return []
    use = places.Use("All teams", where.place, when.date, when.start_time, when.minutes)
    return places.same_room([use], cohort.branch, besides=_of_item(plan, cohort))


def _of_item(plan: Plan, cohort: Cohort) -> list[int]:
    return list(cohort.meetings.filter(item=plan.item).values_list("pk", flat=True))


def _meets_already(plan: Plan, slots: Sequence[Slot]) -> list[str]:
    days = {slot.team.pk: slot.date for slot in slots}
    rows = MeetingTeam.objects.filter(team__in=days, meeting__date__in=set(days.values()))
    rows = rows.exclude(meeting__item=plan.item).exclude(meeting__status=Meeting.Status.CANCELLED)
    return [
        f"{row.team} already meets on {dates.long_date(row.meeting.date)}."
        for row in rows.select_related("team", "meeting").order_by("team__number")
        if days[row.team_id] == row.meeting.date
    ]


def _unsuited(cohort: Cohort, slots: Sequence[Slot]) -> list[str]:
    """Who said, before teams were formed, that they cannot meet then."""
    members: dict[int, list[Membership]] = defaultdict(list)
    for place in laying_out.members_of_teams([slot.team for slot in slots]):
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
        cohort__branch=cohort.branch_id,
        date__in={slot.date for slot in slots},
        status=Meeting.Status.PLANNED,
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
