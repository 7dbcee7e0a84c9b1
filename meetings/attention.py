"""Whose certificate is in danger, for the branch office: while it can still be mended, and before the participant
reads that it is lost (C2).

What is in danger follows from the ledger each time it is asked for. Kept is only since when the branch office has
known of it: what would be final is final for the participant DAYS_TO_ACT later, or when the program's evaluations close.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from coaching import outbox
from coaching.days import today_of
from coaching.models import Cohort, Message, Participant
from coaching.permissions import officers_of
from meetings import completion, deadlines, ledger
from meetings.completion import Code, History, MeetingRecord, Presence, Reason, Standing
from meetings.dates import add_months, end_of_month, long_date, month_name
from meetings.models import Finding, Look

DAYS_TO_ACT = 7
NEAR_DAYS = 7  # before a month ends without its attendance, or an evaluation closes
LOOK_EVERY = timedelta(hours=1)
MAIL = "meetings.attention"


@dataclass(frozen=True)
class Danger:
    """One thing that the branch office can mend. `meeting_id`: where it is mended; `spare`: one that could count instead."""

    participant: Participant
    reason: Reason
    words: str
    month: str
    meeting_id: int | None = None
    spare: MeetingRecord | None = None
    final_on: date | None = None

    @property
    def code(self) -> Code:
        return self.reason.code


def dangers(cohort: Cohort, *, today: date) -> list[Danger]:
    """By name, of everybody who takes part; a constant number of queries."""
    people = cohort.participants.active().select_related("user").order_by("user__name", "pk")
    told = {
        (row.participant_id, row.key): row.told_date
        for row in Finding.objects.filter(participant__cohort=cohort)
    }
    last = deadlines.last_day(cohort)
    found = []
    for participant, history, standing in ledger.judged(cohort, people, today=today):
        for reason in standing.reasons:
            if _is_danger(reason, history, cohort, today):
                day = told.get((participant.pk, reason.key), today) + timedelta(days=DAYS_TO_ACT)
                lost = min(day, last + timedelta(days=1))
                found.append(_danger(participant, reason, history, cohort, today, lost))
    return found


def _is_danger(reason: Reason, history: History, cohort: Cohort, today: date) -> bool:
    match reason.code:
        case Code.MONTH_AT_RISK | Code.MONTH_MISSED | Code.EVALUATION_LATE:
            return True
        case Code.MONTH_UNRECORDED:
            return today > _end(cohort, reason) - timedelta(days=NEAR_DAYS)
        case Code.EVALUATION_OPEN:
            until = _record(history, reason).evaluate_by
            return until is not None and today > until - timedelta(days=NEAR_DAYS)
        case Code.ATTENDANCE_SHORT:
            return reason.final
        case _:
            return False


def _danger(
    participant: Participant, reason: Reason, history: History, cohort: Cohort, today: date, lost: date
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
    words = {
        Code.MONTH_AT_RISK: f"{name} is still open, and no meeting that is planned can meet it. "
        f"Their team can plan one until {long_date(_end(cohort, reason))}.",
        Code.MONTH_UNRECORDED: f"{name}: nobody has taken attendance.",
        Code.MONTH_MISSED: f"{name}: no meeting attended, or too few.",
    }[reason.code]
    return Danger(
        participant,
        reason,
        words,
        name,
        _to_mend(history, reason.month, today),
        _spare(history, reason.month, today),
        lost if reason.final else None,
    )


def _end(cohort: Cohort, reason: Reason) -> date:
    return end_of_month(add_months(cohort.first_month, (reason.month or 1) - 1))


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


def _spare(history: History, month: int, today: date) -> MeetingRecord | None:
    """A meeting they were at that its own month does not need."""
    there = [
        each
        for each in history.meetings
        if each.presence is Presence.ATTENDED and not each.cancelled and each.own_team and each.date <= today
    ]
    spare = [
        each
        for each in there
        if each.month != month
        and (each.month is None or sum(other.month == each.month for other in there) > 1)
    ]
    return min(spare, key=lambda each: each.date) if spare else None


def as_read_by(participant: Participant, *, today: date) -> Standing:
    """The standing as its participant reads it: what is new to the branch office is open with it, not yet lost."""
    standing = ledger.standing(participant, today=today)
    final = [
        reason for reason in standing.reasons if reason.code in completion.MENDED_BY_OFFICE and reason.final
    ]
    if not final or today > deadlines.last_day(participant.cohort):
        return standing
    told = dict(participant.findings.values_list("key", "told_date"))
    acted = today - timedelta(days=DAYS_TO_ACT)
    new = {reason.key for reason in final if told.get(reason.key, today) > acted}
    return completion.with_the_office(standing, new)


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
    over = today > deadlines.last_day(cohort)
    found = [] if over else dangers(cohort, today=today)
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
