"""What waits around certificates: a batch to approve, one's own certificate."""

from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from certificates import issuing, replacing
from certificates.models import Batch, BatchEntry, Certificate, SealCertificate, StatusList
from coaching import permissions
from coaching.in_words import counted
from coaching.models import Cohort, Job, User
from coaching.site.waiting.cards import Card, Urgency, about, day, only_for
from meetings.models import Meeting

SEAL_WARNING = timedelta(days=90)
TOLD_FOR = timedelta(days=14)
LIST_OLD = timedelta(days=1, hours=1)


def to_approve(user: User, now: datetime) -> list[Card]:
    """C3: the superintendent, or who stands in."""
    batches = Batch.objects.awaiting(user).select_related("cohort__branch").annotate(people=Count("entries"))
    return [
        Card(
            title=f"{counted(batch.people, 'certificate', 'certificates')} to approve",
            text=f"{batch.cohort}, {batch.cohort.branch}. Nobody has one before the list is approved.",
            address=reverse("certificate_batch", args=[batch.pk]),
            action="Read and approve",
            urgency=Urgency.NOW,
            icon="certificate-check",
        )
        for batch in batches
    ]


def _approved(user: User, today: date) -> QuerySet[Batch]:
    return Batch.objects.filter(sign_off__signer=user, status=Batch.Status.APPROVED)


@about(_approved)
def approved(user: User, now: datetime) -> list[Card]:
    """What this person has signed, to look up later."""
    batches = _approved(user, timezone.localdate(now))
    last = batches.select_related("cohort__branch", "sign_off").order_by("-sign_off__signed_at").first()
    if last is None or last.sign_off is None:
        return []
    return [
        Card(
            title="Certificates you have approved",
            text=f"The last list: {last.cohort}, {last.cohort.branch}, on {day(last.sign_off.signed_at)}.",
            address=reverse("certificates"),
            action="See the lists",
            urgency=Urgency.CALM,
            icon="certificate-check",
        )
    ]


def _sent_back(user: User, today: date) -> QuerySet[Batch]:
    drafts = Batch.objects.filter(status=Batch.Status.DRAFT).exclude(returned_reason="")
    return drafts.filter(cohort__in=permissions.office_cohorts(user, on=today))


@only_for(permissions.branch_office, _sent_back)
def sent_back(user: User, now: datetime) -> list[Card]:
    """Batches that came back from the superintendent to the branch office, or that it took back itself."""
    return [
        Card(
            title=f"The certificates of the {batch.cohort} {'were taken' if batch.taken_back else 'came'} back",
            text=f"{batch.came_back}: “{batch.returned_reason}”",
            address=reverse("certificate_batch", args=[batch.pk]),
            action="Change the list",
            urgency=Urgency.NOW,
            icon="certificate",
        )
        for batch in _sent_back(user, timezone.localdate(now)).select_related("cohort", "returned_by")
    ]


def _to_issue(user: User, today: date) -> QuerySet[BatchEntry]:
    return BatchEntry.objects.waiting().filter(
        batch__cohort__in=permissions.office_cohorts(user, on=today), batch__status=Batch.Status.APPROVED
    )


@only_for(permissions.branch_office, _to_issue)
def to_issue(user: User, now: datetime) -> list[Card]:
    """Approved lists of which somebody has no certificate yet."""
    entries = _to_issue(user, timezone.localdate(now))
    sums = entries.values("batch", "batch__cohort__name").annotate(number=Count("pk")).order_by("batch")
    return [
        Card(
            title=f"{counted(row['number'], 'certificate', 'certificates')} to issue",
            text=f"{row['batch__cohort__name']} program: the superintendent has approved the list.",
            address=reverse("certificate_batch", args=[row["batch"]]),
            action="Issue",
            urgency=Urgency.NOW,
            icon="certificate",
        )
        for row in sums
    ]


def _to_propose(user: User, today: date) -> QuerySet[Cohort]:
    ahead = Meeting.objects.filter(cohort=OuterRef("pk"), status=Meeting.Status.PLANNED, date__gte=today)
    return permissions.office_cohorts(user, on=today).filter(
        Exists(Meeting.objects.filter(cohort=OuterRef("pk"))),
        ~Exists(ahead),
        ~Exists(Batch.objects.filter(cohort=OuterRef("pk"))),
    )


@only_for(permissions.branch_office, _to_propose)
def to_propose(user: User, now: datetime) -> list[Card]:
    """Cohorts whose meetings are over, whose participants have no certificates proposed yet."""
    return [
        Card(
            title=f"The meetings of the {cohort} are over",
            text="See who has met everything, and propose their certificates to the superintendent.",
            address=reverse("certificate_completion", args=[cohort.pk]),
            action="See who completed",
            urgency=Urgency.SOON,
            icon="certificate",
        )
        for cohort in _to_propose(user, timezone.localdate(now))
    ]


@only_for(permissions.administrator)
def seal_ends(user: User, now: datetime) -> list[Card]:
    """The seal that certificates bear has a certificate of its own, which is valid until a day."""
    seal = SealCertificate.objects.first()  # the newest that was used: the pages have no key to look at
    if seal and seal.lost_at:
        return [_lost(seal)]
    if seal is None or seal.valid_until > now + SEAL_WARNING:
        return []
    is_over = seal.valid_until <= now
    until = (
        f"was valid until {day(seal.valid_until)}" if is_over else f"is valid until {day(seal.valid_until)}"
    )
    return [
        Card(
            title="The seal’s certificate has expired" if is_over else "The seal’s certificate expires soon",
            text=f"The certificate of the {seal.owner}’s seal {until}. Set up a new key before certificates are issued "
            "again (docs/operations.md, “The seal”). What was sealed before stays valid. This stands here until something "
            "bears the new seal.",
            address=reverse("admin:certificates_sealcertificate_changelist"),
            action="See the seals",
            urgency=Urgency.NOW if is_over else Urgency.SOON,
            icon="certificate",
        )
    ]


def _lost(seal: SealCertificate) -> Card:
    return Card(
        title="The key of the seal is lost",
        text=f"It was recorded as lost on {day(seal.lost_at)}. No certificate is issued before a new key is set up "  # type: ignore[arg-type]
        "(docs/operations.md, “The seal”). This stands here until something bears the new seal.",
        address=reverse("admin:certificates_sealcertificate_changelist"),
        action="See the seals",
        urgency=Urgency.NOW,
        icon="certificate",
    )


def _failed(user: User, today: date) -> QuerySet[Job]:
    """And not tried again since."""
    later = Job.objects.filter(key=OuterRef("key"), pk__gt=OuterRef("pk"))
    jobs = Job.objects.filter(kind__in=(issuing.JOB_KIND, replacing.JOB_KIND), status=Job.Status.FAILED)
    return jobs.exclude(Exists(later))


@only_for(permissions.administrator, _failed)
def issue_failed(user: User, now: datetime) -> list[Card]:
    """The worker could not do what a branch office asked for: most often the key of the seal."""
    failed = _failed(user, timezone.localdate(now)).filter(created_at__gte=now - TOLD_FOR).order_by("-pk")
    last = failed.first()
    if last is None:
        return []
    number = failed.count()
    return [
        Card(
            title=f"{counted(number, 'job', 'jobs')} of issuing certificates failed",
            text=f"The last one on {day(last.created_at)}: {last.error}",
            address=f"{reverse('admin:coaching_job_changelist')}?status__exact=failed",
            action="See the jobs",
            urgency=Urgency.SOON,
            icon="certificate",
        )
    ]


def _old_list(user: User, today: date) -> QuerySet[StatusList]:
    return StatusList.objects.filter(made_at__date__lt=today)


@only_for(permissions.administrator, _old_list)
def list_not_made(user: User, now: datetime) -> list[Card]:
    """The signed list of how all files stand is made anew each day, where the worker runs and has the key of the seal."""
    old = _old_list(user, timezone.localdate(now)).filter(made_at__lt=now - LIST_OLD)
    made_at = old.values_list("made_at", flat=True).first()
    if made_at is None:
        return []
    return [
        Card(
            title="The list of certificates is not made anew",
            text=f"The newest one is of {day(made_at)}. Whoever verifies without this site relies on it. See what the log "
            "of the worker says.",
            address=reverse("admin:certificates_statuslist_changelist"),
            action="See the list",
            urgency=Urgency.SOON,
            icon="certificate",
        )
    ]


def _mine(user: User, today: date) -> QuerySet[Certificate]:
    return Certificate.objects.valid().filter(participant__user=user)


@about(_mine)
def mine(user: User, now: datetime) -> list[Card]:
    rows = _mine(user, timezone.localdate(now)).select_related("participant__cohort")
    return [
        Card(
            title=f"Your certificate of the {certificate.participant.cohort}",
            text=f"Issued on {day(certificate.issued_date)}. Congratulations!",
            address=reverse("certificate", args=[certificate.pk]),
            action="Open and download",
            urgency=Urgency.CALM,
            icon="certificate-check",
        )
        for certificate in rows
    ]
