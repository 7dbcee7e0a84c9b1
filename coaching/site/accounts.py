"""Sign-in: mail address and password; accounts come from the directory, nobody signs up."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from coaching import invitations, outbox
from coaching.models import User
from coaching.outbox import Mail, render_mail
from coaching.permissions import access, public
from coaching.signing_form import is_fresh
from coaching.site import second_factor

RESET = "password_reset"


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "The mail address or the password is not right. Check both and try again.",
        "too_many_login_attempts": "Too many attempts failed. Wait five minutes and try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, app: str) -> bool:
        """One rule for all that is asked again: who signed in, or confirmed it, within the hour is not."""
        return not is_fresh(self.request)

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        """By the outbox, as all mail; what is added and removed is told with the write itself."""
        if what := second_factor.TOLD.get(template_prefix):
            second_factor.tell(what, to=user)

    def is_safe_url(self, url: str) -> bool:
        """After signing in, one stays on this host: another of ALLOWED_HOSTS may be another site."""
        request = self.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        """Behind PROXIES proxies, what the outermost of them wrote; what stands before it, anybody may have sent."""
        try:
            return super().get_client_ip(request)
        except ImproperlyConfigured:  # fewer than were counted, so it did not come through all of them
            return request.META["REMOTE_ADDR"]

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Counted for the account alone: with the name of the host, each further one would allow as many attempts again."""
        return credentials["email"].lower()


def too_many(request: HttpRequest) -> HttpResponse:
    """What the sign-in library shows where a limit is reached."""
    response = render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
    response.headers["Retry-After"] = "60"
    return response


@access(public)
def not_offered(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """Pages of the sign-in library that this site does without: the mail address comes from the directory."""
    raise Http404


def invitation(recipient: User) -> Mail | None:
    """The link is made while the mail is built, so that no token lies in the database."""
    if not invitations.needs_invitation(recipient):
        return None
    return _link_mail("mail/invitation.txt", recipient)


def ask_for_link(*, to: Sequence[User], now: datetime) -> None:
    """A link to choose a new password, to these people; where there is nobody, the same work comes to nothing."""
    with transaction.atomic():
        outbox.queue_many(kind=RESET, to=to or [User(pk=0)], key=f"{now:%Y%m%dT%H%M%S%f}", now=now)
        if not to:
            transaction.set_rollback(True)


def reset(recipient: User) -> Mail:
    return _link_mail("mail/password_reset.txt", recipient)


def _link_mail(template: str, recipient: User) -> Mail:
    return render_mail(
        template,
        {
            "person": recipient,
            "link": settings.SITE_URL + _password_address(recipient),
            "days": settings.PASSWORD_RESET_TIMEOUT // (24 * 60 * 60),
            "site_name": settings.SITE_NAME,
            "department_name": settings.DEPARTMENT_NAME,
        },
    )


def _password_address(user: User) -> str:
    return reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)},
    )
