"""What still stands between a participant and the certificate, in pure Python (C1, C2).

Requirement rows and a history go in; reasons in words come out. `meetings.ledger` reads both from the database.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from meetings.dates import add_months, end_of_month, long_date
from meetings.standing import (
    Code,
    History,
    MeetingRecord,
    MonthStanding,
    MonthState,
    Presence,
    Reason,
    RequirementRow,
    Rules,
    Standing,
)


def judge(*, rules: Rules, history: History, today: dt.date) -> Standing:
    """Where a participant stands on `today`: complete only if what has happened until then meets every row."""
    waived = {month for month in history.waived if add_months(rules.first_month, month - 1) <= today}
    happened = [record for record in history.meetings if _counts(record, rules, today)]
    attended = [record for record in happened if record.presence is Presence.ATTENDED]
    months: tuple[MonthStanding, ...] = ()
    reasons: list[Reason] = []
    if history.left:
        reasons.append(Reason(Code.LEFT, "You left the program before it ended.", final=True))
    if not rules.requirements or rules.months < 1:
        reasons.append(Reason(Code.NO_REQUIREMENTS, "The program has not said yet what a certificate takes."))
    for row in rules.requirements:
        match (row.kind, row.unit, row.per):
            case ("attendance", "count", "month"):
                months = _months(rules, row.least, happened, history, today)
                reasons += _month_reasons(months, row.least, rules, history, today)
            case ("attendance", "count" | "percent", "program"):
                reasons += _attendance_reasons(row, rules, history.meetings, happened, waived, today)
            case ("evaluation", "percent", "program"):
                reasons += _evaluation_reasons(attended, _share(row.least, len(attended)), today)
            case ("evaluation", "count", "program"):
                reasons += _evaluation_count_reasons(row, attended, rules, today)
            case _:
                reasons.append(_unknown(row))
    return Standing(
        complete=not reasons,
        reachable=not any(reason.final for reason in reasons),
        reasons=tuple(reasons),
        months=months,
        attended=tuple(attended),
    )


def with_the_office(standing: Standing, new: Collection[str]) -> Standing:
    """The standing as its participant reads it while the branch office has days to mend what has the keys `new`."""
    reasons = tuple(_with_the_office(each) if each.key in new else each for each in standing.reasons)
    theirs = {each.month for each in standing.reasons if each.key in new}
    months = tuple(
        replace(each, state=MonthState.WITH_THE_OFFICE) if each.month in theirs else each
        for each in standing.months
    )
    reachable = not any(reason.final for reason in reasons)
    return replace(standing, reasons=reasons, months=months, reachable=reachable)


def plans_lapsed(standing: Standing) -> Standing:
    """The standing after the program's last closing: what was still to be made up is missed."""
    lapsed = {each.month for each in standing.reasons if each.code is Code.MONTH_TO_MAKE_UP}
    if not lapsed:
        return standing
    reasons = tuple(
        replace(
            each,
            code=Code.MONTH_MISSED,
            final=True,
            text=f"{each.text.split(':')[0]}: it was to be made up, and was not until the program ended.",
        )
        if each.code is Code.MONTH_TO_MAKE_UP
        else each
        for each in standing.reasons
    )
    months = tuple(
        replace(each, state=MonthState.MISSED) if each.month in lapsed else each for each in standing.months
    )
    return replace(standing, reasons=reasons, months=months, reachable=False)


def _with_the_office(reason: Reason) -> Reason:
    said = reason.text.split(":")[0] if reason.month else "Meetings of the whole program"
    text = (
        f"{said}: open with the branch office. It can still excuse you or count another meeting; "
        "write to it if there was a good reason."
    )
    return replace(reason, code=Code.WITH_THE_OFFICE, text=text, final=False)


def _counts(record: MeetingRecord, rules: Rules, today: dt.date) -> bool:
    if record.presence is Presence.ATTENDED and not record.quorate:
        return False
    return not record.cancelled and record.date <= today and (record.own_team or rules.other_teams_count)


def _months(
    rules: Rules,
    least: int,
    happened: Iterable[MeetingRecord],
    history: History,
    today: dt.date,
) -> tuple[MonthStanding, ...]:
    by_month: dict[int | None, list[MeetingRecord]] = defaultdict(list)
    for record in happened:
        by_month[record.month].append(record)
    found = []
    for month in range(1, rules.months + 1):
        first_day = add_months(rules.first_month, month - 1)
        state, attended = _month_state(by_month[month], least, over=today > end_of_month(first_day))
        if state is not MonthState.MET and month in history.waived and first_day <= today:
            state = MonthState.EXCUSED
        if state is MonthState.OPEN and month not in history.waived:
            ahead = [record for record in _own(history.meetings, month) if record.date > today]
            can_count = sum(map(_can_count, ahead))
            if attended + can_count < least and (first_day <= today or can_count < len(ahead)):
                state = MonthState.TO_MAKE_UP if month in history.planned else MonthState.AT_RISK
        unanswered = sum(
            record.presence is Presence.ATTENDED and not record.evaluated for record in by_month[month]
        )
        on_leave = month in history.on_leave
        excused = sum(each.presence is Presence.EXCUSED for each in _own(history.meetings, month))
        ahead_of_it = state is MonthState.OPEN and attended + excused >= least
        found.append(MonthStanding(month, first_day, state, attended, unanswered, on_leave, ahead_of_it))
    return tuple(_allowed(found, rules.missed_months_allowed, history.planned))


def _allowed(
    months: Iterable[MonthStanding], allowed: int, planned: Collection[int]
) -> Iterable[MonthStanding]:
    """What the cohort allows to miss goes to months that nothing else mends, then to those that are to be made up."""
    months = list(months)
    missed = [each.month for each in months if each.state is MonthState.MISSED]
    spared = sorted(missed, key=lambda month: month in planned)[:allowed]
    for each in months:
        if each.month in spared:
            yield replace(each, state=MonthState.ALLOWED)
        elif each.month in missed and each.month in planned:
            yield replace(each, state=MonthState.TO_MAKE_UP)
        else:
            yield each


def _month_state(records: Sequence[MeetingRecord], least: int, *, over: bool) -> tuple[MonthState, int]:
    attended = sum(record.presence is Presence.ATTENDED for record in records)
    excused = sum(record.presence is Presence.EXCUSED for record in records)
    if attended >= least:
        return MonthState.MET, attended
    if attended + excused >= least:
        return MonthState.EXCUSED, attended
    if any(record.presence is Presence.UNRECORDED for record in records):
        return MonthState.UNRECORDED, attended
    return (MonthState.MISSED if over else MonthState.OPEN), attended


def _month_reasons(
    months: Iterable[MonthStanding],
    least: int,
    rules: Rules,
    history: History,
    today: dt.date,
) -> list[Reason]:
    reasons = []
    for month in months:
        if month.is_met:
            continue
        name = month.label
        if month.state is MonthState.UNRECORDED:
            whose = "your team" if history.in_team else "that team"
            text = f"{name}: attendance has not been taken yet. Any member of {whose} can do it."
            reasons.append(Reason(Code.MONTH_UNRECORDED, text, month=month.month))
        elif month.state is MonthState.MISSED:
            text = (
                f"{name}: you attended no meeting."
                if not month.attended
                else f"{name}: {month.attended} of {least}."
            )
            text += (
                f" {_allowance(rules)} If there was a good reason, ask the branch office about an excusal."
            )
            reasons.append(Reason(Code.MONTH_MISSED, text, final=True, month=month.month))
        elif month.state is MonthState.TO_MAKE_UP:
            text = f"{name}: to be made up, as planned with the branch office."
            reasons.append(Reason(Code.MONTH_TO_MAKE_UP, text, month=month.month))
        elif month.state is MonthState.AT_RISK:
            text = _at_risk_text(month, least, history, today)
            reasons.append(Reason(Code.MONTH_AT_RISK, text, month=month.month))
        else:
            text = _open_text(month, least, history.meetings, today)
            is_waived = month.month in history.waived or month.excused_ahead
            if is_waived:
                text = f"{name} lies ahead; the branch office has excused you from it."
            reasons.append(Reason(Code.MONTH_OPEN, text, month=month.month, is_waived=is_waived))
    return reasons


def _allowance(rules: Rules) -> str:
    allowed = rules.missed_months_allowed
    if not allowed:
        return "The program asks for a meeting in every month."
    return f"The program lets {allowed} missed {'month' if allowed == 1 else 'months'} pass, and that is used up."


def _own(meetings: Iterable[MeetingRecord], month: int) -> list[MeetingRecord]:
    return [each for each in meetings if each.month == month and each.own_team and not each.cancelled]


def _can_count(record: MeetingRecord) -> bool:
    """Of one that lies ahead: for whoever is excused from it, it does however few are there."""
    return record.quorate or record.presence is Presence.EXCUSED


def too_few_ahead(meetings: Iterable[MeetingRecord], month: int, today: dt.date) -> MeetingRecord | None:
    """The first meeting of that month that lies ahead and at which too few are expected for it to count."""
    ahead = (each for each in _own(meetings, month) if each.date > today and not _can_count(each))
    return min(ahead, key=lambda each: each.date, default=None)


def _open_text(month: MonthStanding, least: int, meetings: Sequence[MeetingRecord], today: dt.date) -> str:
    own = _own(meetings, month.month)
    ahead = sorted(record.date for record in own if record.date > today and _can_count(record))
    missing = least - month.attended
    number = "a meeting" if missing == 1 else f"{missing} meetings"
    if ahead:
        return f"{month.label}: attend {number}; the next one is on {long_date(ahead[0])}."
    return f"{month.label}: attend {number} by {_last(month)}. None is planned yet."


def _at_risk_text(month: MonthStanding, least: int, history: History, today: dt.date) -> str:
    """What happened, and by when it can be made good."""
    meetings = history.meetings
    if not history.in_team:
        return (
            f"{month.label} is still open, and you are in no team now. Ask the branch office by {_last(month)}: "
            "it can let you join one, or excuse the month."
        )
    if record := too_few_ahead(meetings, month.month, today):
        return (
            f"{month.label}: too few of you will be there on {long_date(record.date)} for the meeting to count. Move it "
            f"with your team to a day until {_last(month)} when others can be there, or ask the branch office what else "
            "can count for you."
        )
    past = sorted(
        (each for each in _own(meetings, month.month) if each.date <= today), key=lambda each: each.date
    )
    day = long_date(past[-1].date) if past else ""
    if month.attended:
        why, plan = f"{month.attended} of {least} meetings are done", "another meeting"
    elif not past:
        why, plan = "no meeting is planned", "a meeting"
    elif past[-1].presence is Presence.ATTENDED:
        why, plan = f"too few of you were at the meeting on {day} for it to count", "an extra meeting"
    else:
        why, plan = f"you were not at the meeting on {day}", "an extra meeting"
    excusal = ", or ask the branch office about an excusal if there was a good reason" if past else ""
    return f"{month.label} is still open: {why}. Plan {plan} with your team by {_last(month)}{excusal}."


def _last(month: MonthStanding) -> str:
    return long_date(end_of_month(month.first_day))


def _attendance_reasons(
    row: RequirementRow,
    rules: Rules,
    meetings: Iterable[MeetingRecord],
    happened: Iterable[MeetingRecord],
    waived: Collection[int],
    today: dt.date,
) -> list[Reason]:
    known = [record for record in happened if record.presence in (Presence.ATTENDED, Presence.EXCUSED)]
    counted, least = len(known), row.least
    if row.unit == "percent":  # what was missed in a waived month is no meeting of theirs
        own = [record for record in meetings if record.own_team and not record.cancelled]
        least = _share(row.least, sum(record.month not in waived or record in known for record in own))
    else:  # a waived month stands for one meeting, however many the team had
        counted += len(set(waived) - {record.month for record in known})
    if counted >= least:
        return []
    text = f"You have {counted} of the {least} meetings that the program asks for."
    return [Reason(Code.ATTENDANCE_SHORT, text, final=today > rules.last_day)]


def _evaluation_reasons(attended: Iterable[MeetingRecord], least: int, today: dt.date) -> list[Reason]:
    """C1: a reason for each evaluation to fill in; those that no longer can be are named where they are needed."""
    records = sorted(attended, key=lambda record: (record.date, record.meeting_id))
    missing = [record for record in records if not record.evaluated]
    short = least - (len(records) - len(missing))
    if short <= 0:
        return []
    open_ones = [record for record in missing if not record.evaluation_closed]
    listed = missing if len(open_ones) < short else open_ones
    return [_evaluation_reason(record, today) for record in listed]


def _evaluation_reason(record: MeetingRecord, today: dt.date) -> Reason:
    about = f"the evaluation of “{record.title}” on {long_date(record.date)}"
    if record.evaluation_closed:
        text = f"You did not fill in {about}, and the program's evaluations are closed."
        return Reason(Code.EVALUATION_CLOSED, text, True, record.month, record.meeting_id)
    if record.evaluate_by and record.evaluate_by < today:
        text = (
            f"You did not fill in {about}. It was open until {long_date(record.evaluate_by)}; "
            "ask the branch office to open it again."
        )
        return Reason(Code.EVALUATION_LATE, text, False, record.month, record.meeting_id)
    text = f"Fill in {about}. It takes a minute."
    return Reason(Code.EVALUATION_OPEN, text, False, record.month, record.meeting_id)


def _evaluation_count_reasons(
    row: RequirementRow, attended: Iterable[MeetingRecord], rules: Rules, today: dt.date
) -> list[Reason]:
    attended = list(attended)
    counted = sum(record.evaluated for record in attended)
    if counted >= row.least:
        return []
    ahead = sum(not record.evaluated and not record.evaluation_closed for record in attended)
    text = f"You have filled in {counted} of the {row.least} evaluations that the program asks for."
    final = today > rules.last_day and counted + ahead < row.least
    return [Reason(Code.EVALUATIONS_SHORT, text, final=final)]


def _unknown(row: RequirementRow) -> Reason:
    text = f"The requirement “{row.kind}: {row.least} {row.unit}, {row.per}” cannot be checked yet. Ask the branch office."
    return Reason(Code.UNKNOWN_REQUIREMENT, text)


def _share(percent: int, of: int) -> int:
    """That percentage, rounded up: 90 percent of 8 meetings are all 8."""
    return -(-percent * of // 100)
