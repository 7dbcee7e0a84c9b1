"""Batches that the superintendent approves, and the register of certificates."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from coaching import offices, permissions
from coaching.models import Cohort, OrgUnit, Participant, SignedText, SignOff, User


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: User) -> Self:
        """The branch office's own; and, once submitted, those of the department this person leads or stands in for."""
        departments = offices.units_led_by(user, on=timezone.localdate(), kind=OrgUnit.Kind.DEPARTMENT)
        below = OrgUnit.objects.under(*departments)
        submitted = ~Q(status=Batch.Status.DRAFT)
        return self.filter(
            Q(cohort__in=permissions.office_cohorts(user)) | Q(submitted, cohort__branch__in=below)
        )

    def taken_back_from(self, user: User) -> Self:
        """Drafts that waited for this person's approval before they were taken or sent back."""
        departments = offices.units_led_by(user, on=timezone.localdate(), kind=OrgUnit.Kind.DEPARTMENT)
        below = OrgUnit.objects.under(*departments)
        return self.filter(status=Batch.Status.DRAFT, cohort__branch__in=below).exclude(returned_reason="")

    def awaiting(self, user: User) -> Self:
        """Batches that wait for this person's approval."""
        departments = offices.units_led_by(user, on=timezone.localdate(), kind=OrgUnit.Kind.DEPARTMENT)
        if not departments:  # as of nearly everybody, on every page
            return self.none()
        return self.filter(
            status=Batch.Status.AWAITING, cohort__branch__in=OrgUnit.objects.under(*departments)
        )


class Batch(models.Model):
    """A list of people whose certificates are approved together (C3). The text, once submitted, is what is signed."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        AWAITING = "awaiting_approval", "Awaiting approval"
        APPROVED = "approved", "Approved"

    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="certificate_batches")
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.DRAFT)
    signed_by_hand = models.BooleanField(
        "signed by hand",
        default=False,
        help_text="The certificates have an empty line for the signature, to be signed once they are printed.",
    )
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)
    text = models.OneToOneField(SignedText, models.PROTECT, null=True, blank=True, related_name="batch")
    sign_off = models.OneToOneField(SignOff, models.PROTECT, null=True, blank=True, related_name="batch")
    # Why the superintendent sent it back, or the branch office took it back, and who that was, until it is submitted again.
    returned_reason = models.CharField(max_length=500, blank=True)
    returned_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    taken_back = models.BooleanField(default=False, help_text="By the branch office, not sent back to it.")

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = "batch of certificates"
        verbose_name_plural = "batches of certificates"
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["cohort"], condition=~Q(status="approved"), name="batch_one_open_per_cohort"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", text=None, submitted_at=None)
                | (~Q(status="draft") & Q(text__isnull=False, submitted_at__isnull=False)),
                name="batch_has_its_text_once_submitted",
            ),
            models.CheckConstraint(
                condition=Q(status="approved", sign_off__isnull=False)
                | (~Q(status="approved") & Q(sign_off=None)),
                name="batch_signed_when_approved",
            ),
            models.CheckConstraint(
                condition=~Q(returned_reason="") | Q(returned_by=None, taken_back=False),
                name="batch_returned_with_its_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"Certificates of the {self.cohort}, batch {self.pk}"

    @property
    def came_back(self) -> str:
        """How it became a draft again."""
        if self.taken_back:
            who = f"{self.returned_by} of the branch office" if self.returned_by else "The branch office"
            return f"{who} took this list back"
        return f"{self.returned_by} sent this list back" if self.returned_by else "This list is a draft again"


class BatchEntryQuerySet(models.QuerySet["BatchEntry"]):
    def in_force(self) -> Self:
        """Those from which a certificate is, or was, issued."""
        return self.filter(ended_at=None)

    def waiting(self) -> Self:
        """In force, and of those who have neither a certificate from this list nor a valid one from another."""
        had = Certificate.objects.filter(participant=OuterRef("participant"))
        return self.in_force().exclude(Exists(had.filter(Q(batch=OuterRef("batch")) | Q(status="valid"))))


class BatchEntry(models.Model):
    """One line of the list: the name as it will be printed, and the minutes of meetings attended."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="entries")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="batch_entries")
    name = models.CharField(max_length=200)
    minutes = models.PositiveIntegerField()
    # Its person can be put on a new list: no certificate could be issued from it, or it was revoked.
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    ended_reason = models.CharField("why it ended", max_length=500, blank=True)

    objects = BatchEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "batch entries"
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(fields=["batch", "participant"], name="batchentry_person_once"),
            models.CheckConstraint(condition=~Q(name=""), name="batchentry_has_a_name"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, ended_reason="")
                | (Q(ended_at__isnull=False) & ~Q(ended_reason="")),
                name="batchentry_ended_has_its_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SerialCounter(models.Model):
    """The last serial number given out in a cohort; numbers are never given twice."""

    cohort = models.OneToOneField(Cohort, models.PROTECT, primary_key=True, related_name="+")
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.cohort}: {self.last}"


class SealCertificate(models.Model):
    """The certificate of a seal, kept for as long as files bear that seal: published, and never replaced by a newer one."""

    fingerprint = models.CharField("SHA-256 of the certificate", max_length=64, primary_key=True)
    root_fingerprint = models.CharField("SHA-256 of its root", max_length=64, db_index=True)
    owner = models.CharField(max_length=200)
    chain = models.TextField(help_text="As PEM: this certificate first, its root last.")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    first_used_at = models.DateTimeField()
    # Somebody else may have the key: what bears the seal and is not in the register is not to be relied on.
    lost_at = models.DateTimeField("recorded as lost at", null=True, blank=True)
    lost_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="recorded as lost by"
    )
    lost_reason = models.CharField("how the key was lost", max_length=500, blank=True)

    class Meta:
        ordering = ("-first_used_at",)
        constraints = [
            models.CheckConstraint(
                condition=Q(lost_at=None, lost_reason="") | (Q(lost_at__isnull=False) & ~Q(lost_reason="")),
                name="sealcertificate_lost_with_its_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"Seal of the {self.owner}, until {self.valid_until:%Y}"

    @property
    def root(self) -> bytes:
        """As PEM."""
        begin = "-----BEGIN CERTIFICATE-----"
        return (begin + self.chain.rpartition(begin)[2]).encode()


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def visible_to(self, user: User) -> Self:
        """The holder's own; those of the branch office's cohorts; the register of the branch deputy."""
        return self.filter(
            Q(participant__user=user)
            | Q(participant__cohort__in=permissions.office_cohorts(user))
            | Q(participant__cohort__in=permissions.deputy_cohorts(user))
        )

    def managed_by(self, user: User) -> Self:
        """Those this person may reissue or revoke."""
        return self.filter(participant__cohort__in=permissions.office_cohorts(user)).exclude(
            participant__user=user
        )

    def valid(self) -> Self:
        return self.filter(status=Certificate.Status.VALID)

    def search(self, words: str) -> Self:
        """By every word: a part of the serial number, or of the printed name."""
        found = self
        for word in words.split():
            found = found.filter(Q(claims__name__icontains=word) | Q(serial__icontains=word))
        return found


class Certificate(models.Model):
    """One issued certificate: what was printed, the digest of the file, and whether it still stands."""

    class Status(models.TextChoices):
        VALID = "valid", "Valid"
        SUPERSEDED = "superseded", "Superseded"
        REVOKED = "revoked", "Revoked"

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="certificates")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="certificates")
    serial = models.CharField("serial number", max_length=40, unique=True)
    # Secret: whoever has it reads the claims at /verify/.
    code = models.CharField(max_length=40, unique=True)
    claims = models.JSONField(help_text="Everything that is printed on it.")
    digest = models.CharField("SHA-256 of the file", max_length=64, unique=True)
    # None: issued before certificates were sealed.
    seal = models.ForeignKey(
        SealCertificate, models.PROTECT, null=True, blank=True, related_name="certificates"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.VALID)
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    ended_at = models.DateTimeField("superseded or revoked at", null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField("why it no longer stands", max_length=500, blank=True)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        ordering = ("-issued_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["participant"],
                condition=Q(status="valid"),
                name="certificate_one_valid_per_participant",
            ),
            # Running an issue again gives nobody a second one, not even after a revocation.
            models.UniqueConstraint(
                fields=["participant", "batch"],
                condition=Q(supersedes=None),
                name="certificate_first_one_once_per_batch",
            ),
            models.CheckConstraint(
                condition=Q(status="valid", ended_at=None, reason="")
                | (~Q(status="valid") & Q(ended_at__isnull=False) & ~Q(reason="")),
                name="certificate_ended_is_dated_with_its_reason",
            ),
            models.CheckConstraint(condition=~Q(code=""), name="certificate_has_a_code"),
        ]

    def __str__(self) -> str:
        return self.serial

    @property
    def is_valid(self) -> bool:
        return self.status == self.Status.VALID

    @property
    def issued_date(self) -> date:
        """As printed."""
        return date.fromisoformat(self.claims["issued_date"])

    @property
    def ended_date(self) -> date | None:
        return timezone.localdate(self.ended_at) if self.ended_at else None


class CertificateFile(models.Model):
    """The exact bytes that were issued; written once, never rendered again."""

    certificate = models.OneToOneField(Certificate, models.PROTECT, primary_key=True, related_name="file")
    pdf = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.certificate}.pdf"


class HolderName(models.Model):
    """How somebody wants their name written on certificates, and how it is said aloud at a ceremony."""

    person = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="holder_name")
    name = models.CharField(
        "name on certificates", max_length=200, blank=True, help_text="Empty: as on record."
    )
    # Read by this person and the branch office alone.
    pronunciation = models.CharField(max_length=120, blank=True)
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name="", pronunciation=""), name="holdername_says_something"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.person}, as on record"


class StatusList(models.Model):
    """The newest list of how all certificates stand, for those who verify without this site; one row at most."""

    made_at = models.DateTimeField()
    # How many certificates it names, by status, and lost seals: none is taken out or becomes valid again, so equal numbers,
    # equal list.
    counts = models.JSONField()
    signed = models.BinaryField()
    seal = models.ForeignKey(SealCertificate, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="statuslist_is_one")]

    def __str__(self) -> str:
        return f"Status list of {self.made_at:%Y-%m-%d %H:%M}"


class SignaturePicture(models.Model):
    """A picture of a head's signature; it stands for the approval of a batch and is printed for nothing else."""

    person = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="signature_picture")
    picture = models.BinaryField()
    uploaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Signature of {self.person}"
