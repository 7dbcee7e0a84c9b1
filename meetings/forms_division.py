"""What a division director chooses from those who take part."""

from collections.abc import Iterable
from typing import Any

from django import forms

from coaching.models import Cohort


class ProgramFilterForm(forms.Form):
    """It may stay open; what is no choice is passed over."""

    program = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, cohorts: Iterable[Cohort], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"].choices = [  # type: ignore[attr-defined]
            ("", "All programs and years"),
            *((each.pk, f"{each.program}, {each}") for each in cohorts),
        ]
        self.fields["program"].widget.attrs["class"] = "form-select"

    @property
    def has_choice(self) -> bool:
        return len(self.fields["program"].choices) > 2  # type: ignore[attr-defined]

    @property
    def chosen(self) -> int | None:
        self.is_valid()
        return self.cleaned_data.get("program")

    @property
    def said(self) -> list[tuple[str, str]]:
        """As people read it."""
        names = dict(self.fields["program"].choices)  # type: ignore[attr-defined]
        return [("Program", names[self.chosen])] if self.chosen else []
