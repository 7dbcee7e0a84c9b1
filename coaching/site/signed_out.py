"""When a sign-in has ended: people are asked to sign in, and what they typed comes back to them.

The words travel from the form into the answer's own form, and nowhere else: not into a session, a cache or a log.
See docs/decisions/0008-what-was-typed-comes-back.md.
"""

from collections.abc import Callable
from http import HTTPStatus

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.csrf import csrf_failure

from applications.views import keeping

NEVER = ("accounts/", "admin/")  # what is sent there is nobody's to show again
SIGNATURE = "typed_name"  # given in sight of what is signed, so it is no reason to hand a form back
SAVED_WHILE_TYPING = ("meeting_evaluation",)  # applications keep their own way: keeping.py
SOME_LENGTH = 10
KEPT = "was_kept"  # stands in the forms that hand something back


class SignInMiddleware(LoginRequiredMiddleware):
    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        return handed_back(request) or super().handle_no_permission(request, view_func)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Whoever signed in as somebody else may not send it: then it stays with whoever typed it."""
        if response.status_code != HTTPStatus.NOT_FOUND or not can_be_handed_back(request):
            return response
        kept = KEPT in request.POST and _for_now(request, _page(request, refused=True))
        return kept or response


def token_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Signing in again makes a new token, so a form that was open since then comes with one that does not count."""
    return handed_back(request) or csrf_failure(request, reason=reason)


def handed_back(request: HttpRequest) -> HttpResponse | None:
    """Nothing is saved: what was typed, with a token that counts now; None where nothing of one's own was typed."""
    if not can_be_handed_back(request):
        return None
    if _is_saved_while_typing(request):
        line = render(request, "_signed_out.html", {"address": request.path}, status=HTTPStatus.UNAUTHORIZED)
        return _for_now(request, line)
    return _for_now(request, keeping.handed_back(request) or _page(request))


def _for_now(request: HttpRequest, answer: HttpResponse | None) -> HttpResponse | None:
    """With a token that counts, and in no cache."""
    if answer:
        get_token(request)  # sets its cookie where that was lost
        add_never_cache_headers(answer)
    return answer


def can_be_handed_back(request: HttpRequest) -> bool:
    return request.method == "POST" and _asks_for_sign_in(request) and _comes_from_here(request)


def _is_saved_while_typing(request: HttpRequest) -> bool:
    """The page is still open, with all that was typed; autosave.js shows the line and sends it again later."""
    match = request.resolver_match
    return bool(request.htmx and match and match.url_name in SAVED_WHILE_TYPING)  # type: ignore[attr-defined]


def _asks_for_sign_in(request: HttpRequest) -> bool:
    match = request.resolver_match
    return (
        match is not None
        and getattr(match.func, "login_required", True)
        and not (match.route or "").startswith(NEVER)
    )


def _comes_from_here(request: HttpRequest) -> bool:
    """By headers that a browser sets and that no page can. Another site's form is not shown as one's own words."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def carried(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields that a form hands back; never a password."""
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", KEPT) and "password" not in name.lower()
        for value in values
    ]


def words(typed: list[tuple[str, str]]) -> list[str]:
    """What of it somebody wrote, to be shown to them."""
    return [value for name, value in typed if name != SIGNATURE and _is_text(value)]


def _page(request: HttpRequest, *, refused: bool = False) -> HttpResponse | None:
    """`refused`: the person who is signed in now has nothing of that kind."""
    typed = carried(request)
    shown = words(typed)
    if not shown:
        return None
    context = {
        "address": request.get_full_path(),
        "carried": typed,
        "shown": shown,
        "files": bool(request.FILES),
        "refused": refused,
    }
    return render(request, "site/kept.html", context, status=403)


def _is_text(value: str) -> bool:
    """Words, rather than a choice, a day or a number."""
    return len(value.strip()) >= SOME_LENGTH and len(value.split()) > 1
