"""What the program logs: a JSON object a line, with the id of the request, and nothing of what people are called or wrote.

Our own messages carry ids and kinds. What libraries log may carry anything, the text of an exception above all: of those,
only the fixed words are kept, and of an exception its type and the places it passed. The module needs no settings, because
gunicorn's first process logs before there are any.
"""

import json
import logging
import re
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

OURS = ("coaching", "applications", "meetings", "certificates")
HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9-]{8,64}")
MAIL_ADDRESS = re.compile(r"[^\s<>\"'(),;:=]+@[^\s<>\"'(),;]+")
WITHHELD = "…"
_PROJECT = str(Path(__file__).resolve().parent.parent.parent)

logger = logging.getLogger(__name__)
_request_id: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """Of the request, or of the one that asked for this task; empty elsewhere."""
    return _request_id.get()


@contextmanager
def of_request(given: str | None) -> Iterator[str]:
    """What is logged in this block bears this id, or one made here where it is none."""
    kept = given if given and WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
    token = _request_id.set(kept)
    try:
        yield kept
    finally:
        _request_id.reset(token)


class JsonLines(logging.Formatter):
    """`extra={"fields": {…}}` adds fields of its own to a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": MAIL_ADDRESS.sub(WITHHELD, _message(record)),
        }
        if kept := request_id():
            line["request_id"] = kept
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1]:
            line["exception"] = _passed(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__)


def _message(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] in OURS:
        return record.getMessage()
    template, given = str(record.msg), record.args
    if not given:
        return template if isinstance(record.msg, str) else type(record.msg).__name__
    try:
        if isinstance(given, Mapping):
            return template % {name: _told(value) for name, value in given.items()}
        return template % tuple(_told(value) for value in given)
    except (TypeError, ValueError, KeyError):
        return template


def _told(value: object) -> object:
    if isinstance(value, bool | int | float):
        return value
    return type(value).__name__ if isinstance(value, BaseException) else WITHHELD


def _passed(error: BaseException) -> list[dict[str, object]]:
    """An exception and those that led to it, the last first: types and places, no text and no values."""
    found: list[dict[str, object]] = []
    following: BaseException | None = error
    while following is not None and len(found) < 10:
        found.append({"type": type(following).__qualname__, "at": _places(following.__traceback__)})
        hidden = following.__suppress_context__
        following = following.__cause__ or (None if hidden else following.__context__)
    return found


def _places(trace: TracebackType | None) -> list[str]:
    return [
        f"{_in_short(frame.f_code.co_filename)}:{number} {frame.f_code.co_name}"
        for frame, number in traceback.walk_tb(trace)
    ]


def _in_short(file: str) -> str:
    return file.rpartition("site-packages/")[2].removeprefix(_PROJECT).lstrip("/")


def configuration(level: str = "INFO") -> dict[str, object]:
    """For logging.config: ours from this level on, libraries from WARNING on, all to standard error."""
    ours = {name: {"level": level} for name in OURS}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "coaching.site.logs.JsonLines"}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["lines"], "level": "WARNING"},
        "loggers": ours
        | {
            # Django's own handlers would mail errors with all that was typed, and write other lines.
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.request": {"level": "ERROR"},  # what was refused stands in the line of the request
            "gunicorn.error": {"handlers": [], "level": level, "propagate": True},
        },
    }


class RequestLogMiddleware:
    """A line for each request, which names the route and never the address: that may hold a token or a code."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with of_request(request.headers.get(HEADER)) as kept:
            started = time.perf_counter()
            response = self.get_response(request)
            response.headers[HEADER] = kept
            match = request.resolver_match
            fields = {
                "method": request.method if request.method in _METHODS else WITHHELD,
                "route": match.view_name if match else None,
                "status": response.status_code,
                "ms": round((time.perf_counter() - started) * 1000, 1),
                "user": _user_id(request),
            }
            logger.info("request", extra={"fields": fields})
            return response


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _user_id(request: HttpRequest) -> int | None:
    """Of whoever is signed in, where the page has asked for that; a line never makes a query."""
    user = request.__dict__.get("user")
    if type(user) is SimpleLazyObject:
        user = getattr(request, "_cached_user", None)
    return getattr(user, "pk", None)
