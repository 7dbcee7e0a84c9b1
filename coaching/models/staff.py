"""Staff files on their way into the directory."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from coaching.models.people import User


class StaffUpload(models.Model):
    """A staff file that somebody uploaded, to look at what it would do and then to import it.

    The file itself is kept until it is imported or put away, and no longer than a week.
    """

    file_name = models.CharField("file", max_length=200)
    content = models.BinaryField()
    digest = models.CharField("SHA-256", max_length=64)
    sheet = models.CharField(max_length=100, blank=True)
    # The headings of the file and some of its values, for choosing which column is which of ours.
    head = models.JSONField(default=dict)
    columns = models.JSONField(default=dict)  # places in the file by our names
    surname_first = models.BooleanField(default=False)
    invite = models.BooleanField(default=True)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    # What it would do, as it was when it was looked at: the report, or what is wrong with the file.
    report = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True, blank=True)
    imported_at = models.DateTimeField(null=True, blank=True)
    imported = models.JSONField(default=dict)  # how many were added, changed and left as they were

    class Meta:
        ordering = ("-uploaded_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(imported_at=None) | Q(report={}, problems=[]),
                name="staffupload_ends_without_people",
            )
        ]

    def __str__(self) -> str:
        return self.file_name
