"""What the offices give to a meeting of the curriculum: links, files, questions to discuss (M11)."""

from django.db import models
from django.db.models import Q

from coaching.models import CurriculumItem, OrgUnit, User


class Resource(models.Model):
    """For all teams of a branch, in every cohort; what was taken back stays in the database, shown to nobody."""

    class Kind(models.TextChoices):
        LINK = "link", "Link"
        FILE = "file", "File"
        QUESTION = "question", "Question to discuss"

    branch = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+")
    item = models.ForeignKey(CurriculumItem, models.PROTECT, related_name="resources")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=300)
    link = models.URLField(max_length=500, blank=True)
    content = models.BinaryField(null=True)
    media_type = models.CharField(max_length=20, blank=True)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("kind", "added_at", "pk")
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="resource_has_a_title"),
            models.CheckConstraint(
                condition=(Q(kind="link") & ~Q(link="")) | (~Q(kind="link") & Q(link="")),
                name="resource_link_leads_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(kind="file", content__isnull=False) & ~Q(media_type="")
                | ~Q(kind="file") & Q(content=None, media_type=""),
                name="resource_file_has_content",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def file_name(self) -> str:
        ending = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[self.media_type]
        words = "".join(
            letter if letter.isalnum() and letter.isascii() else " " for letter in self.title
        ).split()
        return f"{'-'.join(words)[:60] or 'resource'}.{ending}"
