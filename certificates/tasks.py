"""What runs beside the pages, as kinds of jobs."""

from django.utils import timezone

from certificates import issuing
from certificates.models import Batch
from coaching import jobs
from coaching.models import User


def register() -> None:
    jobs.register(issuing.JOB_KIND, issue_certificates)


def issue_certificates(progress: jobs.Progress, *, batch_id: int, by_id: int | None) -> dict[str, object]:
    outcome = issuing.issue_batch(
        batch=Batch.objects.get(pk=batch_id),
        by=User.objects.get(pk=by_id) if by_id else None,
        now=timezone.now(),
        report=progress.report,
    )
    return outcome.as_json()
