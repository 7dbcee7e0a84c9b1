"""Who is away, and until when: the leave of absence as its waived months have it (`meetings.waivers`)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from coaching.days import today_of
from coaching.models import Cohort, Participant, User
from meetings import dates
from meetings.models import Meeting, Waiver

KIND = Waiver.Kind.LEAVE


def away(cohort: Cohort, *days: date) -> dict[int, date]:
    """Who is on leave on any of these days, by participant id, with the last day of the leave; in one query."""
    found: dict[int, date] = {}
    for _, theirs in sorted(by_day(cohort, days).items()):
        found = theirs | found
    return found


def by_day(cohort: Cohort, days: Iterable[date]) -> dict[date, dict[int, date]]:
    """Who is on leave on each of these days, as `away` has it; in one query."""
    months: dict[int, dict[int, datetime | None]] = defaultdict(dict)
    rows = Waiver.objects.in_force().filter(participant__cohort=cohort, kind=KIND)
    for participant, month, back_at in rows.values_list("participant", "month", "back_at"):
        months[participant][month] = back_at
    return {
        day: {who: end for who, theirs in months.items() if (end := _ends(cohort, theirs, day))}
        for day in days
    }


def _ends(cohort: Cohort, months: dict[int, datetime | None], day: date) -> date | None:
    """The last day of the leave that runs on this day; None: none does. `months`: with when they came back in it."""
    month = dates.program_month(cohort.first_month, day)
    if month not in months:
        return None
    while months[month] is None and month + 1 in months:
        month += 1
    back_at = months[month]
    if back_at is None:
        return dates.end_of_program_month(cohort.first_month, month)
    end = today_of(cohort, back_at) - timedelta(days=1)
    return end if day <= end else None


@dataclass(frozen=True)
class Leave:
    """From a day to a day, both of the leave."""

    first: date
    last: date


def leaves(cohort: Cohort, *, today: date) -> dict[int, list[Leave]]:
    """The leaves that run or lie ahead, by participant id, in their order; in one query."""
    rows = Waiver.objects.in_force().filter(participant__cohort=cohort, kind=KIND)
    found: dict[int, list[Leave]] = defaultdict(list)
    for row in rows.order_by("participant", "month").select_related("participant__cohort"):
        first = dates.add_months(cohort.first_month, row.month - 1)
        last = dates.end_of_month(first)
        if row.back_at:
            last = today_of(cohort, row.back_at) - timedelta(days=1)
        theirs = found[row.participant_id]
        if theirs and theirs[-1].last == first - timedelta(days=1):
            theirs[-1] = Leave(theirs[-1].first, last)
        elif last >= first:
            theirs.append(Leave(first, last))
    ahead = {pk: [each for each in theirs if each.last >= today] for pk, theirs in found.items()}
    return {pk: theirs for pk, theirs in ahead.items() if theirs}


def not_away(participants: Iterable[Participant], cohort: Cohort, *days: date) -> list[Participant]:
    gone = away(cohort, *days)
    return [each for each in participants if each.pk not in gone]


def is_away(user: User, cohort: Cohort, *days: date) -> bool:
    return Participant.objects.filter(user=user, pk__in=away(cohort, *days)).exists()


def outside(meetings: Iterable[Meeting], user: User) -> list[Meeting]:
    """Those of these meetings that lie in no leave of this person; a query for each cohort, and one more."""
    meetings = list(meetings)
    own = set(Participant.objects.filter(user=user).values_list("pk", flat=True)) if meetings else set()
    days: dict[Cohort, set[date]] = defaultdict(set)
    for each in meetings:
        days[each.cohort].add(each.date)
    gone = {cohort: by_day(cohort, theirs) for cohort, theirs in days.items()}
    return [each for each in meetings if own.isdisjoint(gone[each.cohort][each.date])]
