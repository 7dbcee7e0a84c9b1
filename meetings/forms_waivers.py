"""The branch office's forms about one participant's months."""

from collections.abc import Iterable
from typing import Any

from crispy_forms.layout import Layout
from django import forms

from coaching.models import Cohort
from meetings import dates
from meetings.forms import Crispy
from meetings.models import Waiver

PLAN = "plan"


def month_choices(cohort: Cohort) -> list[tuple[int, str]]:
    first = cohort.first_month
    return [
        (month, dates.month_name(dates.add_months(first, month - 1))) for month in range(1, cohort.months + 1)
    ]


class WaiverForm(Crispy):
    """From a month to a month: what it is, and why."""

    kind = forms.ChoiceField(
        label="What is it?",
        choices=[*Waiver.Kind.choices, (PLAN, "To be made up: the plan of somebody who joins late")],
        widget=forms.RadioSelect,
    )
    first_month = forms.TypedChoiceField(label="From", coerce=int)
    last_month = forms.TypedChoiceField(label="To", coerce=int, required=False, empty_value=None)
    reason = forms.CharField(
        max_length=300,
        help_text="Or the plan: what is done, and by when. The branch office and this participant read it. Of a leave the "
        "team reads that they are away and until when, not why. Name no medical details.",
    )

    def __init__(self, *args: Any, cohort: Cohort, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        months = month_choices(cohort)
        self.fields["first_month"].choices = months  # type: ignore[attr-defined]
        self.fields["last_month"].choices = [("", "The same month"), *months]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first_month"), data.get("last_month")
        if first and last and last < first:
            self.add_error("last_month", "This month lies before the first one.")
        return data

    @property
    def months(self) -> range:
        first = self.cleaned_data["first_month"]
        return range(first, (self.cleaned_data["last_month"] or first) + 1)


class AgainForm(Crispy):
    """Where somebody who left takes part again."""

    def __init__(self, *args: Any, cohorts: Iterable[Cohort], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cohorts = {str(each.pk): each for each in cohorts}
        self.fields["cohort"] = forms.ChoiceField(
            choices=[(pk, str(each)) for pk, each in self.cohorts.items()]
        )
        self.helper.layout = Layout(*self.fields)

    @property
    def cohort(self) -> Cohort:
        return self.cohorts[self.cleaned_data["cohort"]]
