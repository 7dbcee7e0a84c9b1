"""Meetings in people's calendars by mail (M4): for those who chose it, each meeting of their team that lies ahead.

What is sent follows from what stands: a meeting that somebody's calendar lacks, or has as it was before, goes out as a
REQUEST; one that is no longer theirs as a CANCEL (RFC 5546). What stands is read again when the mail is built, so that
nobody is told the same twice, however often it is asked for.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from coaching import outbox
from coaching.letters import CalendarPart
from coaching.models import Message, Participant, Team, User
from meetings import events, ics
from meetings.models import CalendarChoice, CalendarInvitation, Meeting, MeetingTeam

KIND = "meetings.invitation"
CHANGED = "meetings.changed"  # these mails carry the invitation themselves
Method = CalendarInvitation.Method
Pair = tuple[int, int]  # a person and a meeting, by id


@dataclass(frozen=True)
class Needed:
    """What somebody's calendar has to be told. `choice`: of mail, by id; `last`: what it was told before."""

    user: User
    meeting: Meeting
    method: Method
    choice: int | None
    last: CalendarInvitation | None

    @property
    def is_news(self) -> bool:
        """Whether it differs from what left before, if anything did."""
        if self.last is None or self.last.method != self.method:
            return True
        return self.method == Method.REQUEST and self.last.version != self.meeting.sequence

    @property
    def sequence(self) -> int:
        """At least the meeting's own, and more than in whatever this person was told before."""
        if self.last is None:
            return self.meeting.sequence
        return max(self.meeting.sequence, self.last.sequence + 1) if self.is_news else self.last.sequence

    @property
    def moment(self) -> tuple[datetime, datetime]:
        """Start and end to be told. What is taken out is named as it was told: whoever left reads no later date (M14)."""
        if self.method == Method.REQUEST or self.last is None:
            return self.meeting.starts_at, self.meeting.ends_at
        zone = self.meeting.zone
        return self.last.starts_at.astimezone(zone), self.last.ends_at.astimezone(zone)


def needed(
    *, now: datetime, user: User | None = None, meetings: Collection[int] | None = None, surely: bool = False
) -> list[Needed]:
    """What calendars have to be told of meetings ahead; of one person, or of these meetings by id.

    `surely`: also what left already, where it is not known whether it arrived. As many queries for any number.
    """
    wanted, told = _wanted(now, user, meetings), _told(now, user, meetings)
    pairs = sorted(wanted.keys() | told.keys())
    people = User.objects.in_bulk({person for person, _ in pairs})
    rows = Meeting.objects.select_related("item", "cohort").in_bulk({meeting for _, meeting in pairs})
    found = []
    for pair in pairs:
        method = Method.REQUEST if pair in wanted else Method.CANCEL
        need = Needed(people[pair[0]], rows[pair[1]], method, wanted.get(pair), told.get(pair))
        is_over = need.meeting.ends_at <= now or need.meeting.status == Meeting.Status.HELD
        if not is_over and (need.is_news or (surely and _is_unsure(need.last))):
            found.append(need)
    return found


def _wanted(now: datetime, user: User | None, meetings: Collection[int] | None) -> dict[Pair, int]:
    """Who is to have which meeting, with their choice of mail by id."""
    person = "team__memberships__participant__user"
    rows = MeetingTeam.objects.filter(
        **{
            "meeting__status": Meeting.Status.PLANNED,
            "meeting__date__gte": _yesterday(now),
            "team__status": Team.Status.CONFIRMED,
            "team__memberships__ended_at": None,
            "team__memberships__participant__status__in": (
                Participant.Status.ACTIVE,
                Participant.Status.COMPLETED,
            ),
            f"{person}__is_active": True,
            f"{person}__calendar_choices__way": CalendarChoice.Way.MAIL,
            f"{person}__calendar_choices__revoked_at": None,
            **({f"{person}": user} if user else {}),
            **({"meeting__in": meetings} if meetings is not None else {}),
        }
    )
    choices = rows.values_list(person, "meeting", f"{person}__calendar_choices")
    return {(person, meeting): choice for person, meeting, choice in choices}


def _told(
    now: datetime, user: User | None, meetings: Collection[int] | None
) -> dict[Pair, CalendarInvitation]:
    """What left last to whom about which meeting."""
    rows = CalendarInvitation.objects.arrived().filter(
        message__recipient__is_active=True, meeting__date__gte=_yesterday(now)
    )
    if user:
        rows = rows.filter(message__recipient=user)
    if meetings is not None:
        rows = rows.filter(meeting__in=meetings)
    rows = rows.select_related("message").order_by("pk")
    return {(row.message.recipient_id, row.meeting_id): row for row in rows}


def _yesterday(now: datetime) -> object:
    """Early enough for every zone; what is over today is left out one by one."""
    return timezone.localdate(now) - timedelta(days=1)


def _is_unsure(last: CalendarInvitation | None) -> bool:
    return last is not None and last.message.status in (Message.Status.UNKNOWN, Message.Status.SENDING)


def queue_needed(*, now: datetime, user: User | None = None, meetings: Collection[int] | None = None) -> int:
    """Ask for the mails that calendars need, each once, in the caller's transaction; returns how many."""
    waiting = _carried_by_changes()
    found = [
        each
        for each in needed(now=now, user=user, meetings=meetings)
        if (each.user.pk, each.meeting.pk) not in waiting
    ]
    for each in found:
        key = f"{each.meeting.pk}.{each.choice or 0}.{each.method}.{each.sequence}"
        ids = {"meeting": each.meeting.pk}
        outbox.queue(kind=KIND, to=each.user, key=key, now=now, ids=ids, revive=True)
    return len(found)


def _carried_by_changes() -> set[Pair]:
    waiting = Message.objects.filter(
        kind=CHANGED, status__in=(Message.Status.PENDING, Message.Status.SENDING)
    )
    return {(person, ids["meeting"]) for person, ids in waiting.values_list("recipient", "ids")}


def for_mail(recipient: User, meeting: int, *, now: datetime) -> Needed | None:
    """What a mail to this person about this meeting has to carry; None where their calendar is right."""
    found = needed(now=now, user=recipient, meetings=[meeting], surely=True)
    return found[0] if found else None


def part_of(need: Needed, *, now: datetime) -> CalendarPart:
    """The part of the mail that calendars read, with nobody's address but the recipient's."""
    starts, ends = need.moment
    event = replace(events.event_of(need.meeting), sequence=need.sequence, starts=starts, ends=ends)
    if need.method == Method.CANCEL:
        event = replace(event, cancelled=True, place="", description="", url="")
    content = ics.invitation_bytes(
        method=need.method,
        event=event,
        organizer=events.organizer(),
        attendee=events.attendee(need.user),
        generated_at=now,
    )
    return CalendarPart(need.method, content.decode())


def keeper_of(need: Needed) -> Callable[[Message], object]:
    """Writes down, right before the mail leaves, what it tells; the same mail tried again says the last word."""

    def keep(message: Message) -> object:
        starts, ends = need.moment
        told = {
            "meeting": need.meeting,
            "starts_at": starts,
            "ends_at": ends,
            "method": need.method,
            "version": need.meeting.sequence,
            "sequence": need.sequence,
        }
        return CalendarInvitation.objects.update_or_create(message=message, defaults=told)

    return keep
