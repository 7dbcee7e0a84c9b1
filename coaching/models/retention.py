"""How long records are kept, what holds them longer, and each run that erased what was due."""

from datetime import date
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coaching.models.people import User
from coaching.models.programs import Cohort

ERASED = "Erased at the end of its term."  # in the place of every text


class Series(models.TextChoices):
    """Records that are kept for the same time. How long, is a setting; certificates are kept for good."""

    APPLICATIONS = "applications", "Applications and what was signed"
    PARTICIPATION = "participation", "Teams, meetings and attendance"
    MAIL = "mail", "Mail that was sent"
    TRAIL = "trail", "Details in the audit trail"
    PEOPLE = "people", "People who left"


class RetentionTerm(models.Model):
    """How many years a series is kept that belongs to no program; those of a program stand with it."""

    OF_NO_PROGRAM = (Series.MAIL, Series.TRAIL, Series.PEOPLE)

    series = models.CharField(max_length=20, choices=Series.choices, unique=True)
    years = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(100)])

    class Meta:
        verbose_name = "term of a record series"
        verbose_name_plural = "terms of record series"
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(condition=Q(years__gte=1), name="retentionterm_lasts_a_year"),
            models.CheckConstraint(
                condition=Q(series__in=["mail", "trail", "people"]), name="retentionterm_of_no_program"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_series_display()}: {self.years} years"


class LegalHoldQuerySet(models.QuerySet["LegalHold"]):
    def in_force(self, on: date) -> Self:
        return self.filter(Q(until_date=None) | Q(until_date__gte=on), lifted_at=None)


class LegalHold(models.Model):
    """What is about this person, or all of this cohort, is not erased while it is in force, whatever its term."""

    person = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="legal_holds")
    cohort = models.ForeignKey(Cohort, models.PROTECT, null=True, blank=True, related_name="legal_holds")
    reason = models.CharField(max_length=500)
    reference = models.CharField("number of the case", max_length=100, blank=True)
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)
    until_date = models.DateField(
        "until", null=True, blank=True, help_text="The last day. Empty: until it is lifted."
    )
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_reason = models.CharField("why it was lifted", max_length=500, blank=True)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        ordering = ("-set_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(person=None, cohort__isnull=False) | Q(person__isnull=False, cohort=None),
                name="legalhold_on_a_person_or_cohort",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="legalhold_has_a_reason"),
            models.CheckConstraint(
                condition=Q(lifted_by=None, lifted_at=None, lifted_reason="")
                | Q(lifted_by__isnull=False, lifted_at__isnull=False) & ~Q(lifted_reason=""),
                name="legalhold_lifted_says_by_whom_and_why",
            ),
        ]

    def __str__(self) -> str:
        return f"Legal hold on {self.subject}"

    @property
    def subject(self) -> str:
        """The cohort's branch has to have been read."""
        return str(self.person) if self.person else f"the {self.cohort}, {self.cohort.branch}"  # type: ignore[union-attr]

    def is_in_force(self, on: date) -> bool:
        """The same as LegalHoldQuerySet.in_force, of one at hand."""
        return self.lifted_at is None and (self.until_date is None or self.until_date >= on)


class RetentionRunQuerySet(models.QuerySet["RetentionRun"]):
    def running(self) -> Self:
        """The one that has not ended, locked: it erases nothing before this transaction is over."""
        return self.select_for_update(of=("self",)).filter(status=RetentionRun.Status.RUNNING)


class RetentionRun(models.Model):
    """One run: what was shown before it, by kind of record, what it has erased so far, and what could not be erased."""

    UNDER_WAY = (
        "A run is under way. Change terms once it is done: where it stopped, its page has a button to go on."
    )

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    planned = models.JSONField(default=dict)
    shown = models.JSONField("keys of what was shown, until it is done", default=dict)
    done = models.JSONField(default=dict)
    failed = models.JSONField("keys of what could not be erased", default=dict)
    started_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RetentionRunQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="running"), name="retentionrun_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(status="running", finished_at=None) | Q(status="done", finished_at__isnull=False),
                name="retentionrun_done_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"Run of {timezone.localtime(self.started_at):%B %-d, %Y}"
