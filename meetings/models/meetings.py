"""Meetings, who was there, and how calendars subscribe to them."""

import datetime as dt
import uuid
from typing import Self
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from coaching import permissions
from coaching.models import Cohort, CurriculumItem, Membership, Participant, Team, User
from meetings import dates


def current_memberships(user: User) -> "models.QuerySet[Membership]":
    """The person's places in standing teams: what opens a team's space (M16). A former member has none."""
    standing = (Team.Status.CONFIRMED, Team.Status.ENDED)
    return Membership.objects.filter(
        participant__user=user, ended_at=None, team__status__in=standing
    ).exclude(participant__status=Participant.Status.LEFT)


class MeetingQuerySet(models.QuerySet["Meeting"]):
    def visible_to(self, user: User) -> Self:
        """Meetings in the team space of this person: those of their own team (M14, M16)."""
        teams = current_memberships(user).values("team")
        return self.filter(pk__in=MeetingTeam.objects.filter(team__in=teams).values("meeting"))

    def for_office(self, user: User) -> Self:
        """Meetings whose attendance this branch officer keeps (T10)."""
        return self.filter(cohort__in=permissions.office_cohorts(user))

    def of_team(self, team: Team) -> Self:
        return self.filter(meeting_teams__team=team)

    def live(self) -> Self:
        return self.exclude(status=Meeting.Status.CANCELLED)

    def own(self) -> Self:
        """Without those that were called off because their teams meet together, or no longer do."""
        return self.filter(joined_into=None).exclude(is_joint=True, status=Meeting.Status.CANCELLED)

    def upcoming(self, today: dt.date) -> Self:
        return self.filter(status=Meeting.Status.PLANNED, date__gte=today)

    def not_over(self, now: dt.datetime, zone: ZoneInfo) -> Self:
        """Planned, and not at its end: one of this morning took place, whether or not anybody was marked at it yet."""
        today = now.astimezone(zone).date()
        planned = self.upcoming(today)
        over = [each.pk for each in planned.filter(date=today) if each.ends_at <= now]
        return planned.exclude(pk__in=over)


class Meeting(models.Model):
    """One meeting of one team, or of several together; one of the curriculum, or an extra one."""

    class Status(models.TextChoices):
        PLANNED = "planned", "Planned"
        HELD = "held", "Held"
        CANCELLED = "cancelled", "Called off"

    class Mode(models.TextChoices):
        IN_PERSON = "in_person", "In person"
        REMOTE = "remote", "Online"
        MIXED = "mixed", "In person and online"

    class Origin(models.TextChoices):
        PLANNED = "planned", "Planned ahead"
        AFTERWARDS = "afterwards", "Written down afterwards"
        ENTERED = "entered", "Entered with the history of the cohort"

    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="meetings")
    # Empty: an extra meeting (M2).
    item = models.ForeignKey(CurriculumItem, models.PROTECT, null=True, blank=True, related_name="meetings")
    title = models.CharField(
        max_length=160, blank=True, help_text="Of an extra meeting; the others have their curriculum's."
    )
    date = models.DateField()
    start_time = models.TimeField()
    minutes = models.PositiveSmallIntegerField()
    time_zone = models.CharField(max_length=60)
    place = models.CharField(max_length=200, blank=True)
    link = models.URLField("link for joining online", blank=True)
    mode = models.CharField("how you meet", max_length=10, choices=Mode.choices, default=Mode.IN_PERSON)
    # Follows the date when a meeting is moved; the branch office can decide otherwise, with a reason. Empty: for none.
    month = models.PositiveSmallIntegerField("month of the program it counts for", null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLANNED)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.PLANNED)
    cancelled_reason = models.CharField(max_length=300, blank=True)
    teams = models.ManyToManyField(Team, through="MeetingTeam", related_name="meetings")
    # One meeting for all teams, whose day and place are the branch office's; each team has a row of its own in reserve.
    is_joint = models.BooleanField("for all teams together", default=False)
    joined_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="joined",
        help_text="Called off because its team meets together with others there.",
    )
    # M12, M13: the branch deputy or a designee, who may attend.
    visitors = models.ManyToManyField(User, blank=True, related_name="+")
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, editable=False, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        ordering = ("date", "start_time", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(item__isnull=False, title="") | (Q(item=None) & ~Q(title="")),
                name="meeting_title_only_of_an_extra_one",
            ),
            models.CheckConstraint(
                condition=Q(minutes__gte=15, minutes__lte=480), name="meeting_lasts_a_while"
            ),
            models.CheckConstraint(condition=Q(month=None) | Q(month__gte=1), name="meeting_month_from_one"),
            models.CheckConstraint(
                condition=Q(cancelled_reason="") | Q(status="cancelled"),
                name="meeting_reason_only_when_cancelled",
            ),
            models.CheckConstraint(
                condition=~Q(origin__in=("afterwards", "entered"), status="planned"),
                name="meeting_written_down_was_held",
            ),
            models.CheckConstraint(
                condition=Q(is_joint=False) | Q(item__isnull=False), name="meeting_joint_is_of_the_curriculum"
            ),
            models.CheckConstraint(
                condition=Q(joined_into=None) | Q(status="cancelled", is_joint=False),
                name="meeting_joined_is_called_off",
            ),
        ]
        indexes = [models.Index(fields=["cohort", "date"], name="meeting_by_cohort")]

    def __str__(self) -> str:
        return f"{self.heading}, {dates.long_date(self.date)}"

    def get_absolute_url(self) -> str:
        return reverse("meeting", args=[self.pk])

    @property
    def heading(self) -> str:
        return self.item.title if self.item else self.title

    @property
    def number(self) -> int | None:
        """Its place in the curriculum; on screen "meeting 3"."""
        return self.item.position if self.item else None

    @property
    def is_live(self) -> bool:
        return self.status != self.Status.CANCELLED

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def starts_at(self) -> dt.datetime:
        return dates.span(self.date, self.start_time, self.minutes, self.time_zone)[0]

    @property
    def ends_at(self) -> dt.datetime:
        return dates.span(self.date, self.start_time, self.minutes, self.time_zone)[1]

    @property
    def end_time(self) -> dt.time:
        return self.ends_at.time()

    @property
    def zone_label(self) -> str:
        """PST or PDT, as it is on the day."""
        return self.starts_at.tzname() or self.time_zone

    def local_today(self, now: dt.datetime) -> dt.date:
        """The day it is where the meeting takes place."""
        return now.astimezone(self.zone).date()


class MeetingTeamQuerySet(models.QuerySet["MeetingTeam"]):
    def without_attendance(self) -> Self:
        """Where nobody has said who of the team was there: an excusal, which can come ahead, says it of one person alone."""
        marks = Attendance.objects.filter(meeting=OuterRef("meeting"))
        taken = marks.taken().filter(participant__memberships__team=OuterRef("team"))
        own = Attendance.objects.filter(
            meeting=OuterRef(OuterRef("meeting")), participant=OuterRef("participant")
        )
        not_marked = Membership.objects.filter(
            ~Exists(own),
            Q(ended_at=None) | Q(ended_at__date__gte=OuterRef("meeting__date")),
            team=OuterRef("team"),
            joined_at__date__lte=OuterRef("meeting__date"),
        )
        return self.filter(~Exists(taken), Exists(not_marked))


class MeetingTeam(models.Model):
    """A team that takes part in a meeting; a joint orientation has several."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="meeting_teams")
    team = models.ForeignKey(Team, models.PROTECT, related_name="meeting_teams")

    objects = MeetingTeamQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meeting", "team"], name="meetingteam_once")]

    def __str__(self) -> str:
        return f"{self.team} at {self.meeting}"


class MeetingChange(models.Model):
    """What was changed about a meeting, in words, for the people who are expected there."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="changes")
    summary = models.CharField(max_length=400)
    reason = models.CharField(max_length=300, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-made_at", "-pk")
        constraints = [models.CheckConstraint(condition=~Q(summary=""), name="meetingchange_says_what")]

    def __str__(self) -> str:
        return self.summary


class Facilitator(models.Model):
    """Who leads a component of a meeting, as the team agreed (M9); of several teams that meet together, each its own."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="facilitators")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    component = models.CharField(max_length=40)
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "team", "component"], name="facilitator_one_per_component"
            )
        ]

    def __str__(self) -> str:
        return f"{self.participant}: {self.component}"


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def taken(self) -> Self:
        """Marks that say who was there or not; who is excused may be known months ahead."""
        return self.exclude(status=Attendance.Status.EXCUSED)


class Attendance(models.Model):
    """Whether one participant was at one meeting."""

    class Status(models.TextChoices):
        PRESENT = "present", "There"
        REMOTE = "remote", "There, online"
        ABSENT = "absent", "Not there"
        EXCUSED = "excused", "Excused"

    # In the room or not.
    THERE = (Status.PRESENT, Status.REMOTE)

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="attendance")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="attendance")
    status = models.CharField(max_length=10, choices=Status.choices)
    # Why it was changed or excused; read by the branch office and the participant alone.
    reason = models.CharField(max_length=300, blank=True)
    by_office = models.BooleanField("decided by the branch office", default=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "attendance"
        constraints = [
            models.UniqueConstraint(fields=["meeting", "participant"], name="attendance_once"),
            models.CheckConstraint(
                condition=~Q(status="excused", reason=""), name="attendance_excused_with_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(status="excused", by_office=False), name="attendance_excused_by_the_office"
            ),
            models.CheckConstraint(
                condition=~Q(by_office=True, reason=""), name="attendance_decided_with_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant}: {self.get_status_display()}"

    @property
    def was_there(self) -> bool:
        return self.status in self.THERE
