"""What the evaluations say of the meetings: means of what was published when they closed, and nothing of anybody (C1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

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


Which = Callable[[Rated], bool]


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


def mean(rated: Iterable[Rated], cohorts: Iterable[Cohort], which: Which) -> float | None:
    of = {each.pk for each in cohorts}
    chosen = [each for each in rated if each.cohort in of and which(each)]
    answers = sum(each.answers for each in chosen)
    return sum(each.points for each in chosen) / answers if answers else None


def by_question(asked: Asked, rated: Sequence[Rated], questions: Sequence[Question]) -> Figure:
    return means(
        asked,
        rated,
        ((each.text, _asks(each)) for each in questions),
        key="evaluations",
        title="How meetings were evaluated",
        headline=_overall(asked, rated),
        first="Question",
    )


def _asks(question: Question) -> Which:
    return lambda each: each.question == question.pk


def by_meeting(asked: Asked, rated: Sequence[Rated], items: Sequence[CurriculumItem]) -> Figure:
    """Over all questions."""
    found = means(
        asked,
        rated,
        ((each.title, _is_of(each)) for each in items),
        key="evaluations-by-meeting",
        title="Evaluations by meeting",
        headline="",
        first="Meeting",
    )
    return replace(found, headline=of_most("Evaluated best: “{label}”, {words} of 5.", found.lines))


def _is_of(item: CurriculumItem) -> Which:
    return lambda each: each.item == item.pk


def means(
    asked: Asked,
    rated: Sequence[Rated],
    of: Iterable[tuple[str, Which]],
    *,
    key: str,
    title: str,
    headline: str,
    first: str,
) -> Figure:
    """A line for each that there are answers `of`: its label, and which answers they are."""
    lines = (_line(asked, rated, label, which) for label, which in of)
    return Figure(
        key=key,
        title=title,
        headline=headline,
        columns=asked.columns(first, "Mean"),
        lines=tuple(each for each in lines if each),
        scale=BEST,
        before=asked.before_name,
        note=NOTE,
        empty=EMPTY,
    )


def _line(asked: Asked, rated: Sequence[Rated], label: str, which: Which) -> Line | None:
    now, before = (mean(rated, cohorts, which) for cohorts in (asked.now, asked.before))
    if now is None:
        return None
    cells: tuple[Cell, ...] = (round(now, 1),)
    if asked.before:
        cells = (*cells, round(before, 1) if before else NOTHING)
    return Line(label, cells, _bar(now), _bar(before) if before else None)


def _bar(number: float) -> Bar:
    return Bar(number, number, f"{number:.1f}")


def _overall(asked: Asked, rated: Sequence[Rated]) -> str:
    number = mean(rated, asked.now, lambda _: True)
    return f"Over all questions and meetings: {number:.1f} of {BEST}." if number else EMPTY
