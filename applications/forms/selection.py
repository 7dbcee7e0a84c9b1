"""What is filled in during selection: choices, recommendations, the release, and the filters of the board."""

from typing import Any

from crispy_forms.layout import HTML, Div, Field
from django import forms
from django.http import QueryDict

from applications.board import CHOICES, ORDERS, PLACES
from applications.deciding import Criteria
from applications.forms.signing import APPLICANT_READS, ConceptForm, as_signed
from applications.forms.writing import Markup, readers
from applications.models import Application, Outcome, Recommendation
from applications.settling import DecisionNeeded, Settled, statements
from coaching.errors import Refused
from coaching.forms import helper
from coaching.signing_form import SignatureParts, SigningForm

CRITERIA = ("interest_in_program", "interest_in_leadership", "division_project")
OFFICES_READ = "The deciding office and the branch office; nobody else."


class ChoiceForm(ConceptForm):
    """The three criteria (A10) and what is chosen; it is signed and told when it is released."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    interest_in_program = forms.CharField(label="Interest in the program", widget=forms.Textarea)
    interest_in_leadership = forms.CharField(
        label="Demonstrated interest in leadership", widget=forms.Textarea
    )
    division_project = forms.CharField(label="The division project", widget=forms.Textarea)
    outcome = forms.ChoiceField(label="Your choice", choices=(), widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Reason",
        required=False,
        widget=forms.Textarea,
        help_text="Required unless you accept. When you release it, the applicant is told the outcome with this reason.",
    )

    def __init__(
        self, *args: Any, application: Application, settled: Settled, outcome: str = "", **kwargs: Any
    ) -> None:
        self.application, self.choice = application, getattr(application, "choice", None)
        kwargs["initial"] = {"outcome": outcome, **self._earlier()}
        super().__init__(*args, application=application, settled=settled, **kwargs)
        waitlisted = application.status == Application.Status.WAITLISTED
        self.fields["outcome"].choices = [  # type: ignore[attr-defined]
            choice for choice in Outcome.choices if not (waitlisted and choice[0] == Outcome.WAITLISTED)
        ]
        self.helper = helper(
            "text_id",
            "version",
            *[Field(name, rows=3) for name in CRITERIA],
            readers("The deciding office and the branch office; not the applicant."),
            "outcome",
            Field("reason", rows=3),
            *self._keep_reason(),
            readers(APPLICANT_READS),
            self.dates,
            *_to_be_signed(settled),
        )
        self.helper.disable_csrf = True

    def _earlier(self) -> dict[str, object]:
        """The choice as it stands; for somebody on the waitlist, the assessments of the first decision."""
        choice = self.choice
        if choice is None:
            last = self.application.decisions.last()
            return {"version": 0, **({name: getattr(last, name) for name in CRITERIA} if last else {})}
        names = (*CRITERIA, "outcome", "reason", "version")
        dates = {
            f"concept_{office}": day
            for office in ("supervisor", "director")
            if (day := getattr(choice, f"concept_{office}_date"))
        }
        return {name: getattr(choice, name) for name in names} | dates

    def _keep_reason(self) -> list[str]:
        """Another outcome beside the words of the earlier one: asked about, because the applicant reads them."""
        before = self.choice
        sent, reason = self["outcome"].data, self["reason"].data or ""
        if before is None or not before.reason or sent in (None, before.outcome):
            return []
        if reason.split() != before.reason.split():
            return []
        self.fields["keep_reason"] = forms.BooleanField(
            label="Keep it for the new choice too",
            error_messages={
                "required": f"This reason was given for “{before.get_outcome_display()}”. Change it, or keep it."
            },
        )
        return ["keep_reason"]

    def refuse(self, refusal: Refused) -> None:
        super().refuse(refusal)
        self.renew(version=self.initial["version"])

    def _field_of(self, refusal: Refused) -> str | None:
        return "outcome" if isinstance(refusal, DecisionNeeded) else super()._field_of(refusal)

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if cleaned.get("outcome") not in (None, Outcome.ACCEPTED) and not cleaned.get("reason"):
            self.add_error("reason", "Give the reason; the applicant reads it.")
        return cleaned

    def criteria(self) -> Criteria:
        return Criteria(**{name: self.cleaned_data[name] for name in CRITERIA})

    def values(self) -> dict[str, Any]:
        """What choosing.choose takes."""
        names = ("outcome", "reason", "text_id", "version")
        given = {name: self.cleaned_data[name] for name in names}
        return {**given, "criteria": self.criteria(), "concept_dates": self.concept_dates()}


def _to_be_signed(settled: Settled) -> list[HTML | Markup]:
    """A8: who also signs earlier steps with the decision supports nothing by not selecting."""
    if len(settled) == 1:
        return [HTML("<p>When you release it, you sign:</p>"), as_signed(statements(settled))]
    refused = statements(settled, Outcome.NOT_SELECTED)[:-1]
    return [
        HTML("<p>When you release it as accepted or waitlisted, you sign:</p>"),
        as_signed(statements(settled)),
        HTML("<p>When you release it as not selected, you sign instead:</p>"),
        as_signed(refused),
    ]


class RecommendForm(forms.Form):
    """The branch office's advice about one application."""

    outcome = forms.ChoiceField(
        label="The branch office recommends", choices=Outcome.choices, widget=forms.RadioSelect
    )
    sentence = forms.CharField(label="Why, in a sentence", max_length=500)

    def __init__(self, *args: Any, application: Application, outcome: str = "", **kwargs: Any) -> None:
        self.application = application
        before = Recommendation.objects.filter(application=application).first()
        kwargs["initial"] = {"outcome": outcome}
        if before:
            kwargs["initial"] = {"outcome": before.outcome, "sentence": before.sentence}
        super().__init__(*args, **kwargs)
        self.helper = helper("outcome", "sentence", readers(OFFICES_READ))
        self.helper.disable_csrf = True


class ReleaseForm(SigningForm):
    """One signature for the whole list; it carries what was read."""

    listed = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper("listed", Div(SignatureParts()))


class BoardFilter(forms.Form):
    """Narrows the board down; what makes no sense shows everything."""

    division = forms.ChoiceField(label="Division", required=False)
    choice = forms.ChoiceField(label="Choice", required=False, choices=[("", "All"), *CHOICES])
    place = forms.ChoiceField(label="With whom", required=False, choices=[("", "All"), *PLACES])
    order = forms.ChoiceField(label="In the order of", required=False, choices=ORDERS)

    def __init__(self, query: QueryDict, *, divisions: list[tuple[int, str]]) -> None:
        super().__init__(query)
        self.fields["division"].choices = [("", "All"), *divisions]  # type: ignore[attr-defined]
        if len(divisions) < 2:
            del self.fields["division"]
        self.helper = helper(*[Div(name) for name in self.fields])
        self.helper.disable_csrf = True
