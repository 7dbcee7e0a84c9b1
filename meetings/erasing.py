"""What is left of a participant's meetings, and of a cohort's, at the end of the term (coaching/erasing.py)."""

from django.db.models import QuerySet

from coaching import erasing
from coaching.models import Cohort, Participant, User
from meetings.models import (
    ActionItem,
    Attendance,
    BusyFeed,
    CalendarChoice,
    CalendarInvitation,
    EvaluationAnswer,
    EvaluationDraft,
    EvaluationReopening,
    Finding,
    HelpRequest,
    LegalOrder,
    Meeting,
    MeetingChange,
    Need,
    Note,
    ProjectText,
    SelfRating,
    SupervisorInput,
    TeamKey,
    Waiver,
)

# Deleted long before, as a rule: on the day that the cohort names, or when the evaluation closed.
WRITTEN = (Need, ProjectText, SelfRating, SupervisorInput, EvaluationDraft, Finding, BusyFeed)


def participation(participant: Participant, *, somebody: User) -> None:
    """Every mark stays, so that attendance adds up; what a member entered, somebody without a name has entered."""
    accounts, cohort = participant.user.accounts.values("pk"), participant.cohort
    reasons = [
        model.objects.filter(participant=participant) for model in (Attendance, Waiver, EvaluationReopening)
    ]
    for rows in reasons:
        erasing.empty_texts(rows, "reason")
    erasing.delete_details(*reasons)
    for model in WRITTEN:
        model.objects.filter(participant=participant).delete()
    CalendarInvitation.objects.filter(message__recipient__in=accounts, meeting__cohort=cohort).delete()
    for rows, field in _entered(cohort):
        rows.filter(**{f"{field}__in": accounts}).update(**{field: somebody})


def _entered(cohort: Cohort) -> list[tuple[QuerySet, str]]:
    return [
        (Meeting.objects.filter(cohort=cohort), "created_by"),
        (MeetingChange.objects.filter(meeting__cohort=cohort), "made_by"),
        (Attendance.objects.filter(meeting__cohort=cohort), "recorded_by"),
        (HelpRequest.objects.filter(team__cohort=cohort), "asked_by"),
    ]


def cohort(cohort: Cohort) -> None:
    """Days, marks and the figures of evaluations stay."""
    meetings = Meeting.objects.filter(cohort=cohort)
    changes = MeetingChange.objects.filter(meeting__cohort=cohort)
    erasing.empty_texts(meetings, "title", "place", "cancelled_reason")
    meetings.update(link="")
    erasing.empty_texts(changes, "summary", "reason")
    orders = LegalOrder.objects.filter(team__cohort=cohort)
    erasing.empty_texts(orders, "scope", "silence", "declined_reason")
    erasing.delete_details(meetings, changes, orders, HelpRequest.objects.filter(team__cohort=cohort))
    EvaluationAnswer.objects.filter(closing__cohort=cohort, rating=None).delete()
    for model in (Note, ActionItem, TeamKey):
        model.objects.filter(team__cohort=cohort).delete()


def person(user: User) -> None:
    CalendarChoice.objects.filter(user=user).delete()
    BusyFeed.objects.filter(supervisor=user).delete()
