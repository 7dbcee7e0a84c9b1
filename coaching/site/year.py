"""The year of a cohort as its settings have it: each day on which something is due, from the first application on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from coaching.cohorts import state_holidays, years_of
from coaching.models import ClosedDay, Cohort
from meetings import dates, deadlines, notes

PROPOSE_DAYS = timedelta(days=7)  # from the last evaluation to the list of certificates
APPROVE_DAYS = timedelta(days=14)  # from the list to its certificates


@dataclass(frozen=True)
class Day:
    """One day of the year. `warning`: what speaks against it."""

    what: str
    date: date
    note: str = ""
    warning: str = ""


@dataclass(frozen=True)
class Year:
    """The milestones of a cohort; `meetings` by its usual day, before any team has moved one."""

    opens: date
    closes: date
    signed: date
    decided: date
    proposed: date
    confirmed: date
    meetings: tuple[dates.PlannedDate, ...]
    evaluated: date
    listed: date
    issued: date
    deleted: date


def year_of(cohort: Cohort, *, closed: Mapping[date, str], evaluated: date | None = None) -> Year:
    """`evaluated`: the day on which its evaluations close, where meetings were moved."""
    route = list(cohort.program.route.all())
    signed = cohort.applications_close_date + _days(step.days_to_sign for step in route if not step.decides)
    confirmed = cohort.first_month - timedelta(days=1)
    months = [item.month for item in cohort.program.curriculum.all()]
    end = dates.end_of_program_month(cohort.first_month, cohort.months)
    evaluated = evaluated or deadlines.closing_day(cohort, end, {})
    return Year(
        opens=cohort.applications_open_date,
        closes=cohort.applications_close_date,
        signed=signed,
        decided=signed + _days(step.days_to_sign for step in route if step.decides),
        proposed=confirmed - timedelta(days=cohort.agreement_days),
        confirmed=confirmed,
        meetings=tuple(
            dates.lay_out(cohort.first_month, months, cohort.meeting_weekday, cohort.meeting_week, closed)
        ),
        evaluated=evaluated,
        listed=evaluated + PROPOSE_DAYS,
        issued=evaluated + PROPOSE_DAYS + APPROVE_DAYS,
        deleted=notes.deleted_on(cohort),
    )


def _days(numbers: object) -> timedelta:
    return timedelta(days=sum(numbers))  # type: ignore[call-overload]


def closed_of(cohort: Cohort, also: Mapping[date, str]) -> dict[date, str]:
    """All closed days of its years, by name, also of one that is not open yet; `also`: those to come with it."""
    years = years_of(cohort)
    rows = ClosedDay.objects.filter(date__range=(date(years[0], 1, 1), date(years[-1], 12, 31)))
    known = rows.filter(branch=None) | rows.filter(branch=cohort.branch_id)
    return dict(
        sorted((state_holidays(years) | {each.date: each.name for each in known} | dict(also)).items())
    )


def days_of(cohort: Cohort, *, closed: Mapping[date, str]) -> list[Day]:
    """Every day of the year in its order of steps, with what speaks against it."""
    year = year_of(cohort, closed=closed)
    in_time = year.decided <= year.proposed
    late = (
        ""
        if in_time
        else f"Decisions may come until {dates.long_date(year.decided)}, so teams are formed in a hurry. Close applications "
        "earlier, or begin a month later."
    )
    items = cohort.program.curriculum.all()
    return [
        Day("Applications open", year.opens),
        Day("Last day to apply", year.closes, warning=_no_office(year.closes, closed)),
        Day("All signatures before the decision", year.signed, "If nobody takes longer than they have"),
        Day("Decisions released", year.decided),
        Day("Teams proposed to their members", year.proposed, warning=late),
        Day("Teams confirmed", year.confirmed, "The day before the first month of meetings"),
        *(
            Day(f"{item}", planned.date, warning=" ".join(each.text for each in planned.warnings))
            for item, planned in zip(items, year.meetings, strict=True)
        ),
        Day("Evaluations close for good", year.evaluated),
        Day("Certificates proposed to the superintendent", year.listed),
        Day("Certificates issued", year.issued),
        Day("What teams wrote is deleted", year.deleted, "By itself"),
    ]


def _no_office(day: date, closed: Mapping[date, str]) -> str:
    if day.weekday() < 5 and day not in closed:
        return ""
    why = closed.get(day, "a weekend")
    return f"{dates.long_date(day)} is {why}: nobody is at the office to answer on the last day."
