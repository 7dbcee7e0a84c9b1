"""In which session somebody signs. Each signature keeps it beside the name, so that it can be traced to an account.

The request is set aside for as long as it is answered instead of being handed down: how a call came in is no matter of
the rules that the write functions between page and signature keep, and none of them can forget to pass it on. Outside
of a request (commands, simulations) there is no session, and nothing is claimed about one.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


@dataclass(frozen=True)
class Attribution:
    """The account that is signed in, the SHA-256 of its session's key, and the address where it is kept."""

    account_id: int | None = None
    session_digest: str = ""
    address: str | None = None


@contextmanager
def of(request: HttpRequest) -> Iterator[None]:
    """What is signed in this block, is signed in the session of this request."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def current() -> Attribution:
    """The session in which the code that asks is run; empty outside of a request."""
    request = _request.get()
    if request is None or not request.user.is_authenticated:
        return Attribution()
    key = request.session.session_key or ""
    return Attribution(
        account_id=request.user.pk,
        # The key itself would let whoever reads it use the session.
        session_digest=hashlib.sha256(key.encode()).hexdigest() if key else "",
        address=get_adapter(request).get_client_ip(request) if settings.SIGN_OFF_ADDRESS else None,
    )


class AttributionMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with of(request):
            return self.get_response(request)
