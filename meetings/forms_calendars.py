"""What is sent by one press on the pages of dates and calendars."""

from django import forms


class FreeDayForm(forms.Form):
    """The day that stood on the button."""

    to = forms.DateField()
