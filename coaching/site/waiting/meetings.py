"""What waits around meetings: the next one, attendance, evaluations."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import time_format

from coaching import permissions
from coaching.days import today_of
from coaching.in_words import counted
from coaching.models import Cohort, Membership, Participant, Team, User
from coaching.site.waiting.cards import Card, Urgency, about, day, only_for
from meetings import busy, deadlines, leave, resources
from meetings import reopening as waits
from meetings.agreement import help_waiting
from meetings.attention import as_read_by, in_danger
from meetings.deadlines import State
from meetings.evaluations import unanswered
from meetings.models import (
    Attendance,
    EvaluationClosing,
    EvaluationReopening,
    HelpRequest,
    Meeting,
    MeetingTeam,
    current_memberships,
)
from meetings.standing import Reason, Standing


def _ahead(user: User, today: date) -> QuerySet[Meeting]:
    return Meeting.objects.visible_to(user).upcoming(today)


@about(_ahead)
def next_one(user: User, now: datetime) -> list[Card]:
    today = timezone.localdate(now)
    ahead = [each for each in _ahead(user, today).select_related("item", "cohort") if each.ends_at > now]
    meeting = next(iter(leave.outside(ahead, user)), None)
    if meeting is None:
        return []
    excused = meeting.attendance.filter(participant__user=user, status=Attendance.Status.EXCUSED).exists()
    soon = meeting.date <= today + timedelta(days=7)
    return [
        Card(
            title=f"Your next meeting: {meeting.heading}",
            text=_when_and_where(meeting) + (" You are excused from it." if excused else ""),
            address=meeting.get_absolute_url(),
            action="See the agenda",
            urgency=Urgency.SOON if soon else Urgency.CALM,
            icon="calendar",
        )
    ]


def _when_and_where(meeting: Meeting) -> str:
    hours = f"{time_format(meeting.start_time, 'g:i a')} to {time_format(meeting.end_time, 'g:i a')}"
    place = meeting.place or ("online" if meeting.mode == Meeting.Mode.REMOTE else "place still open")
    return f"{day(meeting.date)}, {hours}, {place}."


def _resources_needed(user: User, today: date) -> QuerySet[Meeting]:
    return Meeting.objects.upcoming(today).filter(
        cohort__branch__in=resources.served(user, on=today).values("pk")
    )


@only_for(permissions.any_of(permissions.branch_office, permissions.training_office), _resources_needed)
def resources_missing(user: User, now: datetime) -> list[Card]:
    """M11: seen in time, the next meeting first."""
    lines = resources.missing(user, today=timezone.localdate(now))
    if not lines:
        return []
    first = lines[0]
    assert first.next_date is not None
    return [
        Card(
            title=f"{counted(len(lines), 'meeting has', 'meetings have')} no resources yet",
            text=f"The next one is “{first.item.title}” on {day(first.next_date)}.",
            address=reverse("resources"),
            action="Give resources",
            urgency=Urgency.SOON,
            icon="calendar",
        )
    ]


def _without_attendance(user: User, today: date) -> QuerySet[Meeting]:
    teams = current_memberships(user).values("team")
    waits = MeetingTeam.objects.without_attendance().filter(meeting=OuterRef("pk"), team__in=teams)
    return Meeting.objects.visible_to(user).live().filter(Exists(waits), date__lte=today)


@about(_without_attendance)
def attendance(user: User, now: datetime) -> list[Card]:
    """Meetings that are over and at which nobody has said who was there; not of a leave: who was away does not know."""
    rows = _without_attendance(user, timezone.localdate(now)).select_related("item", "cohort")
    over = [each for each in rows if each.ends_at <= now]
    return [
        Card(
            title=f"Who was at “{meeting.heading}”?",
            text=f"Nobody has taken attendance of the meeting on {day(meeting.date)} yet. Any member of the team can.",
            address=reverse("meeting_attendance", args=[meeting.pk]),
            action="Take attendance",
            urgency=Urgency.NOW,
            icon="check-list",
        )
        for meeting in leave.outside(over, user)
    ]


def _to_evaluate(user: User, today: date) -> QuerySet[Attendance]:
    return unanswered().filter(participant__user=user)


@about(_to_evaluate)
def evaluations(user: User, now: datetime) -> list[Card]:
    """C1: of meetings this person was at: those that are open, and those the branch office can open again."""
    rows = list(
        _to_evaluate(user, timezone.localdate(now))
        .select_related("meeting__item", "meeting__cohort__program")
        .order_by("meeting__date")
    )
    found = deadlines.windows(rows)
    states = {row.meeting: found[row.pk].state(row.meeting.local_today(now)) for row in rows}
    written = waits.written({row.participant_id for row in rows})
    asked = waits.asked_for({row.participant_id for row in rows})
    ready = [meeting for meeting, state in states.items() if state is State.OPEN]
    late = [meeting for meeting, state in states.items() if state is State.LATE]
    return [
        *_unsent([each for each in ready if each.pk in written]),
        *_ready([each for each in ready if each.pk not in written]),
        *_late([each for each in late if each.pk not in asked]),
        *_asked_for([each for each in late if each.pk in asked]),
    ]


def _unsent(meetings: list[Meeting]) -> list[Card]:
    if not meetings:
        return []
    only = len(meetings) == 1
    return [
        Card(
            title=f"Your evaluation of “{meetings[0].heading}” is not sent yet"
            if only
            else f"{len(meetings)} of your evaluations are not sent yet",
            text="What you wrote is saved. It is counted only when you send it.",
            address=reverse("meeting_evaluation", args=[meetings[0].pk]),
            action="Finish and send it" if only else "Begin with the first",
            urgency=Urgency.SOON,
            icon="chat-bubbles",
        )
    ]


def _ready(meetings: list[Meeting]) -> list[Card]:
    if not meetings:
        return []
    first = meetings[0]
    only = len(meetings) == 1
    return [
        Card(
            title=f"Evaluate “{first.heading}”"
            if only
            else f"{counted(len(meetings), 'evaluation', 'evaluations')} to write",
            text="It takes a minute, nobody reads it with your name, and the certificate asks for it.",
            address=reverse("meeting_evaluation", args=[first.pk]),
            action="Evaluate" if only else "Begin with the first",
            urgency=Urgency.SOON,
            icon="chat-bubbles",
        )
    ]


def _late(meetings: list[Meeting]) -> list[Card]:
    if not meetings:
        return []
    return [
        Card(
            title=f"{counted(len(meetings), 'evaluation is', 'evaluations are')} past the day",
            text="The branch office can open it again for you, until the program’s evaluations close.",
            address=reverse("meeting_evaluation", args=[meetings[0].pk]),
            action="Ask for it",
            urgency=Urgency.SOON,
            icon="chat-bubbles",
        )
    ]


def _asked_for(meetings: list[Meeting]) -> list[Card]:
    if not meetings:
        return []
    return [
        Card(
            title=f"You asked for {counted(len(meetings), 'late evaluation', 'late evaluations')}",
            text="The branch office has not answered yet. You get a mail when it is open again.",
            address=reverse("meeting_evaluation", args=[meetings[0].pk]),
            action="Look at it",
            urgency=Urgency.CALM,
            icon="chat-bubbles",
        )
    ]


def _asked_again(user: User, today: date) -> QuerySet[EvaluationReopening]:
    cohorts = permissions.office_cohorts(user, on=today)
    return EvaluationReopening.objects.filter(asked_at__isnull=False, meeting__cohort__in=cohorts)


@only_for(permissions.branch_office, _asked_again)
def evaluations_asked(user: User, now: datetime) -> list[Card]:
    """Participants who ask the branch office to open a late evaluation again, by cohort."""
    cohorts = permissions.office_cohorts(user, on=timezone.localdate(now))
    people: dict[Cohort, set[int]] = defaultdict(set)
    for line in waits.to_open_again(cohorts, now=now):
        people[line.row.meeting.cohort].add(line.row.participant_id)
    return [
        Card(
            title=f"{counted(len(who), 'person asks', 'people ask')} to open an evaluation again",
            text=f"In the {cohort}. The certificate asks for it; you name the day until which it is open.",
            address=reverse("office_evaluations", args=[cohort.pk]),
            action="Look at it",
            urgency=Urgency.NOW,
            icon="chat-bubbles",
        )
        for cohort, who in people.items()
    ]


def _help_asked(user: User, today: date) -> QuerySet[HelpRequest]:
    return help_waiting(permissions.office_cohorts(user, on=today))


@only_for(permissions.branch_office, _help_asked)
def help_asked(user: User, now: datetime) -> list[Card]:
    """M16: that a team asks for help, until the branch office marks it as answered."""
    rows = _help_asked(user, timezone.localdate(now)).select_related("team__cohort__program", "asked_by")
    return [
        Card(
            title=f"{each.team} asks for help",
            text=f"{each.asked_by} asked for the team on {day(timezone.localdate(each.asked_at))}. "
            "What it is about is not said here: write to them, or talk with the team.",
            address=f"{reverse('office_meetings_cohort', args=[each.team.cohort_id])}#help",
            action="Look at it",
            urgency=Urgency.NOW,
            icon="chat-bubbles",
        )
        for each in rows.order_by("asked_at", "pk")
    ]


def _with_meetings(user: User, today: date) -> QuerySet[Cohort]:
    closed = EvaluationClosing.objects.filter(cohort=OuterRef("pk"), item=None)
    cohorts = permissions.office_cohorts(user, on=today)
    return cohorts.filter(~Exists(closed), Exists(Meeting.objects.filter(cohort=OuterRef("pk"))))


@only_for(permissions.branch_office, _with_meetings)
def attention(user: User, now: datetime) -> list[Card]:
    """C2: whose certificate is in danger, while it can be mended; by cohort, as its page counts them."""
    rows = _with_meetings(user, timezone.localdate(now)).select_related("program")
    rows = rows.order_by("first_month", "pk")
    numbers = {cohort: in_danger(cohort, today=today_of(cohort, now)) for cohort in rows}
    return [
        Card(
            title=f"{counted(number, 'certificate is', 'certificates are')} in danger",
            text=f"In the {cohort}: a month without a meeting, attendance that nobody took, or a late evaluation. "
            "You can still mend it.",
            address=reverse("office_attention", args=[cohort.pk]),
            action="See who and what",
            urgency=Urgency.NOW,
            icon="warning-fill",
        )
        for cohort, number in numbers.items()
        if number
    ]


def _in_teams(user: User, today: date) -> QuerySet[Membership]:
    return current_memberships(user).filter(participant__status=Participant.Status.ACTIVE)


@about(_in_teams)
def progress(user: User, now: datetime) -> list[Card]:
    """What still stands between a participant and the certificate, while the program runs."""
    today = timezone.localdate(now)
    rows = _in_teams(user, today).select_related("participant__cohort__program")
    membership = rows.order_by("-joined_at").first()
    if membership is None:
        return []
    participant = membership.participant
    where = as_read_by(participant, today=today)
    open_months = [_still_open(membership, reason) for reason in where.at_risk]
    return [*open_months, _way(participant, where)]


def _still_open(membership: Membership, reason: Reason) -> Card:
    """C2: a month that is lost unless the team plans another meeting."""
    return Card(
        title="A month is still open",
        text=reason.text,
        address=reverse("meeting_add", args=[membership.team_id]),
        action="Plan a meeting",
        urgency=Urgency.NOW,
        icon="calendar",
    )


def _way(participant: Participant, where: Standing) -> Card:
    if where.on_track:
        text = f"{where.progress}, and you are on track."
    else:
        text = f"{where.progress}." if where.reachable else f"{where.progress}. Something stands in the way."
    return Card(
        title="Your way to the certificate",
        text=text,
        address=reverse("meetings_program", args=[participant.pk]),
        action="See what is still missing",
        urgency=Urgency.CALM,
        icon="certificate-check",
    )


@only_for(permissions.training_office)
def totals(user: User, now: datetime) -> list[Card]:
    """The training office's reading."""
    return [
        Card(
            title="How the meetings were evaluated",
            text="Totals of each program; nobody can be recognized in them.",
            address=reverse("meetings_totals_list"),
            action="Read the totals",
            urgency=Urgency.CALM,
            icon="bar-chart",
        )
    ]


def _employees_who_meet(user: User, today: date) -> QuerySet[Participant]:
    standing = Membership.objects.filter(ended_at=None, team__status=Team.Status.CONFIRMED)
    meeting = busy.taking_part(user).filter(memberships__in=standing)
    return meeting.exclude(busy_feeds__in=user.busy_feeds.all())


@about(_employees_who_meet)
def dates_of_employees(user: User, now: datetime) -> list[Card]:
    """M14: a supervisor may have the dates alone; offered until they were had once."""
    rows = list(_employees_who_meet(user, timezone.localdate(now)).distinct())
    if not rows:
        return []
    who = f"{rows[0]}" if len(rows) == 1 else f"{rows[0]} and {len(rows) - 1} more"
    return [
        Card(
            title=f"When {who} will be at meetings",
            text="You may have the dates of the people you supervise in your calendar. They show when somebody is busy, "
            "and nothing else.",
            address=reverse("calendar_feed"),
            action="See the dates I may have",
            urgency=Urgency.OFFER,
            icon="calendar",
        )
    ]
