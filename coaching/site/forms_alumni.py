"""Forms of the alumni network."""

from typing import Any

from crispy_forms.layout import Column, Div, Row
from django import forms
from django.db.models import QuerySet

from coaching import alumni
from coaching.forms import helper
from coaching.models import Competency, OrgUnit


class FindForm(forms.Form):
    q = forms.CharField(label="Name, role or words", required=False, max_length=100)
    division = forms.ModelChoiceField(OrgUnit.objects.none(), required=False, empty_label="All divisions")
    competency = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["division"].queryset = alumni.divisions()  # type: ignore[attr-defined]
        names = [(name, name) for name in alumni.competency_names()]
        self.fields["competency"].choices = [("", "All competencies"), *names]  # type: ignore[attr-defined]
        columns = (Column(name, css_class="col-md-4") for name in ("q", "division", "competency"))
        self.helper = helper(Row(*columns), token=False)

    def filters(self) -> alumni.Filters:
        given = self.cleaned_data
        return alumni.Filters(words=given["q"], division=given["division"], competency=given["competency"])


class EntryForm(forms.Form):
    """What one lets the others find."""

    role = forms.CharField(
        label="The role you aim for, or hold by now",
        max_length=200,
        help_text="For example: Unit manager, for three months now.",
    )
    competencies = forms.ModelMultipleChoiceField(
        Competency.objects.none(),
        label="Competencies you like to be asked about",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    about = forms.CharField(
        label="What the others may ask you about",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Optional. What your project taught you, or what you would like to hear from them.",
    )
    agreed = forms.BooleanField(label="I agree to be listed")

    def __init__(self, *args: Any, competencies: "QuerySet[Competency]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["competencies"].queryset = competencies  # type: ignore[attr-defined]
        self.fields["agreed"].help_text = (
            "Those who completed a program see your name, mail address, division, the programs you completed and what you "
            "write here. Nobody else does. You can end it at any time."
        )
        self.fields["agreed"].error_messages["required"] = "Nobody is listed who does not agree to it."
        self.helper = helper(Div("role", css_class="form-narrow"), "competencies", "about", "agreed")
