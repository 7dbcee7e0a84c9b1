"""What a participant writes about their own project, for the readers they choose: encrypted, in no admin (C4, C7, C8)."""

from django.db import models
from django.db.models import Q

from coaching.models import Participant, User


class ProjectText(models.Model):
    """One text. The project itself, as it was approved, is `coaching.models.Goal` (A14)."""

    class Kind(models.TextChoices):
        MILESTONE = "milestone", "Milestone"
        OUTCOME = "outcome", "Outcome"  # C4
        UPDATE = "update", "Update"  # C7

    class Audience(models.TextChoices):
        SELF = "self", "only you"
        TEAM = "team", "your team"
        SUPERVISOR = "supervisor", "your team and your supervisor"
        PROGRAM = "program", "your team, your supervisor, your division director and the branch deputy"

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="project_texts")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.TEAM)
    # Whom its author meant by “my supervisor”; whoever is it later reads nothing of it until they choose anew.
    supervisor = models.ForeignKey(User, models.PROTECT, null=True, related_name="texts_shared")
    ciphertext = models.BinaryField()
    due_date = models.DateField(null=True)
    done_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("due_date", "-written_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["participant"], condition=Q(kind="outcome"), name="projecttext_one_outcome"
            ),
            models.CheckConstraint(
                condition=Q(kind="milestone", due_date__isnull=False)
                | (~Q(kind="milestone") & Q(due_date=None, done_at=None)),
                name="projecttext_milestones_are_dated",
            ),
            models.CheckConstraint(
                condition=Q(supervisor=None) | Q(audience__in=("supervisor", "program")),
                name="projecttext_supervisor_if_it_reaches_one",
            ),
        ]

    def __str__(self) -> str:
        return f"Project text {self.pk}"


class SelfRating(models.Model):
    """How a participant sees themself in the competencies at one moment of the program; nobody else reads it."""

    class Moment(models.TextChoices):
        START = "start", "At the start"
        MIDDLE = "middle", "In the middle"
        END = "end", "At the end"

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="self_ratings")
    moment = models.CharField(max_length=6, choices=Moment.choices)
    ciphertext = models.BinaryField()
    rated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "moment"], name="selfrating_once_a_moment")
        ]

    def __str__(self) -> str:
        return f"Self-rating {self.pk}"


class SupervisorInput(models.Model):
    """What a participant asked their supervisor about the project, and what came back (M14).

    An answer belongs to whom it was asked, whoever is the supervisor later. `supervisor_changed`: the question was taken
    back for that, unanswered.
    """

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="inputs")
    supervisor = models.ForeignKey(User, models.PROTECT, related_name="inputs_asked")
    question = models.BinaryField()
    asked_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)
    supervisor_changed = models.BooleanField(default=False)
    answer = models.BinaryField(null=True)
    answered_at = models.DateTimeField(null=True)
    is_shared = models.BooleanField("the team reads it", default=False)

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["participant"],
                condition=Q(taken_back_at=None, answered_at=None),
                name="supervisorinput_one_open_each",
            ),
            models.CheckConstraint(
                condition=Q(answer=None, answered_at=None)
                | Q(answer__isnull=False, answered_at__isnull=False, taken_back_at=None),
                name="supervisorinput_answered_or_taken_back",
            ),
            models.CheckConstraint(
                condition=Q(is_shared=False) | Q(answered_at__isnull=False),
                name="supervisorinput_shared_once_answered",
            ),
            models.CheckConstraint(
                condition=Q(supervisor_changed=False) | Q(taken_back_at__isnull=False),
                name="supervisorinput_closed_is_taken_back",
            ),
        ]

    def __str__(self) -> str:
        return f"Supervisor's input {self.pk}"
