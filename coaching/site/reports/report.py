"""A report: all its figures in the order of the program's year, and the same as an accessible PDF."""

from __future__ import annotations

from datetime import datetime

from django.template.loader import render_to_string
from django.utils import timezone

from coaching import pdf
from coaching.models import OrgUnit
from coaching.site.reports import (
    applications,
    charts,
    evaluations,
    growth,
    meetings,
    projects,
    teams,
    waits,
)
from coaching.site.reports.figures import Figure
from coaching.site.reports.scopes import Asked
from meetings.models import Question

SHEETS = ("meetings/file.css", "reports/file.css")


def figures(asked: Asked, now: datetime) -> list[Figure]:
    """In a number of queries that hangs neither on the rows nor on the number of cohorts."""
    if not asked.now:
        return []
    six, items = growth.competencies(asked), meetings.curriculum(asked.cohorts)
    rated, questions = evaluations.published(asked), _questions(asked)
    return [
        *_of_applications(asked, now),
        teams.by_rule(asked),
        meetings.attendance(asked, items),
        meetings.visits(asked, items),
        evaluations.by_question(asked, rated, questions),
        evaluations.by_meeting(asked, rated, items),
        growth.needs(asked, six),
        growth.afterwards(asked, six, rated, items, questions),
        projects.by_division(asked),
        projects.by_competency(asked, six),
        projects.by_outcome(asked),
        projects.completion(asked, timezone.localdate(now)),
    ]


def _of_applications(asked: Asked, now: datetime) -> list[Figure]:
    found = [applications.funnel(asked), waits.time_in_steps(asked)]
    if asked.is_whole and found[0].lines:
        waiting = waits.figure(asked, sent=found[0].lines[0].cells[0], now=now)
        found[1:1] = [waiting] if waiting.lines else []
    return found


def _questions(asked: Asked) -> list[Question]:
    programs = {each.program_id for each in asked.cohorts}
    rows = Question.objects.filter(program__in=programs, kind=Question.Kind.RATING)
    return list(rows.order_by("program", "position"))


def file(asked: Asked, now: datetime) -> bytes:
    """Letter portrait, tagged (PDF/UA-1)."""
    department = asked.now[0].branch.ancestor(OrgUnit.Kind.DEPARTMENT) if asked.now else None
    drawn = charts.with_charts([each for each in figures(asked, now) if each.lines])
    context = {"asked": asked, "figures": drawn, "department": department, "made_at": now}
    return pdf.whole(render_to_string("reports/file.html", context), *SHEETS)
