"""Refusals: what the rules do not allow, and how a page says so."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest


class Refused(Exception):
    """A write that the program's rules do not allow; the message says what happened and what to do next."""


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[None]:
    """Say on the next page why a write was refused; what the block would have said after it is not said."""
    try:
        yield
    except Refused as refusal:
        messages.error(request, str(refusal))
