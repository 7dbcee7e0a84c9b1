"""The sign-in library's forms in the words of this site."""

from allauth.account import forms
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as steps
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as passkeys
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from coaching.models import User
from coaching.site import accounts

LABELS = {
    "code": "Code",
    "name": "Name of the passkey",
    "login": "Mail address",
    "email": "Mail address",
    "remember": "Stay signed in",
    "oldpassword": "Current password",
    "password1": "New password",
    "password2": "New password, once more",
}


class OurWords:
    """Labels of our own; no placeholders, which only repeat the label and go when somebody types."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class LoginForm(OurWords, forms.LoginForm):
    pass


class ResetPasswordForm(OurWords, forms.ResetPasswordForm):
    def save(self, request: HttpRequest, **kwargs: object) -> str:
        accounts.ask_for_link(to=self.users, now=timezone.now())
        return self.cleaned_data["email"]


class ResetPasswordKeyForm(OurWords, forms.ResetPasswordKeyForm):
    pass


class ChangePasswordForm(OurWords, forms.ChangePasswordForm):
    pass


class SetPasswordForm(OurWords, forms.SetPasswordForm):
    pass


def use_up(code: str, *, of: User) -> None:
    """A code of an app counts once. Raises ValidationError.

    The library lets one count again as soon as its time has passed, while the next ones still take it; and one that set
    the app up at once.
    """
    lasts = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    if not cache.add(f"code-used:{of.pk}:{''.join(code.split())}", True, timeout=lasts):
        raise get_adapter().validation_error("incorrect_code")


class OneTimeCode(OurWords):
    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        used = self.authenticator  # type: ignore[attr-defined]
        if used.type == Authenticator.Type.TOTP:
            use_up(code, of=used.user)
        return code


class AuthenticateForm(OneTimeCode, steps.AuthenticateForm):
    pass


class ReauthenticateForm(OneTimeCode, steps.ReauthenticateForm):
    pass


class ActivateForm(OurWords, ActivateTOTPForm):
    def clean_code(self) -> str:
        code: str = super().clean_code()
        use_up(code, of=self.user)
        return code


class AddPasskeyForm(OurWords, passkeys.AddWebAuthnForm):
    pass


class NamePasskeyForm(OurWords, passkeys.EditWebAuthnForm):
    pass
