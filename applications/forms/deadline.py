"""More time to apply, or closing what did not arrive in time."""

from datetime import date
from typing import Any

from crispy_forms.layout import Div, Field
from django import forms

from applications.forms.writing import readers
from coaching.forms import DayInput, helper
from coaching.models import Cohort


class MoreTimeForm(forms.Form):
    last_date = forms.DateField(
        label="New last day to apply",
        widget=DayInput(),
        error_messages={"required": "Choose the new last day."},
    )

    def __init__(self, *args: Any, cohort: Cohort, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first_month = cohort.first_month
        self.fields["last_date"].help_text = f"Before meetings begin in {cohort.first_month:%B %Y}."
        self.helper = helper(Div("last_date", css_class="form-narrow"))

    def clean_last_date(self) -> date:
        day: date = self.cleaned_data["last_date"]
        if day >= self.first_month:
            raise forms.ValidationError(f"Choose a day before meetings begin in {self.first_month:%B %Y}.")
        return day


class CloseForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        widget=forms.Textarea,
        help_text="The same for all of them. Say what they can do next.",
        error_messages={"required": "Give the reason; the applicants read it."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        readers_are = readers("The applicants, the signers it waited on, and the branch office.")
        self.helper = helper(Field("reason", rows=4), readers_are)
