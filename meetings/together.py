"""Several teams on one day (M5, M13): a meeting for all of them together, or one team after another.

A meeting for all is a row of its own at which each team has its members, agenda, facilitators and texts. The teams' own
rows are called off and name it; they stand again, as they were, when the teams are taken apart.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction

from coaching import audit, outbox
from coaching.models import Cohort, CurriculumItem, Team, User
from meetings import invitations, one_day, scheduling, team_space, visits
from meetings.models import ActionItem, Attendance, Facilitator, Meeting, MeetingChange, MeetingTeam, Note
from meetings.one_day import CannotSetDay, Slot
from meetings.scheduling import When, Where


@transaction.atomic
def join(
    *, cohort: Cohort, item: CurriculumItem, when: When, where: Where, by: User, now: datetime
) -> Meeting:
    """One meeting for all teams that have it ahead of them; joined already, its day and place. The same twice is one.

    What members wrote for their own meeting, and who leads it, goes along. Raises NotYourMeeting, CannotSetDay.
    """
    cohort = _checked(cohort, item, when.date, by, now)
    joint = one_day.joint_rows(cohort, item, now).select_for_update(of=("self",)).first()
    rows = one_day.own_rows(cohort, item, now, lock=True)
    if joint is None and not rows:
        raise CannotSetDay("No team has this meeting ahead of it any more.")
    is_news = bool(rows) or joint is None
    if joint is None:
        joint = _new(cohort, item, when, where, by, now)
    else:
        is_news |= _set(joint, when, where, by=by, now=now)
    for team, row in rows:
        _lend(row, team, joint, by=by, now=now)
    for _, row in rows:
        visits.go_along(source=row, targets=[joint], by=by, now=now)
    if is_news:
        _tell(cohort, joint.teams.all(), item, by=by, now=now)
    return joint


@transaction.atomic
def set_times(*, cohort: Cohort, item: CurriculumItem, slots: Sequence[Slot], by: User, now: datetime) -> int:
    """Each team has the meeting by itself, at the time that was agreed to; returns how many changed.

    One after another on one day, or each on its usual day. Each meeting stays in its team's hands. Raises
    NotYourMeeting, CannotSetDay.
    """
    cohort = Cohort.objects.select_for_update(of=("self",)).select_related("program").get(pk=cohort.pk)
    for day in {slot.date for slot in slots}:
        cohort = _checked(cohort, item, day, by, now)
    if {slot.team for slot in slots} != set(one_day.plan_of(cohort, item, now=now).teams):
        raise CannotSetDay("The teams are no longer those that you saw. Look at the times again.")
    joint = one_day.joint_rows(cohort, item, now).select_for_update(of=("self",)).first()
    if joint:
        _take_apart(joint, by=by, now=now)
    wanted, moved = {slot.team.pk: slot for slot in slots}, []
    rows = one_day.own_rows(cohort, item, now, lock=True)
    for team, row in rows:
        slot = wanted[team.pk]
        is_moved = _set(row, When(slot.date, slot.start, slot.minutes), _where(row), by=by, now=now)
        if is_moved or joint:
            moved.append(team)
    if joint:
        visits.go_along(source=joint, targets=[row for _, row in rows], by=by, now=now)
    _tell(cohort, moved, item, by=by, now=now)
    return len(moved)


@transaction.atomic
def apart(*, cohort: Cohort, item: CurriculumItem, by: User, now: datetime) -> int:
    """Each team has its own meeting again, as it was; returns how many. A second call changes nothing.

    Raises NotYourMeeting.
    """
    cohort = Cohort.objects.select_for_update(of=("self",)).select_related("program").get(pk=cohort.pk)
    team_space.require_office(by, cohort, on=now.astimezone(cohort.zone).date())
    joint = one_day.joint_rows(cohort, item, now).select_for_update(of=("self",)).first()
    if joint is None:
        return 0
    own = _take_apart(joint, by=by, now=now)
    visits.go_along(source=joint, targets=own.values(), by=by, now=now)
    _tell(cohort, own, item, by=by, now=now)
    return len(own)


def _checked(cohort: Cohort, item: CurriculumItem, day: date, by: User, now: datetime) -> Cohort:
    cohort = Cohort.objects.select_for_update(of=("self",)).select_related("program").get(pk=cohort.pk)
    team_space.require_office(by, cohort, on=now.astimezone(cohort.zone).date())
    if item.program_id != cohort.program_id or item.kind not in one_day.KINDS:
        raise CannotSetDay("The day of this meeting is each team's own.")
    if why := one_day.why_not_on(cohort, item, day, now=now):
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
        f"{scheduling.MOVED} {before} to {after}"
        if is_moved
        else f"Another place: {where.place or 'still open'}."
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


def _take_apart(joint: Meeting, *, by: User, now: datetime) -> dict[Team, Meeting]:
    """The teams' own meetings; who planned to attend the joint one goes along once their times are set."""
    found, teams = {}, list(joint.teams.filter(status=Team.Status.CONFIRMED).order_by("number"))
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
        found[team] = row
    joint.status = Meeting.Status.CANCELLED
    joint.cancelled_reason = "Each team has its own meeting."
    summary = f"Called off: {scheduling.moment_of(joint)}"
    reason = joint.cancelled_reason
    scheduling.save_change(joint, summary, by=by, now=now, reason=reason, action="meeting.cancelled")
    return found


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
