"""Forms about how long records are kept, and what holds them longer."""

from typing import Any

from crispy_forms.layout import Column, Row
from django import forms

from coaching.forms import PersonField, day_field, helper
from coaching.models import Cohort, RetentionTerm, Series
from coaching.site import records_due


class TermsForm(forms.Form):
    """The series that belong to no program; the others stand with their programs."""

    HELP = {
        Series.MAIL: "After the day it was asked for. A mail is kept as its kind, recipient and day, never as its text.",
        Series.TRAIL: "After the event. The event itself stays for good, with its place in the chain.",
        Series.PEOPLE: "After the last thing they did here, once their account is closed and their records are erased.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for series in RetentionTerm.OF_NO_PROGRAM:
            self.fields[series.value] = forms.IntegerField(
                label=f"{series.label}: years",
                help_text=self.HELP[series],
                min_value=1,
                max_value=100,
                initial=records_due.years_of(series),
            )
        self.helper = helper(*self.fields)


class CohortField(forms.ModelChoiceField):
    def label_from_instance(self, cohort: Cohort) -> str:
        return f"{cohort}, {cohort.branch}"


class HoldForm(forms.Form):
    person = PersonField(label="Person", required=False, also_left=True)
    cohort = CohortField(
        Cohort.objects.none(), label="Or a whole cohort", required=False, empty_label="No cohort"
    )
    reason = forms.CharField(
        label="Why is it held?",
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text="Administrators read it.",
    )
    reference = forms.CharField(label="Number of the case", max_length=100, required=False)
    until_date = day_field(
        "Last day", required=False, help_text="Leave it empty to hold it until you lift it."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = Cohort.objects.filter(erased_at=None).select_related("branch").order_by("-first_month")
        self.fields["cohort"].queryset = kept  # type: ignore[attr-defined]
        case = Row(Column("reference", css_class="col-sm-6"), Column("until_date", css_class="col-sm-6"))
        self.helper = helper("person", "cohort", "reason", case)


class LiftForm(forms.Form):
    reason = forms.CharField(label="Why is it lifted?", max_length=500, widget=forms.Textarea({"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper("reason")
