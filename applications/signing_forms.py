"""The acts of a signer: sign, return, decline, decide. Each carries the text it is about."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from crispy_forms.layout import HTML, Div, Field
from django import forms
from django.utils.html import format_html, format_html_join

from applications.deciding import Criteria
from applications.forms import Markup, helper, readers
from applications.models import Application, Decision, ReviewStep
from applications.settling import ConceptNotDiscussed, Settled, TextChanged, stated_concept_date, statements
from coaching.enrollment import NoSeatLeft, seats_taken
from coaching.errors import Refused
from coaching.models import Cohort
from coaching.signing_form import ActForm, SignatureParts, SigningForm

APPLICANT_READS = "The applicant, those who sign and the branch office."


class TextForm(ActForm):
    """Any act over a text: it carries which text was read, and says at its field why the act did not go through."""

    text_id = forms.IntegerField(widget=forms.HiddenInput)
    current_text_id: int | None = None

    def refuse(self, refusal: Refused) -> None:
        """What was typed stays; of a text that was replaced the new one is on the page, to be signed anew."""
        super().refuse(refusal)
        if isinstance(refusal, TextChanged):
            self.data = {**self.data, "text_id": self.current_text_id, "typed_name": ""}


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
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )


class SignatureForm(SigningForm, TextForm):
    """A signature under the statements, with the dates of the concept discussion to confirm or correct (A3)."""

    def __init__(self, *args: Any, application: Application, settled: Settled, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {})
        kwargs["initial"] = {"text_id": application.current_text_id, **kwargs["initial"]}
        super().__init__(*args, **kwargs)
        self.current_text_id = application.current_text_id
        self.offices: list[str] = []
        for step, _ in settled:
            self._add_concept_date(application, step)
        self.statements = self._statements(settled)
        dates = Div(*[self._name(office) for office in self.offices], css_class="form-narrow")
        self.signature = Div(dates, SignatureParts())
        self.helper = helper("text_id", *self.statements, self.signature)

    def _statements(self, settled: Settled) -> list[HTML | Markup]:
        return [as_signed(statements(settled))]

    def _add_concept_date(self, application: Application, step: ReviewStep) -> None:
        stated = stated_concept_date(application, step)
        if stated is None:
            return
        self.offices.append(step.office)
        self.fields[self._name(step.office)] = concept_date_field(step, stated)

    def _name(self, office: str) -> str:
        return f"concept_{office}"

    def concept_dates(self) -> dict[str, date]:
        return {office: self.cleaned_data[self._name(office)] for office in self.offices}

    def _field_of(self, refusal: Refused) -> str | None:
        if isinstance(refusal, ConceptNotDiscussed):
            return self._name(refusal.office)
        return super()._field_of(refusal)


def seats_in_words(cohort: Cohort) -> str:
    """Known before the judgement is written: whether there is a seat to give."""
    taken = seats_taken(cohort)
    state = f"{taken} of {cohort.seats} seats {'is' if taken == 1 else 'are'} taken"
    if taken < cohort.seats:
        return f"{state}; {cohort.seats - taken} free."
    return f"{state}: waitlist this person, or ask the branch office ({cohort.contact_email}) for more seats."


class DecisionForm(SignatureForm):
    """The three criteria (A10), the outcome, and the signature."""

    interest_in_program = forms.CharField(label="Interest in the program", widget=forms.Textarea)
    interest_in_leadership = forms.CharField(
        label="Demonstrated interest in leadership", widget=forms.Textarea
    )
    division_project = forms.CharField(label="The division project", widget=forms.Textarea)
    outcome = forms.ChoiceField(label="Decision", choices=(), widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Reason",
        required=False,
        widget=forms.Textarea,
        help_text="Required unless you accept. The applicant is told the outcome with this reason.",
    )

    def __init__(self, *args: object, application: Application, **kwargs: object) -> None:
        last = application.decisions.last()
        if last:
            names = ("interest_in_program", "interest_in_leadership", "division_project")
            kwargs["initial"] = {name: getattr(last, name) for name in names}
        super().__init__(*args, application=application, **kwargs)  # type: ignore[arg-type]
        waitlisted = application.status == Application.Status.WAITLISTED
        choices = Decision.Outcome.choices
        self.fields["outcome"].choices = [  # type: ignore[attr-defined]
            choice for choice in choices if not waitlisted or choice[0] != Decision.Outcome.WAITLISTED
        ]
        criteria = ("interest_in_program", "interest_in_leadership", "division_project")
        self.helper = helper(
            "text_id",
            HTML("<h3>The three criteria</h3><p>A short assessment of each.</p>"),
            *[Field(name, rows=3) for name in criteria],
            readers("The deciding office and the branch office; not the applicant."),
            HTML("<h3>Your decision</h3>"),
            Markup(format_html('<p class="seats">{}</p>', seats_in_words(application.cohort))),
            "outcome",
            Field("reason", rows=3),
            readers(APPLICANT_READS),
            *self.statements,
            self.signature,
        )

    def _statements(self, settled: Settled) -> list[HTML | Markup]:
        """A8: who also signs earlier steps with the decision supports nothing by not selecting."""
        if len(settled) == 1:
            return super()._statements(settled)
        refused = statements(settled, Decision.Outcome.NOT_SELECTED)[:-1]
        return [
            HTML("<h4>If you accept or waitlist, you sign</h4>"),
            as_signed(statements(settled)),
            HTML("<h4>If you do not select, you sign instead</h4>"),
            as_signed(refused),
        ]

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if cleaned.get("outcome") not in (None, Decision.Outcome.ACCEPTED) and not cleaned.get("reason"):
            self.add_error("reason", "Give the reason; the applicant reads it.")
        return cleaned

    def _field_of(self, refusal: Refused) -> str | None:
        return "outcome" if isinstance(refusal, NoSeatLeft) else super()._field_of(refusal)

    def criteria(self) -> Criteria:
        data = self.cleaned_data
        return Criteria(
            interest_in_program=data["interest_in_program"],
            interest_in_leadership=data["interest_in_leadership"],
            division_project=data["division_project"],
        )


class CommentForm(TextForm):
    """A return needs a comment, a decline needs a reason."""

    comment = forms.CharField(widget=forms.Textarea)

    def __init__(
        self, *args: object, application: Application, label: str, help_text: str, **kwargs: object
    ) -> None:
        kwargs["initial"] = {"text_id": application.current_text_id}
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.current_text_id = application.current_text_id
        self.fields["comment"].label = label
        self.fields["comment"].help_text = help_text
        self.helper = helper("text_id", Field("comment", rows=5), readers(APPLICANT_READS))
