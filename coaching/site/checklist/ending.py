"""The end of the year: evaluations close, certificates are issued, and the next cohort is opened (C1 to C3)."""

from datetime import date, datetime, timedelta

from django.db.models import Count
from django.urls import reverse

from certificates.eligibility import eligible
from certificates.models import Batch, BatchEntry
from coaching import next_cohort
from coaching.in_words import counted
from coaching.models import Cohort
from coaching.site.checklist.step import State, Step, sentences, state_of
from coaching.site.year import Year
from meetings import evaluations, reopening

NEXT_YEAR = timedelta(days=90)  # before applications open, to open the next cohort


def steps(cohort: Cohort, year: Year, today: date, now: datetime) -> list[Step]:
    return [
        _evaluations(cohort, year, today, now),
        *_certificates(cohort, year, today),
        _deleted(cohort, year, today),
        _next(cohort, today),
    ]


def _evaluations(cohort: Cohort, year: Year, today: date, now: datetime) -> Step:
    rows = evaluations.unanswered().filter(meeting__cohort=cohort)
    numbers = rows.aggregate(all=Count("pk"), people=Count("participant", distinct=True))
    asked = len({line.row.participant_id for line in reopening.to_open_again([cohort], now=now)})
    asks = f"{counted(asked, 'person asks', 'people ask')} to open one again" if asked else ""
    missing = (
        f"{counted(numbers['all'], 'is', 'are')} missing, of {counted(numbers['people'], 'person', 'people')}"
    )
    state = state_of(today, begins=cohort.first_month, due=year.evaluated, waits=today <= year.evaluated)
    return Step(
        "Evaluations close for good",
        year.evaluated,
        State.LATE if asks else state,
        sentences(missing if numbers["all"] else "", asks),
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
            state_of(today, begins=year.evaluated + timedelta(days=1), due=year.listed, waits=to_propose),
            sentences(
                f"{counted(to_propose, 'participant', 'participants')} can be proposed" if to_propose else ""
            ),
            address,
            "See who completed",
        ),
        Step(
            "Certificates issued",
            year.issued,
            state_of(
                today,
                begins=year.listed if not left else min(year.listed, today),
                due=year.issued,
                waits=left,
            ),
            sentences(
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
        state_of(today, begins=due - NEXT_YEAR, due=due, waits=following is None),
        sentences(f"the {following}" if following else ""),
        reverse("cohort", args=[following.pk]) if following else f"{reverse('cohort_open')}?like={cohort.pk}",
        "See it" if following else "Open it like this one",
    )
