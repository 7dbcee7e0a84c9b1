"""Evaluations of meetings: who answered stands apart from what was answered (C1).

None of drafts, receipts and answers is in the admin.
"""

import uuid

from django.db import models
from django.db.models import Q

from coaching.models import Cohort, CurriculumItem, Participant, Program, User
from meetings.models.meetings import Meeting


class Question(models.Model):
    """One line of the questionnaire of a program."""

    class Kind(models.TextChoices):
        RATING = "rating", "Rating from 1 to 5"
        TEXT = "text", "Text"

    program = models.ForeignKey(Program, models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.CharField(max_length=300)
    is_active = models.BooleanField(default=True)
    is_about_growth = models.BooleanField(
        "asks whether the meeting’s topic is understood better",
        default=False,
        help_text="Reports show its answers as growth in the competencies of the meeting (C5).",
    )

    class Meta:
        ordering = ("program", "position")
        constraints = [
            models.UniqueConstraint(fields=["program", "position"], name="question_position_once"),
            models.CheckConstraint(condition=~Q(text=""), name="question_asks_something"),
        ]

    def __str__(self) -> str:
        return self.text


class EvaluationReceipt(models.Model):
    """That a participant evaluated a meeting: all the certificate needs to know (C2). It has no time, on purpose."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="receipts")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="receipts")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meeting", "participant"], name="receipt_once")]

    def __str__(self) -> str:
        return f"{self.participant} evaluated {self.meeting}"


class EvaluationDraft(models.Model):
    """The answers, encrypted, while their author can still change them; deleted when the evaluation closes.

    Without a receipt they are not sent yet, and are never counted.
    """

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="drafts")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="drafts")
    ciphertext = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meeting", "participant"], name="draft_once")]

    def __str__(self) -> str:
        return f"Evaluation {self.pk}"


class EvaluationReopening(models.Model):
    """One person's evaluation of one meeting, past its day: when they asked for it, and until when it is open again."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="reopenings")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="reopenings")
    asked_at = models.DateTimeField(null=True, blank=True)
    until_date = models.DateField(null=True, blank=True)
    # Read by the branch office and the participant alone.
    reason = models.CharField(max_length=300, blank=True)
    reopened_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reopened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meeting", "participant"], name="reopening_once"),
            models.CheckConstraint(
                condition=Q(until_date=None, reopened_by=None, reopened_at=None, asked_at__isnull=False)
                | Q(until_date__isnull=False, reopened_by__isnull=False, reopened_at__isnull=False),
                name="reopening_asked_for_or_given",
            ),
        ]

    def __str__(self) -> str:
        return f"Reopening {self.pk}"

    @property
    def is_waiting(self) -> bool:
        """Whether the branch office has not answered yet."""
        return self.asked_at is not None and (self.reopened_at is None or self.reopened_at < self.asked_at)


class EvaluationClosing(models.Model):
    """That the evaluations of one meeting of the curriculum are closed for all teams of a cohort together.

    Without an item: the last closing, of extra meetings and of answers that came late.
    """

    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="closings")
    item = models.ForeignKey(CurriculumItem, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cohort", "item"], name="closing_once_per_item"),
            models.UniqueConstraint(fields=["cohort"], condition=Q(item=None), name="closing_last_once"),
        ]

    def __str__(self) -> str:
        return f"{self.cohort}: {self.item or 'extra and late'}"


class EvaluationAnswer(models.Model):
    """One answer to one question, by nobody, of no team's meeting, from no moment.

    A random key and a shuffled batch: neither the key nor the order of rows says who wrote it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    closing = models.ForeignKey(EvaluationClosing, models.PROTECT, related_name="answers")
    question = models.ForeignKey(Question, models.PROTECT, related_name="answers")
    rating = models.PositiveSmallIntegerField(null=True)
    text = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rating__isnull=False, rating__gte=1, rating__lte=5, text="")
                | (Q(rating=None) & ~Q(text="")),
                name="answer_is_a_rating_or_a_text",
            ),
        ]

    def __str__(self) -> str:
        return f"Answer to “{self.question}”"
