"""From the first day to apply to the released decisions (A9)."""

from datetime import date

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse

from applications.models import Application, Choice, ReviewStep
from applications.models.review_step import ReviewStepQuerySet
from coaching import offices
from coaching.in_words import counted
from coaching.models import Cohort
from coaching.site.checklist.step import State, Step, named, sentences, state_of
from coaching.site.year import Year


def steps(cohort: Cohort, year: Year, today: date) -> list[Step]:
    rows = Application.objects.filter(cohort=cohort)
    numbers = rows.aggregate(
        sent=Count("pk", filter=Q(submitted_at__isnull=False)),
        drafts=Count("pk", filter=Q(status=Application.Status.DRAFT)),
        returned=Count("pk", filter=Q(status=Application.Status.RETURNED)),
    )
    signing = _waiting(cohort).filter(route_step__decides=False)
    titles = signing.order_by("position").values_list("route_step__title", "position").annotate(Count("pk"))
    with_whom = [(f"with the {title}", number) for title, _, number in titles]
    if numbers["returned"]:
        with_whom.append(("back with the applicant", numbers["returned"]))
    on_their_way = sum(number for _, number in with_whom)
    return [
        _opened(cohort, year, today),
        _sent(cohort, year, today, numbers["sent"], numbers["drafts"]),
        _signatures(cohort, year, today, signing, with_whom),
        _decisions(cohort, year, today, on_their_way),
    ]


def _waiting(cohort: Cohort) -> ReviewStepQuerySet:
    in_review = ReviewStep.objects.current().filter(application__status=Application.Status.IN_REVIEW)
    return in_review.filter(application__cohort=cohort)


def _opened(cohort: Cohort, year: Year, today: date) -> Step:
    return Step(
        "Applications open",
        year.opens,
        State.AHEAD if today < year.opens else State.DONE,
        "",
        reverse("cohort_edit", args=[cohort.pk]),
        "Dates and settings",
    )


def _sent(cohort: Cohort, year: Year, today: date, sent: int, drafts: int) -> Step:
    return Step(
        "Last day to apply",
        year.closes,
        state_of(today, begins=year.opens, due=year.closes, waits=today <= year.closes),
        sentences(
            f"{counted(sent, 'application', 'applications')} for {cohort.seats} seats",
            f"{counted(drafts, 'draft is', 'drafts are')} not sent" if drafts else "",
        ),
        reverse("cohort_applications", args=[cohort.pk]),
        "See the applications",
    )


def _signatures(
    cohort: Cohort, year: Year, today: date, signing: ReviewStepQuerySet, with_whom: list[tuple[str, int]]
) -> Step:
    """As long as people can apply, there may be more to sign."""
    is_open = today <= year.closes
    waits = sum(number for _, number in with_whom)
    parts = ", ".join(f"{number} {where}" for where, number in with_whom)
    late = _people(signing.overdue(today), today)
    return Step(
        "All signatures before the decision",
        year.signed,
        state_of(today, begins=year.opens, due=year.signed, waits=waits or is_open),
        sentences(
            f"{waits} on their way: {parts}" if waits else "",
            f"past the day with {named((f'{name} ({number})' for name, number in late), len(late))}"
            if late
            else "",
        ),
        reverse("cohort_applications" if is_open else "cohort_deadline", args=[cohort.pk]),
        "See with whom they are",
    )


def _people(steps: ReviewStepQuerySet, today: date) -> list[tuple[str, int]]:
    """With whom these wait, and how many: whoever has most first."""
    rows = steps.order_by().annotate(person=steps.with_whom(today)).values_list("person")
    return list(rows.annotate(number=Count("pk")).order_by("-number", "person"))


def _decisions(cohort: Cohort, year: Year, today: date, on_their_way: int) -> Step:
    """What is still to be signed is still to be decided."""
    deciding = _waiting(cohort).filter(route_step__decides=True)
    chosen = Exists(Choice.objects.filter(application=OuterRef("application"), text=OuterRef("text")))
    to_release, people = deciding.filter(chosen).count(), _people(deciding.exclude(chosen), today)
    open_ones = sum(number for _, number in people)
    waiting = f"{counted(open_ones, 'application waits', 'applications wait')} for a decision"
    return Step(
        "Decisions released",
        year.decided,
        state_of(
            today,
            begins=year.opens,
            due=year.decided,
            waits=open_ones or to_release or on_their_way or today <= year.closes,
        ),
        sentences(
            f"{waiting} with {named((name for name, _ in people), len(people))}" if open_ones else "",
            "" if _is_decided_by_somebody(cohort, today) else "the branch has no deputy",
            f"{counted(to_release, 'choice is', 'choices are')} not released yet" if to_release else "",
            f"{counted(on_their_way, 'application is', 'applications are')} not signed by all yet"
            if on_their_way
            else "",
        ),
        reverse("selection", args=[cohort.pk]),
        "See them side by side",
    )


def _is_decided_by_somebody(cohort: Cohort, today: date) -> bool:
    return cohort.branch.head is not None or offices.acting_head(cohort.branch, on=today) is not None
