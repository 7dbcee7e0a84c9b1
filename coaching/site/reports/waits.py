"""With whom the applications of a cohort wait, and how long each step takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from django.db.models import Count, Min
from django.urls import reverse

from applications.models import Application, Decision, ReviewStep
from coaching.days import today_of
from coaching.in_words import counted
from coaching.models import Cohort, RouteStep
from coaching.site.reports.figures import NOTHING, Bar, Cell, Figure, Line, longest
from coaching.site.reports.scopes import Asked
from coaching.site.reports.spans import LEAST

Status = ReviewStep.Status
IN_REVIEW, RETURNED = Application.Status.IN_REVIEW, Application.Status.RETURNED
DAY = 24 * 60 * 60  # seconds
FEW = 10  # days
IN_ALL = "From sending to the decision"


@dataclass(frozen=True)
class Wait:
    """Applications that wait for the same act of the same person; of what its applicants change, no name."""

    office: str
    person: str
    number: int
    days: int
    since: date
    status: str


def waits(cohort: Cohort, now: datetime) -> list[Wait]:
    """In the order of the route; in each office the one that has waited longest first. In three queries."""
    today = today_of(cohort, now)
    steps = ReviewStep.objects.filter(application__cohort=cohort)
    current = steps.current().filter(application__status=IN_REVIEW).annotate(person=steps.with_whom(today))
    rows = current.order_by().values_list("office", "person")
    found = [
        (RouteStep.Office(office).label, person, number, since, IN_REVIEW)
        for office, person, number, since, _ in rows.annotate(
            number=Count("pk"), first=Min("since_at"), place=Min("position")
        ).order_by("place", "first", "person")
    ]
    returned = steps.filter(status=Status.RETURNED, application__status=RETURNED).aggregate(
        number=Count("application", distinct=True), since=Min("acted_at")
    )
    if returned["number"]:
        found.append(("Applicant", "", returned["number"], returned["since"], RETURNED))
    return [
        Wait(office, person, number, (today - today_of(cohort, since)).days, today_of(cohort, since), status)
        for office, person, number, since, status in found
    ]


def headline(found: list[Wait], sent: Cell) -> str:
    """Of the office with which most of them wait; empty where none does."""
    by_office: dict[str, list[Wait]] = defaultdict(list)
    for each in found:
        by_office[each.office].append(each)
    if not by_office:
        return ""
    office, rows = max(by_office.items(), key=lambda item: sum(each.number for each in item[1]))
    number, longest_wait = sum(each.number for each in rows), max(each.days for each in rows)
    words = f"{number} of {sent} applications {'waits' if number == 1 else 'wait'}"
    since = f", the longest for {counted(longest_wait, 'day', 'days')}" if longest_wait else ""
    return f"{words} for the {office}{since}."


def figure(asked: Asked, *, sent: Cell, now: datetime) -> Figure:
    """Only for whoever reads these applications in any case."""
    found = waits(asked.now[0], now)
    address = reverse("cohort_applications", args=[asked.now[0].pk])
    lines = tuple(
        Line(
            f"{each.office}: {each.person}" if each.person else each.office,
            (each.number, f"{each.since:%B %-d, %Y}", each.days),
            Bar(each.number, each.number, f"{each.number}, longest {counted(each.days, 'day', 'days')}"),
            address=f"{address}?status={each.status}",
        )
        for each in found
    )
    return Figure(
        key="waiting",
        title="With whom they wait",
        headline=headline(found, sent),
        columns=("With whom", "Applications", "The first one since", "Days"),
        lines=lines,
        scale=longest(each.bar for each in lines),
    )


# Time in each step


def time_in_steps(asked: Asked) -> Figure:
    """In the middle of all that were acted on: half of them took less. Told from three people on."""
    times = _by_person([*_steps(asked.cohorts), *_in_all(asked.cohorts)])
    lines = []
    for label in (*(str(office.label) for office in RouteStep.Office), IN_ALL):
        now, before = (_pooled(asked, cohorts, times[label]) for cohorts in (asked.now, asked.before))
        if now:
            lines.append(_line(asked, label, now, before))
    steps = (each for each in lines if each.label != IN_ALL)
    slowest = max(steps, key=lambda line: line.bar.high if line.bar else 0, default=None)
    return Figure(
        key="days",
        title="How long each step takes",
        headline=f"It takes longest with the {slowest.label}: {slowest.bar.words}."
        if slowest and slowest.bar
        else "Too few steps are done to tell.",
        columns=asked.columns("Step", "Days", *(["Done", "The longest"] if asked.is_whole else [])),
        lines=tuple(lines),
        scale=longest([*(each.bar for each in lines), *(each.before for each in lines)]),
        before=asked.before_name,
        note="Half of the applications took so many days or less, the other half so many or more. Of one that came to a "
        "step again, all its days there are counted.",
        empty=f"Told once {LEAST} applications have passed a step.",
    )


def _line(asked: Asked, label: str, now: list[float], before: list[float]) -> Line:
    cells: list[float | str] = [_rounded(median(now))]
    if asked.is_whole:
        cells += [len(now), _rounded(max(now))]
    if asked.before:
        cells.append(_rounded(median(before)) if before else NOTHING)
    return Line(label, tuple(cells), _bar(now), _bar(before) if before else None)


def _bar(times: list[float]) -> Bar:
    days = _rounded(median(times))
    return Bar(days, days, "1 day" if days == 1 else f"{days} days")


def _rounded(days: float) -> float:
    """To tenths, where it takes only a few."""
    tenths = round(days, 1)
    return tenths if tenths < FEW and not tenths.is_integer() else round(days)


def _pooled(asked: Asked, cohorts: Iterable[Cohort], by_cohort: dict[int, list[float]]) -> list[float]:
    least = 1 if asked.is_whole else LEAST
    return [days for each in cohorts if len(by_cohort[each.pk]) >= least for days in by_cohort[each.pk]]


Acts = Iterable[tuple[str, int, int, datetime | None, datetime | None]]


def _by_person(acts: Acts) -> dict[str, dict[int, list[float]]]:
    """Days by step and cohort, of each applicant one number: what came to a step again is added to it.

    `acts`: step, cohort, applicant, since when it waited, until when.
    """
    days: dict[tuple[str, int, int], float] = defaultdict(float)
    for step, cohort, person, since, until in acts:
        days[step, cohort, person] += _days(since, until)
    found: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (step, cohort, _), number in days.items():
        found[step][cohort].append(number)
    return found


def _steps(cohorts: Iterable[Cohort]) -> Acts:
    """From when somebody was asked to when they signed, returned, declined or decided."""
    acted = (Status.SIGNED, Status.RETURNED, Status.DECLINED)
    rows = ReviewStep.objects.filter(application__cohort__in=cohorts, status__in=acted).order_by()
    for office, cohort, person, since, until in rows.values_list(
        "office", "application__cohort", "application__applicant", "since_at", "acted_at"
    ):
        yield str(RouteStep.Office(office).label), cohort, person, since, until


def _in_all(cohorts: Iterable[Cohort]) -> Acts:
    rows = Decision.objects.filter(application__cohort__in=cohorts).order_by()
    firsts = rows.values_list(
        "application__cohort", "application__applicant", "application__submitted_at"
    ).annotate(first=Min("decided_at"))
    return ((IN_ALL, *act) for act in firsts)


def _days(since: datetime | None, until: datetime | None) -> float:
    """What came on paper may have been signed before it was asked for here (A15)."""
    assert since is not None and until is not None  # noqa: PT018
    return max((until - since).total_seconds() / DAY, 0)
