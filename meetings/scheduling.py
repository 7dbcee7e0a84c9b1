"""Planning a team's meetings: laying out the whole program, moving, adding, cancelling (M1 to M4)."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet

from coaching import audit, offices, outbox
from coaching.cohorts import closed_days
from coaching.errors import Refused
from coaching.meeting_times import time_for_all, usual_time
from coaching.models import Cohort, CurriculumItem, Membership, Team, TeamWishes, User
from coaching.team_problem import wishes_of
from meetings import changes, dates, invitations, team_space, visits
from meetings.dates import DateWarning, PlannedDate
from meetings.models import Meeting, MeetingChange, MeetingTeam

AFTERWARDS_DAYS = 7
MOVED = "Moved from"
CONCERNS_VISITORS = ("meeting.moved", "meeting.place_set", "meeting.cancelled", "meeting.stands_again")


class CannotPlan(Refused):
    pass


class CannotChange(Refused):
    pass


@dataclass(frozen=True)
class When:
    date: date
    start_time: time
    minutes: int


@dataclass(frozen=True)
class Where:
    place: str = ""
    mode: str = Meeting.Mode.IN_PERSON
    link: str = ""


def takes_no_more(cohort: Cohort, *, today: date) -> bool:
    """Whether the program's months are behind a team, and the days in which a meeting can be written down too."""
    last = dates.end_of_program_month(cohort.first_month, cohort.months)
    return today > last + timedelta(days=AFTERWARDS_DAYS)


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
    team = _locked_team(team)
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


def warnings_about(
    *, cohort: Cohort, team: Team, day: date, now: datetime, meeting: Meeting | None = None
) -> tuple[DateWarning, ...]:
    """What speaks against a day for this team, to be shown before anything is saved (M3)."""
    taken = Meeting.objects.of_team(team).live()
    if meeting:
        taken = taken.exclude(pk=meeting.pk)
    return dates.warnings_for(
        day,
        first_month=cohort.first_month,
        months=cohort.months,
        closed_days=closed_days(
            cohort, start=dates.end_of_month(day).replace(day=1), end=dates.end_of_month(day)
        ),
        today=now.astimezone(cohort.zone).date(),
        leaves=meeting.month if meeting and meeting.item_id else None,
        taken=set(taken.values_list("date", flat=True)),
    )


def counted_month(cohort: Cohort, day: date) -> int | None:
    """The program month a day lies in, None outside the program (M2)."""
    month = dates.program_month(cohort.first_month, day)
    return month if 1 <= month <= cohort.months else None


def why_not_move(meeting: Meeting) -> str:
    """Why a meeting keeps its date, in words; empty when it can be moved. For the page, the form and the write."""
    if meeting.status == Meeting.Status.CANCELLED:
        return "This meeting was called off. Add another one instead."
    if meeting.status == Meeting.Status.HELD:
        return "This meeting has been held: attendance was taken. Add another meeting instead."
    return why_fixed(meeting)


def why_fixed(meeting: Meeting) -> str:
    """Why no team moves a meeting, in words; empty for all but the meetings of all teams together."""
    if not meeting.is_joint:
        return ""
    return "All teams of the program are at this meeting together. The branch office sets its day and place: ask it."


def why_not_cancel(meeting: Meeting) -> str:
    """Why a meeting cannot be called off, in words; empty when it can."""
    if meeting.status == Meeting.Status.CANCELLED:
        return "This meeting was called off already."
    if any(row.was_there for row in meeting.attendance.all()):
        return "This meeting has been held: attendance was taken. It can no longer be called off."
    return why_fixed(meeting)


@transaction.atomic
def move(
    *,
    meeting: Meeting,
    to: When,
    by: User | None,
    now: datetime,
    reason: str = "",
    seen: int | None = None,
) -> Meeting:
    """Give a planned meeting another date or time. The team decides (M3); leaving its month informs the branch office.

    `seen`: the meeting's sequence where this was decided. Raises NotYourMeeting, ChangedMeanwhile, CannotChange.
    """
    meeting = _locked(meeting, by)
    before = when_of(meeting)
    if before == to:
        return meeting
    changes.require_seen(meeting, seen, by)
    if why := why_not_move(meeting):
        raise CannotChange(why)
    if to.date < meeting.local_today(now):
        raise CannotChange(f"{dates.long_date(to.date)} is already over. Choose a day ahead.")
    if meeting.item and to.minutes != meeting.item.minutes:
        raise CannotChange(f"“{meeting.item.title}” lasts {meeting.item.minutes} minutes.")  # M1
    month_before = meeting.month
    meeting.date, meeting.start_time, meeting.minutes = to.date, to.start_time, to.minutes
    meeting.month = counted_month(meeting.cohort, to.date)
    summary = f"{MOVED} {moment(before)} to {moment(to)}"
    change = save_change(meeting, summary, by=by, now=now, reason=reason, action="meeting.moved")
    _tell_members(meeting, change, by=by, now=now)
    if meeting.item_id and month_before != meeting.month:
        _tell_office(meeting, change, now=now)
    return meeting


@transaction.atomic
def change_rhythm(
    *, team: Team, rhythm: Rhythm, instead: Collection[int] = (), by: User | None, now: datetime
) -> list[Meeting]:
    """Move every meeting of the curriculum that lies ahead to another rule, each within its month (M3); any member may.

    `instead`: the meetings, by id, that take the nearest free day of their month where the rule's is closed. The second
    call changes nothing. Raises NotYourMeeting, CannotPlan.
    """
    team = _locked_team(team)
    team_space.require_team_member(by, team)
    if team.status != Team.Status.CONFIRMED:
        raise CannotPlan(f"{team} is not meeting now, so it has no meetings to move.")
    moved = []
    for meeting, day in meetings_by(team, rhythm, now=now, lock=True):
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


def meetings_by(
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
def set_place(
    *, meeting: Meeting, where: Where, by: User | None, now: datetime, seen: int | None = None
) -> Meeting:
    """Say where and how the team meets (M4). Raises NotYourMeeting, ChangedMeanwhile, CannotChange."""
    meeting = _locked(meeting, by)
    if why := why_fixed(meeting):
        raise CannotChange(why)
    if where_of(meeting) != where:
        changes.require_seen(meeting, seen, by)
    change = put(meeting, where, by=by, now=now)
    if change:
        _tell_members(meeting, change, by=by, now=now)
    return meeting


def put(meeting: Meeting, where: Where, *, by: User | None, now: datetime) -> MeetingChange | None:
    """None: it is there already."""
    if where_of(meeting) == where:
        return None
    meeting.place, meeting.mode, meeting.link = where.place, where.mode, where.link
    summary = f"{meeting.get_mode_display()}: {where.place or 'the place is still open'}."
    return save_change(meeting, summary, by=by, now=now, action="meeting.place_set")


@transaction.atomic
def cancel(
    *, meeting: Meeting, reason: str, by: User | None, now: datetime, seen: int | None = None
) -> Meeting:
    """Call off a planned meeting; it stays in calendars as cancelled. A second call changes nothing.

    Raises NotYourMeeting, ChangedMeanwhile, CannotChange.
    """
    meeting = _locked(meeting, by, cancelled_too=True)
    if meeting.status == Meeting.Status.CANCELLED:
        return meeting
    changes.require_seen(meeting, seen, by)
    if why := why_not_cancel(meeting):
        raise CannotChange(why)
    meeting.status = Meeting.Status.CANCELLED
    meeting.cancelled_reason = reason
    change = save_change(
        meeting,
        f"Called off: {moment_of(meeting)}",
        by=by,
        now=now,
        reason=reason,
        action="meeting.cancelled",
    )
    _tell_members(meeting, change, by=by, now=now)
    if meeting.item_id:
        _tell_office(meeting, change, now=now)
    return meeting


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


@transaction.atomic
def add_extra(
    *,
    team: Team,
    when: When,
    where: Where,
    by: User | None,
    now: datetime,
    title: str = "",
    item: CurriculumItem | None = None,
) -> Meeting:
    """Add a meeting (M2), or plan one of the curriculum again that was called off; a past one is written down afterwards.

    The same meeting sent twice is one meeting.
    """
    team = _locked_team(team)
    team_space.require_team_member(by, team)
    if team.status != Team.Status.CONFIRMED:
        raise CannotPlan(f"{team} is not meeting now, so it cannot plan a meeting.")
    cohort = team.cohort
    same = Meeting.objects.of_team(team).live().filter(date=when.date, start_time=when.start_time)
    twin = same.filter(item=item, title="" if item else title).first()
    if twin:
        return twin
    today = now.astimezone(cohort.zone).date()
    _check_extra(team, when, item, today)
    afterwards = when.date < today
    meeting = Meeting.objects.create(
        cohort=cohort,
        item=item,
        title="" if item else title,
        date=when.date,
        start_time=when.start_time,
        minutes=when.minutes,
        time_zone=cohort.time_zone,
        place=where.place,
        mode=where.mode,
        link=where.link,
        month=counted_month(cohort, when.date),
        status=Meeting.Status.HELD if afterwards else Meeting.Status.PLANNED,
        origin=Meeting.Origin.AFTERWARDS if afterwards else Meeting.Origin.PLANNED,
        created_by=by,
        created_at=now,
        changed_at=now,
    )
    MeetingTeam.objects.create(meeting=meeting, team=team)
    change = MeetingChange.objects.create(
        meeting=meeting, summary=f"Added: {moment(when)}", made_by=by, made_at=now
    )
    audit.record("meeting.added", by=by, obj=meeting, now=now)
    _tell_members(meeting, change, by=by, now=now)
    return meeting


def _check_extra(team: Team, when: When, item: CurriculumItem | None, today: date) -> None:
    if item and Meeting.objects.of_team(team).live().filter(item=item).exists():
        raise CannotPlan(
            f"“{item.title}” is in your calendar already. Move that meeting, or add an extra one."
        )
    if item and when.minutes != item.minutes:
        raise CannotPlan(f"“{item.title}” lasts {item.minutes} minutes.")  # M1
    if takes_no_more(team.cohort, today=today):
        raise CannotPlan(f"The {team.cohort} is over, so no meeting can be added to it.")
    if (today - when.date).days > AFTERWARDS_DAYS:
        raise CannotPlan(
            f"A meeting can be written down until {AFTERWARDS_DAYS} days after it took place. "
            "Choose a later day, or ask the branch office."
        )


@transaction.atomic
def count_for(*, meeting: Meeting, month: int | None, reason: str, by: User, now: datetime) -> Meeting:
    """The branch office decides that a meeting counts for another month than its date says, with the reason."""
    meeting = Meeting.objects.select_for_update().get(pk=meeting.pk)
    team_space.require_office(by, meeting.cohort, on=meeting.local_today(now))
    if meeting.month == month:
        return meeting
    if month is not None and not 1 <= month <= meeting.cohort.months:
        raise CannotChange("That month is not one of the program's.")
    meeting.month = month
    name = dates.month_name(dates.add_months(meeting.cohort.first_month, month - 1)) if month else "no month"
    change = save_change(
        meeting, f"Counts for {name}.", by=by, now=now, reason=reason, action="meeting.month_decided"
    )
    _tell_members(meeting, change, by=by, now=now)
    return meeting


def _locked_team(team: Team) -> Team:
    """The cohort first, as whoever sets a day for all its teams locks it: neither waits for the other in a circle."""
    Cohort.objects.select_for_update(of=("self",)).get(teams=team.pk)
    return Team.objects.select_for_update(of=("self",)).select_related("cohort__program").get(pk=team.pk)


def _locked(meeting: Meeting, by: User | None, *, cancelled_too: bool = False) -> Meeting:
    meeting = Meeting.objects.select_for_update().get(pk=meeting.pk)
    team_space.require_member(by, meeting)
    if meeting.status == Meeting.Status.CANCELLED and not cancelled_too:
        raise CannotChange(why_not_move(meeting))
    return meeting


def save_change(
    meeting: Meeting, summary: str, *, by: User | None, now: datetime, action: str, reason: str = ""
) -> MeetingChange:
    """Save the meeting with a new version for calendars, and write down what happened, for people and for the audit."""
    meeting.sequence += 1
    meeting.changed_at = now
    meeting.save()
    audit.record(action, by=by, obj=meeting, now=now, data={"summary": summary, "reason": reason})
    if action in CONCERNS_VISITORS:
        visits.tell_visitors(meeting, now=now)
    return MeetingChange.objects.create(
        meeting=meeting, summary=summary, reason=reason, made_by=by, made_at=now
    )


def _tell_members(meeting: Meeting, change: MeetingChange, *, by: User | None, now: datetime) -> None:
    to = team_space.others(team_space.members_now(meeting), by)
    ids = {"meeting": meeting.pk, "change": change.pk}
    outbox.queue_many(kind=invitations.CHANGED, to=to, key=f"{change.pk}", now=now, ids=ids)
    invitations.queue_needed(meetings=[meeting.pk], now=now)


def _tell_office(meeting: Meeting, change: MeetingChange, *, now: datetime) -> None:
    to = offices.branch_officers(meeting.cohort.branch, on=meeting.local_today(now))
    ids = {"meeting": meeting.pk, "change": change.pk}
    outbox.queue_many(kind="meetings.left_month", to=to, key=f"{change.pk}", now=now, ids=ids)


def moment(when: When) -> str:
    return f"{dates.long_date(when.date)}, {dates.clock(when.start_time)}"


def when_of(meeting: Meeting) -> When:
    return When(meeting.date, meeting.start_time, meeting.minutes)


def where_of(meeting: Meeting) -> Where:
    return Where(meeting.place, meeting.mode, meeting.link)


def moment_of(meeting: Meeting) -> str:
    return moment(when_of(meeting))
