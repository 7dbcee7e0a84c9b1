"""When the database is away: a page that says so, with what was typed in it, ready to be sent again.

Every write is one transaction and safe to send twice, so nobody has to know whether the first one arrived.
"""

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template import loader
from django.utils.cache import add_never_cache_headers
from django.views import defaults

from coaching.site import signed_out

RETRY_AFTER = 30  # seconds


def server_error(request: HttpRequest) -> HttpResponse:
    """What Django calls while it handles an exception that nobody caught."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return _away(request)
    return defaults.server_error(request)


def _away(request: HttpRequest) -> HttpResponse:
    """Drawn without the parts of other pages, which ask the database."""
    again = signed_out.can_be_handed_back(request)
    carried = signed_out.carried(request) if again else []
    context = {
        "address": request.get_full_path(),
        "again": again,
        "csrf_token": get_token(request) if again else "",
        "carried": carried,
        "shown": signed_out.words(carried),
        "files": again and bool(request.FILES),
        "sent": request.method == "POST",
    }
    page = loader.get_template("503.html").render(context)
    response = HttpResponse(page, status=HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    add_never_cache_headers(response)
    return response
