"""What is sent by one press on the pages of dates and calendars."""

from django import forms

from meetings.models import CalendarChoice


class FreeDayForm(forms.Form):
    """The day that stood on the button."""

    to = forms.DateField()


class WayForm(forms.Form):
    """The way that stood on the button; none of them to end it. `seen`: the choice that stood on the page, by id."""

    way = forms.ChoiceField(choices=[*CalendarChoice.Way.choices, ("none", "Neither")])
    seen = forms.CharField(required=False, empty_value=None)

    @property
    def way_chosen(self) -> CalendarChoice.Way | None:
        value = self.cleaned_data["way"]
        return None if value == "none" else CalendarChoice.Way(value)
