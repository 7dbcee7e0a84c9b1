"""A team's meetings as a whole: by which rule it meets, laid out, moved and called off at once (M1 to M4)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from django.db import transaction
from django.db.models import Max, QuerySet

from coaching import audit, outbox
from coaching.cohorts import closed_days
from coaching.meeting_times import time_for_all, usual_time
from coaching.models import Cohort, CurriculumItem, Membership, Team, TeamWishes, User
from coaching.team_problem import wishes_of
from meetings import dates, invitations, team_space
from meetings.dates import PlannedDate
from meetings.models import Meeting, MeetingChange, MeetingTeam
from meetings.scheduling import MOVED, CannotPlan, When, locked_team, moment, moment_of, save_change, when_of


def closed_days_of(cohort: Cohort) -> dict[date, str]:
    """Closed days from the month before the program's first to the month after its last."""
    start = dates.add_months(cohort.first_month, -1)
    end = dates.end_of_program_month(cohort.first_month, cohort.months + 1)
    return closed_days(cohort, start=start, end=end)


@dataclass(frozen=True)
class Rhythm:
    """The rule by which a team meets (M3): that weekday (Monday is 0) of that week (1 to 4) of each month, at that time."""

    weekday: int
    week: int
    start_time: time


def rhythm_of(team: Team) -> Rhythm:
    return rhythms_of(team.cohort, [team])[team.pk]


def rhythms_of(cohort: Cohort, teams: Collection[Team]) -> dict[int, Rhythm]:
    """By team, the rule by which most of its meetings about a competency lie, those that are planned before those held.

    A team that has none: the cohort's rule, at a time that suits all members as they said before the team was formed,
    if there is one. As many queries for any number of teams.
    """
    found: dict[int, Rhythm] = {}
    wishes: dict[int, list[TeamWishes | None]] = {team.pk: [] for team in teams}
    for place in members_of_teams(teams):
        wishes[place.team_id].append(wishes_of(place.participant))
    for team, rules in _rules(teams).items():
        found[team] = Counter(rules).most_common(1)[0][0]
    for pk, said in wishes.items():
        if pk not in found:
            when = time_for_all(cohort, said) or usual_time(cohort)
            found[pk] = Rhythm(when.weekday, cohort.meeting_week, when.start)
    return found


def _rules(teams: Collection[Team]) -> dict[int, list[Rhythm]]:
    """The latest first, so that of two rules that are as frequent the later counts."""
    rows = MeetingTeam.objects.filter(team__in=teams, meeting__item__kind=CurriculumItem.Kind.COMPETENCY)
    rows = rows.exclude(meeting__status=Meeting.Status.CANCELLED).select_related("meeting")
    by_team: dict[int, list[Meeting]] = defaultdict(list)
    for row in rows.order_by("-meeting__date", "-meeting__start_time"):
        by_team[row.team_id].append(row.meeting)
    return {
        team: [
            Rhythm(each.date.weekday(), (each.date.day - 1) // 7 + 1, each.start_time)
            for each in [one for one in meetings if one.status == Meeting.Status.PLANNED] or meetings
        ]
        for team, meetings in by_team.items()
    }


def members_of_teams(teams: Collection[Team]) -> "QuerySet[Membership]":
    places = Membership.objects.filter(team__in=teams, ended_at=None)
    return places.select_related("participant__user", "participant__wishes")


def planned_dates(cohort: Cohort, months: list[int], rhythm: Rhythm) -> list[PlannedDate]:
    """A date for each of these months of the program, with what speaks against it (M3)."""
    return dates.lay_out(cohort.first_month, months, rhythm.weekday, rhythm.week, closed_days_of(cohort))


@transaction.atomic
def lay_out_meetings(
    *, team: Team, by: User | None, now: datetime, since: date | None = None
) -> list[Meeting]:
    """Plan every meeting of the curriculum for a confirmed team (M1, M4); a second call adds only what is missing.

    Where all teams have a meeting together that lies ahead, the team is at that one. `since`: those before this day are
    left out, for a team whose program has begun.
    """
    team = locked_team(team)
    if team.status != Team.Status.CONFIRMED:
        raise CannotPlan(
            f"{team} is not confirmed yet. Its meetings are planned as soon as everybody has agreed."
        )
    cohort = team.cohort
    planned = Meeting.objects.of_team(team).live().exclude(item=None).values_list("item_id", flat=True)
    items = [item for item in cohort.program.curriculum.all() if item.pk not in set(planned)]
    together = joint_ahead(cohort, now=now).select_for_update(of=("self",))
    joint = {each.item_id: each for each in together if each.item in items}
    items = [item for item in items if item.pk not in joint]
    rhythm = rhythm_of(team)
    meetings = [
        Meeting(
            cohort=cohort,
            item=item,
            date=day.date,
            start_time=rhythm.start_time,
            minutes=item.minutes,
            time_zone=cohort.time_zone,
            place=cohort.meeting_place,
            month=day.month,
            created_by=by,
            created_at=now,
            changed_at=now,
        )
        for item, day in zip(
            items, planned_dates(cohort, [item.month for item in items], rhythm), strict=True
        )
        if since is None or day.date >= since
    ]
    for meeting in meetings:
        meeting.save()
    meetings += joint.values()
    MeetingTeam.objects.bulk_create(MeetingTeam(meeting=meeting, team=team) for meeting in meetings)
    if meetings:
        audit.record(
            "meetings.laid_out", by=by, obj=team, now=now, data={"meetings": [m.pk for m in meetings]}
        )
        to = team_space.others(team_space.members_of(team), by)
        outbox.queue_many(kind="meetings.laid_out", to=to, key=f"{team.pk}", now=now, ids={"team": team.pk})
        invitations.queue_needed(meetings=[each.pk for each in meetings], now=now)
    return sorted(meetings, key=lambda each: (each.date, each.start_time, each.pk))


def joint_ahead(cohort: Cohort, *, now: datetime) -> "QuerySet[Meeting]":
    """The meetings for all teams together that lie ahead: a team that is confirmed later is at them too."""
    ahead = cohort.meetings.filter(is_joint=True).not_over(now, cohort.zone)
    return ahead.select_related("item", "cohort")


@transaction.atomic
def change_rhythm(
    *, team: Team, rhythm: Rhythm, instead: Collection[int] = (), by: User | None, now: datetime
) -> list[Meeting]:
    """Move every meeting of the curriculum that lies ahead to another rule, each within its month (M3); any member may.

    `instead`: the meetings, by id, that take the nearest free day of their month where the rule's is closed. The second
    call changes nothing. Raises NotYourMeeting, CannotPlan.
    """
    team = locked_team(team)
    team_space.require_team_member(by, team)
    if team.status != Team.Status.CONFIRMED:
        raise CannotPlan(f"{team} is not meeting now, so it has no meetings to move.")
    moved = []
    for meeting, day in _meetings_by(team, rhythm, now=now, lock=True):
        date = day.proposed_date if meeting.pk in instead and day.proposed_date else day.date
        before, to = when_of(meeting), When(date, rhythm.start_time, meeting.minutes)
        if before == to or date < meeting.local_today(now):
            continue
        meeting.date, meeting.start_time = to.date, to.start_time
        summary = f"{MOVED} {moment(before)} to {moment(to)}"
        save_change(meeting, summary, by=by, now=now, action="meeting.moved")
        moved.append(meeting)
    if moved:
        to_all = team_space.others(team_space.members_of(team), by)
        key, ids = f"{team.pk}.{now.isoformat()}", {"team": team.pk}
        outbox.queue_many(kind="meetings.rhythm", to=to_all, key=key, now=now, ids=ids)
        invitations.queue_needed(meetings=[each.pk for each in moved], now=now)
    return moved


def last_change_by_others(team: Team, by: User, *, now: datetime) -> int:
    """Of the team's meetings ahead, as a number that rises; 0 where there is none."""
    ahead = Meeting.objects.of_team(team).upcoming(now.astimezone(team.cohort.zone).date())
    made = MeetingChange.objects.filter(meeting__in=ahead).exclude(made_by=by)
    return made.aggregate(last=Max("pk"))["last"] or 0


@dataclass(frozen=True)
class Preview:
    """What another rule leads to. `stay`: the meetings ahead that it leaves as they are, with why."""

    days: list[tuple[Meeting, PlannedDate]]
    stay: list[tuple[Meeting, str]]


def preview(team: Team, rhythm: Rhythm, *, now: datetime) -> Preview:
    """What speaks against the days is said with them, a meeting that stays on one of them too (M3)."""
    today = now.astimezone(team.cohort.zone).date()
    found = _meetings_by(team, rhythm, now=now)
    days = [(meeting, day) for meeting, day in found if day.date >= today or day.proposed_date]
    moving = {meeting.pk for meeting, _ in days}
    ahead = Meeting.objects.of_team(team).not_over(now, team.cohort.zone).select_related("item", "cohort")
    ahead = ahead.order_by("date", "start_time", "pk")
    staying = [each for each in ahead.prefetch_related("teams") if each.pk not in moving]
    taken = {each.date: each for each in staying}
    return Preview(
        [(meeting, _beside(day, taken)) for meeting, day in days],
        [(each, _why_it_stays(each)) for each in staying],
    )


def _beside(day: PlannedDate, taken: Mapping[date, Meeting]) -> PlannedDate:
    there = [meeting for date, meeting in taken.items() if date in (day.date, day.proposed_date)]
    warnings = [dates.same_day_warning(each.date, each.heading) for each in there]
    return replace(day, warnings=(*day.warnings, *warnings))


def _why_it_stays(meeting: Meeting) -> str:
    if meeting.is_joint:
        return "the branch office sets the day of a meeting for all teams"
    if meeting.item_id is None:
        return "an extra meeting"
    if meeting.month is None:
        return "it lies outside the program’s months"
    if len(meeting.teams.all()) > 1:
        return "another team is at it too"
    return "the day of the rule in its month is over"


def _meetings_by(
    team: Team, rhythm: Rhythm, *, now: datetime, lock: bool = False
) -> list[tuple[Meeting, PlannedDate]]:
    """The team's own meetings of the curriculum that lie ahead, with the day of the rule in the month of each (M3).

    One for all teams stays, as does one that lies outside the program.
    """
    ahead = Meeting.objects.of_team(team).filter(is_joint=False).not_over(now, team.cohort.zone)
    others = MeetingTeam.objects.exclude(team=team).values("meeting")
    ahead = (
        ahead.exclude(item=None).exclude(month=None).exclude(pk__in=others).select_related("item", "cohort")
    )
    meetings = list(ahead.select_for_update(of=("self",)) if lock else ahead)
    days = planned_dates(team.cohort, [each.month for each in meetings if each.month], rhythm)
    return list(zip(meetings, days, strict=True))


@transaction.atomic
def call_off_ahead(*, team: Team, reason: str, by: User | None, now: datetime) -> int:
    """Call off what a team that ended had planned; its people know, so no mail goes out. Returns how many.

    A meeting that other teams are part of stays. The second call finds nothing.
    """
    ahead = Meeting.objects.of_team(team).not_over(now, team.cohort.zone).select_for_update(of=("self",))
    others = MeetingTeam.objects.exclude(team=team).exclude(team__status=Team.Status.ENDED)
    found = list(ahead.exclude(pk__in=others.values("meeting")))
    for meeting in found:
        meeting.status = Meeting.Status.CANCELLED
        meeting.cancelled_reason = reason
        summary = f"Called off: {moment_of(meeting)}"
        save_change(meeting, summary, by=by, now=now, reason=reason, action="meeting.cancelled")
    invitations.queue_needed(meetings=[each.pk for each in found], now=now)
    return len(found)
