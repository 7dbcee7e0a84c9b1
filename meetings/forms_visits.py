"""What the deputy chooses from the branch's meetings."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from coaching.models import Cohort
from meetings import dates


class BranchFilterForm(forms.Form):
    """Each may stay open; what is no choice is passed over."""

    SHOWN = [
        ("", "All meetings ahead"),
        ("final", "Final meetings"),
        ("mine", "Those I plan to attend"),
        ("behind", "Meetings behind us"),
    ]

    program = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    month = forms.ChoiceField(required=False)
    show = forms.ChoiceField(label="Which meetings", required=False, choices=SHOWN)

    def __init__(self, *args: Any, cohorts: Iterable[Cohort], months: Iterable[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"].choices = [  # type: ignore[attr-defined]
            ("", "All programs"),
            *((each.pk, f"{each.program}, {each}") for each in cohorts),
        ]
        self.fields["month"].choices = [  # type: ignore[attr-defined]
            ("", "All months"),
            *((f"{each:%Y-%m}", dates.month_name(each)) for each in months),
        ]
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select"

    @property
    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in self.fields}
