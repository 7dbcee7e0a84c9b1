"""Each meeting of the curriculum, with its resources and the deputy's visit (M2, M11, M13)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.urls import reverse

from coaching.in_words import counted
from coaching.models import Cohort, CurriculumItem, Team
from coaching.site.checklist.step import State, Step, named, sentences, state_of
from coaching.site.checklist.teams import Teams
from coaching.site.year import Year
from meetings import resources, visits
from meetings.attendance import CORRECTION_DAYS
from meetings.dates import end_of_program_month
from meetings.models import Meeting, MeetingTeam

TIME_FOR_ATTENDANCE = timedelta(days=CORRECTION_DAYS)  # as long as any member takes it


def given(cohort: Cohort, year: Year, today: date) -> Step:
    """M11: by the first meeting that has none."""
    lines = [
        each
        for each in resources.lines(cohort.branch, today=today)
        if each.item.program_id == cohort.program_id
    ]
    lacking = [each for each in lines if not each.number]
    soon = [each for each in lacking if each.is_missing(today)]
    state = state_of(today, begins=year.opens, due=year.confirmed, waits=lacking)
    if state is State.LATE and not soon:
        state = State.NOW
    if today > end_of_program_month(cohort.first_month, cohort.months):
        state, lacking = State.DONE, []
    near = f"the next ones: {named((f'“{each.item.title}”' for each in soon), len(soon))}" if soon else ""
    none = f"{counted(len(lacking), 'meeting has', 'meetings have')} none yet" if lacking else ""
    return Step(
        "Resources for every meeting",
        year.confirmed,
        state,
        sentences(none, near if lacking else ""),
        reverse("resources"),
        "Give resources",
    )


def steps(cohort: Cohort, today: date, teams: Teams) -> list[Step]:
    """M2: each is done when attendance of every team is taken; none is as long as no team stands."""
    places = MeetingTeam.objects.filter(team__cohort=cohort, team__status=Team.Status.CONFIRMED).exclude(
        meeting__status=Meeting.Status.CANCELLED
    )
    open_ones = places.without_attendance()
    past = open_ones.filter(meeting__date__lt=today - TIME_FOR_ATTENDANCE)
    planned, waiting, late = _numbers(places), _numbers(open_ones), _names(past)
    return [
        _step(
            cohort,
            item,
            today,
            teams,
            unplanned=teams.confirmed - planned.get(item.pk, 0),
            waiting=waiting.get(item.pk, 0),
            late=late[item.pk],
        )
        for item in cohort.program.curriculum.all()
    ]


def _step(
    cohort: Cohort,
    item: CurriculumItem,
    today: date,
    teams: Teams,
    *,
    unplanned: int,
    waiting: int,
    late: list[str],
) -> Step:
    due = end_of_program_month(cohort.first_month, item.month)
    left, none_stands = waiting + unplanned, not teams.confirmed and teams.wait
    of = counted(teams.confirmed, "team has", "teams have")
    state = state_of(today, begins=due.replace(day=1), due=due, waits=left or none_stands)
    return Step(
        str(item),
        due,
        State.LATE if late else state,
        sentences(
            f"{teams.confirmed - left} of {of} met" if teams.confirmed else "",
            "no team is confirmed" if none_stands and state is not State.AHEAD else "",
            f"attendance not taken: {named(late, len(late))}" if late else "",
            f"{counted(unplanned, 'team has', 'teams have')} none planned" if unplanned > 0 else "",
        ),
        reverse("office_meetings_cohort", args=[cohort.pk]),
        "See attendance",
    )


def _of_curriculum(places: "QuerySet[MeetingTeam]") -> "QuerySet[MeetingTeam]":
    return places.exclude(meeting__item=None)


def _numbers(places: "QuerySet[MeetingTeam]") -> dict[int, int]:
    """Teams by meeting of the curriculum."""
    rows: Iterable[tuple[int, int]] = (
        _of_curriculum(places).values_list("meeting__item").annotate(Count("team", distinct=True)).order_by()
    )
    return dict(rows)


def _names(places: "QuerySet[MeetingTeam]") -> dict[int, list[str]]:
    """The same by name, the one that waits longest first."""
    names: dict[int, list[str]] = defaultdict(list)
    rows = _of_curriculum(places).order_by("meeting__date", "team__number")
    for item, number in rows.values_list("meeting__item", "team__number"):
        if (name := f"Team {number}") not in names[item]:
            names[item].append(name)
    return names


def finals(cohort: Cohort, year: Year, today: date, teams: Teams) -> list[Step]:
    """M13: the deputy at the final meetings, schedule permitting; of a curriculum that has one."""
    items = cohort.program.curriculum.all()
    days = [
        planned.date
        for item, planned in zip(items, year.meetings, strict=True)
        if item.kind == CurriculumItem.Kind.FINAL
    ]
    if not days:
        return []
    laid_out = Meeting.objects.live().filter(cohort=cohort, item__kind=CurriculumItem.Kind.FINAL).exists()
    ahead = visits.finals_ahead(today).filter(cohort=cohort)
    number, unplanned = ahead.count(), ahead.exclude(Exists(visits.to_come().filter(meeting=OuterRef("pk"))))
    waits = unplanned.count()
    none_yet = not laid_out and bool(teams.confirmed or teams.wait)
    due = max(days) - visits.FINAL_DAYS
    return [
        Step(
            "The deputy’s visits to the final meetings",
            due,
            state_of(today, begins=cohort.first_month, due=due, waits=waits or none_yet),
            sentences(
                f"{waits} of {number} ahead are not planned to be attended" if waits else "",
                "no final meeting is planned yet" if none_yet else "",
            ),
            reverse("office_days", args=[cohort.pk]),
            "See the days",
        )
    ]
