"""The reminders as they are sent: of how things stand then, or not at all when nothing waits any more."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from applications import checks, drafting, project_changes, reminders, routing
from applications.models import Application, Assigned, ProjectChange, ReviewStep
from coaching import permissions
from coaching.models import Cohort, Delegation, User
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
            for_another=routing.with_whom(step, on=_today(step)) != recipient,
        )
    context = {
        "recipient": recipient,
        "count": len(waiting),
        "late": len(late),
        "rows": [
            (step, _is_late(step), routing.with_whom(step, on=_today(step)) != recipient)
            for step in waiting[:MOST_LISTED]
        ],
        "more": len(waiting[MOST_LISTED:]),
        "cohort": waiting[0].application.cohort,
        "page": settings.SITE_URL + reverse("approvals"),
    }
    return render_mail("mail/application_reminders.txt", context)


def _change(recipient: User, *, change: int) -> Mail | None:
    """Only while it waits on this person (A14)."""
    found = ProjectChange.objects.with_people().get(pk=change)
    if project_changes.right_to_act(found, recipient, on=_today(found)) is None:
        return None
    context = {
        "recipient": recipient,
        "change": found,
        "cohort": found.cohort,
        "overdue": _is_late(found),
        "for_another": routing.with_whom(found, on=_today(found)) != recipient,
        "page": settings.SITE_URL + reverse("project_approval", args=[change]),
    }
    return render_mail("mail/project_change_reminder.txt", context)


def _to_stand_in(recipient: User, *, order: int, steps: list[int], changes: list[int]) -> Mail | None:
    """Of what waited before the order began, what still waits on this person."""
    rows = ReviewStep.objects.filter(pk__in=steps).order_by("since_at", "pk").with_people()
    found = rows.select_related("application__applicant", "application__cohort__program")
    waiting = [step for step in found if _still_waits_on(recipient, step)]
    asked = ProjectChange.objects.filter(pk__in=changes).order_by("asked_at", "pk").with_people()
    to_answer = [
        each for each in asked if project_changes.right_to_act(each, recipient, on=_today(each)) is not None
    ]
    if not waiting and not to_answer:
        return None
    context = {
        "recipient": recipient,
        "order": Delegation.objects.select_related("person", "principal", "unit__head").get(pk=order),
        "count": len(waiting) + len(to_answer),
        "rows": [(step, _is_late(step)) for step in waiting[:MOST_LISTED]],
        "more": len(waiting[MOST_LISTED:]) + len(to_answer[MOST_LISTED:]),
        "changes": [(each, _is_late(each)) for each in to_answer[:MOST_LISTED]],
        "cohort": (waiting or to_answer)[0].cohort,
        "page": settings.SITE_URL + reverse("approvals"),
    }
    return render_mail("mail/application_stand_in.txt", context)


def _still_waits_on(person: User, step: ReviewStep) -> bool:
    in_review = step.application.status == Application.Status.IN_REVIEW
    if not in_review or step.status != ReviewStep.Status.PENDING or step.since_at is None:
        return False
    return routing.authority(step, person, on=_today(step)) is not None


def _is_late(asked: ReviewStep | ProjectChange) -> bool:
    return asked.is_overdue(_today(asked))


def _today(asked: Assigned) -> date:
    return drafting.today_of(asked.cohort, timezone.now())


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
    """One application, or change of a project, that waits too long, as the list says it."""

    whose: User
    title: str
    people: list[User]
    due_date: date
    days: int


def _overdue(recipient: User, *, branch: int) -> Mail | None:
    """All that is overdue in the cohorts this officer works for (F5, T10), with whom it waits."""
    now = timezone.now()
    ours = permissions.office_cohorts(recipient, on=timezone.localdate(now)).filter(branch=branch)
    found = sorted(reminders.overdue(ours, now), key=lambda asked: (asked.cohort.pk, asked.due_date))
    if not found:
        return None
    by_cohort = groupby(found[:MOST_LISTED], key=lambda asked: asked.cohort)
    applications = sum(isinstance(asked, ReviewStep) for asked in found)
    context = {
        "recipient": recipient,
        "applications": applications,
        "changes": len(found) - applications,
        "count": len(found),
        "more": len(found[MOST_LISTED:]),
        "cohorts": [
            (cohort, _page_of(cohort), [_late(asked) for asked in rows]) for cohort, rows in by_cohort
        ],
    }
    return render_mail("mail/applications_overdue.txt", context)


def _page_of(cohort: Cohort) -> str:
    return settings.SITE_URL + reverse("cohort_applications", args=[cohort.pk])


def _late(asked: ReviewStep | ProjectChange) -> Late:
    today = _today(asked)
    assert asked.due_date is not None
    if isinstance(asked, ReviewStep):
        whose, title = asked.application.applicant, asked.route_step.title
    else:
        whose, title = asked.participant.user, "to concur with a changed project"
    return Late(
        whose=whose,
        title=title,
        people=routing.expected_signers(asked, on=today),
        due_date=asked.due_date,
        days=(today - asked.due_date).days,
    )


BUILDERS: dict[str, Build] = {
    "application_reminder": _to_signer,
    "application_stand_in": _to_stand_in,
    "application_draft_reminder": _draft,
    "application_returned_reminder": _returned,
    "applications_overdue": _overdue,
    "project_change_reminder": _change,
}
