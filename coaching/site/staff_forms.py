"""Forms for a staff file: the file itself, and which of its columns is which of ours."""

from typing import Any

from crispy_forms.layout import Fieldset
from django import forms
from django.core.files.uploadedfile import UploadedFile

from coaching.csv_file import MOST_BYTES
from coaching.forms import helper
from coaching.models import StaffUpload
from coaching.staff_columns import TITLES, Head
from coaching.staff_file import NAME_PARTS, Role


class StaffFileForm(forms.Form):
    file = forms.FileField(
        label="The file: CSV, or an Excel workbook (.xlsx)",
        help_text="Nothing is written before you have seen what it would do.",
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx,text/csv"}),
        error_messages={"required": "Choose the file."},
    )

    helper = helper("file", token=False)

    def clean_file(self) -> UploadedFile:
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(
                f"The file has {upload.size:,} bytes; at most {MOST_BYTES:,} are read. Is it the right one?"
            )
        return upload


class ColumnsForm(forms.Form):
    """Each of our columns, with the headings of the file to choose from."""

    surname_first = forms.BooleanField(
        label="Names are written with the last name first, as in “Reyes, Ana”", required=False
    )
    invite = forms.BooleanField(
        label="Write to those who are new, with a link to choose their password", required=False
    )

    def __init__(self, *args: Any, upload: StaffUpload, **kwargs: Any) -> None:
        head = Head(upload.head["cells"], upload.head["samples"])
        initial = {**upload.columns, "surname_first": upload.surname_first, "invite": upload.invite}
        super().__init__(*args, **kwargs | {"initial": initial})
        choices = [("", "Not in this file")] + [
            (
                str(place),
                self._described(cell or f"Column {place + 1}, without a heading", head.sample(place)),
            )
            for place, cell in enumerate(head.cells)
        ]
        for name, title in TITLES.items():
            self.fields[name] = forms.ChoiceField(label=title, choices=choices, required=name == "email")
        roles = ", ".join(role for role in Role if role)
        self.fields["role"].help_text = f"{roles}, or empty."
        self.fields["first_name"].help_text = "Where the file has no column with the full name."
        self.helper = helper(
            Fieldset("Who it is", "email", "name", "first_name", "last_name", "surname_first"),
            Fieldset("Their place", "branch", "division", "unit", "supervisor_email"),
            Fieldset("What they do", "classification", "career_track", "role"),
            Fieldset("Afterwards", "invite"),
            token=False,
        )

    @staticmethod
    def _described(heading: str, sample: str) -> str:
        return f"{heading} ({sample})" if sample else heading

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = self.columns
        if not self.errors.get("email") and "name" not in chosen and not set(NAME_PARTS) <= chosen.keys():
            self.add_error("name", "Choose the column with the full name, or those with first and last name.")
        if "name" in chosen and set(NAME_PARTS) & chosen.keys():
            self.add_error("name", "Choose the full name, or first and last name: not both.")
        for smaller in ("division", "unit"):
            if smaller in chosen and "branch" not in chosen:
                self.add_error("branch", f"There is a {smaller}, so say which column has its branch.")
                break
        for name, place in chosen.items():
            if list(chosen.values()).count(place) > 1:
                self.add_error(name, "This column is chosen twice.")
        return data

    @property
    def columns(self) -> dict[str, int]:
        """Our names with the places in the file."""
        return {name: int(self.cleaned_data[name]) for name in TITLES if self.cleaned_data.get(name)}
