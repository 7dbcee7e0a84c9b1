"""When a sign-in has ended: people are asked to sign in, and what they wrote of an application comes back to them."""

from collections.abc import Callable

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.csrf import csrf_failure

from applications.views import keeping


class SignInMiddleware(LoginRequiredMiddleware):
    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        if step := keeping.step_sent(request):
            return keeping.handed_back(request, step)
        return super().handle_no_permission(request, view_func)


def token_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Signing in again makes a new token, so a form that was open since then comes with one that does not count."""
    if step := keeping.step_sent(request):
        return keeping.handed_back(request, step)
    return csrf_failure(request, reason=reason)
