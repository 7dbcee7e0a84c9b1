"""The branch office sets the day of a meeting for several teams."""

import datetime as dt
from typing import Any

from crispy_forms.layout import Column, Layout, Row
from django import forms

from coaching.models import Cohort, CurriculumItem
from meetings import one_day
from meetings.forms import Crispy, PlaceForm, WhenForm, within_the_day
from meetings.scheduling import When


class DayForm(Crispy):
    """A day in the meeting's month. What speaks against it is shown before it is saved."""

    date = WhenForm.base_fields["date"]
    start_time = WhenForm.base_fields["start_time"]

    def __init__(
        self, *args: Any, cohort: Cohort, item: CurriculumItem, now: dt.datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.cohort, self.item, self.now = cohort, item, now

    def clean_date(self) -> dt.date:
        day: dt.date = self.cleaned_data["date"]
        if why := one_day.why_not_on(self.cohort, self.item, day, now=self.now):
            raise forms.ValidationError(why)
        return day

    def clean_start_time(self) -> dt.time:
        return within_the_day(self.cleaned_data["start_time"])

    @property
    def when(self) -> When:
        return When(self.cleaned_data["date"], self.cleaned_data["start_time"], self.item.minutes)


class JoinForm(DayForm, PlaceForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = Row(Column("date", css_class="col-md-6"), Column("start_time", css_class="col-md-6"))
        self.helper.layout = Layout(row, "mode", "place", "link")

    @property
    def key(self) -> str:
        """What was seen before it was agreed to."""
        return f"{self.when.date}-{self.when.start_time:%H%M}"


class StaggerForm(DayForm):
    start_time = forms.TimeField(
        label="The first team begins at",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    pause = forms.IntegerField(
        label="Pause between two teams, in minutes",
        min_value=0,
        max_value=one_day.MOST_PAUSE,
        initial=15,
        error_messages={
            "min_value": "The teams meet one after another: leave 0 minutes or more between two of them.",
            "max_value": f"Leave at most {one_day.MOST_PAUSE} minutes between two teams.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper.layout = Layout("date", "start_time", "pause")
