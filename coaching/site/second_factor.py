"""The second step at sign-in as the site has it: the sign-in library's pages, who is led to them, what is recorded."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa import signals
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.views import IndexView
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_save
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone
from django.views.generic import RedirectView

from coaching import audit, keys, offices, outbox, second_factor
from coaching.models import User
from coaching.outbox import Mail, render_mail

SIGN_IN = "accounts/"  # where somebody sets up and takes the second step, or signs out
KEY = "SECOND_FACTOR_KEY"


class MFAAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code does not count. Take the one that the app shows now, or another recovery code.",
    }

    def encrypt(self, text: str) -> str:
        return keys.from_environment(KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return keys.from_environment(KEY).decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        return settings.SITE_NAME

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        return f"Passkey {Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The configured address, whatever the request says."""
        return {"id": urlsplit(settings.SITE_URL).hostname or "", "name": settings.SITE_NAME}


class Middleware:
    """Whoever needs a second step takes it, or sets it up, before any page that is not public."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not settings.SECOND_FACTOR_REQUIRED or not _is_guarded(request, view) or not is_missing(request):
            return None
        if not second_factor.steps_of(_user(request)).exists():
            return redirect("mfa_index")
        wanted = request.get_full_path() if request.method == "GET" else reverse("home")
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': wanted})}")


def _is_guarded(request: HttpRequest, view: Callable[..., HttpResponseBase]) -> bool:
    match = request.resolver_match
    in_sign_in = match is not None and (match.route or "").startswith(SIGN_IN)
    return getattr(view, "login_required", True) and not in_sign_in and request.user.is_authenticated


def is_missing(request: HttpRequest) -> bool:
    """Asked at each request, so that a new office counts at once."""
    user = _user(request)
    if request.method in ("GET", "HEAD"):
        offices.remember(user)
    needed = second_factor.is_required_of(user, on=timezone.localdate())
    return needed and not second_factor.is_confirmed(request)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


class Overview(IndexView):
    """What somebody has set up, and what they may set up."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        host = urlsplit(settings.SITE_URL).hostname or ""
        return super().get_context_data(**kwargs) | {
            "steps": second_factor.steps_of(_user(self.request)).order_by("created_at"),
            "must": settings.SECOND_FACTOR_REQUIRED and is_missing(self.request),
            "passkeys_work": not host.replace(".", "").isdigit() and ":" not in host,
        }


OURS = {"mfa_index": Overview.as_view(), "mfa_list_webauthn": RedirectView.as_view(pattern_name="mfa_index")}


def take_over(patterns: list[URLPattern | URLResolver]) -> None:
    """The library's addresses lead to our pages where we have them; its views write in several steps, here in one."""
    for each in patterns:
        if isinstance(each, URLResolver):
            take_over(each.url_patterns)
        else:
            each.callback = OURS.get(each.name or "") or transaction.atomic(each.callback)


# The library tells of what was added after the commit, too late to be one with it: hence its rows.


def connect() -> None:
    post_save.connect(_saved, sender=Authenticator, dispatch_uid="second factor saved")
    signals.authenticator_removed.connect(_removed, dispatch_uid="second factor removed")


def _saved(instance: Authenticator, created: bool, raw: bool = False, **kwargs: Any) -> None:
    if not created or raw:
        return
    if instance.type in second_factor.STEPS:
        _record("second_factor_added", instance)
        if context.request:  # setting it up proves as much as using it
            record_authentication(context.request, instance.user, "mfa", id=instance.pk, type=instance.type)
    else:
        _audit("recovery_codes_made", instance)


def _removed(authenticator: Authenticator, **kwargs: Any) -> None:
    if authenticator.type in second_factor.STEPS:
        _record("second_factor_removed", authenticator)


def _record(what: str, authenticator: Authenticator) -> None:
    _audit(what, authenticator)
    tell(what, to=authenticator.user)


def _audit(what: str, authenticator: Authenticator) -> None:
    user: User = authenticator.user
    audit.record(
        f"person.{what}", by=user, obj=user, now=timezone.now(), data={"kind": str(authenticator.type)}
    )


# Mail about one's own sign-in


SENTENCES = {
    "password_changed": ("Your password was changed", "your password was changed."),
    "second_factor_added": (
        "A second step was added to your sign-in",
        "a second step was added to your sign-in: from now on, it is asked after your password.",
    ),
    "second_factor_removed": (
        "A second step was removed from your sign-in",
        "a second step was removed from your sign-in.",
    ),
    "recovery_codes_made": (
        "New recovery codes were made",
        "new recovery codes were made for your sign-in. Earlier ones no longer count.",
    ),
}
TOLD = {
    "account/email/password_changed": "password_changed",
    "account/email/password_reset": "password_changed",
    "account/email/password_set": "password_changed",
    "mfa/email/recovery_codes_generated": "recovery_codes_made",
}


def tell(what: str, *, to: User) -> None:
    now = timezone.now()
    outbox.queue(kind=what, to=to, key=f"{now:%Y%m%dT%H%M%S%f}", now=now)


def changed(what: str) -> Callable[[User], Mail]:
    """The mail about one of SENTENCES."""

    def build(recipient: User) -> Mail:
        subject, sentence = SENTENCES[what]
        return render_mail(
            "mail/sign_in_changed.txt", {"person": recipient, "subject": subject, "sentence": sentence}
        )

    return build


def taken_away(recipient: User, by: int | None) -> Mail:
    who = User.objects.filter(pk=by).first() if by else None
    needed = settings.SECOND_FACTOR_REQUIRED and second_factor.is_required_of(
        recipient, on=timezone.localdate()
    )
    return render_mail(
        "mail/second_factor_taken_away.txt", {"person": recipient, "by": who, "needed": needed}
    )
