"""The projects of those who take part, by division, competency and outcome; and who completed (C4, C5)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Count

from coaching.cohorts import is_over
from coaching.in_words import counted
from coaching.models import Cohort, Competency, Goal, OrgUnit, Participant
from coaching.site.reports.figures import Figure, Line, line, of_most
from coaching.site.reports.scopes import Asked
from coaching.site.reports.spans import Told, exact, parts
from meetings.models import ProjectText

Status = Participant.Status
NO_DIVISION = 0
EMPTY = "Told once people take part."


# By division


def by_division(asked: Asked) -> Figure:
    """Of the division at enrollment. Divisions with fewer than three people stand together."""
    rows = Participant.objects.filter(cohort__in=asked.cohorts).order_by()
    numbers: dict[int, dict[int, int]] = defaultdict(dict)
    for cohort, division, number in rows.values_list("cohort", "division").annotate(Count("pk")):
        numbers[cohort][division or NO_DIVISION] = number
    names = _names({division for each in numbers.values() for division in each})
    now, before = (_told(asked, cohorts, numbers) for cohorts in (asked.now, asked.before))
    of, of_before = asked.everybody(asked.now), asked.everybody(asked.before)
    lines = [
        _part(asked, names[division], now[division], of, before.get(division), of_before)
        for division in sorted(now, key=lambda each: (each == NO_DIVISION, names[each]))
    ]
    most = of_most(" Most are from {label}: {words}.", lines, otherwise="")
    if rest := of - sum(now.values()):
        rest_before = of_before - sum(before.values())
        lines.append(_part(asked, "Other divisions together", rest, of, rest_before or None, of_before))
    return Figure(
        key="divisions",
        title="Projects by division",
        headline=f"{counted(of, 'project', 'projects')}.{most}",
        columns=asked.columns("Division", "Projects", "Of"),
        lines=tuple(lines) if of else (),
        before=asked.before_name,
        note="Each who takes part has one project. The division is that of the start.",
        empty=EMPTY,
    )


def _names(divisions: Iterable[int]) -> dict[int, str]:
    found = OrgUnit.objects.in_bulk([each for each in divisions if each != NO_DIVISION])
    return {NO_DIVISION: "No division on record"} | {pk: unit.name for pk, unit in found.items()}


def _told(asked: Asked, cohorts: Iterable[Cohort], numbers: dict[int, dict[int, int]]) -> Counter[int]:
    """Over these cohorts; what is too small in one is not told of it in the sum either."""
    found: Counter[int] = Counter()
    for cohort in cohorts:
        found.update(numbers[cohort.pk] if asked.is_whole else parts(numbers[cohort.pk]))
    return found


def _part(asked: Asked, label: str, number: int, of: int, before: int | None, of_before: int) -> Line:
    earlier = Told(exact(before), of_before) if before else None
    return line(label, Told(exact(number), of), earlier, compared=bool(asked.before))


# By competency


def by_competency(asked: Asked, six: Sequence[Competency]) -> Figure:
    served = Goal.competencies.through.objects.filter(goal__participant__cohort__in=asked.cohorts).order_by()
    numbers: dict[int, dict[int, int]] = defaultdict(dict)
    for competency, cohort, number in served.values_list("competency", "goal__participant__cohort").annotate(
        Count("goal", distinct=True)
    ):
        numbers[competency][cohort] = number
    lines = []
    for each in six:
        now, before = (asked.told(cohorts, numbers[each.pk]) for cohorts in (asked.now, asked.before))
        lines.append(line(each.name, now, before if asked.before else None, compared=bool(asked.before)))
    return Figure(
        key="competencies",
        title="Projects by competency",
        headline=of_most("Most projects serve {label}: {words}.", lines),
        columns=asked.columns("Competency", "Projects", "Of"),
        lines=tuple(lines) if any(numbers.values()) else (),
        before=asked.before_name,
        note="One project may serve several.",
        empty=EMPTY,
    )


# By outcome, and completion


def by_outcome(asked: Asked) -> Figure:
    """C4: outcomes that their authors share with the program; who they are is for the director and the deputy to read."""
    shared = ProjectText.objects.filter(
        participant__cohort__in=asked.cohorts,
        kind=ProjectText.Kind.OUTCOME,
        audience=ProjectText.Audience.PROGRAM,
    ).exclude(participant__status=Participant.Status.LEFT)
    numbers = dict(shared.order_by().values_list("participant__cohort").annotate(Count("pk")))
    rows = _by_cohort(
        asked, asked.now, asked.before, numbers, "Outcome shared with the program", is_whole=False
    )
    in_all = asked.told(asked.now, numbers, is_whole=False)
    return Figure(
        key="outcomes",
        title="Projects by outcome",
        headline=f"Outcomes shared with the program: {in_all.words} projects.",
        columns=_columns(asked, "Outcomes"),
        lines=rows if in_all.of else (),
        before=asked.before_name if asked.is_one else "",
        note="Each chooses whether to share the outcome; it is no condition for the certificate.",
        empty=EMPTY,
    )


def completion(asked: Asked, today: date) -> Figure:
    """C2: of all who ever took part, those with a certificate; for others than the branch, once the program is over."""
    completed, left = (_by_status(asked, each) for each in (Status.COMPLETED, Status.LEFT))
    now, before = (
        [each for each in cohorts if asked.is_whole or is_over(each, today=today)]
        for cohorts in (asked.now, asked.before)
    )
    in_all = asked.told(now, completed)
    lines = _by_cohort(asked, now, before, completed, "Completed", is_whole=asked.is_whole)
    if asked.is_whole:
        lines += _by_cohort(asked, now, before, left, "Left", is_whole=True)
    return Figure(
        key="completion",
        title="Completion",
        headline=f"Completed: {in_all.words} who took part.",
        columns=_columns(asked, "People"),
        lines=lines if in_all.of else (),
        before=asked.before_name if asked.is_one else "",
        note="With a certificate, of all who ever took part.",
        empty="Told once the program is over.",
    )


def _by_status(asked: Asked, status: str) -> dict[int, int]:
    rows = Participant.objects.filter(cohort__in=asked.cohorts, status=status)
    return dict(rows.order_by().values_list("cohort").annotate(Count("pk")))


def _columns(asked: Asked, what: str) -> tuple[str, ...]:
    if asked.is_one:
        return asked.columns("What became of them", what, "Of")
    return ("Program", what, "Of")


def _by_cohort(
    asked: Asked,
    cohorts: Sequence[Cohort],
    earlier: Sequence[Cohort],
    numbers: dict[int, int],
    label: str,
    *,
    is_whole: bool,
) -> tuple[Line, ...]:
    """A line for each cohort, by branch and year; of one cohort alone, beside the one before it."""
    if asked.is_one:
        now, before = (asked.told(each, numbers, is_whole=is_whole) for each in (cohorts, earlier))
        return (line(label, now, before if earlier else None, compared=bool(asked.before)),)
    return tuple(
        line(f"{each}, {each.branch}", asked.told([each], numbers, is_whole=is_whole), None, compared=False)
        for each in cohorts
        if asked.people[each.pk]
    )
