"""Who was at the meetings, and at which the deputy was: by meeting of the curriculum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Count, Exists, OuterRef, Q

from coaching.models import Cohort, CurriculumItem
from coaching.site.reports.figures import Bar, Figure, line
from coaching.site.reports.scopes import Asked
from coaching.site.reports.spans import Told, exact
from meetings.models import Attendance, Meeting

Status = Attendance.Status
EXTRA = "Extra meetings"


def curriculum(cohorts: Iterable[Cohort]) -> list[CurriculumItem]:
    """The meetings in their order; of several programs, one after the other."""
    items = CurriculumItem.objects.filter(program__in={each.program_id for each in cohorts})
    return list(items.order_by("program", "position"))


# Attendance


def attendance(asked: Asked, items: list[CurriculumItem]) -> Figure:
    """Of all who ever took part, so that nobody who left, or was not marked, can be told from the others."""
    marks = _marks(asked)
    lines = []
    for item in items:
        now, before = (
            _there(asked, cohorts, marks.get(item.pk, {})) for cohorts in (asked.now, asked.before)
        )
        if now:
            others = _others(asked, marks[item.pk]) if asked.is_office else []
            lines.append(line(item.title, now, before, *others, compared=bool(asked.before)))
    return Figure(
        key="attendance",
        title="Attendance by meeting",
        headline=_on_average([each.bar for each in lines if each.bar]),
        columns=asked.columns(
            "Meeting", "There", "Of", *(["Not there", "Excused"] if asked.is_office else [])
        ),
        lines=tuple(lines),
        before=asked.before_name,
        note="Of all who ever took part, those who left included.",
        empty="Told once attendance is taken at the first meeting.",
    )


def _on_average(bars: list[Bar]) -> str:
    if not bars or not any(each.low for each in bars):
        return "Too few people to tell."
    least = "" if all(each.low == each.high for each in bars) else "at least "
    return f"On average {least}{int(sum(each.low for each in bars) / len(bars))} percent came to a meeting."


Marks = Mapping[int, tuple[int, int, int]]  # by cohort: people who were there, not there, excused


def _marks(asked: Asked) -> dict[int, dict[int, tuple[int, int, int]]]:
    """By meeting of the curriculum, where anybody was marked."""
    rows = Attendance.objects.filter(meeting__cohort__in=asked.cohorts, meeting__item__isnull=False)
    rows = rows.filter(Exists(Attendance.objects.taken().filter(meeting=OuterRef("meeting"))))
    numbers = (
        rows.order_by()
        .values_list("meeting__item", "meeting__cohort")
        .annotate(
            there=Count("participant", distinct=True, filter=Q(status__in=Attendance.THERE)),
            absent=Count("participant", distinct=True, filter=Q(status=Status.ABSENT)),
            excused=Count("participant", distinct=True, filter=Q(status=Status.EXCUSED)),
        )
    )
    found: dict[int, dict[int, tuple[int, int, int]]] = {}
    for item, cohort, there, absent, excused in numbers:
        found.setdefault(item, {})[cohort] = (there, absent, excused)
    return found


def _there(asked: Asked, cohorts: Iterable[Cohort], marks: Marks) -> Told | None:
    """Of the cohorts that have had this meeting; the deputy reads no more of it than others do."""
    had = [each for each in cohorts if each.pk in marks]
    part = {each.pk: marks[each.pk][0] for each in had}
    return asked.told(had, part, is_whole=asked.is_office) if had else None


def _others(asked: Asked, marks: Marks) -> tuple[int, int]:
    numbers = [marks[each.pk] for each in asked.now if each.pk in marks]
    return sum(each[1] for each in numbers), sum(each[2] for each in numbers)


# The deputy

Held = Mapping[tuple[int, int | None], tuple[int, int]]  # by cohort and meeting: held, and with a visitor


def visits(asked: Asked, items: list[CurriculumItem]) -> Figure:
    """M12, M13: how many meetings were held, and at how many of them the deputy or a designee was."""
    visitors = Meeting.visitors.through.objects.filter(meeting=OuterRef("pk"))
    rows = Meeting.objects.filter(cohort__in=asked.cohorts, status=Meeting.Status.HELD).order_by()
    numbers = rows.values_list("cohort", "item").annotate(
        held=Count("pk"), visited=Count("pk", filter=Exists(visitors))
    )
    held = {(cohort, item): (number, visited) for cohort, item, number, visited in numbers}
    lines = []
    for pk, title in [*((item.pk, item.title) for item in items), (None, EXTRA)]:
        now, before = (_visited(held, cohorts, {pk}) for cohorts in (asked.now, asked.before))
        if now.of:
            lines.append(line(title, now, before if before.of else None, compared=bool(asked.before)))
    finals = {item.pk for item in items if item.kind == CurriculumItem.Kind.FINAL}
    return Figure(
        key="visits",
        title="The deputy at meetings",
        headline=_attended(_visited(held, asked.now), _visited(held, asked.now, finals)),
        columns=asked.columns("Meeting", "With the deputy", "Held"),
        lines=tuple(lines),
        before=asked.before_name,
        note="Meetings that were held, of all teams, with the branch deputy or a designee.",
        empty="Told once the first meeting is held.",
    )


def _visited(held: Held, cohorts: Iterable[Cohort], items: set[int | None] | set[int] | None = None) -> Told:
    of = {each.pk for each in cohorts}
    numbers = [
        each for (cohort, item), each in held.items() if cohort in of and (items is None or item in items)
    ]
    return Told(exact(sum(each[1] for each in numbers)), sum(each[0] for each in numbers))


def _attended(of_all: Told, of_finals: Told) -> str:
    finals = f", and at {of_finals.words} final ones" if of_finals.of else ""
    return f"The deputy or a designee was at {of_all.words} meetings{finals}."
