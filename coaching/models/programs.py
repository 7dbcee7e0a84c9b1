"""A coaching program as data, and the cohorts that run it."""

from datetime import date, time
from typing import Self
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from coaching.formation.rules import count_words, join_words
from coaching.models.people import OrgUnit, User


class CompetencyModel(models.Model):
    """One version of the leadership competency model (F1)."""

    name = models.CharField(max_length=200)
    version = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="competencymodel_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.version}"


class Competency(models.Model):
    model = models.ForeignKey(CompetencyModel, models.CASCADE, related_name="competencies")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)

    class Meta:
        verbose_name_plural = "competencies"
        ordering = ("model", "position")
        constraints = [
            models.UniqueConstraint(fields=["model", "position"], name="competency_position_once"),
            models.UniqueConstraint(fields=["model", "name"], name="competency_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class CompetencySkill(models.Model):
    competency = models.ForeignKey(Competency, models.CASCADE, related_name="skills")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ("competency", "position")
        constraints = [models.UniqueConstraint(fields=["competency", "name"], name="skill_name_once")]

    def __str__(self) -> str:
        return self.name


class Program(models.Model):
    """What a coaching program is made of: curriculum, route, requirements, team sizes, texts."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=160)
    competency_model = models.ForeignKey(CompetencyModel, models.PROTECT)
    benefits = models.TextField(help_text="Shown and acknowledged before anyone signs (F2).")
    time_commitment = models.TextField(help_text="Shown and acknowledged before anyone signs (F2).")
    voluntary = models.TextField(help_text="Said on every application (F3).")
    commitment_statement = models.TextField(help_text="What the applicant signs (A7).")
    expectations = models.TextField(
        blank=True,
        help_text="One on each line: what the members of a team accept at their first meeting (M18).",
    )
    min_team_size = models.PositiveSmallIntegerField(default=3)
    max_team_size = models.PositiveSmallIntegerField(default=4)
    retention_years = models.PositiveSmallIntegerField(
        "years that signed records are kept",
        default=5,
        validators=[MinValueValidator(1)],
        help_text="Full calendar years after the one in which the meetings begin.",
    )
    participation_years = models.PositiveSmallIntegerField(
        "years that teams, meetings and attendance are kept",
        default=5,
        validators=[MinValueValidator(1)],
        help_text="Full calendar years after the one in which the meetings begin.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(retention_years__gte=1), name="program_keeps_records_for_a_year"
            ),
            models.CheckConstraint(
                condition=Q(participation_years__gte=1), name="program_keeps_participation_for_a_year"
            ),
            models.CheckConstraint(
                condition=Q(min_team_size__gte=2) & Q(max_team_size__gte=F("min_team_size")),
                name="program_team_sizes_make_sense",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def team_sizes(self) -> str:
        """ "three or four", "two": how many people a team has (T1)."""
        sizes = range(self.min_team_size, self.max_team_size + 1)
        return join_words([count_words(size) for size in sizes], "or")

    @property
    def meeting_length(self) -> str:
        """ "two hours", "90 minutes": what its longest meeting takes."""
        minutes = max((item.minutes for item in self.curriculum.all()), default=120)
        hours, rest = divmod(minutes, 60)
        if rest:
            return f"{minutes} minutes"
        return "one hour" if hours == 1 else f"{count_words(hours)} hours"


class CurriculumItem(models.Model):
    """One meeting of the curriculum (M1); on screen "meeting 3"."""

    class Kind(models.TextChoices):
        INTRODUCTION = "introduction", "Introduction"
        COMPETENCY = "competency", "Competency"
        FINAL = "final", "Final meeting"

    program = models.ForeignKey(Program, models.CASCADE, related_name="curriculum")
    position = models.PositiveSmallIntegerField()
    month = models.PositiveSmallIntegerField("month of the program")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    title = models.CharField(max_length=160)
    competencies = models.ManyToManyField(Competency, blank=True)
    minutes = models.PositiveSmallIntegerField(default=120)
    components = models.JSONField(
        default=list, blank=True, help_text="Agenda components in order: a list of {title, kind, minutes}."
    )

    class Meta:
        ordering = ("program", "position")
        constraints = [
            models.UniqueConstraint(fields=["program", "position"], name="curriculumitem_position_once"),
            models.CheckConstraint(condition=Q(month__gte=1), name="curriculumitem_month_from_one"),
            models.CheckConstraint(condition=Q(minutes__gte=15), name="curriculumitem_lasts_a_while"),
        ]

    def __str__(self) -> str:
        return f"Meeting {self.position}: {self.title}"


class RouteStep(models.Model):
    """One signature on an application's route (A9)."""

    class Office(models.TextChoices):
        SUPERVISOR = "supervisor", "Supervisor"
        DIRECTOR = "director", "Division Director"
        DEPUTY = "deputy", "Branch Deputy"

    program = models.ForeignKey(Program, models.CASCADE, related_name="route")
    position = models.PositiveSmallIntegerField()
    office = models.CharField(max_length=20, choices=Office.choices)
    title = models.CharField(max_length=120)
    statement = models.TextField()
    days_to_sign = models.PositiveSmallIntegerField(default=7)
    decides = models.BooleanField(
        default=False, help_text="This office accepts, waitlists or does not select."
    )

    class Meta:
        ordering = ("program", "position")
        constraints = [
            models.UniqueConstraint(fields=["program", "position"], name="routestep_position_once"),
            models.UniqueConstraint(fields=["program", "office"], name="routestep_office_once"),
            models.UniqueConstraint(
                fields=["program"], condition=Q(decides=True), name="routestep_one_decides"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"


class Requirement(models.Model):
    """What the certificate asks for (C2), as data."""

    class Kind(models.TextChoices):
        ATTENDANCE = "attendance", "Meetings attended"
        EVALUATION = "evaluation", "Evaluations of the meetings attended"

    class Unit(models.TextChoices):
        COUNT = "count", "times"
        PERCENT = "percent", "percent"

    class Per(models.TextChoices):
        MONTH = "month", "each month"
        PROGRAM = "program", "the whole program"

    program = models.ForeignKey(Program, models.CASCADE, related_name="requirements")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    least = models.PositiveSmallIntegerField()
    unit = models.CharField(max_length=10, choices=Unit.choices)
    per = models.CharField(max_length=10, choices=Per.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "kind", "per"], name="requirement_once"),
            models.CheckConstraint(
                condition=~Q(unit="percent") | Q(least__lte=100), name="requirement_at_most_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.least} {self.get_unit_display()}, {self.get_per_display()}"


class ClosedDay(models.Model):
    """A state holiday or a day the office is closed (M3)."""

    date = models.DateField()
    name = models.CharField(max_length=120)
    branch = models.ForeignKey(
        OrgUnit, models.CASCADE, null=True, blank=True, help_text="Empty: closed for everybody."
    )

    class Meta:
        ordering = ("date",)
        constraints = [
            models.UniqueConstraint(fields=["date", "branch"], name="closedday_once_per_branch"),
            models.UniqueConstraint(fields=["date"], condition=Q(branch=None), name="closedday_once_for_all"),
        ]

    def __str__(self) -> str:
        return f"{self.date:%B %-d, %Y}: {self.name}"


def default_weights() -> dict[str, int]:
    return {"classification": 10, "division": 8, "competency": 12, "slots": 4, "track": 0}


class CohortQuerySet(models.QuerySet["Cohort"]):
    def accepting_applications(self, today: date) -> Self:
        return self.filter(applications_open_date__lte=today, applications_close_date__gte=today)


class Cohort(models.Model):
    """One run of a program by one branch; on screen "2027 program" (F5)."""

    class TrackPreference(models.TextChoices):
        NONE = "none", "No preference"
        SAME = "same", "Same career track"
        DIFFERENT = "different", "Different career tracks"

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"

    program = models.ForeignKey(Program, models.PROTECT, related_name="cohorts")
    branch = models.ForeignKey(OrgUnit, models.PROTECT, related_name="cohorts")
    name = models.CharField(max_length=80, help_text="Usually the year: 2027.")
    # F1: the version is fixed when the cohort is opened, whatever happens to the program later.
    competency_model = models.ForeignKey(CompetencyModel, models.PROTECT, editable=False)
    applications_open_date = models.DateField()
    applications_close_date = models.DateField()
    first_month = models.DateField("first month of meetings", help_text="The first day of that month.")
    seats = models.PositiveSmallIntegerField(validators=[MinValueValidator(2)])
    # M3: third Wednesday unless the cohort says otherwise.
    meeting_weekday = models.PositiveSmallIntegerField(choices=Weekday.choices, default=Weekday.WEDNESDAY)
    meeting_week = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(4)],
        help_text="1 to 4: which one of the month.",
    )
    meeting_start_time = models.TimeField(default=time(9, 0))
    meeting_place = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=60, default="America/Los_Angeles")
    track_preference = models.CharField(  # T3
        max_length=10, choices=TrackPreference.choices, default=TrackPreference.NONE
    )
    keep_signers_apart = models.BooleanField(default=True)  # T8
    formation_weights = models.JSONField(default=default_weights)
    missed_months_allowed = models.PositiveSmallIntegerField(default=0)
    other_team_counts = models.BooleanField("another team's meeting makes a missed month good", default=False)
    quorum = models.PositiveSmallIntegerField(
        default=2, validators=[MinValueValidator(1, "At least one member must be present.")]
    )
    evaluation_days = models.PositiveSmallIntegerField(
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text="Days an evaluation stays open after its meeting.",
    )
    agreement_days = models.PositiveSmallIntegerField(  # T4
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text="Days in which members are asked to answer whether they agree to a team.",
    )
    notes_days = models.PositiveSmallIntegerField(  # M16
        default=90,
        validators=[MinValueValidator(14), MaxValueValidator(365)],
        help_text="Days after the last month of the program until what teams wrote is deleted.",
    )
    final_meeting_contents = models.TextField(blank=True)  # M6
    # A12: on every page of the application.
    contact_role = models.CharField(max_length=120)
    contact_email = models.EmailField()
    contact_phone = models.CharField(max_length=40, blank=True)
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, editable=False, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    # What people wrote in the course of it was erased, and who took part is named no more.
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CohortQuerySet.as_manager()

    class Meta:
        ordering = ("-first_month", "pk")
        constraints = [
            models.UniqueConstraint(fields=["program", "branch", "name"], name="cohort_name_once_per_branch"),
            models.CheckConstraint(
                condition=Q(applications_close_date__gte=F("applications_open_date")),
                name="cohort_closes_after_open",
            ),
            models.CheckConstraint(
                condition=Q(first_month__gt=F("applications_close_date")),
                name="cohort_meets_after_applications",
            ),
            models.CheckConstraint(condition=Q(first_month__day=1), name="cohort_first_month_is_a_month"),
            models.CheckConstraint(condition=Q(seats__gte=2), name="cohort_seats_for_a_team"),
            models.CheckConstraint(
                condition=Q(meeting_week__gte=1, meeting_week__lte=4) & Q(meeting_weekday__lte=4),
                name="cohort_meets_on_a_weekday",
            ),
            models.CheckConstraint(condition=Q(evaluation_days__gte=1), name="cohort_evaluations_open_a_day"),
            models.CheckConstraint(
                condition=Q(agreement_days__gte=1, agreement_days__lte=30),
                name="cohort_agreements_take_a_day_to_a_month",
            ),
            models.CheckConstraint(
                condition=Q(notes_days__gte=14, notes_days__lte=365), name="cohort_notes_last_two_weeks"
            ),
        ]

    def __str__(self) -> str:
        return self.called(self.name)

    @staticmethod
    def called(name: str) -> str:
        """The cohort of this name in words, for whoever asks for names alone."""
        return f"{name} program"

    def clean(self) -> None:
        """What counts has to be something that a team can reach, and that still asks for something (C2)."""
        if self.program_id is None:
            return
        months = self.months
        problems = {}
        if self.seats and self.seats < self.program.min_team_size:
            problems["seats"] = (
                f"A team has {self.program.team_sizes} members: there is no cohort with fewer seats."
            )
        if self.quorum and self.quorum > self.program.min_team_size:
            problems["quorum"] = (
                f"A team may have {self.program.min_team_size} members: ask for no more than these."
            )
        if self.missed_months_allowed and self.missed_months_allowed >= months:
            problems["missed_months_allowed"] = (
                f"The program has {months} months: at most {months - 1} can be missed."
            )
        if problems:
            raise ValidationError(problems)

    @property
    def months(self) -> int:
        """How many months the program takes, by its curriculum (M2)."""
        return max((item.month for item in self.program.curriculum.all()), default=1)

    @property
    def records_kept_until(self) -> date:
        """The last day of the term for which what was signed stays readable to its signers."""
        return date(self.first_month.year + self.program.retention_years, 12, 31)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def accepts_applications(self, today: date) -> bool:
        return self.applications_open_date <= today <= self.applications_close_date
