"""Forms and form fields that several rooms use."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.db.models import Model

from coaching import directory, meanwhile
from coaching.in_words import long_date
from coaching.models import User


def helper(*fields: object, token: bool = True) -> FormHelper:
    """For a form whose tag and button stand in the template.

    `token` False: it stands there too, or the form only looks up, with its fields in the address.
    """
    made = FormHelper()
    made.form_tag = False
    made.disable_csrf = not token
    made.layout = Layout(*fields)
    return made


class DayInput(forms.DateInput):
    """A day, chosen or typed. What is no day in a browser's own form is shown as text, for it would be shown as nothing."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        shown = context["widget"]["value"]
        if shown and not _is_day(shown):
            context["widget"]["type"] = "text"
        return context


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def day_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    return forms.DateField(label=label, required=required, help_text=help_text, widget=DayInput())


class PersonField(forms.CharField):
    """A person of the directory, typed as a mail address or a full name: a list of thousands helps nobody."""

    default_help = "Mail address, or the full name as it is on record."

    def __init__(self, *, also_left: bool = False, **kwargs: Any) -> None:
        self.also_left = also_left
        kwargs.setdefault("help_text", self.default_help)
        kwargs.setdefault("max_length", 254)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> User | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return directory.find_person(text, also_left=self.also_left)
        except directory.PersonNotFound as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def prepare_value(self, value: Any) -> Any:
        return directory.typed(value) if isinstance(value, User) else value


class _Marks(forms.CharField):
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Nobody types them."""
        return False


class KeepingForm(forms.BaseForm):
    """What somebody may change elsewhere while it is written here: with marks of what the page showed."""

    def watch(self, keys: Mapping[str, Any]) -> None:
        """`keys`: by the field's name, what it is called where it is saved."""
        self.keys = keys
        shown = {key: self.get_initial_for_field(self.fields[name], name) for name, key in keys.items()}
        self.fields["seen"] = _Marks(required=False, widget=forms.HiddenInput, initial=self.marks_of(shown))

    def marks_of(self, values: Mapping[Any, Any]) -> str:
        return " ".join(f"{name}={meanwhile.mark(values.get(key))}" for name, key in self.keys.items())

    @property
    def seen(self) -> dict[Any, str] | None:
        pairs = [each.partition("=") for each in self.cleaned_data.get("seen", "").split()]
        return {self.keys[name]: mark for name, _, mark in pairs if name in self.keys} or None

    @property
    def values(self) -> dict[Any, Any]:
        """What was typed, as it is called where it is saved."""
        return {key: self.cleaned_data[name] for name, key in self.keys.items()}

    def shown_again(self, refusal: meanwhile.BothChanged) -> None:
        """Both are read; sent again, what was typed replaces what stands. What was not touched is as it is now."""
        seen, self.data = self.seen or {}, self.data.copy()  # type: ignore[attr-defined]
        self.add_error(None, str(refusal))
        for name, key in self.keys.items():
            stands = refusal.stands[key]
            if key in refusal.keys:
                self.add_error(name, f"It reads now: {self._words(name, stands)}")
            elif meanwhile.mark(self.cleaned_data.get(name)) == seen.get(key):
                now = self.fields[name].prepare_value(stands)
                self.data[name] = "" if now is None else str(now)  # type: ignore[index]
        self.data["seen"] = self.marks_of(refusal.stands)  # type: ignore[index]

    def _words(self, name: str, value: Any) -> str:
        if value in (None, ""):
            return "nothing."
        if isinstance(value, bool):
            return "yes." if value else "no."
        if isinstance(value, date):
            return f"{long_date(value)}."
        if not isinstance(value, Model):
            choices = {str(key): label for key, label in getattr(self.fields[name], "choices", ())}
            value = choices.get(str(value), value)
        return f"“{value}”"
