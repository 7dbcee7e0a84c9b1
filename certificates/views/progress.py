"""How far a job is, as part of the page that it was asked from."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django_htmx.http import HttpResponseClientRefresh

from coaching.models import Job

# Of a job that ran: one certificate takes a second or two, however many there are.
SILENT = timedelta(seconds=30)


def runs(job: Job | None) -> bool:
    return job is not None and job.finished_at is None


def context(job: Job | None) -> dict[str, Any]:
    """What a page with the part takes."""
    silent = job is not None and job.heartbeat_at and job.heartbeat_at < timezone.now() - SILENT
    return {"job": job, "job_runs": runs(job), "job_silent": bool(silent) and runs(job)}


def looks_again(request: HttpRequest) -> bool:
    """Whether it is the part alone that asks, which it does by itself where scripts run."""
    return bool(request.htmx)  # type: ignore[attr-defined]


def part(request: HttpRequest, job: Job | None) -> HttpResponse:
    """The part; once the job has ended, the whole page is loaded anew."""
    if not runs(job):
        return HttpResponseClientRefresh()
    return render(request, "certificates/_job.html", context(job))
