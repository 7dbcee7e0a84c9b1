"""Growth by competency: what participants came to grow in, and what they said after its meeting (C5).

How somebody rated themself during the program is theirs alone (`meetings.growth`), and is in no report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Count

from coaching.models import Competency, CompetencyRating, CurriculumItem
from coaching.site.reports import evaluations
from coaching.site.reports.evaluations import Rated, Which
from coaching.site.reports.figures import Figure, line, of_most
from coaching.site.reports.scopes import Asked
from meetings.models import Question

Rating = CompetencyRating.Rating


def competencies(asked: Asked) -> list[Competency]:
    """In their order; of several versions of the model, one after the other."""
    models = {each.competency_model_id for each in asked.cohorts}
    return list(Competency.objects.filter(model__in=models).order_by("model", "position"))


def needs(asked: Asked, six: Sequence[Competency]) -> Figure:
    """A6: of all who took part, how many wanted to grow in each."""
    rows = CompetencyRating.objects.filter(participant__cohort__in=asked.cohorts).order_by()
    numbers: dict[tuple[int, str], dict[int, int]] = defaultdict(dict)
    for competency, rating, cohort, number in rows.values_list(
        "competency", "rating", "participant__cohort"
    ).annotate(Count("pk")):
        numbers[competency, rating][cohort] = number
    lines = []
    for each in six:
        grow, earlier = (
            asked.told(cohorts, numbers[each.pk, Rating.GROW]) for cohorts in (asked.now, asked.before)
        )
        # Beside who wants to grow, it would tell how few are neither.
        glow = [asked.told(asked.now, numbers[each.pk, Rating.GLOW]).words] if asked.is_whole else []
        before = earlier if asked.before else None
        lines.append(line(each.name, grow, before, *glow, compared=bool(asked.before)))
    return Figure(
        key="needs",
        title="What they came to grow in",
        headline=of_most("Most often {label}: {words} want to grow there.", lines),
        columns=asked.columns("Competency", "Grow", "Of", *(["Glow"] if asked.is_whole else [])),
        lines=tuple(lines) if any(numbers.values()) else (),
        before=asked.before_name,
        note="As they said in their applications.",
        empty="Told once people take part.",
    )


def afterwards(
    asked: Asked,
    six: Sequence[Competency],
    rated: Sequence[Rated],
    items: Sequence[CurriculumItem],
    questions: Sequence[Question],
) -> Figure:
    """What they answered to the question whether they understand the meeting's topic better, by its competencies."""
    about = {each.pk for each in questions if each.is_about_growth}
    served = CurriculumItem.competencies.through.objects.filter(
        curriculumitem__in=[each.pk for each in items]
    )
    meetings: dict[int, set[int]] = defaultdict(set)
    for competency, item in served.values_list("competency", "curriculumitem"):
        meetings[competency].add(item)

    def of(competency: Competency) -> Which:
        return lambda each: each.question in about and each.item in meetings[competency.pk]

    words = next((each.text for each in questions if each.is_about_growth), "")
    over_all = evaluations.mean(
        rated, asked.now, lambda each: each.question in about and each.item is not None
    )
    return evaluations.means(
        asked,
        rated,
        ((each.name, of(each)) for each in six),
        key="growth",
        title="Growth by competency",
        headline=f"After the meetings they say “{words}”: {over_all:.1f} of {evaluations.BEST}."
        if over_all
        else "",
        first="Competency",
    )
