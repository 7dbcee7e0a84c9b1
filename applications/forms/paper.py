"""What the branch office enters from a paper: dates, signatures, the scan, and its own name (A15)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from crispy_forms.layout import HTML, Column, Div, Fieldset, Row
from django import forms

from applications.models import Application, ReviewStep
from applications.paper import PaperSignature
from applications.routing import Signer
from applications.settling import (
    ASKED_ABOUT_CONCEPT,
    ConceptNotDiscussed,
    NotWaitingOnYou,
    stated_concept_date,
)
from coaching.errors import Refused
from coaching.forms import PersonField, day_field, helper
from coaching.paper_form import AttestedForm


class FindPersonForm(forms.Form):
    """Looks up whose application it is; the search stands in the address."""

    q = forms.CharField(label="Name or mail address", max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper("q")
        self.helper.disable_csrf = True


class ApplicationPaperForm(AttestedForm):
    read_by = "Everybody who may read the application; the scan too."


class ReceiveForm(ApplicationPaperForm):
    """The printed text came back: the dates, and which signatures stand on the sheet."""

    received_date = day_field(
        "The branch office received it on", help_text="This day counts for the deadline."
    )
    signed_date = day_field("The applicant signed it on")
    dates = Row(Column("received_date", css_class="col-sm-6"), Column("signed_date", css_class="col-sm-6"))
    when: tuple[object, ...] = (dates,)

    def __init__(self, *args: Any, route: Iterable[Signer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.route = [each for each in route if not each.step.decides]
        rows = [self._add(each) for each in self.route]
        self.helper = helper(
            Fieldset("When", *self.when),
            Fieldset(
                "Other signatures on the paper",
                HTML(
                    "<p>Fill in what stands on it, in this order. Leave out what does not: the application then waits "
                    "there. Whoever holds two posts has signed for both.</p>"
                ),
                *rows,
            ),
            self.attestation,
        )

    def _add(self, each: Signer) -> Row:
        who, when, discussed = self._names(each)
        self.fields[who] = PersonField(label=each.post, required=False, initial=each.signer)
        self.fields[when] = day_field(f"{each.step.title} signed on", required=False)
        columns = [Column(who, css_class="col-sm-6"), Column(when, css_class="col-sm-6")]
        if each.step.office in ASKED_ABOUT_CONCEPT:
            self.fields[discussed] = day_field(
                f"The {each.step.title.lower()} says the concept was discussed on",
                required=False,
                help_text="Only where the paper corrects the day that the applicant states.",
            )
            columns.append(Column(discussed, css_class="col-sm-6 offset-sm-6"))
        return Row(*columns)

    def _names(self, each: Signer) -> tuple[str, str, str]:
        """The fields of one signature: who, on which day, and when the concept was discussed."""
        office = each.step.office
        return f"signer_{office}", f"signed_{office}", f"concept_{office}"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        missing = ""
        for each in self.route:
            who, when, _ = self._names(each)
            if data.get(when) and not data.get(who) and who not in self.errors:
                self.add_error(who, "Say who signed here.")
            if data.get(when) and missing:
                self.add_error(when, f"No step is skipped: the {missing} signs first.")
            missing = missing or ("" if data.get(when) else each.step.title.lower())
        return data

    def signatures(self) -> list[PaperSignature]:
        data = self.cleaned_data
        names = [self._names(each) for each in self.route]
        return [
            PaperSignature(data[who], data[when], data.get(discussed))
            for who, when, discussed in names
            if data.get(when)
        ]

    def _field_of(self, refusal: Refused) -> str | None:
        if isinstance(refusal, ConceptNotDiscussed):
            return f"concept_{refusal.office}"
        return super()._field_of(refusal)


class PaperForm(ReceiveForm):
    """Of a whole application on paper, also what the applicant acknowledges on it."""

    acknowledged = forms.BooleanField(
        label="On the paper the applicant acknowledges what the program offers and asks for, and that it is voluntary, "
        "and makes the commitment.",
        error_messages={
            "required": "Without these the paper is no application. Give it back to the applicant."
        },
    )
    when = (*ReceiveForm.when, "acknowledged")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper.disable_csrf = True  # it stands in one form element with the answers, which bring theirs


class PaperSignatureForm(ApplicationPaperForm):
    """Whoever it waits on has signed on paper."""

    signer = PersonField(label="Who signed?")
    signed_date = day_field("Signed on")

    def __init__(self, *args: Any, application: Application, step: ReviewStep, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["signer"].initial = step.signer
        parts = ["signer", "signed_date"]
        stated = stated_concept_date(application, step)
        if stated:
            self.fields["concept_date"] = day_field(
                "The project concept was discussed on",
                help_text="As the applicant states it, or as the paper corrects it.",
            )
            self.fields["concept_date"].initial = stated
            parts.append("concept_date")
        self.helper = helper(Div(*parts, css_class="form-narrow"), self.attestation)

    def signature(self) -> PaperSignature:
        data = self.cleaned_data
        concept_date: date | None = data.get("concept_date")
        return PaperSignature(data["signer"], data["signed_date"], concept_date)

    def _field_of(self, refusal: Refused) -> str | None:
        if isinstance(refusal, ConceptNotDiscussed):
            return "concept_date"
        return "signer" if isinstance(refusal, NotWaitingOnYou) else super()._field_of(refusal)
