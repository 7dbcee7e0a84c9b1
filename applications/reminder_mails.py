"""The reminders as they are sent: of how things stand then, or not at all when nothing waits any more."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from applications import checks, drafting, reminders, routing
from applications.models import Application, ReviewStep
from coaching import permissions
from coaching.models import Cohort, User
from coaching.outbox import Build, Mail, render_mail

MOST_LISTED = 40  # applications in one mail
MOST_MISSING = 5


def _application(pk: int) -> Application:
    return Application.objects.select_related("applicant", "cohort__program", "cohort__branch").get(pk=pk)


def _render(name: str, recipient: User, application: Application, page: str, **context: object) -> Mail:
    return render_mail(
        f"mail/application_{name}.txt",
        {
            "recipient": recipient,
            "applicant": application.applicant,
            "cohort": application.cohort,
            "page": settings.SITE_URL + page,
            **context,
        },
    )


def _to_signer(recipient: User, *, steps: list[int]) -> Mail | None:
    """Of what still waits, and on this person; several are one list."""
    found = ReviewStep.objects.filter(pk__in=steps).order_by("since_at", "pk").with_people()
    rows = found.select_related("application__applicant", "application__cohort__program")
    waiting = [step for step in rows if _still_waits_on(recipient, step)]
    if not waiting:
        return None
    late = [step for step in waiting if _is_late(step)]
    if len(waiting) == 1:
        [step] = waiting
        page = reverse("approval", args=[step.application_id])
        return _render(
            "reminder",
            recipient,
            step.application,
            page,
            step=step,
            overdue=bool(late),
            for_another=step.signer != recipient,
        )
    context = {
        "recipient": recipient,
        "count": len(waiting),
        "late": len(late),
        "rows": [(step, _is_late(step), step.signer != recipient) for step in waiting[:MOST_LISTED]],
        "more": len(waiting[MOST_LISTED:]),
        "cohort": waiting[0].application.cohort,
        "page": settings.SITE_URL + reverse("approvals"),
    }
    return render_mail("mail/application_reminders.txt", context)


def _still_waits_on(person: User, step: ReviewStep) -> bool:
    in_review = step.application.status == Application.Status.IN_REVIEW
    if not in_review or step.status != ReviewStep.Status.PENDING or step.since_at is None:
        return False
    return routing.authority(step, person, on=_today(step)) is not None


def _is_late(step: ReviewStep) -> bool:
    return step.is_overdue(_today(step))


def _today(step: ReviewStep) -> date:
    return drafting.today_of(step.application.cohort, timezone.now())


def _draft(recipient: User, *, application: int) -> Mail | None:
    found = _application(application)
    today = drafting.today_of(found.cohort, timezone.now())
    closes = found.cohort.applications_close_date
    if found.status != Application.Status.DRAFT or today > closes:
        return None
    missing = [finding.message for finding in checks.missing(found, on=today)]
    return _render(
        "draft_reminder",
        recipient,
        found,
        reverse("application", args=[found.pk]),
        days=(closes - today).days,
        missing=missing[:MOST_MISSING],
        more=len(missing[MOST_MISSING:]),
    )


def _returned(recipient: User, *, step: int) -> Mail | None:
    found = ReviewStep.objects.with_people().get(pk=step)
    application = _application(found.application_id)
    if application.status != Application.Status.RETURNED or application.current_text_id != found.text_id:
        return None
    page = reverse("application", args=[application.pk])
    return _render("returned_reminder", recipient, application, page, step=found)


@dataclass(frozen=True)
class Late:
    """One application that waits too long, as the list says it."""

    applicant: User
    title: str
    people: list[User]
    due_date: date
    days: int


def _overdue(recipient: User, *, branch: int) -> Mail | None:
    """All that is overdue in the cohorts this officer works for (F5, T10), with whom it waits."""
    now = timezone.now()
    ours = permissions.office_cohorts(recipient, on=timezone.localdate(now)).filter(branch=branch)
    found = reminders.overdue_steps(now).filter(application__cohort__in=ours.values("pk"))
    steps = [step for step in found if reminders.is_overdue(step, now)]
    if not steps:
        return None
    shown = sorted(steps[:MOST_LISTED], key=lambda step: step.application.cohort_id)
    by_cohort = groupby(shown, key=lambda step: step.application.cohort)
    context = {
        "recipient": recipient,
        "count": len(steps),
        "more": len(steps[MOST_LISTED:]),
        "cohorts": [(cohort, _page_of(cohort), [_late(step) for step in rows]) for cohort, rows in by_cohort],
    }
    return render_mail("mail/applications_overdue.txt", context)


def _page_of(cohort: Cohort) -> str:
    return settings.SITE_URL + reverse("cohort_applications", args=[cohort.pk])


def _late(step: ReviewStep) -> Late:
    today = _today(step)
    assert step.due_date is not None
    return Late(
        applicant=step.application.applicant,
        title=step.route_step.title,
        people=routing.expected_signers(step, on=today),
        due_date=step.due_date,
        days=(today - step.due_date).days,
    )


BUILDERS: dict[str, Build] = {
    "application_reminder": _to_signer,
    "application_draft_reminder": _draft,
    "application_returned_reminder": _returned,
    "applications_overdue": _overdue,
}
