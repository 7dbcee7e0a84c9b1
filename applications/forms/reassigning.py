"""Giving a step to somebody else."""

from typing import Any

from django import forms

from applications.forms.writing import readers
from applications.settling import ReasonMissing
from coaching.errors import Refused
from coaching.forms import PersonField, helper
from coaching.signing_form import ActForm


class ReassignForm(ActForm):
    person = PersonField(label="Who signs instead?")
    reason = forms.CharField(
        label="Why?",
        max_length=400,
        help_text="For example: long leave, or moved to another department. At most 400 characters.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            "person", "reason", readers("The applicant, both signers and the branch office.")
        )

    def _field_of(self, refusal: Refused) -> str | None:
        return "reason" if isinstance(refusal, ReasonMissing) else "person"
