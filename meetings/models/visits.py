"""Who of the branch plans to attend a meeting (M12). Who was there is `Meeting.visitors`, recorded with the attendance."""

from django.db import models
from django.db.models import F, Q

from coaching.models import User
from meetings.models.meetings import Meeting


class Visit(models.Model):
    """The branch deputy's, or a designee's, word that they plan to come; taken back, it stays as it was said."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="visits")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    planned_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("planned_at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "person"],
                condition=Q(taken_back_at=None),
                name="visit_planned_once",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at=None) | Q(taken_back_at__gte=F("planned_at")),
                name="visit_taken_back_after_it_was_planned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} plans to attend {self.meeting}"
