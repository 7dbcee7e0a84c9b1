"""What the program has about one person, as a file made for them."""

from django.db import models
from django.db.models import Q

from coaching.models.people import User


class PersonExport(models.Model):
    """A ZIP of files that its person reads; it lies encrypted, and no longer than some days."""

    person = models.ForeignKey(User, models.CASCADE, related_name="exports")
    asked_at = models.DateTimeField()
    ciphertext = models.BinaryField(null=True)
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["person"], name="personexport_one_each"),
            models.CheckConstraint(
                condition=Q(ciphertext=None, made_at=None, expires_at=None)
                | Q(ciphertext__isnull=False, made_at__isnull=False, expires_at__isnull=False),
                name="personexport_made_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"Export {self.pk}"
