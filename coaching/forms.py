"""Form fields that several rooms use."""

from typing import Any

from django import forms

from coaching import directory
from coaching.models import User


def day_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, required=required, help_text=help_text, widget=widget)


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
