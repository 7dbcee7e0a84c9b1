"""What has been reminded of: the clock, a second worker or another run never reminds twice."""

from django.db import models
from django.db.models import Q


class Reminder(models.Model):
    """The latest scheduled day of a matter whose reminder went out; only a later one is still to come."""

    class Kind(models.TextChoices):
        SIGN = "sign", "Signer of a step"
        CHANGE = "change", "Who is to concur with a changed project"
        STAND_IN = "stand_in", "Who signs in somebody's place from now on"
        OVERDUE = "overdue", "Overdue step, told to the branch office"
        OVERDUE_CHANGE = "overdue_change", "Overdue answer to a changed project, told to the branch office"
        OVERDUE_LIST = "overdue_list", "Everything overdue of a branch"
        DRAFT = "draft", "Applicant with a draft"
        RETURNED = "returned", "Applicant with a returned application"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    object_id = models.BigIntegerField(
        help_text="A step, a changed project, an order, a branch or an application, as the kind says."
    )
    for_date = models.DateField()
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id"], name="reminder_one_per_matter"),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "sign",
                        "change",
                        "stand_in",
                        "overdue",
                        "overdue_change",
                        "overdue_list",
                        "draft",
                        "returned",
                    ]
                ),
                name="reminder_is_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.object_id}, {self.for_date:%B %-d, %Y}"
