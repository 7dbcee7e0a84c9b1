"""How people have their meetings in their own calendars, and what of them was sent (M4)."""

from typing import Self

from django.db import models
from django.db.models import Q

from coaching.models import Message, Participant, User
from meetings.models.meetings import Meeting


class CalendarChoice(models.Model):
    """How somebody has their meetings in their own calendar; one way at a time, so that nothing shows twice."""

    class Way(models.TextChoices):
        ADDRESS = "address", "A calendar address"
        MAIL = "mail", "Invitations by mail"

    user = models.ForeignKey(User, models.CASCADE, related_name="calendar_choices")
    way = models.CharField(max_length=10, choices=Way.choices)
    # Of the secret address that a calendar program subscribes to: whoever has it reads the dates, nothing else.
    token = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(revoked_at=None), name="calendarchoice_one_in_force"
            ),
            models.UniqueConstraint(
                fields=["token"], condition=~Q(token=""), name="calendarchoice_token_once"
            ),
            models.CheckConstraint(
                condition=(Q(way="address") & ~Q(token="")) | Q(way="mail", token=""),
                name="calendarchoice_address_has_a_token",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()}, for {self.user}"

    @property
    def is_address(self) -> bool:
        return self.way == self.Way.ADDRESS


class CalendarInvitationQuerySet(models.QuerySet["CalendarInvitation"]):
    def arrived(self) -> Self:
        """Those that have left; of some it is not known whether they arrived."""
        status = Message.Status
        return self.filter(message__status__in=(status.SENT, status.SETTLED, status.UNKNOWN, status.SENDING))


class CalendarInvitation(models.Model):
    """What one mail told somebody's calendar about a meeting; the mail's status says whether it left."""

    class Method(models.TextChoices):
        REQUEST = "REQUEST", "Put it into the calendar"
        CANCEL = "CANCEL", "Take it out of the calendar"

    message = models.OneToOneField(Message, models.CASCADE, related_name="calendar_invitation")
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="calendar_invitations")
    method = models.CharField(max_length=10, choices=Method.choices)
    version = models.PositiveIntegerField(help_text="Of the meeting, as it was told.")
    starts_at = models.DateTimeField(help_text="As it was told.")
    ends_at = models.DateTimeField(help_text="As it was told.")
    sequence = models.PositiveIntegerField(
        help_text="Rises with all that this person is sent about the meeting."
    )

    objects = CalendarInvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sequence__gte=models.F("version")), name="calendarinvitation_sequence_rises"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()}: {self.meeting}, for {self.message.recipient}"


class BusyFeed(models.Model):
    """A secret address with the dates of an employee's meetings, for their supervisor, and nothing else (M14)."""

    supervisor = models.ForeignKey(User, models.CASCADE, related_name="busy_feeds")
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="busy_feeds")
    token = models.CharField(max_length=60, unique=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supervisor", "participant"],
                condition=Q(revoked_at=None),
                name="busyfeed_one_in_force",
            ),
            models.CheckConstraint(condition=~Q(token=""), name="busyfeed_has_a_token"),
        ]

    def __str__(self) -> str:
        return f"Dates of {self.participant}, for {self.supervisor}"
