"""The forms of evaluations: the questionnaire, and opening one again."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from crispy_forms.layout import Div, Field, Layout
from django import forms

from coaching.forms import DayInput, KeepingForm
from meetings import dates
from meetings.evaluations import Answers
from meetings.forms import Crispy
from meetings.models import Question


class EvaluationForm(KeepingForm, Crispy):
    """The questionnaire: ratings as rows of five, then two short texts. A minute on a phone."""

    RATINGS = [
        (1, "Not at all"),
        (2, "A little"),
        (3, "Partly"),
        (4, "Mostly"),
        (5, "Fully"),
    ]

    def __init__(self, *args: Any, questions: Iterable[Question], answers: Answers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = {f"question_{question.pk}": question for question in questions}
        parts: list[object] = []
        for name, question in self.names.items():
            if question.kind == Question.Kind.RATING:
                self.fields[name] = forms.TypedChoiceField(
                    label=question.text,
                    choices=self.RATINGS,
                    coerce=int,
                    initial=answers.get(question.pk),
                    widget=forms.RadioSelect,
                    error_messages={"required": "Choose one of the five."},
                )
                parts.append(Div(Field(name, template="meetings/_rating.html"), css_class="rating-row"))
            else:
                self.fields[name] = forms.CharField(
                    label=question.text,
                    initial=answers.get(question.pk, ""),
                    required=False,
                    max_length=2000,
                    widget=forms.Textarea(attrs={"rows": 2}),
                    help_text="Optional. Name nobody, so that nobody is recognized.",
                )
                parts.append(name)
        self.watch({name: question.pk for name, question in self.names.items()})
        self.helper.layout = Layout(*parts, "seen")

    @property
    def answers(self) -> Answers:
        return {question.pk: self.cleaned_data[name] for name, question in self.names.items()}

    @property
    def so_far(self) -> Answers:
        """What of it can be kept while it is written."""
        given = {question.pk: self.cleaned_data.get(name) for name, question in self.names.items()}
        return {key: answer for key, answer in given.items() if answer}

    @property
    def typed(self) -> list[tuple[str, str]]:
        """The texts as they were sent, to be copied where they can no longer be kept."""
        texts = {
            name: question for name, question in self.names.items() if question.kind == Question.Kind.TEXT
        }
        sent = {name: str(self[name].value() or "").strip() for name in texts}
        return [(texts[name].text, text) for name, text in sent.items() if text]

    @property
    def left_out(self) -> list[tuple[str, list[str]]]:
        """By question: what cannot be kept as it is, apart from what is still to come."""
        return [
            (str(self[name].label), [str(each) for each in problems])
            for name, problems in self.errors.items()
            if problems.as_data()[0].code != "required"
        ]


class ReopenForm(Crispy):
    """The branch office's: until when, and why."""

    until = forms.DateField(label="Open until", widget=DayInput())
    reason = forms.CharField(
        required=False,
        max_length=300,
        help_text="Optional. The branch office and this participant read it. Name no medical details.",
    )

    def __init__(self, *args: Any, today: date, last_day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["until"]
        field.help_text = f"At the latest {dates.long_date(last_day)}, when the program’s evaluations close."
        field.widget.attrs |= {"min": today.isoformat(), "max": last_day.isoformat()}
