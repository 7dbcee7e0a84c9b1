"""The year of a cohort as its branch office's checklist: what is done, due or late, how many wait, and with whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from applications.models import Application, Choice, ReviewStep
from certificates.eligibility import eligible
from certificates.models import Batch, BatchEntry
from coaching import next_cohort
from coaching.days import today_of
from coaching.models import Cohort, Consent, Team, TeamChange
from coaching.site.waiting.cards import counted
from coaching.site.year import Year, year_of
from meetings import deadlines, evaluations, laying_out, reopening, resources, visits
from meetings.attendance import CORRECTION_DAYS
from meetings.dates import end_of_program_month
from meetings.models import Meeting, MeetingTeam

NAMED = 3  # people or teams that a line names; the page it leads to names all
TIME_FOR_ATTENDANCE = timedelta(days=CORRECTION_DAYS)  # as long as any member takes it
NEXT_YEAR = timedelta(days=90)  # before applications open, to open the next cohort


class State(StrEnum):
    LATE = "late"
    NOW = "now"
    DONE = "done"
    AHEAD = "ahead"

    @property
    def words(self) -> str:
        return {"late": "Late", "now": "Under way", "done": "Done", "ahead": "Ahead"}[self.value]

    @property
    def tone(self) -> str:
        return {"late": "bad", "now": "waiting", "done": "good", "ahead": "neutral"}[self.value]


@dataclass(frozen=True)
class Step:
    """One line of the list. `words`: how many wait and with whom; `address`: the page on which that is seen to."""

    what: str
    due: date
    state: State
    words: str
    address: str
    action: str


def steps_of(cohort: Cohort, *, now: datetime) -> list[Step]:
    """In the order of the year; a constant number of queries."""
    today = today_of(cohort, now)
    closed = laying_out.closed_days_of(cohort)
    year = year_of(cohort, closed=closed, evaluated=deadlines.last_day(cohort))
    return [
        *_applications(cohort, year, today),
        *_teams(cohort, year, today),
        _resources(cohort, year, today),
        *_meetings(cohort, today),
        _finals(cohort, year, today),
        _evaluations(cohort, year, today, now),
        *_certificates(cohort, year, today),
        _deleted(cohort, year, today),
        _next(cohort, today),
    ]


def _state(today: date, *, begins: date, due: date, waits: object) -> State:
    """`waits`: whether something is still to be done, as far as it has begun."""
    if today > due:
        return State.LATE if waits else State.DONE
    if today < begins:
        return State.AHEAD
    return State.NOW if waits else State.DONE


def _named(names: Iterable[str], number: int) -> str:
    """A few of them by name, and how many more there are."""
    shown = list(names)[:NAMED]
    more = number - len(shown)
    return ", ".join([*shown, *([f"{more} more"] if more > 0 else [])])


def _sentences(*parts: str) -> str:
    return " ".join(f"{part[0].upper()}{part[1:]}." for part in parts if part)


def _applications(cohort: Cohort, year: Year, today: date) -> list[Step]:
    rows = Application.objects.filter(cohort=cohort)
    numbers = rows.aggregate(
        all=Count("pk", filter=Q(submitted_at__isnull=False)),
        drafts=Count("pk", filter=Q(status=Application.Status.DRAFT)),
        returned=Count("pk", filter=Q(status=Application.Status.RETURNED)),
    )
    address = reverse("cohort_applications", args=[cohort.pk])
    sent = counted(numbers["all"], "application", "applications")
    drafts = f"{counted(numbers['drafts'], 'draft is', 'drafts are')} not sent" if numbers["drafts"] else ""
    open_still = year.opens <= today <= year.closes
    return [
        Step(
            "Applications open",
            year.opens,
            _state(today, begins=year.opens, due=year.opens - timedelta(days=1), waits=today < year.opens),
            "",
            reverse("cohort_edit", args=[cohort.pk]),
            "Dates and settings",
        ),
        Step(
            "Last day to apply",
            year.closes,
            _state(today, begins=year.opens, due=year.closes, waits=open_still),
            _sentences(f"{sent} for {cohort.seats} seats", drafts),
            address,
            "See the applications",
        ),
        _signatures(cohort, year, today, numbers["returned"]),
        _decisions(cohort, year, today),
    ]


def _waiting(cohort: Cohort) -> "QuerySet[ReviewStep]":
    in_review = ReviewStep.objects.current().filter(application__status=Application.Status.IN_REVIEW)
    return in_review.filter(application__cohort=cohort)


def _signatures(cohort: Cohort, year: Year, today: date, returned: int) -> Step:
    steps = _waiting(cohort).filter(route_step__decides=False)
    offices = steps.order_by("position").values_list("route_step__title", "position").annotate(Count("pk"))
    with_offices = [(title, number) for title, _, number in offices]
    waits = returned + sum(number for _, number in with_offices)
    parts = [f"{number} with the {title}" for title, number in with_offices]
    parts += [f"{returned} back with the applicant"] if returned else []
    closed = today > cohort.applications_close_date
    return Step(
        "All signatures before the decision",
        year.signed,
        _state(today, begins=year.opens, due=year.signed, waits=waits),
        _sentences(", ".join(parts) and f"{waits} on their way: {', '.join(parts)}", _overdue(steps, today)),
        reverse("cohort_deadline" if closed else "cohort_applications", args=[cohort.pk]),
        "See with whom they are",
    )


def _overdue(steps: "QuerySet[ReviewStep]", today: date) -> str:
    """Who had more time than the route gives."""
    late = steps.overdue(today)  # type: ignore[attr-defined]
    people = late.order_by().values_list("signer__name").annotate(number=Count("pk"))
    rows = list(people.order_by("-number", "signer__name")[: NAMED + 1])
    if not rows:
        return ""
    total = len(rows) if len(rows) <= NAMED else late.order_by().values("signer").distinct().count()
    return f"past the day with {_named((f'{name} ({number})' for name, number in rows), total)}"


def _decisions(cohort: Cohort, year: Year, today: date) -> Step:
    steps = _waiting(cohort).filter(route_step__decides=True)
    chosen = Choice.objects.filter(application=OuterRef("application"), text=OuterRef("text"))
    numbers = steps.aggregate(all=Count("pk"), chosen=Count("pk", filter=Exists(chosen)))
    open_ones, to_release = numbers["all"] - numbers["chosen"], numbers["chosen"]
    deputy = cohort.branch.head
    whom = f" with {deputy}" if deputy else ": the branch has no deputy"
    waiting = f"{counted(open_ones, 'application waits', 'applications wait')} for a decision{whom}"
    choices = f"{counted(to_release, 'choice is', 'choices are')} not released yet"
    return Step(
        "Decisions released",
        year.decided,
        _state(today, begins=year.opens, due=year.decided, waits=numbers["all"]),
        _sentences(waiting if open_ones else "", choices if to_release else ""),
        reverse("selection", args=[cohort.pk]),
        "See them side by side",
    )


def _teams(cohort: Cohort, year: Year, today: date) -> list[Step]:
    address = reverse("cohort_teams", args=[cohort.pk])
    active = cohort.participants.active()
    loose = active.without_team().count()
    teams = cohort.teams.aggregate(
        asked=Count("pk", filter=Q(status=Team.Status.AWAITING_AGREEMENT)),
        confirmed=Count("pk", filter=Q(status=Team.Status.CONFIRMED)),
        ever=Count("pk"),
    )
    nobody = not loose and not teams["ever"]
    without = f"{counted(loose, 'participant has', 'participants have')} no team" if loose else ""
    asked = f"{counted(teams['asked'], 'team is', 'teams are')} being agreed to" if teams["asked"] else ""
    number = counted(teams["confirmed"], "team is", "teams are")
    return [
        Step(
            "Teams proposed to their members",
            year.proposed,
            _state(today, begins=year.decided, due=year.proposed, waits=loose or nobody),
            _sentences("nobody takes part yet" if nobody else without),
            address,
            "Form the teams",
        ),
        Step(
            "Teams confirmed",
            year.confirmed,
            _state(
                today, begins=year.proposed, due=year.confirmed, waits=teams["asked"] or not teams["ever"]
            ),
            _sentences(f"{number} confirmed", asked, _unanswered(cohort) if teams["asked"] else ""),
            address,
            "See the teams",
        ),
    ]


def _unanswered(cohort: Cohort) -> str:
    """Whose answer a team that is asked still waits for (T4)."""
    asked = TeamChange.objects.filter(team__cohort=cohort, status=TeamChange.Status.OPEN)
    pending = Consent.objects.filter(change__in=asked, answer=Consent.Answer.PENDING)
    number = pending.count()
    names = pending.order_by("change__answer_by", "participant__user__name")
    who = names.values_list("participant__user__name", flat=True)[:NAMED]
    return f"not answered yet: {_named(who, number)}" if number else ""


def _resources(cohort: Cohort, year: Year, today: date) -> Step:
    """M11: by the first meeting that has none."""
    lines = [
        each
        for each in resources.lines(cohort.branch, today=today)
        if each.item.program_id == cohort.program_id
    ]
    lacking = [each for each in lines if not each.number]
    soon = [each for each in lacking if each.is_missing(today)]
    state = _state(today, begins=year.opens, due=year.confirmed, waits=lacking)
    if state is State.LATE and not soon:
        state = State.NOW
    if today > end_of_program_month(cohort.first_month, cohort.months):
        state, lacking = State.DONE, []
    near = f"the next ones: {_named((f'“{each.item.title}”' for each in soon), len(soon))}" if soon else ""
    none = f"{counted(len(lacking), 'meeting has', 'meetings have')} none yet" if lacking else ""
    return Step(
        "Resources for every meeting",
        year.confirmed,
        state,
        _sentences(none, near if lacking else ""),
        reverse("resources"),
        "Give resources",
    )


def _meetings(cohort: Cohort, today: date) -> list[Step]:
    """Each meeting of the curriculum, until attendance of every team is taken (M2)."""
    confirmed = cohort.teams.filter(status=Team.Status.CONFIRMED).count()
    places = MeetingTeam.objects.filter(team__cohort=cohort, team__status=Team.Status.CONFIRMED).exclude(
        meeting__status=Meeting.Status.CANCELLED
    )
    planned = dict(_by_item(places))
    open_ones = places.without_attendance()
    waits = dict(_by_item(open_ones))
    past = open_ones.filter(meeting__date__lt=today - TIME_FOR_ATTENDANCE)
    late = dict(_by_item(past))
    names = _first_teams(past)
    address = reverse("office_meetings_cohort", args=[cohort.pk])
    found = []
    for item in cohort.program.curriculum.all():
        due = end_of_program_month(cohort.first_month, item.month)
        there, not_taken = planned.get(item.pk, 0), late.get(item.pk, 0)
        unplanned = confirmed - there
        left = waits.get(item.pk, 0) + unplanned
        with_whom = f": {_named(names.get(item.pk, ()), not_taken)}"
        parts = (
            f"{confirmed - left} of {counted(confirmed, 'team has', 'teams have')} met" if confirmed else "",
            f"attendance not taken{with_whom}" if not_taken else "",
            f"{counted(unplanned, 'team has', 'teams have')} none planned" if unplanned > 0 else "",
        )
        state = _state(today, begins=due.replace(day=1), due=due, waits=left)
        found.append(
            Step(
                str(item),
                due,
                State.LATE if not_taken else state,
                _sentences(*parts),
                address,
                "See attendance",
            )
        )
    return found


def _by_item(places: "QuerySet[MeetingTeam]") -> Iterable[tuple[int, int]]:
    rows = places.exclude(meeting__item=None).values_list("meeting__item")
    return rows.annotate(Count("team", distinct=True)).order_by()


def _first_teams(places: "QuerySet[MeetingTeam]") -> dict[int, list[str]]:
    """A few teams by meeting of the curriculum."""
    names: dict[int, list[str]] = {}
    rows = places.exclude(meeting__item=None).order_by("meeting__date", "team__number")
    for item, number in rows.values_list("meeting__item", "team__number")[:100]:
        names.setdefault(item, []).append(f"Team {number}")
    return names


def _finals(cohort: Cohort, year: Year, today: date) -> Step:
    """M13: the deputy at the final meetings, schedule permitting."""
    ahead = visits.finals_ahead(today).filter(cohort=cohort)
    planned = visits.standing().filter(meeting=OuterRef("pk"))
    numbers = ahead.aggregate(all=Count("pk"), planned=Count("pk", filter=Exists(planned)))
    due = max(each.date for each in year.meetings) - visits.FINAL_DAYS
    waits = numbers["all"] - numbers["planned"]
    return Step(
        "The deputy’s visits to the final meetings",
        due,
        _state(today, begins=cohort.first_month, due=due, waits=waits),
        _sentences(f"{waits} of {numbers['all']} ahead are not planned to be attended" if waits else ""),
        reverse("office_days", args=[cohort.pk]),
        "See the days",
    )


def _evaluations(cohort: Cohort, year: Year, today: date, now: datetime) -> Step:
    rows = evaluations.unanswered().filter(meeting__cohort=cohort)
    numbers = rows.aggregate(all=Count("pk"), people=Count("participant", distinct=True))
    asked = len({line.row.participant_id for line in reopening.to_open_again([cohort], now=now)})
    asks = f"{counted(asked, 'person asks', 'people ask')} to open one again" if asked else ""
    missing = (
        f"{counted(numbers['all'], 'is', 'are')} missing, of {counted(numbers['people'], 'person', 'people')}"
    )
    state = _state(today, begins=cohort.first_month, due=year.evaluated, waits=today <= year.evaluated)
    return Step(
        "Evaluations close for good",
        year.evaluated,
        State.LATE if asks else state,
        _sentences(missing if numbers["all"] else "", asks),
        reverse("office_evaluations", args=[cohort.pk]),
        "See who has not answered",
    )


def _certificates(cohort: Cohort, year: Year, today: date) -> list[Step]:
    """C2, C3"""
    address = reverse("certificate_completion", args=[cohort.pk])
    to_propose = len(eligible(cohort, today=today)) if today > year.evaluated else 0
    waiting = BatchEntry.objects.waiting().filter(batch__cohort=cohort)
    lists = waiting.values_list("batch__status").annotate(Count("pk"))
    by_status = dict(lists.order_by())
    approval, approved = by_status.get(Batch.Status.AWAITING, 0), by_status.get(Batch.Status.APPROVED, 0)
    draft = by_status.get(Batch.Status.DRAFT, 0)
    left = approval + approved + draft + to_propose
    return [
        Step(
            "Certificates proposed to the superintendent",
            year.listed,
            _state(today, begins=year.evaluated + timedelta(days=1), due=year.listed, waits=to_propose),
            _sentences(
                f"{counted(to_propose, 'participant', 'participants')} can be proposed" if to_propose else ""
            ),
            address,
            "See who completed",
        ),
        Step(
            "Certificates issued",
            year.issued,
            _state(
                today,
                begins=year.listed if not left else min(year.listed, today),
                due=year.issued,
                waits=left,
            ),
            _sentences(
                f"{counted(approval, 'waits', 'wait')} for the superintendent’s approval" if approval else "",
                f"{counted(approved, 'is', 'are')} approved and not issued" if approved else "",
                f"{counted(draft, 'is', 'are')} on a list that was not submitted" if draft else "",
            ),
            address,
            "See the lists",
        ),
    ]


def _deleted(cohort: Cohort, year: Year, today: date) -> Step:
    return Step(
        "What teams wrote is deleted",
        year.deleted,
        State.DONE if today >= year.deleted else State.AHEAD,
        "By itself.",
        reverse("cohort", args=[cohort.pk]),
        "See the settings",
    )


def _next(cohort: Cohort, today: date) -> Step:
    """Next year's cohort, before its applications would open."""
    due = next_cohort.later(cohort.applications_open_date, 1)
    later = Cohort.objects.filter(program=cohort.program_id, branch=cohort.branch_id)
    following = later.filter(first_month__gt=cohort.first_month).order_by("first_month", "pk").first()
    return Step(
        "The next cohort opened",
        due,
        _state(today, begins=due - NEXT_YEAR, due=due, waits=following is None),
        _sentences(f"the {following}" if following else ""),
        reverse("cohort", args=[following.pk]) if following else f"{reverse('cohort_open')}?like={cohort.pk}",
        "See it" if following else "Open it like this one",
    )
