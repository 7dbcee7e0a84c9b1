"""What every form that signs has in common: the typed name; before the first signature the consent; after a time away
the password. All of it stands in the form itself, so that nothing typed is lost over it."""

import time
from datetime import datetime
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.core.exceptions import ReauthenticationRequired
from crispy_forms.utils import render_field
from django import forms
from django.http import HttpRequest
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from coaching import esign
from coaching.errors import Refused
from coaching.models import User
from coaching.signing import ConsentNeeded, NameDoesNotMatch, check_name


def is_fresh(request: HttpRequest) -> bool:
    """Whether this person has signed in, or confirmed that it is them, lately."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT


class SignatureParts:
    """The place of the signature in a layout: whatever of its fields the form has just now."""

    def render(self, form: forms.BaseForm, context: Context, **kwargs: object) -> SafeString:
        parts = []
        for name in ("typed_name", "consent", "password"):
            if name not in form.fields:
                continue
            if name == "consent":
                lines = format_html_join("", "<p>{}</p>", ((line,) for line in esign.TEXT.split("\n")))
                parts.append(
                    format_html('<h3>Signing electronically</h3><div class="statement">{}</div>', lines)
                )
            parts.append(render_field(name, form, context))
        return format_html(
            '<div class="signature-parts">{}</div>', format_html_join("", "{}", ((each,) for each in parts))
        )


class ActForm(forms.Form):
    """A form whose act may be refused; the refusal is told at its field, and what was typed stays."""

    def refuse(self, refusal: Refused) -> None:
        self.add_error(self._field_of(refusal), str(refusal))

    def renew(self, **values: object) -> None:
        """Put these in the place of what was sent; everything else stays as it was typed."""
        data = self.data.copy()  # type: ignore[attr-defined]
        for name, value in values.items():
            data[self.add_prefix(name)] = value
        self.data = data

    def _field_of(self, refusal: Refused) -> str | None:
        """The field at which a refusal is told; None for the form as a whole."""
        return None


class SigningForm(ActForm):
    """A form by which the person who is signed in signs. Its view calls `keep_consent` before the act."""

    typed_name = forms.CharField(
        label="Type your name to sign",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Type your name to sign."},
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.signer: User = request.user  # type: ignore[assignment]
        self.fields["typed_name"].help_text = f"As it is on record: {self.signer.name}"
        if not esign.has_consented(self.signer):
            self.fields["consent"] = forms.BooleanField(
                label="I agree to sign electronically.",
                help_text="We ask this once. To sign on paper instead, ask the branch office.",
                error_messages={
                    "required": "Agree to sign electronically, or ask the branch office for the paper."
                },
            )
        if self.signer.has_usable_password() and not is_fresh(request):
            self.fields["password"] = forms.CharField(
                label="Your password",
                strip=False,
                widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
                help_text="You signed in a while ago, so we ask again before you sign.",
                error_messages={"required": "You signed in a while ago. Type your password to sign."},
            )

    def clean_typed_name(self) -> str:
        """So that a wrong name is told together with whatever else is wrong."""
        typed: str = self.cleaned_data["typed_name"]
        try:
            check_name(self.signer, typed)
        except NameDoesNotMatch as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return typed

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        # Limited as at sign-in: it says so itself when too many attempts have failed.
        if not get_adapter(self.request).reauthenticate(self.signer, password):
            raise forms.ValidationError("This is not your password. Try again.")
        reauthenticate_by_password(self.request)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.pop("password", None):
            del self.fields["password"]  # confirmed: not asked again if something else is wrong
        elif self._needs_another_way():
            raise ReauthenticationRequired  # the sign-in library asks on its page, then sends this form again
        self._consents: bool = cleaned.pop("consent", False)
        return cleaned

    def _needs_another_way(self) -> bool:
        """Whoever has no password here confirms in the way they sign in, if the sign-in library knows one."""
        if self.signer.has_usable_password() or is_fresh(self.request):
            return False
        return bool(get_adapter(self.request).get_reauthentication_methods(self.signer))

    def keep_consent(self, *, now: datetime) -> None:
        """Record the consent that was given with this form, if it was asked for."""
        if self._consents:
            esign.consent(by=self.signer, now=now)

    def _field_of(self, refusal: Refused) -> str | None:
        if isinstance(refusal, NameDoesNotMatch):
            return "typed_name"
        if isinstance(refusal, ConsentNeeded) and "consent" in self.fields:
            return "consent"
        return super()._field_of(refusal)
