"""What the evaluations say of the meetings: means of what was published when they closed, and nothing of anybody (C1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count

from coaching.models import Cohort, CurriculumItem
from coaching.site.reports.figures import NOTHING, Bar, Cell, Figure, Line, of_most
from coaching.site.reports.scopes import Asked
from meetings.models import EvaluationAnswer, Question
from meetings.totals import LEAST_RATINGS

BEST = 5
NOTE = "From 1, “not at all”, to 5, “fully”: the mean of all answers."
EMPTY = f"Told once a meeting’s evaluation has closed with {LEAST_RATINGS} answers or more."


@dataclass(frozen=True)
class Rated:
    """The answers of one closing to one question, as they were published."""

    cohort: int
    item: int | None
    question: int
    answers: int
    points: int


def published(asked: Asked) -> list[Rated]:
    """What `meetings.totals` shows of each cohort, in one query."""
    rows = EvaluationAnswer.objects.filter(closing__cohort__in=asked.cohorts, rating__isnull=False).order_by()
    numbers = rows.values_list("closing__cohort", "closing", "closing__item", "question", "rating")
    found: dict[tuple[int, int, int | None, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for cohort, closing, item, question, rating, number in numbers.annotate(Count("pk")):
        answers, points = found[cohort, closing, item, question]
        found[cohort, closing, item, question] = (answers + number, points + number * (rating or 0))
    return [
        Rated(cohort, item, question, answers, points)
        for (cohort, _, item, question), (answers, points) in found.items()
        if answers >= LEAST_RATINGS
    ]


def mean(rated: Iterable[Rated], cohorts: Iterable[Cohort], which: Callable[[Rated], bool]) -> float | None:
    of = {each.pk for each in cohorts}
    chosen = [each for each in rated if each.cohort in of and which(each)]
    answers = sum(each.answers for each in chosen)
    return sum(each.points for each in chosen) / answers if answers else None


def by_question(asked: Asked, rated: Sequence[Rated], questions: Sequence[Question]) -> Figure:
    lines = [
        found
        for question in questions
        if (found := mean_line(asked, rated, question.text, _asks(question))) is not None
    ]
    return Figure(
        key="evaluations",
        title="How meetings were evaluated",
        headline=_overall(asked, rated),
        columns=columns(asked, "Question"),
        lines=tuple(lines),
        scale=BEST,
        before=asked.before_name,
        note=NOTE,
        empty=EMPTY,
    )


def _asks(question: Question) -> Callable[[Rated], bool]:
    return lambda each: each.question == question.pk


def by_meeting(asked: Asked, rated: Sequence[Rated], items: Sequence[CurriculumItem]) -> Figure:
    """Over all questions."""
    lines = [
        found for item in items if (found := mean_line(asked, rated, item.title, _is_of(item))) is not None
    ]
    return Figure(
        key="evaluations-by-meeting",
        title="Evaluations by meeting",
        headline=of_most("Evaluated best: “{label}”, {words} of 5.", lines),
        columns=columns(asked, "Meeting"),
        lines=tuple(lines),
        scale=BEST,
        before=asked.before_name,
        note=NOTE,
        empty=EMPTY,
    )


def _is_of(item: CurriculumItem) -> Callable[[Rated], bool]:
    return lambda each: each.item == item.pk


def mean_line(
    asked: Asked, rated: Sequence[Rated], label: str, which: Callable[[Rated], bool], *more: Cell
) -> Line | None:
    now, before = (mean(rated, cohorts, which) for cohorts in (asked.now, asked.before))
    if now is None:
        return None
    cells: tuple[Cell, ...] = (round(now, 1), *more)
    if asked.before:
        cells = (*cells, round(before, 1) if before else NOTHING)
    return Line(label, cells, _bar(now), _bar(before) if before else None)


def _bar(number: float) -> Bar:
    return Bar(number, number, f"{number:.1f}")


def columns(asked: Asked, first: str, *more: str) -> tuple[str, ...]:
    return (first, "Mean", *more, *([asked.before_name] if asked.before else []))


def _overall(asked: Asked, rated: Sequence[Rated]) -> str:
    number = mean(rated, asked.now, lambda _: True)
    return f"Over all questions and meetings: {number:.1f} of {BEST}." if number else EMPTY
