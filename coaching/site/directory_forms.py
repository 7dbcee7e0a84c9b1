"""Forms of the directory: finding people, changing an entry, the reason why somebody is deactivated."""

from typing import Any

from crispy_forms.layout import Column, Row
from django import forms
from django.db.models import QuerySet

from coaching.forms import KeepingForm, PersonField, helper
from coaching.models import CareerTrack, JobClassification, OrgUnit, User
from coaching.typed import unseen

STATES = [("", "All"), ("active", "Active"), ("deactivated", "Deactivated"), ("no_unit", "Without a place")]


class PlaceField(forms.ModelChoiceField):
    """A box of the organization chart, with those it stands in; `label_of` has them all at once."""

    label_of: dict[int, str]

    def label_from_instance(self, unit: OrgUnit) -> str:
        return self.label_of[unit.pk]


def _paths(units: QuerySet[OrgUnit]) -> dict[int, str]:
    """As “Services Branch › Nutrition Division”; one query."""
    everything = {
        pk: (parent, name) for pk, parent, name in OrgUnit.objects.values_list("pk", "parent", "name")
    }

    def path(pk: int) -> str:
        names: list[str] = []
        at: int | None = pk
        while at is not None:
            parent, name = everything[at]
            names.insert(0, name)
            at = parent
        return " › ".join(names[1:] or names)  # the department says nothing

    return {unit.pk: path(unit.pk) for unit in units}


class FindForm(forms.Form):
    q = forms.CharField(label="Name or mail address", max_length=100, required=False)
    division = forms.ModelChoiceField(OrgUnit.objects.none(), required=False, empty_label="All")
    state = forms.ChoiceField(choices=STATES, required=False)

    def __init__(self, *args: Any, divisions: QuerySet[OrgUnit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["division"].queryset = divisions  # type: ignore[attr-defined]
        fields = (Column(name, css_class="col-sm-6 col-lg-4") for name in self.fields)
        self.helper = helper(Row(*fields), token=False)


class ChangeForm(KeepingForm, forms.Form):
    """What the directory says about a person; the mail address is an administrator's to change."""

    name = forms.CharField(label="Full name", max_length=200)
    unit = PlaceField(OrgUnit.objects.none(), label="Place", required=False, empty_label="None")
    supervisor = PersonField(label="Supervisor", required=False)
    classification = forms.ModelChoiceField(
        JobClassification.objects.all(), label="Job classification", required=False, empty_label="None"
    )
    career_track = forms.ModelChoiceField(CareerTrack.objects.all(), required=False, empty_label="None")
    reason = forms.CharField(
        label="Reason", max_length=300, required=False, help_text="It is kept with the person’s history."
    )

    def __init__(self, *args: Any, person: User, units: QuerySet[OrgUnit], **kwargs: Any) -> None:
        names = ("name", "unit", "supervisor", "classification", "career_track")
        super().__init__(*args, **kwargs | {"initial": {name: getattr(person, name) for name in names}})
        place = self.fields["unit"]
        place.queryset = units.order_by("name")  # type: ignore[attr-defined]
        place.label_of = _paths(units)  # type: ignore[attr-defined]
        self.watch({name: name for name in names})
        self.helper = helper(*self.fields)

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if unseen(name):
            raise forms.ValidationError(
                "There is a character in it that cannot be seen. Type it again by hand."
            )
        return name


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="For example: retired on June 30. It is kept with the person’s history.",
    )

    helper = helper("reason")
