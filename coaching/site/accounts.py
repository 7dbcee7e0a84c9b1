"""Sign-in: mail address and password; accounts come from the directory, nobody signs up."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from coaching import invitations, letters
from coaching.models import User
from coaching.outbox import Mail, render_mail
from coaching.permissions import access, public
from coaching.signing_form import is_fresh
from coaching.site import second_factor


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

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMultiAlternatives:
        """As all mail of the site: the text has the words, and there is an HTML part made from it."""
        plain = super().render_mail(*args, **kwargs)
        letter = EmailMultiAlternatives(
            plain.subject, plain.body, plain.from_email, plain.to, headers=plain.extra_headers
        )
        letter.attach_alternative(letters.html_of(plain.subject, plain.body), "text/html")
        return letter


@access(public)
def not_offered(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """Pages of the sign-in library that this site does without: the mail address comes from the directory."""
    raise Http404


def invitation(recipient: User) -> Mail | None:
    """The link is made while the mail is built, so that no token lies in the database."""
    if not invitations.needs_invitation(recipient):
        return None
    return render_mail(
        "mail/invitation.txt",
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
