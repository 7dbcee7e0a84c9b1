"""One meeting of a team: moving, placing, adding, cancelling (M1 to M4); all of them at once: `meetings.laying_out`."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction

from coaching import audit, offices, outbox
from coaching.cohorts import closed_days
from coaching.errors import Refused
from coaching.models import Cohort, CurriculumItem, Team, User
from meetings import changes, dates, invitations, team_space, visits
from meetings.dates import DateWarning
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


def why_not_place(meeting: Meeting) -> str:
    """Why nobody of the team says where it meets, in words; empty when they can."""
    if meeting.status == Meeting.Status.CANCELLED:
        return "This meeting was called off. Add another one instead."
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
def set_place(
    *, meeting: Meeting, where: Where, by: User | None, now: datetime, seen: int | None = None
) -> Meeting:
    """Say where and how the team meets (M4). Raises NotYourMeeting, ChangedMeanwhile, CannotChange."""
    meeting = _locked(meeting, by)
    if why := why_not_place(meeting):
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
    is_same_link = meeting.link == where.link
    meeting.place, meeting.mode, meeting.link = where.place, where.mode, where.link
    summary = f"{meeting.get_mode_display()}: {where.place or 'the place is still open'}."
    if not is_same_link:
        summary += " The link to join online is another one." if where.link else " There is no link any more."
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

    The same meeting sent twice is one meeting. Raises NotYourMeeting, CannotPlan.
    """
    team = locked_team(team)
    team_space.require_team_member(by, team)
    if team.status != Team.Status.CONFIRMED:
        raise CannotPlan(f"{team} is not meeting now, so it cannot plan a meeting.")
    cohort = team.cohort
    same = Meeting.objects.of_team(team).live().filter(date=when.date, start_time=when.start_time)
    twin = same.filter(item=item, title="" if item else title).first()
    if twin:
        return twin
    today = now.astimezone(cohort.zone).date()
    there = Meeting.objects.of_team(team).live().filter(item=item).first() if item else None
    if there:
        raise CannotPlan(planned_already(there, by))
    check_extra(team, when, item, today)
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


def planned_already(meeting: Meeting, by: User | None) -> str:
    """That the team has a meeting for this topic, and who planned it where a person did."""
    who = meeting.created_by
    if who is None:
        said = f"“{meeting.heading}” is in your calendar already."
    else:
        name = "You" if who == by else who
        said = f"{name} planned meeting {meeting.number} on {dates.long_date(meeting.date)} meanwhile."
    return f"{said} Move that meeting, or add an extra one."


def check_extra(team: Team, when: When, item: CurriculumItem | None, today: date) -> None:
    """Whether a meeting can be added at all, before anybody is warned of its day. Raises CannotPlan."""
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


def locked_team(team: Team) -> Team:
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
