"""Where participants stand, read from the database (C1, C2). The judging itself is pure: `meetings.completion`."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from coaching.models import Cohort, Membership, Participant
from meetings.completion import History, MeetingRecord, Presence, RequirementRow, Rules, Standing, judge
from meetings.models import Attendance, EvaluationClosing, EvaluationReceipt, Meeting, MeetingTeam, Waiver

PRESENCE = {
    Attendance.Status.PRESENT: Presence.ATTENDED,
    Attendance.Status.REMOTE: Presence.ATTENDED,
    Attendance.Status.ABSENT: Presence.ABSENT,
    Attendance.Status.EXCUSED: Presence.EXCUSED,
}


def standing(participant: Participant, *, today: date) -> Standing:
    """What still stands between this participant and the certificate."""
    return _judged(participant.cohort, [participant], today)[participant.pk]


def standings(cohort: Cohort, *, today: date) -> dict[int, Standing]:
    """The standing of every participant of the cohort, by participant id, in a constant number of queries."""
    return _judged(cohort, list(cohort.participants.all()), today)


def rules_of(cohort: Cohort) -> Rules:
    """What the cohort's program asks for (C2), as data."""
    rows = cohort.program.requirements.order_by("pk")
    return Rules(
        first_month=cohort.first_month,
        months=cohort.months,
        requirements=tuple(RequirementRow(row.kind, row.least, row.unit, row.per) for row in rows),
        missed_months_allowed=cohort.missed_months_allowed,
        other_teams_count=cohort.other_team_counts,
    )


@dataclass
class _Book:
    """Everything that happened in a cohort, by meeting and participant id."""

    cohort: Cohort
    meetings: dict[int, Meeting]
    teams: dict[int, set[int]]  # meeting → teams
    marks: dict[int, dict[int, str]]  # meeting → participant → status
    receipts: set[tuple[int, int]]
    closed: bool
    memberships: dict[int, list[Membership]] = field(default_factory=lambda: defaultdict(list))
    of_team: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # team → meetings
    marked: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # participant → meetings
    waivers: dict[int, list[Waiver]] = field(default_factory=lambda: defaultdict(list))

    def concerning(self, participant: Participant) -> list[Meeting]:
        """The meetings of the participant's teams, past and present, and those they were marked at."""
        found = set(self.marked[participant.pk])
        for membership in self.memberships[participant.pk]:
            found |= self.of_team[membership.team_id]
        return [self.meetings[pk] for pk in sorted(found)]

    def quorate(self, meeting: Meeting) -> bool:
        """A meeting that was written down counts from the cohort's quorum on."""
        marks = self.marks.get(meeting.pk, {}).values()
        there = sum(PRESENCE[Attendance.Status(status)] is Presence.ATTENDED for status in marks)
        return there == 0 or there >= self.cohort.quorum


def _judged(cohort: Cohort, participants: list[Participant], today: date) -> dict[int, Standing]:
    rules, book = rules_of(cohort), _read(cohort, participants)
    return {
        participant.pk: judge(rules=rules, history=_history(participant, book), today=today)
        for participant in participants
    }


def _read(cohort: Cohort, participants: Iterable[Participant]) -> _Book:
    meetings = {row.pk: row for row in cohort.meetings.select_related("item")}
    teams: dict[int, set[int]] = defaultdict(set)
    for meeting_id, team_id in MeetingTeam.objects.filter(meeting__cohort=cohort).values_list(
        "meeting_id", "team_id"
    ):
        teams[meeting_id].add(team_id)
    marks: dict[int, dict[int, str]] = defaultdict(dict)
    for meeting_id, participant_id, status in Attendance.objects.filter(meeting__cohort=cohort).values_list(
        "meeting_id", "participant_id", "status"
    ):
        marks[meeting_id][participant_id] = status
    receipts = EvaluationReceipt.objects.filter(meeting__cohort=cohort).values_list(
        "meeting_id", "participant_id"
    )
    closed = EvaluationClosing.objects.filter(cohort=cohort, item=None).exists()
    book = _Book(cohort, meetings, teams, marks, set(receipts), closed)
    for membership in Membership.objects.filter(participant__in=[each.pk for each in participants]):
        book.memberships[membership.participant_id].append(membership)
    for waiver in Waiver.objects.in_force().filter(participant__in=[each.pk for each in participants]):
        book.waivers[waiver.participant_id].append(waiver)
    for meeting_id, team_ids in teams.items():
        for team_id in team_ids:
            book.of_team[team_id].add(meeting_id)
    for meeting_id, by_participant in marks.items():
        for participant_id in by_participant:
            book.marked[participant_id].add(meeting_id)
    return book


def _history(participant: Participant, book: _Book) -> History:
    records = []
    for meeting in book.concerning(participant):
        status = book.marks.get(meeting.pk, {}).get(participant.pk)
        places = [each for each in book.memberships[participant.pk] if each.team_id in book.teams[meeting.pk]]
        if status is None and not any(_covers(each, meeting) for each in places):
            continue
        record = MeetingRecord(
            meeting_id=meeting.pk,
            title=meeting.heading,
            date=meeting.date,
            month=meeting.month,
            minutes=meeting.minutes,
            presence=PRESENCE[Attendance.Status(status)] if status else Presence.UNRECORDED,
            cancelled=not meeting.is_live,
            evaluated=(meeting.pk, participant.pk) in book.receipts,
            evaluation_closed=book.closed,
            own_team=bool(places),
        )
        records.append(record if book.quorate(meeting) else replace(record, quorate=False))
    waivers = book.waivers[participant.pk]
    return History(
        tuple(records),
        left=participant.status == Participant.Status.LEFT,
        waived=frozenset(each.month for each in waivers if not each.is_plan),
        planned=frozenset(each.month for each in waivers if each.is_plan),
    )


def _covers(membership: Membership, meeting: Meeting) -> bool:
    """Whether the participant belonged to the team on the day of the meeting."""
    next_day = datetime.combine(meeting.date + timedelta(days=1), time(), tzinfo=meeting.zone)
    return membership.joined_at < next_day and (
        membership.ended_at is None or membership.ended_at >= meeting.starts_at
    )
