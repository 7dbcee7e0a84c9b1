"""What the members of a team write for each other (M10, M15, M16): encrypted, in no admin, deleted on a known day."""

from django.db import models
from django.db.models import F, Q

from coaching.models import Participant, Team, User
from meetings.models.meetings import Meeting


class TeamKey(models.Model):
    """The key of one team's texts, itself encrypted by NOTES_KEY. Whoever deletes it has erased them all."""

    team = models.OneToOneField(Team, models.PROTECT, related_name="text_key")
    wrapped = models.BinaryField()

    def __str__(self) -> str:
        return f"Key of {self.team}"


class Note(models.Model):
    """One text of one member at one meeting, about one member's project. Which texts there are is `meetings.notes`'."""

    class Kind(models.TextChoices):
        UPDATE = "update", "Update before the meeting"  # M15
        ADVICE = "advice", "Idea or advice"  # M8
        COMPETENCY = "competency", "How the competency applies"  # M10

    team = models.ForeignKey(Team, models.PROTECT, related_name="notes")
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    author = models.ForeignKey(Participant, models.PROTECT, related_name="notes")
    about = models.ForeignKey(Participant, models.PROTECT, related_name="notes_about")
    ciphertext = models.BinaryField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("written_at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "author"], condition=Q(kind="update"), name="note_one_update_each"
            ),
            models.CheckConstraint(
                condition=~Q(kind="update") | Q(about=F("author")), name="note_update_is_about_oneself"
            ),
        ]

    def __str__(self) -> str:
        return f"Note {self.pk}"


class Acceptance(models.Model):
    """A member's word that they accept the team's agreement, with the text as it was (M18)."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="acceptances")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="acceptances")
    text = models.TextField()
    accepted_at = models.DateTimeField()

    class Meta:
        ordering = ("accepted_at", "pk")
        constraints = [
            models.UniqueConstraint(fields=["team", "participant"], name="acceptance_once_per_team"),
            models.CheckConstraint(condition=~Q(text=""), name="acceptance_says_of_what"),
        ]

    def __str__(self) -> str:
        return f"{self.participant} accepts the agreement of {self.team}"


class ActionItem(models.Model):
    """What somebody does until a day; it is carried on from meeting to meeting until it is done."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="action_items")
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="action_items")
    owner = models.ForeignKey(Participant, models.PROTECT, related_name="action_items")
    ciphertext = models.BinaryField()
    due_date = models.DateField()
    written_by = models.ForeignKey(Participant, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("due_date", "written_at", "pk")

    def __str__(self) -> str:
        return f"Action item {self.pk}"


class Need(models.Model):
    """What a participant needs to take part, for the branch office alone."""

    participant = models.OneToOneField(Participant, models.PROTECT, related_name="need")
    ciphertext = models.BinaryField()
    said_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Need {self.pk}"


class HelpRequest(models.Model):
    """That a member asked the branch office for help for the team, and nothing of what it is about (M16)."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="help_requests")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_by=None, answered_at=None)
                | Q(answered_by__isnull=False, answered_at__isnull=False),
                name="helprequest_answered_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team} asks for help"
