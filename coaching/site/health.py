"""For load balancers and monitoring: is the process alive, can it serve, does anything wait too long?

Answered before all else: whatever Host says, without a session, and by plain http behind the proxy.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min, Model
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone

from coaching.models import Job, Message

LATE = 5 * 60  # seconds


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = ANSWERS.get(request.path_info)
        if answer is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = answer()
        response.headers["Cache-Control"] = "no-store"
        return response


def livez() -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def readyz() -> HttpResponse:
    """200 when the database answers and is migrated, 503 otherwise.

    What waits is told and changes nothing of that: pages serve as well while no worker runs.
    """
    told: dict[str, object] = {"database": False, "migrations": False}
    try:
        applied = MigrationRecorder(connection).applied_migrations()
        told["database"] = True
        told["migrations"] = migrations_of_this_version() <= applied.keys()
        if told["migrations"]:
            told |= waiting(now=timezone.now())
    except Error:
        pass  # the answer says which check failed
    ready = told["database"] and told["migrations"]
    return JsonResponse(told, status=200 if ready else 503)


@cache
def migrations_of_this_version() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def waiting(*, now: datetime) -> dict[str, object]:
    """For how many seconds the oldest job and the oldest mail have waited to be taken up (None: none waits)."""
    ages = {
        "oldest_job_seconds": _age(Job, "created_at", now, status=Job.Status.QUEUED),
        "oldest_mail_seconds": _age(Message, "due_at", now, status=Message.Status.PENDING, due_at__lte=now),
    }
    return {"queue": "late" if any(age and age > LATE for age in ages.values()) else "ok", **ages}


def _age(model: type[Model], since: str, now: datetime, **which: object) -> int | None:
    oldest = model._default_manager.filter(**which).aggregate(oldest=Min(since))["oldest"]
    return None if oldest is None else max(0, int((now - oldest).total_seconds()))


ANSWERS: dict[str, Callable[[], HttpResponse]] = {"/livez": livez, "/readyz": readyz}
