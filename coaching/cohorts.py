"""Opening a cohort: one run of a program by one branch."""

from datetime import date, datetime

import holidays
from django.db import transaction

from coaching import audit
from coaching.errors import Refused
from coaching.models import ClosedDay, Cohort, User

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


def seed_closed_days(years: range) -> int:
    """Put the state holidays of these years into the editable table; what is there stays. Returns how many were new."""
    known = set(ClosedDay.objects.filter(branch=None).values_list("date", flat=True))
    days = holidays.country_holidays("US", subdiv="CA", years=years, observed=True)
    new = {day: _staff_holidays(names) for day, names in sorted(days.items()) if day not in known}
    ClosedDay.objects.bulk_create(ClosedDay(date=day, name=name[:120]) for day, name in new.items() if name)
    return sum(1 for name in new.values() if name)


def _staff_holidays(names: str) -> str:
    """Of the holidays that fall on one day, those on which the offices are closed."""
    parts = names.split(SEPARATOR)
    return SEPARATOR.join(part for part in parts if not part.startswith(NOT_STAFF_HOLIDAYS))


def closed_days(cohort: Cohort, *, start: date, end: date) -> dict[date, str]:
    """State holidays and the branch's own closed days between two dates, both included."""
    days = ClosedDay.objects.filter(date__range=(start, end))
    rows = days.filter(branch=None) | days.filter(branch=cohort.branch_id)
    return {day.date: day.name for day in rows}


@transaction.atomic
def open_cohort(*, cohort: Cohort, by: User | None, now: datetime) -> Cohort:
    """Save a new cohort: it takes the program's competency model of today for good (F1)."""
    if cohort.pk:
        raise CohortNotValid(f"The {cohort} is open already.")
    cohort.competency_model = cohort.program.competency_model
    cohort.opened_by = by
    cohort.opened_at = now
    cohort.full_clean()
    cohort.save()
    seed_closed_days(range(cohort.first_month.year, cohort.first_month.year + 2))
    audit.record("cohort.opened", by=by, obj=cohort, now=now)
    return cohort


@transaction.atomic
def change_cohort(*, cohort: Cohort, by: User, now: datetime, changed: list[str]) -> Cohort:
    """Save new dates, seats or settings of an open cohort; `changed` names the fields that were edited."""
    Cohort.objects.select_for_update().get(pk=cohort.pk)
    cohort.full_clean()
    cohort.save()
    audit.record("cohort.changed", by=by, obj=cohort, now=now, data={"fields": sorted(changed)})
    return cohort
