"""The branch office's list of a cohort's applications, narrowed down: the same for the page and for the file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Self

from django.db.models import Count, Prefetch, Q
from django.http import QueryDict
from django.utils import timezone

from applications import routing
from applications.models import Application, ApplicationQuerySet, ReviewStep
from coaching.models import Cohort

Status = Application.Status
HEADER = ("Applicant", "Division", "Status", "With", "Step", "Since", "By")


@dataclass(frozen=True)
class Narrowed:
    """What is asked for; what is empty narrows nothing."""

    status: str = ""
    words: str = ""

    @classmethod
    def by(cls, sent: QueryDict) -> Self:
        status = sent.get("status", "")
        words = " ".join(sent.get("q", "").split())[:100]
        return cls(status if status in Status.values else "", words)

    @property
    def said(self) -> list[tuple[str, str]]:
        """As people read it."""
        status = str(Status(self.status).label) if self.status else ""
        return [(name, value) for name, value in (("Status", status), ("Found by", self.words)) if value]


def numbers(cohort: Cohort) -> tuple[int, dict[str, int]]:
    """How many drafts there are, and how many of the submitted stand in each status that occurs, in their order."""
    rows = Application.objects.filter(cohort=cohort).order_by().values_list("status")
    counted = {status: numbers for status, *numbers in rows.annotate(Count("pk"), Count("submitted_at"))}
    submitted = {
        status: counted[status][1] for status in Status.values if status in counted and counted[status][1]
    }
    return counted.get(Status.DRAFT, [0])[0], submitted


def found(cohort: Cohort, narrowed: Narrowed) -> ApplicationQuerySet:
    rows = Application.objects.submitted().filter(cohort=cohort)
    if narrowed.status:
        rows = rows.filter(status=narrowed.status)
    for word in narrowed.words.split():
        rows = rows.filter(Q(applicant__name__icontains=word) | Q(project_title__icontains=word))
    return rows


def with_people(applications: ApplicationQuerySet) -> ApplicationQuerySet:
    related = applications.select_related("applicant__unit__parent__parent").defer(*Application.ANSWERS)
    return related.order_by("applicant__name", "pk")


def with_whom(applications: ApplicationQuerySet) -> ApplicationQuerySet:
    """Each with the step it waits at, in a constant number of queries."""
    current = ReviewStep.objects.current().with_people()
    return with_people(applications).prefetch_related(
        Prefetch("review_steps", queryset=current, to_attr="waiting_at")
    )


def file_rows(cohort: Cohort, narrowed: Narrowed, *, today: date) -> Iterator[tuple[object, ...]]:
    """As under HEADER; two queries, however many rows."""
    rows = found(cohort, narrowed)
    steps = ReviewStep.objects.current().filter(application__in=rows.order_by().values("pk"))
    answers = [f"application__{name}" for name in Application.ANSWERS]
    steps = steps.with_people().select_related("application").defer(*answers)
    waiting = {
        step.application_id: (
            str(routing.with_whom(step, on=today)),
            step.route_step.title,
            timezone.localdate(step.asked_since) if step.asked_since else "",
            step.due_date or "",
        )
        for step in steps.order_by().iterator()
    }
    for each in with_people(rows).iterator(chunk_size=2000):
        nobody = (str(each.applicant) if each.status == Status.RETURNED else "", "", "", "")
        division = each.applicant.division or ""
        yield (str(each.applicant), str(division), each.get_status_display(), *waiting.get(each.pk, nobody))
