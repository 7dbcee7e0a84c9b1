"""Where participants stand, read from the database (C1, C2). The judging itself is pure: `meetings.completion`."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property

from coaching.models import Cohort, Membership, Participant
from meetings import quorum
from meetings.completion import judge
from meetings.deadlines import LastDates, answer_by, closing_day, window_of
from meetings.models import (
    Attendance,
    EvaluationClosing,
    EvaluationReceipt,
    EvaluationReopening,
    Meeting,
    MeetingTeam,
    Waiver,
)
from meetings.standing import History, MeetingRecord, Presence, RequirementRow, Rules, Standing

PRESENCE = {
    **dict.fromkeys(Attendance.THERE, Presence.ATTENDED),
    Attendance.Status.ABSENT: Presence.ABSENT,
    Attendance.Status.EXCUSED: Presence.EXCUSED,
}


def standing(participant: Participant, *, today: date) -> Standing:
    """What still stands between this participant and the certificate."""
    ((_, _, found),) = judged(participant.cohort, [participant], today=today)
    return found


def standings(cohort: Cohort, *, today: date) -> dict[int, Standing]:
    """The standing of every participant of the cohort, by participant id, in a constant number of queries."""
    found = judged(cohort, cohort.participants.all(), today=today)
    return {participant.pk: standing for participant, _, standing in found}


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
    rules: Rules
    meetings: dict[int, Meeting]
    teams: dict[int, set[int]]  # meeting → teams
    marks: dict[int, dict[int, str]]  # meeting → participant → status
    receipts: set[tuple[int, int]]
    reopened: dict[tuple[int, int], date | None]
    written_down: dict[tuple[int, int], date]
    closed: bool
    expected: dict[int, int]  # meeting that lies ahead → people
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
        """A meeting that was written down counts from the cohort's quorum on; one ahead if so many are expected."""
        if meeting.pk in self.expected:
            return self.expected[meeting.pk] >= self.cohort.quorum
        marks = self.marks.get(meeting.pk, {}).values()
        there = sum(PRESENCE[Attendance.Status(status)] is Presence.ATTENDED for status in marks)
        return there == 0 or there >= self.cohort.quorum

    @cached_property
    def last_dates(self) -> LastDates:
        found: LastDates = {}
        for meeting in self.meetings.values():
            if meeting.is_live:
                key = (self.cohort.pk, meeting.item_id)
                found[key] = max(meeting.date, found.get(key, meeting.date))
        return found

    @cached_property
    def last_day(self) -> date:
        return closing_day(self.cohort, self.rules.last_day, self.last_dates)

    def evaluate_by(self, meeting: Meeting, participant: Participant) -> date | None:
        """None for whoever was not written down."""
        key = (meeting.pk, participant.pk)
        if key not in self.written_down:
            return None
        return window_of(
            answer_by=answer_by(meeting, self.cohort, self.last_dates),
            written_down=self.written_down[key],
            reopened=self.reopened.get(key),
            last_day=self.last_day,
            is_closed=self.closed,
        ).until


def judged(
    cohort: Cohort, participants: Iterable[Participant], *, today: date
) -> list[tuple[Participant, History, Standing]]:
    """Each participant with what happened and where they stand, in a constant number of queries."""
    rules, people = rules_of(cohort), list(participants)
    book = _read(cohort, rules, people, today)
    histories = [(each, _history(each, book, today)) for each in people]
    return [(each, history, judge(rules=rules, history=history, today=today)) for each, history in histories]


def _read(cohort: Cohort, rules: Rules, participants: Iterable[Participant], today: date) -> _Book:
    meetings = {row.pk: row for row in cohort.meetings.select_related("item")}
    teams: dict[int, set[int]] = defaultdict(set)
    for meeting_id, team_id in MeetingTeam.objects.filter(meeting__cohort=cohort).values_list(
        "meeting_id", "team_id"
    ):
        teams[meeting_id].add(team_id)
    marks: dict[int, dict[int, str]] = defaultdict(dict)
    written_down: dict[tuple[int, int], date] = {}
    for meeting_id, participant_id, status, at in Attendance.objects.filter(
        meeting__cohort=cohort
    ).values_list("meeting_id", "participant_id", "status", "recorded_at"):
        marks[meeting_id][participant_id] = status
        written_down[meeting_id, participant_id] = at.astimezone(meetings[meeting_id].zone).date()
    reopenings = EvaluationReopening.objects.filter(meeting__cohort=cohort)
    reopened = {(row.meeting_id, row.participant_id): row.until_date for row in reopenings}
    receipts = EvaluationReceipt.objects.filter(meeting__cohort=cohort).values_list(
        "meeting_id", "participant_id"
    )
    closed = EvaluationClosing.objects.filter(cohort=cohort, item=None).exists()
    ahead = [each for each in meetings.values() if each.is_live and each.date > today]
    expected = {meeting.pk: len(people) for meeting, people in quorum.expected(cohort, ahead).items()}
    book = _Book(
        cohort, rules, meetings, teams, marks, set(receipts), reopened, written_down, closed, expected
    )
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


def _history(participant: Participant, book: _Book, today: date) -> History:
    records = []
    for meeting in book.concerning(participant):
        status = book.marks.get(meeting.pk, {}).get(participant.pk)
        places = [each for each in book.memberships[participant.pk] if each.team_id in book.teams[meeting.pk]]
        if status is None and not any(covers(each, meeting) for each in places):
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
            evaluate_by=book.evaluate_by(meeting, participant),
            evaluation_closed=book.closed or today > book.last_day,
            own_team=bool(places),
        )
        records.append(record if book.quorate(meeting) else replace(record, quorate=False))
    waivers = book.waivers[participant.pk]
    return History(
        tuple(records),
        left=participant.status == Participant.Status.LEFT,
        waived=frozenset(each.month for each in waivers if not each.is_plan),
        planned=frozenset(each.month for each in waivers if each.is_plan),
        on_leave=frozenset(each.month for each in waivers if each.kind == Waiver.Kind.LEAVE),
        in_team=any(each.ended_at is None for each in book.memberships[participant.pk]),
    )


def covers(membership: Membership, meeting: Meeting) -> bool:
    """Whether the participant belonged to the team on the day of the meeting."""
    next_day = datetime.combine(meeting.date + timedelta(days=1), time(), tzinfo=meeting.zone)
    return membership.joined_at < next_day and (
        membership.ended_at is None or membership.ended_at >= meeting.starts_at
    )
