"""Whose certificate is in danger, for the branch office: while it can still be mended, and before the participant
reads that it is lost (C2).

What is in danger follows from the ledger each time it is asked for. Kept is only since when the branch office has
known of it: what would be final is final for the participant DAYS_TO_ACT later, or when the program's evaluations close.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from coaching import outbox
from coaching.days import today_of
from coaching.models import Cohort, Membership, Message, Participant
from coaching.permissions import officers_of
from meetings import completion, deadlines, ledger
from meetings.completion import judge
from meetings.dates import add_months, end_of_program_month, long_date, month_name
from meetings.models import Finding, Look
from meetings.standing import (
    MENDED_BY_OFFICE,
    Code,
    History,
    MeetingRecord,
    MonthStanding,
    MonthState,
    Presence,
    Reason,
    Rules,
    Standing,
)

DAYS_TO_ACT = 7
NEAR_DAYS = 7  # before a month ends without its attendance, or an evaluation closes
LOOK_EVERY = timedelta(hours=1)
MAIL = "meetings.attention"


@dataclass(frozen=True)
class Danger:
    """One thing that the branch office can mend. `meeting_id`: where it is mended; `spare`: one that could count instead.

    `too_few`: a meeting ahead at which too few are expected for it to count.
    """

    participant: Participant
    reason: Reason
    words: str
    month: str
    meeting_id: int | None = None
    spare: MeetingRecord | None = None
    too_few: MeetingRecord | None = None
    final_on: date | None = None

    @property
    def code(self) -> Code:
        return self.reason.code

    @property
    def label(self) -> str:
        """What it is about, beside others of the same person."""
        is_evaluation = self.code in (Code.EVALUATION_LATE, Code.EVALUATION_OPEN)
        return f"an evaluation of {self.month}" if is_evaluation else self.month


def dangers(cohort: Cohort, *, today: date) -> list[Danger]:
    """By name, of everybody who takes part, until the program's evaluations close; a constant number of queries."""
    last = deadlines.last_day(cohort)
    if today > last:
        return []
    told = {
        (row.participant_id, row.key): row.told_date
        for row in Finding.objects.filter(participant__cohort=cohort)
    }
    everybody = _everybody(cohort, today=today)
    found = []
    for participant, history, standing in everybody.judged:
        for reason in standing.reasons:
            if _is_danger(reason, history, cohort, today):
                closing = last + timedelta(days=1)
                day = told.get((participant.pk, reason.key), today) + timedelta(days=DAYS_TO_ACT)
                lost = closing if reason.code is Code.MONTH_TO_MAKE_UP else min(day, closing)
                found.append(_danger(participant, reason, history, cohort, everybody, lost))
    return found


def in_danger(cohort: Cohort, *, today: date) -> int:
    """How many people's certificates are, as the page lists them."""
    return len({each.participant.pk for each in dangers(cohort, today=today)})


def _is_danger(reason: Reason, history: History, cohort: Cohort, today: date) -> bool:
    match reason.code:
        case Code.MONTH_AT_RISK | Code.MONTH_MISSED | Code.EVALUATION_LATE:
            return True
        case Code.MONTH_UNRECORDED:
            return today > _end(cohort, reason) - timedelta(days=NEAR_DAYS)
        case Code.MONTH_TO_MAKE_UP:
            return today > _last_day(cohort) - timedelta(days=NEAR_DAYS)
        case Code.EVALUATION_OPEN:
            until = _record(history, reason).evaluate_by
            return until is not None and today > until - timedelta(days=NEAR_DAYS)
        case Code.ATTENDANCE_SHORT:
            return reason.final
        case _:
            return False


def _danger(
    participant: Participant,
    reason: Reason,
    history: History,
    cohort: Cohort,
    everybody: "_Everybody",
    lost: date,
) -> Danger:
    if reason.code in (Code.EVALUATION_LATE, Code.EVALUATION_OPEN):
        record = _record(history, reason)
        assert record.evaluate_by is not None
        closes = "closes on" if reason.code is Code.EVALUATION_OPEN else "was open until"
        words = f"The evaluation of “{record.title}” {closes} {long_date(record.evaluate_by)}."
        return Danger(participant, reason, words, month_name(record.date), record.meeting_id)
    if reason.month is None:
        return Danger(
            participant, reason, "Too few meetings attended in the whole program.", "the whole program"
        )
    name = month_name(add_months(cohort.first_month, reason.month - 1))
    if participant.pk in everybody.in_teams:
        way = f"Their team can plan one until {long_date(_end(cohort, reason))}."
    else:
        way = "They are in no team: let them join one, or excuse the month."
    too_few = completion.too_few_ahead(history.meetings, reason.month, everybody.today)
    if too_few:
        why = f"{name}: too few will be at “{too_few.title}” on {long_date(too_few.date)} for it to count."
        way = f"Their team can move it, or plan another one, until {long_date(_end(cohort, reason))}."
    else:
        why = f"{name} is still open, and no meeting that is planned can meet it."
    words = {
        Code.MONTH_AT_RISK: f"{why} {way}",
        Code.MONTH_TO_MAKE_UP: f"{name}: the plan to make it up is still open.",
        Code.MONTH_UNRECORDED: f"{name}: nobody has taken attendance.",
        Code.MONTH_MISSED: f"{name}: no meeting attended, or too few.",
    }[reason.code]
    return Danger(
        participant,
        reason,
        words,
        name,
        _to_mend(history, reason.month, everybody.today),
        everybody.spare(participant, history, reason.month),
        too_few,
        lost if reason.final or reason.code is Code.MONTH_TO_MAKE_UP else None,
    )


def _end(cohort: Cohort, reason: Reason) -> date:
    return end_of_program_month(cohort.first_month, reason.month or 1)


def _last_day(cohort: Cohort) -> date:
    """Of the program's months."""
    return end_of_program_month(cohort.first_month, cohort.months)


def _record(history: History, reason: Reason) -> MeetingRecord:
    return next(each for each in history.meetings if each.meeting_id == reason.meeting_id)


def _to_mend(history: History, month: int, today: date) -> int | None:
    """The meeting of the month that they missed, or of which nobody said who was there."""
    open_ones = [
        each
        for each in history.meetings
        if each.month == month and each.own_team and not each.cancelled and each.date <= today
        if each.presence in (Presence.ABSENT, Presence.UNRECORDED)
    ]
    return max(open_ones, key=lambda each: each.date).meeting_id if open_ones else None


@dataclass(frozen=True)
class _Everybody:
    """All who take part: a meeting counts for the same month for each of them (`scheduling.count_for`)."""

    rules: Rules
    today: date
    judged: list[tuple[Participant, History, Standing]]
    in_teams: set[int]

    def spare(self, participant: Participant, history: History, month: int) -> MeetingRecord | None:
        """The first meeting they were at that could count for this month instead: it is met then, and nobody loses one."""
        there = [
            each
            for each in history.meetings
            if each.presence is Presence.ATTENDED and each.quorate and each.own_team
            if not each.cancelled and each.date <= self.today and each.month != month
        ]
        there.sort(key=lambda each: each.date)
        return next((each for each in there if self._mends(participant, each.meeting_id, month)), None)

    def _mends(self, participant: Participant, meeting_id: int, month: int) -> bool:
        for each, history, before in self.judged:
            if all(record.meeting_id != meeting_id for record in history.meetings):
                continue
            after = judge(
                rules=self.rules, history=_counted_for(history, meeting_id, month), today=self.today
            )
            if any(map(_is_lost, before.months, after.months)):
                return False
            if each.pk == participant.pk and not after.months[month - 1].is_met:
                return False
        return True


def _everybody(cohort: Cohort, *, today: date) -> _Everybody:
    """By name."""
    people = cohort.participants.active().select_related("user").order_by("user__name", "pk")
    places = Membership.objects.filter(participant__cohort=cohort, ended_at=None)
    return _Everybody(
        ledger.rules_of(cohort),
        today,
        ledger.judged(cohort, people, today=today),
        set(places.values_list("participant_id", flat=True)),
    )


def _counted_for(history: History, meeting_id: int, month: int) -> History:
    meetings = (
        replace(each, month=month) if each.meeting_id == meeting_id else each for each in history.meetings
    )
    return replace(history, meetings=tuple(meetings))


def _is_lost(before: MonthStanding, after: MonthStanding) -> bool:
    lost = (MonthState.MISSED, MonthState.AT_RISK)
    return (before.is_met and not after.is_met) or (after.state in lost and before.state not in lost)


def as_read_by(participant: Participant, *, today: date) -> Standing:
    """The standing as its participant reads it: what is new to the branch office is open with it, not yet lost."""
    cohort = participant.cohort
    ((_, history, standing),) = ledger.judged(cohort, [participant], today=today)
    if today > deadlines.last_day(cohort):
        return completion.plans_lapsed(standing)
    in_danger = any(_is_danger(reason, history, cohort, today) for reason in standing.reasons)
    standing = replace(standing, in_danger=in_danger)
    final = [reason for reason in standing.reasons if reason.code in MENDED_BY_OFFICE and reason.final]
    if not final:
        return standing
    told = dict(participant.findings.values_list("key", "told_date"))
    acted = today - timedelta(days=DAYS_TO_ACT)
    new = {reason.key for reason in final if told.get(reason.key, today) > acted}
    return completion.with_the_office(standing, new)


@dataclass(frozen=True)
class Way:
    """Where somebody stands, as the branch office reads it. `in_danger`: months and evaluations it can still mend."""

    standing: Standing
    in_danger: tuple[str, ...] = ()


def ways(cohort: Cohort, *, today: date) -> dict[int, Way]:
    """Of all participants of the cohort, by id, in a constant number of queries."""
    things: dict[int, dict[str, None]] = defaultdict(dict)
    for each in dangers(cohort, today=today):
        things[each.participant.pk].setdefault(each.label)
    is_over = today > deadlines.last_day(cohort)
    return {
        pk: Way(completion.plans_lapsed(standing) if is_over else standing, tuple(things[pk]))
        for pk, standing in ledger.standings(cohort, today=today).items()
    }


def look(*, now: datetime) -> int:
    """Go through the cohorts under way, each once an hour; returns how many were. Safe to run at any time and twice."""
    due = Cohort.objects.filter(
        Q(look=None) | Q(look__looked_at__lte=now - LOOK_EVERY), meetings__isnull=False
    )
    return sum(_look_at(cohort, now) for cohort in due.distinct().select_related("program", "branch"))


@transaction.atomic
def _look_at(cohort: Cohort, now: datetime) -> bool:
    Cohort.objects.select_for_update().get(pk=cohort.pk)
    last = Look.objects.filter(cohort=cohort).first()
    if last and last.looked_at > now - LOOK_EVERY:
        return False
    Look.objects.update_or_create(cohort=cohort, defaults={"looked_at": now})
    today = today_of(cohort, now)
    found = dangers(cohort, today=today)
    keys = {(each.participant.pk, each.reason.key) for each in found}
    known = {(row.participant_id, row.key): row for row in Finding.objects.filter(participant__cohort=cohort)}
    Finding.objects.filter(pk__in=[row.pk for key, row in known.items() if key not in keys]).delete()
    new = keys - set(known)
    if new and not _is_told(cohort, today):
        Finding.objects.bulk_create(
            Finding(participant_id=pk, key=key, told_date=today) for pk, key in sorted(new)
        )
        _tell(cohort, today, now)
    return True


def _is_told(cohort: Cohort, today: date) -> bool:
    """One mail a day at most: what is found after it waits for the next."""
    return Message.objects.filter(key__startswith=f"{MAIL}:{cohort.pk}.{today}:").exists()


def _tell(cohort: Cohort, today: date, now: datetime) -> None:
    ids = {"cohort": cohort.pk, "day": today.toordinal()}
    to = officers_of(cohort, on=today)
    outbox.queue_many(kind=MAIL, to=to, key=f"{cohort.pk}.{today}", now=now, ids=ids)


def told_on(cohort: Cohort, day: date, *, today: date) -> Iterable[tuple[str, str]]:
    """What was new to the branch office that day and still is so: names and months, and nothing else."""
    rows = Finding.objects.filter(participant__cohort=cohort, told_date=day)
    keys = set(rows.values_list("participant", "key"))
    found = [each for each in dangers(cohort, today=today) if (each.participant.pk, each.reason.key) in keys]
    return dict.fromkeys((str(each.participant), each.month) for each in found)
