"""Signing several applications under one name."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from crispy_forms.layout import Fieldset
from django.http import HttpRequest
from django.utils.html import format_html_join

from applications import routing
from applications.forms.signing import as_signed, concept_date_field
from applications.forms.writing import Markup
from applications.models import Application, ReviewStep
from applications.routing import Settled
from applications.settling import ConceptNotDiscussed, concept_discussed_by, stated_concept_date, statements
from coaching.forms import helper
from coaching.signing_form import SignatureParts, SigningForm


class SeveralForm(SigningForm):
    """One typed name under the statements of several applications, each with its dates to confirm (A3)."""

    def __init__(self, *args: Any, settled: Mapping[int, Settled], request: HttpRequest) -> None:
        super().__init__(*args, request=request)
        self.settled = settled
        parts = [self._part(each) for each in settled.values()]
        self.helper = helper(*parts, SignatureParts())

    def _part(self, settled: Settled) -> Fieldset:
        """What is signed of one application."""
        names = [name for step, _ in settled if (name := self._add_concept_date(step))]
        title = settled[0][0].application.applicant.name
        capacities = Markup(
            format_html_join("", "<p>You sign as <strong>{}</strong>{}.</p>", _capacities(settled))
        )
        return Fieldset(title, capacities, as_signed(statements(settled)), *names, css_class="panel-soft")

    def _add_concept_date(self, step: ReviewStep) -> str:
        stated = stated_concept_date(step.application, step)
        if stated is None:
            return ""
        name = _date_of(step)
        self.fields[name] = concept_date_field(step, stated)
        return name

    def clean(self) -> dict[str, Any]:
        """Dates first: of several applications none is signed while one of them would be refused."""
        cleaned = super().clean()
        for step in self._steps():
            given = cleaned.get(_date_of(step))
            if given and given > concept_discussed_by(step.application):
                self.add_error(_date_of(step), str(ConceptNotDiscussed(step.office)))
        return cleaned

    def concept_dates(self, application: Application) -> dict[str, date]:
        """By office, of one application."""
        steps = [step for step, _ in self.settled[application.pk] if _date_of(step) in self.fields]
        return {step.office: self.cleaned_data[_date_of(step)] for step in steps}

    def _steps(self) -> list[ReviewStep]:
        return [
            step for settled in self.settled.values() for step, _ in settled if _date_of(step) in self.fields
        ]


def _capacities(settled: Settled) -> Iterator[tuple[str, str]]:
    """In which office one signs, and for whom (A9)."""
    for step, right in settled:
        whom = f", for {right.on_behalf_of}" if right.on_behalf_of else ""
        yield routing.capacity(step, right), whom


def _date_of(step: ReviewStep) -> str:
    return f"concept_{step.pk}"
