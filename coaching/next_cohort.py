"""A cohort like an earlier one: what is taken along, and its dates in a later year on the same weekdays."""

import re
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from coaching.cohorts import state_holidays, years_of
from coaching.models import ClosedDay, Cohort

# All other fields are taken along.
ANEW = {
    "id",
    "name",
    "competency_model",  # F1: the program's of the day on which it is opened
    "applications_open_date",
    "applications_close_date",
    "first_month",
    "opened_by",
    "opened_at",
}
WEEK = timedelta(weeks=1)
HALF_A_WEEK = timedelta(days=3)
YEAR_IN_NAME = re.compile(r"\b20\d\d\b")


def like(earlier: Cohort, *, today: date) -> Cohort:
    """Not saved: its settings, and its dates as many years later as it takes for people to be able to apply."""
    years = max(1, today.year - earlier.applications_close_date.year)
    while (closes := _closes(earlier, years)) < today:
        years += 1
    first_month = earlier.first_month + relativedelta(years=years)
    opens = min(max(later(earlier.applications_open_date, years), today), closes)
    taken_along = {
        field.attname: getattr(earlier, field.attname)
        for field in Cohort._meta.concrete_fields
        if field.name not in ANEW
    }
    return Cohort(
        **taken_along,
        name=_named(earlier.name, first_month.year, years),
        applications_open_date=opens,
        applications_close_date=closes,
        first_month=first_month,
    )


def _closes(earlier: Cohort, years: int) -> date:
    """Before the first month begins."""
    first_month = earlier.first_month + relativedelta(years=years)
    closes = later(earlier.applications_close_date, years)
    while closes >= first_month:
        closes -= WEEK
    return closes


def later(day: date, years: int) -> date:
    """The same weekday, next to the same day of a later year."""
    earliest = day + relativedelta(years=years) - HALF_A_WEEK
    return earliest + timedelta(days=(day.weekday() - earliest.weekday()) % 7)


def _named(name: str, year: int, years: int) -> str:
    if YEAR_IN_NAME.search(name):
        return YEAR_IN_NAME.sub(lambda found: str(int(found[0]) + years), name)
    return f"{name} {year}"


def closed_again(earlier: Cohort, new: Cohort) -> dict[date, str]:
    """The branch's own closed days of the earlier cohort's year, as they may lie in that of the new one.

    Without days that are known already as closed.
    """
    years = new.first_month.year - earlier.first_month.year
    after = earlier.first_month + relativedelta(months=earlier.months)
    own = ClosedDay.objects.filter(branch=earlier.branch_id)
    of_that_year = own.filter(date__gte=earlier.applications_open_date, date__lt=after)
    moved = {later(day.date, years): day.name for day in of_that_year}
    known = {*own.values_list("date", flat=True), *state_holidays(years_of(new))}
    known |= set(ClosedDay.objects.filter(branch=None, date__in=moved).values_list("date", flat=True))
    return {day: name for day, name in sorted(moved.items()) if day not in known}
