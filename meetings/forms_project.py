"""The forms of a participant's own project; their layout lives here."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from coaching.forms import DayInput
from meetings import written
from meetings.forms import Crispy
from meetings.models import ProjectText

Kind = ProjectText.Kind
LABELS = {
    Kind.MILESTONE: "What you want to have reached",
    Kind.OUTCOME: "What came of your project",
    Kind.UPDATE: "What you want to share",
}
HELP = {
    Kind.MILESTONE: "For example: The pilot runs in two offices.",
    Kind.OUTCOME: "Beside what you expected and how you wanted to measure it. It is no condition for the certificate.",
    Kind.UPDATE: "A few sentences: where it stands, what worked, what comes next.",
}


class ProjectTextForm(Crispy):
    def __init__(
        self, *args: Any, kind: str, readers: Iterable[tuple[str, str]], audience: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"] = forms.CharField(
            label=LABELS[Kind(kind)],
            help_text=HELP[Kind(kind)],
            max_length=written.LONGEST,
            error_messages={"required": "Write something first."},
            widget=forms.Textarea(attrs={"rows": 2 if kind == Kind.MILESTONE else 5}),
        )
        if kind == Kind.MILESTONE:
            self.fields["due_date"] = forms.DateField(
                label="By when",
                widget=DayInput(),
                error_messages={"required": "Say by when you want to have reached it."},
            )
        self.fields["audience"] = forms.ChoiceField(
            label="Who may read it",
            choices=list(readers),
            initial=audience,
            widget=forms.RadioSelect,
            error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose who may read it."),
            help_text="You can change this at any time. Your supervisor is meant by name: a later one reads it only "
            "if you choose so anew. The director and the deputy are meant by their office: whoever holds it, or "
            "stands in, reads it.",
        )

    @property
    def due_date(self) -> date | None:
        return self.cleaned_data.get("due_date")


class InputAskForm(Crispy):
    question = forms.CharField(
        label="Your question",
        required=False,
        max_length=written.LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Optional. Without one you ask for whatever comes to their mind.",
    )


class InputAnswerForm(Crispy):
    text = forms.CharField(
        label="Your input",
        error_messages={"required": "Write your input first."},
        max_length=written.LONGEST,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Ideas, contacts, things to watch out for. It is input on the project, not on the person.",
    )
