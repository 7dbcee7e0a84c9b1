"""Single sign-on by OpenID Connect: it says who somebody is, and the directory whether they have an account here."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.openid_connect import views
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from requests import RequestException

from coaching.models import User
from coaching.permissions import access, public

logger = logging.getLogger(__name__)


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    def authenticate_by_email(self, sociallogin: SocialLogin) -> None:
        """The library's own way takes the password from whoever has one; ours is below."""
        return

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """By the mail address that the provider has verified, each time anew: nothing is kept of the provider's account."""
        sociallogin.state["process"] = AuthProcess.LOGIN
        verified = [each.email.lower() for each in sociallogin.email_addresses if each.verified is True]
        found = User.objects.filter(email__in=verified).first()
        while found is not None and found.merged_into:
            found = found.merged_into
        if found is None:
            raise ImmediateHttpResponse(render(request, "socialaccount/no_account.html", status=403))
        sociallogin.user = found

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False


@access(public)
def start(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    return _or_told(request, views.login, provider_id)


@access(public)
def back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    return _or_told(request, views.callback, provider_id)


def _or_told(
    request: HttpRequest, view: Callable[..., HttpResponseBase], provider_id: str
) -> HttpResponseBase:
    """The library tells of a provider that is away only once somebody comes back from it."""
    try:
        return view(request, provider_id)
    except RequestException as error:
        logger.warning("The sign-in provider did not answer: %s", type(error).__name__)
        return render(request, "socialaccount/authentication_error.html", status=HTTPStatus.BAD_GATEWAY)
