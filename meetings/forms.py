"""The forms of the meetings pages; their layout lives here."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms

from coaching import paper
from coaching.forms import DayInput, KeepingForm
from coaching.meeting_times import week_choices
from coaching.models import Cohort, CurriculumItem, Participant
from meetings import dates, needs, notes, resources, written
from meetings.laying_out import Rhythm
from meetings.models import Meeting, Resource
from meetings.program import Part
from meetings.scheduling import When, Where

EARLIEST, LATEST = time(6, 0), time(21, 0)


def within_the_day(start: time) -> time:
    if not EARLIEST <= start <= LATEST:
        raise forms.ValidationError("Choose a time between 6:00 a.m. and 9:00 p.m.")
    return start


class Crispy(forms.Form):
    """A form whose tag and button stand in the template."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.form_tag = False
        self.helper.disable_csrf = True


class WhenForm(Crispy):
    """Date, time and length. What speaks against the day is shown before it is saved: `agreed` says it was seen (M3)."""

    date = forms.DateField(
        widget=DayInput(),
        error_messages={"required": "Choose the day."},
    )
    start_time = forms.TimeField(
        label="Start time",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="Local time; the meeting lies between 6:00 a.m. and 9:00 p.m.",
        error_messages={"required": "Say when it begins."},
    )
    minutes = forms.IntegerField(
        label="Length in minutes",
        min_value=30,
        max_value=480,
        initial=120,
        error_messages={"required": "Say how long it lasts, in minutes."},
    )
    agreed = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_start_time(self) -> time:
        return within_the_day(self.cleaned_data["start_time"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if {"date", "start_time", "minutes"} <= data.keys():
            start = datetime.combine(data["date"], data["start_time"])
            end = start + timedelta(minutes=data["minutes"])
            if end > datetime.combine(data["date"], LATEST):
                self.add_error(
                    "start_time", f"It would end at {dates.clock(end.time())} Choose an earlier start."
                )
        return data

    @property
    def when(self) -> When:
        data = self.cleaned_data
        return When(data["date"], data["start_time"], data["minutes"])

    @property
    def was_agreed(self) -> bool:
        """Whether the warnings that were shown are the ones of this very day."""
        return bool(self.cleaned_data["agreed"] == self.cleaned_data["date"].isoformat())


class SeenForm(Crispy):
    """A change of a meeting, with the version of it that the page showed."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = meeting.sequence

    def shown_again(self, meeting: Meeting, why: str) -> None:
        """What was typed stays; sent again, it is for the meeting as it is now."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["seen"] = str(meeting.sequence)  # type: ignore[index]
        self.add_error(None, why)


class MoveForm(WhenForm, SeenForm):
    reason = forms.CharField(
        required=False,
        max_length=300,
        help_text="Optional. Your team reads it; the branch office too, if the meeting leaves its month.",
    )

    def __init__(self, *args: Any, meeting: Meeting, today: date, **kwargs: Any) -> None:
        super().__init__(*args, meeting=meeting, **kwargs)
        self.today = today
        if meeting.item:
            length = self.fields["minutes"]
            length.disabled, length.initial = True, meeting.item.minutes
            self.initial["minutes"] = meeting.item.minutes
            length.help_text = "A meeting of the program keeps its length."  # M1
        self.helper.layout = Layout(_when_row(), "reason", "agreed", "seen")

    def clean_date(self) -> date:
        """Refused at once: what nobody can agree to is not asked about."""
        day: date = self.cleaned_data["date"]
        if day < self.today:
            raise forms.ValidationError(f"{dates.long_date(day)} is already over. Choose a day ahead.")
        return day


class PlaceForm(Crispy):
    mode = forms.ChoiceField(
        label="How you meet",
        choices=Meeting.Mode.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how you meet."},
    )
    place = forms.CharField(
        required=False, max_length=200, help_text="Address and room. It may stay open for now."
    )
    link = forms.URLField(
        label="Link for joining online", required=False, max_length=200, assume_scheme="https"
    )

    @property
    def where(self) -> Where:
        data = self.cleaned_data
        return Where(data["place"], data["mode"], data["link"])


class PlaceOfOneForm(PlaceForm, SeenForm):
    """The place of one meeting."""


class ExtraForm(WhenForm, PlaceForm):
    item = forms.ModelChoiceField(
        label="What the meeting is for",
        queryset=CurriculumItem.objects.none(),
        required=False,
        empty_label="An extra meeting",
        help_text="A meeting of the program that was called off can be planned again here.",
    )
    title = forms.CharField(
        label="Title of an extra meeting",
        required=False,
        max_length=160,
        help_text="For example: Catching up on projects.",
    )

    def __init__(self, *args: Any, open_items: Iterable[CurriculumItem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ids = [item.pk for item in open_items]
        self.fields["item"].queryset = CurriculumItem.objects.filter(pk__in=ids)  # type: ignore[attr-defined]
        if not ids:
            del self.fields["item"]
        parts = ["item"] if ids else []
        self.helper.layout = Layout(*parts, "title", _when_row(), "mode", "place", "link", "agreed")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("item") and not data.get("title"):
            self.add_error("title", "Give the extra meeting a title.")
        item = data.get("item")
        if item and data.get("minutes") not in (None, item.minutes):  # M1
            self.add_error("minutes", f"“{item.title}” lasts {item.minutes} minutes.")
        return data


class CancelForm(SeenForm):
    reason = forms.CharField(
        max_length=300,
        help_text="Your team reads it.",
        error_messages={"required": "Say why the meeting is called off."},
    )


class CountForForm(Crispy):
    month = forms.TypedChoiceField(label="Counts for", coerce=int, empty_value=None, required=False)
    reason = forms.CharField(max_length=300, help_text="The team reads it.")

    def __init__(self, *args: Any, first_month: date, months: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [
            (number, dates.month_name(dates.add_months(first_month, number - 1)))
            for number in range(1, months + 1)
        ]
        self.fields["month"].choices = [*names, ("", "No month of the program")]  # type: ignore[attr-defined]


class FacilitatorsForm(Crispy):
    """Who leads which component, as the team agreed (M9), with who did when the page was opened."""

    def __init__(
        self, *args: Any, parts: Iterable[Part], members: Iterable[Participant], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(each.pk): each for each in members}
        choices = [("", "Not agreed yet"), *((pk, str(each)) for pk, each in self.people.items())]
        self.parts = list(parts)
        for part in self.parts:
            self.fields[f"part_{part.key}"] = forms.ChoiceField(
                label=part.title,
                choices=choices,
                required=False,
                initial=_led_by(part),
                help_text=f"Whose turn it would be: {part.suggested}." if part.suggested else "",
            )
            self.fields[f"seen_{part.key}"] = forms.CharField(
                required=False, initial=_led_by(part), widget=forms.HiddenInput
            )
        self.helper.layout = Layout(*self.fields)

    @property
    def chosen(self) -> dict[str, Participant | None]:
        return self._people("part")

    @property
    def seen(self) -> dict[str, Participant | None]:
        return self._people("seen")

    def _people(self, field: str) -> dict[str, Participant | None]:
        return {part.key: self.people.get(self.cleaned_data[f"{field}_{part.key}"]) for part in self.parts}

    def shown_again(self, why: str) -> None:
        """What was chosen stays; sent again, it is for who leads now."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        for part in self.parts:
            if self.chosen[part.key] == self.seen[part.key]:
                self.data[f"part_{part.key}"] = _led_by(part)  # type: ignore[index]
            self.data[f"seen_{part.key}"] = _led_by(part)  # type: ignore[index]
        self.add_error(None, why)


def _led_by(part: Part) -> str:
    return str(part.facilitator.pk) if part.facilitator else ""


def _when_row() -> Row:
    return Row(
        Column("date", css_class="col-md-5"),
        Column("start_time", css_class="col-md-4"),
        Column("minutes", css_class="col-md-3"),
    )


class RhythmForm(Crispy):
    """M3: by which rule the team meets from now on."""

    week = forms.TypedChoiceField(
        label="Week of the month",
        coerce=int,
        choices=week_choices(),
    )
    weekday = forms.TypedChoiceField(label="Day of the week", coerce=int, choices=Cohort.Weekday.choices)
    start_time = WhenForm.base_fields["start_time"]

    def clean_start_time(self) -> time:
        return within_the_day(self.cleaned_data["start_time"])

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(
            self.cleaned_data["weekday"], self.cleaned_data["week"], self.cleaned_data["start_time"]
        )


class ResourceForm(Crispy):
    """M11: a link, a file, or a question to discuss."""

    kind = forms.ChoiceField(
        label="What is it?",
        choices=Resource.Kind.choices,
        widget=forms.RadioSelect,
        initial=Resource.Kind.LINK,
    )
    title = forms.CharField(
        label="Title, or the question",
        max_length=300,
        help_text="What the members read. For example: An article about trust, ten minutes.",
    )
    link = forms.URLField(label="Address of a link", required=False, max_length=500, assume_scheme="https")
    file = forms.FileField(
        label="File",
        required=False,
        help_text="PDF, JPEG or PNG, at most 10 MB.",
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
    )

    def clean_file(self) -> bytes | None:
        upload = self.cleaned_data["file"]
        if upload is None:
            return None
        content = upload.read(paper.MOST_BYTES + 1)
        try:
            resources.media_type_of(content)
        except resources.NotUsable as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return content

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind = data.get("kind")
        if kind == Resource.Kind.LINK and not data.get("link") and "link" not in self.errors:
            self.add_error("link", "Give the address the link leads to.")
        if kind == Resource.Kind.FILE and not data.get("file") and "file" not in self.errors:
            self.add_error("file", "Choose the file.")
        return data

    @property
    def resource(self) -> dict[str, Any]:
        """As resources.add takes it."""
        data = self.cleaned_data
        return {"kind": data["kind"], "title": data["title"], "link": data["link"], "content": data["file"]}


class UpdateForm(KeepingForm, Crispy):
    """M15: a member's update before a meeting; every line may stay empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in notes.UPDATE.items():
            self.fields[name] = _text(label, rows=3, required=False)
        self.watch({name: name for name in notes.UPDATE})


class NeedForm(Crispy):
    text = forms.CharField(
        label="What you need",
        required=False,
        max_length=needs.LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="You need not say why.",
    )


class NoteForm(KeepingForm, Crispy):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"] = _text("What you write", rows=4, missing="Write something first.")
        self.watch({"text": "text"})


class ActionForm(KeepingForm, Crispy):
    """Who does what, how and by when."""

    def __init__(self, *args: Any, members: Iterable[Participant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = {each.pk: each for each in members}
        self.fields["what"] = _text("What is to be done", rows=2, missing="Say what is to be done.")
        self.fields["how"] = _text("How", rows=2, required=False)
        self.fields["owner"] = forms.TypedChoiceField(
            label="Who does it", choices=[(pk, str(each)) for pk, each in self.members.items()], coerce=int
        )
        self.fields["due_date"] = forms.DateField(
            label="By when",
            widget=DayInput(),
            error_messages={"required": "Say by when it is done."},
        )
        self.watch({name: name for name in self.fields})

    @property
    def owner(self) -> Participant:
        return self.members[self.cleaned_data["owner"]]


def _text(label: str, *, rows: int, required: bool = True, missing: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        error_messages={"required": missing} if missing else None,
        max_length=written.LONGEST,
        widget=forms.Textarea(attrs={"rows": rows}),
    )
