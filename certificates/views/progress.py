"""How far a job is, as part of the page that it was asked from."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRefresh

from coaching.models import Job


def runs(job: Job | None) -> bool:
    return job is not None and job.finished_at is None


def looks_again(request: HttpRequest) -> bool:
    """Whether it is the part alone that asks, which it does by itself where scripts run."""
    return bool(request.htmx)  # type: ignore[attr-defined]


def part(request: HttpRequest, job: Job | None) -> HttpResponse:
    """The part; once the job has ended, the whole page is loaded anew."""
    if not runs(job):
        return HttpResponseClientRefresh()
    return render(request, "certificates/_job.html", {"job": job})
