"""How far the applications of a cohort came, from sending to the decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from applications.models import Application, ReviewStep
from coaching.models import Cohort, RouteStep
from coaching.site.reports.figures import Figure, line
from coaching.site.reports.scopes import Asked
from coaching.site.reports.spans import Told, exact, is_near, steps, total

Status = Application.Status
DECIDED = (Status.ACCEPTED, Status.WAITLISTED, Status.NOT_SELECTED)
NO_APPLICATION = "No application has been sent yet."
TOO_FEW = "Not told: it would tell of fewer than three people."

Routes = Mapping[int, Mapping[str, int]]  # by program: at which place each office signs


def funnel(asked: Asked) -> Figure:
    routes = _routes(asked.cohorts)
    signing = _before_the_decision(routes, asked.now)
    reached = _reached(asked.cohorts, routes, signing)
    now, before = (_told(asked, cohorts, reached) for cohorts in (asked.now, asked.before))
    labels = ["Sent", *(f"Signed by the {office.label}" for office in signing), "Decided", "Accepted"]
    lines = tuple(
        line(
            label,
            told,
            earlier if earlier.of else None,
            compared=bool(asked.before),
            address=_list_behind(asked, label) if asked.is_whole else "",
        )
        for label, told, earlier in zip(labels, now, before, strict=True)
    )
    return Figure(
        key="applications",
        title="How far applications came",
        headline=_accepted(now),
        columns=asked.columns("Step", "Applications", "Of"),
        lines=lines if now[0].of else (),
        before=asked.before_name,
        empty=TOO_FEW if any(reached[cohort.pk][0] for cohort in asked.now) else NO_APPLICATION,
    )


def _accepted(now: list[Told]) -> str:
    *_, decided, accepted = now
    if not decided.span.high:
        return f"None of {accepted.of} applications is decided yet."
    return f"Accepted: {accepted.words} applications."


def _told(asked: Asked, cohorts: Iterable[Cohort], reached: Mapping[int, list[int]]) -> list[Told]:
    """Step by step, over these cohorts; for others than its own office none of a cohort of which too few were sent.

    Nor of one in which nearly as many took part as sent an application: it is told elsewhere how many these are.
    """
    length = len(next(iter(reached.values())))
    sent, spans = 0, []
    for cohort in cohorts:
        found, took_part = reached[cohort.pk], asked.people[cohort.pk]
        if asked.is_whole:
            spans.append([exact(each) for each in found])
        elif not is_near(found[0], 0) and not is_near(found[0], took_part):
            spans.append(steps(found, known=took_part))
        else:
            continue
        sent += found[0]
    return [Told(total(each[place] for each in spans), sent) for place in range(length)]


def _reached(
    cohorts: Iterable[Cohort], routes: Routes, signing: Sequence[RouteStep.Office]
) -> dict[int, list[int]]:
    """By cohort: how many were sent, were signed by each of these offices, decided, accepted.

    An office that is not on the route of a program is passed by itself.
    """
    cohorts = list(cohorts)
    signed = ReviewStep.objects.filter(text=OuterRef("current_text"), status=ReviewStep.Status.SIGNED)
    last = signed.order_by("-position").values("position")[:1]
    sent = Application.objects.submitted().filter(cohort__in=cohorts).order_by()
    rows = sent.annotate(passed=Coalesce(Subquery(last), 0)).values_list("cohort", "status", "passed")
    program = {cohort.pk: cohort.program_id for cohort in cohorts}
    found = {cohort.pk: [0] * (len(signing) + 3) for cohort in cohorts}
    for cohort, status, passed, number in rows.annotate(Count("pk")):
        route = routes[program[cohort]]
        is_decided = status in DECIDED or passed >= max(route.values())
        signatures = [is_decided or passed >= route.get(office, 0) for office in signing]
        for place, is_there in enumerate([True, *signatures, is_decided, status == Status.ACCEPTED]):
            found[cohort][place] += number if is_there else 0
    return found


def _routes(cohorts: Iterable[Cohort]) -> Routes:
    found: dict[int, dict[str, int]] = defaultdict(dict)
    rows = RouteStep.objects.filter(program__in={cohort.program_id for cohort in cohorts})
    for program, office, position in rows.order_by("position").values_list("program", "office", "position"):
        found[program][office] = position
    return found


def _before_the_decision(routes: Routes, cohorts: Iterable[Cohort]) -> list[RouteStep.Office]:
    """The offices that sign before the one that decides, which is the last on each route."""
    found = {office for cohort in cohorts for office in list(routes[cohort.program_id])[:-1]}
    return [office for office in RouteStep.Office if office in found]


def _list_behind(asked: Asked, label: str) -> str:
    """Of those steps that a list can be narrowed down to."""
    address = reverse("cohort_applications", args=[asked.now[0].pk])
    return {"Sent": address, "Accepted": f"{address}?status={Status.ACCEPTED}"}.get(label, "")
