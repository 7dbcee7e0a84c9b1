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


def _to_signer(recipient: User, *, step: int) -> Mail | None:
    """Only while it waits at this step, and on this person."""
    found = ReviewStep.objects.with_people().select_related("application").get(pk=step)
    application = _application(found.application_id)
    today = drafting.today_of(application.cohort, timezone.now())
    if application.status != Application.Status.IN_REVIEW or application.current_step() != found:
        return None
    if routing.authority(found, recipient, on=today) is None:
        return None
    return _render(
        "reminder",
        recipient,
        application,
        reverse("approval", args=[application.pk]),
        step=found,
        overdue=found.is_overdue(today),
        for_another=found.signer != recipient,
    )


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
    today = drafting.today_of(step.application.cohort, timezone.now())
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
