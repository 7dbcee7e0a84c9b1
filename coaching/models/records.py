"""Signatures, the audit trail, the outbox of mail, and jobs."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from coaching.models.people import Delegation, User


class SignedText(models.Model):
    """The exact text that people sign; never changed, replaced by another when the matter changes."""

    class Kind(models.TextChoices):
        APPLICATION = "application", "Application"
        PROJECT_CHANGE = "project_change", "Change of a project"
        CERTIFICATE_BATCH = "certificate_batch", "Batch of certificates"

    kind = models.CharField(max_length=30, choices=Kind.choices)
    text = models.TextField()
    digest = models.CharField("SHA-256", max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="signedtext_has_text")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.digest[:12]}"


class ESignConsent(models.Model):
    """That somebody agreed to sign electronically, to this wording; once per person and version."""

    person = models.ForeignKey(User, models.PROTECT, related_name="esign_consents")
    version = models.CharField(max_length=20)
    text = models.TextField()
    given_at = models.DateTimeField()

    class Meta:
        verbose_name = "consent to sign electronically"
        verbose_name_plural = "consents to sign electronically"
        ordering = ("-given_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["person", "version"], name="esignconsent_once_per_version"),
            models.CheckConstraint(condition=~Q(version="") & ~Q(text=""), name="esignconsent_says_to_what"),
        ]

    def __str__(self) -> str:
        return f"{self.person}, version {self.version}"


class Scan(models.Model):
    """A signed paper as it was scanned (A15); the bytes stay as they are."""

    class Kind(models.TextChoices):
        PDF = "application/pdf", "PDF"
        JPEG = "image/jpeg", "JPEG"
        PNG = "image/png", "PNG"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    content = models.BinaryField()
    sha256 = models.CharField("SHA-256", max_length=64)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ("-uploaded_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["application/pdf", "image/jpeg", "image/png"]),
                name="scan_is_one_of_three",
            ),
            models.CheckConstraint(condition=~Q(sha256=""), name="scan_has_its_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.sha256[:12]}"


class SignOff(models.Model):
    """One person's signature over one text, in one or several capacities (A9)."""

    text = models.ForeignKey(SignedText, models.PROTECT, related_name="sign_offs")
    signer = models.ForeignKey(User, models.PROTECT, related_name="sign_offs")
    on_behalf_of = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    # With which accounts it was signed, where they were merged into others since: the digest in the trail is of these.
    signer_account = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    on_behalf_account = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    delegation = models.ForeignKey(
        Delegation, models.PROTECT, null=True, blank=True, related_name="sign_offs"
    )
    capacity = models.CharField(max_length=200)
    statement = models.TextField()
    typed_name = models.CharField(max_length=200)
    signed_at = models.DateTimeField()
    session_digest = models.CharField(
        "SHA-256 of the session's key",
        max_length=64,
        blank=True,
        help_text="In which session it was signed. Empty: outside of one, by a command.",
    )
    address = models.GenericIPAddressField(
        "network address", null=True, blank=True, help_text="Kept where the setting SIGN_OFF_ADDRESS says so."
    )
    on_paper = models.BooleanField(default=False)
    scan = models.ForeignKey(Scan, models.PROTECT, null=True, blank=True, related_name="sign_offs")
    attested_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who of the branch office had the signed paper in hand (A15).",
    )
    attested_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("signed_at", "pk")
        constraints = [
            models.UniqueConstraint(fields=["text", "signer", "capacity"], name="signoff_once_per_capacity"),
            models.CheckConstraint(
                condition=~Q(statement="") & ~Q(typed_name=""), name="signoff_says_what_and_who"
            ),
            models.CheckConstraint(
                condition=Q(address=None) | ~Q(session_digest=""), name="signoff_address_is_of_a_session"
            ),
            models.CheckConstraint(  # A15
                condition=Q(on_paper=False, scan=None, attested_by=None, attested_at=None)
                | Q(
                    on_paper=True,
                    scan__isnull=False,
                    attested_by__isnull=False,
                    attested_at__isnull=False,
                    session_digest="",
                ),
                name="signoff_on_paper_is_attested",
            ),
            models.CheckConstraint(
                condition=Q(attested_by=None) | ~Q(attested_by=F("signer")),
                name="signoff_attested_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.signer}, {self.capacity}, {self.signed_at:%B %-d, %Y}"


class AuditEvent(models.Model):
    """Who did what to what, and when. Rows are never changed or deleted: triggers refuse it."""

    at = models.DateTimeField()
    action = models.CharField(max_length=60)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    object_type = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    payload_digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("pk",)
        indexes = [models.Index(fields=["object_type", "object_id"], name="auditevent_by_object")]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"


class AuditPayload(models.Model):
    """Details of an event; may hold personal data, so it can be deleted while its digest stays chained."""

    event = models.OneToOneField(AuditEvent, models.PROTECT, primary_key=True, related_name="payload")
    salt = models.CharField(max_length=32)
    data = models.JSONField()

    def __str__(self) -> str:
        return f"Details of event {self.pk}"


class AuditLink(models.Model):
    """The event's place in the hash chain, given afterwards by the one sealer."""

    number = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, models.PROTECT, related_name="link")
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"Link {self.number}"


class Message(models.Model):
    """A mail to be sent, built from the state of things when it is sent."""

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "No longer needed"
        FAILED = "failed", "Could not be delivered"
        UNKNOWN = "unknown", "Perhaps sent"
        SETTLED = "settled", "Settled otherwise"

    kind = models.CharField(max_length=60)
    recipient = models.ForeignKey(User, models.CASCADE, related_name="messages")
    ids = models.JSONField(default=dict)
    key = models.CharField(max_length=200, unique=True)
    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="pending"), name="message_due"),
            models.Index(fields=["status", "created_at"], name="message_by_status"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False), name="message_sent_is_dated"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"


class Job(models.Model):
    """Work that runs beside the pages, with its progress."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting to start"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict)
    key = models.CharField(max_length=200, help_text="What it works on; one unfinished job a key.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    result = models.JSONField(default=dict, blank=True)
    error = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(status__in=["queued", "running"]),
                name="job_one_unfinished_per_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.get_status_display()})"
