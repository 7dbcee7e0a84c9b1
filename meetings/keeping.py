"""How long is kept what participants write about their own growth and their project."""

from datetime import datetime
from typing import TypeVar

from django.db.models import Model, QuerySet

from coaching.models import Cohort
from meetings import held, notes

Row = TypeVar("Row", bound=Model)


def over(now: datetime) -> list[int]:
    """Cohorts, by key, on whose day of deletion or after it we are: what their teams wrote is deleted."""
    return [each.pk for each in _cohorts() if now.astimezone(each.zone).date() >= notes.deleted_on(each)]


def past_records(now: datetime) -> list[int]:
    """Cohorts, by key, whose records are kept no longer."""
    return [each.pk for each in _cohorts() if now.astimezone(each.zone).date() > each.records_kept_until]


def not_held(rows: "QuerySet[Row]", now: datetime) -> "QuerySet[Row]":
    """Rows that belong to a participant, without those of whom a legal hold or order keeps everything."""
    return rows.exclude(participant__in=held.participants(now).values("pk"))


def _cohorts() -> list[Cohort]:
    return list(Cohort.objects.select_related("program").prefetch_related("program__curriculum"))
