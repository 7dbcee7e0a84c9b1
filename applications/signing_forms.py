"""The acts of a signer: sign, return, decline, decide. Each carries the text it is about."""

from collections.abc import Sequence
from datetime import date

from crispy_forms.layout import HTML, Div, Field
from django import forms
from django.utils.html import format_html

from applications.forms import Markup, helper, readers
from applications.models import Application, Decision, ReviewStep
from applications.workflow import Criteria, stated_concept_date
from coaching.models import User

APPLICANT_READS = "The applicant, those who sign and the branch office."


class ActForm(forms.Form):
    text_id = forms.IntegerField(widget=forms.HiddenInput)


class SignatureForm(ActForm):
    """A typed name under the statements, with the dates of the concept discussion to confirm or correct (A3)."""

    typed_name = forms.CharField(
        label="Type your name to sign",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Type your name to sign."},
    )

    def __init__(
        self,
        *args: object,
        application: Application,
        steps: Sequence[ReviewStep],
        signer: User,
        **kwargs: object,
    ) -> None:
        kwargs.setdefault("initial", {})
        kwargs["initial"] = {"text_id": application.current_text_id, **kwargs["initial"]}  # type: ignore[dict-item]
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.offices: list[str] = []
        for step in steps:
            self._add_concept_date(application, step)
        self.fields["typed_name"].help_text = f"As it is on record: {signer.name}"
        self.statements = [
            Markup(format_html('<p class="statement">{}</p>', step.route_step.statement)) for step in steps
        ]
        self.signature = Div(
            *[self._name(office) for office in self.offices], "typed_name", css_class="form-narrow"
        )
        self.helper = helper("text_id", *self.statements, self.signature)

    def _add_concept_date(self, application: Application, step: ReviewStep) -> None:
        stated = stated_concept_date(application, step)
        if stated is None:
            return
        self.offices.append(step.office)
        self.fields[self._name(step.office)] = forms.DateField(
            label=f"The project concept was discussed with the {step.route_step.title.lower()} on",
            initial=stated,
            help_text="As the applicant states it. Leave it to confirm, or correct it.",
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        )

    def _name(self, office: str) -> str:
        return f"concept_{office}"

    def concept_dates(self) -> dict[str, date]:
        return {office: self.cleaned_data[self._name(office)] for office in self.offices}


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
            "outcome",
            Field("reason", rows=3),
            readers(APPLICANT_READS),
            *self.statements,
            self.signature,
        )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if cleaned.get("outcome") not in (None, Decision.Outcome.ACCEPTED) and not cleaned.get("reason"):
            self.add_error("reason", "Give the reason; the applicant reads it.")
        return cleaned

    def criteria(self) -> Criteria:
        data = self.cleaned_data
        return Criteria(
            interest_in_program=data["interest_in_program"],
            interest_in_leadership=data["interest_in_leadership"],
            division_project=data["division_project"],
        )


class CommentForm(ActForm):
    """A return needs a comment, a decline needs a reason."""

    comment = forms.CharField(widget=forms.Textarea)

    def __init__(
        self, *args: object, application: Application, label: str, help_text: str, **kwargs: object
    ) -> None:
        kwargs["initial"] = {"text_id": application.current_text_id}
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["comment"].label = label
        self.fields["comment"].help_text = help_text
        self.helper = helper("text_id", Field("comment", rows=5), readers(APPLICANT_READS))
