"""What is left of an application, and of a changed project, at the end of the term (coaching/erasing.py)."""

from datetime import datetime

from django.db.models import Max, Q, QuerySet

from applications.models import (
    Application,
    Choice,
    Decision,
    DraftShare,
    ProjectChange,
    Rating,
    Recommendation,
    ReviewStep,
    SeatOffer,
)
from coaching import erasing
from coaching.models import ERASED, Participant, Program, SignedText, User

CRITERIA = ("interest_in_program", "interest_in_leadership", "division_project", "reason")
PROJECT = ("title", "description", "expected_outcome", "measure", "why", "reason", "comment")


def application(application: Application, *, by: User | None, now: datetime) -> None:
    """Its status, its ratings, its route with the days, and what was decided stay: the figures of the selection."""
    own = Application.objects.filter(pk=application.pk)
    steps = ReviewStep.objects.filter(application=application)
    ratings, decisions, choices, advice, shares, offers = (
        model.objects.filter(application=application)
        for model in (Rating, Decision, Choice, Recommendation, DraftShare, SeatOffer)
    )
    erasing.empty_texts(own, *Application.ANSWERS, "role_aimed_for", "ultimate_position", "project_title")
    erasing.empty_texts(own, "closed_reason")
    erasing.empty_texts(ratings, "sentence")
    erasing.empty_texts(steps, "reason", "comment")
    erasing.empty_texts(decisions, *CRITERIA)
    erasing.empty_texts(advice, "sentence")
    somebody = erasing.nameless_person(now=now)
    texts = {application.current_text_id, application.paper_text_id, *steps.values_list("text", flat=True)}
    erasing.empty_signed_texts(
        [pk for pk in texts if pk], was=application.applicant, to=somebody, by=by, now=now
    )
    erasing.delete_details(own, ratings, steps, decisions, choices, advice, shares, offers)
    choices.delete()
    shares.delete()
    own.update(applicant=somebody, erased_at=now)


def project_changes(participant: Participant, *, by: User | None, now: datetime) -> None:
    changes = ProjectChange.objects.filter(participant=participant)
    erasing.empty_texts(changes, *PROJECT)
    texts = list(changes.values_list("text", flat=True))
    erasing.empty_signed_texts(texts, was=None, to=None, by=by, now=now)
    erasing.delete_details(changes)


def texts_of_nothing(*, before: int) -> QuerySet[SignedText]:
    """Texts that no application has any more, as their applicants drew up others, and whose term, the longest there is,
    ended before this year."""
    longest = Program.objects.aggregate(most=Max("retention_years"))["most"] or 0
    kinds = (SignedText.Kind.APPLICATION, SignedText.Kind.PROJECT_CHANGE)
    old = SignedText.objects.filter(kind__in=kinds, created_at__year__lt=before - longest)
    named = Application.objects.exclude(Q(current_text=None) & Q(paper_text=None))
    return (
        old.exclude(text=ERASED)
        .exclude(pk__in=ReviewStep.objects.values("text"))
        .exclude(pk__in=ProjectChange.objects.values("text"))
        .exclude(pk__in=named.exclude(current_text=None).values("current_text"))
        .exclude(pk__in=named.exclude(paper_text=None).values("paper_text"))
    )
