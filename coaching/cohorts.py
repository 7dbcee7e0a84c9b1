"""Opening a cohort: one run of a program by one branch."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

import holidays
from django.db import transaction
from django.utils import timezone

from coaching import audit, offices
from coaching.errors import Refused
from coaching.in_words import long_date
from coaching.meanwhile import BothChanged, mark, merged
from coaching.models import ClosedDay, Cohort, CompetencyModel, OrgUnit, Participant, Program, User
from coaching.permissions import require_office

# The library lists these for California, but the state's offices are open on them.
NOT_STAFF_HOLIDAYS = (
    "Susan B. Anthony Day",
    "Diwali",
    "Lunar New Year",
    "Genocide Remembrance Day",
    "Columbus Day",
)
SEPARATOR = "; "  # between two holidays of one day, as the library writes them


class CohortNotValid(Refused):
    pass


class NotYourBranch(Refused):
    pass


def seed_closed_days(years: range) -> int:
    """Put the state holidays of these years into the editable table; what is there stays. Returns how many were new."""
    known = set(ClosedDay.objects.filter(branch=None).values_list("date", flat=True))
    new = {day: name for day, name in state_holidays(years).items() if day not in known}
    rows = (ClosedDay(date=day, name=name) for day, name in new.items())
    ClosedDay.objects.bulk_create(
        rows, ignore_conflicts=True
    )  # another branch may do the same at this moment
    return len(new)


def state_holidays(years: range) -> dict[date, str]:
    """The days of these years on which the state's offices are closed, as the library knows them."""
    days = holidays.country_holidays("US", subdiv="CA", years=years, observed=True)
    named = {day: _staff_holidays(names)[:120] for day, names in sorted(days.items())}
    return {day: name for day, name in named.items() if name}


def _staff_holidays(names: str) -> str:
    """Of the holidays that fall on one day, those on which the offices are closed."""
    parts = names.split(SEPARATOR)
    return SEPARATOR.join(part for part in parts if not part.startswith(NOT_STAFF_HOLIDAYS))


def closed_days(cohort: Cohort, *, start: date, end: date) -> dict[date, str]:
    """State holidays and the branch's own closed days between two dates, both included."""
    days = ClosedDay.objects.filter(date__range=(start, end))
    rows = days.filter(branch=None) | days.filter(branch=cohort.branch_id)
    return {day.date: day.name for day in rows}


def years_of(cohort: Cohort) -> range:
    """The years in which a day of the cohort can lie."""
    return range(cohort.applications_open_date.year, cohort.first_month.year + 2)


@transaction.atomic
def open_cohort(
    *,
    cohort: Cohort,
    by: User | None,
    now: datetime,
    closed: Mapping[date, str] | None = None,
    like: Cohort | None = None,
) -> Cohort:
    """Save a new cohort: it takes the program's competency model of today for good (F1). Nobody is written to.

    `closed`: more days on which the branch's office is closed, by name. `like`: the earlier cohort whose settings it has.
    Raises CohortNotValid, NotYourBranch (F5), and ValidationError for values that cannot be.
    """
    if cohort.pk:
        raise CohortNotValid(f"The {cohort} is open already.")
    _require_branch(cohort.branch, by, now)
    _one_at_a_time(cohort.branch_id)
    current = Program.objects.filter(pk=cohort.program_id).values("competency_model")
    # Its words may be changed until a cohort is tied to it.
    cohort.competency_model = CompetencyModel.objects.select_for_update().get(pk__in=current)
    cohort.opened_by = by
    cohort.opened_at = now
    cohort.full_clean()
    cohort.save()
    seed_closed_days(years_of(cohort))
    change_closed_days(branch=cohort.branch, add=closed or {}, remove=(), by=by, now=now)
    audit.record("cohort.opened", by=by, obj=cohort, now=now, data={"like": like.pk} if like else None)
    return cohort


class DaysChanged(BothChanged):
    """The same closed days were changed elsewhere."""


@transaction.atomic
def change_closed_days(
    *,
    branch: OrgUnit,
    add: Mapping[date, str],
    remove: Collection[date],
    by: User | None,
    now: datetime,
    seen: Mapping[date, str] | None = None,
) -> None:
    """Days on which the branch's office is closed besides the state's holidays (M3); one that is there is named anew.

    `seen`: the names that the page showed. Raises NotYourBranch (F5), DaysChanged.
    """
    _require_branch(branch, by, now)
    _one_at_a_time(branch.pk)
    own = ClosedDay.objects.filter(branch=branch)
    known = dict(own.filter(date__in=[*add, *remove]).values_list("date", "name"))
    if seen is not None:
        _refuse_changed_days({**dict.fromkeys(remove, ""), **add}, seen, known)
    added = {day: name for day, name in add.items() if known.get(day) != name}
    removed = sorted(own.filter(date__in=remove).values_list("date", flat=True))
    if not added and not removed:
        return
    own.filter(date__in=[*added, *removed]).delete()
    ClosedDay.objects.bulk_create(
        ClosedDay(date=day, name=name, branch=branch) for day, name in added.items()
    )
    data = {"closed": [f"{day}" for day in sorted(added)], "open": [f"{day}" for day in removed]}
    audit.record("closed_days.changed", by=by, obj=branch, now=now, data=data)


def _refuse_changed_days(
    typed: Mapping[date, str], seen: Mapping[date, str], known: Mapping[date, str]
) -> None:
    try:
        merged(typed, seen={day: mark(name) for day, name in seen.items()}, stands=known)
    except BothChanged as refusal:
        raise DaysChanged(refusal.keys, refusal.stands) from refusal


def _require_branch(branch: OrgUnit, by: User | None, now: datetime) -> None:
    if by is not None and branch not in offices.office_branches(by, on=timezone.localdate(now)):
        raise NotYourBranch(f"You do not work for the branch office of {branch}.")


def _one_at_a_time(branch: int) -> None:
    """Whoever comes second sees the cohorts and days of the first: a name is there once, and so is a day."""
    OrgUnit.objects.select_for_update().get(pk=branch)


@transaction.atomic
def change_cohort(
    *,
    cohort: Cohort,
    values: Mapping[str, Any],
    by: User,
    now: datetime,
    seen: Mapping[str, str] | None = None,
) -> list[str]:
    """Save new dates, seats or settings of an open cohort; returns the names of those that were others before.

    `seen`: see meanwhile.merged. Raises NotYourCohort (F5, T10), BothChanged, CohortNotValid, and ValidationError for
    values that cannot be.
    """
    require_office(cohort=cohort, by=by, now=now)
    locked = Cohort.objects.select_for_update(of=("self",)).get(pk=cohort.pk)
    stands = {name: getattr(locked, name) for name in values}
    kept = merged(values, seen=seen, stands=stands)
    changed = {name: value for name, value in kept.items() if value != stands[name]}
    _refuse_what_is_fixed(locked, changed)
    for name, value in kept.items():
        setattr(locked, name, value)
        setattr(cohort, name, value)
    if changed:
        _one_at_a_time(locked.branch_id)
        locked.full_clean()
        locked.save(update_fields=list(changed))
        audit.record("cohort.changed", by=by, obj=locked, now=now, data={"fields": sorted(changed)})
    return sorted(changed)


# What a participant has to do for the certificate (C2).
WHAT_COUNTS = ("quorum", "missed_months_allowed", "other_team_counts")


def has_begun(cohort: Cohort) -> bool:
    """Whether a team of it was ever confirmed: from then on people keep a commitment whose terms stand."""
    return cohort.teams.filter(confirmed_at__isnull=False).exists()


def _refuse_what_is_fixed(before: Cohort, changed: Mapping[str, Any]) -> None:
    if fixed := sorted({"program", "branch", "competency_model"} & set(changed)):
        raise CohortNotValid(f"The {', '.join(fixed)} of an open cohort cannot change.")  # F1
    if "seats" in changed:
        taken = before.participants.exclude(status=Participant.Status.LEFT).count()
        if changed["seats"] < taken:
            raise CohortNotValid(f"{taken} seats are taken already; the number of seats cannot be less.")
    if not has_begun(before):
        return
    if "first_month" in changed:
        raise CohortNotValid(
            "Teams have their calendar already, so the first month is fixed. Each team can still move its meetings."
        )
    if set(WHAT_COUNTS) & set(changed):
        raise CohortNotValid(
            "Teams were confirmed under the rules of what counts, so these are fixed. Who could not come for a "
            "protected reason can be excused, meeting by meeting."
        )


class Phase(Enum):
    """Where a cohort stands in its year, by its dates alone; the value is what people read."""

    NOT_OPEN = "Not open yet"
    APPLICATIONS = "Open for applications"
    SELECTION = "Selection and teams"
    MEETINGS = "Meetings"
    OVER = "Meetings are over"


@dataclass(frozen=True)
class Standing:
    phase: Phase
    words: str


def standing(cohort: Cohort, *, today: date) -> Standing:
    """The cohort's phase on a day, with a few words about it."""
    if today < cohort.applications_open_date:
        return Standing(Phase.NOT_OPEN, f"Opens {long_date(cohort.applications_open_date)}")
    if today <= cohort.applications_close_date:
        return Standing(
            Phase.APPLICATIONS, f"Open for applications until {long_date(cohort.applications_close_date)}"
        )
    if today < cohort.first_month:
        return Standing(Phase.SELECTION, f"Selection and teams; meetings begin in {cohort.first_month:%B %Y}")
    month = (today.year - cohort.first_month.year) * 12 + today.month - cohort.first_month.month + 1
    if month <= cohort.months:
        return Standing(Phase.MEETINGS, f"Month {month} of {cohort.months}")
    return Standing(Phase.OVER, "Meetings are over")


def is_over(cohort: Cohort, *, today: date) -> bool:
    """Whether the last month of the cohort's program is behind us."""
    return standing(cohort, today=today).phase == Phase.OVER
