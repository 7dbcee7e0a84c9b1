"""What is larger than any form of this site is refused before it is read: nothing of it reaches a disk or memory."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from coaching import paper, typed

MOST_BYTES = paper.MOST_BYTES + 2_000_000  # the largest file, and the form around it


class TooLargeMiddleware:
    """Servers hand on no more of a body than the length that it is announced with, so this is the length that counts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if typed.announced(request) > MOST_BYTES:
            return render(request, "413.html", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self.get_response(request)
