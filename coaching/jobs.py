"""Work beside the pages: a Job row says what is asked and how far it is; a Celery task only takes its id."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import Error, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from coaching.errors import Refused
from coaching.models import Job, User

logger = logging.getLogger(__name__)

STALE = timedelta(minutes=2)
KEPT = timedelta(days=30)  # after its end: its reasons and results may name people
AWAY = "The database could not be used, or its disk is full. The work goes on by itself once that is over."


class Cancelled(Exception):
    """Raised inside a job at its next progress report after somebody cancelled it."""


class GoesOn(Exception):
    """Raised by a job that did a part of its work and leaves the rest to a fresh task: its worker's process may be replaced
    between them, which bounds its memory. What it has done so far stands in the row's `result`."""

    def __init__(self, so_far: dict[str, object]) -> None:
        super().__init__()
        self.so_far = so_far


class Progress:
    """What a running job reports through."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def report(self, done: int, total: int, so_far: dict[str, object] | None = None) -> None:
        """Write progress and heartbeat; raises Cancelled when the job is to stop.

        `so_far` stands in the row's `result` until the job ends.
        """
        told = {} if so_far is None else {"result": so_far}
        Job.objects.filter(pk=self.job.pk).update(done=done, total=total, heartbeat_at=timezone.now(), **told)
        if Job.objects.filter(pk=self.job.pk, cancel_requested=True).exists():
            raise Cancelled


Run = Callable[..., dict[str, object]]
_kinds: dict[str, Run] = {}


def register(kind: str, run: Run) -> None:
    """Name the function behind a kind of job: run(progress, **arguments) -> result as plain JSON."""
    if kind in _kinds:
        raise ValueError(f"Job kind {kind!r} is registered twice.")
    _kinds[kind] = run


def start(
    *, kind: str, key: str, by: User | None, now: datetime, arguments: dict[str, object] | None = None
) -> Job:
    """Ask for a job; while one with this key is unfinished, that one is returned instead."""
    if kind not in _kinds:
        raise ValueError(f"Job kind {kind!r} is not registered.")
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind, key=f"{kind}:{key}", arguments=arguments or {}, created_by=by, created_at=now
            )
    except IntegrityError:
        waiting = [Job.Status.QUEUED, Job.Status.RUNNING]
        unfinished = Job.objects.filter(key=f"{kind}:{key}", status__in=waiting).first()
        # It may have ended since the insert was refused; then the key is free.
        return unfinished or start(kind=kind, key=key, by=by, now=now, arguments=arguments)
    transaction.on_commit(lambda: _nudge(job.pk))
    return job


def latest(*, kind: str, key: str) -> Job | None:
    """The one that was asked for last, whether it runs or has ended."""
    return Job.objects.filter(key=f"{kind}:{key}").order_by("-pk").first()


def _nudge(pk: int) -> None:
    """Tell a worker at once; when the broker is away, the periodic task finds the job."""
    from coaching.tasks import run_job  # noqa: PLC0415 (tasks import this module)

    # A page does not wait for a broker.
    once = {**run_job.app.conf.broker_transport_options, "max_retries": 0}
    try:
        with run_job.app.connection_for_write(transport_options=once) as connection:
            run_job.apply_async((pk,), connection=connection, retry=False)  # type: ignore[call-arg]
    except Exception as error:
        logger.warning("Job %s waits for the periodic task: %s", pk, type(error).__name__)


def cancel(*, job: Job, by: User, now: datetime) -> None:
    """Stop a job at its next progress report; one that has not started ends at once."""
    Job.objects.filter(pk=job.pk, status=Job.Status.QUEUED).update(
        status=Job.Status.CANCELLED, finished_at=now
    )
    Job.objects.filter(pk=job.pk, status=Job.Status.RUNNING).update(cancel_requested=True)


def run(pk: int) -> None:
    """Run a job that waits, or one whose worker died; does nothing when another worker has it."""
    now = timezone.now()
    claimed = Job.objects.filter(
        Q(status=Job.Status.QUEUED) | Q(status=Job.Status.RUNNING, heartbeat_at__lt=now - STALE), pk=pk
    ).update(status=Job.Status.RUNNING, heartbeat_at=now, error="")
    if not claimed:
        return
    job = Job.objects.get(pk=pk)
    try:
        result = _kinds[job.kind](Progress(job), **job.arguments)
    except Cancelled:
        _finish(pk, Job.Status.CANCELLED)
    except GoesOn as part:
        _put_back(pk, part.so_far)
    except Refused as refusal:
        _finish(pk, Job.Status.FAILED, error=str(refusal)[:300])
    except (OperationalError, InterfaceError) as error:  # nothing is wrong with the job
        logger.warning("Job %s (%s) waits for the database: %s", pk, job.kind, type(error.__cause__).__name__)
        _wait(pk)
    except Exception as error:
        logger.exception("Job %s (%s) failed", pk, job.kind)
        _finish(pk, Job.Status.FAILED, error=f"{type(error).__name__}: see the log of the worker.")
    else:
        _finish(pk, Job.Status.DONE, result=result)


def _put_back(pk: int, so_far: dict[str, object]) -> None:
    if Job.objects.filter(pk=pk, status=Job.Status.RUNNING).update(status=Job.Status.QUEUED, result=so_far):
        _nudge(pk)


def _wait(pk: int) -> None:
    """Back among those that wait, as far as that can be written; if not, it is found as that of a dead worker."""
    connection.close_if_unusable_or_obsolete()
    with suppress(Error):
        Job.objects.filter(pk=pk, status=Job.Status.RUNNING).update(status=Job.Status.QUEUED, error=AWAY)


def _finish(pk: int, status: Job.Status, *, result: dict[str, object] | None = None, error: str = "") -> None:
    # Only what is still running: a worker that was slow must not hide how another ended the job.
    Job.objects.filter(pk=pk, status=Job.Status.RUNNING).update(
        status=status, result=result or {}, error=error, finished_at=timezone.now()
    )


def pick_up(*, now: datetime) -> int:
    """Run, in this process, what was queued and not started, or left by a dead worker; returns how many."""
    waiting = Job.objects.filter(
        Q(status=Job.Status.QUEUED, created_at__lt=now - timedelta(seconds=15))
        | Q(status=Job.Status.RUNNING, heartbeat_at__lt=now - STALE)
    )
    pks = list(waiting.values_list("pk", flat=True))
    for pk in pks:
        run(pk)
    return len(pks)


def forget_old(*, now: datetime) -> int:
    """Delete what ended long ago; returns how many. What a job brought about stands elsewhere."""
    deleted, _ = Job.objects.filter(finished_at__lt=now - KEPT).delete()
    return deleted
