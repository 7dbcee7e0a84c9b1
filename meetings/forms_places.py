"""The branch office's form of rooms and links for several meetings."""

from collections.abc import Iterable
from typing import Any

from crispy_forms.layout import Layout
from django import forms
from django.utils.crypto import salted_hmac

from meetings import dates
from meetings.forms import Crispy, PlaceForm
from meetings.models import Meeting
from meetings.places import Change


class PlacesForm(Crispy):
    """What stays empty leaves each meeting as it is. What speaks against it is shown before it is saved."""

    mode = forms.ChoiceField(
        label="How they meet",
        required=False,
        choices=[("", "As it is"), *Meeting.Mode.choices],
        widget=forms.RadioSelect,
    )
    place = forms.CharField(
        required=False, max_length=200, help_text="Address and room. Empty leaves each place as it is."
    )
    no_place = forms.BooleanField(label="Take the places away", required=False)
    link = forms.URLField(
        label=PlaceForm.base_fields["link"].label,
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text="Empty leaves each link as it is.",
    )
    no_link = forms.BooleanField(label="Take the links away", required=False)

    def __init__(self, *args: Any, meetings: Iterable[Meeting], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meetings = {each.pk: each for each in meetings}
        self.fields["meetings"] = forms.TypedMultipleChoiceField(
            label="For which meetings?",
            choices=[(pk, _in_a_line(each)) for pk, each in self.meetings.items()],
            coerce=int,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": "Choose at least one meeting."},
        )
        self.helper.layout = Layout(*self.fields)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("place", "link"):
            if data.get(name) and data.get(f"no_{name}"):
                self.add_error(f"no_{name}", f"You named a {name}. Empty that field, or take this mark away.")
        if not self.errors and self.change == Change():
            self.add_error(None, "Say what changes: how they meet, the place or the link.")
        return data

    @property
    def change(self) -> Change:
        data = self.cleaned_data
        return Change(
            place="" if data["no_place"] else data["place"] or None,
            mode=data["mode"] or None,
            link="" if data["no_link"] else data["link"] or None,
        )

    @property
    def chosen(self) -> list[Meeting]:
        return [self.meetings[pk] for pk in self.cleaned_data["meetings"]]

    def key(self, warnings: Iterable[str]) -> str:
        """What was seen before it was agreed to."""
        seen = [repr(self.change), *map(str, self.cleaned_data["meetings"]), *warnings]
        return salted_hmac("meetings.places", "|".join(seen)).hexdigest()


def _in_a_line(meeting: Meeting) -> str:
    """ "Team 1: Wednesday, March 17, 2027, 9:00 a.m., Building Coalitions (Room 12)" """
    teams = ", ".join(str(each) for each in meeting.teams.all())
    when = f"{dates.long_date(meeting.date)}, {dates.clock(meeting.start_time)}"
    return f"{teams}: {when}, {meeting.heading} ({meeting.place or meeting.link or 'place still open'})"
