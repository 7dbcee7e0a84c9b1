"""The acts of a signer: sign, return, decline. Each carries the text it is about."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from crispy_forms.layout import Div, Field
from django import forms
from django.utils.html import format_html, format_html_join

from applications.forms.writing import Markup, readers
from applications.models import Application, ReviewStep
from applications.settling import (
    ConceptNotDiscussed,
    Settled,
    TextChanged,
    check_text,
    concept_discussed_by,
    stated_concept_date,
    statements,
)
from coaching.errors import Refused
from coaching.forms import DayInput, helper
from coaching.signing_form import ActForm, SignatureParts, SigningForm

APPLICANT_READS = "The applicant, those who sign and the branch office."


class TextForm(ActForm):
    """Any act over a text: it carries which text was read, and says at its field why the act did not go through."""

    text_id = forms.IntegerField(widget=forms.HiddenInput)
    application: Application

    def clean(self) -> dict[str, Any]:
        """A text that was replaced meanwhile is told together with whatever else is wrong."""
        cleaned = super().clean() or self.cleaned_data
        try:
            check_text(self.application, cleaned.get("text_id"))
        except TextChanged as refusal:
            self.add_error(None, str(refusal))
            self._renew_text()
        return cleaned

    def refuse(self, refusal: Refused) -> None:
        """What was typed stays; of a text that was replaced the new one is on the page, to be signed anew."""
        super().refuse(refusal)
        if isinstance(refusal, TextChanged):
            self._renew_text()

    def _renew_text(self) -> None:
        self.renew(text_id=self.application.current_text_id, typed_name="")


def as_signed(lines: Sequence[str]) -> Markup:
    """The statements under which the name is typed, word for word."""
    return Markup(
        format_html(
            '<div class="statement">{}</div>',
            format_html_join("", "<p>{}</p>", ((line,) for line in lines)),
        )
    )


def concept_date_field(step: ReviewStep, stated: date) -> forms.DateField:
    """A3: to confirm what the applicant states, or to correct it."""
    return forms.DateField(
        label=f"The project concept was discussed with the {step.route_step.title.lower()} on",
        initial=stated,
        help_text="As the applicant states it. Leave it to confirm, or correct it.",
        widget=DayInput(),
    )


class ConceptForm(TextForm):
    """An act that also confirms or corrects when the project concept was discussed (A3)."""

    def __init__(self, *args: Any, application: Application, settled: Settled, **kwargs: Any) -> None:
        kwargs["initial"] = {"text_id": application.current_text_id, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.application = application
        self.offices: list[str] = []
        for step, _ in settled:
            self._add_concept_date(application, step)
        self.dates = Div(*[self._name(office) for office in self.offices], css_class="form-narrow")

    def _add_concept_date(self, application: Application, step: ReviewStep) -> None:
        stated = stated_concept_date(application, step)
        if stated is None:
            return
        self.offices.append(step.office)
        self.fields[self._name(step.office)] = concept_date_field(step, stated)

    def _name(self, office: str) -> str:
        return f"concept_{office}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for office in self.offices:
            given = cleaned.get(self._name(office))
            if given and given > concept_discussed_by(self.application):
                self.add_error(self._name(office), str(ConceptNotDiscussed(office)))
        return cleaned

    def concept_dates(self) -> dict[str, date]:
        return {office: self.cleaned_data[self._name(office)] for office in self.offices}

    def _field_of(self, refusal: Refused) -> str | None:
        if isinstance(refusal, ConceptNotDiscussed):
            return self._name(refusal.office)
        return super()._field_of(refusal)


class SignatureForm(SigningForm, ConceptForm):
    """A signature under the statements of the steps that are settled with it."""

    def __init__(self, *args: Any, settled: Settled, **kwargs: Any) -> None:
        super().__init__(*args, settled=settled, **kwargs)
        signed = as_signed(statements(settled))
        self.helper = helper("text_id", signed, Div(self.dates, SignatureParts()))


class CommentForm(TextForm):
    """A return needs a comment, a decline needs a reason."""

    comment = forms.CharField(widget=forms.Textarea)

    def __init__(
        self, *args: object, application: Application, label: str, help_text: str, **kwargs: object
    ) -> None:
        kwargs["initial"] = {"text_id": application.current_text_id}
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.application = application
        self.fields["comment"].label = label
        self.fields["comment"].help_text = help_text
        self.helper = helper("text_id", Field("comment", rows=5), readers(APPLICANT_READS))
