"""What runs beside the pages, as kinds of jobs."""

from django.utils import timezone

from certificates import issuing, replacing
from certificates.models import Batch, Certificate
from coaching import jobs
from coaching.models import User

PART = (
    250  # certificates that one task makes: drawing leaves some 20 kB each behind in the libraries of fonts
)


def register() -> None:
    jobs.register(issuing.JOB_KIND, issue_certificates)
    jobs.register(replacing.JOB_KIND, reissue_certificate)


def issue_certificates(progress: jobs.Progress, *, batch_id: int, by_id: int | None) -> dict[str, object]:
    outcome = issuing.issue_batch(
        batch=Batch.objects.get(pk=batch_id),
        by=_person(by_id),
        now=timezone.now(),
        report=progress.report,
        most=PART,
    )
    before = int(progress.job.result.get("issued", 0))  # by the tasks before this one
    outcome.issued += before
    outcome.already -= before
    if outcome.left:
        raise jobs.GoesOn(outcome.as_json())
    return outcome.as_json()


def reissue_certificate(
    progress: jobs.Progress, *, certificate_id: int, by_id: int | None, reason: str, name: str
) -> dict[str, object]:
    certificate = Certificate.objects.select_related("batch__cohort").get(pk=certificate_id)
    # A worker may have died after it had done this.
    new = Certificate.objects.filter(supersedes=certificate).first() or replacing.reissue(
        certificate=certificate, by=_person(by_id), reason=reason, name=name, now=timezone.now()
    )
    return {"certificate": new.pk}


def _person(pk: int | None) -> User | None:
    return User.objects.get(pk=pk) if pk else None
