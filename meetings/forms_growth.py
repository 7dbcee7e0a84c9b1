"""The form of a self-rating; its layout lives here."""

from collections.abc import Iterable, Mapping
from typing import Any

from crispy_forms.layout import Field, Layout
from django import forms

from coaching.models import Competency
from meetings import growth
from meetings.forms import Crispy


class SelfRatingForm(Crispy):
    """One of three steps for each competency."""

    def __init__(
        self, *args: Any, competencies: Iterable[Competency], known: Mapping[int, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.names = {f"competency_{each.pk}": each for each in competencies}
        for name, each in self.names.items():
            self.fields[name] = forms.ChoiceField(
                label=each.name,
                choices=list(growth.STEPS.items()),
                initial=known.get(each.pk),
                widget=forms.RadioSelect,
                help_text=", ".join(skill.name for skill in each.skills.all()),
                error_messages={"required": f"Choose a step for {each.name}."},
            )
        self.helper.layout = Layout(*[Field(name, wrapper_class="choice-row") for name in self.names])

    @property
    def steps(self) -> dict[int, str]:
        return {each.pk: self.cleaned_data[name] for name, each in self.names.items()}
