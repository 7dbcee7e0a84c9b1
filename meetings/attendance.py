"""Who was there: taken at the meeting by any member (T7), corrected later by the branch office."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from coaching import audit, outbox
from coaching.errors import Refused
from coaching.meanwhile import ChangedMeanwhile
from coaching.models import Message, Participant, Team, User
from meetings import dates, team_space
from meetings.models import Attendance, Meeting

CORRECTION_DAYS = 7
CORRECTED = "meetings.attendance_corrected"
EARLY = timedelta(minutes=30)  # people who are there before the meeting begins
TOO_LATE = (
    f"Attendance can be corrected until {CORRECTION_DAYS} days after the meeting. "
    "Ask the branch office: it can still correct it."
)


class CannotTakeAttendance(Refused):
    pass


class TooLateToCorrect(Refused):
    pass


def expected(meeting: Meeting, team: Team | None = None) -> list[Participant]:
    """The members the attendance form lists, by name: of all teams that meet, or of one of them."""
    return list(team_space.members_on_the_day(meeting, team))


def marks_for(meeting: Meeting, team: Team) -> list[Attendance]:
    """The marks that this team reads: its members' and its guests', not those of teams it met with (M14)."""
    others = {each.pk for each in expected(meeting)} - {each.pk for each in expected(meeting, team)}
    rows = meeting.attendance.select_related("participant__user").order_by("participant__user__name")
    return [row for row in rows if row.participant_id not in others]


def is_taken(marks: Iterable[Attendance]) -> bool:
    """Whether anybody has said who was there; who is excused may be known months ahead."""
    return any(row.status != Attendance.Status.EXCUSED for row in marks)


def possible_guests(meeting: Meeting) -> list[Participant]:
    """Participants of other teams who may sit in, where the cohort lets another team's meeting count."""
    if not meeting.cohort.other_team_counts:
        return []
    others = meeting.cohort.participants.active().exclude(pk__in=[each.pk for each in expected(meeting)])
    return list(others.select_related("user"))


def may_be_marked(meeting: Meeting) -> "QuerySet[Participant]":
    """By the branch office: who is or was in a team that meets, who has a mark there, and guests where they count."""
    everybody = Participant.objects.filter(cohort=meeting.cohort_id)
    if meeting.cohort.other_team_counts:
        return everybody
    of_the_teams = Q(memberships__team__in=meeting.teams.all()) | Q(attendance__meeting=meeting)
    return everybody.filter(pk__in=everybody.filter(of_the_teams).values("pk"))


def possible_visitors(meeting: Meeting) -> list[User]:
    """The branch deputy and the deputy's designees, who may attend (M12)."""
    branch = meeting.cohort.branch
    acting = branch.delegations.on(meeting.date).select_related("person")
    people = {order.person for order in acting}
    if branch.head:
        people.add(branch.head)
        given = branch.head.delegations_given.on(meeting.date).filter(unit=None).select_related("person")
        people |= {order.person for order in given}
    return sorted(people, key=lambda user: (user.name, user.pk))


def last_day_to_correct(meeting: Meeting, *, today: date) -> date | None:
    """For the members; None: it is over."""
    last = meeting.date + timedelta(days=CORRECTION_DAYS)
    return last if today <= last else None


def members_may_correct(meeting: Meeting, now: datetime) -> bool:
    return last_day_to_correct(meeting, today=meeting.local_today(now)) is not None


def why_not_take(meeting: Meeting, team: Team, now: datetime) -> str:
    """Why no member of this team can take or correct its attendance now, in words; empty when they can."""
    if why := _not_yet(meeting, now):
        return why
    marked = {row.participant_id for row in meeting.attendance.all()}
    if members_may_correct(meeting, now) or not {each.pk for each in expected(meeting, team)} <= marked:
        return ""
    return TOO_LATE


def _not_yet(meeting: Meeting, now: datetime) -> str:
    if not meeting.is_live:
        return "This meeting was called off, so nobody was there."
    return _too_early(meeting, now)


def _too_early(meeting: Meeting, now: datetime) -> str:
    if not lies_ahead(meeting, now):
        return ""
    return (
        f"The meeting begins on {dates.long_date(meeting.date)} at {dates.clock(meeting.start_time)} "
        "Attendance can be taken from 30 minutes before on."
    )


@transaction.atomic
def take_attendance(
    *,
    meeting: Meeting,
    marks: Mapping[Participant, str],
    by: User | None,
    now: datetime,
    visitors: Iterable[User] | None = None,
    reason: str = "",
) -> int:
    """Write down who was there; returns how many rows are new or changed. The same form sent twice changes nothing.

    A mark that stands changes only with a `reason`, until a week later; whom it concerns is told.

    Where several teams meet together, a member marks their own (T7); None, the system itself, everybody.
    A guest of another team appears here because a member of the host team wrote them down: that is the host's consent.
    """
    meeting = Meeting.objects.select_for_update().get(pk=meeting.pk)
    team_space.require_member(by, meeting)
    _check_taking(meeting, marks, by, now)
    known = {row.participant_id: row for row in meeting.attendance.select_related("participant__user")}
    changed: dict[str, str] = {}
    for participant, status in marks.items():
        row = known.get(participant.pk)
        if row and (row.status == status or row.by_office):
            continue  # no change, or decided by the branch office
        if row:
            _change(row, status, reason=reason.strip(), by=by, now=now)
        else:
            _write(meeting, participant, status, by=by, now=now)
        changed[str(participant.pk)] = status
    if visitors is not None:
        meeting.visitors.set(set(visitors) & set(possible_visitors(meeting)))
    if changed:
        _hold(meeting)
        audit.record("attendance.taken", by=by, obj=meeting, now=now, data={"marks": changed})
        _ask_for_evaluations(meeting, now)
    return len(changed)


def _change(row: Attendance, status: str, *, reason: str, by: User | None, now: datetime) -> None:
    """A member changes a mark that stands."""
    meeting, participant = row.meeting, row.participant
    if not members_may_correct(meeting, now):
        raise TooLateToCorrect(TOO_LATE)
    if not reason:
        raise CannotTakeAttendance(f"Say why the mark of {participant} changes.")
    data = {"participant": participant.pk, "before": row.status, "after": status}
    _write(meeting, participant, status, by=by, now=now, reason=reason)
    audit.record("attendance.corrected", by=by, obj=meeting, now=now, data=data)
    if by is None or participant.user_id != by.pk:
        _tell(row, now)


def _tell(row: Attendance, now: datetime) -> None:
    """What stands when the mail leaves: one that waits says it already."""
    ids, to = {"attendance": row.pk}, row.participant.user
    waits = Message.objects.filter(kind=CORRECTED, ids__attendance=row.pk, status=Message.Status.PENDING)
    if waits.exists():
        return
    key = f"{row.meeting_id}.{row.participant_id}.{now.timestamp()}"
    outbox.queue(kind=CORRECTED, to=to, key=key, now=now, ids=ids)


def _check_taking(meeting: Meeting, marks: Mapping[Participant, str], by: User | None, now: datetime) -> None:
    if why := _not_yet(meeting, now):
        raise CannotTakeAttendance(why)
    allowed = {Attendance.Status.PRESENT, Attendance.Status.REMOTE, Attendance.Status.ABSENT}
    if not set(marks.values()) <= allowed:
        raise CannotTakeAttendance("Only the branch office can excuse somebody.")
    team = team_space.place_at(by, meeting).team if by else None
    strangers = set(marks) - set(expected(meeting, team)) - set(possible_guests(meeting))
    if strangers:
        names = ", ".join(sorted(str(each) for each in strangers))
        raise CannotTakeAttendance(f"{names} did not belong to this meeting.")


@transaction.atomic
def correct(
    *,
    meeting: Meeting,
    participant: Participant,
    status: str,
    reason: str,
    by: User,
    now: datetime,
    seen: str | None = None,
) -> Attendance:
    """The branch office corrects a mark, or excuses somebody, with the reason. It can at any time.

    `seen`: the mark's version where this was decided. Raises NotYourMeeting (T10), ChangedMeanwhile, CannotTakeAttendance.
    """
    meeting = Meeting.objects.select_for_update().get(pk=meeting.pk)
    team_space.require_office(by, meeting.cohort, on=meeting.local_today(now))
    if not reason.strip():
        raise CannotTakeAttendance("Say why: a correction needs a reason.")
    if not meeting.is_live:
        raise CannotTakeAttendance("This meeting was called off, so nobody was there.")
    if participant.cohort_id != meeting.cohort_id:
        raise CannotTakeAttendance(f"{participant} is not in this program.")
    if status != Attendance.Status.EXCUSED and (why := _too_early(meeting, now)):
        raise CannotTakeAttendance(why)
    row = meeting.attendance.filter(participant=participant).first()
    if row and row.by_office and (row.status, row.reason) == (status, reason):
        return row
    if seen is not None and seen != version_of(row):
        raise ChangedMeanwhile(_marked_meanwhile(row, by))
    before = row.status if row else None
    row = _write(meeting, participant, status, by=by, now=now, reason=reason, by_office=True)
    _hold(meeting)
    audit.record(
        "attendance.corrected",
        by=by,
        obj=meeting,
        now=now,
        data={"participant": participant.pk, "before": before, "after": status},
    )
    _tell(row, now)
    _ask_for_evaluations(meeting, now)
    return row


def version_of(row: Attendance | None) -> str:
    """Another one whenever the mark, or its reason, is another one; empty where there is none."""
    return row.recorded_at.isoformat() if row else ""


def in_words(row: Attendance | None, by: User) -> str:
    """What stands now, and by whom, for somebody whose page is older."""
    if row is None:
        return "The mark was taken back."
    who = "You" if row.recorded_by == by else row.recorded_by or "The system"
    reason = f" ({row.reason})" if row.reason else ""
    return f"{who} wrote: {row.get_status_display().lower()}{reason}."


def _marked_meanwhile(row: Attendance | None, by: User) -> str:
    return (
        f"This mark was changed while this page was open. {in_words(row, by)} What you typed is kept. "
        "If it is to stand instead, send it again."
    )


def excuse(*, meeting: Meeting, participant: Participant, reason: str, by: User, now: datetime) -> Attendance:
    """Protected leave, jury duty and the like: the branch office's decision, with its reason."""
    return correct(
        meeting=meeting,
        participant=participant,
        status=Attendance.Status.EXCUSED,
        reason=reason,
        by=by,
        now=now,
    )


@transaction.atomic
def take_excusal_back(*, meeting: Meeting, participant: Participant, by: User, now: datetime) -> bool:
    """They are expected at a meeting that lies ahead after all; False: nobody excused them, as after a second press.

    Raises NotYourMeeting (T10), CannotTakeAttendance for a meeting whose day has come.
    """
    meeting = Meeting.objects.select_for_update().get(pk=meeting.pk)
    team_space.require_office(by, meeting.cohort, on=meeting.local_today(now))
    if not lies_ahead(meeting, now):
        raise CannotTakeAttendance("This meeting begins now, or is over. Correct the mark instead.")
    rows = meeting.attendance.filter(participant=participant, status=Attendance.Status.EXCUSED)
    if not rows.delete()[0]:
        return False
    data = {"participant": participant.pk}
    audit.record("attendance.excusal_taken_back", by=by, obj=meeting, now=now, data=data)
    key = f"{meeting.pk}.{participant.pk}.{now.timestamp()}"
    ids = {"meeting": meeting.pk, "participant": participant.pk}
    outbox.queue(kind="meetings.excusal_taken_back", to=participant.user, key=key, now=now, ids=ids)
    return True


def lies_ahead(meeting: Meeting, now: datetime) -> bool:
    """Until half an hour before it begins, attendance says at most who is excused."""
    return now < meeting.starts_at - EARLY


def _write(
    meeting: Meeting,
    participant: Participant,
    status: str,
    *,
    by: User | None,
    now: datetime,
    reason: str = "",
    by_office: bool = False,
) -> Attendance:
    values = {
        "status": status,
        "reason": reason,
        "by_office": by_office,
        "recorded_by": by,
        "recorded_at": now,
    }
    return Attendance.objects.update_or_create(meeting=meeting, participant=participant, defaults=values)[0]


def _hold(meeting: Meeting) -> None:
    """A meeting at which somebody was is a held one; nobody can move it any more.

    It is a planned one again when every mark was taken back, unless it was written down afterwards.
    """
    there = any(row.was_there for row in meeting.attendance.all())
    status = Meeting.Status.HELD if there else Meeting.Status.PLANNED
    if meeting.status != status and meeting.origin == Meeting.Origin.PLANNED:
        meeting.status = status
        meeting.save(update_fields=["status"])


def _ask_for_evaluations(meeting: Meeting, now: datetime) -> None:
    """C1: everybody who was there is asked once, when the meeting is over."""
    to_go = max(meeting.ends_at - now, timedelta())
    for row in meeting.attendance.select_related("participant__user"):
        if row.was_there:
            ids = {"meeting": meeting.pk, "participant": row.participant_id}
            to, key = row.participant.user, f"{meeting.pk}"
            outbox.queue(kind="meetings.evaluate", to=to, key=key, now=now, ids=ids, after=to_go)
