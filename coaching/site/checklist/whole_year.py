"""The year of a cohort as its branch office's checklist: what is done, due or late, how many wait, and with whom."""

from datetime import datetime

from coaching.days import today_of
from coaching.models import Cohort
from coaching.site.checklist import applications, ending, meetings, teams
from coaching.site.checklist.step import Step
from coaching.site.year import year_of
from meetings import deadlines, laying_out


def steps_of(cohort: Cohort, *, now: datetime) -> list[Step]:
    """In the order of the year; a constant number of queries."""
    today = today_of(cohort, now)
    closed = laying_out.closed_days_of(cohort)
    year = year_of(cohort, closed=closed, evaluated=deadlines.last_day(cohort))
    formed = teams.Teams.of(cohort)
    return [
        *applications.steps(cohort, year, today),
        *teams.steps(cohort, year, today, formed),
        meetings.given(cohort, year, today),
        *meetings.steps(cohort, today, formed),
        *meetings.finals(cohort, year, today, formed),
        *ending.steps(cohort, year, today, now),
    ]
