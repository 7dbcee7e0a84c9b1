"""Celery, with the id of the request that asked for a task in what the worker logs, and a line for each task."""

import logging
import os
import time
from contextlib import ExitStack
from typing import Any

from celery import Celery, Task
from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun

from coaching.site import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coaching.site.settings")
app = Celery("coaching")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

logger = logging.getLogger(__name__)
HEADER = "request_id"
EVERY_FEW_SECONDS = ("coaching.site.send_due",)  # nothing to tell unless it fails


@setup_logging.connect
def as_django_has_it(**_: Any) -> None:
    """Celery leaves logging alone where somebody listens here."""


@before_task_publish.connect
def hand_down(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None and (kept := logs.request_id()):
        headers[HEADER] = kept


@task_prerun.connect
def begin(task: Task, **_: Any) -> None:
    stack = ExitStack()
    stack.enter_context(logs.of_request(task.request.get(HEADER)))
    task.request.update(logged=stack, started=time.perf_counter())


@task_postrun.connect
def end(task: Task, task_id: str, state: str | None = None, **_: Any) -> None:
    quiet = task.name in EVERY_FEW_SECONDS and state == "SUCCESS"
    fields = {
        "task": task.name,
        "task_id": task_id,
        "state": state,
        "ms": round((time.perf_counter() - task.request.get("started")) * 1000, 1),
    }
    logger.log(logging.DEBUG if quiet else logging.INFO, "task", extra={"fields": fields})
    task.request.get("logged").close()
